//! The rows of Common Mistakes that the state of a server shows by itself. A check proposes such a
//! row in its failure. Each failure is compared with the evidence again, see
//! `test_run/diagnosis.rs`.

pub(crate) use crate::test_run::diagnosis::{of, of_event, of_wait};

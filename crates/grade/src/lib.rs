//! Grades a class of submissions that nobody vouches for.
//!
//! What was handed in is read ([`intake`]), built in a box ([`build`]), asked every criterion in a box
//! ([`ask`]), and kept in a database ([`store`]) from which every format is written ([`report`]).

pub mod ask;
pub mod build;
pub mod grade_lesson;
pub mod grade_one;
pub mod gradescope_zip;
pub mod intake;
mod isolation_choice;
pub mod merge;
pub mod model;
pub mod report;
pub mod rubric;
pub mod run;
pub mod sample_class;
pub mod shard;
pub mod store;

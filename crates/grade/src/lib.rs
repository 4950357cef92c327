//! Grades a class of submissions, which are untrusted programs.
//!
//! A submission is read ([`intake`]), built in a sandbox ([`build`]), proved in a sandbox,
//! criterion by criterion ([`prove`]), and stored in a database ([`store`]). Every output format is
//! written from that database ([`report`]).

mod attempts;
pub mod build;
pub mod conditions;
mod digest;
pub mod grade_lesson;
pub mod grade_one;
pub mod gradescope_zip;
pub mod intake;
mod isolation_choice;
mod locks;
pub mod merge;
pub mod model;
pub mod overrides;
pub mod prove;
pub mod report;
pub mod rubric;
pub mod run;
mod rustc;
pub mod sample_class;
pub mod shard;
pub mod similarity;
pub mod store;
mod toml_values;

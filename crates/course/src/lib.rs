//! The lessons as data: their text, their criteria and mistakes, and the report of a proof.
//!
//! Start with [`catalogue::Course`], which finds the lessons, and [`lesson::Lesson`], which is one
//! lesson. This crate runs no program and prints nothing.

pub mod catalogue;
pub mod consistency;
pub mod lesson;
pub mod mistake;
mod parse;
pub mod problem;
pub mod progress;
pub mod reached_todo;
pub mod report;
pub mod timeline;

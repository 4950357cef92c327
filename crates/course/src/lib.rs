//! The lessons as data: what is asked, what going wrong is called, what a proof reports.
//!
//! Start with [`catalogue::Course`], which finds the lessons, and [`lesson::Lesson`], which is one.
//! Nothing here runs a program or knows a terminal.

pub mod catalogue;
pub mod consistency;
pub mod lesson;
pub mod mistake;
mod parse;
pub mod problem;
pub mod report;

//! The programs that are proved: builds a lesson's crate, its solution or a wrong server, and asks a
//! lesson's proof about it.

pub mod build;
pub mod files;
pub mod lesson_check;
pub mod lesson_workspace;
mod manifest;

// <staff>
pub mod wrong_server;
// </staff>

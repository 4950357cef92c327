//! Builds the program to check (a lesson's crate, a lesson's solution or a wrong server), and
//! checks it with the lesson's proof.

pub mod build;
pub mod files;
pub mod lesson_check;
pub mod lesson_workspace;
mod library_places;
mod manifest;
pub mod own_files;
pub mod starter_regions;
pub mod todos;

// <staff>
pub mod variants;
pub mod wrong_server;
// </staff>

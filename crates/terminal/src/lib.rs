//! What the commands of the course share towards a person: what is shown and how, what the exit
//! status says, Ctrl-C, the course's paths, and output files.

pub mod interrupt;
pub mod lessons;
pub mod outcome;
pub mod output;
pub mod paths;
pub mod show;

//! The parts that `cargo xtask …` is made of: one module a command, and what the commands share.

pub mod ask;
pub mod destination;
mod files;
pub mod interrupt;
pub mod lessons;
pub mod list;
pub mod live;
mod manifest;
pub mod outcome;
pub mod place;
pub mod program;
pub mod prove;
pub mod show;
pub mod subject;
pub mod tally;

// <staff>
pub mod bench;
pub mod blocks;
pub mod check;
pub mod grade;
pub mod kit;
pub mod mistakes;
pub mod regions;
pub mod stage;
pub mod starter;
// </staff>

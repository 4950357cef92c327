//! The parts that `cargo xtask …` is made of: one module a command, and what the commands share.

pub mod ask;
pub mod bench;
pub mod blocks;
pub mod check;
pub mod destination;
pub mod grade;
pub mod interrupt;
pub mod lessons;
pub mod list;
pub mod live;
mod manifest;
pub mod mistakes;
pub mod outcome;
pub mod place;
pub mod program;
pub mod prove;
pub mod regions;
pub mod show;
pub mod stage;
pub mod starter;
pub mod subject;
pub mod tally;

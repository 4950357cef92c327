//! The user interface that the course's commands share: text on a screen, exit statuses, Ctrl-C,
//! the lessons and paths that a command line names, single keys, and output files.

pub mod chart_svg;
pub mod former_options;
pub mod interrupt;
pub mod lessons;
pub mod outcome;
pub mod output;
pub mod paths;
pub mod show;
pub mod tty;

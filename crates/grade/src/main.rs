//! The grader's command line; `cargo xtask grade` starts it.

fn main() {}

//! The grader's command line. `cargo xtask grade …` starts this program with the same arguments.

use clap::{Parser, Subcommand};
use grade::{grade_one, gradescope_zip, merge, run, sample_class};
use std::process::ExitCode;
use terminal::{interrupt, outcome::Outcome, show};

/// Grade untrusted programs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Grade a folder of submissions
    Grade(run::Args),
    /// Merge the results of several shards
    GradeMerge(merge::Args),
    /// Grade one submission, and write the result in a platform's format
    GradeOne(grade_one::Args),
    /// Make the archive of a Gradescope autograder
    GradescopeZip(gradescope_zip::Args),
    /// Generate a class of submissions whose verdicts are known beforehand
    GradeClass(sample_class::Args),
}

fn main() -> ExitCode {
    let task = Cli::parse().command;
    let done = interrupt::listen().map_err(anyhow::Error::from).and_then(|()| match &task {
        Task::Grade(args) => run::run(args),
        Task::GradeMerge(args) => merge::run(args),
        Task::GradeOne(args) => grade_one::run(args),
        Task::GradescopeZip(args) => gradescope_zip::run(args),
        Task::GradeClass(args) => sample_class::run(args),
    });
    done.unwrap_or_else(|error| {
        show::error(&error);
        if interrupt::requested() { Outcome::Interrupted } else { Outcome::Error }
    })
    .into()
}

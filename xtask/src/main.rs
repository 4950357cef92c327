//! `cargo xtask …`: the commands of the course, one file each.

mod list;
mod program_args;
mod progress;
mod prove;
mod repeat;
// <staff>
mod bench;
mod check;
mod grade;
mod kit;
mod mistakes;
mod shown_output;
mod starter;
mod starter_regions;
// </staff>

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use terminal::outcome::Outcome;
use terminal::{interrupt, show};

/// Learn to write network servers, each step proved by the kernel.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run a lesson's server and ask the kernel what it really does
    Prove(prove::Args),
    /// List the lessons, or one lesson's tasks and criteria
    #[command(visible_alias = "show")]
    List(list::Args),
    // <staff>
    /// Write what students start from, derived from the solution
    Starter(starter::Args),
    /// Prove that each wrong server of a lesson is caught
    Mistakes(mistakes::Args),
    /// Compare text, criteria, wrong servers, starters and shown outputs
    Check(check::Args),
    /// Write the repository that students get: no solutions, no wrong servers
    Kit(kit::Args),
    /// Measure the course's servers beside Redis, C, and one another
    Bench(bench::Args),
    /// Grade a folder of submissions that nobody vouches for
    Grade(grade::Args),
    /// Join the results of several shards
    GradeMerge(grade::Args),
    /// Grade one submission, for a platform that reads the result
    GradeOne(grade::Args),
    /// Make the archive of a Gradescope autograder
    GradescopeZip(grade::Args),
    /// Make a class of submissions whose verdicts are known beforehand
    GradeClass(grade::Args),
    // </staff>
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask list                             what there is to learn
  cargo xtask prove w03-l02                    prove your own server
  cargo xtask prove w03-l02 --cmd ./server     prove one in any language

Exit status: 0 proved; 1 not yet; 2 misuse, or a fault of the machine; 130 stopped.";

fn main() -> ExitCode {
    let task = Cli::parse().command;
    let done = interrupt::listen().map_err(anyhow::Error::from).and_then(|()| match &task {
        Task::Prove(args) => prove::run(args),
        Task::List(args) => list::run(args),
        // <staff>
        Task::Starter(args) => starter::run(args),
        Task::Mistakes(args) => mistakes::run(args),
        Task::Check(args) => check::run(args),
        Task::Kit(args) => kit::run(args),
        Task::Bench(args) => bench::run(args),
        Task::Grade(args) => grade::run("grade", args),
        Task::GradeMerge(args) => grade::run("grade-merge", args),
        Task::GradeOne(args) => grade::run("grade-one", args),
        Task::GradescopeZip(args) => grade::run("gradescope-zip", args),
        Task::GradeClass(args) => grade::run("grade-class", args),
        // </staff>
    });
    done.unwrap_or_else(|error| {
        show::error(&error);
        if interrupt::requested() { Outcome::Stopped } else { Outcome::Fault }
    })
    .into()
}

//! `cargo xtask …`: the commands of the course. Each command has a file of its own.

mod after_lesson;
mod after_part;
mod completions;
mod diff;
mod doctor;
mod hint;
mod isolation;
mod key_line;
mod list;
mod named_failure;
mod next_steps;
mod places;
mod program_args;
mod program_file;
mod progress;
mod prove;
mod reached_todo;
mod remembered;
mod repeat;
mod replay;
mod reset;
mod reveal;
mod role;
mod run;
mod server_args;
mod ship;
mod short;
mod status;
mod timeline;
mod view;
mod watch;
// <staff>
mod bench;
mod book;
mod check;
mod grade;
mod kit;
mod mistakes;
mod mutants;
mod new_lesson;
mod own_workspace;
mod shown_output;
mod starter;
// </staff>

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;
use terminal::outcome::Outcome;
use terminal::{interrupt, show};

/// Learn to write network servers, with each step proved by the kernel.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, after_help = EXAMPLES)]
struct Cli {
    // Without a command, the status is shown.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is done, what is left, and the next command; so does `cargo xtask` alone
    #[command(visible_alias = "next")]
    Status(status::Args),
    /// Run a lesson's server, and prove each criterion by what the kernel shows
    Prove(prove::Args),
    /// Prove a lesson at every save; keys for a hint, the text, the list, the server
    Watch(watch::Args),
    /// Give a hint about the last failure: a question, a pointer, nearly the answer
    Hint(hint::Args),
    /// Prove one criterion again, slowly, and show the program's system calls
    Replay(replay::Args),
    /// Prove one criterion, and draw what the clients and the program did
    Timeline(timeline::Args),
    /// Build and start a lesson's server, and show its log until Ctrl-C
    Run(run::Args),
    /// Show a running server as the kernel has it, beside what it waits for; with clients of yours
    View(view::Args),
    /// List the lessons, or one lesson's tasks and criteria
    #[command(visible_alias = "show")]
    List(list::Args),
    /// Show your code beside the reference, after the lesson is proved
    Diff(diff::Args),
    /// Show the reference, even before the lesson is proved; asks first
    Reveal(reveal::Args),
    /// Put a lesson's or a task's files back as they were given; your work is kept
    Reset(reset::Args),
    /// Write the archive to hand in, once a lesson's files are complete
    Ship(ship::Args),
    /// Show what this machine permits, and what is lost without it
    Doctor(doctor::Args),
    /// Print a script that completes these commands in a shell
    Completions(completions::Args),
    // <staff>
    /// Write a small lesson that works, for an author to change
    NewLesson(new_lesson::Args),
    /// Write the files that students start from, derived from the solution
    Starter(starter::Args),
    /// Prove that each wrong server of a lesson is caught
    Mistakes(mistakes::Args),
    /// Change a solution in many small ways, and list the changes that its proof misses
    Mutants(own_workspace::Args),
    /// Compare texts, criteria, wrong servers, starters and shown outputs
    Check(check::Args),
    /// Write the repository that students get, without solutions and wrong servers
    Kit(kit::Args),
    /// Write the lessons as a web book that can be read without a network
    Book(own_workspace::Args),
    /// Measure the course's servers against Redis, a server in C, and each other
    Bench(bench::Args),
    /// Grade a folder of submissions, which are untrusted programs
    Grade(own_workspace::Args),
    /// Join the results of several shards
    GradeMerge(own_workspace::Args),
    /// Grade one submission, for a platform that reads the result
    GradeOne(own_workspace::Args),
    /// Make the archive of a Gradescope autograder
    GradescopeZip(own_workspace::Args),
    /// Make a sample class of submissions with known verdicts
    GradeClass(own_workspace::Args),
    // </staff>
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask                                  where you are, and what comes next
  cargo xtask prove w03-l02                    prove your own server; in the lesson's
                                               folder, cargo xtask prove is enough
  cargo xtask prove w03-l02 --cmd ./server     prove a server in any language
  cargo xtask watch w03-l02                    prove it at every save
  cargo xtask hint                             a hint about the last failure
  cargo xtask run w03-l02                      start it, to try it with nc
  cargo xtask view w03-l02                     see its sockets and its poll, live
  cargo xtask diff w03-l02                     your code beside the reference
  cargo xtask ship w03-l02                     write the archive to hand in

Exit status: 0 proved; 1 not yet; 2 misuse, or a fault of the machine; 130 stopped.";

fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Status(status::Args::default()));
    let outcome = interrupt::listen().map_err(anyhow::Error::from).and_then(|()| match &command {
        Command::Status(args) => status::run(args),
        Command::Prove(args) => prove::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Hint(args) => hint::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Timeline(args) => timeline::run(args),
        Command::Run(args) => run::run(args),
        Command::View(args) => view::run(args),
        Command::List(args) => list::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Reveal(args) => reveal::run(args),
        Command::Reset(args) => reset::run(args),
        Command::Ship(args) => ship::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions(args) => completions::run(args, Cli::command()),
        // <staff>
        Command::NewLesson(args) => new_lesson::run(args),
        Command::Starter(args) => starter::run(args),
        Command::Mistakes(args) => mistakes::run(args),
        Command::Mutants(args) => mutants::run(args),
        Command::Check(args) => check::run(args),
        Command::Kit(args) => kit::run(args),
        Command::Book(args) => book::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Grade(args) => grade::run("grade", args),
        Command::GradeMerge(args) => grade::run("grade-merge", args),
        Command::GradeOne(args) => grade::run("grade-one", args),
        Command::GradescopeZip(args) => grade::run("gradescope-zip", args),
        Command::GradeClass(args) => grade::run("grade-class", args),
        // </staff>
    });
    outcome
        .unwrap_or_else(|error| {
            show::error(&error);
            if interrupt::requested() { Outcome::Interrupted } else { Outcome::Error }
        })
        .into()
}

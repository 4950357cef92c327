//! Mutation testing of a lesson's proof. `cargo xtask mutants …` starts this program with the same
//! arguments.
//!
//! A mutant is the lesson's solution with one small change. A proof that proves a mutant has a hole,
//! unless the mutant does the same as the solution, or the lesson does not ask for what it does
//! differently.

mod accepted;
mod mutant;
mod operators;
mod progress;
mod prove;
mod report;
mod results;
mod run;
mod selection;
mod show;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use terminal::{interrupt, outcome::Outcome};

/// Mutation testing of a lesson's proof.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Change a lesson's solution in many small ways, and list the changes that its proof misses
    Mutants(run::Args),
}

fn main() -> ExitCode {
    let Command::Mutants(args) = Cli::parse().command;
    let done = interrupt::listen().map_err(anyhow::Error::from).and_then(|()| run::run(&args));
    done.unwrap_or_else(|error| {
        terminal::show::error(&error);
        if interrupt::requested() { Outcome::Interrupted } else { Outcome::Error }
    })
    .into()
}

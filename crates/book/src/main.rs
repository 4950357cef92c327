//! The lessons as a web book. `cargo xtask book …` starts this program with the same arguments.

mod chapters;
mod output_folder;
mod run;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use terminal::{interrupt, outcome::Outcome};

/// The lessons as a web book.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the lessons as a web book that can be read without a network
    Book(run::Args),
}

fn main() -> ExitCode {
    let Command::Book(args) = Cli::parse().command;
    let done = interrupt::listen().map_err(anyhow::Error::from).and_then(|()| run::run(&args));
    done.unwrap_or_else(|error| {
        terminal::show::error(&error);
        if interrupt::requested() { Outcome::Interrupted } else { Outcome::Error }
    })
    .into()
}

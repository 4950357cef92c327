//! Compares a server of the course with a reference. `cargo xtask bench` builds and runs this
//! program.
//!
//! Each line of the output is a JSON object ([`report::Record`]), which is written as soon as the
//! result is known.
//!
//! The main figure is the server's CPU time for a request. This figure varies least between runs,
//! and it does not depend on the speed of the clients. Figures are comparable only if they were
//! measured on the same machine at the same time. Therefore the two servers are measured
//! alternately.

mod alternate;
mod cores;
mod curve;
mod exchange;
mod load;
mod measure;
mod report;
mod room;
mod server;
mod statistics;

use anyhow::{Context, Result};
use clap::Parser;
use measure::Settings;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use std::process::ExitCode;

/// Compares two servers, and prints the results as lines of JSON
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
    /// How many times each case is run; the figures are the medians of these runs
    #[arg(long, global = true, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Shorten each run to a quarter of its usual length
    #[arg(long, global = true)]
    quick: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    /// Compare a key-value store with Redis
    Store(measure::store::Args),
    /// Compare two echo servers
    Echo(measure::Programs),
    /// Compare two servers that have one active client and thousands of idle clients
    Idle(measure::idle::Args),
    /// Compare two chat rooms
    Room(measure::room::Args),
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    // The kernel kills this process if the command that reads its figures ends.
    set_pdeathsig(Signal::SIGKILL)?;
    let descriptors = raise_descriptor_limit().context("cannot raise the limit of open files")?;
    let cores = cores::Cores::find()?;
    if let Some(cores) = cores {
        cores.pin_clients()?;
    }
    let settings = Settings { cores, descriptors, runs: cli.runs, quick: cli.quick };
    match &cli.bench {
        Bench::Store(args) => measure::store::run(args, &settings),
        Bench::Echo(args) => measure::echo::run(args, &settings),
        Bench::Idle(args) => measure::idle::run(args, &settings),
        Bench::Room(args) => measure::room::run(args, &settings),
    }
}

/// Raises the soft limit of open files to the hard limit, and returns the limit (getrlimit(2),
/// RLIMIT_NOFILE). Each client needs one descriptor in this process and one descriptor in the
/// server. The server inherits the limit.
fn raise_descriptor_limit() -> nix::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

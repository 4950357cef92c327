//! Measures a server of the course against a reference: `cargo xtask bench` builds and runs it.
//!
//! Each line of the output is a JSON object ([`report::Record`]), written as soon as it is known.
//!
//! The main figure is the server's CPU time for a request: it varies least, and a slow client cannot
//! hide it. Figures are only comparable on one machine at one time, so two servers are measured in
//! alternation.

mod alternate;
mod cores;
mod curve;
mod exchange;
mod load;
mod measure;
mod report;
mod server;
mod statistics;

use anyhow::{Context, Result};
use clap::Parser;
use measure::Settings;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use std::process::ExitCode;

/// Measures one server against another, and prints lines of JSON
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
    /// How often each case is run; the figures are medians
    #[arg(long, global = true, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Run each case a quarter as long
    #[arg(long, global = true)]
    quick: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    /// A key-value store against Redis
    Store(measure::store::Args),
    /// An echo server against another
    Echo(measure::Programs),
    /// One active client among thousands of idle ones
    Idle(measure::idle::Args),
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
    // The bench ends when the command that reads its figures ends.
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
    }
}

/// Raises the soft limit of open files to the hard limit, and returns it. Each client needs a
/// descriptor here and one in the server, which inherits the limit (getrlimit(2), RLIMIT_NOFILE).
fn raise_descriptor_limit() -> nix::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

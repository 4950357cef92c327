//! Measures a server of the course against a reference: `cargo xtask bench` builds and runs it.
//!
//! Each line of its output is a piece of JSON ([`report::Said`]), written as soon as it is known.
//! What is measured, and why: CPU time of the server for a request is the steadiest figure, and the
//! one that a slow client cannot hide. A figure means little by itself; beside another server, in
//! the same minutes on the same machine, it does.

mod cores;
mod curve;
mod exchange;
mod load;
mod measure;
mod report;
mod server;
mod statistics;
mod turns;

use anyhow::{Context, Result};
use clap::Parser;
use measure::Setting;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use std::process::ExitCode;

/// Measures one server against another; prints lines of JSON.
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
    Echo(measure::echo::Args),
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
    // No bench goes on after the command that reads its figures.
    set_pdeathsig(Signal::SIGKILL)?;
    let descriptors = allow_many_descriptors().context("cannot raise the limit of open files")?;
    let cores = cores::Cores::find()?;
    if let Some(cores) = cores {
        cores.hold_clients()?;
    }
    let setting = Setting { cores, descriptors, runs: cli.runs, quick: cli.quick };
    match &cli.bench {
        Bench::Store(args) => measure::store::run(args, &setting),
        Bench::Echo(args) => measure::echo::run(args, &setting),
        Bench::Idle(args) => measure::idle::run(args, &setting),
    }
}

/// Raises the soft limit of descriptors to the hard one, and says what it is: thousands of clients
/// need one each, here and in the servers, which inherit it (getrlimit(2), RLIMIT_NOFILE).
fn allow_many_descriptors() -> nix::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

//! The benches, one module each.

pub(crate) mod echo;
pub(crate) mod idle;
pub(crate) mod room;
pub(crate) mod store;

use crate::cores::Cores;
use crate::load::RunLength;
use crate::report::{Heading, Record};
use anyhow::Result;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The maximum duration of a run. On a slow machine, a run has fewer requests.
const MAX_RUN: Duration = Duration::from_secs(1);

/// The arguments of a bench that compares two programs.
#[derive(Debug, clap::Args)]
pub(crate) struct Programs {
    /// The path of the server's program
    #[arg(long, value_name = "PATH")]
    pub(crate) server: PathBuf,
    /// The path of the program with which the server is compared
    #[arg(long, value_name = "PATH")]
    pub(crate) reference: PathBuf,
}

/// The settings of every bench.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The cores of the server and the clients; `None` if this process may use only one core.
    pub(crate) cores: Option<Cores>,
    /// The number of files that this process and each server may have open.
    pub(crate) descriptors: u64,
    /// The number of runs of each case.
    pub(crate) runs: u32,
    /// Whether a run has a quarter of the usual length.
    pub(crate) quick: bool,
}

impl Settings {
    /// The length of a run with `requests` requests. If `quick` is set, the run has a quarter of
    /// them.
    pub(crate) fn run_length(&self, requests: u64) -> RunLength {
        let share = if self.quick { 4 } else { 1 };
        RunLength { requests: requests / share, max_time: MAX_RUN / share as u32 }
    }

    /// Whether the limit of open files is high enough for `clients` clients and a server's other
    /// files.
    pub(crate) fn allows(&self, clients: usize) -> bool {
        clients as u64 + 100 <= self.descriptors
    }

    /// Prints the heading, and also a note if this process may use only one core.
    ///
    /// # Errors
    /// As for [`print`].
    pub(crate) fn begin(&self, heading: Heading) -> Result<()> {
        print(&Record::Heading(heading))?;
        if self.cores.is_none() {
            let note =
                "one core: server and clients compete for CPU time; do not compare these figures";
            print(&Record::Note(note.into()))?;
        }
        Ok(())
    }
}

/// Writes one line of JSON.
///
/// # Errors
/// The errors of write(2), e.g. EPIPE if the reader of the output has ended.
pub(crate) fn print(record: &Record) -> Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(record)?)?;
    Ok(stdout.flush()?)
}

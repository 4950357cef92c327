//! What a bench says: a heading, rows and notes, each as a line of JSON as soon as it is known.
//!
//! `cargo xtask bench` reads the same types from here.

use serde::{Deserialize, Serialize};

/// One line of a bench's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Said {
    /// What will be measured, once and first.
    Heading(Heading),
    /// One case.
    Row(Row),
    /// What a reader of the rows has to know.
    Note(String),
}

/// What is measured, and of whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heading {
    /// The bench, e.g. `store`.
    pub(crate) bench: String,
    /// What all its rows have in common.
    pub(crate) title: String,
    /// The server that is measured, in a word.
    pub(crate) server: String,
    /// What it is compared with, in a word; `None` where that is not on this machine.
    pub(crate) reference: Option<String>,
    /// What the figures are: of speed, then of cost.
    pub(crate) columns: [String; 2],
    /// Whether the course promises anything of it.
    pub(crate) promises: bool,
    /// How often each case was run; the figures are medians.
    pub(crate) runs: u32,
}

/// One case, measured with both servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What was asked, e.g. `GET, 16 a pipeline`.
    pub(crate) case: String,
    /// What the server did.
    pub(crate) server: Figures,
    /// What the reference did.
    pub(crate) reference: Option<Figures>,
    /// The server's cost over the reference's: CPU time or memory.
    pub(crate) ratio: Option<f64>,
    /// The most that the course promises of `ratio`; `None` where it promises nothing.
    pub(crate) limit: Option<f64>,
}

/// What one server did; `None` where a bench does not measure it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Requests answered in a second.
    pub(crate) per_second: Option<f64>,
    /// The median time from a request to its answer, in microseconds.
    pub(crate) round_trip_us: Option<f64>,
    /// The server's CPU time for a request, user and system, in nanoseconds.
    pub(crate) cpu_ns: Option<f64>,
    /// The server's own memory for a connection, in bytes.
    pub(crate) bytes: Option<f64>,
}

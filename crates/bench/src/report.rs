//! The output of a bench: a heading, rows and notes, each a line of JSON.
//!
//! `cargo xtask bench` includes this file to read them.

use serde::{Deserialize, Serialize};

/// One line of a bench's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// What will be measured: the first record, and only once.
    Heading(Heading),
    /// The figures of one case.
    Row(Row),
    /// A remark for the reader of the rows.
    Note(String),
}

/// What is measured, and of which servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heading {
    /// The name of the bench, e.g. `store`.
    pub(crate) bench: String,
    /// What all rows have in common.
    pub(crate) title: String,
    /// The name of the measured server, in one word.
    pub(crate) server: String,
    /// The name of the reference, in one word; `None` where this machine does not have it.
    pub(crate) reference: Option<String>,
    /// The titles of the two figures: speed, then cost.
    pub(crate) columns: [String; 2],
    /// Whether the course promises a limit in any row.
    pub(crate) promises: bool,
    /// The number of runs of each case; the figures are medians.
    pub(crate) runs: u32,
}

/// One case, measured with both servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The case, e.g. `GET, 16 a pipeline`.
    pub(crate) case: String,
    /// The server's figures.
    pub(crate) server: Figures,
    /// The reference's figures.
    pub(crate) reference: Option<Figures>,
    /// The server's cost divided by the reference's: memory where it was measured, else CPU time.
    pub(crate) ratio: Option<f64>,
    /// The highest `ratio` that the course promises; `None` without a promise.
    pub(crate) limit: Option<f64>,
}

/// The figures of one server; `None` for a figure that the bench does not measure.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Requests answered per second.
    pub(crate) per_second: Option<f64>,
    /// The median time from a request to its reply, in microseconds.
    pub(crate) round_trip_us: Option<f64>,
    /// The server's CPU time for a request, user and system, in nanoseconds.
    pub(crate) cpu_ns: Option<f64>,
    /// The server's own memory for a connection, in bytes.
    pub(crate) bytes: Option<f64>,
}

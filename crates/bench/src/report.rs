//! The output of a bench: a heading, rows and notes. Each of them is a line of JSON.
//!
//! `cargo xtask bench` includes this file, so that it can read these lines.

use serde::{Deserialize, Serialize};

/// One line of a bench's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// What is measured. This is the first record, and it occurs only once.
    Heading(Heading),
    /// The figures of one case.
    Row(Row),
    /// A remark for the reader of the rows.
    Note(String),
}

/// What is measured, and which servers are compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heading {
    /// The name of the bench, e.g. `store`.
    pub(crate) bench: String,
    /// What all rows have in common.
    pub(crate) title: String,
    /// The name of the measured server, in one word.
    pub(crate) server: String,
    /// The name of the reference, in one word; `None` if this machine does not have the reference.
    pub(crate) reference: Option<String>,
    /// The titles of the two columns: first the speed, then the cost.
    pub(crate) columns: [String; 2],
    /// Whether the course promises a limit in any row.
    pub(crate) promises: bool,
    /// The number of runs of each case; the figures are the medians of these runs.
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
    /// The server's cost divided by the reference's cost. The cost is the memory if memory was
    /// measured, and otherwise the CPU time.
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
    /// The server's CPU time for a request, user time plus system time, in nanoseconds.
    pub(crate) cpu_ns: Option<f64>,
    /// The server's own memory for a connection, in bytes.
    pub(crate) bytes: Option<f64>,
}

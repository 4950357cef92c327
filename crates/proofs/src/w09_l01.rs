//! w09-l01, Key-value store: what a stock Redis client may expect, by the wire and the kernel
//! alone.

mod auth;
mod bad_input;
mod caller;
mod commands;
mod framing;
mod resp;
mod rows;
mod slow_reader;
mod store;
mod transaction;

use crate::fall::Fall;
use crate::scene::Stage;
use crate::shared::{self, Wait};
use crate::{Criterion, Proof, Subject};
use witness::{Gate, Process, Server, Unseen};

/// By task, and within a task as the lesson's Prove and Done When lists have them.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w09-l01",
    port: 6379,
    capacity: 10_000,
    criteria: &[
        Criterion::new("ping", commands::ping),
        Criterion::new("starts", starts),
        Criterion::new("split", framing::split),
        Criterion::new("pipeline", framing::pipeline),
        Criterion::new("get-set", commands::get_set).long(),
        Criterion::new("idle", |stage| shared::idle(stage, Wait::Any)),
        Criterion::new("auth", auth::auth),
        Criterion::new("transaction", transaction::transaction),
        Criterion::new("bad-input", bad_input::bad_input),
        Criterion::new("slow-reader", slow_reader::slow_reader),
        Criterion::new("no-fd-leak", shared::no_fd_leak),
        Criterion::new("one-thread", shared::one_thread),
    ],
};

/// Ready on PORT: another one than the lesson's, where the server can be told.
fn starts(stage: &Stage<'_>) -> Result<(), Fall> {
    let elsewhere = stage.subject.port.unwrap_or(stage.proof.port + 1);
    let subject = Subject { port: Some(elsewhere), ..stage.subject.clone() };
    let mut scene = stage.of(&subject).launch(stage.proof.capacity, Gate::default())?;
    scene.until_listening().map_err(|fall| match scene.server.listeners() {
        Ok(sockets) if !sockets.is_empty() => fall.row("ignores-port"),
        _ => fall.blocks("starts"),
    })
}

/// Bytes as a reader can see them; of many, the first and how many there are.
fn quoted(bytes: &[u8]) -> String {
    const LONGEST: usize = 72;
    let mut shown = String::new();
    for byte in bytes {
        if shown.len() >= LONGEST {
            return format!("\"{shown}…\" ({} bytes)", bytes.len());
        }
        shown.extend(byte.escape_ascii().map(char::from));
    }
    format!("\"{shown}\"")
}

/// The memory that its processes fill, in bytes.
fn memory(server: &Server) -> Result<u64, Unseen> {
    let processes = server.processes()?;
    processes.into_iter().map(Process::memory).sum()
}

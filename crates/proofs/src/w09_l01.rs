//! w09-l01, Key-value store: what a stock Redis client may expect, by the wire and the kernel
//! alone.

mod auth;
mod bad_input;
mod commands;
mod diagnosis;
mod framing;
mod resp;
mod resp_client;
mod slow_reader;
mod store_run;
mod transaction;

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::program::ProgramUnderTest;
use crate::proof::{Criterion, Proof};
use crate::shared::{self, WaitCall};
use witness::{Gate, Process, Server, Unseen};

/// In the order of the tasks; within a task, in the order of the lesson's Prove and Done When lists.
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
        Criterion::new("idle", |context| shared::idle(context, WaitCall::Any)),
        Criterion::new("auth", auth::auth),
        Criterion::new("transaction", transaction::transaction),
        Criterion::new("bad-input", bad_input::bad_input),
        Criterion::new("slow-reader", slow_reader::slow_reader),
        Criterion::new("no-fd-leak", shared::no_fd_leak),
        Criterion::new("one-thread", shared::one_thread),
    ],
};

/// Ready on PORT: another one than the lesson's, where the server can be told.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let elsewhere = context.program.port.unwrap_or(context.lesson.port + 1);
    let program = ProgramUnderTest { port: Some(elsewhere), ..context.program.clone() };
    let mut run =
        context.with_program(&program).launch(context.lesson.capacity, Gate::default())?;
    run.wait_listening().map_err(|error| match run.server.listeners() {
        Ok(ports) if !ports.is_empty() => error.independent().with_mistake("ignores-port"),
        _ => error,
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

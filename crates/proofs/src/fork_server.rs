//! The criteria that the lessons with a child process for each client share.

pub(crate) mod children;
mod crowd;
pub(crate) mod every_byte;
pub(crate) mod exchange;
pub(crate) mod flips;
pub(crate) mod fork_fails;
pub(crate) mod forking;
pub(crate) mod hangup;
mod hangup_failures;
pub(crate) mod interrupted;
mod killed_child;
pub(crate) mod many_children;
mod message;
pub(crate) mod process_evidence;
pub(crate) mod queued;
pub(crate) mod reaping;
pub(crate) mod service;
pub(crate) mod slow_client;
mod wrong_answer;

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared;
use crate::shared::starting::{
    expect_every_address, expect_no_line_before_listen, expect_start_line,
};
use service::{SERVICE, expect_two_served};
use witness::FaultInjector;

/// The server listens on PORT at every IPv4 address, and logs `[START] port=PORT` when it listens.
pub(crate) fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, FaultInjector::default())?;
    run.wait_listening()?;
    let wanted = run.port.to_string();
    let swapped = format!("port={}", run.port.swap_bytes());
    expect_start_line(&mut run, "port", &wanted, |line| {
        line.split_whitespace().any(|word| word == swapped).then_some("byte-order")
    })?;
    expect_every_address(&mut run)?;
    drop(run);
    expect_no_line_before_listen(context)
}

/// SIGTERM ends the server and every child, also when there are many.
pub(crate) fn ends(context: &CheckContext<'_>) -> Result<(), CheckError> {
    shared::ends(context, &SERVICE)?;
    crowd::ends_with_many(context)
}

/// The server goes on after an accept that has failed, also while no descriptor is free.
pub(crate) fn accept_again(context: &CheckContext<'_>) -> Result<(), CheckError> {
    forking::expect_no_early_child(context)?;
    expect_two_served(context)?;
    shared::accept_again(context, &SERVICE)
}

//! w02-l01, Fork server: one child process for each client. The child changes the case of the
//! letters.

mod children;
mod every_byte;
mod exchange;
mod flips;
mod fork_fails;
mod forking;
mod hangup;
mod hangup_failures;
mod interrupted;
mod message;
mod process_evidence;
mod reaping;
mod service;
mod slow_client;
mod wrong_answer;

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::proof::{Criterion, Proof, Role};
use crate::shared;
use crate::shared::starting::{
    expect_every_address, expect_no_line_before_listen, expect_start_line,
};
use service::{SERVICE, expect_two_served};
use witness::FaultInjector;

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w02-l01",
    role: Role::Server { port: 1205, capacity: 0 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", shared::config),
        Criterion::new("port-taken", shared::port_taken),
        Criterion::new("own-child", forking::own_child),
        Criterion::new("descriptors", forking::descriptors),
        Criterion::new("no-zombies", reaping::no_zombies).long(),
        Criterion::new("flips", flips::flips),
        Criterion::new("every-byte", every_byte::every_byte).long(),
        Criterion::new("hangup", hangup::hangup),
        Criterion::new("ends", ends),
        Criterion::new("interrupted", interrupted::interrupted),
        Criterion::new("accept-again", accept_again),
        Criterion::new("fork-fails", fork_fails::fork_fails),
    ],
};

/// The server listens on PORT at every IPv4 address, and logs `[START] port=PORT` when it listens.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
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

/// SIGTERM ends the server and every child.
fn ends(context: &CheckContext<'_>) -> Result<(), CheckError> {
    shared::ends(context, &SERVICE)
}

/// The server goes on after an accept that has failed, also while no descriptor is free.
fn accept_again(context: &CheckContext<'_>) -> Result<(), CheckError> {
    forking::expect_no_early_child(context)?;
    expect_two_served(context)?;
    shared::accept_again(context, &SERVICE)
}

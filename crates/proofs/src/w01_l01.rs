//! w01-l01, Blocking Echo: one client at a time, with calls that block.

mod departures;
mod diagnosis;
mod echo;
mod next_client;
mod port;
mod slow_reader;

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::proof::{Criterion, Proof};
use crate::shared::starting::{expect_start_line, start_line};
use witness::{Errno, FaultInjector, WaitError};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w01-l01",
    port: 3490,
    capacity: 0,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("port-taken", port::port_taken),
        Criterion::new("echo", echo::echo),
        Criterion::new("every-byte", slow_reader::every_byte).long(),
        Criterion::new("next-client", next_client::next_client),
        Criterion::new("restart", port::restart),
        Criterion::new("no-fd-leak", departures::no_fd_leak).long(),
        Criterion::new("reset", departures::reset),
    ],
};

/// The server listens on PORT and logs `[START] port=…`. The server does not log this line before
/// it listens.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, FaultInjector::default())?;
    run.wait_listening()?;
    let wanted = run.port.to_string();
    expect_start_line(&mut run, "port", &wanted, |_| Some("start-line"))?;
    drop(run);
    expect_no_line_before_listen(context)
}

/// Starts the server again and makes its call of listen fail. Then the server must not log a
/// `[START]` line.
fn expect_no_line_before_listen(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = match context.launch(context.lesson.capacity, FaultInjector::on(&["listen"])) {
        // If faults cannot be injected on this machine, this part is not checked.
        Err(CheckError::Inconclusive(_)) => return Ok(()),
        launched => launched?,
    };
    // Set the fault before any other request to the server. Each request lets a system call
    // continue that waits for the fault injector.
    run.server.fail_next(Errno::EADDRINUSE);
    run.step("its call of listen is made to fail with EADDRINUSE");
    let announced = run.server.wait_for(|now| {
        let line = start_line(now).filter(|_| now.faults_left() == 0);
        Ok(line.filter(|_| now.listeners().is_ok_and(|all| all.is_empty())))
    });
    match announced {
        Ok(line) => Err(run.fail_now(Failure {
            id: "start-too-early",
            mistake: Some("start-too-early"),
            summary: "The server logs [START], and does not listen.".to_owned(),
            expected: "no [START] line before listen has succeeded".to_owned(),
            observed: line.text,
        })),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        Err(_) => Ok(()),
    }
}

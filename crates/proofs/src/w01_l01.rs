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
use crate::test_run::TestRun;
use witness::{Gate, Stuck};

/// By task, and within a task as the lesson's Prove and Done When lists have them.
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

/// Ready on PORT, `[START] port=…`, and not a moment before it listens.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, Gate::default())?;
    run.wait_listening()?;
    let wanted = run.port.to_string();
    expect_start_line(&mut run, "port", &wanted, |_| Some("start-line"))?;
    drop(run);
    only_when_it_listens(context)
}

/// Once more, and the kernel refuses to listen: then there is nothing to announce.
fn only_when_it_listens(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = match context.launch(context.lesson.capacity, Gate::on(&["listen"])) {
        Err(CheckError::Inconclusive(_)) => return Ok(()), // where calls cannot be held back, this is not asked
        launched => launched?,
    };
    // First of all: each look at the server lets a call go on that waits at the gate.
    run.server.fail_next(libc::EADDRINUSE);
    run.step("its call of listen is made to fail with EADDRINUSE");
    let announced = run.server.until(|now| {
        let logged_text = start_line(now).filter(|_| now.faults_left() == 0);
        Ok(logged_text.filter(|_| now.listeners().is_ok_and(|all| all.is_empty())))
    });
    match announced {
        Ok(line) => Err(too_early(&mut run, line.text)),
        Err(Stuck::Unseen(unseen)) => Err(unseen.into()),
        Err(_) => Ok(()),
    }
}

fn too_early(run: &mut TestRun, observed: String) -> CheckError {
    run.fail_now(Failure {
        id: "start-too-early",
        mistake: Some("start-too-early"),
        summary: "The server logs [START], and does not listen.".to_owned(),
        expected: "no [START] line before listen has succeeded".to_owned(),
        observed,
    })
}

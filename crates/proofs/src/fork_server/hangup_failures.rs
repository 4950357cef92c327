//! What a child does that does not end when its client has left.

use super::children::{ClientAndChild, holders};
use super::forking::acceptors;
use super::message::flipped;
use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::test_run::{TestRun, has_result};
use std::thread;
use std::time::Duration;
use witness::{ServerClose, State, SyscallSample, WaitError};

const READS: [&str; 4] = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];

/// The failure of a child that does not end after its client has left.
pub(crate) fn child_runs_on(
    run: &mut TestRun,
    pair: &ClientAndChild,
    wait_error: WaitError,
) -> CheckError {
    let (mistake, summary) = match &wait_error {
        WaitError::Spinning(sample) => why_spinning(run, pair, sample),
        _ => why_asleep(run, pair),
    };
    let name = &pair.client.name;
    let failure = Failure {
        id: "child-runs-on",
        mistake,
        summary,
        expected: format!("{name}'s child ends"),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// The child is in a busy loop.
fn why_spinning(
    run: &TestRun,
    pair: &ClientAndChild,
    sample: &SyscallSample,
) -> (Option<&'static str>, String) {
    let name = &pair.client.name;
    if has_result(sample, &READS, |count| count == 0) {
        let text = format!("{name} has left; its child's read returns 0, again and again.");
        return (Some("ignores-eof"), text);
    }
    if has_result(sample, &WRITES, |result| result == -i64::from(libc::EPIPE)) {
        let text = format!("{name} has left; its child's send fails with EPIPE, again and again.");
        return (Some("spins-on-epipe"), text);
    }
    let text = match has_closed(run, pair) {
        true => format!("{name}'s child has closed the connection, and runs on in a busy loop."),
        false => format!("{name} has left, and its child runs on in a busy loop."),
    };
    (None, text)
}

/// The child sleeps, or has not ended in time.
fn why_asleep(run: &TestRun, pair: &ClientAndChild) -> (Option<&'static str>, String) {
    let name = &pair.client.name;
    let call = call_of(run, pair);
    match call {
        Some("accept" | "accept4") => why_accepting(run, name),
        Some(call) if has_read_end_of_file(run, pair) => (
            Some("ignores-eof"),
            format!(
                "{name}'s child has read the end of file, and does not end: it {}.",
                does(call)
            ),
        ),
        Some(call) if has_closed(run, pair) => (
            None,
            format!(
                "{name}'s child has closed the connection, and does not end: it {}.",
                does(call)
            ),
        ),
        Some(call) => {
            (None, format!("{name} has left, and its child does not end: it {}.", does(call)))
        }
        None => (None, format!("{name} has left, and its child does not end.")),
    }
}

/// The child sleeps in accept. Other children that accept as well have served no client before: they
/// were forked for no client.
fn why_accepting(run: &TestRun, name: &str) -> (Option<&'static str>, String) {
    match acceptors(&run.server).unwrap_or_default() {
        count @ 3.. => (
            Some("forks-first"),
            format!(
                "{name} has left, and its child waits in accept again, as {} other processes do.",
                count - 1
            ),
        ),
        _ => (
            Some("child-accepts"),
            format!("{name} has left, and its child has begun to accept clients itself."),
        ),
    }
}

/// What a child does that is in this call, for a sentence.
fn does(call: &str) -> String {
    match call {
        "nanosleep" | "clock_nanosleep" => format!("sleeps, and looks again ({call})"),
        _ => format!("is asleep in {call}"),
    }
}

/// The call in which the child sleeps. A child that naps is awake between two naps, and on a busy
/// machine waits for a processor then, which it gets while this thread pauses.
fn call_of(run: &TestRun, pair: &ClientAndChild) -> Option<&'static str> {
    const LOOKS: usize = 500;
    const PAUSE: Duration = Duration::from_millis(1);
    (0..LOOKS).find_map(|_| {
        let threads = run.server.threads_of(pair.child).unwrap_or_default();
        let call = threads.iter().find_map(|thread| Some(thread.call?.name()));
        if call.is_none() {
            thread::sleep(PAUSE);
        }
        call
    })
}

/// Whether the child has no descriptor of the connection any more.
fn has_closed(run: &TestRun, pair: &ClientAndChild) -> bool {
    holders(&run.server, &pair.client.connection).is_ok_and(|all| !all.contains(&pair.child))
}

/// Whether the client's FIN has arrived, and a read has returned it. The kernel counts an end of
/// file that no read has returned as one unread byte.
fn has_read_end_of_file(run: &TestRun, pair: &ClientAndChild) -> bool {
    let socket = run.server.connection(&pair.client.connection).ok().flatten();
    socket.is_some_and(|it| it.state == State::CloseWait && it.unread == 0)
}

/// The failure of a child that never stops sending. The client resets its connection, because a
/// reset ends the child.
pub(crate) fn never_stops_sending(
    run: &mut TestRun,
    pair: &ClientAndChild,
    sent: usize,
) -> CheckError {
    let name = &pair.client.name;
    let received = pair.client.connection.received().len();
    run.step(format!("{name} had received {received} bytes, and reset its connection (RST)"));
    pair.client.connection.reset();
    let failure = Failure {
        id: "no-goodbye",
        mistake: Some("ignores-eof"),
        summary: format!("{name} has sent its last byte, and its child keeps sending."),
        expected: expected_end(name),
        observed: format!("{received} bytes and no end of file; {name} had sent {sent} bytes"),
    };
    process_evidence::fail(run, None, failure)
}

/// The failure of a server that ends the connection too early, never, or by a reset.
pub(crate) fn wrong_end(
    run: &mut TestRun,
    pair: &ClientAndChild,
    sent: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let (name, connection) = (&pair.client.name, &pair.client.connection);
    let received = connection.received();
    let is_whole = received == flipped(sent);
    let holding = holders(&run.server, connection).unwrap_or_default();
    let (mistake, summary) = match (connection.ended(), &wait_error) {
        (Some(ServerClose::Reset), _) if is_whole => {
            (None, format!("{name} received its answer, and then a reset (RST), not a FIN."))
        }
        (Some(_), _) if received.len() < sent.len() => {
            (None, format!("{name}'s connection was closed before its whole answer had come."))
        }
        (Some(_), _) => (None, format!("{name} received a wrong answer.")),
        (None, _) if holding == [run.server.process()] => (
            Some("parent-keeps-client"),
            format!("{name} receives no FIN: the parent still has the connection open."),
        ),
        (None, Some(WaitError::Spinning(sample))) => why_spinning(run, pair, sample),
        (None, _) => why_asleep(run, pair),
    };
    let (got, sent) = (received.len(), sent.len());
    let is_wrong_text = got == sent && !is_whole;
    let failure = Failure {
        id: "no-goodbye",
        mistake,
        summary,
        expected: expected_end(name),
        observed: format!("{got} of {sent} bytes answered, {}", end_text(connection.ended())),
    };
    let error = process_evidence::fail(run, wait_error, failure);
    // The criterion `flips` checks what the answer says.
    if is_wrong_text { error.depends_on("flips") } else { error }
}

fn end_text(ended: Option<ServerClose>) -> &'static str {
    match ended {
        Some(ServerClose::Closed) => "then a FIN",
        Some(ServerClose::Reset) => "then a RST",
        None => "and no FIN",
    }
}

fn expected_end(name: &str) -> String {
    format!("the rest of its answer, then a FIN, and {name}'s child has ended")
}

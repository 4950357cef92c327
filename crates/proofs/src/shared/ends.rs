//! The criterion that SIGTERM ends a server, and functions that end a server and start it again.

use super::service::{Clients, Service};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use std::time::Duration;
use witness::{Process, Signal, WaitError};

/// The time within which SIGTERM has to end a server, with its clients connected, too.
const TIME_TO_END: Duration = Duration::from_secs(2);

/// A client that does not read sends its bytes in parts of this size. A server that answers cannot
/// send the answer to one part: the client's receive buffer is smaller (tcp(7), tcp_rmem).
const PART: usize = 512 << 10;
/// The maximum number of parts. The kernel stores fewer bytes for one connection (tcp(7), tcp_rmem
/// and tcp_wmem).
const MAX_PARTS: usize = 64;

/// SIGTERM ends the server, and every process that it has started, within 2 s: with nothing to do,
/// and with clients connected. One client was served, and one has sent half a message. If several
/// clients are served at the same time, another client does not read its answers.
///
/// The server may let its clients finish within this time. A server with one client at a time that
/// sleeps in write cannot do that unless its client reads, so it is not asked for.
pub(crate) fn ends(context: &CheckContext<'_>, service: &Service) -> Result<(), CheckError> {
    end_with_clients(context, service).map(drop)
}

/// As [`ends`]. Then the server is started again at once, and must listen: the kernel still has
/// connections of the first run on its port (socket(7), SO_REUSEADDR).
pub(crate) fn ends_and_restarts(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<(), CheckError> {
    let mut run = end_with_clients(context, service)?;
    run.step(format!("the server was started again, on port {}", run.port));
    run.restart()?;
    let Err(wait_error) = run.server.wait_listening(run.port) else { return Ok(()) };
    let failure = Failure {
        id: "no-restart",
        summary: format!(
            "The server was ended with clients connected, and started again. Nothing listens on {}.",
            run.port
        ),
        expected: format!("a LISTEN socket on port {}, as in the first run", run.port),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    Err(run.fail(wait_error, failure))
}

/// Ends a server with nothing to do, and then one with clients. Returns the second run.
fn end_with_clients(context: &CheckContext<'_>, service: &Service) -> Result<TestRun, CheckError> {
    // Check with nothing to do.
    let mut run = context.start()?;
    let _ = run.server.wait_asleep();
    expect_ends(&mut run)?;
    drop(run);

    // Check with clients.
    let mut run = context.start()?;
    (service.serve)(&mut run)?;
    let half = run.connect()?;
    run.step(format!("{} sent half a message", half.name));
    let _ = half.connection.send(service.half_message);
    let has_room = !run.logs_clients() || run.capacity > run.clients.len();
    if service.clients != Clients::OneAtATime && has_room {
        let unread = (service.serve)(&mut run)?;
        send_without_reading(&mut run, &unread, service.message)?;
    }
    let _ = run.server.wait_asleep();
    expect_ends(&mut run)?;
    Ok(run)
}

/// Ends the server, whatever it does with SIGTERM: criterion `ends` checks that.
pub(crate) fn end_server(run: &mut TestRun) -> Result<(), CheckError> {
    run.step("the server was ended (SIGKILL)");
    match run.server.kill_all() {
        Ok(_) | Err(WaitError::Ended(_)) => Ok(()),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        Err(wait_error) => {
            Err(CheckError::Inconclusive(format!("the server could not be ended: {wait_error}")))
        }
    }
}

/// If the server answers `message`, the client sends it again and again and reads nothing, until
/// the server takes no more bytes, or no more answers wait for the client in the kernel.
fn send_without_reading(
    run: &mut TestRun,
    client: &NamedClient,
    message: &[u8],
) -> Result<(), CheckError> {
    let connection = client.connection.clone();
    let before = connection.received().len();
    let _ = connection.send(message);
    let _ = run.server.wait_asleep();
    if connection.received().len() == before {
        return Ok(());
    }
    run.step(format!("{} sent as much as the server takes, and read nothing", client.name));
    let bytes = message.repeat((64 << 10) / message.len() + 1);
    let (mut sent, mut waiting) = (0, 0);
    for part in 1..=MAX_PARTS {
        let all_sent = run.server.wait_for(|_| {
            while sent < part * PART {
                match connection.send(&bytes[sent % bytes.len()..]) {
                    Ok(count @ 1..) => sent += count,
                    _ => return Ok(None),
                }
            }
            Ok(Some(()))
        });
        let _ = run.server.wait_asleep();
        let now = run.server.connection(&connection)?.map_or(0, |it| it.unacknowledged);
        if all_sent.is_err() || now <= waiting {
            break;
        }
        waiting = now;
    }
    Ok(())
}

/// Sends SIGTERM, and checks that the server and everything that it has started ends in time.
pub(crate) fn expect_ends(run: &mut TestRun) -> Result<(), CheckError> {
    run.step("the server was told to end (SIGTERM)");
    run.server.signal(Signal::SIGTERM);
    match run.server.wait_ended(TIME_TO_END) {
        Ok(_) | Err(WaitError::Ended(_)) => Ok(()),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()), // the machine was too busy
        Err(wait_error) => not_ended(run, wait_error),
    }
}

/// Fails because of a server that does not end, or that leaves processes behind.
fn not_ended(run: &mut TestRun, wait_error: WaitError) -> Result<(), CheckError> {
    let left = run.server.survivors()?;
    if left.is_empty() && run.server.exit().is_some() {
        return Ok(()); // the last one has ended since
    }
    let seconds = TIME_TO_END.as_secs();
    let (id, summary, still_there) = match left.first() {
        Some(first) => (
            "leaves-children",
            match left.len() {
                1 => "The server ended by SIGTERM, and a process that it had started outlived it."
                    .to_owned(),
                count => format!(
                    "The server ended by SIGTERM, and {count} processes that it had started outlived it."
                ),
            },
            *first,
        ),
        None => (
            "ignores-sigterm",
            format!(
                "SIGTERM did not end the server within {seconds} s: {}.",
                what_sigterm_does(run.server.process())
            ),
            run.server.process(),
        ),
    };
    run.step(match wait_error {
        WaitError::Idle { .. } => {
            format!("the server ended, and left {}", processes_text(&left, still_there))
        }
        _ => format!("after {seconds} s there still was {}", processes_text(&left, still_there)),
    });
    let failure = Failure {
        id,
        mistake: Some(id),
        summary,
        expected: format!("the server and everything that it has started ends within {seconds} s"),
        observed: format!("still there: {}", processes_text(&left, still_there)),
    };
    let processes = if left.is_empty() { vec![still_there] } else { left.clone() };
    let threads = processes.iter().flat_map(|it| it.threads().unwrap_or_default());
    let calls = threads.filter_map(|thread| thread.call).collect();
    let mut error = run.fail(WaitError::Idle { calls }, failure);
    if let (CheckError::Failed(cause), Some(child)) = (&mut error, left.first())
        && outlives_sigterm(run, *child)
    {
        // It may have been sent the signal: the row about children that get none does not fit.
        cause.mistake = None;
        let (pid, reason) = (pid_in_server(*child), what_sigterm_does(*child));
        cause.summary += &format!(" SIGTERM to process {pid} itself does not end it: {reason}.");
    }
    Err(error)
}

/// Whether a process that the server has left goes on after SIGTERM to the process itself.
fn outlives_sigterm(run: &mut TestRun, child: Process) -> bool {
    let action = child.disposition_of(Signal::SIGTERM as i32).ok().flatten();
    if action.is_none_or(|it| !it.caught && !it.ignored && !it.blocked) {
        return false; // the default action ends it (signal(7))
    }
    run.server.signal_process(child, Signal::SIGTERM);
    let _ = run.server.wait_ended(TIME_TO_END);
    run.server.survivors().is_ok_and(|left| left.contains(&child))
}

/// The processes in `left`, or `only` if there is none there, for a sentence.
fn processes_text(left: &[Process], only: Process) -> String {
    const MOST: usize = 3;
    if left.is_empty() {
        return process_text(only);
    }
    let texts: Vec<_> = left.iter().take(MOST).map(|process| process_text(*process)).collect();
    let more = if left.len() > MOST { " and others" } else { "" };
    format!("{}{more}", texts.join("; "))
}

/// The pid of a process as the server itself sees it (pid_namespaces(7)).
fn pid_in_server(process: Process) -> i32 {
    process.ids().unwrap_or_default().last().copied().unwrap_or(process.pid)
}

/// What a process is and does, for a sentence. Its pid is the one that the server itself sees.
fn process_text(process: Process) -> String {
    let pid = pid_in_server(process);
    let threads = process.threads().unwrap_or_default();
    match threads.first().and_then(|thread| thread.call) {
        Some(call) => format!("{} (pid {pid}), asleep in {}", process.name(), call.name()),
        None => format!("{} (pid {pid})", process.name()),
    }
}

/// What the process does with SIGTERM (proc_pid_status(5)), for a sentence.
fn what_sigterm_does(process: Process) -> &'static str {
    match process.disposition_of(Signal::SIGTERM as i32).ok().flatten().unwrap_or_default() {
        it if it.ignored => "it ignores the signal",
        it if it.caught && it.blocked => "it has a handler for the signal, and blocks the signal",
        it if it.caught => "it has a handler for the signal, and runs on",
        it if it.blocked => "it blocks the signal",
        _ => "it runs on",
    }
}

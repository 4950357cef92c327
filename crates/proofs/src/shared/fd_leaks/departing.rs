//! One client that leaves.

use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::watch_entries::{current_entries, ignored_error};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Exit, SignalNumber, WaitError};

/// Connects one client, which then leaves. The server must close the client's descriptor.
pub(super) fn depart(run: &mut TestRun, departure: Departure) -> Result<(), CheckError> {
    let (client, fd) = run.connect_accepted()?;
    // The descriptor exists before the server logs the client. Wait until the server is idle,
    // because the log line belongs to this step.
    let _ = run.check_alive();
    run.step(format!("{} {}", client.name, departure.text()));
    departure.apply(&client.connection);
    match run.wait_released(&client) {
        Ok(()) => Ok(()),
        Err(wait_error) => Err(not_closed(run, (&client, fd), departure, wait_error)?),
    }
}

/// Pauses the server once. A server that ends because of this does not end because of the clients that
/// leave while it is paused: in a server that was paused, epoll_wait fails with EINTR (signal(7)).
pub(super) fn expect_survives_pause(run: &mut TestRun) -> Result<(), CheckError> {
    run.step("the server was paused for a moment");
    let _ = run.server.pause();
    let _ = run.server.resume();
    let Err(wait_error) = run.check_alive() else { return Ok(()) };
    let failure = Failure {
        id: "ended-after-pause",
        mistake: diagnosis::of(run, &wait_error),
        summary: "The server ended after it was paused.".to_owned(),
        expected: "the server runs on".to_owned(),
        observed: wait_error.to_string(),
    };
    Err(run.fail(wait_error, failure).depends_on("interrupted"))
}

/// Connects one client, which sends bytes and resets its connection before the server reads them. So
/// the server writes to a connection that is lost: write fails with ECONNRESET, or, if a FIN came
/// before the RST, with EPIPE and SIGPIPE (tcp_reset() in net/ipv4/tcp_input.c, signal(7)). The server
/// must close the client's descriptor and run on.
pub(super) fn depart_before_answer(run: &mut TestRun, first: Departure) -> Result<(), CheckError> {
    let (client, fd) = run.connect_accepted()?;
    let _ = run.check_alive();
    let how = match first {
        Departure::HalfClose => ", shut down its sending side and reset",
        _ => " and reset",
    };
    let name = &client.name;
    run.step(format!("{name} sent \"PING\\r\\n\"{how}, while the server was paused"));
    // A server that has ended cannot be paused. The wait below reports the end.
    let _ = run.server.pause();
    let _ = client.connection.send(b"PING\r\n");
    let _ = run.server.wait_delivered();
    first.apply(&client.connection);
    client.connection.reset();
    let _ = run.server.resume();
    match run.wait_released(&client) {
        Ok(()) if run.logs_clients() => expect_logged(run, &client, fd),
        Ok(()) => Ok(()),
        Err(wait_error) => Err(not_closed(run, (&client, fd), Departure::Reset, wait_error)?),
    }
}

/// Checks that the log names the descriptor of a client that was lost when the server wrote to it.
fn expect_logged(run: &mut TestRun, client: &NamedClient, fd: i32) -> Result<(), CheckError> {
    let logged = run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, .. } => Some(*fd),
        _ => None,
    });
    if let Ok(named) = logged
        && named == Some(fd)
    {
        return Ok(());
    }
    let name = &client.name;
    let failure = Failure {
        id: "wrong-disconnect-line",
        mistake: matches!(logged, Ok(Some(-1))).then_some("log-after-clear"),
        summary: match &logged {
            Ok(_) => format!("{name} was lost, and [DISCONNECT] does not name its descriptor."),
            Err(_) => format!("{name} was lost, and the server logged no [DISCONNECT]."),
        },
        expected: format!("[DISCONNECT] fd={fd}"),
        observed: run.logged_text(),
    };
    Err(match logged {
        Ok(_) => run.fail_now(failure),
        Err(wait_error) => run.fail(wait_error, failure),
    })
}

fn not_closed(
    run: &mut TestRun,
    (client, fd): (&NamedClient, i32),
    departure: Departure,
    wait_error: WaitError,
) -> Result<CheckError, CheckError> {
    let name = &client.name;
    let never_closed = format!("{name} left, and the server never closed its socket.");
    let (mistake, summary) = match (&wait_error, departure) {
        (WaitError::Ended(Exit::Signal(SignalNumber(libc::SIGPIPE))), _) => {
            (Some("sigpipe"), format!("The server ended when it wrote to {name}, which was gone."))
        }
        (WaitError::Ended(Exit::Status(_) | Exit::Signal(_)), Departure::Reset) => (
            Some("reset-ends-server"),
            format!("The server ended when {name} reset its connection."),
        ),
        // The server has logged that the client left. Therefore only the call of close is missing.
        (WaitError::Idle { .. }, _)
            if run.logs_clients() && run.wait_logged(is_disconnect).is_ok() =>
        {
            (
                Some("forgot-close"),
                format!("The server logged that {name} left, but never closed its socket."),
            )
        }
        (WaitError::Idle { .. }, _) => {
            let missed = missed_departure(run, fd);
            (diagnosis::of(run, &wait_error).or(missed), never_closed)
        }
        (WaitError::Spinning(sample), _) => match ignored_error(sample, fd) {
            Some(events) => (
                Some("compares-revents"),
                format!(
                    "{name} left. poll reports {events} without end, and the server ignores it."
                ),
            ),
            None => (diagnosis::of(run, &wait_error), never_closed),
        },
        _ => (diagnosis::of(run, &wait_error), never_closed),
    };
    let kept = run.server.descriptor_of(&client.connection)?.unwrap_or(fd);
    let failure = Failure {
        id: "fd-leak",
        mistake,
        summary,
        expected: match &wait_error {
            WaitError::Ended(_) => format!("descriptor {fd} is closed, and the server runs on"),
            _ => format!("descriptor {fd} is closed"),
        },
        observed: match &wait_error {
            WaitError::Ended(_) => wait_error.to_string(),
            _ if kept == fd => format!("descriptor {fd} is still open"),
            _ => format!("descriptor {fd} is closed, and {kept} is the same connection"),
        },
    };
    Ok(run.fail(wait_error, failure))
}

fn is_disconnect(event: &LogEvent) -> Option<()> {
    matches!(event, LogEvent::Disconnect { .. }).then_some(())
}

/// Why a server that is idle has not closed the descriptor of a client that has left. If the server
/// waits for neither input nor a hang-up of the descriptor, it has noticed that the client left.
fn missed_departure(run: &TestRun, fd: i32) -> Option<&'static str> {
    let entries = current_entries(&run.server, &run.clients, WaitCall::Any).ok().flatten()?;
    match entries.iter().find(|entry| entry.fd == fd) {
        Some(entry) => entry.waits_for_hangup().then_some("waits-for-hangup"),
        None => Some("forgot-close"),
    }
}

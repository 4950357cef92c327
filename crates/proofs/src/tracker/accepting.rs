//! The criteria of clients that connect.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, Server, Unobservable, WaitError};

/// 5 simultaneous clients are tracked. Each `[ACCEPT]` line names the descriptor that the kernel
/// connects to the client. The lines name slots 0 to 4 in order.
pub(crate) fn slots(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    for slot in 0..run.capacity.min(5) {
        let (client, fd) = run.connect_accepted()?;
        let logged = run.wait_logged(|event| match event {
            LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        if !matches!(logged, Ok(names) if names == (Some(fd), Some(slot))) {
            return Err(wrong_accept_line(&mut run, &client, (fd, slot), logged));
        }
    }
    Ok(())
}

/// The failure of a server whose `[ACCEPT]` line is missing or names another descriptor or slot.
fn wrong_accept_line(
    run: &mut TestRun,
    client: &NamedClient,
    (fd, slot): (i32, usize),
    logged: Result<(Option<i32>, Option<usize>), WaitError>,
) -> CheckError {
    let name = &client.name;
    let (id, mistake, summary) = match &logged {
        Ok((Some(named), _)) if *named != fd => (
            "wrong-descriptor",
            Some("wrong-fd"),
            format!("The log says fd={named}; the kernel connects {name} to descriptor {fd}."),
        ),
        Ok((None, _)) => (
            "wrong-descriptor",
            Some("wrong-fd"),
            format!("The [ACCEPT] line does not name {name}'s descriptor."),
        ),
        Ok((_, Some(at))) => (
            "wrong-slot",
            Some("slot-order"),
            format!("{name} was given slot {at}; slot {slot} was next."),
        ),
        Ok((_, None)) => (
            "wrong-slot",
            Some("slot-order"),
            format!("The [ACCEPT] line does not name {name}'s slot."),
        ),
        Err(_) => (
            "accept-not-logged",
            None,
            format!("{name} was accepted, and the server logged no [ACCEPT] line for it."),
        ),
    };
    let observed = run.logged_text();
    let expected = format!("[ACCEPT] fd={fd} slot={slot}");
    run.fail_after(logged.err(), Failure { id, mistake, summary, expected, observed })
}

/// Every client descriptor is O_NONBLOCK.
pub(crate) fn nonblocking(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    for _ in 0..run.capacity.min(2) {
        let (client, fd) = run.connect_accepted()?;
        // Wait for the flag, because the server may set the flag after accept has returned.
        let set = run.server.wait_for(|now| {
            let flags = now.process().flags(fd)?.unwrap_or(0);
            Ok((flags & libc::O_NONBLOCK != 0).then_some(()))
        });
        if let Err(wait_error) = set {
            let failure = Failure {
                id: "blocking-descriptor",
                mistake: Some("blocking-client"),
                summary: format!("{}'s descriptor {fd} is in blocking mode.", client.name),
                expected: format!("O_NONBLOCK among the flags of descriptor {fd}"),
                observed: format!("/proc/PID/fdinfo/{fd} has no O_NONBLOCK"),
            };
            return Err(run.fail(wait_error, failure));
        }
    }
    Ok(())
}

/// The errors with which accept is made to fail (accept(2), ERRORS). Each entry has the errno, its
/// name, and the Common Mistakes row of a server that ends because of the error.
const ACCEPT_ERRORS: [(Errno, &str, &str); 4] = [
    (Errno::EAGAIN, "EAGAIN", "accept-eagain"),
    (Errno::ECONNABORTED, "ECONNABORTED", "accept-eagain"),
    (Errno::EINTR, "EINTR", "accept-eagain"),
    (Errno::EMFILE, "EMFILE", "accept-emfile"),
];

/// If `accept` fails with EAGAIN, ECONNABORTED, EINTR or EMFILE, the server does not end, and the
/// next client is served.
pub(crate) fn accept_again(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::accept())?;
    // Wait until the server is asleep. A server that blocks in accept has then made its first call.
    // Therefore the call that fails is the second call of every such server.
    let _ = run.server.wait_asleep();
    for (errno, name, mistake) in ACCEPT_ERRORS {
        run.step(format!("the next accept is made to fail with {name}"));
        run.server.fail_next(errno);
        let client = run.connect()?;
        let (handled, extra) = wait_handled(&mut run, &client)?;
        // The server may accept the client first, and end when the next accept fails.
        let alive = handled.and_then(|()| run.check_alive());
        alive.map_err(|wait_error| not_survived(&mut run, wait, (name, mistake), wait_error))?;
        // A server that has no free descriptor may reject this client. In this case, the next
        // client must be served.
        let rejected = client.connection.ended().is_some();
        let served = if rejected { run.connect_accepted()?.0 } else { client };
        // If the table is small, the clients leave, because the next errors need their slots. If
        // the table is large, no client leaves, because the release of slots is a later task of the
        // lesson.
        if run.capacity < 2 * ACCEPT_ERRORS.len() {
            for client in [Some(served), extra].into_iter().flatten() {
                client.connection.close();
                let _ = run.wait_released(&client);
            }
        }
    }
    Ok(())
}

/// Waits until accept has failed and the client is accepted or rejected. Returns an extra client,
/// if an extra client was needed.
///
/// An edge-triggered server (epoll(7), EPOLLET) may treat the error as the end of the queue. The
/// server then gets no further event for the client. The extra client causes another event.
fn wait_handled(
    run: &mut TestRun,
    client: &NamedClient,
) -> Result<(Result<(), WaitError>, Option<NamedClient>), CheckError> {
    let connection = client.connection.clone();
    let is_handled = |now: &mut Server| {
        let accepted = now.descriptor_of(&connection)?.is_some() || connection.ended().is_some();
        Ok((now.faults_left() == 0 && accepted).then_some(()))
    };
    let handled = run.server.wait_for(is_handled);
    let waits_for_event =
        matches!(handled, Err(WaitError::Idle { .. })) && run.server.faults_left() == 0;
    if !waits_for_event || !listens_edge_triggered(&run.server)? {
        return Ok((handled, None));
    }
    let extra = run.connect()?;
    Ok((run.server.wait_for(is_handled), Some(extra)))
}

/// Whether the listener is on the interest list with EPOLLET.
fn listens_edge_triggered(server: &Server) -> Result<bool, Unobservable> {
    let (Some(listener), Some(list)) = (server.listener()?, server.epoll_entries()?) else {
        return Ok(false);
    };
    Ok(list.iter().any(|entry| entry.inode == listener.inode && entry.has(libc::EPOLLET)))
}

fn not_survived(
    run: &mut TestRun,
    wait: WaitCall,
    (errno, mistake): (&str, &'static str),
    wait_error: WaitError,
) -> CheckError {
    let never_called = run.server.faults_left() > 0;
    let (mistake, summary) = match &wait_error {
        _ if never_called => (
            diagnosis::of(run, &wait_error),
            "A client connected, and the server never called accept.".to_owned(),
        ),
        WaitError::Ended(_) => {
            (Some(mistake), format!("The server ended when accept failed with {errno}."))
        }
        other => {
            let text = format!("After accept failed with {errno}, the client was never served.");
            (diagnosis::of(run, other), text)
        }
    };
    let failure = Failure {
        id: "accept-gave-up",
        mistake,
        summary,
        expected: format!(
            "the server goes back to {}, and serves the client when accept succeeds",
            wait.name()
        ),
        observed: wait_error.to_string(),
    };
    let error = run.fail(wait_error, failure);
    if never_called { error.depends_on("slots") } else { error }
}

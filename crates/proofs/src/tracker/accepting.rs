//! Clients that arrive.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use witness::{Gate, Server, Stuck, Unseen};

/// 5 simultaneous clients are tracked: each `[ACCEPT]` names the descriptor that the kernel
/// connects to that client, and slots 0 to 4 in order.
pub(crate) fn slots(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    for slot in 0..run.capacity.min(5) {
        let (client, fd) = run.connect_accepted()?;
        let wanted = format!("[ACCEPT] fd={fd} slot={slot}");
        let logged_text = run.wait_logged(|event| match event {
            LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        let (id, mistake) = match &logged_text {
            Ok((named, at)) if *named == Some(fd) && *at == Some(slot) => continue,
            Ok((named, _)) if *named != Some(fd) => ("wrong-descriptor", Some("wrong-fd")),
            Ok(_) => ("wrong-slot", Some("slot-order")),
            Err(_) => ("accept-not-logged", None),
        };
        let name = &client.name;
        let summary = match &logged_text {
            Ok((Some(named), _)) if *named != fd => {
                format!("The log says fd={named}; the kernel connects {name} to descriptor {fd}.")
            }
            Ok((None, _)) => format!("The [ACCEPT] line does not name {name}'s descriptor."),
            Ok((_, Some(at))) => format!("{name} was given slot {at}; slot {slot} was next."),
            Ok((_, None)) => format!("The [ACCEPT] line does not name {name}'s slot."),
            Err(_) => format!("{name} was accepted, and no [ACCEPT] line says so."),
        };
        let observed = run.logged_text();
        let failure = Failure { id, mistake, summary, expected: wanted, observed };
        return Err(match logged_text {
            Ok(_) => run.fail_now(failure),
            Err(wait_error) => run.fail(wait_error, failure),
        });
    }
    Ok(())
}

/// Every client descriptor is O_NONBLOCK.
pub(crate) fn nonblocking(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    for _ in 0..run.capacity.min(2) {
        let (client, fd) = run.connect_accepted()?;
        // The flag is set after the descriptor is there: wait for it, not for a moment.
        let set = run.server.until(|now| {
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

const FAULTS: [(i32, &str, &str); 4] = [
    (libc::EAGAIN, "EAGAIN", "accept-eagain"),
    (libc::ECONNABORTED, "ECONNABORTED", "accept-eagain"),
    (libc::EINTR, "EINTR", "accept-eagain"),
    (libc::EMFILE, "EMFILE", "accept-emfile"),
];

/// `accept` failing with EAGAIN, ECONNABORTED, EINTR or EMFILE does not end the server, and the
/// next client is served.
pub(crate) fn accept_again(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, Gate::accept())?;
    // A server that blocks in accept is in it by then: the next one is the second for all of those.
    let _ = run.server.until_resting();
    for (errno, name, mistake) in FAULTS {
        run.step(format!("the next accept is made to fail with {name}"));
        run.server.fail_next(errno);
        let client = run.connect()?;
        let (met, company) = taken(&mut run, &client)?;
        // The fault may come after the client, and end the server then.
        let alive = met.and_then(|()| run.check_alive());
        alive.map_err(|wait_error| not_survived(&mut run, wait, (name, mistake), wait_error))?;
        // Out of descriptors, a server may turn this client away; then the next one counts.
        let served =
            if client.connection.ended().is_some() { run.connect_accepted()?.0 } else { client };
        // Small tables need the room; whether they leave well is for another criterion to ask.
        for client in [Some(served), company].into_iter().flatten() {
            client.connection.close();
            let _ = run.wait_released(&client);
        }
    }
    Ok(())
}

/// Waits until the fault was met and the client taken, or turned away. A server that is told of
/// arrivals alone (epoll(7), EPOLLET) took the fault for the end of the queue: it is sent one more,
/// which is also given back.
fn taken(
    run: &mut TestRun,
    client: &NamedClient,
) -> Result<(Result<(), Stuck>, Option<NamedClient>), CheckError> {
    let connection = client.connection.clone();
    let fact = |now: &mut Server| {
        let taken = now.descriptor_of(&connection)?.is_some() || connection.ended().is_some();
        Ok((now.faults_left() == 0 && taken).then_some(()))
    };
    let met = run.server.until(fact);
    let waits = matches!(met, Err(Stuck::Quiet { .. })) && run.server.faults_left() == 0;
    if !waits || !hears_edges(&run.server)? {
        return Ok((met, None));
    }
    let company = run.connect()?;
    Ok((run.server.until(fact), Some(company)))
}

/// Whether the listener is watched edge-triggered.
fn hears_edges(server: &Server) -> Result<bool, Unseen> {
    let (Some(listener), Some(list)) = (server.listener()?, server.interests()?) else {
        return Ok(false);
    };
    Ok(list.iter().any(|entry| entry.inode == listener.inode && entry.has(libc::EPOLLET)))
}

fn not_survived(
    run: &mut TestRun,
    wait: WaitCall,
    (errno, mistake): (&str, &'static str),
    wait_error: Stuck,
) -> CheckError {
    let never_called = run.server.faults_left() > 0;
    let (mistake, summary) = match &wait_error {
        _ if never_called => (
            diagnosis::of(run, &wait_error),
            "A client came, and the server never called accept.".to_owned(),
        ),
        Stuck::Ended(_) => {
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

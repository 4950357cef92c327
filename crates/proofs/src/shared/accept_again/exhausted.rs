//! Lets a running server run out of descriptors, and gives them back.

use super::blocking::expect_nonblocking;
use super::calm::{WHILE, expect_calm};
use super::looks::wait_calm_or;
use super::naps::{expect_no_naps, is_napping};
use super::patience::{listens_edge_triggered, wait_handled, wait_handled_later};
use super::phantom::expect_no_phantom;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::service::{Clients, Service, after, leave};
use crate::test_run::TestRun;
use witness::{FaultInjector, Server, WaitError};

/// The number of slots of a server with a table. A server that hands an entry for each slot to poll
/// needs a limit of at least this number (poll(2), EINVAL), so clients have to use up the rest.
const CAPACITY: usize = 8;
/// The maximum number of clients that connect in order to use up the descriptors.
const MAX_FILLING: usize = 1100;
/// The number of clients that connect while no descriptor is free.
const WAITING: usize = 2;
const AFTERWARDS: &str = "descriptors were free again";

/// The server runs out of descriptors while clients connect, and gets them back.
pub(super) fn no_descriptors(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<(), CheckError> {
    let (mut run, mut earlier) = start_with_clients(context, service)?;
    let done = run_out_twice(&mut run, &mut earlier, service);
    let says_why = run.server.exit().is_some() && names_emfile(&run.server.stderr());
    done.map_err(|error| match says_why {
        true => error.independent().with_mistake("accept-emfile"),
        false => error,
    })
}

/// Whether a server has named EMFILE in its last words, as errno(3) does, or by its name.
fn names_emfile(stderr: &str) -> bool {
    stderr.contains("Too many open files") || stderr.contains("EMFILE")
}

/// The server runs out of descriptors twice, if it has no children. A spare descriptor, for instance,
/// must be there again for the second time. Afterwards, the server is as idle as before.
fn run_out_twice(
    run: &mut TestRun,
    earlier: &mut Vec<NamedClient>,
    service: &Service,
) -> Result<(), CheckError> {
    let was_napping = is_napping(run, service)?;
    run_out(run, earlier, service)?;
    let connected = if service.clients == Clients::OneAtATime { 0 } else { earlier.len() };
    let has_room = !run.logs_clients() || connected + WAITING < run.capacity;
    // A server that forks may keep another descriptor for each child, such as a pidfd, and the
    // numbers of these descriptors change. A second limit of descriptors could be too low for the
    // server. Therefore such a server runs out of descriptors only once.
    let has_steady_numbers = service.clients != Clients::InChildren;
    if has_room && has_steady_numbers {
        run_out(run, earlier, service)?;
    }
    if was_napping { Ok(()) } else { expect_no_naps(run, service) }
}

fn run_out(
    run: &mut TestRun,
    earlier: &mut Vec<NamedClient>,
    service: &Service,
) -> Result<(), CheckError> {
    use_up(run, earlier, service)?;

    // Clients connect meanwhile. One slot must remain for a client that connects afterwards.
    let mut waiting = Vec::new();
    let slots = if run.logs_clients() { run.capacity } else { usize::MAX };
    if slots < 2 {
        let what = "whether a server with one slot goes on without descriptors";
        return Err(CheckError::Inconclusive(what.to_owned()));
    }
    for _ in 0..WAITING.min(slots - earlier.len() - 1) {
        let client = run.connect()?;
        if !was_served_at_once(run, service, &client) {
            waiting.push(client);
        }
    }
    expect_calm(run, service.clients)?;
    expect_still_connected(run, earlier)?;
    if let Some(client) = earlier.last() {
        let served = (service.expect_served)(run, client);
        served.map_err(|error| after(WHILE, error.independent()))?;
        expect_calm(run, service.clients)?;
    }

    run.step("the descriptor limit was restored");
    run.server.restore_descriptors()?;
    expect_recovers(run, service, waiting, earlier)
}

/// The clients that were connected before must still be connected: a server may reject new clients,
/// but may not close another client to make room.
fn expect_still_connected(run: &mut TestRun, earlier: &[NamedClient]) -> Result<(), CheckError> {
    let is_closed = |client: &&NamedClient| client.connection.ended().is_some();
    let Some(closed) = earlier.iter().find(is_closed) else { return Ok(()) };
    Err(run.fail_now(Failure {
        id: "closed-for-room",
        mistake: None,
        summary: format!(
            "While no descriptor was free (EMFILE), the server closed {}, which was connected before.",
            closed.name
        ),
        expected: "the clients that the server has stay connected".to_owned(),
        observed: format!("the end of {}'s connection", closed.name),
    }))
}

/// Starts a server, and connects the clients that are there before the descriptors are used up. A
/// table gets as many slots as the clients will need who use up the descriptors.
fn start_with_clients(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<(TestRun, Vec<NamedClient>), CheckError> {
    let mut run =
        context.start_with(context.lesson.capacity.min(CAPACITY), FaultInjector::default())?;
    let clients = earlier_clients(&mut run, service)?;
    let needed = clients.len() + free_numbers(&run)? + 2 * (WAITING + 1);
    if needed <= CAPACITY || needed > MAX_FILLING || context.lesson.capacity == 0 {
        return Ok((run, clients));
    }
    drop(run);
    let mut run = context.start_with(needed, FaultInjector::default())?;
    let clients = earlier_clients(&mut run, service)?;
    Ok((run, clients))
}

/// Connects two clients, if the table has two slots more. A server with one client at a time has
/// none: the descriptor of its only client would be free when this client leaves.
fn earlier_clients(run: &mut TestRun, service: &Service) -> Result<Vec<NamedClient>, CheckError> {
    let first = (service.serve)(run)?;
    let slots = if run.logs_clients() { run.capacity } else { usize::MAX };
    match slots {
        _ if service.clients == Clients::OneAtATime => {}
        0..=2 => {}
        3 => return Ok(vec![first]),
        _ => return Ok(vec![first, (service.serve)(run)?]),
    }
    leave(run, &first);
    let _ = run.wait_released(&first);
    Ok(Vec::new())
}

/// How many numbers below its highest descriptor the server does not use. A server may keep a spare
/// descriptor there in order to close it when accept has failed: with a limit below this number, the
/// spare descriptor would be of no use.
fn free_numbers(run: &TestRun) -> Result<usize, CheckError> {
    let open = run.server.descriptors()?;
    let highest = open.iter().map(|it| it.fd).max().unwrap_or(0);
    Ok((highest as usize + 1).saturating_sub(open.len()))
}

/// Lowers the limit to the descriptors that the server has. Clients use up what is left below the
/// limit, if the server accepts several clients in one process.
fn use_up(
    run: &mut TestRun,
    earlier: &mut Vec<NamedClient>,
    service: &Service,
) -> Result<(), CheckError> {
    let _ = run.server.wait_asleep();
    run.step("the server's descriptor limit was lowered to what it has open (prlimit)");
    let free = free_numbers(run)?;
    let has_room = !run.logs_clients() || earlier.len() + free + WAITING < run.capacity;
    if free == 0 || service.clients != Clients::Together || free > MAX_FILLING || !has_room {
        run.server.exhaust_descriptors()?;
    } else {
        let open = run.server.descriptors()?.len() + free;
        let watched = run.server.poll_entries()?.map_or(0, |array| array.len());
        run.server.limit_descriptors(open.max(watched) as u64)?;
    }
    fill(run, earlier)
}

/// Connects clients until the server has no free descriptor.
fn fill(run: &mut TestRun, earlier: &mut Vec<NamedClient>) -> Result<(), CheckError> {
    let mut free = run.server.free_descriptors()?.min(MAX_FILLING);
    if free == 0 {
        return Ok(());
    }
    run.step(format!("{free} clients connected, to use up the free descriptors"));
    let batch_size = run.batch_size()?;
    while free > 0 {
        let mut batch = Vec::new();
        for _ in 0..free.min(batch_size) {
            batch.push(run.add_client(Server::connect)?);
        }
        free -= batch.len();
        let handled = batch.iter().try_for_each(|client| wait_handled(run, client));
        // A client that the server has not accepted has no inode (see `wait_handled`).
        let is_accepted = |it: &NamedClient| it.connection.inode().is_some();
        batch.retain(|client| is_accepted(client) && client.connection.ended().is_none());
        let is_rejected = handled.is_err() || batch.is_empty();
        earlier.append(&mut batch);
        // The server may keep some descriptors for itself.
        if is_rejected {
            break;
        }
    }
    Ok(())
}

/// Whether a server with one client at a time has accepted this client, which then leaves. The
/// kernel reserves the number of the new descriptor when accept is called, so an accept that sleeps
/// already succeeds once more.
fn was_served_at_once(run: &mut TestRun, service: &Service, client: &NamedClient) -> bool {
    if service.clients != Clients::OneAtATime {
        return false;
    }
    let connection = client.connection.clone();
    let accepted = wait_calm_or(run, |now| {
        Ok(now.connection(&connection)?.is_some_and(|socket| socket.inode != 0))
    });
    let is_accepted = accepted.unwrap_or(false);
    if is_accepted {
        leave(run, client);
    }
    is_accepted
}

/// The server must have accepted or rejected each client that waited, and must serve the next one.
/// None of the clients leaves meanwhile. The clients that are served are added to `earlier`.
fn expect_recovers(
    run: &mut TestRun,
    service: &Service,
    waiting: Vec<NamedClient>,
    earlier: &mut Vec<NamedClient>,
) -> Result<(), CheckError> {
    if service.clients == Clients::Together && !earlier.is_empty() {
        expect_queue_emptied(run, &waiting)?;
    }
    let next = run.connect()?;
    for client in waiting.iter().chain([&next]) {
        let handled = wait_handled_later(run, client, &mut Vec::new());
        let alive = handled.and_then(|()| run.check_alive());
        expect_no_phantom(run, WHILE)?;
        alive.map_err(|wait_error| never_accepted(run, client, wait_error))?;
        if client.connection.ended().is_none() {
            let served = (service.expect_served)(run, client);
            served.map_err(|error| after(AFTERWARDS, error.independent()))?;
            expect_nonblocking(run, service, client, WHILE)?;
            match service.clients {
                Clients::OneAtATime => leave(run, client),
                Clients::Together | Clients::InChildren => earlier.push(client.clone()),
            }
        }
    }
    // A server that closed the next client as well may have seen it before the limit was restored.
    if next.connection.ended().is_some() {
        let served = (service.serve)(run);
        let client = served.map_err(|error| after(AFTERWARDS, error.independent()))?;
        expect_nonblocking(run, service, &client, WHILE)?;
        match service.clients {
            Clients::OneAtATime => leave(run, &client),
            Clients::Together | Clients::InChildren => earlier.push(client),
        }
    }
    expect_no_phantom(run, WHILE)
}

/// The server must accept or reject the clients that waited, at the latest when a timer wakes it. No
/// client leaves, and no new client connects meanwhile: its connection would be an event that tells the
/// server of the others.
fn expect_queue_emptied(run: &mut TestRun, waiting: &[NamedClient]) -> Result<(), CheckError> {
    for client in waiting {
        let handled = wait_handled_later(run, client, &mut Vec::new());
        expect_no_phantom(run, WHILE)?;
        let Err(wait_error) = handled else { continue };
        let is_asleep = matches!(wait_error, WaitError::Idle { .. });
        let is_edge = listens_edge_triggered(&run.server)?;
        let error = never_accepted(run, client, wait_error);
        let summary = format!(
            "Descriptors are free again, and {} waits in the listener's queue until another client \
             connects: the listener's entry is edge-triggered, and the server has given up at EMFILE.",
            client.name
        );
        return Err(if is_asleep && is_edge {
            error.with_row("edge-gives-up", summary)
        } else {
            error
        });
    }
    Ok(())
}

/// The failure of a server that does not accept clients any more.
fn never_accepted(run: &mut TestRun, client: &NamedClient, wait_error: WaitError) -> CheckError {
    let name = &client.name;
    let failure = Failure {
        id: "stays-stuck",
        mistake: None,
        summary: format!("Descriptors are free again, and {name} is never accepted."),
        expected: format!("the server calls accept again, and serves {name}"),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

//! Clients that arrive.

use crate::events::Event;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use crate::shared::{Wait, rows};
use witness::{Gate, Server, Stuck, Unseen};

/// 5 simultaneous clients are tracked: each `[ACCEPT]` names the descriptor that the kernel
/// connects to that client, and slots 0 to 4 in order.
pub(crate) fn slots(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    for slot in 0..scene.capacity.min(5) {
        let (guest, fd) = scene.admit()?;
        let wanted = format!("[ACCEPT] fd={fd} slot={slot}");
        let said = scene.logged(|event| match event {
            Event::Accept { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        let (id, mistake) = match &said {
            Ok((named, at)) if *named == Some(fd) && *at == Some(slot) => continue,
            Ok((named, _)) if *named != Some(fd) => ("wrong-descriptor", Some("wrong-fd")),
            Ok(_) => ("wrong-slot", Some("slot-order")),
            Err(_) => ("accept-not-logged", None),
        };
        let name = &guest.name;
        let summary = match &said {
            Ok((Some(named), _)) if *named != fd => {
                format!("The log says fd={named}; the kernel connects {name} to descriptor {fd}.")
            }
            Ok((None, _)) => format!("The [ACCEPT] line does not name {name}'s descriptor."),
            Ok((_, Some(at))) => format!("{name} was given slot {at}; slot {slot} was next."),
            Ok((_, None)) => format!("The [ACCEPT] line does not name {name}'s slot."),
            Err(_) => format!("{name} was accepted, and no [ACCEPT] line says so."),
        };
        let observed = scene.said();
        let blame = Blame { id, mistake, summary, expected: wanted, observed };
        return Err(match said {
            Ok(_) => scene.refute(blame),
            Err(stuck) => scene.fail(stuck, blame),
        });
    }
    Ok(())
}

/// Every client descriptor is O_NONBLOCK.
pub(crate) fn nonblocking(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    for _ in 0..scene.capacity.min(2) {
        let (guest, fd) = scene.admit()?;
        // The flag is set after the descriptor is there: wait for it, not for a moment.
        let set = scene.server.until(|now| {
            let flags = now.process().flags(fd)?.unwrap_or(0);
            Ok((flags & libc::O_NONBLOCK != 0).then_some(()))
        });
        if let Err(stuck) = set {
            let blame = Blame {
                id: "blocking-descriptor",
                mistake: Some("blocking-client"),
                summary: format!("{}'s descriptor {fd} is in blocking mode.", guest.name),
                expected: format!("O_NONBLOCK among the flags of descriptor {fd}"),
                observed: format!("/proc/PID/fdinfo/{fd} has no O_NONBLOCK"),
            };
            return Err(scene.fail(stuck, blame));
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
pub(crate) fn accept_again(stage: &Stage<'_>, wait: Wait) -> Result<(), Fall> {
    let mut scene = stage.open_with(stage.proof.capacity, Gate::accept())?;
    // A server that blocks in accept is in it by then: the next one is the second for all of those.
    let _ = scene.server.until_resting();
    for (errno, name, row) in FAULTS {
        scene.step(format!("the next accept is made to fail with {name}"));
        scene.server.fail_next(errno);
        let guest = scene.connect()?;
        let (met, company) = taken(&mut scene, &guest)?;
        // The fault may come after the client, and end the server then.
        let alive = met.and_then(|()| scene.still_runs());
        alive.map_err(|stuck| not_survived(&mut scene, wait, (name, row), stuck))?;
        // Out of descriptors, a server may turn this client away; then the next one counts.
        let served = if guest.client.ended().is_some() { scene.admit()?.0 } else { guest };
        // Small tables need the room; whether they leave well is for another criterion to ask.
        for guest in [Some(served), company].into_iter().flatten() {
            guest.client.close();
            let _ = scene.released(&guest);
        }
    }
    Ok(())
}

/// Waits until the fault was met and the client taken, or turned away. A server that is told of
/// arrivals alone (epoll(7), EPOLLET) took the fault for the end of the queue: it is sent one more,
/// which is also given back.
fn taken(scene: &mut Scene, guest: &Guest) -> Result<(Result<(), Stuck>, Option<Guest>), Fall> {
    let client = guest.client.clone();
    let fact = |now: &mut Server| {
        let taken = now.descriptor_of(&client)?.is_some() || client.ended().is_some();
        Ok((now.faults_left() == 0 && taken).then_some(()))
    };
    let met = scene.server.until(fact);
    let waits = matches!(met, Err(Stuck::Quiet { .. })) && scene.server.faults_left() == 0;
    if !waits || !hears_edges(&scene.server)? {
        return Ok((met, None));
    }
    let company = scene.connect()?;
    Ok((scene.server.until(fact), Some(company)))
}

/// Whether the listener is watched edge-triggered.
fn hears_edges(server: &Server) -> Result<bool, Unseen> {
    let (Some(listener), Some(list)) = (server.listener()?, server.interests()?) else {
        return Ok(false);
    };
    Ok(list.iter().any(|entry| entry.inode == listener.inode && entry.has(libc::EPOLLET)))
}

fn not_survived(
    scene: &mut Scene,
    wait: Wait,
    (errno, row): (&str, &'static str),
    stuck: Stuck,
) -> Fall {
    let never_called = scene.server.faults_left() > 0;
    let (mistake, summary) = match &stuck {
        _ if never_called => (
            rows::of(scene, &stuck),
            "A client came, and the server never called accept.".to_owned(),
        ),
        Stuck::Ended(_) => {
            (Some(row), format!("The server ended when accept failed with {errno}."))
        }
        other => {
            let text = format!("After accept failed with {errno}, the client was never served.");
            (rows::of(scene, other), text)
        }
    };
    let blame = Blame {
        id: "accept-gave-up",
        mistake,
        summary,
        expected: format!(
            "the server goes back to {}, and serves the client when accept succeeds",
            wait.name()
        ),
        observed: stuck.to_string(),
    };
    let fall = scene.fail(stuck, blame);
    if never_called { fall.blocks("slots") } else { fall }
}

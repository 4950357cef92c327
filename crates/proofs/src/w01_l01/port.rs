//! The port: when another program has it, and when the server has just had it.

use super::talk;
use crate::Subject;
use crate::fall::Fall;
use crate::scene::{Blame, Scene, Stage};
use std::net::{Ipv4Addr, TcpListener};
use witness::{Exit, Stuck, Tier};

/// On a port in use: a message, a non-zero exit.
pub(super) fn port_taken(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    end(&mut scene)?;
    let port = scene.port;
    let _held = scene
        .server
        .hold_port(port)
        .map_err(|error| Fall::Unseen(format!("port {port} could not be held: {error}")))?;
    scene.step(format!("it was started again, and another program holds port {port}"));
    again(&mut scene)?;
    let stuck = match scene.server.until(|_| Ok(None::<()>)) {
        Err(stuck @ Stuck::Unseen(_)) => return Err(scene.fail(stuck, Blame::default())),
        Err(stuck) => stuck,
        Ok(()) => return Ok(()),
    };
    let words = scene.server.stderr();
    let trace = ["panicked at", "Traceback (most recent", "stack backtrace"];
    let (mistake, summary) = match &stuck {
        Stuck::Ended(Exit::Signal(_)) => {
            ("port-panic", "The server ended by crashing: its port is taken.")
        }
        Stuck::Ended(Exit::Status(0)) => {
            ("port-ignored", "The server ended as if all were well: its port is taken.")
        }
        Stuck::Ended(_) if trace.iter().any(|words_of| words.contains(words_of)) => {
            ("port-panic", "The server ended with a trace of its code in place of a message.")
        }
        Stuck::Ended(_) if words.contains(&port.to_string()) => return Ok(()),
        Stuck::Ended(_) => ("port-silent", "The server ended, and its words do not name the port."),
        _ => ("port-ignored", "The port is taken, and the server goes on all the same."),
    };
    let blame = Blame {
        id: mistake,
        mistake: Some(mistake),
        summary: summary.to_owned(),
        expected: format!("a line on standard error that names {port}, and a status other than 0"),
        observed: stuck.to_string(),
    };
    Err(scene.fail(stuck, blame))
}

/// Started again at once on the same port, with connections in TIME_WAIT, it listens.
pub(super) fn restart(stage: &Stage<'_>) -> Result<(), Fall> {
    let subject = Subject { port: port_to_spare(stage), ..stage.subject.clone() };
    let mut scene = stage.of(&subject).open()?;
    let guest = talk::greeted(&mut scene)?;
    end(&mut scene)?;
    // Whoever closes first keeps the connection in TIME_WAIT (RFC 9293, section 3.3.2): the server.
    scene.step(format!("{} closed as well, which leaves a connection in TIME_WAIT", guest.name));
    let _ = guest.client.ended();
    guest.client.half_close();
    let port = scene.port;
    scene.step(format!("it was started again, on port {port}"));
    again(&mut scene)?;
    let in_the_way = scene.server.until(|now| Ok(now.is_in_time_wait(port)?.then_some(())));
    let listens = scene.server.until_listening(port);
    match (listens, in_the_way) {
        (Ok(()), Ok(())) => Ok(()),
        (Ok(()), Err(_)) => {
            let what = "the first run left no connection in TIME_WAIT, so nothing stood in the way";
            Err(Fall::Unseen(what.to_owned()))
        }
        (Err(stuck), in_the_way) => {
            let blame = Blame {
                id: "no-restart",
                mistake: in_the_way.is_ok().then_some("no-reuse"),
                summary: format!("Nothing listens on {port} after the restart."),
                expected: format!("a LISTEN socket on port {port}, as in the first run"),
                observed: stuck.to_string(),
            };
            Err(scene.fail(stuck, blame))
        }
    }
}

/// Where ports are shared, TIME_WAIT would keep the lesson's own from the next proof for a minute:
/// one that nobody asks for.
fn port_to_spare(stage: &Stage<'_>) -> Option<u16> {
    let is_shared = stage.subject.tier.unwrap_or_else(Tier::here).shares_ports();
    let any = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr();
    let spare = || any().ok().map(|address| address.port());
    stage.subject.port.or_else(|| is_shared.then(spare).flatten())
}

/// SIGTERM ends the server.
fn end(scene: &mut Scene) -> Result<(), Fall> {
    scene.step("the server was told to end (SIGTERM)");
    scene.server.signal(libc::SIGTERM);
    match scene.server.until(|_| Ok(None::<()>)) {
        Err(Stuck::Ended(_)) | Ok(()) => Ok(()),
        Err(stuck) => {
            let blame = Blame {
                id: "outlives-sigterm",
                mistake: None,
                summary: "SIGTERM does not end the server.".to_owned(),
                expected: "the server ends".to_owned(),
                observed: stuck.to_string(),
            };
            Err(scene.fail(stuck, blame))
        }
    }
}

/// Starts the program once more, and makes sure that nothing of its first run is left.
fn again(scene: &mut Scene) -> Result<(), Fall> {
    let started = scene.server.start_again();
    started.map_err(|error| Fall::Unseen(format!("it could not be started again: {error}")))?;
    let gone = scene.server.until(|now| Ok(now.orphans()?.is_empty().then_some(())));
    match (gone, scene.server.orphans()?.first()) {
        (Err(stuck), Some(left)) => {
            let name = left.name();
            let blame = Blame {
                id: "left-behind",
                mistake: None,
                summary: format!("The server ended by SIGTERM, and left {name} running behind it."),
                expected: "nothing that the program started outlives it".to_owned(),
                observed: format!("{name} is still there"),
            };
            Err(scene.fail(stuck, blame))
        }
        _ => Ok(()),
    }
}

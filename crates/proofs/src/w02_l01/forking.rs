//! A child for each client, and what each process keeps of the two sockets.

use super::children::{ClientAndChild, arrive, holders};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::test_run::TestRun;
use witness::{Process, Server, Stuck, Unseen};

/// Each of 5 clients is served by a child of its own; a silent one delays nobody.
pub(super) fn own_child(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut pairs: Vec<ClientAndChild> = Vec::new();
    for _ in 0..5 {
        // Nobody says a word: those before are still being served when the next one comes.
        let others: Vec<&ClientAndChild> = pairs.iter().collect();
        let pair = arrive(&mut run, &others)?;
        announced(&mut run, &pair)?;
        pairs.push(pair);
    }
    Ok(())
}

/// `[FORK]` names the child that the kernel shows.
fn announced(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    let ids = pair.child.ids()?;
    let named = run.wait_logged(|event| match event {
        LogEvent::Fork { pid: Some(pid) } if ids.contains(pid) => Some(()),
        _ => None,
    });
    let Err(wait_error) = named else { return Ok(()) };
    let other = run.wait_logged(|event| match event {
        LogEvent::Fork { pid } => Some(*pid),
        _ => None,
    });
    let name = &pair.client.name;
    let (mistake, summary) = match other {
        // A child that has passed the client on to a child of its own, and ended.
        Ok(Some(pid)) if pid > 0 && !is_alive(&run.server, pid)? => return Ok(()),
        Ok(Some(0)) => (Some("fork-logs-zero"), format!("The log says that {name}'s child is 0.")),
        Ok(_) => (None, format!("The [FORK] line does not name {name}'s child.")),
        Err(_) => (None, format!("{name} has a child, and no [FORK] line says so.")),
    };
    let id = ids.last().copied().unwrap_or(pair.child.pid);
    let observed = run.logged_text();
    let expected = format!("[FORK] pid={id}");
    let failure = Failure { id: "fork-not-logged", mistake, summary, expected, observed };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}

/// Whether a process of the server has this id, as it sees itself.
fn is_alive(server: &Server, id: i32) -> Result<bool, Unseen> {
    for process in server.processes()? {
        if process.ids()?.contains(&id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The parent holds the listener and no client; each child holds its client and no listener.
pub(super) fn descriptors(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut pairs: Vec<ClientAndChild> = Vec::new();
    for _ in 0..3 {
        let others: Vec<&ClientAndChild> = pairs.iter().collect();
        let pair = arrive(&mut run, &others)?;
        pairs.push(pair);
        let tidy = run.server.until(|now| Ok(misplaced(now, &pairs)?.is_none().then_some(())));
        if let Err(wait_error) = tidy {
            return Err(still_open(&mut run, &pairs, wait_error));
        }
    }
    Ok(())
}

/// A socket in a process that has no use for it.
enum Misplaced {
    /// The parent holds this client.
    ClientInParent(usize),
    /// This client's child holds the listener.
    ListenerInChild(usize),
    /// A client's child holds this other client, too.
    ClientInChild(usize),
}

/// The first socket that somebody should have closed.
fn misplaced(server: &Server, pairs: &[ClientAndChild]) -> Result<Option<Misplaced>, Unseen> {
    let listener = server.listener()?.map_or(0, |socket| socket.inode);
    let listening = server.holders(listener)?;
    let parent = server.process();
    for (index, ClientAndChild { client, child }) in pairs.iter().enumerate() {
        let holding: Vec<Process> = holders(server, &client.connection)?;
        if holding.contains(&parent) {
            return Ok(Some(Misplaced::ClientInParent(index)));
        }
        if listening.contains(child) {
            return Ok(Some(Misplaced::ListenerInChild(index)));
        }
        if pairs.iter().any(|other| other.child != *child && holding.contains(&other.child)) {
            return Ok(Some(Misplaced::ClientInChild(index)));
        }
    }
    Ok(None)
}

fn still_open(run: &mut TestRun, pairs: &[ClientAndChild], wait_error: Stuck) -> CheckError {
    let found = misplaced(&run.server, pairs).ok().flatten();
    let name = |index: &usize| &pairs[*index].client.name;
    let (mistake, summary, expected) = match &found {
        Some(Misplaced::ClientInParent(index)) => (
            Some("parent-keeps-client"),
            format!("{0} has its child, and the parent still holds {0}'s connection.", name(index)),
            "the parent holds the listener and no client".to_owned(),
        ),
        Some(Misplaced::ListenerInChild(index)) => (
            Some("child-keeps-listener"),
            format!("{}'s child still holds the listener.", name(index)),
            format!("{}'s child holds its client, and not the listener", name(index)),
        ),
        Some(Misplaced::ClientInChild(index)) => (
            Some("parent-keeps-client"),
            format!("Another client's child has a copy of {}'s connection.", name(index)),
            "a child holds its own client alone".to_owned(),
        ),
        None => (
            None,
            "The server ended while its clients were connected.".to_owned(),
            "each process holds its own sockets".to_owned(),
        ),
    };
    let observed = match found {
        Some(_) => "it is still open when the server has come to rest".to_owned(),
        None => wait_error.to_string(),
    };
    let failure = Failure { id: "kept-open", mistake, summary, expected, observed };
    process_evidence::fail(run, Some(wait_error), failure)
}

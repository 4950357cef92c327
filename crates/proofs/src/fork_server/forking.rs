//! The criteria `own-child` (each client has a child of its own) and `descriptors` (each process
//! keeps only its own sockets open).

use super::children::{ClientAndChild, connect_with_child, forked_before, holders, with_child};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Process, Server, Target, Unobservable, WaitError};

/// Each of 5 clients is served by a child of its own. A silent client delays no other client.
pub(crate) fn own_child(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    // A child that is forked before the first client connects must have been logged before.
    let _ = run.server.wait_asleep();
    let mut pairs: Vec<ClientAndChild> = Vec::new();
    for _ in 0..5 {
        // No client sends anything. Therefore every earlier client is still connected to its child.
        let others: Vec<&ClientAndChild> = pairs.iter().collect();
        let pair = connect_with_child(&mut run, &others)?;
        expect_fork_line(&mut run, &pair)?;
        pairs.push(pair);
    }
    Ok(())
}

/// Checks that the `[FORK]` line names the child that the kernel shows.
fn expect_fork_line(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    let pids = pair.child.ids()?;
    let named = run.wait_logged(|event| match event {
        LogEvent::Fork { pid: Some(pid) } if pids.contains(pid) => Some(()),
        _ => None,
    });
    let Err(wait_error) = named else { return Ok(()) };
    let other = run.wait_logged(|event| match event {
        LogEvent::Fork { pid } => Some(*pid),
        _ => None,
    });
    let name = &pair.client.name;
    let is_older = was_logged_before(run, &pids);
    let (mistake, summary) = match other {
        // The child was started, and logged, before this client came.
        _ if is_older => (
            Some("forks-first"),
            format!("{name}'s child was forked, and logged, before {name} connected."),
        ),
        // The named child has passed the client to a child of its own, and has ended.
        Ok(Some(pid)) if pid > 0 && !is_running(&run.server, pid)? => return Ok(()),
        Ok(Some(0)) => (Some("fork-logs-zero"), format!("The log says that {name}'s child is 0.")),
        Ok(_) => (None, format!("The [FORK] line does not name {name}'s child.")),
        Err(_) => {
            (None, format!("{name} has a child, and the server logged no [FORK] line for it."))
        }
    };
    let pid = pids.last().copied().unwrap_or(pair.child.pid);
    let observed = if is_older {
        format!("[FORK] pid={pid} was logged before {name} connected")
    } else {
        run.logged_text()
    };
    let expected = format!("[FORK] pid={pid} after {name} connected");
    let failure = Failure { id: "fork-not-logged", mistake, summary, expected, observed };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}

/// Whether a `[FORK]` line that is older than the last step names one of these pids.
fn was_logged_before(run: &TestRun, pids: &[i32]) -> bool {
    let earlier = &run.server.log()[..run.step_log_start()];
    let mut events = earlier.iter().filter_map(LogEvent::of);
    events.any(|event| matches!(event, LogEvent::Fork { pid: Some(pid) } if pids.contains(&pid)))
}

/// Whether a process of the server has this pid in the process's own pid namespace.
fn is_running(server: &Server, pid: i32) -> Result<bool, Unobservable> {
    for process in server.processes()? {
        if process.ids()?.contains(&pid) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The number of clients that connect while the parent is stopped.
const TOGETHER: usize = 3;

/// The parent has the listener and no client's connection. Each child has its client's connection
/// and no listener. This is so for clients that connect one after the other, and together.
pub(crate) fn descriptors(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut pairs: Vec<ClientAndChild> = Vec::new();
    for _ in 0..3 {
        let others: Vec<&ClientAndChild> = pairs.iter().collect();
        let pair = connect_with_child(&mut run, &others)?;
        pairs.push(pair);
        let tidy = run.server.wait_for(|now| Ok(misplaced(now, &pairs)?.is_none().then_some(())));
        if let Err(wait_error) = tidy {
            return Err(still_open(&mut run, &pairs, wait_error));
        }
    }
    accepted_together(&mut run, pairs)
}

/// Three clients connect while the parent is stopped, so that it finds them in its queue together.
/// Each child must have its own client alone.
fn accepted_together(run: &mut TestRun, mut pairs: Vec<ClientAndChild>) -> Result<(), CheckError> {
    if run.batch_size()? < TOGETHER {
        return Ok(()); // The queue is shorter (listen(2), backlog).
    }
    run.server.pause().map_err(|wait_error| still_open(run, &pairs, wait_error))?;
    run.step(format!("{TOGETHER} clients connected while the parent was stopped (SIGSTOP)"));
    let clients = (0..TOGETHER).map(|_| run.add_client(Server::connect));
    let clients: Vec<NamedClient> = clients.collect::<Result<_, _>>()?;
    run.server.resume().map_err(|wait_error| still_open(run, &pairs, wait_error))?;
    for client in clients {
        let others: Vec<&ClientAndChild> = pairs.iter().collect();
        let pair = with_child(run, client, &others)?;
        pairs.push(pair);
    }
    let tidy = run.server.wait_for(|now| Ok(misplaced(now, &pairs)?.is_none().then_some(())));
    match tidy {
        Ok(()) => Ok(()),
        Err(wait_error) => Err(shared_child(run, &pairs, wait_error)),
    }
}

/// The failure of a server that accepts several clients, and forks afterwards: a child gets the
/// connections of the clients whose children are forked later. If the parent has closed these
/// connections, no row describes this.
fn shared_child(run: &mut TestRun, pairs: &[ClientAndChild], wait_error: WaitError) -> CheckError {
    let is_copy = matches!(misplaced(&run.server, pairs), Ok(Some(Misplaced::ClientInChild(_))));
    let mut error = still_open(run, pairs, wait_error);
    if let (true, CheckError::Failed(cause)) = (is_copy, &mut error) {
        cause.mistake = None;
    }
    error
}

/// Checks that the server has no children that wait for clients, before a client connects. Other
/// criteria depend on this.
pub(crate) fn expect_no_early_child(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let _ = run.server.wait_asleep();
    let logged = run.server.log().iter().filter_map(LogEvent::of);
    let forks = logged.filter(|event| matches!(event, LogEvent::Fork { .. })).count();
    let acceptors = acceptors(&run.server)?;
    if forks == 0 && acceptors < 2 {
        return Ok(());
    }
    let summary = "The server has forked, and no client has connected.";
    let observed = format!("{forks} [FORK] lines, and {acceptors} processes in accept");
    let error = forked_before(&mut run, summary, observed);
    Err(error.depends_on(if forks > 0 { "own-child" } else { "descriptors" }))
}

/// The number of processes that sleep in accept on the listener.
pub(super) fn acceptors(server: &Server) -> Result<usize, Unobservable> {
    let listener = server.listener()?.map_or(0, |socket| socket.inode);
    let listening = server.holders(listener)?;
    Ok(listening.into_iter().filter(|process| accepts(*process, listener)).count())
}

/// A socket in a process that should not have this socket.
enum Misplaced {
    /// So many processes wait for clients in accept.
    Acceptors(usize),
    /// The parent has the connection of the client with this index.
    ClientInParent(usize),
    /// This client's child has the listener.
    ListenerInChild(usize),
    /// Another client's child has this client's connection.
    ClientInChild(usize),
}

/// The first socket that a process should have closed.
fn misplaced(server: &Server, pairs: &[ClientAndChild]) -> Result<Option<Misplaced>, Unobservable> {
    let listener = server.listener()?.map_or(0, |socket| socket.inode);
    let listening = server.holders(listener)?;
    let acceptors = acceptors(server)?;
    if acceptors > 1 {
        return Ok(Some(Misplaced::Acceptors(acceptors)));
    }
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

/// Whether a thread of the process sleeps in accept on the listener with this inode.
fn accepts(process: Process, listener: u64) -> bool {
    let (threads, open) = (process.threads(), process.descriptors());
    let (threads, open) = (threads.unwrap_or_default(), open.unwrap_or_default());
    let is_listener =
        |fd: i32| open.iter().any(|it| it.fd == fd && it.target == Target::Socket(listener));
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| {
        matches!(call.name(), "accept" | "accept4") && is_listener(call.arguments[0] as i32)
    })
}

fn still_open(run: &mut TestRun, pairs: &[ClientAndChild], wait_error: WaitError) -> CheckError {
    let found = misplaced(&run.server, pairs).ok().flatten();
    let name = |index: &usize| &pairs[*index].client.name;
    let (mistake, summary, expected) = match &found {
        Some(Misplaced::Acceptors(count)) => (
            Some("forks-first"),
            format!("{count} processes have the listener, and wait in accept for a client."),
            "the parent alone accepts, and forks when a client has come".to_owned(),
        ),
        Some(Misplaced::ClientInParent(index)) => (
            Some("parent-keeps-client"),
            format!("{0} has its child, and the parent still has {0}'s connection.", name(index)),
            "the parent has the listener and no client".to_owned(),
        ),
        Some(Misplaced::ListenerInChild(index)) => (
            Some("child-keeps-listener"),
            format!("{}'s child still has the listener.", name(index)),
            format!("{}'s child has its client, and not the listener", name(index)),
        ),
        Some(Misplaced::ClientInChild(index)) => (
            Some("parent-keeps-client"),
            format!("Another client's child has a copy of {}'s connection.", name(index)),
            "a child has its own client's connection alone".to_owned(),
        ),
        None => (
            None,
            "The server ended while its clients were connected.".to_owned(),
            "each process has its own sockets".to_owned(),
        ),
    };
    let observed = match found {
        Some(Misplaced::Acceptors(_)) => "the server is idle, and they still wait".to_owned(),
        Some(_) => "the socket is still open when the server is idle".to_owned(),
        None => wait_error.to_string(),
    };
    let failure = Failure { id: "kept-open", mistake, summary, expected, observed };
    process_evidence::fail(run, Some(wait_error), failure)
}

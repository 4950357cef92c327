//! A client and the child that was forked for it.

use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::WaitCall;
use crate::shared::watch_entries::current_entries;
use crate::test_run::TestRun;
use witness::{Client, Process, Server, Signal, Unobservable, WaitError};

/// A client, and the child that has its connection.
pub(crate) struct ClientAndChild {
    pub(crate) client: NamedClient,
    pub(crate) child: Process,
}

/// Connects a client, and waits until the client has a child of its own.
pub(crate) fn connect_with_child(
    run: &mut TestRun,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let client = run.connect()?;
    with_child(run, client, others)
}

/// As [`connect_with_child`]. The client's segments are as short as on Ethernet, so that the
/// kernel's buffers are full after less than 4 MiB.
pub(crate) fn connect_with_child_over_ethernet(
    run: &mut TestRun,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let client = run.connect_with(Server::connect_over_ethernet)?;
    with_child(run, client, others)
}

/// As [`connect_with_child`]. The kernel's buffers are full after a few segments.
pub(crate) fn connect_with_child_and_small_buffer(
    run: &mut TestRun,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let client = run.connect_with(Server::connect_with_small_buffer)?;
    with_child(run, client, others)
}

/// Waits until a client, which is connected, has a child of its own.
pub(crate) fn with_child(
    run: &mut TestRun,
    client: NamedClient,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    match wait_child(run, &client, others) {
        Ok(child) => {
            expect_few_forks(run)?;
            Ok(ClientAndChild { client, child })
        }
        Err(wait_error) => Err(no_child(run, &client, wait_error).depends_on("own-child")),
    }
}

/// Waits for a process that has the client's connection, and that is neither the parent nor another
/// client's child. Returns this process.
pub(crate) fn wait_child(
    run: &mut TestRun,
    client: &NamedClient,
    others: &[&ClientAndChild],
) -> Result<Process, WaitError> {
    let other_children: Vec<Process> = others.iter().map(|pair| pair.child).collect();
    let own_child = |now: &mut Server| {
        let holders = holders(now, &client.connection)?;
        let mut children = holders.into_iter().filter(|it| *it != now.process());
        Ok(children.find(|it| !other_children.contains(it)))
    };
    run.server.wait_for(own_child)?;
    // The first child that has the connection may pass the connection to a child of its own, and
    // then end. The check uses the child that has the connection when the server is idle.
    run.check_alive()?;
    run.server.wait_for(own_child)
}

/// Checks that the server does not fork without end, for no client. With hundreds of processes each
/// look at the server takes long, and every criterion would fail slowly.
fn expect_few_forks(run: &mut TestRun) -> Result<(), CheckError> {
    /// A server may log a process of its own as well.
    const MOST_WITHOUT_CLIENT: usize = 16;
    let logged = run.server.log().iter().filter_map(LogEvent::of);
    let forks = logged.filter(|event| matches!(event, LogEvent::Fork { .. })).count();
    let clients = run.server.connected_so_far();
    if forks <= clients + MOST_WITHOUT_CLIENT {
        return Ok(());
    }
    let summary = "The server forks again and again before a client has come.";
    let observed = format!("{forks} [FORK] lines; clients that have connected: {clients}");
    let error = forked_before(run, summary, observed);
    Err(error.depends_on("own-child"))
}

/// The failure of a server that forks for no client.
pub(super) fn forked_before(run: &mut TestRun, summary: &str, observed: String) -> CheckError {
    run.fail_now(Failure {
        id: "forked-before",
        mistake: Some("forks-first"),
        summary: summary.to_owned(),
        expected: "the parent alone accepts, and forks when a client has come".to_owned(),
        observed,
    })
}

/// The processes that have a client's connection. The parent may be one of these processes.
pub(crate) fn holders(server: &Server, connection: &Client) -> Result<Vec<Process>, Unobservable> {
    server.connection(connection)?;
    connection.inode().map_or(Ok(Vec::new()), |inode| server.holders(inode))
}

/// The failure of a server that has no child for a client.
pub(crate) fn no_child(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
) -> CheckError {
    let name = &client.name;
    let is_queued = run.server.listener().ok().flatten().is_some_and(|it| it.unread > 0);
    let holders = holders(&run.server, &client.connection).unwrap_or_default();
    let (mistake, why, observed) = match &wait_error {
        WaitError::Ended(_) => (None, "the server ended", wait_error.to_string()),
        _ if client.connection.ended().is_some() => {
            (None, "its connection was closed", format!("{name} reads an end of file"))
        }
        _ if is_queued => {
            let (mistake, why) = why_queued(run);
            (mistake, why, format!("{name} is still in the listener's queue"))
        }
        _ if holders == [run.server.process()] => {
            let (mistake, why) = match reads_in_parent(run, client) {
                true => (Some("serves-in-parent"), "the parent serves the client itself"),
                false => (None, "the parent alone has its connection, and does not wait for it"),
            };
            (mistake, why, format!("the parent alone has {name}'s connection"))
        }
        _ if holders.is_empty() => {
            (None, "no process has its connection", format!("no process has {name}'s socket"))
        }
        _ => (None, "it has no process for itself alone", holders_text(run, name, &holders)),
    };
    let failure = Failure {
        id: "no-child",
        mistake,
        summary: format!("{name} connected and has no child of its own: {why}."),
        expected: format!("a child that has {name}'s connection"),
        observed,
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Whether the parent waits for the client: in a call on the client's descriptor, or in a call for
/// several descriptors of which this is one.
fn reads_in_parent(run: &TestRun, client: &NamedClient) -> bool {
    let fd = run.server.descriptor_of(&client.connection).ok().flatten();
    let entries = current_entries(&run.server, &run.clients, WaitCall::Any).ok().flatten();
    let is_watched = entries.iter().flatten().any(|entry| Some(entry.fd) == fd);
    let threads = run.server.process().threads().unwrap_or_default();
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    is_watched || fd.is_some() && calls.any(|call| call.descriptor() == fd)
}

/// The processes that have a client's connection, for a sentence.
fn holders_text(run: &TestRun, name: &str, holders: &[Process]) -> String {
    let text_of = |process: &Process| {
        let pid = process.ids().ok().and_then(|ids| ids.last().copied()).unwrap_or(process.pid);
        let kind = if *process == run.server.process() { "the parent" } else { "child" };
        format!("{kind} {pid}")
    };
    let texts: Vec<String> = holders.iter().map(text_of).collect();
    format!("{} has {name}'s connection", texts.join(" and "))
}

/// The reason why a client stays in the listener's queue, with the Common Mistakes row.
fn why_queued(run: &TestRun) -> (Option<&'static str>, &'static str) {
    if !waits_for_a_child(run) {
        return (None, "the parent never accepted it");
    }
    let mistake = if has_a_client_left(run) { "blocking-reaper" } else { "waits-for-child" };
    (Some(mistake), "the parent sleeps until another client's child ends")
}

/// Whether the parent sleeps until a child ends.
pub(crate) fn waits_for_a_child(run: &TestRun) -> bool {
    let threads = run.server.process().threads().unwrap_or_default();
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| matches!(call.name(), "wait4" | "waitid"))
}

/// Whether the server has closed the connection of an earlier client.
fn has_a_client_left(run: &TestRun) -> bool {
    let is_closed =
        |client: &NamedClient| matches!(run.server.connection(&client.connection), Ok(None));
    run.clients.iter().any(is_closed)
}

/// Waits until a child has ended.
pub(crate) fn wait_child_ended(run: &mut TestRun, child: Process) -> Result<(), WaitError> {
    run.server.wait_for(|now| Ok(has_ended(now, child)?.then_some(())))
}

/// Stops a child or lets it go on, and waits until it has done so and the server sleeps.
pub(crate) fn signal_and_settle(run: &mut TestRun, pair: &ClientAndChild, signal: Signal) {
    run.server.signal_process(pair.child, signal);
    // The criterion `own-child` reports a child that ends while its client is connected.
    let _ = run.server.wait_for(|_| {
        let threads = pair.child.threads()?;
        let are_so = threads.iter().all(|thread| thread.stopped == (signal == Signal::SIGSTOP));
        Ok(are_so.then_some(()))
    });
    let _ = wait_settled(run);
}

/// Whether a child has ended. The parent may have reaped the child or not.
pub(crate) fn has_ended(server: &Server, child: Process) -> Result<bool, Unobservable> {
    Ok(child.is_zombie()? || !server.processes()?.contains(&child))
}

/// The failure of a server that has ended, in a check of another criterion.
pub(crate) fn stopped_serving(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: None,
        summary: "The server ended after one of its children had ended.".to_owned(),
        expected: "children end, and the parent serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("interrupted")
}

/// Waits until the server is idle, or is known not to become idle. Only a server that has ended is
/// an error.
pub(crate) fn wait_settled(run: &mut TestRun) -> Result<(), WaitError> {
    match run.server.wait_idle() {
        Err(wait_error @ (WaitError::Ended(_) | WaitError::Unobservable(_))) => Err(wait_error),
        _ => Ok(()),
    }
}

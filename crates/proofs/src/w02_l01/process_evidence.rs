//! The evidence of this lesson: which process holds which socket, and which has died unburied.

use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use course::report::{Row, Table};
use witness::{Process, Stuck, Target, Unseen};

/// The failure of this scene, with the whole family beside its story. Without `stuck`, the server
/// was asked nothing more: what it shows is wrong already.
pub(super) fn fail(run: &mut TestRun, wait_error: Option<Stuck>, failure: Failure) -> CheckError {
    let mut error = match wait_error {
        Some(wait_error) => run.fail(wait_error, failure),
        None => run.fail_now(failure),
    };
    // A server that has ended has no tables.
    if let CheckError::Failed(cause) = &mut error
        && !cause.evidence.is_empty()
        && let Ok(table) = family(run)
    {
        cause.evidence = vec![table];
    }
    error
}

fn family(run: &TestRun) -> Result<Table, Unseen> {
    let mut rows = Vec::new();
    let zombies = run.server.zombies()?;
    for process in run.server.processes()? {
        let is_parent = process == run.server.process();
        let id = process.ids()?.last().copied().unwrap_or(process.pid);
        let who = format!("{:<8}{id:<7}", if is_parent { "parent" } else { "child" });
        rows.extend(sockets(run, process, is_parent, &who)?);
        if zombies.contains(&process) {
            rows.push(Row { wrong: true, text: format!("{who}zombie") });
        }
    }
    Ok(Table { title: "the kernel says".to_owned(), rows })
}

/// A row for each socket of a process that this proof knows of.
fn sockets(
    run: &TestRun,
    process: Process,
    is_parent: bool,
    who: &str,
) -> Result<Vec<Row>, Unseen> {
    let listener = run.server.listener()?.map(|socket| socket.inode);
    let mut rows = Vec::new();
    for descriptor in process.descriptors()? {
        let Target::Socket(inode) = descriptor.target else { continue };
        let is_listener = Some(inode) == listener;
        let client = run.clients.iter().find(|client| client.connection.inode() == Some(inode));
        let (state, whose) = match client {
            _ if is_listener => ("LISTEN", String::new()),
            Some(client) => {
                let socket = run.server.connection(&client.connection)?;
                (socket.map_or("CLOSED", |socket| socket.state.name()), client.name.clone())
            }
            None => continue,
        };
        let text = format!("{who}fd {:<4}{state:<13}{whose}", descriptor.fd);
        rows.push(Row { wrong: is_parent != is_listener, text: text.trim_end().to_owned() });
    }
    Ok(rows)
}

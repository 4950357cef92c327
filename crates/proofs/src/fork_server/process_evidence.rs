//! The evidence of this lesson: which process has which socket, and which process is a zombie.

use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use course::report::{Row, Table};
use witness::{Process, Target, Unobservable, WaitError};

/// The failure of this run, with a table of all processes. `wait_error` is `None` if no wait has
/// failed, because the server's answer is already wrong.
pub(crate) fn fail(
    run: &mut TestRun,
    wait_error: Option<WaitError>,
    failure: Failure,
) -> CheckError {
    let mut error = run.fail_after(wait_error, failure);
    // A server that has ended has no tables.
    if let CheckError::Failed(cause) = &mut error
        && !cause.evidence.is_empty()
        && let Ok(table) = processes(run)
    {
        cause.evidence = vec![table];
    }
    error
}

fn processes(run: &TestRun) -> Result<Table, Unobservable> {
    let mut rows = Vec::new();
    let zombies = run.server.zombies()?;
    for process in run.server.processes()? {
        let is_parent = process == run.server.process();
        let pid = process.ids()?.last().copied().unwrap_or(process.pid);
        let name = format!("{:<8}{pid:<7}", if is_parent { "parent" } else { "child" });
        rows.extend(sockets(run, process, is_parent, &name)?);
        if zombies.contains(&process) {
            rows.push(Row { wrong: true, text: format!("{name}zombie") });
        }
    }
    Ok(Table { title: "the sockets of each process".to_owned(), rows })
}

/// One row for each socket of a process, if the socket is the listener or belongs to a client of
/// this run.
fn sockets(
    run: &TestRun,
    process: Process,
    is_parent: bool,
    name: &str,
) -> Result<Vec<Row>, Unobservable> {
    let listener = run.server.listener()?.map(|socket| socket.inode);
    let mut rows = Vec::new();
    for descriptor in process.descriptors()? {
        let Target::Socket(inode) = descriptor.target else { continue };
        let is_listener = Some(inode) == listener;
        let client = run.clients.iter().find(|client| client.connection.inode() == Some(inode));
        let (state, owner) = match client {
            _ if is_listener => ("LISTEN", String::new()),
            Some(client) => {
                let socket = run.server.connection(&client.connection)?;
                let state = socket.map_or("CLOSED", |socket| socket.state.name());
                (state, format!("client {}", client.name))
            }
            None => continue,
        };
        let text = format!("{name}fd {:<3} {state:<13}{owner}", descriptor.fd);
        rows.push(Row { wrong: is_parent != is_listener, text: text.trim_end().to_owned() });
    }
    Ok(rows)
}

//! Which threads take the bytes that clients send.
//!
//! A server can start all of its threads before the first client connects, so their number alone
//! shows nothing. In an event loop, the thread that waits for the clients also reads from them. The
//! fault injector reports which thread makes each call that reads.

use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::waiting_calls::waiting_calls;
use crate::test_run::TestRun;
use std::collections::BTreeSet;

/// The calls that take bytes from a socket. The first argument of each is the descriptor.
pub(super) const READ_CALLS: [&str; 5] = ["read", "readv", "recvfrom", "recvmsg", "recvmmsg"];

/// The number of clients that send bytes, one after the other. In a server whose run-time moves its
/// tasks between threads, such as Go's, each of several reads may be made by another thread. But
/// after so many of them, a thread that waited has read, too.
const EXCHANGES: usize = 6;

/// After so many calls that read, a server that has not read from the one client that has sent bytes
/// is in a busy loop.
const MAX_READS: usize = 1000;

/// Each of several clients sends bytes while the server sleeps. At least one of the threads that
/// read the bytes must have been asleep in poll or epoll_wait, with a client or the listener among
/// its entries. And not each client may have a thread of its own that reads.
pub(super) fn expect_same_thread(run: &mut TestRun) -> Result<(), CheckError> {
    let clients: Vec<_> = run.clients.iter().take(EXCHANGES).cloned().collect();
    let from = run.step_count();
    let (mut waiting, mut reading, mut served) = (BTreeSet::new(), BTreeSet::new(), 0);
    for client in &clients {
        // A server that never sleeps is the fault of another criterion.
        if run.server.wait_asleep().is_err() {
            break;
        }
        waiting.extend(waiting_calls(run)?.into_iter().map(|(thread, _)| thread));
        let Some(readers) = exchange(run, client)? else { break };
        served += usize::from(!readers.is_empty());
        reading.extend(readers);
    }
    run.merge_steps(from, format!("{} clients sent \"hello\", one after the other", clients.len()));

    // Other criteria ask whether the server reads at all, and where it sleeps.
    if served == 0 {
        return no_reader_seen(run, &clients);
    }
    if waiting.is_empty() {
        return Ok(());
    }
    if waiting.is_disjoint(&reading) {
        return Err(fail(
            run,
            "The threads that wait for the clients never read from them: other threads do.",
            format!("{} that only read", threads_text(reading.len())),
        ));
    }
    let is_own = served > 2 && reading.len() >= served;
    if is_own {
        return Err(fail(
            run,
            "Each client has a thread of its own that reads from it.",
            format!("{served} clients were read by {}", threads_text(reading.len())),
        ));
    }
    Ok(())
}

fn fail(run: &mut TestRun, summary: &str, observed: String) -> CheckError {
    run.fail_now(Failure {
        id: "other-threads-read",
        mistake: Some("thread-per-client"),
        summary: summary.to_owned(),
        expected: "the thread that waits for the clients reads from them".to_owned(),
        observed,
    })
}

fn threads_text(count: usize) -> String {
    if count == 1 { "1 thread".to_owned() } else { format!("{count} threads") }
}

/// The client sends bytes. Returns the threads that have read from the client's descriptor; `None`
/// if the server reads again and again, and never from this client.
fn exchange(run: &mut TestRun, client: &NamedClient) -> Result<Option<BTreeSet<i32>>, CheckError> {
    let Some(fd) = run.server.descriptor_of(&client.connection)? else {
        return Ok(Some(BTreeSet::new()));
    };
    let before = run.server.stopped_calls().len();
    run.step(format!("{} sent \"hello\\n\"", client.name));
    let _ = client.connection.send(b"hello\n");
    // Wait until the bytes are taken, or will not be taken.
    let connection = client.connection.clone();
    let mut is_in_vain = false;
    let _ = run.server.wait_for(|now| {
        let socket = now.connection(&connection)?;
        is_in_vain = now.stopped_calls().len() > before + MAX_READS;
        if is_in_vain {
            return Ok(Some(()));
        }
        Ok(socket.is_none_or(|it| it.unread == 0 && it.received > 0).then_some(()))
    });
    let calls = run.server.stopped_calls().get(before..).unwrap_or_default();
    let reads = calls.iter().filter(|it| it.call.arguments[0] as i32 == fd);
    Ok((!is_in_vain).then(|| reads.map(|it| it.thread).collect()))
}

/// The result if no call that reads was seen. Either the server does not read, which other criteria
/// report, or it reads in another way.
fn no_reader_seen(run: &TestRun, clients: &[NamedClient]) -> Result<(), CheckError> {
    for client in clients {
        let socket = run.server.connection(&client.connection)?;
        if socket.is_some_and(|it| it.unread == 0 && it.received > 0) {
            return Err(CheckError::Inconclusive(format!(
                "which thread reads could not be seen: the server calls none of {}",
                READ_CALLS.join(", ")
            )));
        }
    }
    Ok(())
}

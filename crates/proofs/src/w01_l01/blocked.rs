//! Recognizes a server that sleeps until a client reads or sends.
//!
//! Such a server does nothing more for this client, and a helper thread that wakes up now and then
//! need not be waited for.

use crate::shared::unchanged::Unchanged;
use witness::{Call, Client, Server, Unobservable};

/// A thread that sleeps until a client reads or sends.
#[derive(Default)]
pub(super) struct Blocked {
    sleep: Unchanged<Sleep>,
}

/// What is seen of the sleep. If it does not change, the thread has not run.
#[derive(PartialEq, Eq)]
struct Sleep {
    thread: i32,
    context_switches: u64,
    /// The number of bytes of the client that the server has not read.
    unread: u32,
}

impl Blocked {
    /// Looks at the server again. Returns the calls in which its threads sleep, if all of them do, and
    /// one of them has slept since an earlier look until the client reads or sends.
    pub(super) fn look(
        &mut self,
        server: &Server,
        client: &Client,
    ) -> Result<Option<Vec<Call>>, Unobservable> {
        let (sleep, calls) = sleep(server, client)?.unzip();
        let has_settled = self.sleep.has_settled(sleep);
        Ok(calls.filter(|_| has_settled))
    }
}

/// The sleep of the thread that waits for the client, and the calls of all threads. `None` if there is
/// no such thread, or if a thread runs.
fn sleep(server: &Server, client: &Client) -> Result<Option<(Sleep, Vec<Call>)>, Unobservable> {
    const WRITES: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];
    const READS: [&str; 4] = ["read", "readv", "recvfrom", "recvmsg"];
    let Some(fd) = server.descriptor_of(client)? else { return Ok(None) };
    let threads = server.threads()?;
    let Some(calls) = threads.iter().map(|it| it.call).collect::<Option<Vec<Call>>>() else {
        return Ok(None);
    };
    let unread = server.connection(client)?.map_or(0, |socket| socket.unread);
    let waits = |call: &Call| {
        let is_blocked =
            WRITES.contains(&call.name()) || READS.contains(&call.name()) && unread == 0;
        is_blocked && call.descriptor() == Some(fd)
    };
    let Some(at) = calls.iter().position(waits) else { return Ok(None) };
    let context_switches = threads[at].context_switches;
    Ok(Some((Sleep { thread: threads[at].tid, context_switches, unread }, calls)))
}

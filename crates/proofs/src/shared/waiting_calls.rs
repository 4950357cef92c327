//! The calls in which a server waits for its clients.

use crate::test_run::TestRun;
use witness::{Call, Process, Target, Unobservable};

/// The maximum number of entries of a pollfd array that are read.
const MAX_ENTRIES: u64 = 1 << 16;

/// The threads that sleep in poll or epoll_wait with the listener or a client among their entries,
/// and the call of each. Threads that wait for other files are not included.
pub(crate) fn waiting_calls(run: &TestRun) -> Result<Vec<(i32, Call)>, Unobservable> {
    let mut served: Vec<i32> = Vec::new();
    let inodes: Vec<u64> = run.clients.iter().filter_map(|it| it.connection.inode()).collect();
    let listener = run.server.listener()?.map(|socket| socket.inode);
    for descriptor in run.server.descriptors()? {
        if let Target::Socket(inode) = descriptor.target
            && (inodes.contains(&inode) || listener == Some(inode))
        {
            served.push(descriptor.fd);
        }
    }
    let process = run.server.process();
    let mut waiting = Vec::new();
    for thread in run.server.threads()? {
        let Some(call) = thread.call else { continue };
        if waits_for(process, &call, &served)? {
            waiting.push((thread.tid, call));
        }
    }
    Ok(waiting)
}

/// Whether the call waits for one of these descriptors.
fn waits_for(process: Process, call: &Call, fds: &[i32]) -> Result<bool, Unobservable> {
    let [first, second, ..] = call.arguments;
    if call.is_poll() {
        // Each pollfd has 8 bytes, and begins with the descriptor (poll(2)).
        let mut array = vec![0; second.min(MAX_ENTRIES) as usize * 8];
        process.read_memory(first, &mut array)?;
        let (entries, _) = array.as_chunks::<8>();
        let fd = |&[a, b, c, d, ..]: &[u8; 8]| i32::from_ne_bytes([a, b, c, d]);
        return Ok(entries.iter().any(|entry| fds.contains(&fd(entry))));
    }
    if call.is_epoll() {
        // Each line of the interest list begins with the descriptor (proc_pid_fdinfo(5)).
        let text = process.fdinfo(first as i32)?.unwrap_or_default();
        let listed = text.lines().filter_map(|line| line.strip_prefix("tfd:"));
        let mut numbers = listed.filter_map(|rest| rest.split_whitespace().next()?.parse().ok());
        return Ok(numbers.any(|fd: i32| fds.contains(&fd)));
    }
    // The sets of select(2) are not read: a server that waits there fails in other criteria.
    Ok(call.waits_for_readiness())
}

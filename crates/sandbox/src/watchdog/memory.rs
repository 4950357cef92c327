//! The memory of a run, summed up over its processes and TCP sockets, if the run has no control
//! group.

use crate::process::Process;
use procfs::page_size;
use std::collections::BTreeMap;
use std::fs;

/// Which TCP sockets of the sandbox's network belong to the run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OwnSockets {
    /// All sockets: the network is the sandbox's own.
    All,
    /// The sockets of this user, who runs nothing else on this machine.
    OfUser(u32),
    /// The sockets are not counted: the user runs other programs in the same network.
    None,
}

/// If all TCP sockets of this machine use less memory than this, those of the run are not counted.
/// Counting them would take more time than everything else.
const LITTLE: u64 = 64 << 20;

/// Whether the descendants of `init` use more memory than `limit`. The sum of the resident memory
/// counts a shared page several times, but is fast to compute. Only if this sum exceeds the limit,
/// the slower sum is computed, which counts each shared page once.
pub(super) fn uses_more_than(init: Process, limit: u64, sockets: OwnSockets) -> bool {
    let descendants = init.visible_descendants();
    let unmapped = socket_buffers(init, sockets) + shared_mappings(&descendants, limit);
    let resident: u64 = descendants.iter().map(|process| resident(*process)).sum();
    let shares = || descendants.iter().map(|process| proportional_share(*process)).sum::<u64>();
    unmapped > limit || resident + unmapped > limit && shares() + unmapped > limit
}

/// The resident memory of a process in bytes, shared pages included (proc_pid_statm(5)).
fn resident(process: Process) -> u64 {
    pages(process, 1)
}

/// A number of `/proc/PID/statm`, in bytes.
fn pages(process: Process, index: usize) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/statm", process.pid)).unwrap_or_default();
    let pages = text.split_whitespace().nth(index).and_then(|word| word.parse::<u64>().ok());
    pages.unwrap_or(0) * page_size()
}

/// The proportional memory of a process in bytes: the size of each shared page is divided by the
/// number of processes that use the page (proc_pid_smaps(5), Pss). If the kernel does not show this
/// number, the result is the resident memory.
fn proportional_share(process: Process) -> u64 {
    let Some(text) = process.shares() else { return resident(process) };
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The size of all shared anonymous mappings, if the size exceeds `limit`; otherwise 0. The pages of
/// such a mapping stay in memory after a process has removed them from its page table
/// (madvise(2), MADV_DONTNEED), so the resident memory does not include them. A mapping up to the
/// limit is counted as resident memory only, because a program may map more than it uses.
fn shared_mappings(descendants: &[Process], limit: u64) -> u64 {
    let is_large = |process: &&Process| pages(**process, 0) > limit;
    // A mapping that several processes share has the same inode in each of them.
    let mut largest: BTreeMap<String, u64> = BTreeMap::new();
    for process in descendants.iter().filter(is_large) {
        let text = fs::read_to_string(format!("/proc/{}/maps", process.pid)).unwrap_or_default();
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        for (inode, size) in text.lines().filter_map(shared_mapping) {
            *sizes.entry(inode).or_default() += size;
        }
        for (inode, size) in sizes {
            let known = largest.entry(inode).or_default();
            *known = size.max(*known);
        }
    }
    Some(largest.values().sum()).filter(|size| *size > limit).unwrap_or(0)
}

/// The inode and the size of a shared anonymous mapping, from a line of `/proc/PID/maps`
/// (proc_pid_maps(5)).
fn shared_mapping(line: &str) -> Option<(String, u64)> {
    let (head, _) = line.split_once("/dev/zero (deleted)")?;
    let mut words = head.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let is_shared = words.next()?.ends_with('s');
    let inode = words.nth(2)?.to_owned();
    let [from, to] = [from, to].map(|digits| u64::from_str_radix(digits, 16).ok());
    is_shared.then_some((inode, to?.checked_sub(from?)?))
}

/// The bytes that wait in the TCP sockets of the run (proc_pid_net(5), tcp).
pub(super) fn socket_buffers(init: Process, sockets: OwnSockets) -> u64 {
    if matches!(sockets, OwnSockets::None) || all_socket_buffers() < LITTLE {
        return 0;
    }
    let table = |name| fs::read_to_string(format!("/proc/{}/net/{name}", init.pid));
    let tables = ["tcp", "tcp6"].map(|name| table(name).unwrap_or_default());
    let lines = tables.iter().flat_map(|text| text.lines().skip(1));
    lines.filter_map(|line| queued(line, sockets)).sum()
}

/// The bytes that wait in one socket of the run, from a line of `/proc/net/tcp`.
fn queued(line: &str, sockets: OwnSockets) -> Option<u64> {
    let words: Vec<_> = line.split_whitespace().collect();
    if let OwnSockets::OfUser(user) = sockets
        && words.get(7)?.parse() != Ok(user)
    {
        return None;
    }
    let (sent, received) = words.get(4)?.split_once(':')?;
    let [sent, received] = [sent, received].map(|digits| u64::from_str_radix(digits, 16).ok());
    Some(sent? + received?)
}

/// The memory of all TCP sockets of this machine in bytes (proc_pid_net(5), sockstat).
fn all_socket_buffers() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("TCP:"));
    let pages = line.and_then(|rest| rest.split_once(" mem ")?.1.trim().parse::<u64>().ok());
    pages.unwrap_or(0) * page_size()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn memory_is_summed_up_over_all_descendants() {
        let text = "import os, sys; x = b'x' * 50_000_000; os.fork(); sys.stdin.read()";
        let mut shell = std::process::Command::new("sh");
        let line = format!("python3 -c {text:?}; true");
        let piped = shell.args(["-c", &line]).stdin(std::process::Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let init = Process { pid: child.id() as i32 };
        while init.visible_descendants().len() < 2
            || !uses_more_than(init, 50_000_000, OwnSockets::None)
        {
            thread::yield_now();
        }
        // The two processes share the 50 MB, so the memory is counted once.
        assert!(!uses_more_than(init, 90_000_000, OwnSockets::None));
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn a_shared_anonymous_mapping_is_recognized() {
        let line = "7f0000000000-7f0040000000 rw-s 00000000 00:01 4242      /dev/zero (deleted)";
        assert_eq!(shared_mapping(line), Some(("4242".to_owned(), 1 << 30)));
        for other in [
            "7f0000000000-7f0040000000 rw-p 00000000 00:00 0",
            "7f0000000000-7f0040000000 rw-p 00000000 00:01 4242      /dev/zero (deleted)",
            "7f0000000000-7f0040000000 r--s 00000000 08:01 7         /usr/lib/a",
        ] {
            assert_eq!(shared_mapping(other), None);
        }
    }

    #[test]
    fn the_waiting_bytes_of_the_run_s_sockets_are_summed_up() {
        let line = "   0: 0100007F:1B58 0100007F:D431 01 00000010:00000100 00:00000000 00000000  \
                    1000        0 77 1 0 20 4 30 10 -1";
        assert_eq!(queued(line, OwnSockets::All), Some(0x110));
        assert_eq!(queued(line, OwnSockets::OfUser(1000)), Some(0x110));
        assert_eq!(queued(line, OwnSockets::OfUser(1001)), None);
        assert_eq!(queued("", OwnSockets::All), None);
    }
}

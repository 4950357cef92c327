//! Kills a tree of processes that starts new processes faster than they can be killed one by one.
//!
//! If the number of processes is limited, each killed process makes room for a new process.
//! Therefore all processes are stopped before any process is killed. A stopped process starts no
//! other process, and still counts towards the limit.

use super::kernel::check;
use libc::{c_char, c_int};

/// The maximum number of processes that are read.
const MAX_PROCESSES: usize = 8_192;
/// The maximum number of times that the tree is read. Reading ends earlier when no new process is
/// found.
const MAX_ROUNDS: usize = 32;

/// The processes of this machine, at most [`MAX_PROCESSES`].
struct ProcessTable {
    length: usize,
    /// The process id of each process and of its parent. The parent is replaced by 0 if the process
    /// is known to be in the tree.
    all: [(c_int, c_int); MAX_PROCESSES],
}

/// Stops and kills every descendant of this process.
pub(super) unsafe fn kill_tree() {
    let mut processes = ProcessTable { length: 0, all: [(0, 0); MAX_PROCESSES] };
    let mut before = usize::MAX;
    // SAFETY: as for this function.
    unsafe {
        for _ in 0..MAX_ROUNDS {
            let found = signal_descendants(&mut processes, libc::SIGSTOP);
            if found == before {
                break;
            }
            before = found;
        }
        signal_descendants(&mut processes, libc::SIGKILL);
    }
}

/// Sends a signal to every descendant, and returns the number of descendants.
unsafe fn signal_descendants(processes: &mut ProcessTable, signal: c_int) -> usize {
    // SAFETY: the system calls use local buffers. Each process id belongs to a descendant, and this
    // process reaps every orphan.
    unsafe {
        read_processes(processes);
        let own = libc::getpid();
        let count = mark_descendants(&mut processes.all[..processes.length], own);
        for (pid, parent) in &processes.all[..processes.length] {
            if *parent == 0 {
                libc::kill(*pid, signal);
            }
        }
        count
    }
}

/// Sets the parent of each descendant of `own` to 0, and returns the number of descendants.
fn mark_descendants(all: &mut [(c_int, c_int)], own: c_int) -> usize {
    let mut count = 0;
    loop {
        let before = count;
        for at in 0..all.len() {
            let (pid, parent) = all[at];
            let is_below = parent == own || all.iter().any(|&(it, mark)| it == parent && mark == 0);
            if parent != 0 && is_below {
                all[at] = (pid, 0);
                count += 1;
            }
        }
        if count == before {
            return count;
        }
    }
}

/// Reads `/proc`, which has a folder for each process.
unsafe fn read_processes(processes: &mut ProcessTable) {
    processes.length = 0;
    let mut names = [0u64; 1024]; // aligned as a struct linux_dirent64 (getdents(2))
    // SAFETY: local buffers of the given lengths.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        let Ok(folder) = check(libc::open(c"/proc".as_ptr(), flags)) else { return };
        loop {
            let room = size_of_val(&names);
            let read = libc::syscall(libc::SYS_getdents64, folder, names.as_mut_ptr(), room);
            if read <= 0 {
                break;
            }
            let bytes = std::slice::from_raw_parts(names.as_ptr().cast::<u8>(), read as usize);
            add_processes(processes, bytes);
        }
        libc::close(folder);
    }
}

/// Adds the processes among these directory entries. An entry consists of two words, the entry's
/// length, its type, and its name (getdents(2)).
unsafe fn add_processes(processes: &mut ProcessTable, mut entries: &[u8]) {
    while let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, low, high, _, name @ ..] = entries {
        let pid = number(name);
        if pid > 1 && processes.length < MAX_PROCESSES {
            // SAFETY: as for this function.
            let parent = unsafe { parent_of(pid) };
            processes.all[processes.length] = (pid, if parent == 0 { -1 } else { parent });
            processes.length += 1;
        }
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        entries = entries.get(length.max(1)..).unwrap_or_default();
    }
}

/// Reads the parent's process id, which is the fourth field of `/proc/PID/stat` (proc_pid_stat(5)).
/// The second field, in brackets, may contain any character.
unsafe fn parent_of(pid: c_int) -> c_int {
    let (mut path, mut text) = ([0u8; 32], [0u8; 256]);
    let (mut digits, mut rest) = ([0u8; 10], pid);
    let mut first = digits.len();
    while rest > 0 {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let parts: [&[u8]; 3] = [b"/proc/", &digits[first..], b"/stat\0"];
    let mut at = 0;
    for part in parts {
        path[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    // SAFETY: the path ends with a NUL byte; a local buffer of the given length.
    let length = unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let Ok(fd) = check(libc::open(path.as_ptr().cast::<c_char>(), flags)) else { return 0 };
        let length = libc::read(fd, text.as_mut_ptr().cast(), text.len());
        libc::close(fd);
        length.max(0) as usize
    };
    let text = &text[..length];
    let end = text.iter().rposition(|byte| *byte == b')').unwrap_or(length);
    number(text.get(end + 4..).unwrap_or_default()) // ") R "
}

/// The number at the beginning of a text.
fn number(text: &[u8]) -> c_int {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
    digits.fold(0, |number, digit| number * 10 + c_int::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_are_marked_in_any_order() {
        let mut all = [(9, 8), (8, 7), (7, 5), (6, 1), (4, 6), (3, -1)];
        assert_eq!(mark_descendants(&mut all, 5), 3);
        assert_eq!(all, [(9, 0), (8, 0), (7, 0), (6, 1), (4, 6), (3, -1)]);
    }

    #[test]
    fn the_parent_of_this_process_is_read() {
        // SAFETY: only reads a file.
        let parent = unsafe { parent_of(std::process::id() as c_int) };
        assert_eq!(parent, std::os::unix::process::parent_id() as c_int);
        let mut processes = ProcessTable { length: 0, all: [(0, 0); MAX_PROCESSES] };
        // SAFETY: only reads files.
        unsafe { read_processes(&mut processes) };
        let own = (std::process::id() as c_int, parent);
        assert!(processes.all[..processes.length].contains(&own));
    }
}

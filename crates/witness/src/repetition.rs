//! Recognizes that a thread repeats the same calls without a result.
//!
//! Two calls are the same if they have the same descriptor and the same result. A server that works
//! through eighty clients makes eighty different calls, although all of them may be a read of 0
//! bytes.

use sandbox::Call;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One call, reduced to what makes it equal to another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Step {
    call: i64,
    /// The descriptor, or another argument that distinguishes calls with the same number.
    subject: u64,
    result: i64,
    /// The call was asked to move no bytes.
    is_empty: bool,
}

impl Step {
    /// The step of a connect(2) to `peer`, a socket address. A program that tries one address after the
    /// other makes a different call each time.
    pub(crate) fn to_peer(self, peer: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.subject, peer).hash(&mut hasher);
        Self { subject: hasher.finish(), ..self }
    }
}

/// What a call says about the thread that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The call has moved bytes, or has accepted a connection. Only a thread that works makes such
    /// calls again and again.
    Progress(Step),
    /// The call has done nothing that the next equal call would not do again.
    Repeatable(Step),
    /// The call says nothing: it concerns memory, locks, or the clock.
    Nothing,
}

/// Calls that concern only the process itself: memory, locks, signals, clocks, files by their name.
const SAY_NOTHING: &[&str] = &[
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "brk",
    "mremap",
    "futex",
    "sched_yield",
    "membarrier",
    "rt_sigreturn",
    "rt_sigprocmask",
    "rt_sigaction",
    "getrusage",
    "clock_gettime",
    "gettimeofday",
    "times",
    "getcpu",
    "sched_getaffinity",
    "getpid",
    "gettid",
    "getppid",
    "open",
    "openat",
    "stat",
    "newfstatat",
    "access",
    "readlink",
    "time",
    "set_robust_list",
    "rseq",
    "creat",
    "lstat",
    "statx",
    "faccessat",
    "faccessat2",
    "readlinkat",
    "getcwd",
    "chdir",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "fcntl",
    "fstat",
    "lseek",
    "fchdir",
    "getdents64",
];

/// Calls that return the number of bytes that they have moved.
const MOVES_BYTES: [&str; 14] = [
    "read", "readv", "pread64", "recvfrom", "recvmsg", "recvmmsg", "write", "writev", "pwrite64",
    "sendto", "sendmsg", "sendmmsg", "sendfile", "splice",
];

/// Calls whose third argument is the number of bytes to move.
const HAS_LENGTH: [&str; 6] = ["read", "pread64", "recvfrom", "write", "pwrite64", "sendto"];

/// What `call`, which has returned `result`, says about its thread.
pub(crate) fn meaning(call: &Call, result: i64) -> Meaning {
    let name = call.name();
    let [first, second, third, ..] = call.arguments;
    let is_empty = HAS_LENGTH.contains(&name) && third == 0;
    let step = |subject, result| Step { call: call.number, subject, result, is_empty };
    match name {
        _ if SAY_NOTHING.contains(&name) => Meaning::Nothing,
        // A descriptor can be closed once. Another call has opened it again.
        "close" if result == 0 => Meaning::Nothing,
        _ if MOVES_BYTES.contains(&name) && result > 0 => Meaning::Progress(step(first, result)),
        "accept" | "accept4" if result >= 0 => Meaning::Progress(step(first, result)),
        // These calls have the address of an array or a structure as their first argument.
        "poll" | "ppoll" => Meaning::Repeatable(step(second, result)),
        "nanosleep" | "pause" | "rt_sigtimedwait" => Meaning::Repeatable(step(0, result)),
        "clock_nanosleep" => Meaning::Repeatable(step(0, result)),
        // The results of these calls are process ids, which differ each time.
        "fork" | "vfork" | "clone" | "clone3" | "wait4" | "waitid" => {
            Meaning::Repeatable(step(0, result.min(1)))
        }
        "epoll_ctl" => Meaning::Repeatable(step(third << 8 | second, result)),
        _ => Meaning::Repeatable(step(first, result)),
    }
}

/// The number of calls that a sample must have.
const SAMPLE_SIZE: usize = 80;

/// Whether these calls, in which there was no progress, are a busy loop. They are, if every call of
/// the last three quarters has also occurred in the first quarter. Calls that were asked to move no
/// byte do not show this: see [`repeats_empty_calls`].
pub(crate) fn is_loop(steps: &[Step]) -> bool {
    steps.len() >= SAMPLE_SIZE && !are_empty(steps) && is_closed(steps)
}

/// Whether the thread repeats calls that were asked to move no byte. A program that goes through
/// thousands of empty lines may send an empty answer to each. Therefore only the processor time
/// that the thread uses shows whether this is a busy loop.
pub(crate) fn repeats_empty_calls(steps: &[Step]) -> bool {
    steps.len() >= SAMPLE_SIZE && are_empty(steps) && is_closed(steps)
}

fn are_empty(steps: &[Step]) -> bool {
    steps.iter().all(|step| step.is_empty)
}

fn is_closed(steps: &[Step]) -> bool {
    let (first, rest) = steps.split_at(steps.len() / 4);
    let known: HashSet<_> = first.iter().collect();
    rest.iter().all(|step| known.contains(step))
}

/// The longest period that is looked for. A server that sleeps at two places in its loop repeats its
/// calls after two sleeps.
const MAX_PERIOD: usize = 4;

/// After how many rounds the calls between two sleeps repeat, if they have repeated `times` times:
/// 1 if all rounds are the same; `None` if they do not repeat. The order of the calls within a
/// round does not matter, because some servers visit their clients in an order that differs each
/// time.
pub(crate) fn period(rounds: &[&[Step]], times: usize) -> Option<usize> {
    let repeats = |period: &usize| {
        rounds.len() >= period * times && {
            let last = &rounds[rounds.len() - period * times..];
            last.iter().zip(&last[*period..]).all(|(one, next)| one == next)
        }
    };
    (1..=MAX_PERIOD).find(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use syscalls::Sysno;

    fn call(name: &str, first: u64) -> Call {
        let number = name.parse::<Sysno>().unwrap().id().into();
        Call { number, arguments: [first, 0, 1, 0, 0, 0] }
    }

    fn step(name: &str, fd: u64, result: i64) -> Step {
        match meaning(&call(name, fd), result) {
            Meaning::Repeatable(step) => step,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_connect_to_another_address_is_another_call() {
        let refused = step("connect", 3, -111);
        let tries = |count: u8| -> Vec<Step> {
            (0..100).map(|number| refused.to_peer(&[2, 0, 80, number % count])).collect()
        };
        assert!(is_loop(&tries(1)) && is_loop(&tries(20)));
        assert!(!is_loop(&tries(100)));
    }

    #[test]
    fn empty_answers_to_many_empty_lines_are_no_loop() {
        let mut call = call("sendto", 5);
        call.arguments[2] = 0;
        let Meaning::Repeatable(empty) = meaning(&call, 0) else { panic!("it moves no bytes") };
        assert!(!is_loop(&vec![empty; 9000]) && repeats_empty_calls(&vec![empty; 100]));
        assert!(is_loop(&vec![step("sendto", 5, 0); 100]));
    }

    #[test]
    fn bytes_and_connections_are_progress() {
        for (name, result) in [("read", 1), ("sendto", 9), ("accept4", 0), ("writev", 3)] {
            let found = meaning(&call(name, 5), result);
            assert!(matches!(found, Meaning::Progress(_)), "{name}: {found:?}");
        }
        assert_eq!(meaning(&call("futex", 1), 0), Meaning::Nothing);
    }

    #[test]
    fn reads_of_different_descriptors_are_no_loop() {
        let work: Vec<_> = (0..1000).map(|fd| step("read", fd, 0)).collect();
        assert!(!is_loop(&work[..80]) && !is_loop(&work));
    }

    #[test]
    fn a_failing_call_without_end_is_a_loop_whatever_the_call_is() {
        for (name, errno) in [("sendto", -32), ("accept", -22), ("wait4", -10), ("close", -9)] {
            assert!(is_loop(&vec![step(name, 4, errno); 80]), "{name}");
        }
    }

    #[test]
    fn a_loop_over_many_clients_is_known_after_several_rounds() {
        let round: Vec<_> = (0..100).map(|fd| step("read", fd, 0)).collect();
        let calls: Vec<_> = round.iter().cycle().take(500).copied().collect();
        assert!(!is_loop(&calls[..300]) && is_loop(&calls[..400]));
    }

    #[test]
    fn the_process_ids_of_children_do_not_matter() {
        let clone = |pid| step("clone", 0, pid);
        let steps: Vec<_> = (0..80).map(|turn| clone(100 + turn)).collect();
        assert!(is_loop(&steps));
    }

    #[test]
    fn rounds_repeat_with_a_period() {
        let [a, b] = [vec![step("accept", 3, -11)], vec![step("read", 4, -11)]];
        let rounds = |names: &str| -> Vec<_> {
            names.chars().map(|it| if it == 'a' { a.as_slice() } else { b.as_slice() }).collect()
        };
        assert_eq!(period(&rounds("aaa"), 3), Some(1));
        assert_eq!(period(&rounds("baaa"), 3), Some(1));
        assert_eq!(period(&rounds("aa"), 3), None);
        assert_eq!(period(&rounds("ababa"), 3), None);
        assert_eq!(period(&rounds("ababab"), 3), Some(2));
        assert_eq!(period(&rounds("aab"), 2), None);
    }
}

//! Filter programs that the kernel runs before each system call (seccomp(2)).
//!
//! A filter finds the rules of a system call by binary search. When the filter is installed, the
//! kernel runs the filter program once for each system call number, to find the calls that the
//! filter always allows. A linear search would make this step slow.

use libc::sock_filter;
use std::collections::BTreeMap;
use syscalls::Sysno;

/// What happens to a system call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The kernel executes the call.
    Allow,
    /// The kernel reports the call to the observer and waits for the observer's answer
    /// (seccomp_unotify(2)).
    Notify,
    /// The call fails with this errno.
    Refuse(i32),
    /// The kernel kills the program with SIGSYS.
    Kill,
}

/// A condition on one argument. The condition compares the argument, after masking, with the
/// values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArgTest {
    pub(crate) argument: u32,
    pub(crate) mask: u32,
    pub(crate) values: &'static [u32],
    /// Whether the argument must equal one of the values. If false, it must equal none of them.
    pub(crate) is_one: bool,
}

/// The rules of one system call, in order. A rule has an optional condition and an action. If no
/// rule matches, the call is allowed.
type Rules = Vec<(Option<ArgTest>, Action)>;

/// A filter under construction.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    calls: BTreeMap<u32, Rules>,
}

impl Filter {
    /// Adds a rule for the system calls with these names. A name that this machine does not know is
    /// skipped. The first rule whose condition is true decides what happens to the call.
    pub(crate) fn on(mut self, names: &[&str], when: Option<ArgTest>, then: Action) -> Self {
        for number in names.iter().filter_map(|name| name.parse::<Sysno>().ok()) {
            self.calls.entry(number.id() as u32).or_default().push((when, then));
        }
        self
    }

    /// The filter program. `foreign` is the action for system calls of another architecture.
    pub(crate) fn program(&self, foreign: Action) -> Vec<sock_filter> {
        let mut program = vec![
            load(ARCHITECTURE_AT),
            jump(libc::BPF_JEQ, ARCHITECTURE, 1, 0),
            action(foreign),
            load(NUMBER_AT),
        ];
        if cfg!(target_arch = "x86_64") {
            program.extend([jump(libc::BPF_JGE, X32, 0, 1), action(foreign)]);
        }
        let calls: Vec<_> = self.calls.iter().collect();
        program.extend(search(&calls));
        program
    }
}

/// The instructions that find the rules of a system call by binary search.
fn search(calls: &[(&u32, &Rules)]) -> Vec<sock_filter> {
    match calls {
        [] => vec![action(Action::Allow)],
        [(number, rules)] => {
            let mut program = vec![jump(libc::BPF_JEQ, **number, 1, 0), action(Action::Allow)];
            program.extend(rules.iter().flat_map(|(when, then)| decide(*when, *then)));
            program.push(action(Action::Allow));
            program
        }
        _ => {
            let (below, above) = calls.split_at(calls.len() / 2);
            let first = search(below);
            let mut program = vec![jump(libc::BPF_JGE, *above[0].0, 0, 1), skip(first.len())];
            program.extend(first);
            program.extend(search(above));
            program
        }
    }
}

/// The instructions of one rule. If the condition is false, the program continues with the next
/// rule.
fn decide(when: Option<ArgTest>, then: Action) -> Vec<sock_filter> {
    let Some(test) = when else { return vec![action(then)] };
    let mut program = vec![load(ARGUMENTS_AT + 8 * test.argument), and(test.mask)];
    let count = test.values.len() as u8;
    // Two jumps follow the values. The first jump is for an argument that equals none of the
    // values, the second for an argument that equals one of the values.
    for (index, value) in test.values.iter().enumerate() {
        program.push(jump(libc::BPF_JEQ, *value, count - index as u8, 0));
    }
    let (none, one) = if test.is_one { (2, 0) } else { (1, 1) };
    program.extend([skip(none), skip(one)]);
    program.push(action(then));
    program
}

fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

fn and(mask: u32) -> sock_filter {
    instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, mask)
}

fn jump(condition: u32, value: u32, if_so: u8, if_not: u8) -> sock_filter {
    instruction(libc::BPF_JMP | condition | libc::BPF_K, if_so, if_not, value)
}

fn skip(count: usize) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JA, 0, 0, count as u32)
}

fn action(what: Action) -> sock_filter {
    let value = match what {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Notify => libc::SECCOMP_RET_USER_NOTIF,
        Action::Refuse(errno) => libc::SECCOMP_RET_ERRNO | errno as u32,
        Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, value)
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

// Offsets in struct seccomp_data. An argument's lower half comes first on a little-endian machine.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

/// The first system call number of the x32 interface of x86-64 (syscalls(2), __X32_SYSCALL_BIT).
const X32: u32 = 0x4000_0000;

/// The AUDIT_ARCH_* constant of this machine (linux/audit.h).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

#[cfg(test)]
mod tests;

//! Programs that the kernel runs on each system call (seccomp(2)).
//!
//! The calls are looked up by halves, as a balanced tree of comparisons: the kernel runs the whole
//! program for every call number when it is installed, to know which are always allowed.

use libc::sock_filter;
use std::collections::BTreeMap;
use syscalls::Sysno;

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The kernel does it.
    Allow,
    /// The observer is asked (seccomp_unotify(2)).
    Notify,
    /// It fails with this errno.
    Refuse(i32),
    /// The program is killed (SIGSYS).
    Kill,
}

/// When an argument, as far as the mask goes, is one of the values, or is none of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArgTest {
    pub(crate) argument: u32,
    pub(crate) mask: u32,
    pub(crate) values: &'static [u32],
    pub(crate) is_one: bool,
}

/// What becomes of a call, always or on a condition; it is allowed otherwise.
type Rules = Vec<(Option<ArgTest>, Action)>;

/// A filter in the making.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    calls: BTreeMap<u32, Rules>,
}

impl Filter {
    /// Adds a rule for the calls of these names; those that this machine does not have are left
    /// out. The first rule whose condition holds decides.
    pub(crate) fn on(mut self, names: &[&str], when: Option<ArgTest>, answer: Action) -> Self {
        for number in names.iter().filter_map(|name| name.parse::<Sysno>().ok()) {
            self.calls.entry(number.id() as u32).or_default().push((when, answer));
        }
        self
    }

    /// The program. `foreign` becomes of calls in the numbers of another architecture.
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

/// Finds the call by halves.
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

/// One rule; where its condition does not hold, the next one follows.
fn decide(when: Option<ArgTest>, then: Action) -> Vec<sock_filter> {
    let Some(test) = when else { return vec![action(then)] };
    let mut program = vec![load(ARGUMENTS_AT + 8 * test.argument), and(test.mask)];
    let count = test.values.len() as u8;
    // After the values: an instruction for "none of them", then one for "one of them".
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

// struct seccomp_data; of an argument, the lower half, on a machine that is little-endian.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const ARGUMENTS_AT: u32 = 16;

/// The numbers of x86-64's 32-bit interface begin here (syscalls(2), __X32_SYSCALL_BIT).
const X32: u32 = 0x4000_0000;

/// AUDIT_ARCH_* of this machine (linux/audit.h).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

#[cfg(test)]
mod tests;

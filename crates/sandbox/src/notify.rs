//! System calls that stop until the observer has answered them (seccomp_unotify(2)).

use crate::bpf::{Action, Filter};
use syscalls::Sysno;

/// The names of the system calls that stop and are reported to the observer; none by default.
#[derive(Clone, Debug, Default)]
pub struct NotifiedCalls {
    names: Vec<String>,
}

impl NotifiedCalls {
    /// The system calls with these names, e.g. `accept4`. A name that this machine does not know is
    /// skipped.
    pub fn new(names: &[&str]) -> Self {
        let known = names.iter().filter(|name| name.parse::<Sysno>().is_ok());
        Self { names: known.map(|name| name.to_string()).collect() }
    }

    /// The filter that the kernel runs on each system call. It reports the named calls to the
    /// observer, and allows all others.
    pub(crate) fn filter(&self) -> Vec<libc::sock_filter> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        Filter::default().on(&names, None, Action::Notify).program(Action::Allow)
    }
}

//! What this machine lets an observer see and do, found by trying it on a program that sleeps.

use crate::fault_injector::FaultInjector;
use crate::launch::Launch;
use crate::server::Server;
use crate::syscall_sample::Tracer;
use sandbox::{IsolationLevel, LaunchError, Process};
use std::fs;

/// Something that a proof needs from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ability {
    /// To start a program and see that it runs.
    Start,
    /// To read which descriptors a server has (proc(5), `/proc/PID/fd`).
    Descriptors,
    /// To read a server's memory, e.g. its `pollfd` array (proc(5), `/proc/PID/mem`).
    Memory,
    /// To see a server's system calls (ptrace(2)).
    Trace,
    /// To make a server's system calls fail (seccomp_unotify(2)).
    Faults,
}

/// Tries each ability at an isolation level. Returns the reason for each one that is refused.
pub fn abilities(level: IsolationLevel) -> Vec<(Ability, Option<String>)> {
    let mut found = Vec::new();
    match sleeper(level).start() {
        Ok(server) => {
            found.push((Ability::Start, None));
            found.extend(of_server(&server));
        }
        Err(error) => found.push((Ability::Start, Some(error.to_string()))),
    }
    let faults = sleeper(level).faults(FaultInjector::accept()).start();
    let refusal = match faults {
        Ok(_) => None,
        Err(LaunchError::NoFaultInjection(error)) => Some(format!("seccomp_unotify(2): {error}")),
        Err(other) => Some(other.to_string()),
    };
    found.push((Ability::Faults, refusal));
    found
}

/// A program that does nothing until it is killed.
fn sleeper(level: IsolationLevel) -> Launch {
    Launch::new("sleep").args(["60"]).isolation(level)
}

fn of_server(server: &Server) -> [(Ability, Option<String>); 3] {
    let process = server.process();
    let text = |error: sandbox::Unobservable| error.to_string();
    let traced = Tracer::default().try_on(process.pid);
    [
        (Ability::Descriptors, server.descriptors().err().map(text)),
        (Ability::Memory, read_some_memory(process).err()),
        (Ability::Trace, (!traced).then(|| "ptrace(2) is refused".to_owned())),
    ]
}

/// Reads a byte at the beginning of the program.
fn read_some_memory(process: Process) -> Result<(), String> {
    let path = format!("/proc/{}/maps", process.pid);
    let maps = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let first = maps.split('-').next().unwrap_or_default();
    let address = u64::from_str_radix(first, 16).map_err(|_| format!("{path} has no mapping"))?;
    process.read_memory(address, &mut [0]).map_err(|error| error.to_string())
}

impl Tracer {
    /// Attaches to a thread, and detaches again. Returns whether this was permitted.
    fn try_on(mut self, tid: i32) -> bool {
        let traced = self.seize(tid);
        let is_permitted = traced.is_some();
        traced.into_iter().for_each(|traced| self.detach(traced));
        is_permitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ability_is_tried_once() {
        let found = abilities(IsolationLevel::None);
        let abilities: Vec<_> = found.iter().map(|(ability, _)| *ability).collect();
        let all = [
            Ability::Start,
            Ability::Descriptors,
            Ability::Memory,
            Ability::Trace,
            Ability::Faults,
        ];
        assert_eq!(abilities, all);
    }
}

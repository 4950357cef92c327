//! The `[REAP]` lines of a server, compared with how the kernel says that children have ended.

use super::ended_child::EndedChild;
use crate::log_event::LogEvent;
use witness::Server;

/// What a `[REAP]` line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReapLine {
    pub(super) pid: Option<i32>,
    pub(super) status: Option<i32>,
    pub(super) signal: Option<i32>,
}

impl ReapLine {
    /// Whether the line says how a child with this wait status has ended (wait(2), WIFEXITED).
    pub(super) fn is_right(&self, wait_status: i32) -> bool {
        match exit_status(wait_status) {
            Some(status) => self.status == Some(status) && self.signal.is_none(),
            None => self.signal == Some(signal(wait_status)) && self.status.is_none(),
        }
    }
}

/// The status with which a child has called exit; `None` if a signal has killed it.
pub(super) fn exit_status(wait_status: i32) -> Option<i32> {
    (wait_status & 0x7f == 0).then_some(wait_status >> 8 & 0xff)
}

/// The signal that has killed a child.
pub(super) fn signal(wait_status: i32) -> i32 {
    wait_status & 0x7f
}

/// The line that a server must write for a child.
pub(super) fn wanted_line(child: &EndedChild) -> String {
    let pid = child.child.pid();
    match exit_status(child.status) {
        Some(status) => format!("[REAP] pid={pid} status={status}"),
        None => format!("[REAP] pid={pid} signal={}", signal(child.status)),
    }
}

/// The `[REAP]` lines of the log from line number `from` on.
pub(super) fn reap_lines(server: &Server, from: usize) -> Vec<ReapLine> {
    let events = server.log()[from..].iter().filter_map(LogEvent::of);
    let lines = events.filter_map(|event| match event {
        LogEvent::Reap { pid, status, signal } => Some(ReapLine { pid, status, signal }),
        _ => None,
    });
    lines.collect()
}

/// The lines that name a child.
pub(super) fn lines_of(lines: &[ReapLine], child: &EndedChild) -> Vec<ReapLine> {
    let names = |line: &&ReapLine| line.pid.is_some_and(|pid| child.child.pids.contains(&pid));
    lines.iter().filter(names).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: Option<i32>, signal: Option<i32>) -> ReapLine {
        ReapLine { pid: Some(7), status, signal }
    }

    #[test]
    fn a_line_has_the_exit_status_or_the_signal() {
        let exited_with_3 = 3 << 8;
        assert!(line(Some(3), None).is_right(exited_with_3));
        assert!(!line(Some(exited_with_3), None).is_right(exited_with_3));
        assert!(!line(Some(3), Some(0)).is_right(exited_with_3));
        assert!(!line(None, None).is_right(exited_with_3));
        let killed = 9;
        assert!(line(None, Some(9)).is_right(killed));
        assert!(line(None, Some(3)).is_right(3 | 0x80), "a core dump is not a part of the signal");
        assert!(!line(Some(9), None).is_right(killed));
        assert!(!line(Some(0), Some(9)).is_right(killed));
    }
}

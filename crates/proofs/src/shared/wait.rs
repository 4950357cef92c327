//! The call that a lesson's loop sleeps in.

use witness::Call;

/// What a server waits for readiness in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// poll(2) or ppoll(2).
    Poll,
    /// epoll_wait(2), epoll_pwait(2) or epoll_pwait2(2).
    Epoll,
    /// Whatever waits for several descriptors.
    Any,
}

impl Wait {
    /// As a sentence calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Wait::Poll => "poll",
            Wait::Epoll => "epoll_wait",
            Wait::Any => "poll or epoll_wait",
        }
    }

    /// The first of these calls that is such a wait.
    pub(crate) fn among(self, calls: &[Call]) -> Option<Call> {
        let is_one = |call: &&Call| match self {
            Wait::Poll => call.is_poll(),
            Wait::Epoll => call.is_epoll(),
            Wait::Any => call.waits_for_readiness(),
        };
        calls.iter().find(is_one).copied()
    }
}

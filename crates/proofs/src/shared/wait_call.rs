//! The call that a lesson's loop sleeps in.

use witness::Call;

/// What a server waits for readiness in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitCall {
    /// poll(2) or ppoll(2).
    Poll,
    /// epoll_wait(2), epoll_pwait(2) or epoll_pwait2(2).
    Epoll,
    /// Whatever waits for several descriptors.
    Any,
}

impl WaitCall {
    /// As a sentence calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            WaitCall::Poll => "poll",
            WaitCall::Epoll => "epoll_wait",
            WaitCall::Any => "poll or epoll_wait",
        }
    }

    /// The first of these calls that is such a wait.
    pub(crate) fn among(self, calls: &[Call]) -> Option<Call> {
        let is_one = |call: &&Call| match self {
            WaitCall::Poll => call.is_poll(),
            WaitCall::Epoll => call.is_epoll(),
            WaitCall::Any => call.waits_for_readiness(),
        };
        calls.iter().find(is_one).copied()
    }
}

//! The system call in which a lesson's loop waits.

use witness::Call;

/// The system call in which a server waits for readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitCall {
    /// poll(2) or ppoll(2).
    Poll,
    /// epoll_wait(2), epoll_pwait(2) or epoll_pwait2(2).
    Epoll,
    /// Any call that waits for several descriptors.
    Any,
}

impl WaitCall {
    /// The call's name in a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            WaitCall::Poll => "poll",
            WaitCall::Epoll => "epoll_wait",
            WaitCall::Any => "poll or epoll_wait",
        }
    }

    /// The first call of `calls` that is a wait of this kind.
    pub(crate) fn find_in(self, calls: &[Call]) -> Option<Call> {
        let is_such = |call: &&Call| match self {
            WaitCall::Poll => call.is_poll(),
            WaitCall::Epoll => call.is_epoll(),
            WaitCall::Any => call.waits_for_readiness(),
        };
        calls.iter().find(is_such).copied()
    }
}

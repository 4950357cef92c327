//! How long a wait may last while the server is not idle.

use std::time::{Duration, Instant};

/// How long a wait may last while the server is not idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitLimits {
    /// The maximum time of one wait.
    pub(crate) timeout: Duration,
    /// The end of all waits together, if there is one.
    pub(crate) deadline: Option<Instant>,
}

/// A wait that begins shortly before the deadline, or after it, still lasts this long. Otherwise a
/// server that is about to answer would be reported as a server that does not answer, only because
/// the earlier waits took long.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

impl WaitLimits {
    /// The end of a wait that begins at `begun`.
    pub(crate) fn deadline_of_wait(&self, begun: Instant) -> Instant {
        let own = begun + self.timeout;
        let shortest = begun + SHORTEST_WAIT.min(self.timeout);
        self.deadline.map_or(own, |all| own.min(all).max(shortest))
    }
}

impl Default for WaitLimits {
    /// 10 seconds for each wait.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), deadline: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_two_limits_ends_a_wait() {
        let now = Instant::now();
        let seconds = |number| now + Duration::from_secs(number);
        let limits = |deadline| WaitLimits { deadline, ..WaitLimits::default() };
        assert_eq!(limits(None).deadline_of_wait(now), seconds(10));
        assert_eq!(limits(Some(seconds(30))).deadline_of_wait(now), seconds(10));
        assert_eq!(limits(Some(seconds(3))).deadline_of_wait(now), seconds(3));
    }

    #[test]
    fn a_wait_after_the_deadline_still_lasts_a_moment() {
        let now = Instant::now();
        let limits = WaitLimits { deadline: Some(now), ..WaitLimits::default() };
        assert_eq!(limits.deadline_of_wait(now), now + SHORTEST_WAIT);
    }
}

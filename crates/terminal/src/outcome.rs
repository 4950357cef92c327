//! The exit status of a command.

use course::report::Verdict;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0: proved, or no differences.
    Success,
    /// 1: not yet, or differences.
    NotYet,
    /// 2: misuse, a fault of the machine, or something that could not be observed.
    Error,
    /// 130: stopped by Ctrl-C. A shell reports the same number (128 plus the number of SIGINT).
    Interrupted,
}

impl Outcome {
    /// The outcome of several verdicts. One `not yet` decides. Otherwise one `inconclusive`
    /// decides.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        verdicts.into_iter().fold(Self::Success, |outcome, verdict| match (outcome, verdict) {
            (_, Verdict::NotYet) | (Self::NotYet, _) => Self::NotYet,
            (_, Verdict::Inconclusive) => Self::Error,
            (_, Verdict::Proved) => outcome,
        })
    }

    /// [`NotYet`](Self::NotYet) if there are differences.
    pub fn of_differences(any: bool) -> Self {
        if any { Self::NotYet } else { Self::Success }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Success => 0,
            Outcome::NotYet => 1,
            Outcome::Error => 2,
            Outcome::Interrupted => 130,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Inconclusive, NotYet, Proved};

    #[test]
    fn not_yet_outweighs_inconclusive() {
        assert_eq!(Outcome::of([Proved, Inconclusive, NotYet, Inconclusive]), Outcome::NotYet);
        assert_eq!(Outcome::of([Inconclusive, Proved]), Outcome::Error);
        assert_eq!(Outcome::of([Proved, Proved]), Outcome::Success);
    }
}

//! What the exit status says.

use course::report::Verdict;
use std::process::ExitCode;

/// How a command came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0: proved, or nothing to report.
    Right,
    /// 1: not yet, or differences to look at.
    NotYet,
    /// 2: misuse, or a fault of the machine.
    Fault,
    /// 130: stopped by Ctrl-C.
    Stopped,
}

impl Outcome {
    /// What several verdicts add up to: one `not yet` outweighs what could not be seen.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        verdicts.into_iter().fold(Self::Right, |outcome, verdict| match (outcome, verdict) {
            (_, Verdict::NotYet) | (Self::NotYet, _) => Self::NotYet,
            (_, Verdict::Inconclusive) => Self::Fault,
            (_, Verdict::Proved) => outcome,
        })
    }

    /// 1 where there is something to report.
    pub fn of_differences(some: bool) -> Self {
        if some { Self::NotYet } else { Self::Right }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Right => 0,
            Outcome::NotYet => 1,
            Outcome::Fault => 2,
            Outcome::Stopped => 130,
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
        assert_eq!(Outcome::of([Inconclusive, Proved]), Outcome::Fault);
        assert_eq!(Outcome::of([Proved, Proved]), Outcome::Right);
    }
}

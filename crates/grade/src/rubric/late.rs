//! The late penalty: a percentage of the points that were reached, for each hour or day that has
//! begun after the due time.

use crate::model::Allowance;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The late penalty. By default, a late submission loses no points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatePenalty {
    /// The unit in which lateness is counted.
    pub per: Unit,
    /// The percentage of the reached points that is subtracted for each unit. A unit counts as soon
    /// as it has begun.
    pub percent: f64,
    /// The maximum penalty, in per cent.
    pub cap: f64,
    /// The grace period, in minutes. A submission within the grace period is not late. After the
    /// grace period, lateness is counted from the due time.
    pub grace_minutes: i64,
}

/// The unit in which lateness is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Hours.
    Hour,
    /// Days of 24 hours.
    #[default]
    Day,
}

/// A day, in seconds.
const DAY: i64 = 86_400;

/// How late a submission is, and the penalty for it.
struct Lateness {
    seconds: i64,
    /// The penalty, in per cent of the reached points.
    percent: f64,
}

impl Default for LatePenalty {
    fn default() -> Self {
        Self { per: Unit::Day, percent: 0.0, cap: 100.0, grace_minutes: 0 }
    }
}

impl LatePenalty {
    /// The penalty for a submission that was handed in at `submitted`, and a remark about it. Times
    /// are in seconds since 1970. If a time is not known, there is no penalty.
    pub(super) fn of(
        &self,
        due: Option<i64>,
        submitted: Option<i64>,
        allowance: &Allowance,
    ) -> (f64, Option<String>) {
        let Some(due) = due else { return (0.0, None) };
        let Some(submitted) = submitted else {
            let remark = "the time of the hand-in is not known, so no late penalty counts";
            return (0.0, (self.percent > 0.0).then(|| remark.to_owned()));
        };
        let grace = self.grace_minutes.saturating_mul(60).max(0);
        let extended = allowance.extended(due);
        let free = i64::from(allowance.late_days).saturating_mul(DAY);
        let late = |due: i64| submitted.saturating_sub(due);
        let seconds = late(extended.saturating_add(free));
        if late(due) <= grace {
            (0.0, None)
        } else if late(extended) <= grace {
            (0.0, Some("in time with the extension".to_owned()))
        } else if seconds <= grace {
            let days = late(extended).unsigned_abs().div_ceil(DAY.unsigned_abs());
            (0.0, Some(format!("{days} of {} late days used", allowance.late_days)))
        } else {
            let units = seconds.unsigned_abs().div_ceil(self.per.seconds()) as f64;
            let lateness = Lateness { seconds, percent: (units * self.percent).min(self.cap) };
            (lateness.percent, Some(lateness.to_string()))
        }
    }
}

impl Unit {
    fn seconds(self) -> u64 {
        match self {
            Unit::Hour => 3600,
            Unit::Day => DAY.unsigned_abs(),
        }
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.seconds / 86_400, self.seconds % 86_400);
        match (days, rest / 3600, rest % 3600 / 60) {
            (0, 0, minutes) => write!(f, "{} min", minutes.max(1))?,
            (0, hours, 0) => write!(f, "{hours} h")?,
            (0, hours, minutes) => write!(f, "{hours} h {minutes} min")?,
            (days, 0, _) => write!(f, "{days} d")?,
            (days, hours, _) => write!(f, "{days} d {hours} h")?,
        }
        write!(f, " late: {} % off", self.percent)
    }
}

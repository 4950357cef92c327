//! What lateness costs: so many per cent of what was reached, for every hour or day begun.

use std::fmt;

/// What lateness costs; nothing, unless said.
#[derive(Clone, Debug, PartialEq)]
pub struct Late {
    /// What is counted.
    pub per: Unit,
    /// Per cent of the points reached that each unit begun takes off.
    pub percent: f64,
    /// The most that is taken off, in per cent.
    pub cap: f64,
    /// Lateness up to this many minutes is none; beyond, it counts from the due time.
    pub grace_minutes: i64,
}

/// What lateness is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Hours.
    Hour,
    /// Days of 24 hours.
    #[default]
    Day,
}

/// How late something is, and what that takes off.
pub(super) struct Lateness {
    seconds: i64,
    /// Per cent of the points reached.
    pub(super) percent: f64,
}

impl Default for Late {
    fn default() -> Self {
        Self { per: Unit::Day, percent: 0.0, cap: 100.0, grace_minutes: 0 }
    }
}

impl Late {
    /// The lateness of what was handed in at `submitted`; `None` where it is in time, or where one
    /// of the times is not known. Times are seconds since 1970.
    pub(super) fn of(&self, due: Option<i64>, submitted: Option<i64>) -> Option<Lateness> {
        let seconds = submitted?.saturating_sub(due?);
        if seconds <= self.grace_minutes.saturating_mul(60).max(0) {
            return None;
        }
        let begun = seconds.unsigned_abs().div_ceil(self.per.seconds()) as f64;
        Some(Lateness { seconds, percent: (begun * self.percent).min(self.cap) })
    }
}

impl Unit {
    fn seconds(self) -> u64 {
        match self {
            Unit::Hour => 3600,
            Unit::Day => 86_400,
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

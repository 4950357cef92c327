//! A student's earlier submissions of an assignment, where the platform keeps them.

use crate::report::plain;
use jiff::Timestamp;

/// The maximum number of earlier submissions that a note shows. The latest ones are shown.
const MAX_SHOWN: usize = 10;

/// An earlier submission.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    /// The time of the submission, if the platform gives it.
    pub(crate) time: Option<Timestamp>,
    /// The points that the platform gave, if it gave any.
    pub(crate) points: Option<f64>,
}

/// A note about the earlier submissions, in the order of their times, e.g. `earlier attempts:
/// 2026-10-08 09:00 UTC 4 points`. `None` if there are none.
pub(crate) fn note(mut attempts: Vec<Attempt>) -> Option<String> {
    attempts.sort_by_key(|attempt| attempt.time);
    let shown: Vec<_> = attempts.iter().rev().take(MAX_SHOWN).rev().map(text).collect();
    let left_out = attempts.len() - shown.len();
    let more = if left_out > 0 { format!(" ({left_out} before these)") } else { String::new() };
    (!shown.is_empty()).then(|| format!("earlier attempts: {}{more}", shown.join(", ")))
}

fn text(attempt: &Attempt) -> String {
    let time = attempt.time.map(Timestamp::as_second).and_then(plain::time);
    let time = time.unwrap_or_else(|| "at an unknown time".to_owned());
    let points = attempt.points.map(|points| format!("{} points", plain::points(points)));
    format!("{time} {}", points.unwrap_or_else(|| "no score".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_attempts_are_shown_in_the_order_of_their_times() {
        let attempt = |day: usize| Attempt {
            time: Some(format!("2026-10-{day:02}T09:00:00Z").parse().unwrap()),
            points: Some(0.5 * day as f64),
        };
        let shown = note((1..=12).rev().map(attempt).collect()).unwrap();
        let first =
            "earlier attempts: 2026-10-03 09:00 UTC 1.5 points, 2026-10-04 09:00 UTC 2 points,";
        assert!(shown.starts_with(first), "{shown}");
        assert!(shown.ends_with("2026-10-12 09:00 UTC 6 points (2 before these)"), "{shown}");
    }

    #[test]
    fn a_time_or_a_score_may_be_unknown() {
        assert_eq!(note(Vec::new()), None);
        let shown = note(vec![Attempt { time: None, points: None }]);
        assert_eq!(shown.as_deref(), Some("earlier attempts: at an unknown time no score"));
    }
}

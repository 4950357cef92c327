//! What a server's own log says about its slots.

use crate::log_event::LogEvent;
use std::collections::BTreeSet;
use witness::Line;

/// Whether a log shows that a slot stayed in use although its client had left: a later client was
/// given a higher slot, or was rejected, while the log's own `[DISCONNECT]` lines had freed a slot.
pub(super) fn keeps_a_free_slot(log: &[Line], capacity: usize) -> bool {
    let mut used = BTreeSet::new();
    let mut was_freed = false;
    for event in log.iter().filter_map(LogEvent::of) {
        match event {
            LogEvent::Accept { slot: Some(slot), .. } => {
                let lowest = (0..).find(|free| !used.contains(free));
                if was_freed && lowest.is_some_and(|lowest| slot > lowest) {
                    return true;
                }
                used.insert(slot);
            }
            LogEvent::Disconnect { slot: Some(slot), .. } => was_freed |= used.remove(&slot),
            LogEvent::Reject if was_freed && used.len() < capacity => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(lines: &[&str]) -> bool {
        let line = |text: &&str| Line { text: text.to_string() };
        keeps_a_free_slot(&lines.iter().map(line).collect::<Vec<_>>(), 2)
    }

    #[test]
    fn a_slot_that_is_given_again_was_free() {
        let log = ["[ACCEPT] fd=4 slot=0", "[DISCONNECT] fd=4 slot=0", "[ACCEPT] fd=4 slot=0"];
        assert!(!keeps(&log));
    }

    #[test]
    fn a_higher_slot_or_a_rejection_shows_that_the_slot_was_not_freed() {
        let [came, left] = ["[ACCEPT] fd=4 slot=0", "[DISCONNECT] fd=4 slot=0"];
        assert!(keeps(&[came, left, "[ACCEPT] fd=4 slot=1"]));
        assert!(keeps(&[came, left, "[REJECT] at capacity (2/2)"]));
        assert!(!keeps(&["[ACCEPT] fd=4 slot=1"]));
        assert!(!keeps(&["[REJECT] at capacity (0/2)"]));
    }
}

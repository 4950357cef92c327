//! Shows a timeline as a list: each step of a check, and below it what the clients did and which
//! system calls the program made.

use super::line::{Line, cut, hanging};
use course::timeline::repetition::{self, Part};
use course::timeline::{Call, CallKind, Event, Timeline, What};
use textwrap::core::display_width;

/// The columns of a step's number, of the time of an event, and of the name of its lane.
const NUMBER: usize = 4;
const TIME: usize = 9;
const LONGEST_NAME: usize = 12;
/// Which calls are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Those about connections, waits and processes.
    Usual,
    /// Every call.
    All,
}

/// The list of a timeline, which is shown piece by piece.
#[derive(Debug, Default)]
pub struct EventList {
    steps: usize,
    /// The last event as it was shown, and how often it was repeated since.
    last: Option<(Option<usize>, String, usize)>,
}

impl EventList {
    /// The lines of the events from number `from` on, each at most `width` columns wide. A call that
    /// repeats the call before it is counted, and not shown.
    pub fn lines(
        &mut self,
        timeline: &Timeline,
        from: usize,
        calls: Calls,
        width: usize,
    ) -> Vec<Line> {
        let events = timeline.events.get(from..).unwrap_or_default();
        let shown = events.iter().filter(|event| calls == Calls::All || event.is_usual());
        let groups = groups(timeline, shown);
        // Who asks for every call gets every call.
        let keys: Vec<_> = groups
            .iter()
            .map(|group| group.key.clone().filter(|_| calls == Calls::Usual))
            .collect();
        let mut lines = Vec::new();
        for part in repetition::parts(&keys) {
            match part {
                Part::Item(at) => {
                    let events = &groups[at].events;
                    lines.extend(events.iter().flat_map(|it| self.event(timeline, it, width)));
                }
                Part::LeftOut(items) => {
                    let count = groups[items].iter().map(|group| group.events.len()).sum();
                    lines.extend(self.repetitions(timeline));
                    self.last = None;
                    lines.push(note(timeline, &repetition::left_out(count)));
                }
            }
        }
        lines.extend(self.repetitions(timeline));
        lines
    }

    fn event(&mut self, timeline: &Timeline, event: &Event, width: usize) -> Vec<Line> {
        if let What::Step(text) = &event.what {
            let mut lines: Vec<_> = self.repetitions(timeline).into_iter().collect();
            self.last = None;
            self.steps += 1;
            let number = Line::new().strong(&format!("{:>3} ", self.steps));
            lines.extend(hanging(number, NUMBER, text, width - NUMBER, Line::strong));
            return lines;
        }
        let text = timeline.text(event);
        match &mut self.last {
            Some((lane, last, times)) if *lane == event.lane && *last == text => {
                *times += 1;
                return Vec::new();
            }
            _ => {}
        }
        let mut lines: Vec<_> = self.repetitions(timeline).into_iter().collect();
        self.last = Some((event.lane, text.clone(), 0));
        let names = name_width(timeline);
        let time = format!("{:>TIME$.1}  ", event.at.as_secs_f64() * 1e3);
        let name = timeline.lane(event).map_or("", |lane| &lane.name);
        let start = Line::new().faint(&time).plain(&cut(name, names)).to(TIME + 2 + names + 2);
        let indent = start.width();
        let room = width.saturating_sub(indent).max(8);
        lines.extend(hanging(start, indent, &text, room, style(event)));
        lines
    }

    /// A line that says how often the last event was repeated, if it was.
    fn repetitions(&mut self, timeline: &Timeline) -> Option<Line> {
        let (_, _, times) = self.last.as_mut().filter(|(_, _, times)| *times > 0)?;
        let text = if *times == 1 { "once more".to_owned() } else { format!("{times} times more") };
        *times = 0;
        Some(note(timeline, &text))
    }
}

/// Events with the same text, one after the other.
struct Group<'a> {
    /// The lane, and the first word of the text. `None` for a step of the check.
    key: Option<(usize, String)>,
    text: String,
    events: Vec<&'a Event>,
}

fn groups<'a>(timeline: &Timeline, events: impl Iterator<Item = &'a Event>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for event in events {
        let text = timeline.text(event);
        let key = event.lane.map(|lane| (lane, repetition::first_word(&text)));
        match groups.last_mut().filter(|last| last.key == key && last.text == text) {
            Some(last) => last.events.push(event),
            None => groups.push(Group { key, text, events: vec![event] }),
        }
    }
    groups
}

/// A line about the events above it, in the column of their texts.
fn note(timeline: &Timeline, text: &str) -> Line {
    Line::new().to(TIME + 4 + name_width(timeline)).faint(text)
}

/// The number of columns for the names of the lanes.
fn name_width(timeline: &Timeline) -> usize {
    let widths = timeline.lanes.iter().map(|lane| display_width(&lane.name));
    widths.chain(["program".len()]).max().unwrap_or(0).min(LONGEST_NAME)
}

fn style(event: &Event) -> fn(Line, &str) -> Line {
    match &event.what {
        What::Call(Call { failed: true, .. }) | What::Fault(_) => Line::unsure,
        What::Call(Call { kind: CallKind::Print, .. }) => Line::good,
        What::Call(Call { kind: CallKind::Other, .. }) => Line::faint,
        _ => Line::plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::timeline::{Lane, LaneKind};
    use std::time::Duration;

    fn timeline() -> Timeline {
        let lane = |name: &str, kind| Lane { name: name.to_owned(), kind };
        let event = |millis, lane, what| Event { at: Duration::from_millis(millis), lane, what };
        let read = Call {
            name: "read",
            kind: CallKind::Read,
            arguments: "4, client A".to_owned(),
            result: "5".to_owned(),
            failed: false,
            lasted: Duration::from_millis(12),
            client: Some(1),
            bytes: b"hello".to_vec(),
        };
        let wait = Call {
            name: "poll",
            kind: CallKind::Wait,
            arguments: "[3]".to_owned(),
            result: "0".to_owned(),
            lasted: Duration::ZERO,
            bytes: Vec::new(),
            ..read.clone()
        };
        let other = Call { name: "brk", kind: CallKind::Other, ..wait.clone() };
        Timeline {
            lanes: vec![lane("program", LaneKind::Process), lane("A", LaneKind::Client)],
            events: vec![
                event(0, None, What::Step("A sent \"hello\"".to_owned())),
                event(1, Some(1), What::Sent(b"hello".to_vec())),
                event(2, Some(0), What::Call(other)),
                event(13, Some(0), What::Call(read)),
                event(14, Some(0), What::Call(wait.clone())),
                event(15, Some(0), What::Call(wait.clone())),
                event(16, Some(0), What::Call(wait)),
            ],
            process: 7,
        }
    }

    fn shown(calls: Calls, width: usize) -> Vec<String> {
        let lines = EventList::default().lines(&timeline(), 0, calls, width);
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn steps_are_numbered_and_repetitions_counted() {
        assert_eq!(
            shown(Calls::Usual, 80),
            [
                "  1 A sent \"hello\"",
                "      1.0  A        sends \"hello\"",
                "     13.0  program  read(4, client A) = 5 \"hello\", after 12 ms",
                "     14.0  program  poll([3]) = 0",
                "                    2 times more",
            ]
        );
        assert!(shown(Calls::All, 80).contains(&"      2.0  program  brk([3]) = 0".to_owned()));
    }

    #[test]
    fn a_loop_of_two_calls_is_folded_unless_every_call_is_wanted() {
        let mut timeline = timeline();
        let Some((read, wait)) = timeline.events.get(3).cloned().zip(timeline.events.pop()) else {
            panic!("no events");
        };
        timeline.events.truncate(1);
        timeline.events.extend((0..100).flat_map(|_| [read.clone(), wait.clone()]));
        let texts = |calls| {
            let lines = EventList::default().lines(&timeline, 0, calls, 80);
            lines.iter().map(Line::text).collect::<Vec<_>>()
        };
        let usual = texts(Calls::Usual);
        assert_eq!((usual.len(), texts(Calls::All).len()), (8, 201));
        assert_eq!(usual[5].trim(), "… 194 more like these");
    }

    #[test]
    fn every_line_fits_a_narrow_screen() {
        for width in [32, 40, 60] {
            assert!(shown(Calls::All, width).iter().all(|line| display_width(line) <= width));
        }
    }
}

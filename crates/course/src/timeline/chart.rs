//! Arranges a timeline as a chart: a column for each lane, and a row for each event.

mod places;

use super::repetition::{self, Part};
use super::{Event, Timeline, What};
use places::{Places, columns};
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

/// The maximum number of rows. Of more events, the first ones are left out.
const ROWS: usize = 120;

/// A timeline as a chart.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The columns, from left to right: processes and threads, then clients.
    pub columns: Vec<Column>,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
    /// The number of events that were left out before the first row.
    pub left_out: usize,
    /// When the threads slept.
    pub sleeps: Vec<Sleep>,
    /// The names of the system calls that the program has made, in alphabetical order.
    pub calls: Vec<&'static str>,
}

/// A column of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it shows clients.
    pub is_client: bool,
    /// When its process, thread or client has begun. 0 if that was not seen.
    pub from: Duration,
    /// When it has ended. The maximum if that was not seen.
    pub until: Duration,
}

impl Column {
    /// Whether its process, thread or client exists at this time.
    pub fn exists(&self, at: Duration) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

/// A row of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The time since the run began.
    pub at: Duration,
    /// The number of the column. `None` for a step of the check, which has the whole width.
    pub column: Option<usize>,
    /// What has happened.
    pub text: String,
    /// The column to which bytes or a connection go.
    pub to: Option<usize>,
    /// Whether it is a line that the program has printed.
    pub is_print: bool,
    /// Whether it is a call that has failed, or a fault that the check has requested.
    pub has_failed: bool,
}

/// A time in which a thread slept in a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleep {
    /// The number of the column.
    pub column: usize,
    /// When the call began and ended.
    pub from: Duration,
    /// When the call returned.
    pub until: Duration,
}

impl Chart {
    /// The chart of a timeline. If the program was started several times, it shows the last run.
    pub fn of(timeline: &Timeline) -> Self {
        let from = begin_of_last_run(timeline);
        let mut chart = Self::of_events(timeline, from..timeline.events.len());
        chart.left_out += from;
        chart
    }

    /// The chart of some steps of a timeline. The first step has number 1. `None` if the timeline has
    /// none of these steps.
    pub fn of_steps(timeline: &Timeline, steps: &RangeInclusive<usize>) -> Option<Self> {
        let begin_of = |step: usize| step.checked_sub(1).and_then(|at| begins(timeline).nth(at));
        let from = begin_of(*steps.start()).filter(|_| !steps.is_empty())?;
        let next = steps.end().checked_add(1).and_then(begin_of);
        Some(Self::of_events(timeline, from..next.unwrap_or(timeline.events.len())))
    }

    fn of_events(timeline: &Timeline, range: Range<usize>) -> Self {
        let mut step = begins(timeline).filter(|begin| *begin < range.start).count();
        let events = &timeline.events[range];
        let (columns, column_of) = columns(timeline, events);
        let places = Places { timeline, columns: &columns, column_of: &column_of };
        let mut rows: Vec<Row> = Vec::new();
        let events = merged(events.iter().filter(|event| event.is_usual()));
        for event in &events {
            let column = event.lane.map(|lane| column_of[lane]);
            let Some(mut row) = places.row(event, column) else { continue };
            if let What::Step(text) = &event.what {
                step += 1;
                row.text = format!("{step}. {text}");
            }
            match rows.last_mut() {
                Some(last) if last.column == row.column && last.text == row.text => {}
                _ => rows.push(row),
            }
        }
        let mut rows = folded(rows);
        let left_out = rows.len().saturating_sub(ROWS);
        rows.drain(..left_out);
        let sleeps = places.sleeps();
        Self { columns, rows, left_out, sleeps, calls: calls(&events) }
    }

    /// Whether the thread of a column sleeps at this time.
    pub fn sleeps(&self, column: usize, at: Duration) -> bool {
        self.sleeps.iter().any(|it| it.column == column && it.from <= at && at < it.until)
    }
}

/// The names of the calls, without repetition.
fn calls(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match &event.what {
        What::Call(call) => Some(call.name),
        _ => None,
    };
    events.iter().filter_map(name).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The events, with the bytes that a client sends or receives one after the other in one event.
fn merged<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Event> {
    let mut merged: Vec<Event> = Vec::new();
    for event in events {
        let last = merged.last_mut().filter(|last| last.lane == event.lane);
        match (last.map(|last| &mut last.what), &event.what) {
            (Some(What::Sent(before)), What::Sent(bytes))
            | (Some(What::Received(before)), What::Received(bytes)) => before.extend(bytes),
            _ => merged.push(event.clone()),
        }
    }
    merged
}

/// The rows, in which a long repetition of one or two calls is replaced by a row with its length.
fn folded(rows: Vec<Row>) -> Vec<Row> {
    let key = |row: &Row| Some((row.column?, repetition::first_word(&row.text)));
    let keys: Vec<_> = rows.iter().map(key).collect();
    let show = |part: Part| match part {
        Part::Item(at) => rows[at].clone(),
        Part::LeftOut(items) => {
            let text = repetition::left_out(items.len());
            Row { text, to: None, ..rows[items.start].clone() }
        }
    };
    repetition::parts(&keys).into_iter().map(show).collect()
}

/// The number of the first event of each step.
fn begins(timeline: &Timeline) -> impl Iterator<Item = usize> {
    let events = timeline.events.iter().enumerate();
    let steps = events.filter(|(_, event)| matches!(event.what, What::Step(_)));
    steps.map(|(number, _)| number)
}

/// The number of the first event of the last run, if the check has started the program several times:
/// the step before the last start.
fn begin_of_last_run(timeline: &Timeline) -> usize {
    let events = &timeline.events;
    let started = events.iter().rposition(|event| event.what == What::Started).unwrap_or(0);
    begins(timeline).take_while(|begin| *begin < started).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{Call, CallKind, Lane, LaneKind};

    fn timeline(clients: usize) -> Timeline {
        let program = Lane { name: "program".to_owned(), kind: LaneKind::Process };
        let client = |number| Lane { name: format!("C{number}"), kind: LaneKind::Client };
        let at = Duration::from_millis;
        let wait = Call {
            name: "poll",
            kind: CallKind::Wait,
            arguments: "[3 POLLIN]".to_owned(),
            result: "1".to_owned(),
            failed: false,
            lasted: at(3),
            client: None,
            bytes: Vec::new(),
        };
        let mut events = vec![
            Event { at: at(0), lane: Some(0), what: What::Started },
            Event { at: at(1), lane: None, what: What::Step("C1 connected".to_owned()) },
        ];
        events.extend((1..=clients).map(|lane| Event {
            at: at(2),
            lane: Some(lane),
            what: What::Connected,
        }));
        events.push(Event { at: at(5), lane: Some(0), what: What::Call(wait) });
        let lanes = [vec![program], (1..=clients).map(client).collect()].concat();
        Timeline { lanes, events, process: 1 }
    }

    #[test]
    fn each_client_has_a_column_and_many_share_one() {
        let names = |clients| {
            let columns = Chart::of(&timeline(clients)).columns;
            columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
        };
        assert_eq!(names(2), ["program", "C1", "C2"]);
        assert_eq!(names(9), ["program", "clients"]);
        assert_eq!(Chart::of(&timeline(9)).rows[3].text, "C2 connects");
    }

    #[test]
    fn a_connect_goes_to_the_program_and_a_wait_is_a_sleep() {
        let chart = Chart::of(&timeline(1));
        assert_eq!((chart.rows[1].column, chart.rows[2].to), (None, Some(0)));
        let millis = Duration::from_millis;
        assert_eq!((chart.sleeps(0, millis(3)), chart.sleeps(0, millis(5))), (true, false));
    }

    #[test]
    fn a_long_repetition_is_folded() {
        let mut timeline = timeline(1);
        let read = |number: u64| {
            let call = Call {
                name: if number.is_multiple_of(2) { "read" } else { "write" },
                kind: CallKind::Read,
                arguments: number.to_string(),
                result: "1".to_owned(),
                failed: false,
                lasted: Duration::ZERO,
                client: None,
                bytes: Vec::new(),
            };
            Event { at: Duration::from_millis(number), lane: Some(0), what: What::Call(call) }
        };
        timeline.events.extend((10..40).map(read));
        let rows = Chart::of(&timeline).rows;
        let texts: Vec<_> = rows[4..].iter().map(|row| row.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "read(10) = 1",
                "write(11) = 1",
                "read(12) = 1",
                "write(13) = 1",
                "… 24 more like these",
                "read(38) = 1",
                "write(39) = 1",
            ]
        );
    }

    #[test]
    fn of_many_rows_the_last_ones_are_kept() {
        let mut timeline = timeline(1);
        let step = |number| What::Step(format!("step {number}"));
        let events = (0..200).map(|number| Event {
            at: Duration::from_millis(number),
            lane: None,
            what: step(number),
        });
        timeline.events.extend(events);
        let chart = Chart::of(&timeline);
        assert_eq!((chart.rows.len(), chart.left_out), (ROWS, 84));
        assert_eq!(chart.rows.last().unwrap().text, "201. step 199");
    }

    #[test]
    fn some_steps_alone_keep_their_numbers() {
        let mut timeline = timeline(1);
        let step = |text: &str| {
            let at = Duration::from_millis(9);
            Event { at, lane: None, what: What::Step(text.to_owned()) }
        };
        timeline.events.extend([step("C1 left"), step("C2 connected")]);
        let texts = |steps: RangeInclusive<usize>| {
            let rows = Chart::of_steps(&timeline, &steps)?.rows;
            Some(rows.into_iter().map(|row| row.text).collect::<Vec<_>>())
        };
        assert_eq!(texts(2..=2).unwrap(), ["2. C1 left"]);
        assert_eq!(texts(2..=9).unwrap(), ["2. C1 left", "3. C2 connected"]);
        assert_eq!(texts(1..=1).unwrap()[..2], ["1. C1 connected", "connects"]);
        assert_eq!((texts(4..=9), texts(0..=1)), (None, None));
    }
}

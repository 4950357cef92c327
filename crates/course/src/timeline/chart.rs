//! Arranges a timeline as a chart: a column for each lane, and a row for each event.

use super::{Call, CallKind, Event, LaneKind, Timeline, What};
use std::time::Duration;

/// The maximum number of columns for clients. More clients share one column.
const CLIENTS: usize = 4;
/// The maximum number of columns for processes and threads. Only those with the most events have one.
const PROGRAMS: usize = 4;
/// The maximum number of rows. Of more events, the first ones are left out.
const ROWS: usize = 120;
/// A repetition of at least this many rows is shown by its first and its last rows.
const MANY: usize = 12;
const FIRST: usize = 4;
const LAST: usize = 2;
/// A call that lasts at least this long has slept.
const SLEEP: Duration = Duration::from_micros(500);

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
}

/// A column of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it shows clients.
    pub is_client: bool,
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
    /// The chart of a timeline.
    pub fn of(timeline: &Timeline) -> Self {
        let before = begin_of_last_run(timeline);
        let events = &timeline.events[before..];
        let (columns, column_of) = columns(timeline, events);
        let mut rows: Vec<Row> = Vec::new();
        let mut sleeps = Vec::new();
        let events = merged(events.iter().filter(|event| event.is_usual()));
        for event in &events {
            let column = event.lane.map(|lane| column_of[lane]);
            let Some(row) = row(timeline, event, column, &columns, &column_of) else { continue };
            if let (What::Call(call), Some(Some(column))) = (&event.what, column)
                && call.lasted >= SLEEP
            {
                let from = event.at.saturating_sub(call.lasted);
                sleeps.push(Sleep { column, from, until: event.at });
            }
            match rows.last_mut() {
                Some(last) if last.column == row.column && last.text == row.text => {}
                _ => rows.push(row),
            }
        }
        let mut rows = folded(rows);
        let left_out = rows.len().saturating_sub(ROWS);
        rows.drain(..left_out);
        Self { columns, rows, left_out: before + left_out, sleeps }
    }

    /// Whether the thread of a column sleeps at this time.
    pub fn sleeps(&self, column: usize, at: Duration) -> bool {
        self.sleeps.iter().any(|it| it.column == column && it.from <= at && at < it.until)
    }
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
    let key = |row: &Row| (row.column, row.text.split(['(', ' ']).next().map(str::to_owned));
    let keys: Vec<_> = rows.iter().map(key).collect();
    let mut shown = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let length = (1..=2).map(|period| repetition(&keys[at..], period)).max().unwrap_or(0);
        if rows[at].column.is_none() || length < MANY {
            shown.push(rows[at].clone());
            at += 1;
            continue;
        }
        let (first, last) = (at + FIRST, at + length - LAST);
        shown.extend_from_slice(&rows[at..first]);
        let text = format!("… {} more like these", last - first);
        shown.push(Row { text, to: None, ..rows[first].clone() });
        shown.extend_from_slice(&rows[last..at + length]);
        at += length;
    }
    shown
}

/// The number of first keys that repeat after `period` keys.
fn repetition<K: PartialEq>(keys: &[K], period: usize) -> usize {
    let same = keys.iter().zip(keys.iter().skip(period)).take_while(|(one, next)| one == next);
    match same.count() {
        0 => 0,
        count => count + period,
    }
}

/// The number of the first event of the last run, if the check has started the program several times:
/// the step before the last start.
fn begin_of_last_run(timeline: &Timeline) -> usize {
    let events = &timeline.events;
    let started = events.iter().rposition(|event| event.what == What::Started).unwrap_or(0);
    let is_step = |event: &Event| matches!(event.what, What::Step(_));
    events[..started].iter().rposition(is_step).unwrap_or(0)
}

/// The columns of these events, and for each lane the number of its column, if it has one.
fn columns(timeline: &Timeline, events: &[Event]) -> (Vec<Column>, Vec<Option<usize>>) {
    let events_of =
        |lane: usize| events.iter().filter(|it| it.lane == Some(lane) && it.is_usual()).count();
    let is_client = |lane: &usize| timeline.lanes[*lane].kind == LaneKind::Client;
    let (clients, mut programs): (Vec<_>, Vec<_>) =
        (0..timeline.lanes.len()).filter(|lane| events_of(*lane) > 0).partition(is_client);
    programs.sort_by_key(|lane| std::cmp::Reverse(events_of(*lane)));
    programs.truncate(PROGRAMS);
    programs.sort_unstable();
    let mut columns = Vec::new();
    let mut column_of = vec![None; timeline.lanes.len()];
    for lane in programs {
        column_of[lane] = Some(columns.len());
        columns.push(Column { name: timeline.lanes[lane].name.clone(), is_client: false });
    }
    let are_shared = clients.len() > CLIENTS;
    if are_shared {
        columns.push(Column { name: "clients".to_owned(), is_client: true });
    }
    for lane in clients {
        if !are_shared {
            columns.push(Column { name: timeline.lanes[lane].name.clone(), is_client: true });
        }
        column_of[lane] = Some(columns.len() - 1);
    }
    (columns, column_of)
}

/// The row of an event; `None` if its lane has no column.
fn row(
    timeline: &Timeline,
    event: &Event,
    column: Option<Option<usize>>,
    columns: &[Column],
    column_of: &[Option<usize>],
) -> Option<Row> {
    let column = match column {
        None => None,
        Some(column) => Some(column?),
    };
    let text = timeline.text(event);
    let is_shared = column.is_some_and(|it| columns[it].name == "clients");
    let text = match timeline.lane(event).filter(|_| is_shared) {
        Some(lane) => format!("{} {text}", lane.name),
        None => text,
    };
    let program = columns.iter().position(|column| !column.is_client);
    let (to, is_print, has_failed) = match &event.what {
        What::Connected | What::Sent(_) | What::HalfClosed | What::Closed | What::Reset => {
            (program, false, false)
        }
        What::Call(Call { kind: CallKind::Write, client: Some(lane), failed, .. }) => {
            (column_of[*lane].filter(|_| !failed), false, *failed)
        }
        What::Call(call) => (None, call.kind == CallKind::Print, call.failed),
        What::Fault(_) => (None, false, true),
        _ => (None, false, false),
    };
    Some(Row { at: event.at, column, text, to, is_print, has_failed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Lane;

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
        assert_eq!(chart.rows.last().unwrap().text, "step 199");
    }
}

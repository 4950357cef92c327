//! Which column an event stands in, when a thread sleeps there, and where an arrow goes.

use super::{Column, Row, Sleep};
use crate::timeline::{Call, CallKind, Event, Lane, LaneKind, Timeline, What};
use std::time::Duration;

/// The maximum number of columns for clients. More clients share one column.
const CLIENTS: usize = 4;
/// The maximum number of columns for processes and threads. Only those with the most events have one.
const PROGRAMS: usize = 4;

/// The columns of these events, and for each lane the number of its column, if it has one.
pub(super) fn columns(timeline: &Timeline, events: &[Event]) -> (Vec<Column>, Vec<Option<usize>>) {
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
        columns.push(column(timeline, lane));
    }
    let are_shared = clients.len() > CLIENTS;
    if are_shared {
        columns.push(Column {
            name: "clients".to_owned(),
            is_client: true,
            from: Duration::ZERO,
            until: Duration::MAX,
        });
    }
    for lane in clients {
        if !are_shared {
            columns.push(column(timeline, lane));
        }
        column_of[lane] = Some(columns.len() - 1);
    }
    (columns, column_of)
}

/// The column of one lane.
fn column(timeline: &Timeline, lane: usize) -> Column {
    let Lane { name, kind } = &timeline.lanes[lane];
    let own = || timeline.events.iter().filter(|event| event.lane == Some(lane));
    let begins = |event: &&Event| {
        matches!(event.what, What::Started | What::Connected | What::Accepted | What::Began { .. })
    };
    let ends = |event: &&Event| matches!(event.what, What::Ended(_) | What::Closed | What::Reset);
    Column {
        name: name.clone(),
        is_client: *kind == LaneKind::Client,
        from: own().find(begins).map_or(Duration::ZERO, |event| event.at),
        until: own().find(ends).map_or(Duration::MAX, |event| event.at),
    }
}

/// Where the events of a timeline are shown.
pub(super) struct Places<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) columns: &'a [Column],
    /// For each lane, the number of its column, if it has one.
    pub(super) column_of: &'a [Option<usize>],
}

impl Places<'_> {
    /// The row of an event; `None` if its lane has no column.
    pub(super) fn row(&self, event: &Event, column: Option<Option<usize>>) -> Option<Row> {
        let column = match column {
            None => None,
            Some(column) => Some(column?),
        };
        let text = self.timeline.text(event);
        let is_shared = column.is_some_and(|it| self.columns[it].name == "clients");
        let text = match self.timeline.lane(event).filter(|_| is_shared) {
            Some(lane) => format!("{} {text}", lane.name),
            None => text,
        };
        let (to, is_print, has_failed) = match &event.what {
            What::Connected | What::Sent(_) | What::HalfClosed | What::Closed | What::Reset => {
                (self.reader(event), false, false)
            }
            What::Call(Call { kind: CallKind::Write, client: Some(lane), failed, .. }) => {
                (self.column_of[*lane].filter(|_| !failed), false, *failed)
            }
            What::Call(call) => (None, call.kind == CallKind::Print, call.failed),
            What::Fault(_) => (None, false, true),
            _ => (None, false, false),
        };
        Some(Row { at: event.at, column, text, to, is_print, has_failed })
    }

    /// The column of the process or thread that is next to make a call about a client's connection,
    /// after the client has done something. If none does, the one that has made the last such call;
    /// otherwise the first column.
    fn reader(&self, act: &Event) -> Option<usize> {
        let is_about = |event: &&Event| matches!(&event.what, What::Call(call) if call.client.is_some() && call.client == act.lane);
        let events = &self.timeline.events;
        let next = events.partition_point(|event| event.at < act.at);
        let call = events[next..].iter().find(is_about);
        let call = call.or_else(|| events[..next].iter().rfind(is_about));
        let of_call = call.and_then(|call| self.column_of[call.lane?]);
        of_call.or_else(|| self.columns.iter().position(|column| !column.is_client))
    }

    /// The times in which threads slept. A sleep can end after the last event that is shown.
    pub(super) fn sleeps(&self) -> Vec<Sleep> {
        let sleep = |event: &Event| match &event.what {
            What::Call(call) if call.has_slept() => {
                let column = self.column_of[event.lane?]?;
                let from = event.at.saturating_sub(call.lasted);
                Some(Sleep { column, from, until: event.at })
            }
            _ => None,
        };
        self.timeline.events.iter().filter_map(sleep).collect()
    }
}

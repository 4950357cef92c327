//! Says in a short sentence what has happened.

use super::{Call, CallKind, Event, LaneKind, Timeline, What, quoted};
use std::time::Duration;

/// The number of characters of a text or of bytes that are shown.
const BYTES: usize = 48;
/// A call that has lasted at least this long has slept.
const SLEPT: Duration = Duration::from_millis(1);

impl Event {
    /// Whether the event is shown without being asked for: calls about memory, files and settings are
    /// not.
    pub fn is_usual(&self) -> bool {
        match &self.what {
            What::Call(Call { kind: CallKind::Print, bytes, .. }) => !bytes.trim_ascii().is_empty(),
            What::Call(call) => call.kind != CallKind::Other,
            _ => true,
        }
    }
}

impl Timeline {
    /// What has happened, as a short sentence whose subject is the lane.
    pub fn text(&self, event: &Event) -> String {
        text(self, event)
    }
}

fn text(timeline: &Timeline, event: &Event) -> String {
    match &event.what {
        What::Step(text) => text.clone(),
        What::Started => "starts".to_owned(),
        What::Connected => "connects".to_owned(),
        What::Accepted => "accepts the connection".to_owned(),
        What::Sent(bytes) => format!("sends {}", quoted(bytes, BYTES)),
        What::Received(bytes) => format!("receives {}", quoted(bytes, BYTES)),
        What::HalfClosed => "shuts down its sending side".to_owned(),
        What::Closed => "closes its connection".to_owned(),
        What::Reset => "resets its connection".to_owned(),
        What::SawEnd { is_reset: false } => "reads the end of its connection".to_owned(),
        What::SawEnd { is_reset: true } => "finds its connection reset".to_owned(),
        What::Call(call) => call_text(call),
        What::Began { by } => {
            let by = timeline.lanes.get(*by).map_or("", |lane| &lane.name);
            format!("begins, created by {by}")
        }
        What::Ended(how) => match timeline.lane(event).map(|lane| lane.kind) {
            Some(LaneKind::Thread) => "ends".to_owned(),
            _ => format!("ends: {how}"),
        },
        What::Signal(name) => format!("gets {name}"),
        What::Signalled(name) => format!("is sent {name} by the check"),
        What::Fault(errno) => format!("the check makes the call fail with {errno}"),
        What::Full => "too many calls: those that follow are not recorded".to_owned(),
    }
}

fn call_text(call: &Call) -> String {
    let slept = match call.lasted >= SLEPT {
        true => format!(", after {:.0} ms", call.lasted.as_secs_f64() * 1e3),
        false => String::new(),
    };
    match call.kind {
        _ if call.result.is_empty() => format!("still sleeps in {}", call.text()),
        CallKind::Print => format!("prints {}", printed(&call.bytes)),
        CallKind::Read | CallKind::Write if !call.bytes.is_empty() => {
            format!("{} {}{slept}", call.text(), quoted(&call.bytes, BYTES))
        }
        _ => format!("{}{slept}", call.text()),
    }
}

/// What a program has printed, as text between quotation marks.
fn printed(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end();
    match text.char_indices().nth(BYTES) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

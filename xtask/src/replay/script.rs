//! Writes the exchange of a recording as a shell script. The script needs python3 and nothing of this
//! course.

use super::exchange::HELPERS;
use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use course::report::{CriterionReport, Status};
use course::timeline::{Event, LaneKind, Timeline, What};
use programs::lesson_check::LessonCheck;
use proofs::{ProgramUnderTest, Role};
use std::fmt::Write;

/// The maximum number of bytes that are written as text.
const MAX_TEXT: usize = 200;
/// The number of characters of base64 in a line.
const LINE: usize = 76;

/// The script of a recording.
///
/// # Errors
/// The program under test is a client.
pub(super) fn of(
    check: &LessonCheck<'_>,
    program: &ProgramUnderTest,
    report: &CriterionReport,
    timeline: &Timeline,
) -> Result<String> {
    let id = &check.lesson.id;
    if check.proof.role == Role::Client {
        bail!("--script is for servers; {id} is about a client, which needs a server");
    }
    let mut script = header(id, &command(program), report);
    let mut received: Option<(usize, Vec<u8>)> = None;
    for event in &timeline.events {
        if let (What::Received(bytes), Some(lane)) = (&event.what, event.lane) {
            match &mut received {
                Some((other, before)) if *other == lane => before.extend(bytes),
                _ => {
                    flush(&mut script, timeline, received.take())?;
                    received = Some((lane, bytes.clone()));
                }
            }
            continue;
        }
        if let Some(line) = line(timeline, event) {
            flush(&mut script, timeline, received.take())?;
            writeln!(script, "{line}")?;
        }
    }
    flush(&mut script, timeline, received)?;
    script += "finish()\nEND\n";
    Ok(script)
}

/// The program under test as it is typed in a shell.
fn command(program: &ProgramUnderTest) -> String {
    let words = program.command.iter().map(|word| word.to_string_lossy());
    shell_words::join(words)
}

fn header(lesson: &str, command: &str, report: &CriterionReport) -> String {
    let mut text = format!(
        "#!/bin/sh\n# The exchange of `cargo xtask replay {} {}`: {}.\n",
        lesson,
        report.id,
        one_line(&report.text)
    );
    match (&report.cause, report.status) {
        (Some(cause), Status::Failed) => {
            text += &format!("# It failed: {}\n", one_line(&cause.summary));
            for (name, value) in [("expected", &cause.expected), ("observed", &cause.observed)] {
                if !value.is_empty() {
                    text += &format!("# {name}: {}\n", one_line(value));
                }
            }
        }
        (_, Status::Proved) => text += "# It was proved.\n",
        (cause, _) => {
            let summary = cause.as_ref().map_or("", |cause| &cause.summary);
            text += &format!("# It was inconclusive: {}\n", one_line(summary));
        }
    }
    text += "# It needs python3 and nothing else.\n";
    text += "# usage: sh THIS_FILE SERVER [ARGUMENT]...\n";
    text += &format!("# example: sh THIS_FILE {}\n", one_line(command));
    text += "exec python3 /dev/fd/3 \"$0\" \"$@\" 3<<'END'\n";
    text + HELPERS + &format!("\nexample = {}\n", text_literal(command))
}

/// The statement that receives these bytes, if there are any.
fn flush(
    script: &mut String,
    timeline: &Timeline,
    received: Option<(usize, Vec<u8>)>,
) -> Result<()> {
    if let Some((lane, bytes)) = received {
        writeln!(script, "receive({}, {})", name(timeline, lane), literal(&bytes))?;
    }
    Ok(())
}

/// The statement that does the same as an event, if the script does something.
fn line(timeline: &Timeline, event: &Event) -> Option<String> {
    let lane = event.lane.unwrap_or_default();
    let is_client = timeline.lane(event).is_some_and(|lane| lane.kind == LaneKind::Client);
    let name = name(timeline, lane);
    Some(match &event.what {
        What::Step(text) => match text.strip_prefix("started with ") {
            Some(settings) => format!("start({:?})", settings),
            None => format!("step({})", text_literal(text)),
        },
        What::Connected if is_client => format!("connect({name})"),
        What::Sent(bytes) => format!("send({name}, {})", literal(bytes)),
        What::HalfClosed => format!("half_close({name})"),
        What::Closed => format!("close({name})"),
        What::Reset => format!("reset({name})"),
        What::SawEnd { .. } => format!("end({name})"),
        What::Signalled(signal) => format!("signal_server({signal:?})"),
        What::Fault(errno) => {
            format!("step(\"the check made a call fail with {errno} here; a script cannot\")")
        }
        _ => return None,
    })
}

/// The name of a lane as a literal of Python.
fn name(timeline: &Timeline, lane: usize) -> String {
    timeline.lanes.get(lane).map_or_else(String::new, |lane| format!("{:?}", lane.name))
}

/// Bytes as an expression of Python.
fn literal(bytes: &[u8]) -> String {
    if bytes.len() <= MAX_TEXT {
        return format!("b\"{}\"", bytes.escape_ascii());
    }
    let text = STANDARD.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(LINE).map(String::from_utf8_lossy).collect();
    format!("decode(\"\"\"\n{}\n\"\"\")", lines.join("\n"))
}

/// A text as a literal of Python. The debug format of Rust escapes some characters in a way that
/// Python does not know.
fn text_literal(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_default).collect();
    // Rust writes \u{e9} where Python writes \u00e9; such characters stay as they are.
    if text.is_ascii() { format!("\"{escaped}\"") } else { format!("{:?}", one_line(text)) }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

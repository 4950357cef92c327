//! The process of one round: builds the program, proves it, and writes each result as a message.

use super::messages::Message;
use crate::program_args::ProgramArgs;
use anyhow::Result;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use programs::lesson_check::LessonCheck;
use std::io::{self, Write};
use std::time::Instant;
use terminal::outcome::Outcome;

/// Runs a round, and writes its messages to standard output. An error is a message, too.
///
/// # Errors
/// Standard output is closed.
pub(super) fn run(check: &LessonCheck<'_>, program: &ProgramArgs) -> Result<Outcome> {
    // If `watch` was killed, this process ends as after Ctrl-C.
    set_pdeathsig(Signal::SIGTERM)?;
    if let Err(error) = round(check, program) {
        send(&Message::Error { text: format!("{error:#}") })?;
    }
    Ok(Outcome::Success)
}

fn round(check: &LessonCheck<'_>, args: &ProgramArgs) -> Result<()> {
    let server = args.server(check.lesson)?;
    let isolation = server.program.as_ref().ok().and_then(|program| program.isolation);
    send(&Message::Built {
        kind: server.subject.kind,
        name: server.subject.name.clone(),
        isolation: isolation.map(|level| level.to_string()),
        errors: server.program.as_ref().err().cloned(),
        millis: server.build.millis,
        todos: Message::todos(&server.todos),
    })?;
    let Ok(program) = &server.program else { return Ok(()) };
    let start = Instant::now();
    let mut sent = Ok(());
    check.run(program, &mut |report| {
        if sent.is_ok() {
            sent = send(&Message::criterion(report));
        }
    })?;
    sent?;
    send(&Message::End { millis: start.elapsed().as_secs_f64() * 1e3 })
}

fn send(message: &Message) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all((serde_json::to_string(message)? + "\n").as_bytes())?;
    Ok(stdout.flush()?)
}

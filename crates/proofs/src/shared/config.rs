//! The criterion that a server refuses a setting that it cannot use.

use super::ends::end_server;
use super::refusal::{BadSetting, Reaction, wait_reaction};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{FaultInjector, Socket, WaitError};

/// For each value of PORT that is no port, and each value of MAX_CLIENTS that is no number of
/// clients, the program writes a line to standard error that names the variable and the value, ends
/// with a status other than 0, prints no stack trace, and does not listen. MAX_CLIENTS is checked
/// if the lesson's servers have a table of clients.
///
/// A program with a built-in port or capacity (`--port`, `--capacity`) need not read the variable.
/// If it does not, the value must have no effect: the program listens on its built-in port. So
/// there is something to check for such a program as well, and its author is not told to read a
/// variable.
pub(crate) fn config(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let values = bad_values(context);
    let port = Variable { name: "PORT", is_built_in: context.program.port.is_some() };
    let mut bad: Vec<_> = values.iter().map(|value| (port, value.as_str())).collect();
    if context.lesson.capacity > 0 {
        let is_built_in = context.program.capacity.is_some();
        let capacity = Variable { name: "MAX_CLIENTS", is_built_in };
        // 65536 and more clients are possible.
        bad.extend(values[..values.len() - 3].iter().map(|value| (capacity, value.as_str())));
    }

    // The program is started in the same sandbox again and again: that is faster.
    let settings: Vec<_> = bad.iter().map(|(variable, value)| [(variable.name, *value)]).collect();
    let settings: Vec<_> = settings.iter().map(|settings| &settings[..]).collect();
    let capacity = context.lesson.capacity;
    let mut run = context.launch_settings(capacity, FaultInjector::default(), &settings)?;
    for (index, (variable, value)) in bad.iter().enumerate() {
        if index > 0 {
            run.restart_with(index)?;
        }
        expect_refused(&mut run, *variable, value)?;
    }
    Ok(())
}

/// A variable that the program may read.
#[derive(Clone, Copy)]
struct Variable {
    name: &'static str,
    /// Whether the program has a built-in value, and need not read the variable.
    is_built_in: bool,
}

/// Values that are no port and, except for the last three, no number of clients.
fn bad_values(context: &CheckContext<'_>) -> [String; 8] {
    let mut random = context.random("config");
    let port = context.port();
    [
        (0..5).map(|_| random.lowercase()).collect(),
        format!("{port}{}", random.lowercase()),
        String::new(),
        "0".to_owned(),
        format!("-{}", random.u16(1..=port)),
        "65536".to_owned(),
        // As numbers of 16 and of 32 bits, these are the port itself.
        (65_536 + u32::from(port)).to_string(),
        ((1_u64 << 32) + u64::from(port)).to_string(),
    ]
}

/// The program has been started with this value, and must refuse it. It has ended afterwards.
fn expect_refused(run: &mut TestRun, variable: Variable, value: &str) -> Result<(), CheckError> {
    let setting = BadSetting { variable: Some(variable.name), value };
    let (reaction, wait_error) = wait_reaction(run, &setting);
    match &reaction {
        Reaction::Refused => return Ok(()),
        Reaction::Listens(at) if variable.is_built_in && listens_on(at, run.port) => {
            return end_server(run);
        }
        Reaction::RunsOn if matches!(wait_error, WaitError::TimedOut { .. }) => {
            return Err(CheckError::OutOfTime(format!(
                "with {}, the program neither ended nor listened in time",
                text(variable.name, value)
            )));
        }
        _ => {}
    }
    Err(not_refused(run, (variable.name, value), reaction, wait_error))
}

fn listens_on(listeners: &[Socket], port: u16) -> bool {
    listeners.iter().all(|listener| listener.local.port() == port)
}

fn not_refused(
    run: &mut TestRun,
    (variable, value): (&str, &str),
    reaction: Reaction,
    wait_error: WaitError,
) -> CheckError {
    let setting = text(variable, value);
    let (id, mistake, summary) = match reaction {
        Reaction::Listens(at) => {
            let ports: Vec<_> = at.iter().map(|it| it.local.port().to_string()).collect();
            let ports = ports.join(" and ");
            let summary = format!("{setting} is accepted: the server listens on port {ports}.");
            ("unchecked-config", Some("unchecked-config"), summary)
        }
        Reaction::ReachedTask(task) => {
            let summary = format!("{setting} is accepted: the server goes on to {task}.");
            ("unchecked-config", Some("unchecked-config"), summary)
        }
        Reaction::RunsOn | Reaction::Refused => (
            "unchecked-config",
            None,
            format!("With {setting}, the server neither ends nor listens."),
        ),
        Reaction::Killed => (
            "unchecked-config",
            Some("unchecked-config"),
            format!("The server ended because of {setting}, in place of a message."),
        ),
        Reaction::Trace => (
            "unchecked-config",
            Some("unchecked-config"),
            format!("The server ended with a stack trace because of {setting}."),
        ),
        Reaction::StatusZero => (
            "status-zero",
            None,
            format!("The server ended because of {setting}: status 0 means success."),
        ),
        Reaction::NotNamed => (
            "setting-not-named",
            // The row about the port in use is another mistake.
            None,
            format!(
                "The server ended because of {setting}, and no line on standard error names {}.",
                what_to_name(variable, value)
            ),
        ),
        Reaction::ManyLines(count) => (
            "long-message",
            None,
            format!("The server ended because of {setting} with a message of {count} lines."),
        ),
    };
    let failure = Failure {
        id,
        mistake,
        summary,
        expected: format!(
            "one line on standard error that names {}, and a status other than 0",
            what_to_name(variable, value)
        ),
        observed: wait_error.to_string(),
    };
    run.fail_to_refuse(wait_error, failure)
}

fn text(variable: &str, value: &str) -> String {
    format!("{variable}={value:?}")
}

/// What the message has to name. An empty value has no text.
fn what_to_name(variable: &str, value: &str) -> String {
    if value.is_empty() { variable.to_owned() } else { format!("{variable} and {value:?}") }
}

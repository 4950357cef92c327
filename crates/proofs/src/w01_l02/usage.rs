//! The criterion `usage`: arguments that a client has to refuse.

use super::client_run::{ClientRun, Setup, local_v4, start_with};
use super::connects::host_name;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use crate::shared::refusal::{BadSetting, Reaction, wait_reaction};
use witness::WaitError;

/// Without HOST and PORT, with a host that does not exist, and with a port that is none, the client
/// writes a line to standard error, ends with a status other than 0, and connects to nothing.
pub(super) fn usage(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("usage");
    let word: String = (0..6).map(|_| random.lowercase()).collect();
    let host = "127.0.0.1".to_owned();
    // No arguments, and one argument.
    expect_refused(context, "no arguments", |_| Vec::new())?;
    expect_refused(context, "no PORT", |_| vec![host.clone()])?;
    // Ports that are none. getaddrinfo(3) takes some of them as other ports.
    let port = |text: String| vec![host.clone(), text];
    expect_refused(context, "port 0", |_| port("0".to_owned()))?;
    expect_refused(context, "a negative port", |right| port(format!("-{right}")))?;
    // The smallest number over 65535 is port 0 as a number of 16 bits.
    expect_refused(context, "a port over 65535", |_| port("65536".to_owned()))?;
    // As numbers of 16 and of 32 bits, these are the port itself.
    for bits in [16, 32] {
        expect_refused(context, "a port over 65535", |right| {
            port(((1_u64 << bits) + u64::from(right)).to_string())
        })?;
    }
    expect_refused(context, "a word as the port", |_| port(word.clone()))?;
    expect_refused(context, "letters after the port", |right| port(format!("{right}{word}")))?;
    // Numbers that are not written in decimal digits. The lesson does not ask about a sign, blanks,
    // and `_` between digits, which the function of a language may take.
    expect_refused(context, "an empty port", |_| port(String::new()))?;
    expect_refused(context, "a hexadecimal port", |right| port(format!("{right:#x}")))?;
    expect_refused(context, "a port with an exponent", |right| {
        port(format!("{}e3", right / 1000))
    })?;
    expect_refused(context, "a port with a fraction", |right| port(format!("{right}.0")))?;
    unknown_host(context, &host_name(&mut random))
}

/// A name that has no address. Another name has one, so that the client does not ask a name server.
fn unknown_host(context: &CheckContext<'_>, host: &str) -> Result<(), CheckError> {
    let known = [local_v4(9)];
    let setup = Setup { host: "known.example", addresses: &known, ..Setup::default() };
    let arguments = |port: u16| vec![host.to_owned(), port.to_string()];
    judge(&mut start_with(context, &setup, arguments)?, "a host without an address")
}

fn expect_refused(
    context: &CheckContext<'_>,
    what: &str,
    arguments: impl Fn(u16) -> Vec<String>,
) -> Result<(), CheckError> {
    judge(&mut start_with(context, &Setup::default(), arguments)?, what)
}

/// Checks what a client does with arguments that it has to refuse. A client may read its line before
/// it looks up the host, and a client without a line has nothing to do: therefore there is a line.
fn judge(client: &mut ClientRun, what: &str) -> Result<(), CheckError> {
    client.give_line("hello");
    client.run.server.end_input();
    let setting = BadSetting { variable: None, value: "" };
    let (reaction, wait_error) = wait_reaction(&mut client.run, &setting);
    let with = match client.arguments.as_str() {
        "" => format!("With {what}"),
        given => format!("With {what} ({given})"),
    };
    let has_tried = !client.run.server.accepted().is_empty()
        || client.has_logged(|event| matches!(event, ClientEvent::Attempting(_)));
    let (id, mistake, summary) = match reaction {
        _ if has_tried => (
            "accepted",
            what.contains("port").then_some("unchecked-port"),
            format!("{with}, the client tries to connect."),
        ),
        Reaction::ReachedTask(task) => (
            "accepted",
            what.contains("port").then_some("unchecked-port"),
            format!("{with}, the client goes on to {task}."),
        ),
        Reaction::Refused => return Ok(()),
        Reaction::Listens(_) | Reaction::RunsOn => {
            if matches!(wait_error, WaitError::TimedOut { .. }) {
                let text = format!("{with}, the client has not ended in time");
                return Err(CheckError::OutOfTime(text));
            }
            ("runs-on", None, format!("{with}, the client does not end."))
        }
        Reaction::Trace => {
            ("trace", Some("argument-trace"), format!("{with}, the client ends with a trace."))
        }
        Reaction::Killed => {
            ("killed", Some("argument-trace"), format!("{with}, a signal ends the client."))
        }
        Reaction::StatusZero => (
            "status-zero",
            Some("status-zero"),
            format!("{with}, the client ends with status 0, which means success."),
        ),
        Reaction::NotNamed => {
            ("no-message", None, format!("{with}, the client writes nothing to standard error."))
        }
        Reaction::ManyLines(count) => {
            ("long-message", None, format!("{with}, the client writes {count} lines."))
        }
    };
    let failure = Failure {
        id,
        mistake,
        summary,
        expected: "one line on standard error, a status other than 0, and no connection".to_owned(),
        observed: match &wait_error {
            // The failure of a client that has ended says how it has ended.
            WaitError::Ended(_) => String::new(),
            other => client.run.about(other),
        },
    };
    Err(client.run.fail_to_refuse(wait_error, failure))
}

//! A line that is one byte longer than a line may be.

use super::{LONGEST, any_member, is_refused};
use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, Member, disconnected, said};
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};
use witness::WaitError;

/// The number of bytes at the beginning of a line by which it is known.
const BEGIN: usize = 24;
/// The number of bytes that come with the newline. Before them, the line is not too long yet.
const REST: usize = 100;

/// A member sends a whole line with its newline, which is one byte too long. It must be told or closed, and
/// nobody else may get a part of this line. A server that limits only what it stores without a newline
/// passes this line on.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() < 2 {
        return Ok(());
    }
    let index = any_member(chat);
    let line = chat.line(LONGEST + 1);
    let (begin, rest) = line.split_at(line.len() - REST);
    chat.send(index, begin);
    let _ = chat.run.server.wait_asleep();
    chat.send(index, rest);
    let member = chat.members.remove(index);
    let connection = member.client.connection.clone();
    let handled = chat.run.server.wait_for(|_| Ok(is_refused(&member).then_some(())));
    let _ = chat.run.server.wait_asleep();
    let told = connection.ended().is_some().then(|| disconnected(member.fd));
    if let Err(error) = chat.expect_all(&Transcript::in_order(told), &[]) {
        return Err(if_passed_on(chat, &member, &line, error));
    }
    let Err(wait_error) = handled else { return Ok(()) };
    let name = &member.client.name;
    let failure = Failure {
        id: "long-line-ignored",
        summary: match &wait_error {
            WaitError::Ended(_) => format!("The server ended when {name} sent a long line."),
            _ => format!(
                "{name} sent a line of {} bytes with its newline, and was not told or closed.",
                line.len()
            ),
        },
        expected: format!("{name} gets a line that says so, or the end of its connection"),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    Err(chat.run.fail(wait_error, failure))
}

/// Says that the line was passed on, if this is so. No row is about a line of this length.
fn if_passed_on(chat: &ChatRun, member: &Member, line: &[u8], mut error: CheckError) -> CheckError {
    let begin = said(member.fd, &line[..BEGIN]);
    if let Some(other) = chat.members.iter().find(|it| unheard(it).starts_with(&begin))
        && let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
    {
        let (name, other_name) = (&member.client.name, &other.client.name);
        cause.mistake = None;
        cause.summary = match unheard(other).starts_with(&said(member.fd, line)) {
            true => {
                format!("The server passed on a line of {} bytes with its newline.", line.len())
            }
            false => format!(
                "{name} sent a line of {} bytes with its newline, and {other_name} got a part of it.",
                line.len()
            ),
        };
        cause.expected =
            format!("at most {LONGEST} bytes are passed on; {name} is told, or closed");
        cause.observed = format!("{other_name} got {}", quoted(&unheard(other)));
    }
    error
}

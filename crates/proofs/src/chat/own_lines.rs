//! Lines of the server's own: a greeting, and the answer to a line that is too long.

use super::chat_run::hearing::{quoted, unheard};
use super::chat_run::{ChatRun, Member, joined};
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;

/// What a member has got when it came must be whole lines, and not what is sent when another member comes.
/// What it is told about itself is the matter of another criterion.
pub(super) fn expect_greeting(chat: &mut ChatRun, index: usize) -> Result<(), CheckError> {
    let client = chat.members[index].client.clone();
    expect_whole_lines(chat, &client, 0)?;
    let greeting = client.connection.received();
    let is_told_of = |it: &&Member| has(&greeting, &joined(it.fd));
    let mut others = chat.members.iter().filter(|it| it.client.name != client.name);
    let Some(earlier) = others.find(is_told_of).cloned() else { return Ok(()) };
    let (name, earlier_name) = (&client.name, &earlier.client.name);
    Err(chat.run.fail_now(Failure {
        id: "told-of-earlier",
        mistake: None,
        summary: format!(
            "{name} was told that {earlier_name} has come, which was there before it."
        ),
        expected: format!("{name} gets nothing, or a line of the server's own"),
        observed: format!("{name} got {}", quoted(&greeting)),
    }))
}

/// The answer to a line that is too long must be whole lines. Of an answer before the end of the
/// connection, the kernel may have thrown away a part.
pub(super) fn expect_answer(chat: &mut ChatRun, member: &Member) -> Result<(), CheckError> {
    if unheard(member).is_empty() || member.client.connection.ended().is_some() {
        return Ok(());
    }
    expect_whole_lines(chat, &member.client, member.heard)
}

/// The bytes that a client has got from the position `from` on are the server's own. They must end with a
/// newline, and have no NUL byte.
fn expect_whole_lines(
    chat: &mut ChatRun,
    client: &NamedClient,
    from: usize,
) -> Result<(), CheckError> {
    let is_whole = |bytes: &[u8]| bytes.is_empty() || bytes.ends_with(b"\n");
    let connection = client.connection.clone();
    let _ =
        chat.run.server.wait_for(|_| Ok(is_whole(&connection.received_from(from)).then_some(())));
    let (name, bytes) = (&client.name, connection.received_from(from));
    let what = if has(&bytes, b"\0") {
        "has a NUL byte that nobody had sent"
    } else if !is_whole(&bytes) {
        "has no newline at its end"
    } else {
        return Ok(());
    };
    Err(chat.run.fail_now(Failure {
        id: "own-line",
        mistake: None,
        summary: format!("{name} was sent a line of the server's own that {what}."),
        expected: "each line ends with one newline, and has no NUL byte".to_owned(),
        observed: format!("{name} got {}", quoted(&bytes)),
    }))
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

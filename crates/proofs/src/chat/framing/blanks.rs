//! Lines that begin or end with blanks and tabs, and lines of nothing else.

use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::common;
use crate::check_error::CheckError;

/// The characters that many functions remove from the ends of a text.
pub(super) const BLANKS: [u8; 2] = [b' ', b'\t'];

/// A member sends a line with blanks at both ends, also before a CR, a line of blanks, and a line of a CR
/// alone, which is the empty line of telnet. All of them are passed on as they came.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    let (mut word, mut other) = (chat.short_line(), chat.short_line());
    word.pop();
    other.pop();
    let lines = [
        [blanks(chat), word, blanks(chat)].concat(),
        [other, blanks(chat), b"\r".to_vec()].concat(),
        blanks(chat),
        b"\r".to_vec(),
    ];
    for mut line in lines {
        line.push(b'\n');
        let heard = chat.say(0, &line);
        heard.map_err(|error| with_blanks(chat, &line, error))?;
    }
    Ok(())
}

/// One to four blanks and tabs.
fn blanks(chat: &mut ChatRun) -> Vec<u8> {
    (0..chat.random.usize(1..=4)).map(|_| BLANKS[chat.random.usize(..BLANKS.len())]).collect()
}

/// Says what is wrong with the line, if others have got nothing of it, or got it without blanks. The empty
/// lines and the CR before a newline were passed on before, so that no row is about this.
fn with_blanks(chat: &ChatRun, line: &[u8], mut error: CheckError) -> CheckError {
    let wanted = said(chat.members[0].fd, line);
    let heard: Vec<_> = chat.members[1..].iter().map(|it| (&it.client.name, unheard(it))).collect();
    let name = &chat.members[0].client.name;
    let is_lost = heard.iter().all(|(_, bytes)| bytes.is_empty());
    let is_other = |bytes: &[u8]| {
        let same = common(&wanted, bytes);
        same < bytes.len() && wanted.get(same).is_some_and(|byte| BLANKS.contains(byte))
    };
    let changed = heard.iter().find(|(_, bytes)| is_other(bytes));
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
    {
        if let Some((other, _)) = changed {
            cause.mistake = None;
            cause.summary = without_blank(other);
        } else if is_lost && cause.id == "line-missing" {
            cause.mistake = None;
            cause.summary = format!("{name} sent the line {}, and nobody got it.", quoted(line));
        }
    }
    error
}

/// The summary of a member that was sent a line without a blank.
pub(super) fn without_blank(name: &str) -> String {
    format!("{name} was sent a line without a blank or tab that it had.")
}

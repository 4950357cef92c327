//! Lines that have every byte but the newline, also in the order of other protocols.

use super::blanks::{BLANKS, without_blank};
use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::common;
use crate::check_error::CheckError;

/// The first byte of a command of telnet (RFC 854), and the second bytes of commands with three bytes:
/// WILL, WONT, DO and DONT.
const COMMAND: u8 = 255;
const NEGOTIATIONS: [u8; 4] = [251, 252, 253, 254];
/// Commands with two bytes: the byte 255 itself, and the interruption of a program.
const SHORT_COMMANDS: [[u8; 2]; 2] = [[COMMAND, COMMAND], [COMMAND, 244]];
/// Options of telnet: echo, suppress go ahead, and the size of the window.
const OPTIONS: [u8; 3] = [1, 3, 31];

/// A member sends the bytes 0 to 127, then 128 to 255, and then commands of telnet, each in a drawn order.
/// A room is no telnet server: it passes on all of them. The lines are short, so that a small buffer has
/// room for them.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    let mut low: Vec<u8> = (0..128).filter(|byte| *byte != b'\n').collect();
    let mut high: Vec<u8> = (128..=255).collect();
    chat.random.shuffle(&mut low);
    chat.random.shuffle(&mut high);
    for mut line in [low, high, commands(chat)] {
        line.push(b'\n');
        let heard = chat.say(0, &line);
        heard.map_err(|error| with_byte(chat, &line, error))?;
    }
    Ok(())
}

/// Words with a command of telnet before each of them.
fn commands(chat: &mut ChatRun) -> Vec<u8> {
    let negotiate = |second: u8| vec![COMMAND, second, OPTIONS[chat.random.usize(..OPTIONS.len())]];
    let mut commands: Vec<_> = NEGOTIATIONS.into_iter().map(negotiate).collect();
    commands.extend(SHORT_COMMANDS.map(Vec::from));
    chat.random.shuffle(&mut commands);
    let mut line = Vec::new();
    for command in commands {
        line.extend(command);
        line.extend((0..4).map(|_| chat.random.lowercase() as u8));
    }
    line
}

/// Says at which byte the line that a member has got differs from the line that was sent, if it does. The
/// lines before had other bytes of each kind, so most rows about bytes do not fit. The row about bytes that
/// are no ASCII fits if such a byte was changed, and not if it was left out.
fn with_byte(chat: &ChatRun, line: &[u8], mut error: CheckError) -> CheckError {
    let wanted = said(chat.members[0].fd, line);
    let start = wanted.len() - line.len();
    let different = chat.members[1..].iter().find_map(|member| {
        let heard = unheard(member);
        let at = common(&wanted, &heard);
        (start..heard.len()).contains(&at).then_some((&member.client.name, at, heard))
    });
    if let (Some((name, at, heard)), CheckError::Failed(cause)) = (different, &mut error)
        && cause.exit.is_none()
        && let Some(byte) = wanted.get(at)
    {
        let is_left_out = is_part_of(heard[at..].split(|it| *it == b'\n').next(), &wanted[at..]);
        if is_left_out || cause.mistake.as_deref() != Some("changes-bytes") {
            cause.mistake = None;
        }
        let is_blank = BLANKS.contains(byte);
        let byte = quoted(&[*byte]);
        cause.summary = match heard[at] {
            b'\n' if is_blank => without_blank(name),
            b'\n' => format!("{name} was sent a line that ends before the byte {byte}."),
            _ => format!(
                "{name} was sent a line in which the byte {byte} is missing, or has another one in its \
                 place."
            ),
        };
    }
    error
}

/// Whether all bytes of `part` stand in `whole` in this order, with others between them.
fn is_part_of(part: Option<&[u8]>, whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.is_some_and(|part| part.iter().all(|byte| rest.any(|it| it == byte)))
}

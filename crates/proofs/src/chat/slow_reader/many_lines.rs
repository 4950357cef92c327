//! A member for which many short lines are pending.

use super::falling_behind::{expect_kept, fall_behind_by, read_pending};
use super::{SPEAKER, bytes_behind, delayed, expect_asleep};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;

/// The number of short lines. Together with their names they are less than 20 KiB.
const LINES: usize = 1_100;
/// The number of letters of a short line. There are enough texts of this length for all lines.
const LETTERS: u32 = 4;
const ALPHABET: usize = 26;
/// The length of a line before them, so that the member is behind.
const LINE: usize = 4 << 10;

/// The member with the index `slow`, which is behind, reads until nothing is pending in the server. Then it
/// is behind by a little, and many short lines are said. They are few bytes: the member is kept. Returns
/// whether the server has sent what was pending before.
pub(super) fn check(chat: &mut ChatRun, slow: usize) -> Result<bool, CheckError> {
    let name = chat.members[slow].client.name.clone();
    let name = name.as_str();
    let is_flushed = read_pending(chat, slow)?;
    fall_behind_by(chat, slow, LINE, 1)?;
    let behind = bytes_behind(chat, slow)?;
    let speaker = chat.members[SPEAKER].clone();
    let (lines, step) = (short_lines(chat), chat.run.step_count());
    let text = format!("{} sent {LINES} short lines at once", speaker.client.name);
    chat.run.step(text.clone());
    chat.send_silently(SPEAKER, &lines.concat());
    let said: Vec<_> = lines.iter().map(|line| said(speaker.fd, line)).collect();
    let pending = behind + said.iter().map(|line| line.len() as u64).sum::<u64>();
    let heard = chat.expect_all(&Transcript::in_order(said), &[SPEAKER]);
    // If the member was dropped, the others were told so. The error has recorded how the server is then.
    let _ = chat.run.server.wait_asleep();
    if heard.is_err() {
        chat.run.merge_steps(step, text);
    }
    let kept = expect_kept(chat, slow, "does not read");
    kept.map_err(|error| with_count(name, pending, error))?;
    heard.map_err(|error| delayed(chat, name, error))?;
    expect_asleep(chat, name, "does not read")?;
    Ok(is_flushed)
}

/// Lines of [`LETTERS`] letters each. No two of them are equal.
fn short_lines(chat: &mut ChatRun) -> Vec<Vec<u8>> {
    let texts = ALPHABET.pow(LETTERS);
    let first = chat.random.usize(..texts);
    (first..first + LINES).map(|number| short_line(number % texts)).collect()
}

/// The line whose letters are the digits of a number.
fn short_line(number: usize) -> Vec<u8> {
    let digits = (0..LETTERS).rev().map(|at| number / ALPHABET.pow(at) % ALPHABET);
    digits.map(|digit| b'a' + digit as u8).chain([b'\n']).collect()
}

/// The failure of a server that has kept the member when as many bytes were pending in longer lines.
fn with_count(name: &str, pending: u64, mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
    {
        cause.mistake = None;
        cause.summary = format!(
            "{name} does not read. The server removed it with at most {} KiB pending, in many short lines. \
             Before, it kept {name} with more bytes pending, in longer lines.",
            pending.div_ceil(1 << 10)
        );
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_short_lines_are_equal() {
        let texts = ALPHABET.pow(LETTERS);
        let lines: HashSet<_> = (0..texts).map(short_line).collect();
        assert_eq!(lines.len(), texts);
        assert!(lines.iter().all(|line| line.len() == LETTERS as usize + 1));
    }
}

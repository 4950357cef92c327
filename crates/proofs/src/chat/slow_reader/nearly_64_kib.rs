//! A member for which nearly 64 KiB are pending.

use super::falling_behind::expect_kept;
use super::{SPEAKER, bytes_behind, delayed, expect_asleep};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;

/// The number of bytes by which the member is behind. A room that counts the line of which the kernel has
/// taken a part counts less than 64 KiB, too.
const BEHIND: u64 = 64_800;
/// The length of a line that is passed on, with the name of the speaker.
const LINE: usize = 512;
/// The least length of such a line.
const MIN_LINE: usize = 64;
/// How often the kernels may take more bytes after an acknowledgement.
const MAX_ACKNOWLEDGED: usize = 3;

/// The member with the index `slow`, which is behind, does not read until it is behind by [`BEHIND`] bytes.
/// It must be kept. All others must get each line.
pub(super) fn check(chat: &mut ChatRun, slow: usize) -> Result<(), CheckError> {
    let (name, before) = (chat.members[slow].client.name.clone(), bytes_behind(chat, slow)?);
    let speaker = chat.members[SPEAKER].clone();
    for _ in 0..MAX_ACKNOWLEDGED {
        let missing = BEHIND.saturating_sub(bytes_behind(chat, slow)?) as usize;
        if missing < MIN_LINE {
            break;
        }
        let lines = lines_of(chat, missing);
        let step = chat.run.step_count();
        let what = format!(
            "{} sent lines, which are {missing} bytes with its name, and {name} read nothing",
            speaker.client.name
        );
        chat.run.step(what.clone());
        chat.send_silently(SPEAKER, &lines.concat());
        let said = lines.iter().map(|line| said(speaker.fd, line));
        let heard = chat.expect_all(&Transcript::in_order(said), &[SPEAKER]);
        if let Err(error) = heard {
            // If the slow member was dropped, the others were told so.
            chat.run.merge_steps(step, what);
            expect_kept(chat, slow, "does not read").map_err(|it| with_count(&name, before, it))?;
            return Err(delayed(chat, &name, error));
        }
        expect_asleep(chat, &name, "does not read")?;
        expect_kept(chat, slow, "does not read").map_err(|it| with_count(&name, before, it))?;
    }
    Ok(())
}

/// Lines of the speaker that are `size` bytes altogether when they are passed on with its name.
fn lines_of(chat: &mut ChatRun, size: usize) -> Vec<Vec<u8>> {
    let name = said(chat.members[SPEAKER].fd, b"").len();
    let (mut lines, mut left) = (Vec::new(), size);
    while left > 0 {
        let length = if left < LINE + MIN_LINE { left } else { LINE };
        lines.push(chat.line(length - name));
        left -= length;
    }
    lines
}

/// Says by how much the member was behind. A room that has kept it until now does not remove it at the first
/// short write.
fn with_count(name: &str, before: u64, mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
    {
        cause.mistake = None;
        cause.summary = format!(
            "{name} does not read. The server kept it while {before} bytes were pending for it, and closed its \
             connection before more than {BEHIND} bytes were."
        );
    }
    error
}

//! A member that is behind many times, by a little each time.

use super::falling_behind::{fall_behind_by, read_pending};
use super::{bytes_behind, join_slow};
use crate::chat::chat_run::ChatRun;
use crate::check_error::CheckError;

/// The length of the speaker's lines.
const LINE: usize = 4 << 10;
/// The number of bytes by which the member is behind at least. With two more pieces of the speaker's lines,
/// this is less than a server keeps that has kept another member with [`BEHIND`] bytes pending.
///
/// [`BEHIND`]: super::falling_behind
const LITTLE: u64 = 12 << 10;
/// The number of bytes that are pending altogether, one after the other. It is more than another member was
/// behind altogether.
const ALTOGETHER: u64 = 512 << 10;

/// Whether the server drops a member for which little is pending at any time, and much altogether. The
/// member with the index `dropped` was dropped before, and the others have not been asked what they have
/// got since then.
pub(super) fn is_dropped(chat: &mut ChatRun, dropped: usize) -> bool {
    let _ = chat.run.server.wait_asleep();
    chat.members.remove(dropped);
    for member in &mut chat.members {
        member.heard = member.client.connection.received().len();
    }
    let Ok(slow) = join_slow(chat) else { return false };
    let mut altogether = 0;
    while altogether < ALTOGETHER {
        if let Err(error) = fall_behind_by(chat, slow, LINE, LITTLE) {
            return matches!(error, CheckError::Failed(cause) if cause.id == "slow-reader-dropped");
        }
        altogether += bytes_behind(chat, slow).unwrap_or(ALTOGETHER);
        if !matches!(read_pending(chat, slow), Ok(true)) {
            return false;
        }
    }
    false
}

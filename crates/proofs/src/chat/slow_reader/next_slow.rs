//! A member that comes after one that the server has dropped.

use super::catching_up::catch_up;
use super::falling_behind::stay_behind;
use super::room_again::after_a_drop;
use super::{expect_asleep, join_slow};
use crate::chat::chat_run::ChatRun;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use course::report::Cause;

/// The length of the speaker's lines.
const LINE: usize = 4 << 10;

/// The next member may get the slot of the one that was dropped. It is behind by much less than 64 KiB, and
/// reads everything then: it is kept, and gets all lines. Nothing that the server has stored about the
/// dropped member is about the next one.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() == chat.run.capacity {
        return Ok(());
    }
    let slow = join_slow(chat).map_err(after_a_drop)?;
    let name = chat.members[slow].client.name.clone();
    match be_behind(chat, slow, &name) {
        // epoll reports the end of the dropped member for as long as its socket is open (epoll(7)).
        Err(error) if has_socket_of_another(chat)? => Err(error.depends_on("watch-set")),
        been => been.map_err(|error| with_the_dropped(&name, error)),
    }
}

/// Whether the server still has the socket of a client that is no member any more.
fn has_socket_of_another(chat: &ChatRun) -> Result<bool, CheckError> {
    let is_member = |it: &&NamedClient| chat.members.iter().any(|of| of.client.name == it.name);
    for client in chat.run.clients.iter().filter(|it| !is_member(it)) {
        if chat.run.has_socket_of(client)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn be_behind(chat: &mut ChatRun, slow: usize, name: &str) -> Result<(), CheckError> {
    stay_behind(chat, slow, LINE, 1)?;
    chat.run.step(format!("{name} read everything"));
    catch_up(chat, slow, name)?;
    expect_asleep(chat, name, "has read everything")
}

/// Says that another member was dropped before. A server that has kept members and sent their pending
/// output until then knows how: the rows about this do not fit.
fn with_the_dropped(name: &str, mut error: CheckError) -> CheckError {
    let is_new = |cause: &Cause| {
        let row = cause.mistake.as_deref();
        row == Some("slow-reader-dropped") || row == Some("never-flushed")
    };
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
        && is_new(cause)
    {
        cause.mistake = None;
        cause.summary = format!(
            "A member that never reads was removed, and {name} came next. {}",
            cause.summary
        );
    }
    error
}

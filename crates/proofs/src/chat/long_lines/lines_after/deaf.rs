//! A room that keeps a member whose line was too long, and does not read from it any more.

use crate::chat::chat_run::hearing::unheard;
use crate::chat::chat_run::{ChatRun, Member};
use crate::check_error::CheckError;
use witness::Target;

/// The error of a room that has not passed on several lines of this member. There is no error if the room
/// may be about to close the member: it has a time-out or a timer, or closes the member when somebody else
/// sends a line.
pub(super) fn check(
    chat: &mut ChatRun,
    member: &Member,
    mut error: CheckError,
) -> Result<(), CheckError> {
    let connection = &member.client.connection;
    let line = chat.short_line();
    chat.send_silently(0, &line);
    let is_asleep = chat.run.server.wait_asleep().is_ok();
    let is_unread = chat.run.server.connection(connection)?.is_some_and(|it| it.unread > 0);
    let is_kept = is_unread && connection.ended().is_none();
    if !is_asleep || !is_kept || has_timer(chat)? {
        // What the others have got meanwhile was not wanted.
        for member in &mut chat.members {
            member.heard += unheard(member).len();
        }
        return Ok(());
    }
    if let CheckError::Failed(cause) = &mut error {
        let name = &member.client.name;
        cause.summary = format!(
            "{name} sent a line that was too long, and the server kept it. {name} has sent more lines, and \
             the server does not read them."
        );
    }
    Err(error)
}

/// Whether the server sleeps with a time-out, or has a timer that it can wait for (timerfd_create(2)).
fn has_timer(chat: &ChatRun) -> Result<bool, CheckError> {
    let is_timer = |target: &Target| matches!(target, Target::Other(it) if it.contains("timerfd"));
    let has_file = chat.run.server.descriptors()?.iter().any(|it| is_timer(&it.target));
    Ok(has_file || chat.run.server.timeout_of_sleep()?.is_some())
}

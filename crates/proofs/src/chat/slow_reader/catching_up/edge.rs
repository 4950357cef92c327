//! A room whose edge-triggered entry is not reported again.

use crate::chat::chat_run::{ChatRun, Member};
use crate::check_error::CheckError;

/// Says that the member's entry is edge-triggered and asks for room, if this is so. The row about output that
/// is never sent does not fit: such a room may have sent a part, and waits for an edge.
pub(super) fn if_missed(chat: &ChatRun, member: &Member, mut error: CheckError) -> CheckError {
    let entries = chat.run.server.epoll_entries().ok().flatten().unwrap_or_default();
    let inode = member.client.connection.inode();
    let waits_for_edge = entries.iter().any(|entry| {
        Some(entry.inode) == inode && entry.has(libc::EPOLLOUT) && entry.has(libc::EPOLLET)
    });
    if waits_for_edge
        && let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
        && cause.mistake.as_deref() == Some("never-flushed")
    {
        cause.mistake = None;
        cause.summary = format!(
            "{} Its entry has EPOLLOUT and EPOLLET: room is reported once, when it comes after send has failed \
             with EAGAIN.",
            cause.summary
        );
    }
    error
}

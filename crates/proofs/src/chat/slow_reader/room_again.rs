//! A member that the server has dropped leaves its place as any other.

use crate::chat::chat_run::{ChatRun, Member};
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;

/// If more slots than this are free, the room is not filled up: that would take too long.
const MAX_JOINS: usize = 16;

/// Each dropped member has its `[DISCONNECT]` line. `log_start` is the length of the log before the server
/// dropped them. A server may log a member when it has seen the end of the connection.
pub(super) fn expect_logged(
    chat: &mut ChatRun,
    dropped: &[Member],
    log_start: usize,
) -> Result<(), CheckError> {
    dropped.iter().for_each(|member| member.client.connection.close());
    for member in dropped {
        let (fd, name) = (member.fd, &member.client.name);
        let logged = chat.run.server.wait_for(|now| {
            let mut events = now.log()[log_start..].iter().filter_map(LogEvent::of);
            let is_it =
                |event| matches!(event, LogEvent::Disconnect { fd: it, .. } if it == Some(fd));
            Ok(events.any(is_it).then_some(()))
        });
        let Err(wait_error) = logged else { continue };
        let failure = Failure {
            id: "drop-not-logged",
            summary: format!(
                "The server has removed {name}, which never reads, and no [DISCONNECT] line names its \
                 descriptor {fd}."
            ),
            expected: format!("[DISCONNECT] fd={fd} and its slot"),
            observed: chat.run.logged_text(),
            ..Failure::default()
        };
        return Err(chat.run.fail(wait_error, failure));
    }
    Ok(())
}

/// Clients come until the room is full: the place of a dropped member is free again.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    let free = chat.run.capacity - chat.members.len();
    if free > MAX_JOINS {
        return Ok(());
    }
    for _ in 0..free {
        chat.join().map_err(after_a_drop)?;
    }
    Ok(())
}

/// Says that the server has dropped a member before the failure of a client that comes.
pub(super) fn after_a_drop(mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) | CheckError::Blocked { cause, .. } = &mut error
        && cause.exit.is_none()
    {
        cause.summary = format!("A member that never reads was removed before. {}", cause.summary);
    }
    error.independent()
}

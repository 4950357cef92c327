//! The criterion that SIGTERM ends a room, with a member that does not read.

use super::chat_run::{ChatRun, said};
use super::slow_reader::{SPEAKER, bytes_behind, join_slow, speak};
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::{self, Service, expect_ends};

/// The members that read. One is enough to speak.
const READERS: usize = 1;
/// The number of slots, if the room reads MAX_CLIENTS.
const CAPACITY: usize = 8;
/// The length of the lines that are said.
const LINE: usize = 4 << 10;
/// The number of bytes in the lines that are said at a time, and how often they are said at most.
const PART: usize = 32 << 10;
const MAX_PARTS: usize = 12;
/// The number of bytes that are pending for the member. The kernels may take some KiB more by and by.
const PENDING: u64 = 32 << 10;

/// SIGTERM ends the server, as [`shared::ends_and_restarts`] says, also while output is pending for a
/// member that does not read.
pub(crate) fn ends(context: &CheckContext<'_>, service: &Service) -> Result<(), CheckError> {
    shared::ends_and_restarts(context, service)?;
    let mut chat = ChatRun::start_with_capacity(context, "ends", CAPACITY)?;
    chat.fill_up(READERS)?;
    if chat.run.capacity <= READERS {
        return Ok(());
    }
    let slow = join_slow(&mut chat)?;
    let name = chat.members[slow].client.name.clone();
    chat.run.step(format!("lines were said, and {name} read nothing"));
    for _ in 0..MAX_PARTS {
        // If the server has ended, its sockets cannot be read, and no more output can be pending.
        if bytes_behind(&chat, slow).unwrap_or(PENDING) >= PENDING {
            break;
        }
        // The criterion `slow-reader` checks what the server does with a member that does not read.
        let lines = speak(&mut chat, PART, LINE);
        let fd = chat.members[SPEAKER].fd;
        chat.members[slow].owed.extend(lines.iter().map(|line| said(fd, line)));
        let _ = chat.run.server.wait_asleep();
    }
    let connection = &chat.members[slow].client.connection;
    let is_connected = matches!(chat.run.server.descriptor_of(connection), Ok(Some(_)));
    let is_pending = is_connected && bytes_behind(&chat, slow).is_ok_and(|count| count > 0);
    expect_ends(&mut chat.run).map_err(|mut error| {
        if let CheckError::Failed(cause) = &mut error
            && is_pending
        {
            cause.summary =
                format!("Output was pending for {name}, which did not read. {}", cause.summary);
        }
        error
    })
}

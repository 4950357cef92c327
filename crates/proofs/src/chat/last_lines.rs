//! A member sends lines and leaves at once. The bytes and the end of file reach the server together.

use super::chat_run::hearing::{quoted, unheard};
use super::chat_run::{ChatRun, Member, disconnected, said};
use super::one_wakeup::{if_interrupted, while_paused};
use super::transcript::Transcript;
use crate::check_error::CheckError;
use crate::shared::departure::Departure;

/// The number of lines that a member sends before it leaves, and the length of the longest of them.
/// Together they are more than a server reads at once, and less than the kernel stores.
const LINES: usize = 40;
const LINE: usize = 800;

/// A member sends one line and leaves; another sends many lines and leaves. The end of file comes
/// after the bytes, so all others must get each line first, and must be told of the departure next.
/// After that, clients come until there are `members` again.
pub(super) fn speak_and_leave(chat: &mut ChatRun, members: usize) -> Result<(), CheckError> {
    for departure in [Departure::Close, Departure::HalfClose] {
        for count in [1, LINES] {
            if chat.members.len() > 1 {
                let index = chat.random.usize(..chat.members.len());
                let done = leave_after_lines(chat, index, count, departure);
                done.map_err(|error| if_interrupted(chat, error))?;
            }
            chat.fill_up(members)?;
        }
    }
    Ok(())
}

fn leave_after_lines(
    chat: &mut ChatRun,
    index: usize,
    count: usize,
    departure: Departure,
) -> Result<(), CheckError> {
    let length = if count == 1 { 40 } else { LINE };
    let lines: Vec<_> = (0..count)
        .map(|_| {
            let length = chat.random.usize(length / 4..length);
            chat.line(length)
        })
        .collect();
    let left = chat.members.remove(index);
    let what = if count == 1 { quoted(&lines[0]) } else { format!("{count} lines") };
    let text = format!("{} sent {what}, and {}", left.client.name, departure.text());
    while_paused(chat, &text, |_| {
        let _ = left.client.connection.send(&lines.concat());
        departure.apply(&left.client.connection);
        Ok(())
    })?;
    let mut wanted: Vec<_> = lines.iter().map(|line| said(left.fd, line)).collect();
    wanted.push(disconnected(left.fd));
    let heard = chat.expect_all(&Transcript::in_order(wanted.clone()), &[]);
    heard.map_err(|error| with_row(chat, &left, &wanted, error))
}

/// Adds to an error what it shows: the others were told that the member has left before they got its
/// lines, or the server has read the lines and has not noticed the end of file.
fn with_row(
    chat: &mut ChatRun,
    left: &Member,
    wanted: &[Vec<u8>],
    error: CheckError,
) -> CheckError {
    let (gone, name) = (disconnected(left.fd), &left.client.name);
    let lines = wanted[..wanted.len() - 1].concat();
    let heard: Vec<_> = chat.members.iter().map(unheard).collect();
    let before = |bytes: &[u8]| position(bytes, &gone).map(|at| bytes[..at].to_vec());
    let is_told_early =
        |bytes: &Vec<u8>| before(bytes).is_some_and(|it| it != lines && lines.starts_with(&it));
    if let Some(at) = heard.iter().position(is_told_early) {
        let told = &chat.members[at].client.name;
        let summary = format!(
            "{name} sent lines and left at once. {told} was told that it has left, and did not get \
             all of these lines."
        );
        // A room that loses lines of members that stay does not lose them because of the end of file.
        return match loses_lines(chat, wanted.len() - 1) {
            true => error.depends_on("framing"),
            false => error.with_row("last-lines-lost", summary),
        };
    }
    if heard.iter().all(|bytes| *bytes == lines) && is_edge_triggered(chat, left) {
        let summary = format!(
            "{name} sent lines and left at once. The others got the lines, and were not told that \
             it has left."
        );
        return error.with_row("edge-one-read", summary);
    }
    // Other bytes than those of the lines are a matter of how the server divides them into lines.
    if heard.iter().any(|bytes| !lines.starts_with(bytes) && !bytes.starts_with(&lines)) {
        return error.depends_on("framing");
    }
    error
}

/// Whether the others do not get all lines of a member that sends as many at once, and stays.
fn loses_lines(chat: &mut ChatRun, count: usize) -> bool {
    let _ = chat.run.server.wait_asleep();
    if chat.members.len() < 2 || chat.run.server.exit().is_some() {
        return false;
    }
    for member in &mut chat.members {
        member.heard = member.client.connection.received().len();
    }
    let lines: Vec<_> = (0..count).map(|_| chat.line(LINE)).collect();
    chat.send_silently(0, &lines.concat());
    let said = lines.iter().map(|line| said(chat.members[0].fd, line));
    chat.expect_all(&Transcript::in_order(said), &[0]).is_err()
}

/// Where `part` begins in `bytes`.
fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Whether the server still has an edge-triggered entry for the member.
fn is_edge_triggered(chat: &ChatRun, member: &Member) -> bool {
    let entries = chat.run.server.epoll_entries().ok().flatten().unwrap_or_default();
    let inode = member.client.connection.inode();
    entries.iter().any(|entry| Some(entry.inode) == inode && entry.has(libc::EPOLLET))
}

//! A member reads nothing until it is behind.

use super::{SPEAKER, bytes_behind, delayed, expect_asleep, speak};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};
use witness::{ServerClose, State};

/// The number of bytes that the speaker sends at a time when the member is nearly far enough behind.
const PIECE: usize = 4 << 10;
/// The number of bytes by which the member is behind at least, beyond what the kernels hold. With one
/// more piece, and with the few KiB that the member's kernel may have and not have acknowledged yet,
/// this is less than 64 KiB.
const BEHIND: u64 = 48 << 10;
/// Below this number of bytes, the speaker sends larger pieces.
const HALF_BEHIND: u64 = BEHIND / 2;
/// The number of bytes after which the kernel must be full.
const MAX_SENT: usize = 1 << 20;
/// The number of bytes that the slow member reads at a time.
const READ: usize = 4 << 10;
/// How often the kernels may take more bytes after an acknowledgement.
const MAX_ACKNOWLEDGED: usize = 10;

/// The speaker sends lines of about `length` bytes until the kernel stores no more of them for the slow
/// member, and [`BEHIND`] bytes after that. All others must receive each line.
pub(super) fn fall_behind(
    chat: &mut ChatRun,
    slow: usize,
    length: usize,
) -> Result<(), CheckError> {
    fall_behind_by(chat, slow, length, BEHIND)
}

/// As [`fall_behind_by`]. Afterwards the kernels take no more bytes until the member reads.
pub(super) fn stay_behind(
    chat: &mut ChatRun,
    slow: usize,
    length: usize,
    enough: u64,
) -> Result<(), CheckError> {
    for _ in 0..MAX_ACKNOWLEDGED {
        fall_behind_by(chat, slow, length, enough)?;
        chat.members[slow].client.connection.acknowledge();
        let _ = chat.run.server.wait_asleep();
        if bytes_behind(chat, slow)? >= enough {
            break;
        }
    }
    Ok(())
}

/// As [`fall_behind`], until the member is behind by `enough` bytes. [`BEHIND`] is the maximum.
pub(super) fn fall_behind_by(
    chat: &mut ChatRun,
    slow: usize,
    length: usize,
    enough: u64,
) -> Result<(), CheckError> {
    if bytes_behind(chat, slow)? >= enough {
        return Ok(());
    }
    let name = chat.members[slow].client.name.clone();
    let name = name.as_str();
    let speaker = chat.members[SPEAKER].client.name.clone();
    let what = format!("{speaker} sent lines, and {name} read nothing");
    let step = chat.run.step_count();
    chat.run.step(what.clone());
    let mut sent = 0;
    loop {
        let piece = match bytes_behind(chat, slow)? {
            behind if behind >= enough => break,
            0 => 4 * PIECE,
            1..HALF_BEHIND => 2 * PIECE,
            _ => PIECE,
        };
        if sent > MAX_SENT {
            let what = "what the server does when the kernel stores no more for a member";
            return Err(CheckError::Inconclusive(format!("{what}: it stores {} KiB", sent >> 10)));
        }
        let lines = speak(chat, piece, length);
        let fd = chat.members[SPEAKER].fd;
        let said: Vec<_> = lines.iter().map(|line| said(fd, line)).collect();
        sent += said.iter().map(Vec::len).sum::<usize>();
        let heard = chat.expect_all(&Transcript::in_order(said), &[SPEAKER]);
        if let Err(error) = heard {
            // If the slow member was dropped, the others were told so. The error has recorded how the
            // server is now, and so would the failure of a dropped member.
            chat.run.merge_steps(step, what);
            expect_kept(chat, slow, "does not read")?;
            return Err(delayed(chat, name, error));
        }
        expect_asleep(chat, name, "does not read")?;
        expect_kept(chat, slow, "does not read")?;
    }
    let text = format!("{speaker} sent {} KiB of lines, and {name} read nothing", sent >> 10);
    chat.run.rewrite_step(text);
    Ok(())
}

/// The member reads, a few bytes at a time, until nothing is pending for it in the server. The bytes in
/// the kernel remain. Returns whether this is so.
pub(super) fn read_pending(chat: &mut ChatRun, slow: usize) -> Result<bool, CheckError> {
    let connection = chat.members[slow].client.connection.clone();
    // A server that never sends what is pending fails later, when the member has read everything.
    while bytes_behind(chat, slow)? > 0 && connection.read_some(READ) > 0 {
        let _ = chat.run.server.wait_asleep();
    }
    Ok(bytes_behind(chat, slow)? == 0)
}

/// The slow member must be connected. Reads no bytes of the member.
pub(super) fn expect_kept(chat: &mut ChatRun, slow: usize, state: &str) -> Result<(), CheckError> {
    let connection = chat.members[slow].client.connection.clone();
    let socket = chat.run.server.connection(&connection)?;
    if socket.is_some_and(|it| it.state == State::Established && it.inode != 0) {
        return Ok(());
    }
    Err(dropped(chat, slow, state))
}

/// The failure of a server that drops a member which is behind by less than 64 KiB.
pub(super) fn dropped(chat: &mut ChatRun, slow: usize, state: &str) -> CheckError {
    let _ = chat.run.check_alive();
    let member = chat.members[slow].clone();
    let name = &member.client.name;
    let end = match member.client.connection.ended() {
        Some(ServerClose::Reset) => "reset",
        _ => "closed",
    };
    let observed = format!("the connection was {end}; {}", chat.run.logged_text());
    chat.run.fail_now(Failure {
        id: "slow-reader-dropped",
        mistake: Some("slow-reader-dropped"),
        summary: format!(
            "{name} {state}, is behind by less than 64 KiB, and the server {end} its connection."
        ),
        expected: format!("{name} stays connected, and gets every line when it reads"),
        observed,
    })
}

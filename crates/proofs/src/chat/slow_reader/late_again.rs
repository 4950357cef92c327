//! A member that is behind several times, and leaves while it is behind.

use super::falling_behind::fall_behind;
use super::{SPEAKER, bytes_behind, join_slow};
use crate::chat::chat_run::hearing::quoted;
use crate::chat::chat_run::{ChatRun, disconnected};
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};

/// How often the member is behind again. More bytes are then pending, one after the other, than the
/// limit that the lesson's text gives as an example.
const ROUNDS: usize = 5;
/// The length of the speaker's lines.
const LINE: usize = 4 << 10;
/// The number of bytes that the slow member reads at a time.
const READ: usize = 4 << 10;
/// The number of bytes at the end of the pending output that a new member must not get.
const TAIL: usize = 24;

/// The member with the index `slow`, which is behind, reads until nothing is pending in the server. It
/// is behind again after that, several times. It is kept: what was pending once, and was sent, costs
/// nothing any more. Returns whether the server has sent what was pending each time.
pub(super) fn check(chat: &mut ChatRun, slow: usize) -> Result<bool, CheckError> {
    let name = chat.members[slow].client.name.clone();
    let (mut is_flushed, step) = (true, chat.run.step_count());
    for round in 1..=ROUNDS {
        is_flushed &= read_pending(chat, slow)?;
        let late = fall_behind(chat, slow, LINE);
        late.map_err(|error| with_count(&name, round + 1, error))?;
    }
    // A member that has got nothing more is still behind, and no step was added.
    if chat.run.step_count() > step {
        let text = format!("{name} read a part and was behind again, {ROUNDS} times");
        chat.run.merge_steps(step, text.clone());
        chat.run.rewrite_step(text);
    }
    Ok(is_flushed)
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

/// The failure of a server that has kept the member until now, and closes it although no more is
/// pending than before.
fn with_count(name: &str, times: usize, error: CheckError) -> CheckError {
    let is_dropped =
        matches!(&error, CheckError::Failed(cause) if cause.id == "slow-reader-dropped");
    if !is_dropped {
        return error;
    }
    let summary = format!(
        "{name} was behind {times} times, by less than 64 KiB each time, and read what was pending \
         before the next time. The server closed its connection."
    );
    error.with_row("counts-sent-output", summary)
}

/// The member leaves while output is pending for it, and the next client comes, who may get its slot
/// and its number. The next client must get nothing of this output.
pub(super) fn leave_behind(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() == chat.run.capacity {
        return Ok(());
    }
    let slow = join_slow(chat)?;
    let name = chat.members[slow].client.name.clone();
    fall_behind(chat, slow, LINE)?;
    let left = chat.members.remove(slow);
    chat.run.step(format!("{name} reset its connection (RST)"));
    left.client.connection.reset();
    chat.expect_all(&Transcript::in_order([disconnected(left.fd)]), &[])?;

    let pending = left.owed.concat();
    let tail = &pending[pending.len() - TAIL..];
    let next = chat.join().map_err(|error| error.depends_on("join-leave"))?;
    expect_not_inherited(chat, next, &name, tail)?;
    let line = chat.short_line();
    let heard = chat.say(SPEAKER, &line);
    expect_not_inherited(chat, next, &name, tail)?;
    heard
}

/// The member with the index `next` must not have got the bytes `tail`, which were pending for the
/// member `left`.
fn expect_not_inherited(
    chat: &mut ChatRun,
    next: usize,
    left: &str,
    tail: &[u8],
) -> Result<(), CheckError> {
    let client = chat.members[next].client.clone();
    let received = client.connection.received();
    if !received.windows(TAIL).any(|bytes| bytes == tail) {
        return Ok(());
    }
    let name = &client.name;
    Err(chat.run.fail_now(Failure {
        id: "output-inherited",
        mistake: Some("output-inherited"),
        summary: format!(
            "{name} has just come, and was sent the output that was pending for {left}."
        ),
        expected: format!("{name} gets nothing that was said before it came"),
        observed: format!("{name} got {}", quoted(&received)),
    }))
}

//! A member that is behind several times, and leaves while it is behind.

use super::falling_behind::{fall_behind, read_pending};
use super::{SPEAKER, join_slow, little_at_a_time};
use crate::chat::chat_run::hearing::quoted;
use crate::chat::chat_run::{ChatRun, disconnected};
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};

/// How often the member is behind again. More bytes are then pending, one after the other, than the
/// limit that the lesson's text gives as an example.
const ROUNDS: usize = 5;
/// The length of the speaker's lines.
const LINE: usize = 4 << 10;
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
        late.map_err(|error| with_count(chat, slow, round + 1, error))?;
    }
    // A member that has got nothing more is still behind, and no step was added.
    if chat.run.step_count() > step {
        let text = format!("{name} read a part and was behind again, {ROUNDS} times");
        chat.run.merge_steps(step, text.clone());
        chat.run.rewrite_step(text);
    }
    Ok(is_flushed)
}

/// The failure of a server that has kept the member until now, and closes it although no more is
/// pending than before. The server may count what it has sent, or the limit may be a little less than
/// 64 KiB, so that another member shows which of the two is so.
fn with_count(chat: &mut ChatRun, slow: usize, times: usize, mut error: CheckError) -> CheckError {
    let CheckError::Failed(cause) = &mut error else { return error };
    if cause.id != "slow-reader-dropped" || cause.exit.is_some() {
        return error;
    }
    cause.mistake = None;
    cause.summary = format!(
        "{} was behind {times} times, by less than 64 KiB each time, and read what was pending before the \
         next time. The server closed its connection.",
        chat.members[slow].client.name
    );
    match little_at_a_time::is_dropped(chat, slow) {
        true => error.with_mistake("counts-sent-output"),
        false => error,
    }
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

//! Cuts a server's writes short, as Ctrl-Z and fg do: a write that has sent a part of its bytes when
//! a signal stops the server returns the length of this part (signal(7), "Interruption of system
//! calls and library functions by stop signals").

use witness::{Call, WaitError};

/// The maximum number of interruptions. The kernel restarts a write that has not sent any bytes
/// yet, so the first interruption may have no effect (signal(7)).
const MAX_INTERRUPTS: usize = 32;
/// So many short writes in a row show whether the server writes the rest of a rest, too.
const ENOUGH_RESTS: usize = 2;
/// The kernel sends the rest of a shorter message at once, so that no interruption can cut it again.
const LONG: u64 = 32 << 10;
/// The number of bytes that the client reads before every other interruption. The server's next
/// write can then send about as many.
pub(crate) const READ_BETWEEN: usize = 2900;

/// Whether one of these calls writes.
pub(crate) fn is_in_write(calls: &[Call]) -> bool {
    writes(calls).next().is_some()
}

/// Interrupts the server's write until the server has sent the rest after a short write, and, if its
/// messages are long, until a write of the rest was short, too. `calls` are those in which the
/// server sleeps now.
///
/// `interrupt` lets the client read [`READ_BETWEEN`] bytes if its argument is true, interrupts the
/// server, and returns the calls in which the server sleeps afterwards. A write that has not sent
/// any bytes begins again, and sends as many as the client has read; the next interruption cuts it.
///
/// # Errors
/// Those of `interrupt`.
pub(crate) fn cut_writes(
    mut calls: Vec<Call>,
    mut interrupt: impl FnMut(bool) -> Result<Vec<Call>, WaitError>,
) -> Result<(), WaitError> {
    let (mut rests, mut is_long) = (0, false);
    for round in 0..MAX_INTERRUPTS {
        let before = calls;
        if !is_in_write(&before) {
            return Ok(());
        }
        calls = interrupt(round % 2 == 1)?;
        is_long |= writes(&before).chain(writes(&calls)).any(|it| it.arguments[2] >= LONG);
        if sends_the_rest(&before, &calls) {
            rests += 1;
        } else if !is_same_write(&before, &calls) {
            // The server has sent all of the bytes that were cut, and sends others now.
            if rests > 0 && !is_long {
                return Ok(());
            }
            rests = 0;
        }
        if rests == ENOUGH_RESTS {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a thread sleeps in the same write as before.
fn is_same_write(before: &[Call], after: &[Call]) -> bool {
    writes(before).zip(writes(after)).any(|(before, after)| before == after)
}

/// Whether a thread was in a write of bytes of which it now writes the rest. The rest may have been
/// copied to another place, as Java does.
fn sends_the_rest(before: &[Call], after: &[Call]) -> bool {
    writes(before).zip(writes(after)).any(|(before, after)| {
        let [fd, start, length, ..] = before.arguments;
        let [rest_fd, rest_start, rest_length, ..] = after.arguments;
        let is_end = start < rest_start && rest_start + rest_length == start + length;
        let is_copy = start == rest_start && rest_length < length;
        fd == rest_fd && (is_end || is_copy)
    })
}

fn writes(calls: &[Call]) -> impl Iterator<Item = &Call> {
    const WRITES: [&str; 6] = ["write", "writev", "sendto", "sendmsg", "sendfile", "splice"];
    calls.iter().filter(|call| WRITES.contains(&call.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(start: u64, length: u64) -> Call {
        Call { number: libc::SYS_write, arguments: [4, start, length, 0, 0, 0] }
    }

    /// The number of interruptions of a server that sleeps in these calls, one after the other.
    fn interrupts(calls: &[Call]) -> usize {
        let mut rest = calls.iter();
        let first = rest.next().copied().into_iter().collect();
        let mut count = 0;
        let next = |_| {
            count += 1;
            Ok(rest.next().copied().into_iter().collect())
        };
        cut_writes(first, next).unwrap();
        count
    }

    #[test]
    fn a_write_is_interrupted_until_its_rest_was_interrupted_too() {
        let rest = [write(40, 60), write(40, 60), write(70, 30), write(90, 10)];
        assert_eq!(interrupts(&[&[write(0, 100); 2], &rest[..]].concat()), 4);
        // A rest was sent whole: the next message is cut, if it is long.
        let whole = |long| [(0, long), (9, long - 9), (0, long), (9, long - 9), (20, long - 20)];
        assert_eq!(interrupts(&whole(100).map(|(start, length)| write(start, length))), 2);
        assert_eq!(interrupts(&whole(LONG).map(|(start, length)| write(start, length))), 4);
        assert_eq!(interrupts(&[write(0, 100)]), 1);
        assert_eq!(interrupts(&vec![write(0, 100); 40]), MAX_INTERRUPTS);
    }
}

//! Cuts a server's writes short, as Ctrl-Z and fg do: a write that has sent a part of its bytes when
//! a signal stops the server returns the length of this part (signal(7), "Interruption of system
//! calls and library functions by stop signals").

use witness::{Call, WaitError};

/// The maximum number of interruptions. The kernel restarts a write that has not sent any bytes
/// yet, so the first interruption may have no effect (signal(7)).
const MAX_INTERRUPTS: usize = 16;
/// So many short writes of the same bytes show whether the server adds their lengths.
const ENOUGH_RESTS: usize = 2;

/// Whether one of these calls writes.
pub(crate) fn is_in_write(calls: &[Call]) -> bool {
    writes(calls).next().is_some()
}

/// Interrupts the server's write until the server has sent the rest after a short write, and has
/// been interrupted in the rest, too. `calls` are those in which the server sleeps now.
///
/// `interrupt` lets the client read some bytes if its argument is true, interrupts the server,
/// and returns the calls in which the server sleeps afterwards.
///
/// # Errors
/// Those of `interrupt`.
pub(crate) fn cut_writes(
    mut calls: Vec<Call>,
    mut interrupt: impl FnMut(bool) -> Result<Vec<Call>, WaitError>,
) -> Result<(), WaitError> {
    let mut rests = 0;
    for round in 0..MAX_INTERRUPTS {
        let before = calls;
        if !is_in_write(&before) {
            return Ok(());
        }
        calls = interrupt(round > 0)?;
        match sends_the_rest(&before, &calls) {
            true => rests += 1,
            // The server has sent all of the bytes that were cut, and sends others now.
            false if rests > 0 => return Ok(()),
            false => {}
        }
        if rests == ENOUGH_RESTS {
            return Ok(());
        }
    }
    Ok(())
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
        let all = [write(0, 100), write(0, 100), write(40, 60), write(70, 30), write(90, 10)];
        assert_eq!(interrupts(&all), 3);
        assert_eq!(interrupts(&[write(0, 100), write(0, 60), write(0, 100), write(0, 9)]), 2);
        assert_eq!(interrupts(&[write(0, 100)]), 1);
        assert_eq!(interrupts(&vec![write(0, 100); 40]), MAX_INTERRUPTS);
    }
}

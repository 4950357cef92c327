//! A client for which the kernel has no room, to the byte.

use super::reads_late::{expect_connected, expect_got_all, lines};
use super::{connect_slow, expect_asleep, free_slot};
use crate::check_error::CheckError;
use crate::test_run::TestRun;
use fastrand::Rng;

/// The bytes that the client sends when there is no more room.
const NEXT: &[u8] = b"x\n";

/// The client reads nothing until the kernel has taken `room` bytes for it, which is all that it takes.
/// The server has written every byte then, and no write was short. Its next write fails with EAGAIN
/// (send(2)), and this is no reason to remove the client or to lose the bytes. Kernels that take
/// another number of bytes prove nothing.
pub(super) fn check(run: &mut TestRun, random: &mut Rng, room: usize) -> Result<(), CheckError> {
    let late = connect_slow(run)?;
    run.step(format!("{} sent {room} bytes of lines, and read nothing", late.name));
    let mut sent = Vec::new();
    while sent.len() < room {
        let mut piece = lines(random);
        piece.truncate(room - sent.len());
        let count = late.connection.send(&piece).unwrap_or(0);
        sent.extend_from_slice(&piece[..count]);
        expect_asleep(run, &late.name)?;
        let socket = expect_connected(run, &late)?;
        if count < piece.len() || socket.written() < sent.len() as u64 {
            break;
        }
    }
    for byte in NEXT {
        sent.extend(late.connection.send(&[*byte]).ok().map(|_| *byte));
        expect_asleep(run, &late.name)?;
        expect_connected(run, &late)?;
    }
    run.step(format!("{} sent {} bytes more, and then read everything", late.name, NEXT.len()));
    expect_got_all(run, &late, &sent)?;
    free_slot(run, &late);
    Ok(())
}

//! The child's part: one client, from its first byte to its end of file.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::{Received, receive};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Bytes read at a time.
const BUFFER: usize = 4096;

/// Sends back what the client sends, its letters in the other case, until it sends no more.
///
/// Every call blocks, and may: there is nobody else whom this process could keep waiting.
///
/// # Errors
/// Those of read(2) and send(2): the connection is of no use any more.
pub fn converse(client: OwnedFd) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        let received = receive(&client, &mut buffer);
        // <task 3: answer what came, and return when the client will send no more>
        match received {
            Received::Bytes(count) => {
                flip(&mut buffer[..count]);
                send_all(&client, &buffer[..count])?;
            }
            Received::WouldBlock | Received::Interrupted => {}
            Received::Eof | Received::Lost => return Ok(()),
            Received::Failed(error) => return Err(error),
        }
        // </task>
    }
}

/// Turns small ASCII letters into capitals and capitals into small ones, and nothing else.
fn flip(bytes: &mut [u8]) {
    // <task 3: change the case of each letter>
    for byte in bytes.iter_mut().filter(|byte| byte.is_ascii_alphabetic()) {
        *byte ^= 0x20; // all that 'A' (0x41) and 'a' (0x61) differ in (ascii(7))
    }
    // </task>
}

/// Sends all of `bytes`. Waits while the client does not read.
fn send_all(client: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    // <task 3: send until nothing is left, whatever each call takes>
    let mut rest = bytes;
    while !rest.is_empty() {
        // MSG_NOSIGNAL: a peer that is gone answers EPIPE, not the signal SIGPIPE (send(2)).
        match send(client.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
    // </task>
}

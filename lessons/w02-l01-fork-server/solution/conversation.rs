//! The child's part: the conversation with one client, until the client's end of file.

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::{Received, receive};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The maximum number of bytes that one read returns.
const BUFFER_SIZE: usize = 4096;

/// Sends back every byte that the client sends, with the case of letters changed, until end of
/// file.
///
/// The calls may block, because this process serves no other client.
///
/// # Errors
/// The errors of read(2) and send(2) that end the connection.
pub fn converse(client: OwnedFd) -> io::Result<()> {
    let mut buffer = [0; BUFFER_SIZE];
    loop {
        let received = receive(&client, &mut buffer);
        // <task 3: answer the bytes, and return when the client will send no more>
        match received {
            Received::Bytes(count) => {
                flip(&mut buffer[..count]);
                send_all(&client, &buffer[..count])?;
            }
            Received::WouldBlock | Received::Interrupted => {}
            // The child ends, and the kernel closes the last descriptor of the connection.
            Received::Eof | Received::Lost => return Ok(()),
            Received::Failed(error) => return Err(error),
        }
        // </task>
    }
}

/// Changes the case of every ASCII letter, and leaves all other bytes as they are.
fn flip(bytes: &mut [u8]) {
    // <task 3: change the case of each letter>
    for byte in bytes.iter_mut().filter(|byte| byte.is_ascii_alphabetic()) {
        *byte ^= 0x20; // the only bit in which 'A' (0x41) and 'a' (0x61) differ (ascii(7))
    }
    // </task>
}

/// Sends all of `bytes`. Waits while the kernel has no room for the bytes because the client does
/// not read.
fn send_all(client: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    // <task 3: send until nothing is left: one call may send only a part>
    let mut rest = bytes;
    while !rest.is_empty() {
        // MSG_NOSIGNAL: if the connection is lost, send fails with EPIPE and the process gets no
        // SIGPIPE (send(2)).
        match send(client.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
    // </task>
}

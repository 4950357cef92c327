//! The conversation with one client: what it says comes back, byte for byte.

use nix::errno::Errno;
use nix::unistd::write;
use sockhelpers::{Received, receive};
use std::io;
use std::os::fd::OwnedFd;

/// Bytes read at a time; a longer message takes several reads.
const BUFFER: usize = 16 * 1024;

/// Sends back what `client` sends, until it has no more to say.
///
/// # Errors
/// Those of read(2) and write(2) that end this connection, and concern no other.
pub fn echo(client: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    // <task 2: read until end of file, and send back each piece>
    loop {
        match receive(client, &mut buffer) {
            Received::Bytes(count) => send_all(client, &buffer[..count])?,
            Received::Eof => return Ok(()),
            nothing => read_again(nothing)?,
        }
    }
    // </task>
}

/// Writes all of `bytes`. A write that a signal cuts short has sent a part of them (write(2)).
fn send_all(client: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    // Rust programs start with SIGPIPE ignored: a client that is gone is the error EPIPE here.
    // <task 2: write until nothing is left>
    while !bytes.is_empty() {
        match write(client, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
    // </task>
}

/// After a read without bytes: whether there can be another.
///
/// # Errors
/// When the connection is lost.
fn read_again(nothing: Received) -> io::Result<()> {
    // <task 4: tell a signal from a connection that is lost>
    match nothing {
        Received::Lost => Err(io::ErrorKind::ConnectionReset.into()),
        Received::Failed(error) => Err(error),
        Received::Bytes(_) | Received::Eof | Received::WouldBlock | Received::Interrupted => Ok(()),
    }
    // </task>
}

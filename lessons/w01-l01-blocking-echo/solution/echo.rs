//! The conversation with one client: every byte that the client sends is sent back.

use nix::errno::Errno;
use nix::unistd::write;
use sockhelpers::{Received, receive};
use std::io;
use std::os::fd::OwnedFd;

/// The maximum number of bytes that one read returns. A longer message needs several reads.
const BUFFER_SIZE: usize = 16 * 1024;

/// Sends back every byte that `client` sends, until end of file.
///
/// # Errors
/// The errors of read(2) and write(2) that end this connection. No other connection is affected.
pub fn echo(client: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0; BUFFER_SIZE];
    // <task 2: read until end of file, and send back each piece>
    loop {
        match receive(client, &mut buffer) {
            Received::Bytes(count) => send_all(client, &buffer[..count])?,
            Received::Eof => return Ok(()),
            other => check_read(other)?,
        }
    }
    // </task>
}

/// Writes all of `bytes`. One call of write may write only a part of the bytes, for instance when a
/// signal interrupts the call (write(2)).
fn send_all(client: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    // Rust programs start with SIGPIPE ignored, so a write to a client that has left fails with
    // EPIPE and does not end the process.
    // <task 2: write until nothing is left>
    while !bytes.is_empty() {
        match write(client, bytes) {
            Ok(count) => bytes = &bytes[count..],
            // A signal came before any byte was written: write again.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
    // </task>
}

/// Handles the outcome of a read that returned no bytes. If the result is `Ok`, the caller reads
/// again.
///
/// # Errors
/// The connection is lost.
fn check_read(received: Received) -> io::Result<()> {
    // <task 4: read again after a signal, and return an error when the connection is lost>
    match received {
        Received::Lost => Err(io::ErrorKind::ConnectionReset.into()),
        Received::Failed(error) => Err(error),
        Received::Bytes(_) | Received::Eof | Received::WouldBlock | Received::Interrupted => Ok(()),
    }
    // </task>
}

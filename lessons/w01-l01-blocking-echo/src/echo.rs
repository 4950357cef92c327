//! The conversation with one client: every byte that the client sends is sent back.
#![allow(unused, reason = "tasks are still to do")]

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
    todo!("Task 2: read until end of file, and send back each piece")
}

/// Writes all of `bytes`. One call of write may write only a part of the bytes, for instance when a
/// signal interrupts the call (write(2)).
fn send_all(client: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    // Rust programs start with SIGPIPE ignored, so a write to a client that has left fails with
    // EPIPE and does not end the process.
    todo!("Task 2: write until nothing is left")
}

/// Handles the outcome of a read that returned no bytes. If the result is `Ok`, the caller reads
/// again.
///
/// # Errors
/// The connection is lost.
fn check_read(received: Received) -> io::Result<()> {
    todo!("Task 4: read again after a signal, and return an error when the connection is lost")
}

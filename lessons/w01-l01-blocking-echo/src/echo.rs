//! The conversation with one client: what it says comes back, byte for byte.
#![allow(unused, reason = "tasks are still to do")]

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
    todo!("Task 2: read until end of file, and send back each piece")
}

/// Writes all of `bytes`. A write that a signal cuts short has sent a part of them (write(2)).
fn send_all(client: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    // Rust programs start with SIGPIPE ignored: a client that is gone is the error EPIPE here.
    todo!("Task 2: write until nothing is left")
}

/// After a read without bytes: whether there can be another.
///
/// # Errors
/// When the connection is lost.
fn read_again(nothing: Received) -> io::Result<()> {
    todo!("Task 4: tell a signal from a connection that is lost")
}

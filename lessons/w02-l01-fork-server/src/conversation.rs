//! The child's part: one client, from its first byte to its end of file.
#![allow(unused, reason = "tasks are still to do")]

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
        todo!("Task 3: answer what came, and return when the client will send no more")
    }
}

/// Turns small ASCII letters into capitals and capitals into small ones, and nothing else.
fn flip(bytes: &mut [u8]) {
    todo!("Task 3: change the case of each letter")
}

/// Sends all of `bytes`. Waits while the client does not read.
fn send_all(client: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    todo!("Task 3: send until nothing is left, whatever each call takes")
}

//! The child's part: the conversation with one client, until the client's end of file.
#![allow(unused, reason = "tasks are still to do")]

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
        todo!("Task 3: answer the bytes, and return when the client will send no more")
    }
}

/// Changes the case of every ASCII letter, and leaves all other bytes as they are.
fn flip(bytes: &mut [u8]) {
    todo!("Task 3: change the case of each letter")
}

/// Sends all of `bytes`. Waits while the kernel has no room for the bytes because the client does
/// not read.
fn send_all(client: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    todo!("Task 3: send until nothing is left: one call may send only a part")
}

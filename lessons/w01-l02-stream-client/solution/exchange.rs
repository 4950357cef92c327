//! The conversation with the server: the line goes out, and as many bytes come back.

use crate::log;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use sockhelpers::{Received, receive};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The maximum number of bytes that one call receives. A longer answer needs several calls.
const BUFFER_SIZE: usize = 16 * 1024;

/// Sends `line` without its newline, receives as many bytes as were sent, and logs both. Sends
/// nothing if the line is empty.
///
/// # Errors
/// The errors of send(2) and read(2), and `UnexpectedEof` if the server ends the connection before
/// the whole answer has come.
pub fn exchange(socket: &OwnedFd, line: &[u8]) -> io::Result<()> {
    let text = without_newline(line);
    // <task 3: do nothing for an empty text, otherwise exchange the text and log it>
    if text.is_empty() {
        return Ok(());
    }
    let answer = send_and_receive(socket, text)?;
    log::received(&answer);
    Ok(())
    // </task>
}

/// The bytes of a line before its newline. The last line of a file may have no newline.
fn without_newline(line: &[u8]) -> &[u8] {
    // <task 3: leave out the newline, if there is one>
    line.strip_suffix(b"\n").unwrap_or(line)
    // </task>
}

/// Sends all of `text`, and receives as many bytes. Both happen at the same time: a server that
/// answers while it reads stops reading when nobody takes its answer.
fn send_and_receive(socket: &OwnedFd, text: &[u8]) -> io::Result<Vec<u8>> {
    let mut unsent = text;
    let mut answer: Vec<u8> = Vec::new();
    // <task 3: send and receive, until the whole answer is there>
    while answer.len() < text.len() {
        let ready = wait_ready(socket, !unsent.is_empty())?;
        if ready.contains(PollFlags::POLLOUT) && !unsent.is_empty() {
            unsent = send_some(socket, unsent)?;
            if unsent.is_empty() {
                log::sent(text);
            }
        }
        // An error or the end of the connection is reported as POLLERR or POLLHUP (poll(2)). The
        // call that receives returns the reason.
        if ready.intersects(PollFlags::POLLIN | PollFlags::POLLERR | PollFlags::POLLHUP) {
            receive_some(socket, &mut answer)?;
        }
    }
    Ok(answer)
    // </task>
}

/// Waits until the socket is readable, or writable if `has_unsent` is true. Returns what it is.
fn wait_ready(socket: &OwnedFd, has_unsent: bool) -> io::Result<PollFlags> {
    let mut wanted = PollFlags::POLLIN;
    wanted.set(PollFlags::POLLOUT, has_unsent);
    let mut entry = [PollFd::new(socket.as_fd(), wanted)];
    match poll(&mut entry, PollTimeout::NONE) {
        // A signal came before the socket was ready: the caller waits again.
        Err(Errno::EINTR) => Ok(PollFlags::empty()),
        result => {
            result?;
            Ok(entry[0].revents().unwrap_or(PollFlags::empty()))
        }
    }
}

/// Sends as many bytes as the kernel takes now, and returns the rest.
fn send_some<'a>(socket: &OwnedFd, unsent: &'a [u8]) -> io::Result<&'a [u8]> {
    // MSG_DONTWAIT: the call does not block when the kernel's buffer is full, and sends a part.
    // MSG_NOSIGNAL: a connection that the server has ended gives EPIPE in place of SIGPIPE (send(2)).
    // <task 3: send a part of the bytes, and return the bytes that are left>
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    match send(socket.as_raw_fd(), unsent, flags) {
        Ok(count) => Ok(&unsent[count..]),
        Err(Errno::EINTR | Errno::EAGAIN) => Ok(unsent),
        Err(reason) => Err(reason.into()),
    }
    // </task>
}

/// Receives the bytes that have come, and appends them to `answer`.
///
/// # Errors
/// As for [`byte_count`].
fn receive_some(socket: &OwnedFd, answer: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; BUFFER_SIZE];
    let count = byte_count(receive(socket, &mut buffer), answer.len())?;
    answer.extend_from_slice(&buffer[..count]);
    Ok(())
}

/// The number of bytes that have come; 0 if none have come yet. `before` is the number of bytes of
/// the answer that came before.
///
/// # Errors
/// `UnexpectedEof` if the server has closed the connection; otherwise the error of read(2).
fn byte_count(received: Received, before: usize) -> io::Result<usize> {
    // <task 3: return an error when nothing more will come>
    match received {
        Received::Bytes(count) => Ok(count),
        Received::WouldBlock | Received::Interrupted => Ok(0),
        Received::Eof => Err(closed_after(before)),
        Received::Lost => Err(io::ErrorKind::ConnectionReset.into()),
        Received::Failed(error) => Err(error),
    }
    // </task>
}

/// The error of a server that has closed the connection after `count` bytes of its answer.
fn closed_after(count: usize) -> io::Error {
    let text = format!("the server closed the connection after {count} bytes of its answer");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

//! The lines that the room writes to its members. Each ends with a newline, and has no NUL byte
//! unless a member has sent one. `fd` is the descriptor of the member that the line is about.

use std::os::fd::RawFd;

/// A member has come.
pub fn joined(fd: RawFd) -> Vec<u8> {
    // <task 2: say who has come>
    format!("user {fd} joined the chat room\n").into_bytes()
    // </task>
}

/// A member has left.
pub fn disconnected(fd: RawFd) -> Vec<u8> {
    // <task 2: say who has left>
    format!("user {fd} disconnected\n").into_bytes()
    // </task>
}

/// A member has sent `line`, which ends with a newline. The line may contain any bytes.
pub fn said(fd: RawFd, line: &[u8]) -> Vec<u8> {
    // <task 3: put the member's name before its line>
    let mut message = format!("user {fd}: ").into_bytes();
    message.extend_from_slice(line);
    message
    // </task>
}

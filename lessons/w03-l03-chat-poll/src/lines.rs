//! Cuts the bytes that a member sends into lines. TCP transports bytes: one read may return a part
//! of a line, or several lines and a part of the next one.
#![allow(unused, reason = "tasks are still to do")]

/// The maximum length of a line in bytes, with its newline.
pub const MAX_LINE: usize = 64 << 10;

/// A member has sent [`MAX_LINE`] bytes, and none of them is a newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

/// The bytes of a member that were read, and not yet taken as lines.
#[derive(Debug, Default)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    /// The position at which the next line begins. The bytes before were taken.
    start: usize,
    /// The position of the first byte that was not yet searched for a newline.
    searched: usize,
}

impl LineBuffer {
    /// Appends bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        todo!("Task 3: forget the lines that were taken, and append the bytes")
    }

    /// Takes the next line, with its newline. `None` if its newline has not come yet.
    ///
    /// # Errors
    /// [`LineTooLong`] if the line is longer than [`MAX_LINE`].
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        todo!("Task 3: take the bytes up to the next newline; refuse a line that is too long")
    }
}

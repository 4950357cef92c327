//! Cuts the bytes that a member sends into lines. TCP transports bytes: one read may return a part
//! of a line, or several lines and a part of the next one.

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
        // <task 3: forget the lines that were taken, and append the bytes>
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
        // </task>
    }

    /// Takes the next line, with its newline. `None` if its newline has not come yet.
    ///
    /// # Errors
    /// [`LineTooLong`] if the line is longer than [`MAX_LINE`].
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        // <task 3: take the bytes up to the next newline; refuse a line that is too long>
        let newline = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n');
        // No byte is searched twice, so a long line that comes in pieces costs no extra time.
        self.searched = newline.map_or(self.bytes.len(), |at| self.searched + at + 1);
        let length = self.searched - self.start;
        if length > MAX_LINE || (newline.is_none() && length == MAX_LINE) {
            return Err(LineTooLong);
        }
        if newline.is_none() {
            return Ok(None);
        }
        let line = self.bytes[self.start..self.searched].to_vec();
        self.start = self.searched;
        Ok(Some(line))
        // </task>
    }
}

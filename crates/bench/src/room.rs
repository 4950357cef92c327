//! A chat room under measurement: one member speaks, and all others listen.

use crate::load::{RunLength, connect};
use crate::report::Figures;
use crate::server::Server;
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// The number of bytes in a member's line, with its newline.
const LINE: usize = 64;

/// The line after which every member has received all that came before.
const MARK: &[u8] = b"everybody is here\n";

/// The end of the line that tells of a new member.
const JOINED: &[u8] = b" joined the chat room\n";

/// A room and its members.
#[derive(Debug)]
pub(crate) struct Room {
    server: Server,
    /// The first member is the speaker.
    members: Vec<TcpStream>,
}

impl Room {
    /// A room without members.
    pub(crate) fn new(server: Server) -> Self {
        Self { server, members: Vec::new() }
    }

    /// Members come until there are `count`. The speaker waits for the line about each of them, so
    /// the server's backlog never overflows. At the end, each member has read all that it was sent.
    ///
    /// # Errors
    /// The errors of connect(2), or the room does not tell its members of each other.
    pub(crate) fn fill_up_to(&mut self, count: usize) -> Result<()> {
        while self.members.len() < count {
            let number = self.members.len() + 1;
            let member = connect(self.server.port())?;
            if let Some(speaker) = self.members.first_mut() {
                read_until(speaker, JOINED)
                    .with_context(|| format!("nobody was told of member {number} of {count}"))?;
            }
            self.members.push(member);
        }
        let (speaker, listeners) = self.speaker_and_listeners()?;
        speaker.write_all(MARK)?;
        for (number, listener) in (2..).zip(listeners) {
            read_until(listener, MARK)
                .with_context(|| format!("member {number} did not get the speaker's line"))?;
        }
        Ok(())
    }

    /// The speaker says one line after another, and each line reaches all others before the next.
    /// Returns the delivered lines a second, and the server's CPU time for a delivered line.
    ///
    /// # Errors
    /// A member does not get a line, or gets another line.
    pub(crate) fn speak(&mut self, length: RunLength) -> Result<Figures> {
        let before = self.server.cpu()?;
        let start = Instant::now();
        let mut delivered = 0;
        let mut line = vec![b'x'; LINE];
        line[LINE - 1] = b'\n';
        let (speaker, listeners) = self.speaker_and_listeners()?;
        while delivered < length.requests && start.elapsed() < length.max_time {
            speaker.write_all(&line)?;
            for listener in listeners.iter_mut() {
                read_until(listener, &line)?;
            }
            delivered += listeners.len() as u64;
        }
        let elapsed = start.elapsed();
        let cpu = self.server.cpu()? - before;
        Ok(Figures {
            per_second: Some(delivered as f64 / elapsed.as_secs_f64()),
            cpu_ns: Some(cpu.as_nanos() as f64 / delivered as f64),
            ..Figures::default()
        })
    }

    fn speaker_and_listeners(&mut self) -> Result<(&mut TcpStream, &mut [TcpStream])> {
        self.members.split_first_mut().context("the room has no member")
    }
}

/// Reads until the received bytes end with `end`.
fn read_until(member: &mut impl Read, end: &[u8]) -> Result<()> {
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    while !received.ends_with(end) {
        let count = member.read(&mut buffer).context("the room sent nothing more")?;
        ensure!(count > 0, "the room closed a member's connection");
        received.extend_from_slice(&buffer[..count]);
        // Only the end is compared.
        let surplus = received.len().saturating_sub(end.len());
        received.drain(..surplus);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_come_in_pieces_and_behind_others() {
        let mut pieces = (&b"user 5 joi"[..]).chain(&b"ned the chat room\nuser 4: he"[..]);
        let error = read_until(&mut pieces, b"hey\n").unwrap_err();
        assert!(error.to_string().contains("closed"), "{error}");
        let mut pieces = (&b"user 5 joi"[..]).chain(&b"ned the chat room\n"[..]);
        read_until(&mut pieces, JOINED).unwrap();
    }
}

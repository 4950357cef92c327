//! A room with its members: a test run in which every member's received bytes are compared with the
//! lines that the room must send.

pub(super) mod hearing;

use super::transcript::Transcript;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use fastrand::Rng;
use std::io;
use witness::{Client, FaultInjector, Server};

/// A client that is in the room.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) client: NamedClient,
    /// The member's descriptor in the server, as the kernel has it.
    pub(super) fd: i32,
    /// The number of received bytes that were compared.
    pub(super) heard: usize,
    /// Whether the client reads. What a client that does not read must receive is in `owed`.
    pub(super) reads: bool,
    pub(super) owed: Vec<Vec<u8>>,
}

/// A room, and the members that are in it.
pub(super) struct ChatRun {
    pub(super) run: TestRun,
    pub(super) members: Vec<Member>,
    pub(super) random: Rng,
    /// The row that explains an end of the server now, because of what a client has just done.
    pub(super) row_of_end: Option<&'static str>,
}

impl ChatRun {
    /// Starts a server for the criterion with this id.
    pub(super) fn start(context: &CheckContext<'_>, criterion: &str) -> Result<Self, CheckError> {
        Self::start_with_capacity(context, criterion, context.lesson.capacity)
    }

    /// Starts a server for the criterion with this id. The server has `capacity` slots if it reads
    /// MAX_CLIENTS.
    pub(super) fn start_with_capacity(
        context: &CheckContext<'_>,
        criterion: &str,
        capacity: usize,
    ) -> Result<Self, CheckError> {
        let random = context.random(criterion);
        let run = context.start_with(capacity, FaultInjector::default())?;
        Ok(Self { run, members: Vec::new(), random, row_of_end: None })
    }

    /// Starts a server, and connects `count` members, or as many as the server has slots for. If a
    /// member cannot join, the result depends on the criterion `join-leave`.
    pub(super) fn start_with_members(
        context: &CheckContext<'_>,
        criterion: &str,
        count: usize,
    ) -> Result<Self, CheckError> {
        let mut chat = Self::start(context, criterion)?;
        chat.fill_up(count)?;
        Ok(chat)
    }

    /// Connects a client. All members must be told that it has come. Returns the index of the new
    /// member.
    pub(super) fn join(&mut self) -> Result<usize, CheckError> {
        self.join_with(Server::connect)
    }

    /// Clients come until there are `count` members, or no slot is free.
    pub(super) fn fill_up(&mut self, count: usize) -> Result<(), CheckError> {
        while self.members.len() < self.run.capacity.min(count) {
            self.join().map_err(|error| error.depends_on("join-leave"))?;
        }
        Ok(())
    }

    /// Connects a client by calling `connect`, and goes on as [`join`](Self::join).
    pub(super) fn join_with(
        &mut self,
        connect: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<usize, CheckError> {
        let client = self.run.connect_with(connect)?;
        let connection = client.connection.clone();
        let accepted = self.run.server.wait_for(|now| now.descriptor_of(&connection));
        let fd = accepted.map_err(|wait_error| self.run.not_accepted(&client, wait_error))?;
        self.expect_all(&Transcript::in_order([joined(fd)]), &[])?;
        // A room may greet a new member. The greeting is complete when the room is idle.
        let _ = self.run.server.wait_asleep();
        let heard = client.connection.received().len();
        self.members.push(Member { client, fd, heard, reads: true, owed: Vec::new() });
        Ok(self.members.len() - 1)
    }

    /// The member with this index leaves, and all others must be told.
    pub(super) fn leave(&mut self, index: usize, departure: Departure) -> Result<(), CheckError> {
        // If bytes arrived after the client's close(2), they would cause a reset.
        let _ = self.run.server.wait_asleep();
        let left = self.members.remove(index);
        self.run.step(format!("{} {}", left.client.name, departure.text()));
        departure.apply(&left.client.connection);
        self.row_of_end = (departure == Departure::Reset).then_some("reset-ends-server");
        self.expect_all(&Transcript::in_order([disconnected(left.fd)]), &[])?;
        self.row_of_end = None;
        Ok(())
    }

    /// A member sends bytes.
    pub(super) fn send(&mut self, index: usize, bytes: &[u8]) {
        let name = self.members[index].client.name.clone();
        self.run.step(format!("{name} sent {}", hearing::quoted(bytes)));
        self.send_silently(index, bytes);
    }

    /// A member sends bytes, and no step is recorded. If the buffers of the connection are full and
    /// the server does not read, the rest is not sent, and no error is returned.
    pub(super) fn send_silently(&mut self, index: usize, bytes: &[u8]) {
        let connection = self.members[index].client.connection.clone();
        let mut sent = 0;
        // A server that does not read, or that has closed the connection, is noticed by what the
        // others receive.
        let _ = self.run.server.wait_for(|_| match connection.send(&bytes[sent..]) {
            Ok(count) => {
                sent += count;
                Ok((sent == bytes.len()).then_some(()))
            }
            Err(_) => Ok(Some(())),
        });
    }

    /// A member sends a line, and all others must receive it.
    pub(super) fn say(&mut self, index: usize, line: &[u8]) -> Result<(), CheckError> {
        self.say_rest(index, line, line)
    }

    /// A member sends the rest of a line, and all others must receive the whole line.
    pub(super) fn say_rest(
        &mut self,
        index: usize,
        rest: &[u8],
        line: &[u8],
    ) -> Result<(), CheckError> {
        self.send(index, rest);
        let fd = self.members[index].fd;
        self.expect_all(&Transcript::in_order([said(fd, line)]), &[index])
    }

    /// Every member that is not in `except` must receive these lines, and nothing else. A member
    /// that does not read must receive them later.
    pub(super) fn expect_all(
        &mut self,
        transcript: &Transcript,
        except: &[usize],
    ) -> Result<(), CheckError> {
        let mut wanted = Vec::new();
        for (index, member) in self.members.iter_mut().enumerate() {
            if except.contains(&index) {
                continue;
            } else if member.reads {
                wanted.push((index, transcript.clone()));
            } else {
                member.owed.extend(transcript.lines().cloned());
            }
        }
        self.expect(&wanted)
    }

    /// Each member, named by its index, must receive the lines of its transcript, and nothing else.
    pub(super) fn expect(&mut self, wanted: &[(usize, Transcript)]) -> Result<(), CheckError> {
        hearing::expect(self, wanted)
    }

    /// When the server is idle, no member in `indices` may have received more than what was
    /// compared.
    pub(super) fn expect_silence(&mut self, indices: &[usize]) -> Result<(), CheckError> {
        let _ = self.run.server.wait_asleep();
        let wanted: Vec<_> = indices.iter().map(|index| (*index, Transcript::default())).collect();
        self.expect(&wanted)
    }

    /// The indices of all members.
    pub(super) fn everybody(&self) -> Vec<usize> {
        (0..self.members.len()).collect()
    }

    /// A line of lower-case letters that no other line of this run is equal to. `length` is its
    /// length with the newline.
    pub(super) fn line(&mut self, length: usize) -> Vec<u8> {
        let mut line: Vec<u8> = (1..length).map(|_| self.random.lowercase() as u8).collect();
        line.push(b'\n');
        line
    }

    /// A line of 10 to 40 bytes, see [`line`](Self::line).
    pub(super) fn short_line(&mut self) -> Vec<u8> {
        let length = self.random.usize(10..=40);
        self.line(length)
    }
}

/// The line about a member that has come.
pub(super) fn joined(fd: i32) -> Vec<u8> {
    about(fd, b" joined the chat room\n")
}

/// The line about a member that has left.
pub(super) fn disconnected(fd: i32) -> Vec<u8> {
    about(fd, b" disconnected\n")
}

/// The line with what a member has said. `line` ends with a newline.
pub(super) fn said(fd: i32, line: &[u8]) -> Vec<u8> {
    about(fd, &[b": ", line].concat())
}

/// A line that begins with a member's name.
fn about(fd: i32, rest: &[u8]) -> Vec<u8> {
    [b"user ", fd.to_string().as_bytes(), rest].concat()
}

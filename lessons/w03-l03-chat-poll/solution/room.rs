//! The members of the room: their connections, which are in the tracker's table, and what the room
//! knows about each member besides.

use crate::lines::{LineBuffer, LineTooLong};
use poll_tracker::connection::{Connection, State};
use poll_tracker::table::Table;
use sockhelpers::Received;
use std::os::fd::{OwnedFd, RawFd};

/// What has become of the output for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The kernel has accepted all of it.
    Sent,
    /// Some of it is pending: the kernel has no room until the member reads.
    Pending,
    /// The connection is lost.
    Lost,
}

/// The room's record of a slot, beside the connection in the table.
#[derive(Debug, Default)]
struct Member {
    lines: LineBuffer,
    /// The number of bytes that were sent to the member, including those that are pending.
    queued: u64,
}

/// The members of the room. A member is named by its slot in the table.
#[derive(Debug)]
pub struct Room {
    table: Table,
    /// One record for each slot: `members[slot]` belongs to the connection in `slot`.
    members: Vec<Member>,
}

impl Room {
    /// Creates a room for `capacity` members.
    pub fn new(capacity: usize) -> Room {
        let members = (0..capacity).map(|_| Member::default()).collect();
        Room { table: Table::new(capacity), members }
    }

    /// Gives a client a slot in the room. The record of the slot's last member is forgotten.
    ///
    /// # Errors
    /// Returns the client if no slot is free.
    pub fn enter(&mut self, client: OwnedFd) -> Result<usize, OwnedFd> {
        // <task 2: give the client a slot, and begin its record>
        let slot = self.table.insert(client)?;
        self.members[slot] = Member::default();
        Ok(slot)
        // </task>
    }

    /// Closes a member's descriptor and frees its slot. Returns the number of the descriptor.
    pub fn leave(&mut self, slot: usize) -> Option<RawFd> {
        self.table.remove(slot)
    }

    /// The descriptor of a member, or `None` if the slot is free.
    pub fn fd(&self, slot: usize) -> Option<RawFd> {
        self.table.get(slot).map(Connection::raw_fd)
    }

    /// The slots of all members except the one in slot `but`.
    pub fn others(&self, but: usize) -> Vec<usize> {
        // <task 2: find the slots with a member, without this one>
        let slots = 0..self.table.capacity();
        slots.filter(|slot| *slot != but && self.table.get(*slot).is_some()).collect()
        // </task>
    }

    /// The number of members.
    pub fn active(&self) -> usize {
        self.table.active()
    }

    /// The number of slots.
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Reads once from a member, and keeps the bytes for [`Room::next_line`].
    pub fn receive(&mut self, slot: usize, buffer: &mut [u8]) -> Received {
        // A member that was removed while the events were handled has no connection any more.
        let Some(connection) = self.table.get_mut(slot) else { return Received::WouldBlock };
        let received = connection.receive(buffer);
        if let Received::Bytes(count) = received {
            self.members[slot].lines.push(&buffer[..count]);
        }
        received
    }

    /// Takes the next complete line of a member.
    ///
    /// # Errors
    /// [`LineTooLong`] if the member has sent a line that is too long.
    pub fn next_line(&mut self, slot: usize) -> Result<Option<Vec<u8>>, LineTooLong> {
        self.members[slot].lines.next_line()
    }

    /// Sends a message to a member, after the output that is pending. Never waits for the member.
    pub fn send(&mut self, slot: usize, message: &[u8]) -> Output {
        let Some(connection) = self.table.get_mut(slot) else { return Output::Lost };
        self.members[slot].queued += message.len() as u64;
        match connection.send(message) {
            Ok(()) => output_of(connection),
            Err(_) => Output::Lost,
        }
    }

    /// Sends as much of a member's pending output as the kernel has room for.
    pub fn flush(&mut self, slot: usize) -> Output {
        let Some(connection) = self.table.get_mut(slot) else { return Output::Lost };
        match connection.flush() {
            Ok(()) => output_of(connection),
            Err(_) => Output::Lost,
        }
    }

    /// The number of bytes that are pending for a member.
    pub fn pending(&self, slot: usize) -> u64 {
        // <task 4: compare what was sent with what the kernel has accepted>
        let accepted = self.table.get(slot).map_or(0, Connection::bytes_out);
        self.members[slot].queued - accepted
        // </task>
    }
}

fn output_of(connection: &Connection) -> Output {
    if connection.state() == State::Draining { Output::Pending } else { Output::Sent }
}

//! The table of clients: a fixed number of slots, and a list of the free slots.
//!
//! The table does not depend on `poll` or on a protocol. If a program stores more data about each
//! client, it uses a second array with the same slot numbers.
#![allow(unused, reason = "tasks are still to do")]

use crate::connection::{Connection, State};
use std::os::fd::{OwnedFd, RawFd};

/// The connections of all clients. Each connection has a slot. The number of the slot does not
/// change until the client is removed.
#[derive(Debug)]
pub struct Table {
    slots: Vec<Connection>,
    /// The free list: a stack with the numbers of the free slots. It takes constant time to take a
    /// slot and to free a slot.
    free: Vec<usize>,
}

impl Table {
    /// Creates a table of `capacity` free slots. Clients get these slots in order, beginning with
    /// slot 0.
    pub fn new(capacity: usize) -> Table {
        todo!("Task 1: make every slot closed, and put each on the free list")
    }

    /// Puts a client into the slot that was freed last. If no freed slot is left, puts the client
    /// into the lowest slot that was never used. Returns the slot's number.
    ///
    /// # Errors
    /// Returns the client if no slot is free.
    pub fn insert(&mut self, client: OwnedFd) -> Result<usize, OwnedFd> {
        todo!("Task 2: put the client into a free slot")
    }

    /// Closes the client's descriptor and frees its slot. Returns the number of the closed
    /// descriptor, or `None` if the slot has no client.
    pub fn remove(&mut self, slot: usize) -> Option<RawFd> {
        todo!("Task 3: close the client and free its slot")
    }

    /// The client in a slot, or `None` if the slot is free or does not exist.
    pub fn get(&self, slot: usize) -> Option<&Connection> {
        self.slots.get(slot).filter(|connection| connection.state() != State::Closed)
    }

    /// Like [`Table::get`], but returns a mutable reference.
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        self.slots.get_mut(slot).filter(|connection| connection.state() != State::Closed)
    }

    /// The number of slots in use.
    pub fn active(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The number of all slots.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }
}

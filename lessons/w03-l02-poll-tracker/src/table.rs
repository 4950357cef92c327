//! Who is connected: a fixed number of slots, and a list of the free ones.
//!
//! The table knows nothing of `poll`, nor of what the clients say. A program that keeps more about
//! each client keeps it in an array of its own, by the same slot numbers.
#![allow(unused, reason = "tasks are still to do")]

use crate::connection::{Connection, State};
use std::os::fd::{OwnedFd, RawFd};

/// The connections, each in a slot whose number it keeps until it is removed.
#[derive(Debug)]
pub struct Table {
    slots: Vec<Connection>,
    /// The numbers of the closed slots; the next to be taken is the last. Whatever the number of
    /// clients, a slot is found and given back in the same short time.
    free: Vec<usize>,
}

impl Table {
    /// A table of `capacity` slots, all of them free, that are taken in order from slot 0.
    pub fn new(capacity: usize) -> Table {
        todo!("Task 1: make every slot, closed, and list them all as free")
    }

    /// Puts a client into the slot that was freed last, or into the next one that was never used.
    ///
    /// # Errors
    /// When no slot is free, the client comes back.
    pub fn insert(&mut self, client: OwnedFd) -> Result<usize, OwnedFd> {
        todo!("Task 2: find a free slot for the client")
    }

    /// Closes the client's descriptor and frees its slot. Answers the number that the descriptor
    /// had, or `None` when the slot holds no client.
    pub fn remove(&mut self, slot: usize) -> Option<RawFd> {
        todo!("Task 3: close the client and free its slot")
    }

    /// The client in a slot, if there is one.
    pub fn get(&self, slot: usize) -> Option<&Connection> {
        self.slots
            .get(slot)
            .filter(|connection| connection.state() != State::Closed)
    }

    /// The client in a slot, if there is one, to be changed.
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        self.slots
            .get_mut(slot)
            .filter(|connection| connection.state() != State::Closed)
    }

    /// How many slots are in use.
    pub fn active(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many slots there are.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }
}

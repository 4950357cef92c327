//! Compares the table with a model. The model has no free list: it scans its slots.

use poll_tracker::connection::{Connection, State};
use poll_tracker::table::Table;
use proptest::prelude::*;
use sockhelpers::Received;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

const CAPACITY: usize = 5;

#[derive(Clone, Debug)]
enum Step {
    Insert,
    Remove(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![Just(Step::Insert), (0..CAPACITY + 1).prop_map(Step::Remove)];
    prop::collection::vec(step, 0..64)
}

/// A time stamp for each slot tells which slot was freed last. Slots that were never used are taken
/// in order.
#[derive(Default)]
struct Model {
    clients: [Option<RawFd>; CAPACITY],
    /// The time at which each slot was freed; 0 for a slot that was never used.
    freed: [usize; CAPACITY],
    now: usize,
}

impl Model {
    fn next_slot(&self) -> Option<usize> {
        let free = (0..CAPACITY).rev().filter(|&slot| self.clients[slot].is_none());
        free.max_by_key(|&slot| self.freed[slot])
    }

    fn remove(&mut self, slot: usize) -> Option<RawFd> {
        let fd = self.clients.get_mut(slot)?.take()?;
        self.now += 1;
        self.freed[slot] = self.now;
        Some(fd)
    }
}

fn any_descriptor() -> OwnedFd {
    File::open("/dev/null").unwrap().into()
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in steps()) {
        let (mut table, mut model) = (Table::new(CAPACITY), Model::default());
        for step in steps {
            match step {
                Step::Insert => {
                    let client = any_descriptor();
                    let fd = client.as_raw_fd();
                    let slot = table.insert(client).ok();
                    prop_assert_eq!(slot, model.next_slot());
                    if let Some(slot) = slot {
                        model.clients[slot] = Some(fd);
                    }
                }
                Step::Remove(slot) => prop_assert_eq!(table.remove(slot), model.remove(slot)),
            }
            for slot in 0..=CAPACITY {
                let expected = model.clients.get(slot).copied().flatten();
                prop_assert_eq!(table.get(slot).map(Connection::raw_fd), expected);
            }
            prop_assert_eq!(table.active(), model.clients.iter().flatten().count());
        }
    }
}

#[test]
fn a_new_table_gives_the_lowest_slots_first() {
    let mut table = Table::new(3);
    let slots: Vec<_> = (0..3).map(|_| table.insert(any_descriptor()).unwrap()).collect();
    assert_eq!(slots, [0, 1, 2]);
}

#[test]
fn a_full_table_returns_the_client() {
    let mut table = Table::new(1);
    table.insert(any_descriptor()).unwrap();
    let late = any_descriptor();
    let fd = late.as_raw_fd();
    assert_eq!(table.insert(late).unwrap_err().as_raw_fd(), fd);
    assert_eq!((table.active(), table.capacity()), (1, 1));
}

#[test]
fn removal_closes_the_descriptor() {
    let (client, mut peer) = UnixStream::pair().unwrap();
    let mut table = Table::new(1);
    let slot = table.insert(client.into()).unwrap();
    table.remove(slot);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_reused_slot_has_a_new_connection() {
    let (client, mut peer) = UnixStream::pair().unwrap();
    let mut table = Table::new(1);
    let slot = table.insert(client.into()).unwrap();
    peer.write_all(b"hello").unwrap();
    let first = table.get_mut(slot).unwrap();
    assert!(matches!(first.receive(&mut [0; 16]), Received::Bytes(5)));
    assert_eq!((first.state(), first.bytes_in()), (State::Ready, 5));

    table.remove(slot);
    table.insert(any_descriptor()).unwrap();
    let second = table.get(slot).unwrap();
    assert_eq!((second.state(), second.bytes_in()), (State::Connected, 0));
}

#[test]
fn a_closed_connection_has_no_descriptor() {
    let mut closed = Connection::closed();
    assert_eq!((closed.raw_fd(), closed.state()), (-1, State::Closed));
    assert!(matches!(closed.receive(&mut [0; 1]), Received::Failed(_)));
    assert!(closed.flush().is_err());
}

#[test]
fn pending_output_is_sent_when_the_peer_reads() {
    let (client, mut peer) = UnixStream::pair().unwrap();
    client.set_nonblocking(true).unwrap();
    let mut connection = Connection::connected(client.into());
    let mut sent = Vec::new();
    while connection.state() != State::Draining {
        let chunk = vec![sent.len() as u8; 4096];
        connection.send(&chunk).unwrap();
        sent.extend(chunk);
    }

    let mut received = vec![0; sent.len()];
    let (first, rest) = received.split_at_mut(sent.len() / 2);
    peer.read_exact(first).unwrap();
    connection.flush().unwrap();
    assert_eq!(connection.state(), State::Ready);
    peer.read_exact(rest).unwrap();
    assert_eq!(received, sent);
    assert_eq!(connection.bytes_out(), sent.len() as u64);
}

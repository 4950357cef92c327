//! The interest list, with sockets that have no network.

use epoll_tracker::watch::{Source, Watch};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// A list with a listener that a byte to the peer makes ready.
fn watch() -> (Watch, UnixStream) {
    let (listener, peer) = UnixStream::pair().unwrap();
    let listener = OwnedFd::from(listener);
    let watch = Watch::new(&listener).unwrap();
    // The list has the socket as long as there is a descriptor for it.
    std::mem::forget(listener);
    (watch, peer)
}

fn sources(watch: &mut Watch) -> Vec<Source> {
    let count = watch.wait().unwrap();
    (0..count).map(|index| watch.source(index)).collect()
}

#[test]
fn reports_the_listener_and_the_slot_of_a_client() {
    let (mut watch, mut knock) = watch();
    let (client, mut peer) = UnixStream::pair().unwrap();
    watch.add(client.as_raw_fd(), 4095).unwrap();
    peer.write_all(b"hello").unwrap();
    assert_eq!(sources(&mut watch), [Source::Client(4095)]);
    knock.write_all(b"!").unwrap();
    let mut both = sources(&mut watch);
    both.sort_by_key(|source| *source == Source::Listener);
    assert_eq!(both, [Source::Client(4095), Source::Listener]);
}

#[test]
fn what_is_left_unread_is_reported_again() {
    let (mut watch, _knock) = watch();
    let (mut client, mut peer) = UnixStream::pair().unwrap();
    watch.add(client.as_raw_fd(), 0).unwrap();
    peer.write_all(b"hello").unwrap();
    for byte in *b"hell" {
        assert_eq!(sources(&mut watch), [Source::Client(0)]);
        let mut one = [0];
        client.read_exact(&mut one).unwrap();
        assert_eq!(one, [byte]);
    }
    assert_eq!(sources(&mut watch), [Source::Client(0)]);
}

#[test]
fn a_client_is_on_the_list_once() {
    let (watch, _knock) = watch();
    let (client, _peer) = UnixStream::pair().unwrap();
    watch.add(client.as_raw_fd(), 0).unwrap();
    assert_eq!(watch.add(client.as_raw_fd(), 0).unwrap_err().kind(), ErrorKind::AlreadyExists);
    watch.remove(client.as_raw_fd()).unwrap();
    assert_eq!(watch.remove(client.as_raw_fd()).unwrap_err().kind(), ErrorKind::NotFound);
    watch.add(client.as_raw_fd(), 1).unwrap();
}

#[test]
fn who_waits_for_room_is_not_woken_by_input() {
    let (mut watch, mut knock) = watch();
    let (client, mut peer) = UnixStream::pair().unwrap();
    watch.add(client.as_raw_fd(), 3).unwrap();
    watch.wait_for_room(client.as_raw_fd(), 3).unwrap();
    assert_eq!(sources(&mut watch), [Source::Client(3)]); // there is room
    watch.wait_for_input(client.as_raw_fd(), 3).unwrap();
    knock.write_all(b"!").unwrap();
    assert_eq!(sources(&mut watch), [Source::Listener]);
    peer.write_all(b"hello").unwrap();
    assert_eq!(sources(&mut watch).len(), 2);
}

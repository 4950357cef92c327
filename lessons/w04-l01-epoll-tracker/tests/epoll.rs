//! Tests of the interest list, with socket pairs in the same process.

use epoll_tracker::epoll::{Epoll, Source};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// An interest list with a listener. A byte from the returned peer makes the listener ready.
fn with_listener() -> (Epoll, UnixStream) {
    let (listener, peer) = UnixStream::pair().unwrap();
    let listener = OwnedFd::from(listener);
    let epoll = Epoll::new(&listener).unwrap();
    // The entry stays on the list as long as the descriptor is open.
    std::mem::forget(listener);
    (epoll, peer)
}

fn sources(epoll: &mut Epoll) -> Vec<Source> {
    let count = epoll.wait().unwrap();
    (0..count).map(|index| epoll.source(index)).collect()
}

#[test]
fn reports_the_listener_and_the_slot_of_a_client() {
    let (mut epoll, mut listener_peer) = with_listener();
    let (client, mut peer) = UnixStream::pair().unwrap();
    epoll.add(client.as_raw_fd(), 4095).unwrap();
    peer.write_all(b"hello").unwrap();
    assert_eq!(sources(&mut epoll), [Source::Client(4095)]);
    listener_peer.write_all(b"!").unwrap();
    let mut both = sources(&mut epoll);
    both.sort_by_key(|source| *source == Source::Listener);
    assert_eq!(both, [Source::Client(4095), Source::Listener]);
}

#[test]
fn unread_input_is_reported_again() {
    let (mut epoll, _listener_peer) = with_listener();
    let (mut client, mut peer) = UnixStream::pair().unwrap();
    epoll.add(client.as_raw_fd(), 0).unwrap();
    peer.write_all(b"hello").unwrap();
    for byte in *b"hell" {
        assert_eq!(sources(&mut epoll), [Source::Client(0)]);
        let mut one = [0];
        client.read_exact(&mut one).unwrap();
        assert_eq!(one, [byte]);
    }
    assert_eq!(sources(&mut epoll), [Source::Client(0)]);
}

#[test]
fn a_client_is_on_the_list_once() {
    let (epoll, _listener_peer) = with_listener();
    let (client, _peer) = UnixStream::pair().unwrap();
    epoll.add(client.as_raw_fd(), 0).unwrap();
    assert_eq!(epoll.add(client.as_raw_fd(), 0).unwrap_err().kind(), ErrorKind::AlreadyExists);
    epoll.remove(client.as_raw_fd()).unwrap();
    assert_eq!(epoll.remove(client.as_raw_fd()).unwrap_err().kind(), ErrorKind::NotFound);
    epoll.add(client.as_raw_fd(), 1).unwrap();
}

#[test]
fn a_client_watched_for_output_is_not_reported_for_input() {
    let (mut epoll, mut listener_peer) = with_listener();
    let (client, mut peer) = UnixStream::pair().unwrap();
    epoll.add(client.as_raw_fd(), 3).unwrap();
    epoll.watch_for_output(client.as_raw_fd(), 3).unwrap();
    assert_eq!(sources(&mut epoll), [Source::Client(3)]); // there is room for output
    epoll.watch_for_input(client.as_raw_fd(), 3).unwrap();
    listener_peer.write_all(b"!").unwrap();
    assert_eq!(sources(&mut epoll), [Source::Listener]);
    peer.write_all(b"hello").unwrap();
    assert_eq!(sources(&mut epoll).len(), 2);
}

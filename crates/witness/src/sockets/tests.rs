//! Tests that netlink and the files in `/proc` return the same information about sockets of this
//! process.

use super::*;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

fn both() -> [SocketTable; 2] {
    let kind = SockType::Raw;
    let protocol = SockProtocol::NetlinkSockDiag;
    let netlink = socket(AddressFamily::Netlink, kind, SockFlag::SOCK_CLOEXEC, protocol).unwrap();
    let own = Process { pid: std::process::id() as i32 };
    let tables = [SocketTable::new(Some(netlink), own), SocketTable::new(None, own)];
    assert!(matches!(tables, [SocketTable::Netlink(_), SocketTable::Files(_)]));
    tables
}

fn client_of(listener: &TcpListener) -> Client {
    let address = listener.local_addr().unwrap();
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    Client::connect(socket, address, || Ok(())).unwrap()
}

fn accepted(on: &str) -> (TcpListener, Client, TcpStream) {
    let listener = TcpListener::bind(on).unwrap();
    let client = client_of(&listener);
    let (stream, _) = listener.accept().unwrap();
    (listener, client, stream)
}

fn server_socket(table: &SocketTable, client: &Client) -> Option<Socket> {
    table.connections([client].into_iter()).unwrap().pop().unwrap()
}

/// Waits until the server's socket is in the expected state. An acknowledgement may take some time.
fn wait_until(table: &SocketTable, client: &Client, wanted: impl Fn(Option<Socket>) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !wanted(server_socket(table, client)) {
        assert!(Instant::now() < deadline, "{table:?}: {:?}", server_socket(table, client));
        std::thread::yield_now();
    }
}

#[test]
fn both_count_the_connections_that_wait_to_be_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _clients = [client_of(&listener), client_of(&listener)];
    for table in both() {
        let found = table.listener(address).unwrap().unwrap();
        assert_eq!((found.state, found.local, found.unread), (State::Listen, address, 2));
        assert!(table.all(&[State::Listen]).unwrap().contains(&found));
    }
}

#[test]
fn both_find_a_listener_on_every_address() {
    for on in ["0.0.0.0:0", "[::]:0"] {
        let listener = TcpListener::bind(on).unwrap();
        let mut address = listener.local_addr().unwrap();
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            "::1".parse().unwrap()
        });
        for table in both() {
            let found = table.listener(address).unwrap().unwrap();
            assert_eq!(found.local, listener.local_addr().unwrap());
        }
    }
}

#[test]
fn neither_finds_a_listener_that_is_gone() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for table in both() {
        assert_eq!(table.listener(address).unwrap(), None);
    }
}

#[test]
fn both_name_the_inode_of_the_server_s_socket() {
    for on in ["127.0.0.1:0", "[::1]:0"] {
        let (_listener, client, stream) = accepted(on);
        let [netlink, files] = both().map(|table| server_socket(&table, &client).unwrap());
        assert_eq!(netlink, files);
        let link = format!("/proc/self/fd/{}", stream.as_raw_fd());
        let link = std::fs::read_link(link).unwrap();
        assert_eq!(link.to_str().unwrap(), format!("socket:[{}]", netlink.inode));
    }
}

#[test]
fn both_distinguish_unread_from_received_bytes() {
    for table in both() {
        let (_listener, client, mut stream) = accepted("127.0.0.1:0");
        assert_eq!(client.send(b"seven b").unwrap(), 7);
        wait_until(&table, &client, |it| it.is_some_and(|it| (it.unread, it.received) == (7, 7)));
        stream.read_exact(&mut [0; 7]).unwrap();
        wait_until(&table, &client, |it| it.is_some_and(|it| (it.unread, it.received) == (0, 7)));
    }
}

#[test]
fn both_show_a_server_whose_buffer_is_full() {
    for table in both() {
        let (_listener, client, _stream) = accepted("127.0.0.1:0");
        let end = loop {
            let has_room = client.send(&[7; 1 << 16]).unwrap() > 0;
            let end = server_socket(&table, &client).unwrap();
            if !has_room && client.is_send_blocked(end.received) {
                break end;
            }
            std::thread::yield_now();
        };
        assert!(client.in_flight(end.received) > 0, "{end:?}");
    }
}

#[test]
fn both_show_a_close_as_close_wait_and_no_socket_after_a_reset() {
    for table in both() {
        let (_listener, closes, _stream) = accepted("127.0.0.1:0");
        closes.close();
        wait_until(&table, &closes, |it| it.is_some_and(|it| it.state == State::CloseWait));
        let (_listener, resets, _stream) = accepted("127.0.0.1:0");
        resets.reset();
        wait_until(&table, &resets, |it| it.is_none());
    }
}

#[test]
fn both_show_time_wait() {
    let (_listener, client, stream) = accepted("127.0.0.1:0");
    drop(stream);
    client.close();
    for table in both() {
        let port = client.server().port();
        let held = || table.all(&[State::TimeWait]).unwrap();
        while !held().iter().any(|socket| socket.local.port() == port) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_connection_to_a_full_queue_is_abandoned_when_the_caller_gives_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let _first = client_of(&listener);
    let family = AddressFamily::Inet;
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    let refused = Client::connect(socket, address, || Err(io::ErrorKind::TimedOut.into()));
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

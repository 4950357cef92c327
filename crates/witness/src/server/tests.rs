//! Tests that the results are the same if netlink is refused and `/proc/PID/net` is read instead.

use super::*;
use crate::launch::Launch;
use crate::wait_error::WaitError;
use sandbox::IsolationLevel;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};
// <staff>
use crate::sockets::State;
// </staff>

/// A time-out that is long enough on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a server whose sockets are read from `/proc`.
fn open(file: &str, level: IsolationLevel) -> Server {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers").join(file);
    let free = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap();
    let port = if level.shares_ports() { free().port() } else { 7000 };
    let launch = Launch::new(path)
        .env("PORT", port.to_string())
        .port(port)
        .isolation(level)
        .timeout(PATIENCE);
    let mut server = launch.start().unwrap();
    server.table = Some(SocketTable::new(None, server.sandbox.init()));
    server.wait_listening(port).unwrap();
    server
}

// <staff>
#[test]
fn connections_are_found_without_netlink() {
    for level in [IsolationLevel::here(), IsolationLevel::None] {
        let mut server = open("select_poll.py", level);
        for _ in 0..3 {
            let client = server.connect().unwrap();
            let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
            assert!(fd > 2);
            client.send(b"some bytes").unwrap();
            server.wait_idle().unwrap();
            let end = server.connection(&client).unwrap().unwrap();
            let expected = (State::Established, 0, 10);
            assert_eq!((end.state, end.unread, end.received), expected);
            client.close();
            server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
        }
    }
}
// </staff>

#[test]
fn a_server_on_another_port_is_idle_without_netlink() {
    let mut server = open("faulty/million_lines.py", IsolationLevel::here());
    let (begun, mut searched) = (Instant::now(), Duration::ZERO);
    let result = server.wait_for(|now| {
        let search_begun = Instant::now();
        let found = now.find_listener(7999);
        searched += search_begun.elapsed();
        found
    });
    let error = result.unwrap_err();
    assert!(matches!(error, WaitError::Idle { .. }), "{error}");
    // Reading the files takes a long time. During this time the server logs a lot, and the observer
    // must read the log as well.
    let all = begun.elapsed();
    assert!(searched < all * 3 / 4, "the search took {searched:?} of {all:?}");
    assert_eq!(server.listeners().unwrap().len(), 1);
    assert!(!server.is_in_time_wait(7000).unwrap());
}

#[test]
fn a_sandbox_ends_although_a_thread_is_still_traced() {
    let text = "import threading\n\
                def spin():\n    while True: pass\n\
                threading.Thread(target=spin).start()\n\
                threading.Event().wait()";
    for level in [IsolationLevel::here(), IsolationLevel::None] {
        let mut server =
            Launch::new("python3").args(["-c", text]).isolation(level).start().unwrap();
        let threads = |now: &mut Server| {
            let threads = now.program.threads()?;
            Ok((threads.len() == 2).then_some(threads))
        };
        let other = server.wait_for(threads).unwrap()[1].tid;
        let traced = server.tracer.seize(other).unwrap();
        server.tracer.keep_attached(traced);
        let program = server.program;
        drop(server);
        assert!(program.threads().unwrap().is_empty());
    }
}

//! Finds processes by an argument that only one test uses.

use super::TIMEOUT;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use std::{fs, process, thread};

/// A new argument that no other process has.
pub(crate) fn marker() -> String {
    format!("marker-{}-{}-end", process::id(), count())
}

/// The command lines of the processes with `marker` in an argument; a NUL ends each argument.
pub(crate) fn with_marker(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().map(Result::unwrap);
    let lines = entries.filter_map(|entry| command_line(&entry.path()));
    lines.filter(|line| line.contains(marker)).collect()
}

/// Whether a server with this `marker` runs. `marker` is a whole argument of the server. In the
/// prover's command line, `marker` is only a part of the argument of `--cmd`.
pub(crate) fn is_server_running(marker: &str) -> bool {
    with_marker(marker).iter().any(|line| line.split('\0').any(|argument| argument == marker))
}

/// Waits until no process has `marker` in its command line.
#[track_caller]
pub(crate) fn assert_gone(marker: &str) {
    wait_for("every process has ended", || with_marker(marker).is_empty());
}

/// Waits until `condition` is true; fails after [`TIMEOUT`].
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !condition() {
        assert!(Instant::now() < end, "after {TIMEOUT:?}, this is still not true: {what}");
        thread::yield_now();
    }
}

/// A port, and a listener that occupies the port until the listener is dropped. The port number is
/// below the range from which the kernel assigns ports to clients (ip(7), ip_local_port_range).
pub(crate) fn occupied_port() -> (u16, TcpListener) {
    let first = 20_000 + (process::id().wrapping_add(97 * count()) % 10_000) as u16;
    let occupy = |port| Some((port, TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok()?));
    (first..32_000).find_map(occupy).expect("a port is free")
}

/// A port that was not in use a moment ago.
pub(crate) fn free_port() -> u16 {
    occupied_port().0
}

fn command_line(process: &Path) -> Option<String> {
    let bytes = fs::read(process.join("cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The number of earlier calls of this function in this process.
fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

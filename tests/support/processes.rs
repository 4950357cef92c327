//! The processes of this machine, found by an argument that only one test gives away.

use super::PATIENCE;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use std::{fs, process, thread};

/// An argument that no other process has.
pub(crate) fn marker() -> String {
    format!("marker-{}-{}-end", process::id(), count())
}

/// The command lines, a NUL after each argument, of the processes that carry `marker` in one.
pub(crate) fn carrying(marker: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().map(Result::unwrap);
    let lines = entries.filter_map(|entry| command_line(&entry.path()));
    lines.filter(|line| line.contains(marker)).collect()
}

/// Whether a server runs: `marker` is an argument of its own, not a part of the prover's `--cmd`.
pub(crate) fn serving(marker: &str) -> bool {
    carrying(marker).iter().any(|line| line.split('\0').any(|argument| argument == marker))
}

/// Waits until no process carries `marker`.
#[track_caller]
pub(crate) fn assert_gone(marker: &str) {
    eventually("every process has ended", || carrying(marker).is_empty());
}

/// Waits until `fact` holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut fact: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain until {what}");
        thread::yield_now();
    }
}

/// A port below those that clients are given (ip(7), ip_local_port_range), held until dropped.
pub(crate) fn held_port() -> (u16, TcpListener) {
    let first = 20_000 + (process::id().wrapping_add(97 * count()) % 10_000) as u16;
    let hold = |port| Some((port, TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok()?));
    (first..32_000).find_map(hold).expect("a port is free")
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    held_port().0
}

fn command_line(process: &Path) -> Option<String> {
    let bytes = fs::read(process.join("cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// How often this was called before, in this process.
fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

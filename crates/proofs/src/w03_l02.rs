//! w03-l02, Accept & Track Many Clients: one thread, `poll`, a table of connections.

use crate::shared::{Wait, idle, no_fd_leak, one_thread};
use crate::tracker::{accept_again, capacity, nonblocking, reuse, slots, starts, watch_set};
use crate::{Criterion, Proof};

/// By task, and within a task as the lesson's Prove and Done When lists have them.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w03-l02",
    port: 7000,
    capacity: 64,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("slots", slots),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("accept-again", |stage| accept_again(stage, Wait::Poll)),
        Criterion::new("one-thread", one_thread),
        Criterion::new("reuse", reuse),
        Criterion::new("no-fd-leak", no_fd_leak).long(),
        Criterion::new("watch-set", |stage| watch_set(stage, Wait::Poll)),
        Criterion::new("idle", |stage| idle(stage, Wait::Poll)),
        Criterion::new("capacity", capacity),
    ],
};

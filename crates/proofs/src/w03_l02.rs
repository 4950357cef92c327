//! w03-l02, Accept & Track Many Clients: one thread, `poll`, a table of connections.

use crate::proof::{Criterion, Proof};
use crate::shared::{WaitCall, idle, no_fd_leak, one_thread};
use crate::tracker::{accept_again, capacity, nonblocking, reuse, slots, starts, watch_set};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w03-l02",
    port: 7000,
    capacity: 64,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("slots", slots),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("accept-again", |context| accept_again(context, WaitCall::Poll)),
        Criterion::new("one-thread", one_thread),
        Criterion::new("reuse", reuse),
        Criterion::new("no-fd-leak", no_fd_leak).long(),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Poll)),
        Criterion::new("idle", |context| idle(context, WaitCall::Poll)),
        Criterion::new("capacity", capacity),
    ],
};

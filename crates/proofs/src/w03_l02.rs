//! w03-l02, Accept & Track Many Clients: one thread, `poll`, a table of connections.

use crate::proof::{Criterion, Proof, Role};
use crate::shared::{
    WaitCall, accept_again, config, ends, idle, no_fd_leak, one_thread, port_taken,
};
use crate::tracker::{
    SERVICE, capacity, interrupted, late_reader, nonblocking, reuse, slots, starts, watch_set,
};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w03-l02",
    role: Role::Server { port: 7000, capacity: 64 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", config),
        Criterion::new("port-taken", port_taken),
        Criterion::new("slots", |context| slots(context, WaitCall::Poll)),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("accept-again", |context| accept_again(context, &SERVICE)).long(),
        Criterion::new("one-thread", one_thread),
        Criterion::new("reuse", reuse),
        Criterion::new("no-fd-leak", no_fd_leak).long(),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Poll)),
        Criterion::new("idle", |context| idle(context, WaitCall::Poll)),
        Criterion::new("late-reader", late_reader),
        Criterion::new("interrupted", interrupted),
        Criterion::new("ends", |context| ends(context, &SERVICE)),
        Criterion::new("capacity", capacity),
    ],
};

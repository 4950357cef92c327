//! w04-l01, the epoll tracker: the same table and log as in w03-l02, but with the interest list of
//! epoll.

mod crowd;

use crate::proof::{Criterion, Proof, Role};
use crate::shared::{
    WaitCall, accept_again, config, ends, idle, no_fd_leak, one_thread, port_taken,
};
use crate::tracker::{
    SERVICE, capacity, drained, epoll, interrupted, late_reader, nonblocking, reuse, slots, starts,
    watch_set,
};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w04-l01",
    role: Role::Server { port: 7000, capacity: 4096 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", config),
        Criterion::new("port-taken", port_taken),
        Criterion::new("slots", |context| slots(context, WaitCall::Epoll)),
        Criterion::new("epoll", epoll),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("accept-again", |context| accept_again(context, &SERVICE)).long(),
        Criterion::new("one-thread", one_thread),
        Criterion::new("reuse", reuse),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Epoll)),
        Criterion::new("drained", drained),
        Criterion::new("idle", |context| idle(context, WaitCall::Epoll)),
        Criterion::new("late-reader", late_reader),
        Criterion::new("interrupted", interrupted),
        Criterion::new("ends", |context| ends(context, &SERVICE)),
        Criterion::new("no-fd-leak", no_fd_leak).long(),
        Criterion::new("capacity", capacity),
        Criterion::new("crowd", crowd::crowd).long(),
    ],
};

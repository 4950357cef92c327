//! w04-l02, Chat Room on epoll: the same room and log as in w03-l03, but with the interest list of
//! epoll.

use crate::chat::{
    broadcast, capacity, ends, framing, join_leave, long_lines, not_to_sender, slow_reader, starts,
};
use crate::proof::{Criterion, Proof, Role};
use crate::shared::{
    WaitCall, accept_again, config, idle, interrupted, no_fd_leak_of_silent_clients, one_thread,
    port_taken,
};
use crate::tracker::{SERVICE, drained, epoll, nonblocking, watch_set};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w04-l02",
    role: Role::Server { port: 9040, capacity: 256 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", config),
        Criterion::new("port-taken", port_taken),
        Criterion::new("epoll", epoll),
        Criterion::new("not-to-sender", not_to_sender),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("one-thread", one_thread),
        Criterion::new("drained", drained),
        Criterion::new("join-leave", join_leave),
        Criterion::new("broadcast", broadcast),
        Criterion::new("framing", framing),
        Criterion::new("long-lines", long_lines),
        Criterion::new("no-fd-leak", no_fd_leak_of_silent_clients).long(),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Epoll)),
        Criterion::new("accept-again", |context| accept_again(context, &SERVICE)).long(),
        Criterion::new("idle", |context| idle(context, WaitCall::Epoll)),
        Criterion::new("interrupted", |context| interrupted(context, &SERVICE)),
        Criterion::new("capacity", capacity),
        Criterion::new("slow-reader", |context| slow_reader(context, WaitCall::Epoll)).long(),
        Criterion::new("ends", |context| ends(context, &SERVICE)),
    ],
};

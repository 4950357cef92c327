//! w03-l03, Chat Room on poll: the tracker's table, and every member's lines to all others.

use crate::chat::{
    broadcast, capacity, ends, framing, join_leave, long_lines, not_to_sender, slow_reader, starts,
};
use crate::proof::{Criterion, Proof, Role};
use crate::shared::{
    WaitCall, accept_again, config, idle, interrupted, no_fd_leak_of_silent_clients, one_thread,
    port_taken,
};
use crate::tracker::{SERVICE, nonblocking, watch_set};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w03-l03",
    role: Role::Server { port: 9040, capacity: 256 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", config),
        Criterion::new("port-taken", port_taken),
        Criterion::new("join-leave", join_leave),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("no-fd-leak", no_fd_leak_of_silent_clients).long(),
        Criterion::new("broadcast", broadcast),
        Criterion::new("not-to-sender", not_to_sender),
        Criterion::new("framing", framing),
        Criterion::new("long-lines", long_lines),
        Criterion::new("accept-again", |context| accept_again(context, &SERVICE)).long(),
        Criterion::new("one-thread", one_thread),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Poll)),
        Criterion::new("idle", |context| idle(context, WaitCall::Poll)),
        Criterion::new("interrupted", |context| interrupted(context, &SERVICE)),
        Criterion::new("slow-reader", |context| slow_reader(context, WaitCall::Poll)).long(),
        Criterion::new("capacity", capacity),
        Criterion::new("ends", |context| ends(context, &SERVICE)),
    ],
};

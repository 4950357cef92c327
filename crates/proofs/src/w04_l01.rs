//! w04-l01, the epoll tracker: the same table and log as in w03-l02, but with the interest list of
//! epoll.

mod crowd;
mod drained;
mod epoll;

use crate::proof::{Criterion, Proof};
use crate::shared::{WaitCall, idle, no_fd_leak, one_thread};
use crate::tracker::{accept_again, capacity, nonblocking, reuse, slots, starts, watch_set};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w04-l01",
    port: 7000,
    capacity: 4096,
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("slots", slots),
        Criterion::new("epoll", epoll::epoll),
        Criterion::new("nonblocking", nonblocking),
        Criterion::new("accept-again", |context| accept_again(context, WaitCall::Epoll)),
        Criterion::new("one-thread", one_thread),
        Criterion::new("reuse", reuse),
        Criterion::new("watch-set", |context| watch_set(context, WaitCall::Epoll)),
        Criterion::new("drained", drained::drained),
        Criterion::new("idle", |context| idle(context, WaitCall::Epoll)),
        Criterion::new("no-fd-leak", no_fd_leak).long(),
        Criterion::new("capacity", capacity),
        Criterion::new("crowd", crowd::crowd).long(),
    ],
};

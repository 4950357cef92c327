//! w02-l01, Fork server: one child process for each client. The child changes the case of the
//! letters.

use crate::fork_server::{
    accept_again, ends, every_byte, flips, fork_fails, forking, hangup, interrupted, reaping,
    starts,
};
use crate::proof::{Criterion, Proof, Role};
use crate::shared;

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w02-l01",
    role: Role::Server { port: 1205, capacity: 0 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", shared::config),
        Criterion::new("port-taken", shared::port_taken),
        Criterion::new("own-child", forking::own_child),
        Criterion::new("descriptors", forking::descriptors),
        Criterion::new("no-zombies", reaping::no_zombies).long(),
        Criterion::new("flips", flips::flips),
        Criterion::new("every-byte", every_byte::every_byte).long(),
        Criterion::new("hangup", hangup::hangup),
        Criterion::new("ends", ends),
        Criterion::new("interrupted", interrupted::interrupted),
        Criterion::new("accept-again", accept_again),
        Criterion::new("fork-fails", fork_fails::fork_fails_and_reaps),
    ],
};

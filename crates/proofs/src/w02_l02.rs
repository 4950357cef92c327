//! w02-l02, Reaping children: the fork server catches SIGCHLD, reaps each child, and logs how the
//! child has ended.

mod burst;
mod ended_child;
mod errno_kept;
mod expect_reaped;
mod handler;
mod killed;
mod quick_children;
mod reap_lines;
mod reaps;
mod wrong_line;

use crate::fork_server::{
    accept_again, ends, every_byte, flips, fork_fails, forking, hangup, interrupted, reaping,
    starts,
};
use crate::proof::{Criterion, Proof, Role};
use crate::shared;

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w02-l02",
    role: Role::Server { port: 1205, capacity: 0 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", shared::config),
        Criterion::new("port-taken", shared::port_taken),
        Criterion::new("handler", handler::handler),
        Criterion::new("own-child", forking::own_child),
        Criterion::new("descriptors", forking::descriptors),
        Criterion::new("flips", flips::flips),
        Criterion::new("every-byte", every_byte::every_byte).long(),
        Criterion::new("ends", ends),
        Criterion::new("fork-fails", fork_fails::fork_fails),
        Criterion::new("no-zombies", reaping::no_zombies).long(),
        Criterion::new("reaps", reaps::reaps),
        Criterion::new("burst", burst::burst).long(),
        Criterion::new("hangup", hangup::hangup),
        Criterion::new("killed", killed::killed),
        Criterion::new("interrupted", interrupted::interrupted),
        Criterion::new("accept-again", accept_again),
        Criterion::new("errno-kept", errno_kept::errno_kept),
    ],
};

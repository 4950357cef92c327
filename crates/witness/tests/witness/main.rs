//! Tests of what this crate observes of real servers in C and Python. Some of these servers are
//! correct, others are wrong.

mod busy_machine;
#[path = "../../../sandbox/tests/sandbox/busy_processes.rs"]
mod busy_processes;
mod closing;
mod descriptors;
mod ending;
mod endless_waits;
mod errno_after_signal;
mod faults;
mod launching;
mod logging;
mod loops;
mod naps;
mod observing;
mod ordinary_user;
mod programs;
mod recording;
mod restart;
mod sandboxed;
mod several_processes;
mod untrusted;
mod waiting;

//! Tests of what an untrusted program can do in a sandbox, and what it cannot do.

mod busy_processes;
mod ordinary_user;
mod policy;
mod programs;

//! A child that has ended, and how it has ended.

use libc::{c_int, pid_t};

/// A child that has ended, and that was reaped.
pub struct EndedChild {
    pub pid: pid_t,
    pub end: End,
}

/// How a process has ended.
pub enum End {
    /// It has called exit with this status, from 0 to 255.
    Exited(c_int),
    /// A signal with this number has killed it.
    Killed(c_int),
}

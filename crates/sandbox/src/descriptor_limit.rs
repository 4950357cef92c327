//! The number of descriptors that a process may have (getrlimit(2), RLIMIT_NOFILE).

use std::io;
use std::sync::OnceLock;

/// Raises the observer's soft limit, which is often 1024, to the hard limit, because the observer
/// needs a descriptor for each of its clients. Returns the original limits. An observed program
/// gets these original limits.
pub(crate) fn raise() -> io::Result<libc::rlimit> {
    static BEFORE: OnceLock<libc::rlimit> = OnceLock::new();
    if let Some(before) = BEFORE.get() {
        return Ok(*before);
    }
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit, which is a local variable.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // If two threads call this function at the same time, both use the limits that one of them has
    // stored first.
    let before = *BEFORE.get_or_init(|| before);
    let raised = libc::rlimit { rlim_cur: before.rlim_max, ..before };
    // SAFETY: the kernel reads one rlimit, which is a local variable. If the call fails, the old
    // limit remains.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) };
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_call_returns_the_original_limit() {
        let first = raise().unwrap();
        assert_eq!(raise().unwrap().rlim_cur, first.rlim_cur);
        let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the kernel writes one rlimit, which is a local variable.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut now) };
        assert_eq!(now.rlim_cur, now.rlim_max);
    }
}

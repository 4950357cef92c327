//! How many descriptors a process may have (getrlimit(2), RLIMIT_NOFILE).

use std::io;
use std::sync::OnceLock;

/// Raises the observer's soft limit, often 1024, to its hard one: it has a descriptor for every
/// client that it plays. Answers the limit as it was, which is what its programs are to have.
pub(crate) fn raise() -> io::Result<libc::rlimit> {
    static BEFORE: OnceLock<libc::rlimit> = OnceLock::new();
    if let Some(before) = BEFORE.get() {
        return Ok(*before);
    }
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit, which is a local.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // Two threads that come here at once agree on what the first of them has read.
    let before = *BEFORE.get_or_init(|| before);
    let raised = libc::rlimit { rlim_cur: before.rlim_max, ..before };
    // SAFETY: the kernel reads one rlimit, which is a local. If it refuses, the old one holds.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) };
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_before_is_remembered() {
        let first = raise().unwrap();
        assert_eq!(raise().unwrap().rlim_cur, first.rlim_cur);
        let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the kernel writes one rlimit, which is a local.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut now) };
        assert_eq!(now.rlim_cur, now.rlim_max);
    }
}

//! Reads and changes how many descriptors a running process may have (prlimit(2), RLIMIT_NOFILE).

use super::Process;
use super::owner::as_user;
use crate::unobservable::Unobservable;
use std::io;
use std::ptr;

impl Process {
    /// The process's soft limit: a call that creates a descriptor fails with EMFILE if the number
    /// of the new descriptor would be equal to this limit or greater (getrlimit(2)).
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not read the limit, or if the process no longer exists.
    pub fn descriptor_limit(self) -> Result<u64, Unobservable> {
        Ok(self.limits(None)?.rlim_cur)
    }

    /// Sets the process's soft limit. The process keeps the descriptors that it has. A soft limit
    /// above the process's hard limit is lowered to the hard limit.
    ///
    /// The kernel permits this if this process has CAP_SYS_RESOURCE in the user namespace of the
    /// other process, or if both have the same users and groups (prlimit(2)).
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not change the limit, or if the process no longer exists.
    pub fn set_descriptor_limit(self, soft: u64) -> Result<(), Unobservable> {
        let current = self.limits(None)?;
        let changed = libc::rlimit { rlim_cur: soft.min(current.rlim_max), ..current };
        self.limits(Some(&changed)).map(drop)
    }

    /// Returns the limits, and sets them to `new` if there is such a value.
    fn limits(self, new: Option<&libc::rlimit>) -> Result<libc::rlimit, Unobservable> {
        let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let new = new.map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the kernel reads one rlimit, if there is one, and writes another. Both live until
        // the call returns.
        let mut call =
            || match unsafe { libc::prlimit(self.pid, libc::RLIMIT_NOFILE, new, &mut before) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            };
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        // Root without CAP_SYS_RESOURCE, as in a container, needs the ids of the other process.
        let result = match call() {
            Err(error) if refused(&error) => as_user(self.pid, call),
            result => result,
        };
        let what = || format!("the descriptor limit of process {} (prlimit(2))", self.pid);
        result.map(|()| before).map_err(|error| Unobservable::new(what(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_limit_of_another_process_is_lowered_and_raised() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let process = Process { pid: child.id() as i32 };
        let before = process.descriptor_limit().unwrap();
        process.set_descriptor_limit(3).unwrap();
        assert_eq!(process.descriptor_limit().unwrap(), 3);
        process.set_descriptor_limit(u64::MAX).unwrap();
        assert!(process.descriptor_limit().unwrap() >= before);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.descriptor_limit().is_err());
    }
}

//! Sets the limits of an untrusted program and drops its capabilities, just before `execve`.

use super::kernel::check;
use libc::{c_int, c_ulong};

/// The restrictions of an untrusted program.
#[derive(Debug)]
pub(crate) struct Hardening {
    /// Limits by resource (setrlimit(2)).
    pub(crate) limits: Vec<(u32, libc::rlimit)>,
    /// The filter that refuses system calls (seccomp(2)).
    pub(crate) filter: Vec<libc::sock_filter>,
}

/// Sets the limits, and drops all capabilities permanently (capabilities(7)).
pub(super) unsafe fn harden(hardening: &Hardening) -> Result<(), i32> {
    // SAFETY: the calls use numbers, and memory that `hardening` keeps alive.
    unsafe {
        for (resource, limit) in &hardening.limits {
            check(libc::setrlimit(*resource as _, limit))?;
        }
        let mut capability = 0;
        while check(libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0)).is_ok() {
            capability += 1;
        }
        let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong;
        check(libc::prctl(libc::PR_CAP_AMBIENT, clear, 0, 0, 0))?;
        let header = Header { version: VERSION_3, pid: 0 };
        let none = [0u32; 6];
        check(libc::syscall(libc::SYS_capset, &header, none.as_ptr()) as c_int).map(drop)
    }
}

/// Installs the filter that refuses system calls. This is the last step, because the filter refuses
/// calls that the earlier steps make.
pub(super) unsafe fn refuse_calls(hardening: &Hardening) -> Result<(), i32> {
    // SAFETY: the filter outlives the call, which copies it.
    unsafe {
        let code = libc::sock_fprog {
            len: hardening.filter.len() as u16,
            filter: hardening.filter.as_ptr().cast_mut(),
        };
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        check(libc::syscall(libc::SYS_seccomp, mode, 0, &code) as c_int).map(drop)
    }
}

/// `struct __user_cap_header_struct` (capget(2)).
#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

const VERSION_3: u32 = 0x2008_0522;

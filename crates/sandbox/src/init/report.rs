//! Sends messages from the sandbox's first process to the observer, the process that has started the
//! sandbox.

use super::InitPlan;
use super::kernel::check;
use super::steps::Refused;
use crate::control::tag;
use libc::{c_int, c_void};
use std::os::fd::{AsRawFd, RawFd};

/// Sends a message without a descriptor.
pub(super) unsafe fn report(plan: &InitPlan, kind: u8, step: u8, number: i32) {
    // SAFETY: the descriptor is open.
    unsafe { send(plan, message(kind, step, 0, number)) };
}

/// Reports the step that the kernel has refused.
pub(super) unsafe fn report_refusal(plan: &InitPlan, refused: &Refused) {
    let message = message(tag::REFUSED, refused.step, refused.mount_step, refused.errno);
    // SAFETY: the descriptor is open.
    unsafe { send(plan, message) };
}

unsafe fn send(plan: &InitPlan, message: [u8; 8]) {
    // SAFETY: a local buffer of the given length.
    unsafe {
        libc::send(plan.control.as_raw_fd(), message.as_ptr().cast(), 8, libc::MSG_NOSIGNAL);
    }
}

/// Sends a message with descriptors (unix(7), SCM_RIGHTS).
///
/// # Errors
/// The errno of sendmsg(2), for example ETOOMANYREFS: too many descriptors of this process's user
/// are in messages that nobody has received.
pub(super) unsafe fn send_descriptors(
    control: RawFd,
    kind: u8,
    descriptors: &[RawFd],
    number: i32,
) -> Result<(), i32> {
    let mut bytes = message(kind, 0, 0, number);
    let mut ancillary = [0u64; 16]; // aligned like a cmsghdr, with space for BATCH descriptors
    // SAFETY: the header and the buffers that it points to are local variables. The ancillary
    // buffer has space for BATCH descriptors.
    unsafe {
        let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast::<c_void>(), iov_len: 8 };
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        if !descriptors.is_empty() {
            let length = size_of_val(descriptors) as u32;
            header.msg_control = ancillary.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(length) as usize;
            let first = libc::CMSG_FIRSTHDR(&header);
            (*first).cmsg_level = libc::SOL_SOCKET;
            (*first).cmsg_type = libc::SCM_RIGHTS;
            (*first).cmsg_len = libc::CMSG_LEN(length) as usize;
            std::ptr::copy_nonoverlapping(
                descriptors.as_ptr(),
                libc::CMSG_DATA(first).cast(),
                descriptors.len(),
            );
        }
        check(libc::sendmsg(control, &header, libc::MSG_NOSIGNAL) as c_int).map(drop)
    }
}

fn message(kind: u8, step: u8, mount_step: u16, number: i32) -> [u8; 8] {
    let ([e, f], [a, b, c, d]) = (mount_step.to_ne_bytes(), number.to_ne_bytes());
    [kind, step, e, f, a, b, c, d]
}

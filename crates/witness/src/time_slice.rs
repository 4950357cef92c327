//! Shorter time slices for the observer's thread, for a busy machine.

/// Gives the calling thread short time slices, so that the kernel wakes it earlier. Otherwise a
/// server that never sleeps would make the observer wait for a whole slice at each check (Linux
/// 6.12, sched_setattr(2), `sched_runtime`). Older kernels ignore this.
pub fn shorten_time_slice() {
    /// The shortest slice that the kernel accepts, in nanoseconds.
    const SLICE: u64 = 100_000;
    // SAFETY: plain numbers; all zeros mean the default policy.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    attributes.size = size_of::<libc::sched_attr>() as u32;
    attributes.sched_runtime = SLICE;
    // SAFETY: takes two numbers; the kernel reads as many bytes as `size` says.
    unsafe {
        attributes.sched_nice = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0);
    }
}

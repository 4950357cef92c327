//! Shortens the time slices of the observer's thread, for a busy machine.

/// Sets a short time slice for the calling thread (sched_setattr(2), `sched_runtime`, Linux 6.12).
/// The kernel schedules a thread with a short time slice earlier. Otherwise the observer would wait
/// at each check until a server in a busy loop has used its whole time slice. Older kernels ignore
/// this setting.
pub fn shorten_time_slice() {
    /// The shortest time slice that the kernel accepts, in nanoseconds.
    const SLICE: u64 = 100_000;
    // SAFETY: plain numbers; all zeros mean the default policy.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    attributes.size = size_of::<libc::sched_attr>() as u32;
    attributes.sched_runtime = SLICE;
    // SAFETY: the calls take numbers; the kernel reads `size` bytes of `attributes`.
    unsafe {
        attributes.sched_nice = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0);
    }
}

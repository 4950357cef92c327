//! Being woken at once where others keep the processors busy.

/// Has the calling thread run in short slices, and be woken sooner for it: a server that spins
/// would otherwise keep the observer waiting for a whole slice of its own at each look (Linux 6.12,
/// sched_setattr(2), `sched_runtime`). Older kernels have no such thing, and nothing changes there.
pub fn shorten_time_slice() {
    /// In nanoseconds; the kernel's least.
    const SLICE: u64 = 100_000;
    // SAFETY: plain numbers, of which all zeros is the default policy.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    attributes.size = size_of::<libc::sched_attr>() as u32;
    attributes.sched_runtime = SLICE;
    // SAFETY: takes two numbers; the kernel reads as many bytes as `size` says.
    unsafe {
        attributes.sched_nice = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0);
    }
}

//! The steps of building a sandbox, and the report of a step that the kernel has refused.

/// The names of the steps of building a sandbox in error messages. [`step`] has the index of each
/// name.
pub(crate) const STEPS: [&str; 12] = [
    "mapping the user (user_namespaces(7))",
    "making mounts private (mount_namespaces(7))",
    "bringing up the loopback interface (netdevice(7))",
    "becoming a subreaper (prctl(2))",
    "becoming the sandbox's user (setresuid(2))",
    "mounting a new root (fsopen(2), Linux 5.2)",
    "mounting what the program sees (mount(2), mount_setattr(2), Linux 5.12)",
    "opening the program's folder",
    "leaving the old root (pivot_root(2))",
    "limiting the program (setrlimit(2), capabilities(7))",
    "installing the system call filter (seccomp(2), SECCOMP_SET_MODE_FILTER)",
    "giving the program files of its own (mount(2))",
];

/// The indexes of [`STEPS`].
pub(crate) mod step {
    pub(crate) const MAP: u8 = 0;
    pub(crate) const PRIVATE: u8 = 1;
    pub(crate) const LOOPBACK: u8 = 2;
    pub(crate) const SUBREAPER: u8 = 3;
    pub(crate) const USER: u8 = 4;
    pub(crate) const ROOT: u8 = 5;
    pub(crate) const MOUNTS: u8 = 6;
    pub(crate) const WORK_DIR: u8 = 7;
    pub(crate) const PIVOT: u8 = 8;
    pub(crate) const LIMITS: u8 = 9;
    pub(crate) const FILTER: u8 = 10;
    pub(crate) const FILES: u8 = 11;
}

/// A step that the kernel has refused.
pub(super) struct Refused {
    pub(super) step: u8,
    /// If the refused step builds the root file system: the index of the refused mount.
    pub(super) mount_step: u16,
    pub(super) errno: i32,
}

/// A function that converts the errno of a system call to the refusal of this step.
pub(super) fn refused(step: u8) -> impl Fn(i32) -> Refused {
    move |errno| Refused { step, mount_step: 0, errno }
}

//! Mounts by descriptor (open_tree(2), mount_setattr(2)).

use nix::errno::Errno;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A copy of all that is mounted at `path` and below, attached nowhere yet, read-only; `None` where
/// this process has no right to mount.
///
/// # Errors
/// What the kernel says of the path.
pub(crate) fn open(path: &Path) -> io::Result<Option<OwnedFd>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::OPEN_TREE_CLONE | (libc::AT_RECURSIVE | libc::O_CLOEXEC) as u32;
    // SAFETY: the path is a C string; the descriptor is new and nobody else's.
    let tree = unsafe {
        let fd = libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags);
        match Errno::result(fd) {
            Err(Errno::EPERM | Errno::ENOSYS) => return Ok(None),
            result => OwnedFd::from_raw_fd(result? as RawFd),
        }
    };
    // A copy shares what is mounted later with its original, until it is private
    // (mount_namespaces(7)).
    // SAFETY: a descriptor that is open.
    unsafe { protect(tree.as_raw_fd(), c"", libc::MS_PRIVATE) }
        .map_err(io::Error::from_raw_os_error)?;
    Ok(Some(tree))
}

/// Makes all that is mounted at `path` and below read-only, without devices and set-user-ID.
pub(crate) unsafe fn protect(at: RawFd, path: &CStr, propagation: u64) -> Result<(), i32> {
    // SAFETY: plain data, which the kernel wants zeroed.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set =
        libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    attributes.propagation = propagation;
    let flags = libc::AT_RECURSIVE | libc::AT_EMPTY_PATH;
    // SAFETY: the kernel reads `attributes`, of the size given.
    let result = unsafe {
        let size = size_of::<libc::mount_attr>();
        libc::syscall(libc::SYS_mount_setattr, at, path.as_ptr(), flags, &attributes, size)
    };
    // SAFETY: errno is this thread's.
    if result == -1 { Err(unsafe { *libc::__errno_location() }) } else { Ok(()) }
}

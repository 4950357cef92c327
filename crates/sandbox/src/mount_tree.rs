//! Copies trees of mounts, and makes the copies read-only (open_tree(2), mount_setattr(2)).

use nix::errno::Errno;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A read-only copy of all mounts at `path` and below. The copy is not yet attached to a path.
/// `None` if this process may not mount.
///
/// # Errors
/// The error of open_tree(2) for this path.
pub(crate) fn open(path: &Path) -> io::Result<Option<OwnedFd>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::OPEN_TREE_CLONE | (libc::AT_RECURSIVE | libc::O_CLOEXEC) as u32;
    // SAFETY: the path is a C string; nothing else owns the new descriptor.
    let tree = unsafe {
        let fd = libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags);
        match Errno::result(fd) {
            Err(Errno::EPERM | Errno::ENOSYS) => return Ok(None),
            result => OwnedFd::from_raw_fd(result? as RawFd),
        }
    };
    // Make the copy private. Otherwise a mount that is added to the original would also appear in
    // the copy (mount_namespaces(7)).
    // SAFETY: the descriptor is open.
    unsafe { protect(tree.as_raw_fd(), c"", libc::MS_PRIVATE) }
        .map_err(io::Error::from_raw_os_error)?;
    Ok(Some(tree))
}

/// Makes all mounts at `path` and below read-only, and disables devices and set-user-ID programs on
/// these mounts.
pub(crate) unsafe fn protect(at: RawFd, path: &CStr, propagation: u64) -> Result<(), i32> {
    // SAFETY: plain data, for which zero is a valid value.
    let mut attributes: libc::mount_attr = unsafe { std::mem::zeroed() };
    attributes.attr_set =
        libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    attributes.propagation = propagation;
    let flags = libc::AT_RECURSIVE | libc::AT_EMPTY_PATH;
    // SAFETY: the kernel reads `attributes`, of the given size.
    let result = unsafe {
        let size = size_of::<libc::mount_attr>();
        libc::syscall(libc::SYS_mount_setattr, at, path.as_ptr(), flags, &attributes, size)
    };
    // SAFETY: errno belongs to this thread.
    if result == -1 { Err(unsafe { *libc::__errno_location() }) } else { Ok(()) }
}

//! Reads the files that a program has created in its folder. The program is untrusted, so the names
//! and types of these files are not trusted.

use super::Finished;
use nix::errno::Errno;
use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

impl Finished {
    /// Opens a regular file in the program's folder. Symbolic links are not followed.
    ///
    /// # Errors
    /// The error of openat2(2); InvalidInput if the file is not a regular file.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        // Without O_NONBLOCK, opening a FIFO would wait for a writer (fifo(7)).
        let file = File::from(self.open_beneath(path, libc::O_NONBLOCK)?);
        if !file.metadata()?.is_file() {
            let said = format!("{} is not a regular file", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, said));
        }
        Ok(file)
    }

    /// The regular files in the program's folder and its subfolders. Each file has its path
    /// relative to the program's folder, and its permission bits.
    ///
    /// # Errors
    /// An error if a folder cannot be read, or if the folders contain more files than the limit.
    pub fn files(&self) -> io::Result<Vec<(PathBuf, u32)>> {
        let (mut found, mut seen) = (Vec::new(), 0);
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let fd = self.open_beneath(&folder, libc::O_DIRECTORY)?;
            for entry in fs::read_dir(format!("/proc/self/fd/{}", fd.as_raw_fd()))? {
                seen += 1;
                if seen > self.work_dir.most {
                    return Err(io::Error::other("the program created more files than its limit"));
                }
                let entry = entry?;
                let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && !self.work_dir.covered.contains(&path) {
                    found.push((path, entry.metadata()?.permissions().mode() & 0o7777));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn open_beneath(&self, path: &Path, flags: i32) -> io::Result<OwnedFd> {
        let folder = self.folder.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let name = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let name = CString::new(name.as_os_str().as_bytes())?;
        // SAFETY: plain data, for which zero is a valid value.
        let mut how: libc::open_how = unsafe { std::mem::zeroed() };
        how.flags = (libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NOCTTY | flags) as u64;
        how.resolve = libc::RESOLVE_BENEATH
            | libc::RESOLVE_NO_SYMLINKS
            | libc::RESOLVE_NO_MAGICLINKS
            | libc::RESOLVE_NO_XDEV;
        // SAFETY: a C string, and plain data of the given size; nothing else owns the new
        // descriptor.
        unsafe {
            let (size, base) = (size_of::<libc::open_how>(), folder.as_raw_fd());
            let fd = libc::syscall(libc::SYS_openat2, base, name.as_ptr(), &how, size);
            Ok(OwnedFd::from_raw_fd(Errno::result(fd)? as RawFd))
        }
    }
}

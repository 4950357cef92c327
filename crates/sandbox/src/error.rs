//! Why a program could not be started.

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// There is no file at this path, or no file with this name on the PATH.
    #[error("there is no program {0}; check the path")]
    NotFound(String),
    /// The file exists but is not executable.
    #[error("{0} is not executable; try chmod +x, or name its interpreter first")]
    NotExecutable(String),
    /// The program's working directory cannot be entered.
    #[error("{folder} cannot be the program's working directory: {error}")]
    NoDirectory {
        /// The folder's path.
        folder: String,
        /// The kernel's error.
        error: io::Error,
    },
    /// A path of the policy cannot be shown to the program.
    #[error("{path} cannot be shown to the program: {error}")]
    NotShown {
        /// The path.
        path: String,
        /// Why the path cannot be shown.
        error: io::Error,
    },
    /// A file cannot have other contents for the program than on this machine.
    #[error("{path} cannot have contents of its own for the program: {error}")]
    NoOwnFile {
        /// The path.
        path: String,
        /// Why the file cannot have contents of its own.
        error: io::Error,
    },
    /// A name or argument contains a NUL byte.
    #[error("{0:?} contains a NUL byte, which no program can receive")]
    NulByte(OsString),
    /// execve(2) failed, or a step just before execve(2) failed.
    #[error("{program} could not be started: {error}")]
    Refused {
        /// The program's path.
        program: String,
        /// The kernel's error.
        error: io::Error,
    },
    /// The sandbox could not be built.
    #[error("the sandbox could not be built: {0}")]
    NoSandbox(String),
    /// The program's system calls cannot be reported to the observer on this machine.
    #[error(
        "the program's system calls cannot be reported to the observer here (seccomp_unotify(2)): {0}"
    )]
    NoFaultInjection(io::Error),
    /// A system call of the observer itself failed, for example because of its own limits.
    #[error("a system call of the observer failed: {0}")]
    Observer(#[from] io::Error),
}

/// Converts the bytes to a C string. A C string cannot contain a NUL byte.
pub(crate) fn c_string(bytes: &[u8]) -> Result<CString, LaunchError> {
    CString::new(bytes).map_err(|_| LaunchError::NulByte(OsString::from_vec(bytes.to_vec())))
}

//! Restricts a program's access to files, to ports and to other processes (landlock(7)). This does
//! not need namespaces.
//!
//! The observer prepares a ruleset. The program's process applies the ruleset to itself just before
//! `execve`. This needs one system call and no memory allocation.

use crate::system::PROGRAMS;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A ruleset that is ready to be applied.
#[derive(Debug)]
pub(crate) struct Ruleset(OwnedFd);

/// The first version of Landlock that can restrict signals. Linux 6.12 has this version.
pub(crate) const SCOPES: i32 = 6;

/// The version of Landlock in this kernel; 0 if the kernel has no Landlock
/// (landlock_create_ruleset(2)).
pub(crate) fn version() -> i32 {
    static VERSION: OnceLock<i32> = OnceLock::new();
    *VERSION.get_or_init(|| asked_version().unwrap_or(0))
}

/// Whether a ruleset on this kernel can prevent a program from signalling other processes.
pub(crate) fn keeps_signals_in() -> bool {
    version() >= SCOPES
}

/// Why Landlock cannot restrict the caller's own program on this machine; `None` if Landlock can do
/// so.
pub(crate) fn refusal() -> Option<&'static str> {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    REFUSAL.get_or_init(|| why_not(SCOPES)).as_deref()
}

/// Why this kernel does not have version `wanted` of Landlock; `None` if the kernel has this
/// version or a later version.
pub(crate) fn why_not(wanted: i32) -> Option<String> {
    match asked_version() {
        Ok(version) if version >= wanted => None,
        Ok(version) => Some(format!(
            "this kernel's Landlock (version {version}) cannot stop a program from signalling other \
             processes; Linux 6.12 and later can"
        )),
        Err(error) => {
            let advice = match error.raw_os_error() {
                Some(libc::ENOSYS) => "this kernel has no Landlock; Linux 5.13 and later have it",
                Some(libc::EOPNOTSUPP) => {
                    "Landlock is turned off; add landlock to the kernel's lsm= parameter and restart"
                }
                _ => "the container's seccomp profile refuses Landlock",
            };
            Some(format!("landlock_create_ruleset(2): {error}; {advice}"))
        }
    }
}

/// The files and the port that an untrusted program may use.
pub(crate) struct Permitted<'a> {
    /// Files and folders that the program may read and execute.
    pub(crate) visible: Vec<&'a Path>,
    /// Files and folders below the visible ones that the program may not read, without symbolic
    /// links.
    pub(crate) hidden: BTreeSet<PathBuf>,
    /// The folder that the program may write.
    pub(crate) folder: &'a Path,
    /// The program's terminal, which the program may open by name.
    pub(crate) terminal: Option<RawFd>,
    /// The TCP port that the program may bind.
    pub(crate) port: Option<u16>,
    /// The TCP port that the program may connect to.
    pub(crate) peer_port: Option<u16>,
}

impl Ruleset {
    /// A ruleset for the caller's own program. With this ruleset, the program can signal only
    /// itself and the processes that it has started. Nothing else is restricted.
    pub(crate) fn own() -> io::Result<Self> {
        create(&Attributes { files: 0, net: 0, scoped: scope::SIGNAL })
    }

    /// A ruleset for an untrusted program. With this ruleset, the program can use only the files
    /// and the port in `permitted`, and files that every program needs.
    pub(crate) fn for_untrusted(permitted: &Permitted<'_>) -> io::Result<Self> {
        let version = version();
        let rules = create(&Attributes {
            files: file::all(version),
            net: if version >= 4 { net::BIND | net::CONNECT } else { 0 },
            scoped: if keeps_signals_in() { scope::SIGNAL | scope::ABSTRACT } else { 0 },
        })?;
        for path in
            PROGRAMS.iter().chain(&SYSTEM).map(Path::new).chain(permitted.visible.iter().copied())
        {
            // A path that this machine does not have is skipped.
            if let Ok(path) = path.canonicalize() {
                rules.permit_except(&path, &permitted.hidden)?;
            }
        }
        for device in DEVICES {
            rules.permit(Path::new(device), file::READ | file::WRITE)?;
        }
        rules.permit(permitted.folder, u64::MAX)?;
        if let Some(terminal) = permitted.terminal {
            rules.permit_open(terminal, file::READ | file::WRITE)?;
        }
        for (access, port) in [(net::BIND, permitted.port), (net::CONNECT, permitted.peer_port)] {
            if let Some(port) = port
                && version >= 4
            {
                let rule = PortRule { access, port: port.into() };
                rules.add(RULE_PORT, (&raw const rule).cast())?;
            }
        }
        Ok(rules)
    }

    /// Permits reading the file or folder at `path` and everything below it, except `hidden`.
    ///
    /// A rule for a folder is valid for everything below the folder (landlock(7)). Therefore, if
    /// something in a folder is hidden, each other entry of the folder gets a rule of its own. A
    /// symbolic link needs no rule, because Landlock looks at the path of its target.
    fn permit_except(&self, path: &Path, hidden: &BTreeSet<PathBuf>) -> io::Result<()> {
        if hidden.contains(path) {
            return Ok(());
        }
        if !hidden.iter().any(|hidden| hidden.starts_with(path)) {
            return self.permit(path, file::READ);
        }
        self.permit(path, file::LIST)?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_type()?.is_symlink() {
                self.permit_except(&entry.path(), hidden)?;
            }
        }
        Ok(())
    }

    /// Permits `access` to the file or folder at `path`, and to everything below a folder. A path
    /// that cannot be opened is skipped.
    fn permit(&self, path: &Path, access: u64) -> io::Result<()> {
        let flags = libc::O_PATH | libc::O_CLOEXEC;
        match File::options().read(true).custom_flags(flags).open(path) {
            Ok(file) => self.permit_open(file.as_raw_fd(), access),
            Err(_) => Ok(()),
        }
    }

    fn permit_open(&self, target: RawFd, access: u64) -> io::Result<()> {
        // SAFETY: plain data, which the kernel fills.
        let is_folder = unsafe {
            let mut found: libc::stat = std::mem::zeroed();
            libc::fstat(target, &mut found) == 0 && found.st_mode & libc::S_IFMT == libc::S_IFDIR
        };
        let mut access = access & file::all(version());
        if !is_folder {
            access &= file::OF_A_FILE;
        }
        let rule = PathRule { access, target };
        self.add(RULE_PATH, (&raw const rule).cast())
    }

    fn add(&self, kind: libc::c_int, rule: *const libc::c_void) -> io::Result<()> {
        let ruleset = self.0.as_raw_fd();
        // SAFETY: the rule has the type that `kind` names, and outlives the call.
        match unsafe { libc::syscall(libc::SYS_landlock_add_rule, ruleset, kind, rule, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl AsRawFd for Ruleset {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Applies the ruleset to this thread permanently. Before this call, the thread must have set
/// PR_SET_NO_NEW_PRIVS (prctl(2)).
pub(crate) unsafe fn restrict_self(rules: RawFd) -> Result<(), i32> {
    // SAFETY: the call takes two numbers; errno belongs to this thread.
    unsafe {
        match libc::syscall(libc::SYS_landlock_restrict_self, rules, 0) {
            0 => Ok(()),
            _ => Err(*libc::__errno_location()),
        }
    }
}

/// The files and folders that every program may read, in addition to [`PROGRAMS`].
pub(crate) const SYSTEM: [&str; 15] = [
    "/proc",
    "/etc/alternatives",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/services",
    "/sys/devices/system/cpu",
];
const DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// `struct landlock_ruleset_attr`.
#[repr(C)]
struct Attributes {
    files: u64,
    net: u64,
    scoped: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathRule {
    access: u64,
    target: RawFd,
}

/// `struct landlock_net_port_attr`.
#[repr(C)]
struct PortRule {
    access: u64,
    port: u64,
}

const RULE_PATH: libc::c_int = 1;
const RULE_PORT: libc::c_int = 2;

/// LANDLOCK_ACCESS_FS_* (linux/landlock.h).
mod file {
    const EXECUTE: u64 = 1;
    const READ_FILE: u64 = 1 << 2;
    const READ_DIR: u64 = 1 << 3;
    const TRUNCATE: u64 = 1 << 14;
    const DEVICE_IOCTL: u64 = 1 << 15;
    pub(super) const WRITE: u64 = 1 << 1 | TRUNCATE | DEVICE_IOCTL;
    pub(super) const LIST: u64 = READ_DIR;
    pub(super) const READ: u64 = EXECUTE | READ_FILE | READ_DIR;
    pub(super) const OF_A_FILE: u64 = EXECUTE | READ_FILE | WRITE;

    /// All access rights to files that this version of Landlock knows.
    pub(super) fn all(version: i32) -> u64 {
        match version {
            ..=1 => (1 << 13) - 1,
            2 => (1 << 14) - 1,
            3 | 4 => (1 << 15) - 1,
            _ => (1 << 16) - 1,
        }
    }
}

/// LANDLOCK_ACCESS_NET_*.
mod net {
    pub(super) const BIND: u64 = 1;
    pub(super) const CONNECT: u64 = 1 << 1;
}

/// LANDLOCK_SCOPE_*.
mod scope {
    pub(super) const ABSTRACT: u64 = 1;
    pub(super) const SIGNAL: u64 = 1 << 1;
}

fn create(attributes: &Attributes) -> io::Result<Ruleset> {
    let (at, size) = (&raw const *attributes, size_of::<Attributes>());
    // SAFETY: the attributes outlive the call; nothing else owns the new descriptor.
    unsafe {
        match libc::syscall(libc::SYS_landlock_create_ruleset, at, size, 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(Ruleset(OwnedFd::from_raw_fd(fd as RawFd))),
        }
    }
}

fn asked_version() -> io::Result<i32> {
    const VERSION: libc::c_uint = 1; // LANDLOCK_CREATE_RULESET_VERSION
    let nothing = std::ptr::null::<Attributes>();
    // SAFETY: with this flag the call reads no attributes, and creates no descriptor.
    match unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0, VERSION) } {
        -1 => Err(io::Error::last_os_error()),
        version => Ok(version as i32),
    }
}

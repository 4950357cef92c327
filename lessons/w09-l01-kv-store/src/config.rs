//! What the environment says: PORT and MAX_CLIENTS as for the poll tracker, and REQUIREPASS.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use poll_tracker::config::{Config as TableConfig, ConfigError};
use std::env;
use std::os::unix::ffi::OsStringExt;

const DEFAULTS: TableConfig = TableConfig { port: 6379, max_clients: 10_000 };

/// The descriptors that a server needs besides its clients': the standard three, the listener,
/// epoll's and the spare one.
const OWN: u64 = 6;

/// How the server is set up.
pub struct Config {
    /// The port, and how many clients there may be.
    pub table: TableConfig,
    /// What a client has to say first; `None` where nothing is asked.
    pub password: Option<Vec<u8>>,
}

/// The defaults, with what the environment has in their place. An empty REQUIREPASS is none.
///
/// # Errors
/// The first variable that will not do.
pub fn from_env() -> Result<Config, ConfigError> {
    let password = env::var_os("REQUIREPASS").map(OsStringExt::into_vec);
    Ok(Config {
        table: TableConfig::from_env(DEFAULTS)?,
        password: password.filter(|password| !password.is_empty()),
    })
}

/// Raises the soft limit of open files as far as so many clients need, and may: shells start
/// programs with 1024 (getrlimit(2), RLIMIT_NOFILE).
///
/// # Errors
/// Those of getrlimit(2) and setrlimit(2). Fewer than are needed is no error: the clients beyond
/// will be turned away.
pub fn allow_descriptors(clients: usize) -> nix::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = (clients as u64 + OWN).min(hard);
    if wanted <= soft { Ok(()) } else { setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) }
}

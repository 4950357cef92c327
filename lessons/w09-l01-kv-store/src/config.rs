//! What the environment says: PORT and MAX_CLIENTS as for the poll tracker, and REQUIREPASS.

use poll_tracker::config::{Config as TableConfig, ConfigError};
use std::env;
use std::os::unix::ffi::OsStringExt;

const DEFAULTS: TableConfig = TableConfig { port: 6379, max_clients: 10_000 };

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

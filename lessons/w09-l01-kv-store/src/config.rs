//! The settings from the environment: PORT and MAX_CLIENTS, as for the poll tracker, and
//! REQUIREPASS.

use poll_tracker::config::{Config as TableConfig, ConfigError};
use std::env;
use std::os::unix::ffi::OsStringExt;

const DEFAULTS: TableConfig = TableConfig { port: 6379, max_clients: 10_000 };

/// The settings of the server.
pub struct Config {
    /// The port, and the maximum number of clients.
    pub table: TableConfig,
    /// The password that clients must send with AUTH; `None` if the server has no password.
    pub password: Option<Vec<u8>>,
}

/// Reads the settings. If a variable is not set, its default is used. An empty REQUIREPASS means no
/// password.
///
/// # Errors
/// An error for the first variable with an invalid value.
pub fn from_env() -> Result<Config, ConfigError> {
    let password = env::var_os("REQUIREPASS").map(OsStringExt::into_vec);
    Ok(Config {
        table: TableConfig::from_env(DEFAULTS)?,
        password: password.filter(|password| !password.is_empty()),
    })
}

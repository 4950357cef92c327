//! The server's settings from the environment variables PORT and MAX_CLIENTS.

use sockhelpers::{number_from_env, port_from_env};
use std::ops::RangeInclusive;

pub use sockhelpers::ConfigError;

/// The accepted values of MAX_CLIENTS. Each client needs a descriptor, and a process cannot have
/// more than /proc/sys/fs/nr_open descriptors. The default of nr_open is 1,048,576
/// (proc_sys_fs(5)).
const CAPACITIES: RangeInclusive<usize> = 1..=1_048_576;

/// The settings of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The TCP port to listen on.
    pub port: u16,
    /// The maximum number of clients that are served at the same time.
    pub max_clients: usize,
}

impl Config {
    /// Reads PORT and MAX_CLIENTS. If a variable is not set, the value in `defaults` is used.
    ///
    /// # Errors
    /// An error for the first variable whose value is not a number or is out of range.
    pub fn from_env(defaults: Config) -> Result<Config, ConfigError> {
        Ok(Config {
            port: port_from_env(defaults.port)?,
            max_clients: number_from_env("MAX_CLIENTS", CAPACITIES, defaults.max_clients)?,
        })
    }
}

//! What the environment says: PORT and MAX_CLIENTS.

use sockhelpers::{number_from_env, port_from_env};
use std::ops::RangeInclusive;

pub use sockhelpers::ConfigError;

/// Each client takes a descriptor, and no process has more than /proc/sys/fs/nr_open of them:
/// 1,048,576 unless root raises it (proc_sys_fs(5)).
const CAPACITIES: RangeInclusive<usize> = 1..=1_048_576;

/// How a server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The TCP port to listen on.
    pub port: u16,
    /// How many clients are served at the same time.
    pub max_clients: usize,
}

impl Config {
    /// `defaults`, with PORT and MAX_CLIENTS in their place where the environment has them.
    ///
    /// # Errors
    /// The first variable that is no number or is out of range.
    pub fn from_env(defaults: Config) -> Result<Config, ConfigError> {
        Ok(Config {
            port: port_from_env(defaults.port)?,
            max_clients: number_from_env("MAX_CLIENTS", CAPACITIES, defaults.max_clients)?,
        })
    }
}

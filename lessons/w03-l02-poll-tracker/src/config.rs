//! What the environment says: PORT and MAX_CLIENTS.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::{env, error, fmt};

/// The ports that a client can be told of; 0 stands for one that the kernel picks.
const PORTS: RangeInclusive<usize> = 1..=65_535;

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
        Self::from_lookup(defaults, |variable| env::var_os(variable))
    }

    fn from_lookup(
        defaults: Config,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Config, ConfigError> {
        let number = |variable, range, default| match lookup(variable) {
            Some(value) => parse(variable, &value.to_string_lossy(), range),
            None => Ok(default),
        };
        Ok(Config {
            port: number("PORT", PORTS, defaults.port.into())? as u16,
            max_clients: number("MAX_CLIENTS", CAPACITIES, defaults.max_clients)?,
        })
    }
}

/// A variable whose value will not do, and why: one line, whatever the value holds.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    variable: &'static str,
    value: String,
    problem: String,
}

impl ConfigError {
    /// `problem` is what is wrong with this `value` of `variable`.
    pub fn new(variable: &'static str, value: impl ToString, problem: impl ToString) -> Self {
        ConfigError {
            variable,
            value: value.to_string(),
            problem: problem.to_string(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigError {
            variable,
            value,
            problem,
        } = self;
        write!(f, "{variable}={value:?}: {problem}")
    }
}

impl error::Error for ConfigError {}

fn parse(
    variable: &'static str,
    value: &str,
    range: RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let expected = format!(
            "expected a number from {} to {}",
            range.start(),
            range.end()
        );
        ConfigError::new(variable, value, expected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    const DEFAULTS: Config = Config {
        port: 7000,
        max_clients: 64,
    };

    fn with(variable: &str, value: impl Into<OsString>) -> Result<Config, String> {
        let value = value.into();
        Config::from_lookup(DEFAULTS, |name| (name == variable).then(|| value.clone()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_environment_leaves_the_defaults() {
        assert_eq!(Config::from_lookup(DEFAULTS, |_| None), Ok(DEFAULTS));
    }

    #[test]
    fn each_variable_overrides_its_default() {
        assert_eq!(
            with("PORT", "65535"),
            Ok(Config {
                port: 65535,
                ..DEFAULTS
            })
        );
        assert_eq!(
            with("MAX_CLIENTS", "1"),
            Ok(Config {
                max_clients: 1,
                ..DEFAULTS
            })
        );
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let error = with("MAX_CLIENTS", "0").unwrap_err();
        assert_eq!(
            error,
            r#"MAX_CLIENTS="0": expected a number from 1 to 1048576"#
        );
    }

    #[test]
    fn no_other_value_will_do() {
        let huge = "99999999999999999999999999";
        for value in [
            "", " ", "0", "-1", "7000 ", "0x10", "1e3", "many", "65536\n", huge,
        ] {
            for variable in ["PORT", "MAX_CLIENTS"] {
                let error = with(variable, value).unwrap_err();
                assert!(
                    error.starts_with(&format!("{variable}={value:?}: ")),
                    "{error}"
                );
                assert!(!error.contains('\n'), "{error}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let bytes = OsString::from_vec(vec![b'7', 0xff]);
        assert_eq!(
            with("PORT", bytes).unwrap_err(),
            "PORT=\"7\u{fffd}\": expected a number from 1 to 65535",
        );
    }
}

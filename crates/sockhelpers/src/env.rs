//! Numbers from environment variables, such as PORT.

use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::{env, error, fmt};

/// The ports that a client can connect to. Port 0 is not accepted, because bind(2) interprets port
/// 0 as a request for any free port.
const PORTS: RangeInclusive<usize> = 1..=65_535;

/// Returns the TCP port in the variable PORT, from 1 to 65535, or `default` when PORT is not set.
///
/// # Errors
/// PORT is not a number, or the number is out of range.
pub fn port_from_env(default: u16) -> Result<u16, ConfigError> {
    Ok(number_from_env("PORT", PORTS, default.into())? as u16)
}

/// Returns the number in an environment variable, or `default` when the variable is not set.
///
/// # Errors
/// The value is not a number, or the number is not in `range`.
pub fn number_from_env(
    variable: &'static str,
    range: RangeInclusive<usize>,
    default: usize,
) -> Result<usize, ConfigError> {
    match env::var_os(variable) {
        Some(value) => parse(variable, &value, range),
        None => Ok(default),
    }
}

/// The error for an environment variable whose value cannot be used. The error is displayed as one
/// line: the variable, the value in quotation marks, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    variable: &'static str,
    value: String,
    problem: String,
}

impl ConfigError {
    /// An error that says why `value` cannot be used for `variable`.
    ///
    /// ```
    /// use sockhelpers::{ConfigError, create_listening_socket, local_addr};
    ///
    /// let listener = create_listening_socket(0, 1)?;
    /// let port = local_addr(&listener)?.port();
    /// let taken = create_listening_socket(port, 1)
    ///     .map_err(|error| ConfigError::new("PORT", port, error))
    ///     .unwrap_err();
    /// assert!(taken.to_string().starts_with(&format!("PORT=\"{port}\": bind 0.0.0.0:{port}: ")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(variable: &'static str, value: impl ToString, problem: impl ToString) -> Self {
        ConfigError { variable, value: value.to_string(), problem: problem.to_string() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigError { variable, value, problem } = self;
        write!(f, "{variable}={value:?}: {problem}")
    }
}

impl error::Error for ConfigError {}

fn parse(
    variable: &'static str,
    value: &OsStr,
    range: RangeInclusive<usize>,
) -> Result<usize, ConfigError> {
    let value = value.to_string_lossy();
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let expected = format!("expected a number from {} to {}", range.start(), range.end());
        ConfigError::new(variable, value, expected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn port(value: &[u8]) -> Result<usize, String> {
        parse("PORT", OsStr::from_bytes(value), PORTS).map_err(|error| error.to_string())
    }

    #[test]
    fn a_variable_that_is_not_set_gives_the_default() {
        assert_eq!(number_from_env("SOCKHELPERS_NO_SUCH_VARIABLE", 1..=9, 7), Ok(7));
    }

    #[test]
    fn both_ends_of_the_range_are_accepted() {
        assert_eq!((port(b"1"), port(b"65535")), (Ok(1), Ok(65_535)));
    }

    #[test]
    fn a_value_out_of_range_is_shown_with_the_range() {
        let error = parse("MAX_CLIENTS", OsStr::new("0"), 1..=1_048_576).unwrap_err();
        assert_eq!(error.to_string(), r#"MAX_CLIENTS="0": expected a number from 1 to 1048576"#);
    }

    #[test]
    fn other_values_are_errors_on_one_line() {
        let huge = "99999999999999999999999999";
        for value in ["", " ", "0", "-1", "7000 ", "0x10", "1e3", "many", "65536\n", huge] {
            let error = port(value.as_bytes()).unwrap_err();
            assert!(error.starts_with(&format!("PORT={value:?}: ")), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        let error = port(b"7\xff").unwrap_err();
        assert_eq!(error, "PORT=\"7\u{fffd}\": expected a number from 1 to 65535");
    }
}

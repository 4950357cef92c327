//! Values in the TOML files of an instructor. The files are read entry by entry, so that every
//! problem can be reported with its line.

mod problems;

pub(crate) use problems::Problems;

use toml::Spanned;
use toml::de::{DeString, DeValue};

/// The maximum of the points that a criterion or a lesson can give.
pub(crate) const MAX_POINTS: f64 = 1e6;
/// The form of a time, for messages.
pub(crate) const TIME_FORM: &str =
    "a time with its zone, e.g. \"2026-10-09T23:59:00+02:00\" (RFC 3339)";

/// A key with its value.
pub(crate) type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

/// The key of an entry.
pub(crate) fn name<'a>(entry: Entry<'a, '_>) -> &'a str {
    entry.0.get_ref()
}

/// A time with its zone, in seconds since 1970. The value may be a string or an offset date-time of
/// TOML.
pub(crate) fn time(value: &DeValue<'_>) -> Option<i64> {
    let datetime = value.as_datetime().map(ToString::to_string);
    let text = datetime.as_deref().or(value.as_str());
    let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.map(|time| time.as_second())
}

/// A number from 0 to `most`.
pub(crate) fn number(value: &DeValue<'_>, most: f64) -> Option<f64> {
    let number = match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix())
                .ok()
                .map(|integer| integer as f64)
        }
        DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
        _ => None,
    };
    number.filter(|number| (0.0..=most).contains(number))
}

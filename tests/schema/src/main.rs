//! Validates a report on standard input against `report.schema.json`. The exit status is 0 for a
//! valid report; otherwise it is 1, and standard error has the reason.

use serde_json::Value;
use std::error::Error;
use std::io::{self, Read};

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let report: Value = serde_json::from_str(&text)?;
    let schema = include_str!("../../../crates/course/report.schema.json");
    let schema = jsonschema::draft202012::new(&serde_json::from_str(schema)?)?;
    schema.validate(&report).map_err(|error| format!("{}: {error}", error.instance_path()).into())
}

//! What a lesson is worth: `points` in its front matter, a number or a map of criteria.

use crate::lesson::{Criterion, Worth};
use crate::problem::{Collector, nearest, suggest};
use serde_norway::{Mapping, Value};
use std::collections::BTreeMap;

/// The most points that a criterion or a lesson can be worth.
const MOST: f64 = 1e6;

/// `points` as the front matter states it; the criteria are not known yet.
#[derive(Default)]
pub(crate) struct Stated {
    worth: Worth,
    /// The line of each criterion's points.
    lines: BTreeMap<String, usize>,
}

impl Stated {
    /// Reads the value of `points`, which stands in `yaml`.
    pub(crate) fn read(value: Option<&Value>, yaml: &str, problems: &mut Collector) -> Self {
        let line = line_of("points", yaml, 0);
        match value {
            None => Self::default(),
            Some(Value::Mapping(map)) => Self::each(map, yaml, line, problems),
            Some(value) => {
                let worth = points(value).map_or_else(
                    || {
                        let form = "a number from 0 up, or criteria with a number each";
                        problems.at(line, format!("points must be {form}"));
                        Worth::Equal
                    },
                    Worth::Whole,
                );
                Self { worth, lines: BTreeMap::new() }
            }
        }
    }

    fn each(map: &Mapping, yaml: &str, after: usize, problems: &mut Collector) -> Self {
        let mut each = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for (key, value) in map {
            let Some(key) = key.as_str() else {
                problems.at(after, "a criterion's id below points is not a text; take it out");
                continue;
            };
            let line = line_of(key, yaml, after);
            lines.insert(key.to_owned(), line);
            match points(value) {
                Some(points) => _ = each.insert(key.to_owned(), points),
                None => problems.at(line, format!("points of {key} must be a number from 0 up")),
            }
        }
        Self { worth: Worth::Each(each), lines }
    }

    /// What it comes to for these criteria; a problem for each id that none of them has.
    pub(crate) fn of(self, criteria: &[Criterion], problems: &mut Collector) -> Worth {
        let ids = || criteria.iter().map(|criterion| criterion.id.as_str());
        for (id, line) in &self.lines {
            if !ids().any(|known| known == id) {
                let hint = suggest(nearest(id, ids()), "take it out");
                problems.at(*line, format!("points for an unknown criterion \"{id}\"; {hint}"));
            }
        }
        self.worth
    }
}

fn points(value: &Value) -> Option<f64> {
    value.as_f64().filter(|points| (0.0..=MOST).contains(points))
}

/// The first line from `after` on that begins with `key`, from 1; the line `after` where none does.
fn line_of(key: &str, yaml: &str, after: usize) -> usize {
    let begins = |line: &str| line.trim_start_matches([' ', '"', '\'']).starts_with(key);
    let found = yaml.lines().skip(after).position(begins);
    found.map_or(after.max(1), |index| after + index + 1)
}

//! The field `points` of the front matter: a total, or the points of each criterion.

use crate::lesson::{Criterion, Points};
use crate::problem::{Collector, nearest, suggest};
use serde_norway::{Mapping, Value};
use std::collections::BTreeMap;

/// The maximum number of points that a criterion or a lesson can give.
const MAX_POINTS: f64 = 1e6;

/// The content of the field, before it is compared with the lesson's criteria.
#[derive(Default)]
pub(crate) struct PointsField {
    points: Points,
    /// The line of each criterion in the field.
    lines: BTreeMap<String, usize>,
}

impl PointsField {
    /// Reads `value`, which is the value of `points` in `yaml`.
    pub(crate) fn read(value: Option<&Value>, yaml: &str, problems: &mut Collector) -> Self {
        let line = line_of("points", yaml, 0);
        match value {
            None => Self::default(),
            Some(Value::Mapping(map)) => Self::per_criterion(map, yaml, line, problems),
            Some(value) => {
                let points = number(value).map_or_else(
                    || {
                        let form = "a number from 0 up, or criteria with a number each";
                        problems.at(line, format!("points must be {form}"));
                        Points::Equal
                    },
                    Points::Total,
                );
                Self { points, lines: BTreeMap::new() }
            }
        }
    }

    fn per_criterion(map: &Mapping, yaml: &str, after: usize, problems: &mut Collector) -> Self {
        let mut points = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for (key, value) in map {
            let Some(key) = key.as_str() else {
                problems.at(after, "a criterion's id below points is not a text; take it out");
                continue;
            };
            let line = line_of(key, yaml, after);
            lines.insert(key.to_owned(), line);
            match number(value) {
                Some(number) => _ = points.insert(key.to_owned(), number),
                None => problems.at(line, format!("points of {key} must be a number from 0 up")),
            }
        }
        Self { points: Points::PerCriterion(points), lines }
    }

    /// Compares each id in the field with the lesson's criteria, and reports an unknown id. Returns
    /// the points.
    pub(crate) fn checked(self, criteria: &[Criterion], problems: &mut Collector) -> Points {
        let ids = || criteria.iter().map(|criterion| criterion.id.as_str());
        for (id, line) in &self.lines {
            if !ids().any(|known| known == id) {
                let hint = suggest(nearest(id, ids()), "take it out");
                problems.at(*line, format!("points for an unknown criterion \"{id}\"; {hint}"));
            }
        }
        self.points
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|points| (0.0..=MAX_POINTS).contains(points))
}

/// The number of the first line after line `after` that begins with `key`. If no line begins with
/// `key`, the result is `after`, but at least 1.
fn line_of(key: &str, yaml: &str, after: usize) -> usize {
    let begins = |line: &str| line.trim_start_matches([' ', '"', '\'']).starts_with(key);
    let found = yaml.lines().skip(after).position(begins);
    found.map_or(after.max(1), |index| after + index + 1)
}

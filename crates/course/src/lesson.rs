//! One lesson as its `lesson.md` states it.

use serde::Serialize;

/// Where a criterion's sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bullet of the Prove list.
    Prove,
    /// A Done When bullet.
    Guard,
}

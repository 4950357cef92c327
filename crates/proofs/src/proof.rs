//! The criteria of one lesson, as a table.

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::defaults::LessonDefaults;

/// The criteria of one lesson.
pub struct Proof {
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: &'static str,
    /// The port that the lesson's servers use by default.
    pub port: u16,
    /// The number of slots that the lesson's servers have by default. 0 if the lesson's servers
    /// keep no table of clients and ignore MAX_CLIENTS.
    pub capacity: usize,
    /// The criteria, in the lesson's order.
    pub criteria: &'static [Criterion],
}

/// One criterion.
pub struct Criterion {
    /// The criterion's id in `lesson.md`.
    pub id: &'static str,
    pub(crate) check: Check,
    /// Whether the check takes long. A long check starts before the other checks. Otherwise the
    /// proof could end with a wait for this one check.
    pub(crate) is_long: bool,
}

type Check = fn(&CheckContext<'_>) -> Result<(), CheckError>;

impl Criterion {
    pub(crate) const fn new(id: &'static str, check: Check) -> Self {
        Self { id, check, is_long: false }
    }

    pub(crate) const fn long(self) -> Self {
        Self { is_long: true, ..self }
    }
}

impl Proof {
    /// What each check of this proof must know about the lesson.
    pub(crate) fn defaults(&self) -> LessonDefaults {
        LessonDefaults {
            id: self.lesson,
            port: self.port,
            capacity: self.capacity,
            logs_clients: self.criteria.iter().any(|it| matches!(it.id, "slots" | "join-leave")),
        }
    }
}

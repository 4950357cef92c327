//! The criteria of one lesson, as a table.

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::defaults::LessonDefaults;
use witness::Limits;

/// The criteria of one lesson.
pub struct Proof {
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: &'static str,
    /// What the lesson's programs are.
    pub role: Role,
    /// The criteria, in the lesson's order.
    pub criteria: &'static [Criterion],
}

/// What the programs of a lesson are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Servers, which listen on the port in the variable PORT.
    Server {
        /// The port that the lesson's servers use by default.
        port: u16,
        /// The number of slots that the lesson's servers have by default. 0 if the lesson's servers
        /// keep no table of clients and ignore MAX_CLIENTS.
        capacity: usize,
    },
    /// Clients. Their arguments are the host and the port of a server, which the check plays.
    Client,
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

/// The number of processes that an untrusted server with a child for each client may have. The checks
/// connect up to 71 clients.
const PROCESSES_OF_FORK_SERVER: u64 = 256;

impl Proof {
    /// The limits for an untrusted program of this lesson. A correct program stays below them.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        match self.criteria.iter().any(|it| it.id == "fork-fails") {
            true => Limits { processes: PROCESSES_OF_FORK_SERVER, ..default },
            false => default,
        }
    }

    /// What each check of this proof must know about the lesson.
    pub(crate) fn defaults(&self) -> LessonDefaults {
        let (port, capacity) = match self.role {
            Role::Server { port, capacity } => (port, capacity),
            Role::Client => (0, 0),
        };
        LessonDefaults {
            id: self.lesson,
            is_client: self.role == Role::Client,
            port,
            capacity,
            logs_clients: self.criteria.iter().any(|it| matches!(it.id, "slots" | "join-leave")),
        }
    }
}

//! What the programs of a lesson are: servers or clients.

use course::lesson::Lesson;
use proofs::Role;

/// Whether the programs of a lesson are clients.
pub(crate) fn is_client(lesson: &Lesson) -> bool {
    proofs::of(&lesson.id).is_some_and(|proof| proof.role == Role::Client)
}

/// What a program of a lesson is, in a word: `client` or `server`.
pub(crate) fn noun(lesson: &Lesson) -> &'static str {
    if is_client(lesson) { "client" } else { "server" }
}

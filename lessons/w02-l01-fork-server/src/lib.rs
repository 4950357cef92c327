//! The child's part of a fork server, and the lines of its log.
//!
//! [`conversation`] serves one client, [`parent_death`] ends a child when its parent ends, and
//! [`log`] writes the lines of the log. The parent's part is not in this library but in the program
//! (`main.rs`), because a later lesson has another parent with the same children.

#[cfg_attr(feature = "solution", path = "../solution/conversation.rs")]
pub mod conversation;
pub mod log;
pub mod parent_death;

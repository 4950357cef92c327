//! A chat room: the members, their lines, and the event loop. How the loop waits is not in this
//! library: the program chooses a type that implements [`wait::Wait`].
//!
//! Start with [`server`], the event loop. [`room`] has the members, [`lines`] cuts what a member
//! sends into lines, and [`messages`] has the lines that the room writes.

#[cfg_attr(feature = "solution", path = "../solution/lines.rs")]
pub mod lines;
#[cfg_attr(feature = "solution", path = "../solution/messages.rs")]
pub mod messages;
#[cfg_attr(feature = "solution", path = "../solution/room.rs")]
pub mod room;
#[cfg_attr(feature = "solution", path = "../solution/server.rs")]
pub mod server;
pub mod wait;

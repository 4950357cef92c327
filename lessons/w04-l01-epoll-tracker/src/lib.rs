//! Who is watched: the interest list of epoll, and room for the descriptors of a crowd.
//!
//! Start with [`watch`]. The table of clients is that of `poll_tracker`, unchanged.

pub mod limit;
#[cfg_attr(feature = "solution", path = "../solution/watch.rs")]
pub mod watch;

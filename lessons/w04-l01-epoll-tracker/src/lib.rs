//! The interest list of epoll, and the limit on descriptors.
//!
//! Start with [`epoll`]. The table of clients is in the crate `poll_tracker`.

#[cfg_attr(feature = "solution", path = "../solution/epoll.rs")]
pub mod epoll;
pub mod limit;

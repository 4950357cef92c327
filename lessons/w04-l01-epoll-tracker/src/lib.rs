//! The interest list of epoll, and the limit on descriptors.
//!
//! Start with [`epoll`]. The table of clients is the one of `poll_tracker`, unchanged.

#[cfg_attr(feature = "solution", path = "../solution/epoll.rs")]
pub mod epoll;
pub mod limit;

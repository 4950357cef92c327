//! A key-value store, but for its sockets: bytes in, replies out.
//!
//! Start with [`service`], which takes what a client has sent and runs the commands in it. From
//! there: [`parse`] finds the commands, [`command`] has the table of them, [`store`] keeps the
//! keys, and [`session`] is what is known of each client besides its connection.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its crate")]

mod admin;
pub mod args;
pub mod command;
mod error;
pub mod expiry;
mod glob;
mod inline;
#[cfg_attr(feature = "solution", path = "../solution/keys.rs")]
mod keys;
mod lists;
#[cfg_attr(feature = "solution", path = "../solution/login.rs")]
mod login;
mod number;
#[cfg_attr(feature = "solution", path = "../solution/parse.rs")]
pub mod parse;
pub mod reply;
#[cfg_attr(feature = "solution", path = "../solution/service.rs")]
pub mod service;
pub mod session;
#[cfg_attr(feature = "solution", path = "../solution/store.rs")]
pub mod store;
#[cfg_attr(feature = "solution", path = "../solution/strings.rs")]
mod strings;
#[cfg_attr(feature = "solution", path = "../solution/transaction.rs")]
pub mod transaction;
mod watched;

pub use error::Error;
pub use glob::matches;

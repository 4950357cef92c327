//! A key-value store without sockets: its input and its replies are bytes in memory.
//!
//! Start with [`service`], which runs the commands in a client's input. [`parse`] finds the
//! commands in the input, [`command_table`] lists them, [`store`] keeps the keys, and [`session`]
//! has the state of each client besides its connection.
//!
//! The layers of modules, from the bottom: the store and the parser; the session of a client; a
//! [`command`] and its context; the modules of handlers (`strings`, `keys`, `lists` and others);
//! the command table; the service. A module uses only modules of lower layers.

#![allow(unreachable_pub, reason = "`pub` is what a module offers the others of its crate")]

mod admin;
pub mod args;
pub mod command;
pub mod command_table;
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
mod watched_keys;

pub use error::Error;
pub use glob::matches;

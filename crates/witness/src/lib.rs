//! Launches a network server and asks the kernel what it does.
//!
//! A server's log says what its author believes. This crate asks the kernel instead: which
//! descriptor is connected to which client, what `poll` is watching right now, whether a thread
//! sleeps or spins, and whether anything is left for the server to do. Nothing is slept through and
//! no connection is made to find out: a wrong server is told so as fast as a right one.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = witness::Launch::new("./server").env("PORT", "7000").start()?;
//! server.until_listening(7000)?;
//! let client = server.connect()?;
//! let fd = server.until(|now| now.descriptor_of(&client))?;
//! println!("the kernel connects descriptor {fd} to {}", client.address());
//! client.close();
//! let calls = server.until_quiet()?;
//! println!("the client has left; the server is asleep in {}", calls[0].name());
//! println!("it asks poll for {:?} and holds {:?}", server.watched()?, server.descriptors()?);
//! # Ok(()) }
//! ```
//!
//! The rooms: [`Launch`] starts a program in a box of its own; [`Server`] is the running program;
//! [`Client`] is a peer that the observer plays; [`Stuck`] says why a fact will not come true.

mod client;
mod control;
mod gate;
mod init;
mod launch;
mod log;
mod process;
mod ready;
mod server;
mod sockets;
mod strobe;
mod stuck;
mod syscalls;
mod tier;
mod watched;

pub use client::{Client, End};
pub use gate::Gate;
pub use launch::{Launch, LaunchError};
pub use log::Line;
pub use process::{Descriptor, Process, Target, Thread};
pub use server::Server;
pub use sockets::{Socket, State};
pub use strobe::Strobe;
pub use stuck::{Exit, Stuck, Unseen};
pub use syscalls::Call;
pub use tier::Tier;
pub use watched::Watched;

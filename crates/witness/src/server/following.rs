//! For an observer that follows a server for a long time, in an event loop of its own, and that must
//! not cost much.

use super::Server;
use super::observe::table_unobservable;
use crate::client::Client;
use crate::log::Line;
use crate::sockets::Socket;
use sandbox::{Process, Unobservable};
use std::fs;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};

/// How often each thread of a server was scheduled, at one moment. If two of these values are equal,
/// no thread has run in between. Then no process was started or has ended, and no descriptor, array
/// or list of the server has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity(Vec<(i32, i32, Option<String>)>);

impl Activity {
    /// Reads the activity of these threads again: each is a process id and a thread id.
    ///
    /// This function opens one file for each thread. That takes a few microseconds, where
    /// [`Server::threads`] takes about fifty.
    pub fn of(threads: impl IntoIterator<Item = (Process, i32)>) -> Self {
        let read = |pid, tid| fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).ok();
        let threads = threads.into_iter();
        Self(threads.map(|(process, tid)| (process.pid, tid, read(process.pid, tid))).collect())
    }

    /// The activity of the same threads now.
    pub fn now(&self) -> Self {
        Self::of(self.0.iter().map(|(pid, tid, _)| (Process { pid: *pid }, *tid)))
    }
}

impl Server {
    /// The descriptors of the observer that become readable when the server writes to standard output,
    /// a client receives bytes, the sandbox sends a message, or a stopped call waits for an answer.
    /// After that, call [`poll_events`](Self::poll_events), and read what the clients have received.
    ///
    /// The descriptors are open as long as this value and its clients do not change.
    pub fn descriptors_to_poll(&self) -> Vec<RawFd> {
        // After the program's end, these descriptors would be readable for ever.
        let faults = self.faults.as_ref().map(AsRawFd::as_raw_fd);
        let of_program = [Some(self.sandbox.as_raw_fd()), faults].into_iter().flatten();
        let of_program = of_program.filter(|_| self.exit.is_none());
        let listeners = self.own_listeners.iter().map(AsRawFd::as_raw_fd);
        let clients = self.clients.iter().filter_map(Client::descriptor_to_poll);
        of_program.chain([self.log.as_raw_fd()]).chain(listeners).chain(clients).collect()
    }

    /// Takes the lines that the program has written to standard output since the last call. Without
    /// this call, only the first 20,000 lines are kept.
    pub fn take_log(&mut self) -> Vec<Line> {
        self.log.take()
    }

    /// Takes the bytes that the program has written to standard error since the last call. Without
    /// this call, only the first 64 KiB are kept.
    pub fn take_stderr(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.errors)
    }

    /// The sockets of these connections, each given by the address of the socket and of its peer;
    /// `None` for a connection that is not in the kernel's table any more. With netlink this takes
    /// microseconds, where [`sockets`](Self::sockets) takes a millisecond.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn sockets_between(
        &self,
        ends: &[(SocketAddr, SocketAddr)],
    ) -> Result<Vec<Option<Socket>>, Unobservable> {
        let table = self.table.as_ref();
        table.map_or(Ok(vec![None; ends.len()]), |it| it.between(ends).map_err(table_unobservable))
    }
}

//! Functions that return what can be observed of a server: its log, and information from the
//! kernel.

use super::Server;
use crate::client::Client;
use crate::epoll_entry::{self, EpollEntry};
use crate::log::Line;
use crate::poll_entry::{self, PollEntry};
use crate::sockets::{Socket, State};
use crate::syscall_sample::SyscallSample;
use sandbox::{Call, Descriptor, Exit, IsolationLevel, Process, Target, Unobservable};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

impl Server {
    /// The lines that the program has written to standard output so far.
    pub fn log(&self) -> &[Line] {
        self.log.lines()
    }

    /// The text that the program has written to standard error so far, at most the first 64 KiB.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.errors).into_owned()
    }

    /// The bytes that the program has written to standard error so far, at most the first 64 KiB.
    pub fn stderr_bytes(&self) -> &[u8] {
        &self.errors
    }

    /// The number of bytes that the program has written to standard output and standard error so far.
    pub fn output_written(&self) -> u64 {
        self.log.written() + self.stderr_bytes
    }

    /// How strongly the program is isolated.
    pub fn isolation(&self) -> IsolationLevel {
        self.sandbox.isolation()
    }

    /// How the program ended, if it has ended.
    pub fn exit(&self) -> Option<&Exit> {
        self.exit.as_ref()
    }

    /// The process that listens. Before any process listens, this is the program's first process.
    pub fn process(&self) -> Process {
        self.listener.unwrap_or(self.program)
    }

    /// All processes in the sandbox: the program, and the processes that the program has started
    /// and that have not been reaped.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn processes(&self) -> Result<Vec<Process>, Unobservable> {
        self.sandbox.init().descendants()
    }

    /// The processes in the sandbox whose parent is the sandbox's first process, except the program
    /// itself. The parent of such a process has ended. The process may come from an earlier run of
    /// the program.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn orphans(&self) -> Result<Vec<Process>, Unobservable> {
        let mut found = self.sandbox.init().children()?;
        found.retain(|process| *process != self.program);
        Ok(found)
    }

    /// The names of the system calls that the server's threads sleep in. Threads that do not sleep
    /// are omitted.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn calls(&self) -> Result<Vec<&'static str>, Unobservable> {
        let threads = self.all_threads()?;
        Ok(threads.iter().filter_map(|(_, thread)| Some(thread.call?.name())).collect())
    }

    /// What the server does between its naps, if the last wait has found that the server is idle and
    /// that a clock wakes one of its threads again and again: the calls of this thread. `None` if
    /// all threads sleep until an event.
    pub fn naps(&self) -> Option<&SyscallSample> {
        self.naps.as_ref()
    }

    /// The server's socket for the connection to `client`; `None` if the server has no such socket
    /// any more.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn connection(&self, client: &Client) -> Result<Option<Socket>, Unobservable> {
        let Some(table) = &self.table else { return Ok(None) };
        let mut found = table.connections([client].into_iter()).map_err(table_unobservable)?;
        let socket = found.pop().flatten();
        if let Some(socket) = socket {
            client.set_inode(socket.inode);
        }
        Ok(socket)
    }

    /// The server's descriptor that is connected to `client`; `None` if the server has no such
    /// descriptor.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides descriptors from this user.
    pub fn descriptor_of(&self, client: &Client) -> Result<Option<i32>, Unobservable> {
        self.connection(client)?;
        let Some(inode) = client.inode() else { return Ok(None) };
        let (process, target) = (self.process(), Target::Socket(inode));
        // A server with thousands of clients gives most of them one number after another.
        let next = self.last_found.get() + 1;
        let found = match process.target(next)? == Some(target.clone()) {
            true => Some(next),
            false => {
                let mut descriptors = process.descriptors()?.into_iter();
                descriptors.find(|descriptor| descriptor.target == target).map(|it| it.fd)
            }
        };
        found.into_iter().for_each(|fd| self.last_found.set(fd));
        Ok(found)
    }

    /// The processes that have ended and that a process of the server has not reaped. Orphans are
    /// not included, because the sandbox's first process reaps orphans.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn zombies(&self) -> Result<Vec<Process>, Unobservable> {
        let mut zombies = Vec::new();
        for parent in self.processes()? {
            for child in parent.children()? {
                if child.is_zombie()? {
                    zombies.push(child);
                }
            }
        }
        Ok(zombies)
    }

    /// The processes that have a descriptor for the socket with this inode.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides descriptors from this user.
    pub fn holders(&self, inode: u64) -> Result<Vec<Process>, Unobservable> {
        let mut holders = Vec::new();
        for process in self.processes()? {
            if process.descriptors()?.iter().any(|it| it.target == Target::Socket(inode)) {
                holders.push(process);
            }
        }
        Ok(holders)
    }

    /// The descriptors of the process that listens.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn descriptors(&self) -> Result<Vec<Descriptor>, Unobservable> {
        self.process().descriptors()
    }

    /// The listening socket that clients connect to. Its field `unread` is the number of
    /// connections that the server has not accepted yet.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn listener(&self) -> Result<Option<Socket>, Unobservable> {
        match (&self.table, self.address) {
            (Some(table), Some(address)) => table.listener(address).map_err(table_unobservable),
            _ => Ok(None),
        }
    }

    /// All listening sockets of the server's processes.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn listeners(&self) -> Result<Vec<Socket>, Unobservable> {
        let mut own = Vec::new();
        for process in self.processes()? {
            own.extend(process.descriptors()?.into_iter().map(|descriptor| descriptor.target));
        }
        let mut listening = self.sockets_in(State::Listen)?;
        listening.retain(|socket| own.contains(&Target::Socket(socket.inode)));
        Ok(listening)
    }

    /// The TCP sockets of the server's network that belong to a connection. Sockets of connections
    /// that were reset are not in the kernel's table any more.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn sockets(&self) -> Result<Vec<Socket>, Unobservable> {
        use State::*;
        let states =
            [Established, SynSent, SynReceived, FinWait1, FinWait2, CloseWait, LastAck, Closing];
        self.table.as_ref().map_or(Ok(Vec::new()), |it| it.all(&states).map_err(table_unobservable))
    }

    /// The inodes of the Unix sockets in the server's network (proc_pid_net(5), unix). Empty if the
    /// file cannot be read.
    pub fn unix_sockets(&self) -> Vec<u64> {
        // The columns are Num, RefCount, Protocol, Flags, Type, St, Inode and Path.
        self.inodes_in("unix", 6)
    }

    /// Whether the server's network has connections to `port` in TIME_WAIT.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel's socket table cannot be read.
    pub fn is_in_time_wait(&self, port: u16) -> Result<bool, Unobservable> {
        let held = self.sockets_in(State::TimeWait)?;
        Ok(held.iter().any(|socket| socket.local.port() == port))
    }

    /// The `pollfd` array of the listening process; `None` if no thread of this process sleeps in
    /// poll. If several threads sleep in poll, the result is the array that includes the listener.
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not read the process's memory.
    pub fn poll_entries(&self) -> Result<Option<Vec<PollEntry>>, Unobservable> {
        let process = self.process();
        let mut found = None;
        for thread in self.threads()? {
            let Some(call) = thread.call.filter(Call::is_poll) else { continue };
            let read = poll_entry::read(process, &call);
            // If the thread has woken during the read, it may have changed the array. Skip this
            // array.
            if !self.threads()?.contains(&thread) {
                continue;
            }
            let array = read?;
            if found.is_none() || self.includes_listener(&array)? {
                found = Some(array);
            }
        }
        Ok(found)
    }

    /// The entries that the listening process has registered with epoll: the interest lists of all
    /// epoll descriptors on which its threads wait. `None` if no thread sleeps in epoll_wait.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides the lists from this user.
    pub fn epoll_entries(&self) -> Result<Option<Vec<EpollEntry>>, Unobservable> {
        let process = self.process();
        let before = process.threads()?;
        let calls = before.iter().filter_map(|thread| thread.call);
        let mut epolls: Vec<_> = calls.filter(Call::is_epoll).map(|it| it.epoll()).collect();
        epolls.sort_unstable();
        epolls.dedup();
        let mut all = Vec::new();
        for epoll in &epolls {
            all.extend(epoll_entry::read(process, *epoll)?);
        }
        // If a thread has woken during the read, it may have changed the lists. Then the result is
        // `None`.
        let same = !epolls.is_empty() && process.threads()? == before;
        Ok(same.then_some(all))
    }

    /// Whether the array contains an entry for the listener.
    fn includes_listener(&self, watched: &[PollEntry]) -> Result<bool, Unobservable> {
        let listener = self.listener()?.map(|socket| Target::Socket(socket.inode));
        let open = self.descriptors()?;
        let number = open.iter().find(|it| Some(&it.target) == listener.as_ref()).map(|it| it.fd);
        Ok(watched.iter().any(|entry| Some(entry.fd) == number))
    }

    fn sockets_in(&self, state: State) -> Result<Vec<Socket>, Unobservable> {
        self.table
            .as_ref()
            .map_or(Ok(Vec::new()), |it| it.all(&[state]).map_err(table_unobservable))
    }

    /// Looks whether the program, or a process that it has started, listens on `port`. After that,
    /// clients can connect. [`wait_listening`](Self::wait_listening) waits until this is so.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn look_for_listener(&mut self, port: u16) -> Result<bool, Unobservable> {
        let Some((address, process)) = self.find_listener(port)? else { return Ok(false) };
        self.sockets.clear(); // the address family may differ from the one in an earlier run
        (self.address, self.listener) = (Some(address), Some(process));
        Ok(true)
    }

    /// Finds the process in the sandbox that listens on `port`. Returns the address that clients
    /// connect to, and the process.
    pub(super) fn find_listener(
        &self,
        port: u16,
    ) -> Result<Option<(SocketAddr, Process)>, Unobservable> {
        let Some(table) = &self.table else { return Ok(None) };
        for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            let address = SocketAddr::new(ip, port);
            let Some(socket) = table.listener(address).map_err(table_unobservable)? else {
                continue;
            };
            for process in self.processes()? {
                let descriptors = process.descriptors()?;
                if descriptors.iter().any(|it| it.target == Target::Socket(socket.inode)) {
                    return Ok(Some((address, process)));
                }
            }
        }
        Ok(None)
    }
}

pub(super) fn table_unobservable(error: io::Error) -> Unobservable {
    Unobservable::new("the kernel's socket table (sock_diag(7), proc_pid_net(5))".to_owned(), error)
}

//! What can be observed of a server: its log, and the kernel's tables.

use super::Server;
use crate::client::Client;
use crate::epoll_entry::{self, EpollEntry};
use crate::log::Line;
use crate::poll_entry::{self, PollEntry};
use crate::sockets::{Socket, State};
use sandbox::{Call, Descriptor, Exit, IsolationLevel, Process, Target, Thread, Unobservable};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

impl Server {
    /// The lines of the program's standard output so far.
    pub fn log(&self) -> &[Line] {
        self.log.lines()
    }

    /// The program's standard error so far, at most the first 64 KiB.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.errors).into_owned()
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

    /// Every process in the sandbox: the program, and everything that it has started and that has
    /// not been reaped.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides them.
    pub fn processes(&self) -> Result<Vec<Process>, Unobservable> {
        self.sandbox.init().descendants()
    }

    /// The processes in the sandbox that do not descend from the program: an earlier run has left
    /// them, or their parent has ended.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides them.
    pub fn orphans(&self) -> Result<Vec<Process>, Unobservable> {
        let mut found = self.sandbox.init().children()?;
        found.retain(|process| *process != self.program);
        Ok(found)
    }

    /// The system calls that the server's threads sleep in now. Running threads are left out.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides them.
    pub fn calls(&self) -> Result<Vec<&'static str>, Unobservable> {
        let threads = self.all_threads()?;
        Ok(threads.iter().filter_map(|(_, thread)| Some(thread.call?.name())).collect())
    }

    /// The server's socket for `client`'s connection; `None` when it has none any more.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel does not answer.
    pub fn connection(&self, client: &Client) -> Result<Option<Socket>, Unobservable> {
        let Some(table) = &self.table else { return Ok(None) };
        let mut found = table.connections([client].into_iter()).map_err(table_unobservable)?;
        let socket = found.pop().flatten();
        if let Some(socket) = socket {
            client.set_inode(socket.inode);
        }
        Ok(socket)
    }

    /// The server's descriptor that is connected to `client`; `None` while it has none.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides descriptors.
    pub fn descriptor_of(&self, client: &Client) -> Result<Option<i32>, Unobservable> {
        self.connection(client)?;
        let Some(inode) = client.inode() else { return Ok(None) };
        let mut descriptors = self.process().descriptors()?.into_iter();
        Ok(descriptors
            .find(|descriptor| descriptor.target == Target::Socket(inode))
            .map(|it| it.fd))
    }

    /// The processes that have ended and that a process of the server has still to reap. Orphans
    /// are not among them: the sandbox's first process reaps those.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides them.
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

    /// The processes that have a descriptor of the socket with this inode.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides descriptors.
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
    /// [`Unobservable`] where the kernel hides them.
    pub fn descriptors(&self) -> Result<Vec<Descriptor>, Unobservable> {
        self.process().descriptors()
    }

    /// The listener that clients reach, with the number of connections that are not yet accepted.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel does not answer.
    pub fn listener(&self) -> Result<Option<Socket>, Unobservable> {
        match (&self.table, self.address) {
            (Some(table), Some(address)) => table.listener(address).map_err(table_unobservable),
            _ => Ok(None),
        }
    }

    /// Every listening socket of the server's processes.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel does not answer.
    pub fn listeners(&self) -> Result<Vec<Socket>, Unobservable> {
        let mut own = Vec::new();
        for process in self.processes()? {
            own.extend(process.descriptors()?.into_iter().map(|descriptor| descriptor.target));
        }
        let mut listening = self.sockets_in(State::Listen)?;
        listening.retain(|socket| own.contains(&Target::Socket(socket.inode)));
        Ok(listening)
    }

    /// Whether the server's network has connections to `port` in TIME_WAIT.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel does not answer.
    pub fn is_in_time_wait(&self, port: u16) -> Result<bool, Unobservable> {
        let held = self.sockets_in(State::TimeWait)?;
        Ok(held.iter().any(|socket| socket.local.port() == port))
    }

    /// What the listening process has asked poll to watch; `None` while no thread of it sleeps in
    /// poll. If several threads sleep in poll, this is the array that includes the listener.
    ///
    /// # Errors
    /// [`Unobservable`] where the process's memory may not be read.
    pub fn poll_entries(&self) -> Result<Option<Vec<PollEntry>>, Unobservable> {
        let process = self.process();
        let mut found = None;
        for thread in process.threads()? {
            let Some(call) = thread.call.filter(Call::is_poll) else { continue };
            let read = poll_entry::read(process, &call);
            // If the thread has woken meanwhile, it may have changed the array during the read.
            if !process.threads()?.contains(&thread) {
                continue;
            }
            let array = read?;
            if found.is_none() || self.includes_listener(&array)? {
                found = Some(array);
            }
        }
        Ok(found)
    }

    /// What the listening process has asked epoll to watch: the interest lists of all epoll
    /// descriptors that its threads sleep in. `None` while no thread sleeps in epoll_wait.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel hides the lists.
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
        // If a thread has woken meanwhile, it may have changed the lists during the read.
        let same = !epolls.is_empty() && process.threads()? == before;
        Ok(same.then_some(all))
    }

    /// Whether the array has an entry for the listener.
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

    /// The threads of every process in the sandbox.
    pub(super) fn all_threads(&self) -> Result<Vec<(Process, Thread)>, Unobservable> {
        let mut all = Vec::new();
        for process in self.processes()? {
            let threads = process.threads()?;
            if threads.is_empty() {
                // The process has ended after it was listed, and its parent has yet to be woken.
                all.push((process, Thread::vanished(process.pid)));
            }
            all.extend(threads.into_iter().map(|thread| (process, thread)));
        }
        Ok(all)
    }

    /// Finds the process of the sandbox that listens on `port`, and the address to connect to.
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

//! The connection between the observer and the first process of a sandbox.
//!
//! The connection is a pair of SOCK_SEQPACKET sockets. Each message arrives as a whole, and a
//! message can carry descriptors and a process id (unix(7), SCM_RIGHTS and SCM_CREDENTIALS). When
//! the observer closes its socket, the sandbox ends.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, Shutdown, SockFlag, SockType, UnixCredentials,
    recvmsg, send, setsockopt, shutdown, socketpair, sockopt,
};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// The maximum number of sockets in one message.
pub const BATCH: usize = 16;

/// The maximum time in which the first process answers. The first process only makes system calls,
/// so it needs this time only on a very busy machine. A longer silence is a fault of the machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The first byte of the request to start the program again. The last byte says with which of its
/// environments. Every other request asks for sockets of an address family, which is not 0.
pub(crate) const RESTART: u8 = 0;

/// This message says that the observer has mapped the sandbox's user. The first process of an
/// untrusted program's sandbox waits for this message before it does anything else.
pub(crate) const BEGIN: [u8; 4] = [1; 4];

/// What the sandbox's first process reports.
#[derive(Debug)]
#[non_exhaustive]
pub enum Message {
    /// The sandbox has been built.
    Ready,
    /// The kernel refused a step of building the sandbox.
    Refused {
        /// The index of the step.
        step: u8,
        /// If the refused step builds the root file system: the index of the refused mount.
        mount_step: u16,
        /// The kernel's error.
        errno: Errno,
    },
    /// The folder that the program may write, as an open descriptor.
    WorkDir(OwnedFd),
    /// The process with this id is about to execute the program.
    Started {
        /// The process id in the observer's pid namespace.
        pid: i32,
    },
    /// The descriptor on which the kernel reports the notified system calls (seccomp_unotify(2)).
    NotifyListener(OwnedFd),
    /// The kernel refuses to report system calls to the observer.
    NotifyRefused {
        /// The kernel's error.
        errno: Errno,
    },
    /// execve(2) refused the program.
    ExecFailed {
        /// The kernel's error.
        errno: Errno,
    },
    /// The program ended.
    Exited {
        /// The program's wait status (wait(2)).
        status: i32,
    },
    /// The requested sockets. If the message has fewer sockets than requested, the errno is the
    /// reason.
    Sockets(Vec<OwnedFd>, Errno),
}

/// The first byte of each message. A message has eight bytes: tag, step, two bytes for the mount
/// step, and a number of four bytes.
pub(crate) mod tag {
    pub(crate) const READY: u8 = b'r';
    pub(crate) const WORK_DIR: u8 = b'f';
    pub(crate) const REFUSED: u8 = b'!';
    pub(crate) const STARTED: u8 = b's';
    pub(crate) const NOTIFY_LISTENER: u8 = b'g';
    pub(crate) const NOTIFY_REFUSED: u8 = b'n';
    pub(crate) const EXEC_FAILED: u8 = b'e';
    pub(crate) const EXITED: u8 = b'x';
    pub(crate) const SOCKETS: u8 = b'k';
}

/// The observer's socket of the connection.
#[derive(Debug)]
pub(crate) struct Control(OwnedFd);

impl Control {
    /// A pair of connected sockets: the observer's socket and the socket of the first process.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        setsockopt(&ours, sockopt::PassCred, &true)?;
        Ok((Self(ours), theirs))
    }

    /// Asks the first process to create `count` sockets of an address family inside the sandbox.
    pub(crate) fn request_sockets(
        &self,
        family: i32,
        kind: i32,
        protocol: i32,
        count: usize,
    ) -> io::Result<()> {
        self.send_request([family as u8, kind as u8, protocol as u8, count.min(BATCH) as u8])
    }

    /// Asks the first process to start the program again in the same sandbox, with one of the
    /// program's environments.
    pub(crate) fn request_restart(&self, environment: u8) -> io::Result<()> {
        self.send_request([RESTART, 0, 0, environment])
    }

    /// A second handle of the observer's socket, for another thread.
    pub(crate) fn duplicate(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// Tells the first process that the sandbox's user is mapped.
    pub(crate) fn send_begin(&self) -> io::Result<()> {
        self.send_request(BEGIN)
    }

    /// Closes the connection, which ends the sandbox.
    pub(crate) fn hang_up(&self) {
        let _ = shutdown(self.0.as_raw_fd(), Shutdown::Both);
    }

    fn wait_readable(&self, deadline: Instant) -> io::Result<()> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut entry = libc::pollfd { fd: self.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: the array is one local variable.
            match Errno::result(unsafe { libc::poll(&mut entry, 1, left.as_millis() as i32) }) {
                Err(Errno::EINTR) => {}
                Ok(0) if left.is_zero() => {
                    let seconds = ANSWER_TIMEOUT.as_secs();
                    let text = format!("the sandbox has not answered within {seconds} s");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                Ok(0) => {}
                result => return result.map(drop).map_err(io::Error::from),
            }
        }
    }

    fn send_request(&self, request: [u8; 4]) -> io::Result<()> {
        send(self.0.as_raw_fd(), &request, MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
    }

    /// The next message; `None` if no message has arrived and `wait` is false.
    ///
    /// # Errors
    /// UnexpectedEof if the first process has ended. TimedOut if `wait` is true and no message has
    /// arrived within [`ANSWER_TIMEOUT`].
    pub(crate) fn receive(&self, wait: bool) -> io::Result<Option<Message>> {
        if wait {
            self.wait_readable(Instant::now() + ANSWER_TIMEOUT)?;
        }
        let mut bytes = [0; 8];
        let mut ancillary = cmsg_space!([RawFd; BATCH], UnixCredentials);
        let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let received = loop {
            match recvmsg::<()>(self.0.as_raw_fd(), &mut parts, Some(&mut ancillary), flags) {
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Ok(None),
                other => break other?,
            }
        };
        if received.bytes < 8 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (mut pid, mut descriptors) = (0, Vec::new());
        for part in received.cmsgs()? {
            match part {
                ControlMessageOwned::ScmCredentials(sender) => pid = sender.pid(),
                // SAFETY: the kernel has just created these descriptors, and nothing else in this
                // process owns them.
                ControlMessageOwned::ScmRights(raw) => descriptors
                    .extend(raw.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })),
                _ => {}
            }
        }
        Ok(Some(parse(bytes, pid, descriptors)?))
    }
}

impl AsRawFd for Control {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn parse(bytes: [u8; 8], pid: i32, mut descriptors: Vec<OwnedFd>) -> io::Result<Message> {
    let [kind, step, e, f, number @ ..] = bytes;
    let mount_step = u16::from_ne_bytes([e, f]);
    let number = i32::from_ne_bytes(number);
    Ok(match kind {
        tag::READY => Message::Ready,
        tag::REFUSED => Message::Refused { step, mount_step, errno: Errno::from_raw(number) },
        tag::WORK_DIR => Message::WorkDir(descriptors.pop().ok_or(io::ErrorKind::InvalidData)?),
        tag::STARTED => Message::Started { pid },
        tag::NOTIFY_LISTENER => {
            Message::NotifyListener(descriptors.pop().ok_or(io::ErrorKind::InvalidData)?)
        }
        tag::NOTIFY_REFUSED => Message::NotifyRefused { errno: Errno::from_raw(number) },
        tag::EXEC_FAILED => Message::ExecFailed { errno: Errno::from_raw(number) },
        tag::EXITED => Message::Exited { status: number },
        tag::SOCKETS => Message::Sockets(descriptors, Errno::from_raw(number)),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    })
}

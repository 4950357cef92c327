//! The connection between the observer and the first process of a sandbox.
//!
//! The connection is a SOCK_SEQPACKET pair: each message arrives as a whole, and descriptors and
//! process ids can be sent with it (unix(7), SCM_RIGHTS and SCM_CREDENTIALS). When the observer
//! closes its end, the sandbox ends.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, Shutdown, SockFlag, SockType, UnixCredentials,
    recvmsg, send, setsockopt, shutdown, socketpair, sockopt,
};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The most sockets that one message carries.
pub const BATCH: usize = 16;

/// The request to start the program once more. Every other request is for sockets.
pub(crate) const RESTART: [u8; 4] = [0; 4];

/// The message that the sandbox's user is mapped. The first process of an untrusted program's
/// sandbox waits for this message before it does anything else.
pub(crate) const BEGIN: [u8; 4] = [1; 4];

/// What the sandbox's first process reports.
#[derive(Debug)]
#[non_exhaustive]
pub enum Message {
    /// The sandbox is built.
    Ready,
    /// The kernel refused a step of building the sandbox.
    Refused {
        /// The index of the step.
        step: u8,
        /// The index of the refused mount, where the step is to build the root file system.
        mount_step: u16,
        /// What the kernel said.
        errno: Errno,
    },
    /// The folder that the program may write, opened.
    WorkDir(OwnedFd),
    /// The program is about to be executed, in the process of this id.
    Started {
        /// The process id in this process's own pid namespace.
        pid: i32,
    },
    /// The descriptor on which the kernel reports the notified system calls (seccomp_unotify(2)).
    NotifyListener(OwnedFd),
    /// The kernel does not report system calls here.
    NotifyRefused {
        /// What the kernel said.
        errno: Errno,
    },
    /// execve(2) refused the program.
    ExecFailed {
        /// What the kernel said.
        errno: Errno,
    },
    /// The program ended.
    Exited {
        /// Its wait status (wait(2)).
        status: i32,
    },
    /// The requested sockets. If there are fewer than requested, the errno says why.
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

/// The observer's end of the connection.
#[derive(Debug)]
pub(crate) struct Control(OwnedFd);

impl Control {
    /// A connected pair: the observer's end and the first process's end.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        setsockopt(&ours, sockopt::PassCred, &true)?;
        Ok((Self(ours), theirs))
    }

    /// Asks for `count` sockets of an address family, made inside the sandbox.
    pub(crate) fn request_sockets(
        &self,
        family: i32,
        kind: i32,
        protocol: i32,
        count: usize,
    ) -> io::Result<()> {
        self.send_request([family as u8, kind as u8, protocol as u8, count.min(BATCH) as u8])
    }

    /// Asks for the program to be started once more, in the same sandbox.
    pub(crate) fn request_restart(&self) -> io::Result<()> {
        self.send_request(RESTART)
    }

    /// A second handle to the same end, for another thread.
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

    fn send_request(&self, request: [u8; 4]) -> io::Result<()> {
        send(self.0.as_raw_fd(), &request, MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
    }

    /// The next message; `None` when there is none yet and `wait` is false.
    ///
    /// # Errors
    /// UnexpectedEof when the first process is gone.
    pub(crate) fn receive(&self, wait: bool) -> io::Result<Option<Message>> {
        let mut bytes = [0; 8];
        let mut ancillary = cmsg_space!([RawFd; BATCH], UnixCredentials);
        let flags = if wait {
            MsgFlags::MSG_CMSG_CLOEXEC
        } else {
            MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT
        };
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
                // SAFETY: the kernel has just made these descriptors, and this process alone has
                // them.
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

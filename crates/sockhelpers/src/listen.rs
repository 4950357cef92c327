//! Creating a socket that listens on a port.

use crate::address;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrLike, SockaddrStorage, bind, listen,
    setsockopt, socket, sockopt,
};
use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::{error, fmt, io, ptr};

/// Creates a TCP socket that listens on `port` of every IPv4 address of this machine. The socket is
/// blocking and close-on-exec.
///
/// With port 0 the kernel chooses a free port, and [`local_addr`](crate::local_addr) returns its
/// number. `backlog` is the number of connections that may wait to be accepted; the kernel silently
/// limits the number to net.core.somaxconn (listen(2), "Notes").
///
/// The socket accepts only IPv4 connections. A listener for both IPv6 and IPv4 would report the
/// address of an IPv4 client as ::ffff:127.0.0.1 (ipv6(7), "Address format").
///
/// # Errors
/// If the socket can listen on none of the addresses from getaddrinfo(3), the error for the last
/// address is returned.
///
/// ```
/// let listener = sockhelpers::create_listening_socket(0, 128)?;
/// let port = sockhelpers::local_addr(&listener)?.port();
///
/// let taken = sockhelpers::create_listening_socket(port, 128).unwrap_err();
/// let why = format!("bind 0.0.0.0:{port}: Address already in use (os error 98)");
/// assert_eq!(taken.to_string(), why);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn create_listening_socket(port: u16, backlog: u16) -> Result<OwnedFd, ListenError> {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let mut last = ListenError::new("getaddrinfo", any, io::ErrorKind::AddrNotAvailable);
    for candidate in candidates(port).map_err(|e| ListenError::new("getaddrinfo", any, e))? {
        match listen_on(candidate, backlog) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The error of [`create_listening_socket`]: the call that failed, the address, and the call's
/// error.
#[derive(Debug)]
pub struct ListenError {
    /// The name of the call: `getaddrinfo`, `socket`, `setsockopt`, `bind` or `listen`.
    pub call: &'static str,
    /// The address to listen on.
    pub address: SocketAddr,
    /// The error of the call; its `raw_os_error` is the errno.
    pub error: io::Error,
}

impl ListenError {
    fn new(call: &'static str, address: SocketAddr, error: impl Into<io::Error>) -> Self {
        let error = error.into();
        ListenError { call, address, error }
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { call, address, error } = self;
        write!(f, "{call} {address}: {error}")?;
        // ip(7), "Address format": ports below ip_unprivileged_port_start are privileged.
        if *call == "bind" && error.raw_os_error() == Some(libc::EACCES) {
            f.write_str(": this port needs root, choose one above 1023")?;
        }
        Ok(())
    }
}

impl error::Error for ListenError {}

/// Creates a socket, binds it to `address` and makes it listen.
fn listen_on(address: SocketAddr, backlog: u16) -> Result<OwnedFd, ListenError> {
    let failed = |call| move |errno: nix::Error| ListenError::new(call, address, errno);
    let target = SockaddrStorage::from(address);
    let family = target.family().unwrap_or(AddressFamily::Inet);
    let listener =
        socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).map_err(failed("socket"))?;
    // With SO_REUSEADDR, bind succeeds while connections of an earlier run are in TIME_WAIT
    // (socket(7)).
    setsockopt(&listener, sockopt::ReuseAddr, &true).map_err(failed("setsockopt"))?;
    bind(listener.as_raw_fd(), &target).map_err(failed("bind"))?;
    let backlog = Backlog::new(backlog).unwrap_or(Backlog::MAXCONN);
    listen(&listener, backlog).map_err(failed("listen"))?;
    Ok(listener)
}

/// Returns the addresses that a server may bind to for `port`, in the order of getaddrinfo(3).
fn candidates(port: u16) -> io::Result<Vec<SocketAddr>> {
    let list = AddressList::of_any_ipv4(port)?;
    let mut addresses = Vec::new();
    let mut next = list.0;
    // SAFETY: each `ai_next` is null or points to a node of `list`, which outlives the loop.
    while let Some(node) = unsafe { next.as_ref() } {
        // SAFETY: the node's `ai_addr` points to an address of `ai_addrlen` bytes.
        addresses.push(unsafe { address::from_raw(node.ai_addr, node.ai_addrlen) }?);
        next = node.ai_next;
    }
    Ok(addresses)
}

/// A list of addresses from getaddrinfo(3). Dropping the value frees the list.
struct AddressList(*mut libc::addrinfo);

impl AddressList {
    fn of_any_ipv4(port: u16) -> io::Result<Self> {
        let service = CString::new(port.to_string())?;
        let mut list = ptr::null_mut();
        // SAFETY: all zeros is a valid addrinfo. As hints, zeros put no condition on the result.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        hints.ai_family = libc::AF_INET;
        hints.ai_socktype = libc::SOCK_STREAM;
        // AI_PASSIVE without a host name gives the wildcard address, for bind (getaddrinfo(3)).
        hints.ai_flags = libc::AI_PASSIVE | libc::AI_NUMERICSERV;
        // SAFETY: `service` ends with NUL, and `service`, `hints` and `list` outlive the call.
        match unsafe { libc::getaddrinfo(ptr::null(), service.as_ptr(), &hints, &mut list) } {
            0 => Ok(AddressList(list)),
            libc::EAI_SYSTEM => Err(io::Error::last_os_error()),
            code => Err(io::Error::other(message_of(code))),
        }
    }
}

impl Drop for AddressList {
    fn drop(&mut self) {
        // SAFETY: getaddrinfo has allocated this list, and nothing else frees it.
        unsafe { libc::freeaddrinfo(self.0) }
    }
}

/// Returns the message for an error code of getaddrinfo(3).
fn message_of(code: libc::c_int) -> String {
    // SAFETY: gai_strerror returns, for any code, a static text that ends with NUL.
    unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_addr;
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use nix::sys::socket::getsockopt;

    #[test]
    fn port_0_listens_on_a_port_that_the_kernel_chooses() {
        let listener = create_listening_socket(0, 128).unwrap();
        let address = local_addr(&listener).unwrap();
        assert!(address.ip().is_unspecified() && address.port() != 0, "{address}");
        assert!(getsockopt(&listener, sockopt::AcceptConn).unwrap());
        assert!(getsockopt(&listener, sockopt::ReuseAddr).unwrap());
    }

    #[test]
    fn a_listener_is_closed_on_exec() {
        let listener = create_listening_socket(0, 1).unwrap();
        let flags = FdFlag::from_bits_retain(fcntl(&listener, FcntlArg::F_GETFD).unwrap());
        assert!(flags.contains(FdFlag::FD_CLOEXEC));
    }

    #[test]
    fn any_backlog_is_accepted() {
        for backlog in [0, 1, u16::MAX] {
            create_listening_socket(0, backlog).unwrap();
        }
    }

    #[test]
    fn a_port_in_use_is_reported_with_address_and_errno() {
        let listener = create_listening_socket(0, 1).unwrap();
        let address = local_addr(&listener).unwrap();
        let taken = create_listening_socket(address.port(), 1).unwrap_err();
        assert_eq!((taken.call, taken.address), ("bind", address));
        assert_eq!(taken.error.raw_os_error(), Some(libc::EADDRINUSE));
    }

    #[test]
    fn the_error_for_a_privileged_port_says_that_root_is_needed() {
        let denied = io::Error::from_raw_os_error(libc::EACCES);
        let address = SocketAddr::from(([0, 0, 0, 0], 80));
        assert_eq!(
            ListenError::new("bind", address, denied).to_string(),
            "bind 0.0.0.0:80: Permission denied (os error 13): \
             this port needs root, choose one above 1023",
        );
    }
}

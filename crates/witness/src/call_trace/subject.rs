//! What a call is about: the program's own output, or a socket address.

use crate::sleep;
use sandbox::{Call, Process};

/// Whether the call writes to standard output or standard error, or to a duplicate, which
/// perror(3) of the GNU C library uses. Or whether it asks if one of them is a terminal, as
/// isatty(3) does.
pub(super) fn is_output(process: Process, call: &Call) -> bool {
    if !matches!(call.name(), "write" | "writev" | "ioctl") {
        return false;
    }
    let fd = call.arguments[0] as i32;
    let target = process.link(fd);
    // A process that serves one client may have its socket as standard output (inetd(8)).
    if target.as_deref().is_some_and(sleep::is_socket) {
        return false;
    }
    let is_same = |output: &i32| target.is_some() && process.link(*output) == target;
    [1, 2].contains(&fd) || [1, 2].iter().any(is_same)
}

/// The address of a connect(2).
pub(super) fn peer_of(process: Process, call: &Call) -> Option<Vec<u8>> {
    let [_, address, length, ..] = call.arguments;
    if call.name() != "connect" {
        return None;
    }
    let mut peer = vec![0; (length as usize).min(size_of::<libc::sockaddr_storage>())];
    process.read_memory(address, &mut peer).ok()?;
    Some(peer)
}

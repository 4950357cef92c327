//! What a server's rest says about its mistake: the rows that any check may come across.

use crate::scene::{Scene, shows};
use witness::{Call, Stuck, Watched};

/// The Common Mistakes row that explains why the server is stuck, whatever was asked of it.
pub(crate) fn of(scene: &Scene, stuck: &Stuck) -> Option<&'static str> {
    match stuck {
        Stuck::Quiet { calls } => asleep(scene, calls),
        Stuck::Spinning(strobe) => {
            let polls = || strobe.calls.iter().filter(|(call, _)| call.is_poll());
            let watched = strobe.watched.as_deref().unwrap_or_default();
            if watched.iter().any(|entry| entry.revents & libc::POLLNVAL != 0) {
                // The place of the one that left was given up by somebody who is still here.
                let deaf = forgets_someone(scene, watched);
                Some(if deaf { "wrong-entry-removed" } else { "stale-pollfd" })
            } else if polls().any(|(call, found)| *found == 0 && call.arguments[2] as i32 == 0) {
                Some("zero-timeout")
            } else if shows(strobe, &["read", "recvfrom", "recvmsg", "readv"], |count| count == 0) {
                Some("spin-on-eof")
            } else if watched.iter().any(|entry| entry.revents == libc::POLLOUT) {
                Some("always-writable")
            } else if watched.iter().any(|entry| entry.revents & libc::POLLIN != 0) {
                // Readable, and never read: an end of file that nobody takes.
                Some("spin-on-eof")
            } else {
                None
            }
        }
        _ => None,
    }
}

/// A loop that sleeps elsewhere than in poll has made a call that blocks.
fn asleep(scene: &Scene, calls: &[Call]) -> Option<&'static str> {
    let is_in = |names: &[&str]| calls.iter().any(|call| names.contains(&call.name()));
    if is_in(&["accept", "accept4"]) {
        // Before the first client, nothing says that it would ever have polled.
        (!scene.guests.is_empty()).then_some("blocking-accept")
    } else if is_in(&["read", "recvfrom", "recvmsg", "write", "sendto", "sendmsg"]) {
        Some("blocking-client")
    } else {
        None
    }
}

/// Whether the server has a client's descriptor that poll is not asked for.
fn forgets_someone(scene: &Scene, watched: &[Watched]) -> bool {
    scene.guests.iter().any(|guest| match scene.server.descriptor_of(&guest.client) {
        Ok(Some(fd)) => !watched.iter().any(|entry| entry.fd == fd),
        _ => false,
    })
}

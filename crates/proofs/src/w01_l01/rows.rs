//! What a server's rest says about its mistake, whatever was asked of it.

use crate::fall::Fall;
use crate::scene::{Blame, Scene, shows};
use witness::Stuck;

const READS: &[&str] = &["read", "recvfrom", "recvmsg", "readv"];
const WRITES: &[&str] = &["write", "sendto", "sendmsg", "writev"];

/// The failure of a server that shows what it did wrong, or that is stuck. One that takes no end of
/// file for a goodbye fails everywhere for that reason, which `next-client` tells.
pub(super) fn fail(scene: &mut Scene, stuck: Option<Stuck>, blame: Blame) -> Fall {
    match stuck {
        Some(stuck) if misses_eof(&stuck) => {
            let blame = Blame { mistake: Some("misses-eof"), ..blame };
            scene.fail(stuck, blame).blocks("next-client")
        }
        Some(stuck) => scene.fail(stuck, blame),
        None => scene.refute(blame),
    }
}

fn misses_eof(stuck: &Stuck) -> bool {
    matches!(stuck, Stuck::Spinning(strobe) if shows(strobe, READS, |count| count == 0))
}

/// Whether a thread sleeps in a call that sends.
pub(super) fn writes(calls: &[witness::Call]) -> bool {
    calls.iter().any(|call| WRITES.contains(&call.name()))
}

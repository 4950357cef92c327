//! What the server knows of a client, besides its connection: one session for each slot.

use crate::parse::Parser;
use crate::reply::Version;
use crate::transaction::Transaction;

/// What a client has said so far, as far as it matters for what it says next.
#[derive(Debug, Default)]
pub struct Session {
    /// Tells this client from all others, those that have left included.
    pub id: u64,
    /// Whether it may do more than say the password.
    pub authenticated: bool,
    /// What it has sent that is not done yet.
    pub buffer: Option<Box<Buffer>>,
    /// What it has queued since MULTI, and the keys that it watches.
    pub transaction: Transaction,
    /// What its replies are to look like (HELLO).
    pub version: Version,
    /// What it calls itself (CLIENT SETNAME).
    pub name: Box<[u8]>,
    /// Nothing that it sends is looked at any more, and it goes once its replies are sent.
    pub closing: bool,
}

/// The start of a command whose rest is still on its way, or commands that wait for room in the
/// output. Most clients have neither at most times, and so no buffer.
#[derive(Debug, Default)]
pub struct Buffer {
    /// What has come, from the start of a command on.
    pub bytes: Vec<u8>,
    /// How far that was parsed.
    pub parser: Parser,
}

impl Session {
    /// A client that has just come; `authenticated` from the start where there is no password.
    pub fn new(id: u64, authenticated: bool) -> Session {
        Session { id, authenticated, ..Session::default() }
    }
}

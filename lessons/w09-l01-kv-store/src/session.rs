//! What the server knows of a client besides its connection. Each slot of the table has a session.

use crate::args::OwnedArgs;
use crate::parse::Parser;
use crate::reply::Version;
use crate::watched_keys::Change;

/// The state of one client that its next commands depend on.
#[derive(Debug, Default)]
pub struct Session {
    /// The client's number. No other client has the same number, not even one that has left.
    pub id: u64,
    /// Whether the client may run every command, and not only those before AUTH.
    pub authenticated: bool,
    /// The input that has arrived and was not run yet; `None` where there is none.
    pub buffer: Option<Box<Buffer>>,
    /// The commands queued since MULTI, and the keys that the client watches.
    pub transaction: Transaction,
    /// The protocol version of its replies (HELLO).
    pub version: Version,
    /// The client's own name for itself (CLIENT SETNAME); empty where it has none.
    pub name: Box<[u8]>,
    /// No more input is run, and the connection is closed once its replies are sent.
    pub close_after_reply: bool,
}

/// The start of a command whose rest has not arrived, or whole commands that wait until earlier
/// replies are sent. Most of the time a client has neither, and no buffer.
#[derive(Debug, Default)]
pub struct Buffer {
    /// The input, from the start of a command on.
    pub bytes: Vec<u8>,
    /// How far that command was parsed.
    pub parser: Parser,
}

/// The transaction of one client (MULTI, EXEC), and the keys that it watches (WATCH).
#[derive(Debug, Default)]
pub struct Transaction {
    /// Whether MULTI has begun a transaction that EXEC or DISCARD has not ended yet.
    pub is_open: bool,
    /// The commands that wait for EXEC, in order.
    pub queue: Vec<OwnedArgs>,
    /// Whether a command could not be queued. EXEC then runs none of the others.
    pub has_error: bool,
    /// Each watched key, with its last change when WATCH named it.
    pub watched: Vec<(Box<[u8]>, Change)>,
}

impl Session {
    /// The session of a client that has just connected. Where the server has no password, the
    /// client is `authenticated` from the start.
    pub fn new(id: u64, authenticated: bool) -> Session {
        Session { id, authenticated, ..Session::default() }
    }
}

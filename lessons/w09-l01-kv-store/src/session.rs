//! The state of a client besides its connection. Each slot of the table has a session.

use crate::args::OwnedArgs;
use crate::parse::Parser;
use crate::reply::Version;
use crate::watched_keys::Change;

/// The state of one client on which the client's next commands depend.
#[derive(Debug, Default)]
pub struct Session {
    /// The client's number. It is unique: the number of a client that has left is not reused.
    pub id: u64,
    /// Whether the client may send every command, and not only the commands that are allowed before
    /// AUTH.
    pub authenticated: bool,
    /// The input that has arrived and was not run yet; `None` if there is no such input.
    pub buffer: Option<Box<Buffer>>,
    /// The commands queued since MULTI, and the keys that the client watches.
    pub transaction: Transaction,
    /// The protocol version of the client's replies (HELLO).
    pub version: Version,
    /// The name that the client has set with CLIENT SETNAME; empty if the client has not set a
    /// name.
    pub name: Box<[u8]>,
    /// If true, no more input is run, and the connection is closed when all replies are sent.
    pub close_after_reply: bool,
}

/// The start of a command whose rest has not arrived, or complete commands that wait until earlier
/// replies are sent. Most of the time a client has no such input, and therefore no buffer.
#[derive(Debug, Default)]
pub struct Buffer {
    /// The input. It begins with the start of a command.
    pub bytes: Vec<u8>,
    /// The state of the parser for the command at the start of `bytes`.
    pub parser: Parser,
}

/// The transaction of one client (MULTI, EXEC), and the keys that the client watches (WATCH).
#[derive(Debug, Default)]
pub struct Transaction {
    /// Whether the client is between MULTI and the end of the transaction by EXEC or DISCARD.
    pub is_open: bool,
    /// The commands that wait for EXEC, in order.
    pub queue: Vec<OwnedArgs>,
    /// The memory of the commands in `queue`, in bytes.
    pub queued_bytes: usize,
    /// Whether a command could not be queued. If true, EXEC runs no command.
    pub has_error: bool,
    /// Each watched key, with the key's last change at the time of WATCH.
    pub watched: Vec<(Box<[u8]>, Change)>,
    /// The memory of the keys in `watched`, in bytes.
    pub watched_bytes: usize,
}

impl Session {
    /// The session of a client that has just connected. If the server has no password, the client
    /// is `authenticated` from the start.
    pub fn new(id: u64, authenticated: bool) -> Session {
        Session { id, authenticated, ..Session::default() }
    }
}

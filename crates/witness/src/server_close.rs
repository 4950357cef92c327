//! How a server ends a connection.

/// How the server ended a connection. TCP has no other way to end a connection (RFC 9293, sections
/// 3.5.2 and 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerClose {
    /// The server sent a FIN: the client reads an end of file.
    Closed,
    /// The server sent a RST: the client's call fails with ECONNRESET.
    Reset,
}

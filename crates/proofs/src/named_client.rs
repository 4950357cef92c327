//! A client with the name that the steps of a failure use.

use witness::Client;

/// A client with a name.
#[derive(Clone)]
pub(crate) struct NamedClient {
    /// `A` for the first client of a test run, `B` for the second client.
    pub(crate) name: String,
    /// The client's end of the connection.
    pub(crate) connection: Client,
}

/// The name of client number `index`: A, B … Z, then C27, C28 …
pub(crate) fn client_name(index: usize) -> String {
    match u8::try_from(index) {
        Ok(letter @ 0..26) => char::from(b'A' + letter).to_string(),
        _ => format!("C{}", index + 1),
    }
}

//! How a client leaves.

use witness::Client;

/// How a client ends its side of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// The client closes its socket and sends a FIN.
    Close,
    /// The client sends a RST.
    Reset,
    /// The client shuts down its sending side, and can still receive (shutdown(2), SHUT_WR).
    HalfClose,
}

impl Departure {
    /// Every kind of departure.
    pub(crate) const ALL: [Departure; 3] =
        [Departure::Close, Departure::Reset, Departure::HalfClose];

    /// Ends the client's side of the connection.
    pub(crate) fn apply(self, connection: &Client) {
        match self {
            Departure::Close => connection.close(),
            Departure::Reset => connection.reset(),
            Departure::HalfClose => connection.half_close(),
        }
    }

    /// What the client did, as text for a step.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Departure::Close => "left (FIN)",
            Departure::Reset => "reset its connection (RST)",
            Departure::HalfClose => "shut down its sending side (half-close)",
        }
    }
}

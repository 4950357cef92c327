//! The ways in which a client can leave.

use witness::Client;

/// How a client ends its side of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Departure {
    /// It closes: a FIN.
    Close,
    /// It resets: a RST.
    Reset,
    /// It shuts down its sending side alone.
    HalfClose,
}

impl Departure {
    /// Every way.
    pub(crate) const ALL: [Departure; 3] =
        [Departure::Close, Departure::Reset, Departure::HalfClose];

    /// Lets `client` leave in this way.
    pub(crate) fn go(self, connection: &Client) {
        match self {
            Departure::Close => connection.close(),
            Departure::Reset => connection.reset(),
            Departure::HalfClose => connection.half_close(),
        }
    }

    /// What the client did, for the story.
    pub(crate) fn says(self) -> &'static str {
        match self {
            Departure::Close => "closed (FIN)",
            Departure::Reset => "reset its connection (RST)",
            Departure::HalfClose => "shut down its sending side (half-close)",
        }
    }
}

//! The ways in which a client can leave.

use witness::Client;

/// How a client ends its side of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// It closes: a FIN.
    Close,
    /// It resets: a RST.
    Reset,
    /// It shuts down its sending side alone.
    HalfClose,
}

impl Way {
    /// Every way.
    pub(crate) const ALL: [Way; 3] = [Way::Close, Way::Reset, Way::HalfClose];

    /// Lets `client` leave in this way.
    pub(crate) fn go(self, client: &Client) {
        match self {
            Way::Close => client.close(),
            Way::Reset => client.reset(),
            Way::HalfClose => client.half_close(),
        }
    }

    /// What the client did, for the story.
    pub(crate) fn says(self) -> &'static str {
        match self {
            Way::Close => "closed (FIN)",
            Way::Reset => "reset its connection (RST)",
            Way::HalfClose => "shut down its sending side (half-close)",
        }
    }
}

//! What a check must know about its lesson.

/// The settings that a lesson's servers have by default.
#[derive(Clone, Copy)]
pub(crate) struct LessonDefaults {
    /// The lesson's id, e.g. `w03-l02`.
    pub(crate) id: &'static str,
    /// Whether the lesson's programs are clients. They have neither a port nor slots.
    pub(crate) is_client: bool,
    /// The port, if no other port is built into the program.
    pub(crate) port: u16,
    /// The number of slots. 0 if the lesson's servers keep no table of clients.
    pub(crate) capacity: usize,
    /// Whether the lesson's servers log every client that connects and every client that leaves.
    pub(crate) logs_clients: bool,
}

impl LessonDefaults {
    /// What the lesson's programs are, in a sentence.
    pub(crate) fn noun(&self) -> &'static str {
        if self.is_client { "client" } else { "server" }
    }

    /// The environment variables that configure a server: PORT, and MAX_CLIENTS if the lesson's
    /// servers keep a table.
    pub(crate) fn settings(self, port: u16, capacity: usize) -> Vec<(String, String)> {
        let mut settings = vec![("PORT".to_owned(), port.to_string())];
        if self.capacity > 0 {
            settings.push(("MAX_CLIENTS".to_owned(), capacity.to_string()));
        }
        settings
    }
}

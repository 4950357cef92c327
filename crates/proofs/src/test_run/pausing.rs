//! What clients do while the server is paused.

use super::TestRun;

impl TestRun {
    /// Lets clients do something while the server is paused. When the server continues, it is told of all
    /// of it at once. `text` says what the clients do, for the new step.
    ///
    /// A server that has ended cannot be paused. The next wait reports the end.
    pub(crate) fn while_paused<T>(&mut self, text: &str, act: impl FnOnce(&mut TestRun) -> T) -> T {
        self.step(format!("while the server was paused, {text}"));
        let _ = self.server.pause();
        let done = act(self);
        let _ = self.server.resume();
        done
    }
}

//! What a client adds to the recording of a run.

use super::Client;
use crate::recording::{ClientAct, ClientRecord, Recorder};
use std::time::Duration;

impl Client {
    /// Adds what this client does from now on to a recording. `begun` is the recorder's time before
    /// it connected.
    pub(crate) fn record_in(&self, recorder: &Recorder, begun: Duration) {
        let address = if self.is_accepted() { self.server() } else { self.address() };
        self.0.record.get_or_init(|| recorder.add_client(address, self.is_accepted(), begun));
    }

    /// Gives this client a name in the recording of the run, if the run is recorded.
    pub fn name_in_recording(&self, name: &str) {
        if let Some(record) = self.record() {
            record.set_name(name);
        }
    }

    pub(super) fn record(&self) -> Option<&ClientRecord> {
        self.0.record.get()
    }

    /// Adds what the client is about to do.
    pub(super) fn note(&self, act: ClientAct) {
        if let Some(record) = self.record() {
            record.add(record.now(), act);
        }
    }
}

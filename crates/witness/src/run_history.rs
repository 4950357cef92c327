//! What is known of a program from its other runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of a program from its other runs; its clones share it.
#[derive(Clone, Debug, Default)]
pub struct RunHistory(Arc<AtomicBool>);

impl RunHistory {
    /// Whether it was ever seen going round and round. It is then looked at sooner.
    pub fn spins(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn spun(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

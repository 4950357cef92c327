//! What earlier runs of a program have shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What earlier runs of a program have shown. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct RunHistory(Arc<AtomicBool>);

impl RunHistory {
    /// Whether a run was seen to repeat the same calls. The calls of such a program are sampled
    /// sooner.
    pub fn spins(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set_spins(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

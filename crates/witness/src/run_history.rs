//! Information from earlier runs of a program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Information from earlier runs of a program. Clones are handles of the same history.
#[derive(Clone, Debug, Default)]
pub struct RunHistory(Arc<AtomicBool>);

impl RunHistory {
    /// Whether an earlier run was in a busy loop: the program repeated the same calls without a
    /// result. The calls of such a program are sampled sooner.
    pub fn spins(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set_spins(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

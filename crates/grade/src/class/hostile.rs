//! Hostile programs as submissions: those of `tests/hostile/`, each with its verdict and its benign twin.

use super::Work;
use anyhow::Result;

/// placeholder
pub fn works(lessons: &[String]) -> Result<Vec<Work>> {
    let _ = lessons;
    Ok(Vec::new())
}

//! A hash of several parts.

use blake3::Hasher;

/// A hash of several parts (BLAKE3).
#[derive(Default)]
pub(crate) struct Digest(Hasher);

impl Digest {
    /// Adds a part with its length in front, so that two different lists of parts never have the
    /// same bytes.
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes()).update(part);
    }

    /// The hash in hexadecimal: 64 digits.
    pub(crate) fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

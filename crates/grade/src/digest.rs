//! A hash of several parts.

use blake3::Hasher;

/// A hash of several parts (BLAKE3).
#[derive(Default)]
pub(crate) struct Digest(Hasher);

impl Digest {
    /// Adds a part to the input of the hash. The part's length is added in front of the part.
    /// Therefore two different lists of parts never give the same input.
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes()).update(part);
    }

    /// The hash in hexadecimal: 64 digits.
    pub(crate) fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

//! The link that makes the first admin of a site.

use std::sync::OnceLock;

/// The hash of the secret in the link, if there is one: it is made at a start without an admin, printed, and forgotten with
/// the process.
#[derive(Default)]
pub struct FirstAdmin {
    hash: OnceLock<[u8; 32]>,
}

impl FirstAdmin {
    /// Takes the link with a secret of this hash. A second link is not taken.
    pub fn offer(&self, hash: [u8; 32]) {
        let _ = self.hash.set(hash);
    }

    /// Whether the link has a secret of this hash. Guessing learns nothing from the time of comparing hashes.
    #[must_use]
    pub fn is(&self, hash: &[u8; 32]) -> bool {
        self.hash.get() == Some(hash)
    }
}

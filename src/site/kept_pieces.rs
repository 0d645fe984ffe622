//! Copies of the pieces of pages that all readers share, such as a row of a list.

use std::any::{Any, TypeId};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::copies::{Copies, Size};

/// A piece of a page: of its type there is one for each id.
pub trait Piece: Any + Send + Sync {
    /// The bytes that it takes.
    fn bytes(&self) -> usize;
}

/// The type and the id of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PieceKey {
    of: TypeId,
    id: i64,
}

impl PieceKey {
    /// The key of the piece of this type with this id.
    #[must_use]
    pub fn of<T: Piece>(id: i64) -> PieceKey {
        PieceKey { of: TypeId::of::<T>(), id }
    }
}

impl Size for PieceKey {
    fn bytes(&self) -> usize {
        0
    }
}

/// A piece of any type.
pub struct AnyPiece {
    piece: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

impl AnyPiece {
    /// The piece, with its size.
    #[must_use]
    pub fn of<T: Piece>(piece: Arc<T>) -> AnyPiece {
        AnyPiece { bytes: piece.bytes(), piece }
    }

    /// The piece, if it has this type.
    #[must_use]
    pub fn get<T: Piece>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.piece).downcast().ok()
    }
}

impl Size for AnyPiece {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The copies of pieces.
pub type KeptPieces = Copies<PieceKey, AnyPiece>;

/// The things that are remembered as asked for.
const REMEMBERED: usize = 16 * 1024;

/// What has been asked for lately, by hashes: two that meet cost a piece that is not kept, or one that is kept in vain.
pub struct Asked {
    hashes: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for Asked {
    fn default() -> Asked {
        let hashes = (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect();
        Asked { hashes, hasher: RandomState::new() }
    }
}

impl Asked {
    /// Notes that this is asked for, and returns whether it was before.
    pub fn note(&self, what: &impl Hash) -> bool {
        let hash = self.hasher.hash_one(what);
        let place = usize::try_from(hash).unwrap_or_default() % REMEMBERED;
        self.hashes[place].swap(hash, Ordering::Relaxed) == hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_asked_for_again() {
        let asked = Asked::default();
        assert_eq!([1, 2, 1, 2, 3].map(|what| asked.note(&what)), [false, false, true, true, false]);
    }
}

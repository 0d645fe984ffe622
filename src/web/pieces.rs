//! The pieces of pages that all readers share, in a read of a page that is made of them.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use crate::changes::{Shown, Since, Topic};
use crate::site::copies::KeptCopy;
use crate::site::kept_pieces::{AnyPiece, Piece, PieceKey};
use crate::site::{Kept, Site};
use crate::types::time::Clock;

/// A piece and what it shows.
pub struct Shows<T> {
    /// The piece.
    pub piece: T,
    /// All that it shows but the site as a whole.
    pub topics: Vec<Topic>,
}

/// The pieces that are right in one snapshot.
pub struct Pieces<'c> {
    site: &'c Site,
    connection: &'c Connection,
    clock: &'c Clock,
    /// The moment before the snapshot began.
    before: Since,
    /// Whether copies can be found, once one has been asked for.
    can_find: OnceCell<bool>,
}

impl<'c> Pieces<'c> {
    /// The pieces of a page that `clock` belongs to. The snapshot of the connection begins after `before`.
    #[must_use]
    pub fn of(site: &'c Site, connection: &'c Connection, clock: &'c Clock, before: Since) -> Pieces<'c> {
        Pieces { site, connection, clock, before, can_find: OnceCell::new() }
    }

    /// The clock of the page.
    #[must_use]
    pub fn clock(&self) -> &'c Clock {
        self.clock
    }

    /// The connection of the read.
    #[must_use]
    pub fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// The piece of this type with this id: a copy, or what `make` makes from the snapshot, with the ages of the clock
    /// that it gets. `about` is its main topic, as for [`Pieces::get_if_asked_again`], which decides whether it is kept.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get<T: Piece>(
        &self,
        id: i64,
        about: Topic,
        make: impl FnOnce(&Connection, &Clock) -> rusqlite::Result<Shows<T>>,
    ) -> rusqlite::Result<Arc<T>> {
        if let Some(piece) = self.find(id) {
            return Ok(piece);
        }
        if !self.note::<T>(id, about) {
            return Ok(Arc::new(make(self.connection, self.clock)?.piece));
        }
        let clock = self.clock_of_piece();
        Ok(self.keep(id, make(self.connection, &clock)?, &clock))
    }

    /// As [`Pieces::get`], but `None` where the piece is not worth keeping: it has not been asked for since something last
    /// changed `about`. `None` also where `make` makes none.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get_if_asked_again<T: Piece>(
        &self,
        id: i64,
        about: Topic,
        make: impl FnOnce(&Connection, &Clock) -> rusqlite::Result<Option<Shows<T>>>,
    ) -> rusqlite::Result<Option<Arc<T>>> {
        match self.find(id) {
            Some(piece) => Ok(Some(piece)),
            None => self.keep_if_asked_again(id, about, make),
        }
    }

    /// As [`Pieces::get_if_asked_again`], for a piece that was not [found](Pieces::find).
    ///
    /// # Errors
    /// Those of `make`.
    pub fn keep_if_asked_again<T: Piece>(
        &self,
        id: i64,
        about: Topic,
        make: impl FnOnce(&Connection, &Clock) -> rusqlite::Result<Option<Shows<T>>>,
    ) -> rusqlite::Result<Option<Arc<T>>> {
        if !self.note::<T>(id, about) {
            return Ok(None);
        }
        let clock = self.clock_of_piece();
        Ok(make(self.connection, &clock)?.map(|made| self.keep(id, made, &clock)))
    }

    /// The copy of a piece.
    #[must_use]
    pub fn find<T: Piece>(&self, id: i64) -> Option<Arc<T>> {
        let Kept { pieces, piece_hits, piece_misses, .. } = self.kept()?;
        let found =
            pieces.find_in(&PieceKey::of::<T>(id), &self.site.changes, &self.before, self.clock.now());
        let counter = if found.is_some() { piece_hits } else { piece_misses };
        counter.fetch_add(1, Ordering::Relaxed);
        let copy = found?;
        self.clock.limit(copy.times.end);
        copy.value.get()
    }

    /// Notes that the piece is asked for, and returns whether it was before, since something last changed `about`.
    fn note<T: Piece>(&self, id: i64, about: Topic) -> bool {
        let what = (PieceKey::of::<T>(id), self.site.changes.number(about));
        self.kept().is_some_and(|kept| kept.asked.note(&what))
    }

    /// The clock of a piece that may be kept.
    fn clock_of_piece(&self) -> Clock {
        let clock = Clock::at(self.clock.now());
        clock.watch();
        clock
    }

    /// Keeps a piece if it is right now.
    fn keep<T: Piece>(&self, id: i64, Shows { piece, topics }: Shows<T>, clock: &Clock) -> Arc<T> {
        self.clock.limit(clock.right_until());
        let piece = Arc::new(piece);
        if let Some(Kept { pieces, .. }) = self.kept()
            && self.site.db.commits_are_told()
        {
            let (value, shown) = (AnyPiece::of(Arc::clone(&piece)), Shown::of(&topics, None));
            let times = clock.now()..clock.right_until();
            let copy = KeptCopy { value, shown, since: self.before.clone(), times };
            pieces.keep(PieceKey::of::<T>(id), &Arc::new(copy), &self.site.changes, clock.now());
        }
        piece
    }

    /// The copies, if they can be found in the snapshot, which it begins: that shows no commit of another process that has
    /// not been told, so what has not changed by now is in it as it is in the copies.
    fn kept(&self) -> Option<&'c Kept> {
        let can_find =
            || lorem_store::begin_snapshot(self.connection).is_ok() && self.site.db.commits_are_told();
        self.site.kept.as_ref().filter(|_| *self.can_find.get_or_init(can_find))
    }
}

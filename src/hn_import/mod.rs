//! The import of Hacker News' items: lines of the JSON of its API, a story, comment or user on each.
//!
//! One thread reads, parses and translates the lines and finds their words, while another one writes them in batches. A
//! batch is one transaction with the counters, the words and the position in the file, so that the site is whole after
//! each, and an import that was stopped goes on after the last. Items that are here are skipped.

pub mod html;
pub mod importer;
pub mod item;
mod reader;
mod sql;

use self::item::Line;
use std::ops::AddAssign;

/// The most lines in a batch: some tenths of a second, for which other writers wait. Smaller ones make the words'
/// index slower, which is written once a transaction.
const BATCH_LINES: usize = 5_000;
/// The most bytes in a batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of a line. A longer one is skipped: the longest texts take a fifth of it.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// The numbers of an import, of one batch or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Posts made.
    pub posts: u64,
    /// Comments made.
    pub comments: u64,
    /// Users made.
    pub users: u64,
    /// Of these, those with another name than theirs.
    pub renamed: u64,
    /// Items and users that were here.
    pub known: u64,
    /// Deleted items: those with comments below them are made, too.
    pub deleted: u64,
    /// Items with a text that was cut, or a URL that became text.
    pub changed: u64,
    /// Items of a kind that this site does not have.
    pub unknown: u64,
    /// Lines that cannot be read.
    pub bad_lines: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.posts += other.posts;
        self.comments += other.comments;
        self.users += other.users;
        self.renamed += other.renamed;
        self.known += other.known;
        self.deleted += other.deleted;
        self.changed += other.changed;
        self.unknown += other.unknown;
        self.bad_lines += other.bad_lines;
    }
}

/// How far a file has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileProgress {
    /// The bytes of the lines that were read.
    pub position: u64,
    /// Their number.
    pub lines: u64,
    /// The number of those that cannot be read.
    pub bad_lines: u64,
    /// SHA-256 of the bytes before the position, by which a file that was changed is noticed.
    pub tail: [u8; 32],
}

/// A line, read.
#[derive(Debug)]
struct Parsed {
    line: Line,
    /// As it stands in the file, for an item that has to wait.
    text: String,
}

/// Lines that are written in one transaction.
#[derive(Debug, Default)]
struct Batch {
    lines: Vec<Parsed>,
    bytes: usize,
    bad_lines: u64,
    /// The fingerprint of the file and the progress after the batch; `None`: the standard input.
    progress: Option<([u8; 32], FileProgress)>,
}

/// A moment of the import, for a display.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The numbers so far.
    pub counts: Counts,
    /// The bytes that were read, of all files.
    pub bytes: u64,
    /// Those of them that a former import had read.
    pub skipped_bytes: u64,
    /// The bytes of all files; 0: nobody knows.
    pub total: u64,
}

/// The end of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The numbers of this run, but for the bad lines, which are those of all runs over the files.
    pub counts: Counts,
    /// The comments that wait for their parents.
    pub orphans: u64,
    /// Whether all lines were read.
    pub is_whole: bool,
}

/// The failure of an import.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {0}")]
    Read(String, #[source] std::io::Error),
    /// The password of the imported users could not be hashed: the system provides no random numbers.
    #[error("a password cannot be hashed")]
    PasswordHash(#[from] argon2::password_hash::Error),
    /// The database refused a read or the write.
    #[error(transparent)]
    Database(#[from] lorem_store::Error),
}

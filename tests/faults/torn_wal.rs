//! A WAL that a crash has left damaged: what stands before the damage counts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Program, assert_sound, folder, open, seeded};
use crate::writers::{assert_kept, assert_reads, write};

const BEFORE: usize = 10;
/// The head of a WAL, in bytes.
const HEAD: usize = 32;
/// A page with its head, in bytes.
const FRAME: usize = 24 + 4096;

/// What a server left that was killed: its database without the WAL, the WAL, and for each write the
/// length that the WAL had when it was answered.
struct Left {
    folder: tempfile::TempDir,
    database: PathBuf,
    wal: Vec<u8>,
    writes: Vec<(usize, i64)>,
}

fn wal(database: &Path) -> PathBuf {
    database.with_extension("sqlite3-wal")
}

fn left() -> Left {
    let (folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let writes = (0..20)
        .map(|_| {
            let id = write(&program);
            (fs::metadata(wal(&database)).unwrap().len() as usize, id)
        })
        .collect();
    program.kill();
    let wal = fs::read(wal(&database)).unwrap();
    Left { folder, database, wal, writes }
}

impl Left {
    /// The real program starts on it with another WAL, of which the first `sound` bytes are as they were.
    fn assert_starts(&self, what: &str, damaged: &[u8], sound: usize) {
        let database = self.folder.path().join("again.sqlite3");
        fs::copy(&self.database, &database).unwrap();
        fs::write(wal(&database), damaged).unwrap();
        let program = Program::serve(&database, &[]);
        assert_reads(&program);
        let connection = open(&database);
        let all: BTreeSet<i64> = self.writes.iter().map(|write| write.1).collect();
        let before: BTreeSet<i64> =
            self.writes.iter().filter(|write| write.0 <= sound).map(|write| write.1).collect();
        let kept = assert_kept(&connection, &before, BEFORE);
        assert!(kept.is_subset(&all), "{what}: {kept:?}");
        // A write all of whose frames stand behind the damage cannot be there, or the WAL was not read.
        let begins = std::iter::once(0).chain(self.writes.iter().map(|write| write.0));
        let behind: BTreeSet<i64> =
            begins.zip(&self.writes).filter(|(begin, _)| *begin >= sound).map(|(_, write)| write.1).collect();
        assert!(kept.is_disjoint(&behind), "{what}: {kept:?} in spite of the damage");
        assert_eq!(behind.is_empty(), sound > self.writes[self.writes.len() - 2].0, "{what}");
        assert!(
            kept.iter().eq(all.iter().take(kept.len())),
            "{what}: one is missing before another: {kept:?}"
        );
        assert_sound(&connection);
        write(&program);
        drop((connection, program));
        for ending in ["sqlite3", "sqlite3-wal", "sqlite3-shm"] {
            let _ = fs::remove_file(database.with_extension(ending));
        }
    }

    /// The start of the frame in which a byte is.
    fn frame_of(at: usize) -> usize {
        if at < HEAD { 0 } else { HEAD + (at - HEAD) / FRAME * FRAME }
    }
}

#[test]
fn a_wal_that_ends_in_the_middle_of_a_frame_counts_up_to_there() {
    let left = left();
    let length = left.wal.len();
    left.assert_starts("whole", &left.wal, length);
    for cut in [length - 1, length - FRAME / 2, length - FRAME + 10, length / 2, left.writes[0].0 + 7, 20, 0]
    {
        left.assert_starts(&format!("{cut} of {length} bytes"), &left.wal[..cut], Left::frame_of(cut));
    }
}

#[test]
fn garbage_after_the_last_frame_is_no_frame() {
    let left = left();
    let frame = &left.wal[HEAD..HEAD + FRAME];
    for (what, garbage) in [("bytes", vec![0xa5; 3 * FRAME + 100]), ("an old frame", frame.to_vec())] {
        left.assert_starts(what, &[&left.wal[..], &garbage].concat(), left.wal.len());
    }
}

#[test]
fn a_bit_that_has_changed_ends_the_wal_before_its_frame() {
    let left = left();
    let length = left.wal.len();
    for at in [length - 1, length - FRAME + 4, length - 3 * FRAME, length / 2, HEAD + 1] {
        let mut damaged = left.wal.clone();
        damaged[at] ^= 0x10;
        left.assert_starts(&format!("byte {at} of {length}"), &damaged, Left::frame_of(at));
    }
}

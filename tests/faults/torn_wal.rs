//! A WAL that a crash has damaged: the frames before the damage are valid.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Program, assert_sound, folder, open, seeded};
use crate::writers::{assert_kept, assert_reads, write};

const BEFORE: usize = 10;
/// The size of the header of a WAL.
const WAL_HEADER_BYTES: usize = 32;
/// The size of a frame: its header and a page.
const FRAME_BYTES: usize = 24 + 4096;

/// The files of a killed server.
struct CrashedFiles {
    folder: tempfile::TempDir,
    database: PathBuf,
    wal: Vec<u8>,
    /// For each write, the length of the WAL when it was acknowledged, and the id of its session.
    writes: Vec<(usize, i64)>,
}

fn wal(database: &Path) -> PathBuf {
    database.with_extension("sqlite3-wal")
}

/// Kills a server after 20 writes.
fn crashed_files() -> CrashedFiles {
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
    CrashedFiles { folder, database, wal, writes }
}

impl CrashedFiles {
    /// Panics unless the program starts with a damaged WAL, of which the first `sound` bytes are intact, and keeps
    /// the writes before the damage.
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
        // A write whose frames all follow the damage must be lost; otherwise this test has not damaged its WAL.
        let begins = std::iter::once(0).chain(self.writes.iter().map(|write| write.0));
        let behind: BTreeSet<i64> =
            begins.zip(&self.writes).filter(|(begin, _)| *begin >= sound).map(|(_, write)| write.1).collect();
        assert!(kept.is_disjoint(&behind), "{what}: {kept:?} despite the damage");
        assert_eq!(behind.is_empty(), sound > self.writes[self.writes.len() - 2].0, "{what}");
        assert!(
            kept.iter().eq(all.iter().take(kept.len())),
            "{what}: a write is lost before a kept one: {kept:?}"
        );
        assert_sound(&connection);
        write(&program);
        drop((connection, program));
        for ending in ["sqlite3", "sqlite3-wal", "sqlite3-shm"] {
            let _ = fs::remove_file(database.with_extension(ending));
        }
    }

    /// The offset of the frame that contains a byte.
    fn frame_of(at: usize) -> usize {
        if at < WAL_HEADER_BYTES {
            0
        } else {
            WAL_HEADER_BYTES + (at - WAL_HEADER_BYTES) / FRAME_BYTES * FRAME_BYTES
        }
    }
}

#[test]
fn a_wal_cut_inside_a_frame_is_read_up_to_that_frame() {
    let files = crashed_files();
    let length = files.wal.len();
    files.assert_starts("undamaged", &files.wal, length);
    for cut in [
        length - 1,
        length - FRAME_BYTES / 2,
        length - FRAME_BYTES + 10,
        length / 2,
        files.writes[0].0 + 7,
        20,
        0,
    ] {
        files.assert_starts(
            &format!("{cut} of {length} bytes"),
            &files.wal[..cut],
            CrashedFiles::frame_of(cut),
        );
    }
}

#[test]
fn garbage_after_the_last_frame_is_ignored() {
    let files = crashed_files();
    let frame = &files.wal[WAL_HEADER_BYTES..WAL_HEADER_BYTES + FRAME_BYTES];
    for (what, garbage) in [("bytes", vec![0xa5; 3 * FRAME_BYTES + 100]), ("an old frame", frame.to_vec())] {
        files.assert_starts(what, &[&files.wal[..], &garbage].concat(), files.wal.len());
    }
}

#[test]
fn a_flipped_bit_ends_the_wal_before_its_frame() {
    let files = crashed_files();
    let length = files.wal.len();
    for at in
        [length - 1, length - FRAME_BYTES + 4, length - 3 * FRAME_BYTES, length / 2, WAL_HEADER_BYTES + 1]
    {
        let mut damaged = files.wal.clone();
        damaged[at] ^= 0x10;
        files.assert_starts(&format!("byte {at} of {length}"), &damaged, CrashedFiles::frame_of(at));
    }
}

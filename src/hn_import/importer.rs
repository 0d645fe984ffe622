//! Two threads: one reads batches of lines, the other one writes them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use lorem_store::Database;

use super::{Batch, Counts, Error, Imported, Moment, reader, sql};
use crate::auth::token::Secret;
use crate::search;
use crate::site::hashing::HashMemory;
use crate::types::time::Timestamp;
use crate::user::password;

/// Imports a file, a folder of `.json` and `.jsonl` files in the order of their names, or the standard input (`-`), until
/// `is_stopped`. `report` gets each bad line's file, number and reason; `progress` is called after each batch. All that
/// was imported is indexed then.
///
/// # Errors
/// [`Error`]. What was imported before stays.
pub fn run(
    db: &Database,
    source: &Path,
    is_stopped: &AtomicBool,
    report: &(impl Fn(&str, u64, &str) + Sync),
    mut progress: impl FnMut(&Moment),
) -> Result<Imported, Error> {
    while db.write(search::sql::index_step)? {}
    let hash = password::hash(&Secret::random().to_string(), &mut HashMemory::default())?;
    let memory = Arc::new(Mutex::new(sql::Memory::new(hash)));
    let files = reader::files(source)?;
    let total = files.iter().map(|file| file.length).sum();
    let mut moment = Moment { counts: Counts::default(), bytes: 0, skipped_bytes: 0, total };
    for file in &files {
        if is_stopped.load(Ordering::Relaxed) {
            break;
        }
        let known = match file.fingerprint()? {
            Some(fingerprint) => db.read(|connection| sql::progress(connection, &fingerprint))?,
            None => None,
        };
        let (sender, batches) = mpsc::sync_channel(2);
        let before = moment.bytes;
        thread::scope(|scope| {
            let reading =
                scope.spawn(move || file.read(known, Timestamp::now(), is_stopped, report, &sender));
            for event in batches {
                match event {
                    reader::Event::Resumed(progress) => {
                        moment.skipped_bytes += progress.position;
                        moment.counts.bad_lines += progress.bad_lines;
                    }
                    reader::Event::Batch(batch) => {
                        let bad_lines = batch.bad_lines;
                        let position = batch.progress.as_ref().map_or(0, |(_, progress)| progress.position);
                        moment.counts += write(db, &memory, batch)?;
                        moment.counts.bad_lines += bad_lines;
                        moment.bytes = before + position;
                        progress(&moment);
                    }
                }
            }
            reading.join().unwrap_or(Ok(()))
        })?;
        moment.bytes = before + file.length;
    }
    while db.write(search::sql::index_step)? {}
    db.write(sql::analyze)?;
    let orphans = db.read(sql::orphans)?;
    let is_whole = !is_stopped.load(Ordering::Relaxed);
    Ok(Imported { counts: moment.counts, orphans, is_whole })
}

fn write(db: &Database, memory: &Arc<Mutex<sql::Memory>>, batch: Batch) -> Result<Counts, Error> {
    let work = Arc::clone(memory);
    let counts = db.write(move |connection| {
        sql::write(connection, &mut work.lock().unwrap_or_else(PoisonError::into_inner), &batch)
    })?;
    memory.lock().unwrap_or_else(PoisonError::into_inner).is_dirty = false;
    Ok(counts)
}

//! How each connection is set up: every pragma with its reason.

use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

/// How long a statement waits for a lock that another process holds (Litestream's checkpoint, the
/// command line). Our own writes never wait for each other here: they queue for the one writer.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The prepared statements that a connection keeps: more than the program has.
const MAX_CACHED_STATEMENTS: usize = 128;

/// What readers and the writer share.
///
/// - `mmap_size=0`: whenever someone has written, SQLite unmaps a reader's whole file before its next
///   read and maps it again, and each unmapping interrupts every core that runs one of our threads.
///   Reading pages by system call is far cheaper under writes (docs/decisions/0004-no-mmap.md).
/// - `cache_size`: 8 MiB a connection.
/// - `temp_store`: sorts and statement journals stay in memory.
/// - `foreign_keys`: off by default in SQLite.
/// - Query planner stability: a plan does not depend on the values that are bound. Otherwise every
///   new value for a `LIMIT ?` has SQLite parse and plan the statement anew, which was a third of the
///   time of a list.
/// - `trusted_schema=OFF`, defensive: a doctored database file cannot make us run functions of its
///   choice, and no statement can write to the schema table.
fn configure_common(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    connection.execute_batch(
        "PRAGMA mmap_size = 0;
         PRAGMA cache_size = -8192;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

/// A connection of the pool. `query_only` makes a write through it an error, not a surprise. It reads once, by
/// which SQLite opens the WAL and learns the schema: later there may be no file descriptor left to open it with.
///
/// # Errors
/// SQLite's.
pub fn configure_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    configure_common(connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// The one connection that writes.
///
/// - `journal_mode=WAL`: readers and the writer do not wait for each other. It is kept in the file.
/// - `synchronous=FULL`: a commit returns after the WAL is flushed, so an answered write survives a
///   power cut. One commit for many callers (`writer`) pays for it.
/// - `journal_size_limit`: after a burst the WAL file is cut back to 64 MiB.
/// - `wal_autocheckpoint=0`: `checkpoint` does it, beside the writes and not between them.
/// - While another process has the lock it is asked for every millisecond. SQLite's own waiting grows
///   from 1 to 100 ms a step, but Litestream has the lock for less than one, many times a second, and
///   everybody's write would wait for the rest of a step.
///
/// # Errors
/// SQLite's: the file cannot be written, or is on a file system without shared memory.
pub fn configure_writer(connection: &mut Connection) -> rusqlite::Result<()> {
    configure_common(connection)?;
    connection.busy_handler(Some(wait_for_lock))?;
    let mode = enable_wal(connection)?;
    if mode != "wal" {
        log::warn!("the database is in journal mode {mode}, not WAL: readers will wait for writers");
    }
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA wal_autocheckpoint = 0;",
    )
}

/// Waits for a millisecond, the `count`th time in a row; whether to go on.
fn wait_for_lock(count: i32) -> bool {
    const STEP: Duration = Duration::from_millis(1);
    let is_patient = u128::from(count.unsigned_abs()) < BUSY_TIMEOUT.as_millis();
    if is_patient {
        std::thread::sleep(STEP);
    }
    is_patient
}

/// Switches to WAL mode. Of two that make the same database at once one is told "locked" without any
/// waiting, since SQLite sees a deadlock coming: it asks again.
fn enable_wal(connection: &Connection) -> rusqlite::Result<String> {
    let began = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && began.elapsed() < BUSY_TIMEOUT =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            mode => return mode,
        }
    }
}

/// The connection that only checkpoints: it flushes as the writer does.
///
/// # Errors
/// SQLite's.
pub fn configure_checkpointer(connection: &mut Connection) -> rusqlite::Result<()> {
    configure_common(connection)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -256;")
}

/// Commits a transaction that changes nothing, after a commit that failed. What was refused may be in the
/// WAL as a whole, only not flushed or not in its index, and whoever reads the WAL after a crash would take
/// it for committed. This one is written over it. It need not succeed: it need only be written.
///
/// # Errors
/// SQLite's.
pub fn overwrite_refused_commit(connection: &Connection) -> rusqlite::Result<()> {
    const VERSION: &str = "user_version";
    let version: i64 = connection.pragma_query_value(None, VERSION, |row| row.get(0))?;
    connection.pragma_update(None, VERSION, version)
}

/// Has the WAL stay as it is when the database is closed: the next start copies all of it anew.
///
/// # Errors
/// SQLite's.
pub fn keep_wal_on_close(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Whether [`keep_wal_on_close`] was asked for.
///
/// # Errors
/// SQLite's.
pub fn keeps_wal_on_close(connection: &Connection) -> rusqlite::Result<bool> {
    connection.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
}

/// After the last write: refreshes the planner's statistics where they are stale, a bounded amount of
/// work. They can also wait for the next time.
pub fn refresh_statistics(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize;") {
        log::warn!("refreshing statistics: {error}");
    }
}

/// Empties the WAL into the database, where no reader of ours is left; whether it is empty: another process
/// may read it, and is waited for as for any lock.
///
/// # Errors
/// SQLite's.
pub fn truncate_wal(connection: &Connection) -> rusqlite::Result<bool> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(!busy)
}

/// The same on the writer's connection, without waiting for anybody.
///
/// # Errors
/// SQLite's.
pub fn try_truncate_wal(writer: &Connection) -> rusqlite::Result<bool> {
    writer.busy_handler(None)?;
    let emptied = truncate_wal(writer);
    writer.busy_handler(Some(wait_for_lock))?;
    emptied
}

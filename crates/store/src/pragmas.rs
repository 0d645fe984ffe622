//! The settings of each kind of connection, every pragma with its reason.
//!
//! The pragmas: <https://sqlite.org/pragma.html>; the settings of a connection:
//! <https://sqlite.org/c3ref/c_dbconfig_defensive.html>.

use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

/// How long a statement waits for a lock that another process holds, such as a backup's checkpoint or a
/// command line. Writes of this process do not wait here for each other: they queue for the one writer.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The prepared statements that a connection keeps. A program with more of them prepares some anew.
const MAX_CACHED_STATEMENTS: usize = 128;

/// The settings that all connections have.
///
/// - `mmap_size=0`: after each commit SQLite unmaps a reader's whole file before the next read and maps it
///   again, and each unmapping interrupts every core that runs a thread of the process. Beside writes, system
///   calls that read the pages cost far less.
/// - `cache_size`: 8 MiB a connection.
/// - `temp_store`: sorts and statement journals stay in memory.
/// - `foreign_keys`: SQLite's default is off.
/// - Query planner stability: a plan does not depend on the bound values. Otherwise SQLite parses and plans a
///   statement again for every new value of a `LIMIT ?`, which was measured as a third of the time of a list.
/// - `trusted_schema=OFF` and defensive: a manipulated database file cannot call functions of its choice, and
///   no statement can write to the schema table.
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

/// Sets up a connection of the reader pool. `query_only` turns a write through it into an error. The first
/// read makes SQLite open the WAL and load the schema now: later the process may have no file descriptor left
/// for it.
pub(crate) fn configure_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    configure_common(connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Sets up the one connection that writes.
///
/// - `journal_mode=WAL`: readers and the writer do not wait for each other. The file keeps this mode.
/// - `synchronous=FULL`: a commit returns when the WAL is flushed, so a committed write survives a power cut.
///   Group commit spreads the cost of the flush over many callers.
/// - `journal_size_limit`: after a burst SQLite cuts the WAL file back to 64 MiB.
/// - `wal_autocheckpoint=0`: checkpoints run beside the writes, on a thread of their own.
/// - While another process holds the lock, the writer retries every millisecond. SQLite's own handler sleeps
///   from 1 to 100 ms a step, but Litestream holds the lock for less than one, many times a second, and all
///   writes would wait for the rest of a step.
///
/// # Errors
/// SQLite's, when the file cannot be written or is on a file system without shared memory.
pub(crate) fn configure_writer(connection: &mut Connection) -> rusqlite::Result<()> {
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

/// Sleeps for a millisecond, the `count`th time in a row, and returns whether SQLite should retry.
fn wait_for_lock(count: i32) -> bool {
    const STEP: Duration = Duration::from_millis(1);
    let may_retry = u128::from(count.unsigned_abs()) < BUSY_TIMEOUT.as_millis();
    if may_retry {
        std::thread::sleep(STEP);
    }
    may_retry
}

/// Switches to WAL mode and returns the mode that is then in use. When two processes create the same
/// database, SQLite foresees a deadlock and reports "locked" to one of them at once, without the busy
/// handler: it retries.
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

/// Sets up a connection that only checkpoints. It flushes as the writer does, and needs hardly any cache.
pub(crate) fn configure_checkpointer(connection: &mut Connection) -> rusqlite::Result<()> {
    configure_common(connection)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA cache_size = -256;")
}

/// Overwrites a refused commit in the WAL, by a transaction that changes nothing. The refused commit may be
/// in the WAL as a whole, without a flush or without an entry in the index, and recovery after a crash would
/// take it for committed (<https://sqlite.org/fileformat2.html#walformat>). This transaction need only be
/// written, not succeed.
pub(crate) fn overwrite_refused_commit(connection: &Connection) -> rusqlite::Result<()> {
    const VERSION: &str = "user_version";
    let version: i64 = connection.pragma_query_value(None, VERSION, |row| row.get(0))?;
    connection.pragma_update(None, VERSION, version)
}

/// Keeps SQLite from checkpointing when it closes the database: the next start finds the WAL and copies all
/// of it.
pub(crate) fn keep_wal_on_close(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Whether [`keep_wal_on_close`] was called for this connection.
pub(crate) fn keeps_wal_on_close(connection: &Connection) -> rusqlite::Result<bool> {
    connection.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
}

/// Refreshes the query planner's statistics where they are stale, with a bounded amount of work. A failure is
/// only logged: the statistics can wait for the next close.
pub(crate) fn refresh_statistics(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize;") {
        log::warn!("refreshing statistics: {error}");
    }
}

/// Copies the whole WAL into the database and truncates it, and returns whether it is empty then. It waits
/// for readers in other processes as long as the connection's busy handler does.
pub(crate) fn truncate_wal(connection: &Connection) -> rusqlite::Result<bool> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(!busy)
}

/// Does on the writer's connection what [`truncate_wal`] does, without waiting for other processes.
pub(crate) fn try_truncate_wal(writer: &Connection) -> rusqlite::Result<bool> {
    writer.busy_handler(None)?;
    let emptied = truncate_wal(writer);
    writer.busy_handler(Some(wait_for_lock))?;
    emptied
}

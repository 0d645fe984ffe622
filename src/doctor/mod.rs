//! `lorem-news doctor`: what is wrong, or will be, with a database and the machine that it is on, and what to do about each.
//! It only reads, and writes one temporary file to time the disk; the server may be running.

mod disk;
mod sql;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lorem_store::rusqlite::{Connection, OpenFlags};
use lorem_store::{check_file, sqlite_build};

use crate::file_mode::FileMode;
use crate::replica::sql::{find_damage, newest_write};
use crate::schema::SCHEMA;
use crate::types::time::Timestamp;

/// The descriptors that the default number of connections needs, with those for the rest of the process.
const WANTED_DESCRIPTORS: u64 = 1024 + 64;
/// A WAL that is larger than this, and than half of its database, has not been copied for a while: SQLite copies it after
/// 1,000 pages, 4 MB.
const LARGE_WAL_BYTES: u64 = 64 << 20;
/// Below this the next hour may fill the disk.
const SCARCE_BYTES: u64 = 256 << 20;
/// A disk whose flush takes longer answers writes that people wait for late; SSDs take less than a tenth.
const SLOW_FLUSH: Duration = Duration::from_millis(50);
/// Clocks of machines that ask others for the time differ by less.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
/// How long the checks wait for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing has to be done.
    Good,
    /// Something will go wrong, or is slower than it has to be.
    Warning,
    /// Something is wrong.
    Fault,
}

impl Verdict {
    /// Its name in the output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Warning => "warning",
            Verdict::Fault => "fault",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in one or two words.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in one sentence without a point.
    pub found: String,
    /// What to do; empty: nothing.
    pub advice: &'static str,
}

impl Check {
    fn good(name: &'static str, found: impl Into<String>) -> Check {
        Check { name, verdict: Verdict::Good, found: found.into(), advice: "" }
    }

    fn warning(name: &'static str, found: impl Into<String>, advice: &'static str) -> Check {
        Check { name, verdict: Verdict::Warning, found: found.into(), advice }
    }

    fn fault(name: &'static str, found: impl Into<String>, advice: &'static str) -> Check {
        Check { name, verdict: Verdict::Fault, found: found.into(), advice }
    }
}

/// All checks of a database at `path`, whose files should have this mode. Those of its content are left out when it cannot
/// be opened.
#[must_use]
pub fn examine(path: &Path, mode: FileMode) -> Vec<Check> {
    let mut checks = vec![build(), descriptors()];
    let opened = open(path);
    checks.push(match &opened {
        Ok(_) => Check::good("database", format!("{} is a database of this program", path.display())),
        Err(why) => {
            Check::fault("database", why, "name the file with --database, or restore it: lorem-news restore")
        }
    });
    if let Ok(connection) = &opened {
        checks.extend([
            schema(connection),
            integrity(connection),
            statistics(connection),
            free_pages(connection),
            clock(connection),
            permissions(path, mode),
            wal(path),
            space(path),
            flush(path),
        ]);
    }
    checks
}

fn open(path: &Path) -> Result<Connection, String> {
    if !path.exists() {
        return Err(format!("there is no database {}", path.display()));
    }
    check_file(path, &SCHEMA).map_err(|error| error.to_string())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags)
        .and_then(|connection| connection.busy_timeout(BUSY_TIMEOUT).map(|()| connection));
    opened.map_err(|error| format!("{} does not open: {error}", path.display()))
}

fn build() -> Check {
    const NAME: &str = "SQLite";
    match sqlite_build::compile_options().map(|options| sqlite_build::deviations(&options)) {
        Ok(deviations) if deviations.is_empty() => Check::good(
            NAME,
            format!("version {}, compiled as the project says", lorem_store::rusqlite::version()),
        ),
        Ok(deviations) => Check::warning(
            NAME,
            format!("it is compiled with other options than the project's: {}", deviations.join(", ")),
            "build the program in the project's folder, where .cargo/config.toml is",
        ),
        Err(error) => Check::fault(NAME, format!("it does not say how it is compiled: {error}"), ""),
    }
}

fn descriptors() -> Check {
    const NAME: &str = "descriptors";
    match rlimit::Resource::NOFILE.get() {
        Ok((_, most)) if most < WANTED_DESCRIPTORS => Check::warning(
            NAME,
            format!("the process may open {most} files, and each connection is one"),
            "raise the limit of open files (LimitNOFILE= in a systemd unit), or lower --max-connections",
        ),
        Ok((_, most)) => Check::good(NAME, format!("the process may open {most} files")),
        Err(error) => Check::warning(NAME, format!("their limit is unknown: {error}"), ""),
    }
}

/// The check, or one that says that SQLite failed at it.
fn answered(name: &'static str, check: lorem_store::rusqlite::Result<Check>) -> Check {
    check.unwrap_or_else(|error| {
        let advice = "restore the last good copy: lorem-news restore";
        Check::fault(name, format!("the database does not answer: {error}"), advice)
    })
}

fn schema(connection: &Connection) -> Check {
    const NAME: &str = "schema";
    answered(
        NAME,
        sql::user_version(connection).map(|version| {
            let known = SCHEMA.migrations.len();
            if version as usize == known {
                return Check::good(NAME, format!("version {version}, that of this program"));
            }
            let found = format!("version {version}; this program knows {known}");
            Check::warning(
                NAME,
                found,
                "the next start of this program migrates it; make a copy before: lorem-news backup",
            )
        }),
    )
}

fn integrity(connection: &Connection) -> Check {
    const NAME: &str = "integrity";
    answered(
        NAME,
        find_damage(connection).map(|damage| match damage {
            None => Check::good(NAME, "every page and every reference is sound"),
            Some(damage) => Check::fault(NAME, damage, "restore the last good copy: lorem-news restore"),
        }),
    )
}

fn statistics(connection: &Connection) -> Check {
    const NAME: &str = "statistics";
    answered(
        NAME,
        sql::has_statistics(connection).map(|has_some| {
            if has_some {
                Check::good(NAME, "SQLite knows how the indexes are filled")
            } else {
                Check::good(NAME, "there are none yet: the server makes them when it stops")
            }
        }),
    )
}

fn free_pages(connection: &Connection) -> Check {
    const NAME: &str = "free pages";
    answered(
        NAME,
        sql::pages(connection).map(|(all, free)| {
            let found = format!("{free} of {all} pages are free");
            if free > 10_000 && free > all / 2 {
                let advice = "new rows fill them; for a small file, stop the server and put a copy in its place: \
                              lorem-news backup";
                Check::warning(NAME, found, advice)
            } else {
                Check::good(NAME, found)
            }
        }),
    )
}

fn clock(connection: &Connection) -> Check {
    const NAME: &str = "clock";
    answered(
        NAME,
        newest_write(connection).map(|newest| {
            let ahead =
                newest.map_or(Duration::ZERO, |newest| newest.saturating_duration_since(Timestamp::now()));
            if ahead > CLOCK_TOLERANCE {
                let found = format!("the newest row is {} s in the future", ahead.as_secs());
                Check::fault(NAME, found, "set the machine's clock (NTP): ages and limits depend on it")
            } else {
                Check::good(NAME, "no row is of the future")
            }
        }),
    )
}

fn permissions(path: &Path, mode: FileMode) -> Check {
    const NAME: &str = "permissions";
    let loose: Vec<String> = [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")]
        .iter()
        .filter_map(|file| Some(format!("{} has mode {:04o}", file.display(), mode.excessive(file)?)))
        .collect();
    if loose.is_empty() {
        Check::good(NAME, "no other user can read the database")
    } else {
        let advice = "the next start of the server takes those rights away; --file-mode can allow them";
        Check::warning(NAME, loose.join("; "), advice)
    }
}

fn wal(path: &Path) -> Check {
    const NAME: &str = "WAL";
    let size = |path: &Path| path.metadata().map_or(0, |found| found.len());
    let (wal, database) = (size(&beside(path, "-wal")), size(path));
    let found = format!("{} beside a database of {}", disk::readable(wal), disk::readable(database));
    if wal > LARGE_WAL_BYTES && wal > database / 2 {
        let advice = "something reads for long and keeps it from being copied: look for another program that has the \
                      file open, or a replica that is behind";
        Check::warning(NAME, found, advice)
    } else {
        Check::good(NAME, found)
    }
}

fn space(path: &Path) -> Check {
    const NAME: &str = "disk space";
    let size = path.metadata().map_or(0, |found| found.len());
    match disk::available(disk::folder_of(path)) {
        Ok(free) if free < SCARCE_BYTES => Check::fault(
            NAME,
            format!("{} are free", disk::readable(free)),
            "make room: a full disk refuses all writes",
        ),
        Ok(free) if free < 2 * size => {
            let found =
                format!("{} are free, and the database has {}", disk::readable(free), disk::readable(size));
            Check::warning(NAME, found, "make room: backups and verifications need as much as the database")
        }
        Ok(free) => Check::good(NAME, format!("{} are free", disk::readable(free))),
        Err(error) => Check::warning(NAME, format!("it is unknown: {error}"), ""),
    }
}

fn flush(path: &Path) -> Check {
    const NAME: &str = "flush";
    match disk::flush_time(disk::folder_of(path)) {
        Ok(time) if time > SLOW_FLUSH => Check::warning(
            NAME,
            format!("the disk takes {:.1} ms to keep 4 KiB for good", time.as_secs_f64() * 1000.0),
            "each write waits for it: put the database on a faster or less busy disk",
        ),
        Ok(time) => Check::good(
            NAME,
            format!("the disk takes {:.2} ms to keep 4 KiB for good", time.as_secs_f64() * 1000.0),
        ),
        Err(error) => Check::warning(
            NAME,
            format!("no file can be written beside the database: {error}"),
            "run this as the user of the server; SQLite needs to write in that folder",
        ),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

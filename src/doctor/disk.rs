//! The disk below the database: its room and its speed.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The flushes of which the median counts: the first ones wake a disk that sleeps.
const FLUSHES: usize = 9;

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The bytes that a user who is not root can still write.
pub(super) fn available(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The time in which the disk keeps 4 KiB for good: the median of some flushes of a temporary file.
pub(super) fn flush_time(folder: &Path) -> io::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[FLUSHES / 2])
}

/// Bytes for people, in units of 1,000.
pub(super) fn readable(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1_000.0, 0);
    while value >= 1_000.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1_000.0, unit + 1);
    }
    format!("{value:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (117_400_000, "117.4 MB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(readable(bytes), text);
        }
    }

    #[test]
    fn a_file_without_a_folder_is_in_this_one() {
        assert_eq!(folder_of(Path::new("news.sqlite3")), Path::new("."));
        assert_eq!(folder_of(Path::new("db/news.sqlite3")), Path::new("db"));
    }
}

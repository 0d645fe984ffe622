//! Fits the number of connections to the process's limit of file descriptors.

use crate::limits::RESERVED_DESCRIPTORS;

/// Returns how many of the `requested` connections have a file descriptor each, after raising the soft limit
/// (often 1,024 by default) as far as the system permits. At least 1.
pub(crate) fn affordable_connections(requested: usize) -> usize {
    let requested = requested.max(1);
    match rlimit::increase_nofile_limit(requested as u64 + RESERVED_DESCRIPTORS) {
        Ok(descriptors) => {
            let affordable = descriptors.saturating_sub(RESERVED_DESCRIPTORS).max(1);
            let affordable = usize::try_from(affordable).unwrap_or(usize::MAX);
            if affordable < requested {
                log::warn!("{descriptors} file descriptors allow {affordable} connections, not {requested}");
            }
            requested.min(affordable)
        }
        Err(error) => {
            log::warn!("the limit of file descriptors is unknown: {error}");
            requested
        }
    }
}

//! Errors that threads without a request or a job only log: those of the store, such as of its checkpoints, and of the
//! replica's threads. They know no site, so the program's logger passes their lines on.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use log::{Level, Record};

use super::recorder::ErrorLog;
use super::{Kind, NewError};
use crate::types::time::Timestamp;

/// The modules whose lines of level `error` are recorded. What requests and jobs log is recorded where they end.
const MODULES: [&str; 2] = ["lorem_store", "lorem_news::replica"];

/// The recorded errors of this process's site, which it does not keep alive.
static ERROR_LOG: Mutex<Weak<ErrorLog>> = Mutex::new(Weak::new());

/// Records the lines from now on.
pub fn record_in(error_log: &Arc<ErrorLog>) {
    *ERROR_LOG.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(error_log);
}

/// Records a line of the log, if it is an error of these modules.
pub fn pass(record: &Record) {
    let is_of = |module: &str| {
        let rest = record.target().strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    if record.level() != Level::Error || !MODULES.into_iter().any(is_of) {
        return;
    }
    let error_log = ERROR_LOG.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    if let Some(error_log) = error_log {
        error_log.record(NewError {
            kind: Kind::Job,
            at: Timestamp::now(),
            place: record.target().to_owned(),
            cause: record.args().to_string(),
            request_id: String::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_mode::FileMode;
    use crate::site::error_log::Listed;
    use crate::types::cursor::START;

    #[test]
    fn errors_of_the_store_and_the_replica_are_recorded_and_no_other_lines() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("news.sqlite3");
        let log = Arc::new(ErrorLog::beside(&database, FileMode::PRIVATE));
        record_in(&log);
        for (level, target) in [
            (Level::Error, "lorem_store::checkpoint"),
            (Level::Error, "lorem_news::replica::watch"),
            (Level::Warn, "lorem_store::checkpoint"),
            (Level::Error, "lorem_news::jobs::indexer"),
            (Level::Error, "lorem_stores"),
        ] {
            pass(&Record::builder().level(level).target(target).args(format_args!("it failed")).build());
        }
        drop(log); // It stores what is queued.
        pass(&Record::builder().level(Level::Error).target("lorem_store").build());
        let log = ErrorLog::beside(&database, FileMode::PRIVATE);
        let groups = log.list(Listed::Open, START, 10).expect("it can be read").rows;
        let mut places: Vec<&str> = groups.iter().map(|group| &*group.place).collect();
        places.sort_unstable();
        assert_eq!(places, ["lorem_news::replica::watch", "lorem_store::checkpoint"]);
        assert!(groups.iter().all(|group| group.cause == "it failed" && group.count == 1));
    }
}

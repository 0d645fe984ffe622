//! The logger of the program: env_logger, which prints, and the recorded errors.

use log::{LevelFilter, Log, Metadata, Record};

use crate::site::error_log::logged;

/// Prints each line, and passes it on to the recorded errors.
struct Logger(env_logger::Logger);

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        self.0.log(record);
        logged::pass(record);
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Makes it the logger of this process, unless there is one. Lines beyond its levels are neither printed nor recorded.
pub(super) fn install(logger: env_logger::Logger) {
    let level: LevelFilter = logger.filter();
    if log::set_boxed_logger(Box::new(Logger(logger))).is_ok() {
        log::set_max_level(level);
    }
}

//! Log messages that clients can cause in any number: at most one line a second for each kind, with a count.
//!
//! A flood of refused requests must not become a flood of lines, which costs more than the refusals. The first
//! message of a kind is logged at once. Those of the second after it are counted; their line follows when the
//! second is over, even if no further message comes.
//!
//! ```
//! lorem_counted_log::warn!("a connection was refused: {}", "all are in use");
//! ```
//!
//! A kind is one place in the source that logs, so a message with several causes is written once for each of
//! them.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use log;

/// The shortest time between two lines of a kind.
pub const INTERVAL: Duration = Duration::from_secs(1);
/// Bytes of the stack of the thread that logs a count: it formats one line. Beyond it the process is aborted.
const STACK_BYTES: usize = 128 * 1024;

/// Logs at level `warn`, see the [crate]: for refusals and overload.
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::counted!(Warn, $($text)+) };
}

/// Logs at level `error`, see the [crate]: for faults of the program or the disk that each request meets.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::counted!(Error, $($text)+) };
}

/// A macro, since each place that logs needs a `static` of its own and the path of its module.
#[doc(hidden)]
#[macro_export]
macro_rules! counted {
    ($level:ident, $($text:tt)+) => {{
        static KIND: $crate::Kind = $crate::Kind::new($crate::log::Level::$level, module_path!());
        KIND.log(format_args!($($text)+));
    }};
}

/// A kind of message.
#[derive(Debug)]
pub struct Kind {
    level: log::Level,
    target: &'static str,
    window: Mutex<Window>,
}

/// The second after a line of a kind, and the messages in it that have not been logged.
#[derive(Debug)]
struct Window {
    /// `None` before the first line.
    end: Option<Instant>,
    held_back: u64,
    /// The text of the first message that was held back.
    text: String,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It is logged, as the last of this number of messages.
    Logged(u64),
    /// It is counted, the first since the last line: the count is logged when this time has passed.
    FirstHeldBack(Duration),
    HeldBack,
}

impl Kind {
    /// A kind whose lines have this level and target.
    #[must_use]
    pub const fn new(level: log::Level, target: &'static str) -> Kind {
        let window = Window { end: None, held_back: 0, text: String::new() };
        Kind { level, target, window: Mutex::new(window) }
    }

    /// Logs the message or counts it.
    pub fn log(&'static self, text: fmt::Arguments) {
        if !log::log_enabled!(target: self.target, self.level) {
            return;
        }
        let outcome = self.window().observe(Instant::now(), text);
        match outcome {
            Outcome::Logged(count) => self.write(text, count),
            Outcome::FirstHeldBack(wait) => {
                // Without a thread the next message logs the count.
                let thread = thread::Builder::new().name("counted-log".into()).stack_size(STACK_BYTES);
                let _ = thread.spawn(move || {
                    thread::sleep(wait);
                    self.log_held_back();
                });
            }
            Outcome::HeldBack => {}
        }
    }

    fn log_held_back(&self) {
        let held_back = self.window().close(Instant::now());
        if let Some((text, count)) = held_back {
            self.write(format_args!("{text}"), count);
        }
    }

    fn write(&self, text: fmt::Arguments, count: u64) {
        match count {
            1 => log::log!(target: self.target, self.level, "{text}"),
            _ => log::log!(target: self.target, self.level, "{text} ({count} times in a second)"),
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        // A panic while it is held, in a message's formatting, leaves counts that are still right.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn observe(&mut self, now: Instant, text: fmt::Arguments) -> Outcome {
        match self.end {
            Some(end) if now < end => {
                self.held_back += 1;
                if self.held_back > 1 {
                    return Outcome::HeldBack;
                }
                self.text = text.to_string();
                Outcome::FirstHeldBack(end - now)
            }
            _ => {
                self.end = Some(now + INTERVAL);
                Outcome::Logged(std::mem::take(&mut self.held_back) + 1)
            }
        }
    }

    /// The messages that were held back, if their second is over. `None` also when a later message has logged
    /// their count.
    fn close(&mut self, now: Instant) -> Option<(String, u64)> {
        if self.held_back == 0 || self.end.is_none_or(|end| now < end) {
            return None;
        }
        self.end = Some(now + INTERVAL);
        Some((std::mem::take(&mut self.text), std::mem::take(&mut self.held_back)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn window() -> (Window, Instant) {
        (Window { end: None, held_back: 0, text: String::new() }, Instant::now())
    }

    #[test]
    fn the_first_message_is_logged_at_once_and_a_flood_is_one_line_a_second() {
        let (mut window, start) = window();
        assert_eq!(window.observe(start, format_args!("0")), Outcome::Logged(1));
        let first = window.observe(start + MOMENT, format_args!("1"));
        assert_eq!(first, Outcome::FirstHeldBack(INTERVAL - MOMENT));
        for number in 2..100 {
            assert_eq!(window.observe(start + MOMENT * number, format_args!("{number}")), Outcome::HeldBack);
        }
        assert_eq!(window.close(start + INTERVAL - MOMENT), None, "the second is not over");
        assert_eq!(window.close(start + INTERVAL), Some(("1".to_owned(), 99)));
        // The line with the count begins a second of its own.
        let next = window.observe(start + INTERVAL + MOMENT, format_args!("100"));
        assert_eq!(next, Outcome::FirstHeldBack(INTERVAL - MOMENT));
    }

    #[test]
    fn a_message_after_the_second_takes_the_count_along() {
        let (mut window, start) = window();
        window.observe(start, format_args!("0"));
        window.observe(start + MOMENT, format_args!("1"));
        window.observe(start + MOMENT, format_args!("2"));
        assert_eq!(window.observe(start + INTERVAL, format_args!("3")), Outcome::Logged(3));
        assert_eq!(window.close(start + INTERVAL), None, "nothing is counted twice");
        assert_eq!(window.observe(start + INTERVAL * 3, format_args!("4")), Outcome::Logged(1));
    }
}

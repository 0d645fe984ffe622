//! `lorem-news import`: what another site has.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Subcommand;

use super::database::DatabaseOption;
use super::{output, signals};
use crate::hn_import::{Counts, Imported, Moment, importer};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Stories, comments and users in the JSON of Hacker News' API, one on each line
    Hn {
        #[command(flatten)]
        database: DatabaseOption,
        /// A file, a folder of .json and .jsonl files, or - for the standard input
        #[arg(value_name = "FILE|DIR")]
        source: PathBuf,
    },
}

impl Command {
    pub(crate) fn database(&self) -> &DatabaseOption {
        let Command::Hn { database, .. } = self;
        database
    }

    pub(crate) fn run(self) -> Result<()> {
        let Command::Hn { database, source } = self;
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopped);
        signals::on_stop_signal(move || stop.store(true, Ordering::Relaxed))?;
        let report = |file: &str, line: u64, reason: &str| {
            output::error_line(format_args!("{file}, line {line}: {reason}"));
        };
        let mut display = Display::new();
        let began = Instant::now();
        let imported = database.with_db(|db| {
            Ok(importer::run(db, &source, &is_stopped, &report, |moment| display.show(moment))?)
        })?;
        display.end();
        output::line(summary(&imported, began.elapsed()));
        if !imported.is_whole {
            bail!("stopped: the command given again goes on there");
        }
        if imported.counts.bad_lines > 0 {
            bail!("{} lines cannot be read", imported.counts.bad_lines);
        }
        Ok(())
    }
}

/// Says on the standard error how far the import is.
struct Display {
    is_terminal: bool,
    began: Instant,
    shown: Instant,
}

impl Display {
    fn new() -> Display {
        Display { is_terminal: std::io::stderr().is_terminal(), began: Instant::now(), shown: Instant::now() }
    }

    #[allow(clippy::cast_precision_loss)] // It is shown with three digits.
    fn show(&mut self, moment: &Moment) {
        let pause = Duration::from_secs(if self.is_terminal { 1 } else { 10 });
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let seconds = self.began.elapsed().as_secs_f64();
        let Counts { posts, comments, .. } = moment.counts;
        let mut text = format!(
            "{posts} posts, {comments} comments, {:.0} items/s",
            (posts + comments + moment.counts.known) as f64 / seconds
        );
        if moment.total > 0 {
            let read = moment.bytes.saturating_sub(moment.skipped_bytes).max(1) as f64;
            let left = seconds * moment.total.saturating_sub(moment.bytes) as f64 / read;
            let percent = 100.0 * moment.bytes as f64 / moment.total as f64;
            text = format!("{percent:.1} %: {text}, {left:.0} s left");
        }
        if self.is_terminal {
            output::prompt(format_args!("\r\x1b[K{text}"));
        } else {
            output::error_line(text);
        }
    }

    fn end(&self) {
        if self.is_terminal {
            output::prompt("\r\x1b[K");
        }
    }
}

fn summary(imported: &Imported, took: Duration) -> String {
    let Counts { posts, comments, users, renamed, known, deleted, changed, unknown, .. } = imported.counts;
    let mut text = format!(
        "Imported {posts} posts, {comments} comments and {users} users in {:.1} s; {known} were here",
        took.as_secs_f32()
    );
    for (number, what) in [
        (deleted, "are deleted"),
        (unknown, "are of a kind that this site does not have, such as options of polls"),
        (changed, "have a text that was cut or a URL that became text"),
        (renamed, "users have another name, since theirs is taken or not possible here"),
        (imported.orphans, "comments wait for their parents, which are in none of the files"),
    ] {
        if number > 0 {
            text += &format!("; {number} {what}");
        }
    }
    text
}

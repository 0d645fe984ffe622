//! Pages of the large database beside pages of the small one, and long threads beside each other.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, bail};
use lorem_news::types::cursor::Cursor;
use rusqlite::Connection;

use super::fill::{END_OF_CHAIN, FREQUENT_AUTHOR, LONG_THREAD, THREADS};
use super::options::{Options, SMALL_POSTS};
use crate::database::FILE_NAME;
use crate::format::{self, grouped, percent, table};
use crate::load::{self, Amount};
use crate::process::check_stop_signal;
use crate::progress::Progress;
use crate::server::{Server, ServerOptions};
use crate::statistics::median_or_nan;

/// Clients at once: enough to keep the server busy, few enough not to wait for each other.
const CLIENTS: u64 = 4;

/// A page that is requested from both databases.
struct Page {
    name: &'static str,
    method: &'static str,
    /// In the small database, and in the large one.
    paths: [String; 2],
    target: Target,
}

/// The lowest ratio of requests/s, large to small, that a page should have.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    /// The page has the same work to do in both databases; the rest is the difference between two runs.
    Equal,
    /// The page looks at more rows in the larger database, and may take twice the time.
    SameOrder,
}

impl Target {
    fn ratio(self) -> f64 {
        match self {
            Target::Equal => 0.9,
            Target::SameOrder => 0.5,
        }
    }
}

impl Page {
    fn get(name: &'static str, path: &str, target: Target) -> Page {
        Page { name, method: "GET", paths: [path.to_owned(), path.to_owned()], target }
    }

    fn post(endpoint: &'static str) -> Page {
        let path = format!("/benchmarking/{endpoint}");
        Page { name: endpoint, method: "POST", paths: [path.clone(), path], target: Target::Equal }
    }

    /// All pages. `databases` are the small one and the large one.
    fn all(databases: [&Path; 2]) -> Result<Vec<Page>> {
        let [small, large] = databases.map(middle_of_posts);
        Ok(vec![
            Page::get("front page", "/", Target::Equal),
            Page::get("newest posts", "/posts", Target::Equal),
            Page { name: "posts, halfway", method: "GET", paths: [small?, large?], target: Target::Equal },
            Page::post("post_show"),
            Page::post("posts_index"),
            Page::get("a frequent author", &format!("/users/{FREQUENT_AUTHOR}"), Target::Equal),
            Page::get("best of the day", "/best/day", Target::SameOrder),
            Page::get("best of the week", "/best/week", Target::SameOrder),
            Page::get("best of all time", "/best/all", Target::SameOrder),
            Page::get("a thread", "/posts/1", Target::SameOrder),
            Page::get("search for rare words", "/search?q=rare00007", Target::SameOrder),
            Page::get("search for a common word", "/search?q=common", Target::SameOrder),
        ])
    }
}

/// The page of the list of posts that begins in the middle of the list.
fn middle_of_posts(database: &Path) -> Result<String> {
    let sql = "SELECT created_at, id FROM posts WHERE id = (SELECT max(id) / 2 FROM posts)";
    let middle = Connection::open(database)?
        .query_row(sql, [], |row| Ok(Cursor { key: row.get(0)?, id: row.get(1)? }))?;
    Ok(format!("/posts?after={middle}"))
}

/// The requests/s of a page: medians of the rounds.
pub struct PageResult {
    name: &'static str,
    small: f64,
    large: f64,
    target: Target,
}

impl PageResult {
    fn ratio(&self) -> f64 {
        self.large / self.small
    }
}

/// Measures all pages on the databases in two folders, the small one and the large one, in interleaved runs.
pub fn compare(folders: [&Path; 2], options: &Options) -> Result<Vec<PageResult>> {
    let [small, large] = folders.map(|folder| folder.join(FILE_NAME));
    let pages = Page::all([&small, &large])?;
    for database in [&small, &large] {
        read_into_memory(database)?;
    }
    // Copies would show how fast they are sent, and not what the database does for a page.
    let options_of_server = ServerOptions { no_copies: true, ..ServerOptions::site() };
    let start = |folder| Server::start(folder, &options_of_server);
    let servers = [start(folders[0])?, start(folders[1])?];
    let mut progress = Progress::new(pages.len());
    let mut results = Vec::new();
    for page in pages {
        let mut throughputs = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for ((server, path), throughputs) in servers.iter().zip(&page.paths).zip(&mut throughputs) {
                throughputs.push(throughput(server, page.method, path, options, folders[0])?);
            }
        }
        let [small, large] = throughputs.map(median_or_nan);
        progress.done(page.name);
        results.push(PageResult { name: page.name, small, large, target: page.target });
    }
    for server in servers {
        server.stop()?;
    }
    Ok(results)
}

/// Reads a database once, so that its pages are in the system's memory, as they are where a server has run for a while.
fn read_into_memory(database: &Path) -> Result<()> {
    let mut file = File::open(database)?;
    // In parts, so that a signal ends the reading of a large file.
    while io::copy(&mut file.by_ref().take(1 << 24), &mut io::sink())? > 0 {
        check_stop_signal()?;
    }
    Ok(())
}

/// The requests/s of one page in one round.
fn throughput(server: &Server, method: &str, path: &str, options: &Options, folder: &Path) -> Result<f64> {
    let (url, amount) = (format!("{}{path}", server.url()), Amount::Seconds(options.seconds));
    let load = load::send(method, &url, CLIENTS, &amount, folder)?;
    if !load.failures.is_empty() {
        bail!("{path}: {}", format::counts(&load.failures));
    }
    Ok(load.throughput)
}

/// A row for each page.
pub fn table_of(pages: &[PageResult], options: &Options) -> String {
    let row = |page: &PageResult| {
        [
            page.name.to_owned(),
            grouped(page.small),
            grouped(page.large),
            percent(page.ratio()),
            percent(page.target.ratio()),
        ]
    };
    let [small, large] = [SMALL_POSTS, options.posts].map(|posts| format!("{} posts", grouped(posts.into())));
    let rows: Vec<[String; 5]> = pages.iter().map(row).collect();
    table(["requests/s", &small, &large, "ratio", "target, at least"], &rows)
}

/// The lowest ratio of the pages of each target.
pub fn headline(pages: &[PageResult]) -> String {
    let row = |name: &str, target: Target| {
        let pages = pages.iter().filter(|page| page.target == target);
        let lowest = pages.min_by(|one, other| one.ratio().total_cmp(&other.ratio()));
        let name = lowest.map_or_else(|| name.to_owned(), |lowest| format!("{name}: {}", lowest.name));
        let ratio = lowest.map_or_else(format::unknown, |lowest| percent(lowest.ratio()));
        [name, ratio, percent(target.ratio())]
    };
    let rows = [
        row("lowest where the work is equal", Target::Equal),
        row("lowest where more rows are more work", Target::SameOrder),
    ];
    table(["requests/s, large to small database", "ratio", "target, at least"], &rows)
}

/// Measures the first page of each long thread, and the page of the last comment of the chain, in interleaved runs.
pub fn threads(large: &Path, options: &Options) -> Result<String> {
    let mut pages: Vec<(&str, String, Vec<f64>)> =
        THREADS.iter().map(|(name, post)| (*name, format!("/posts/{post}"), Vec::new())).collect();
    pages.push(("the end of the chain", format!("/comments/{END_OF_CHAIN}"), Vec::new()));
    let server = Server::start(large, &ServerOptions { no_copies: true, ..ServerOptions::site() })?;
    for _ in 0..options.rounds {
        for (_, path, times) in &mut pages {
            times.push(1000.0 * CLIENTS as f64 / throughput(&server, "GET", path, options, large)?);
        }
    }
    server.stop()?;
    let flat = pages.first().map_or(f64::NAN, |(.., times)| median_or_nan(times.clone()));
    let rows: Vec<[String; 4]> = pages
        .into_iter()
        .map(|(name, _, times)| {
            let time = median_or_nan(times);
            [name.to_owned(), format!("{time:.2}"), format!("{:.2}", time / flat), "3".to_owned()]
        })
        .collect();
    let heading = format!("{} comments", grouped(LONG_THREAD.into()));
    Ok(table([&heading, "ms/page", "ratio to flat", "target, at most"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_has_the_lowest_ratio_of_each_target() {
        let page = |name, large, target| PageResult { name, small: 100.0, large, target };
        let pages = [
            page("a", 96.0, Target::Equal),
            page("b", 86.0, Target::Equal),
            page("c", 64.0, Target::SameOrder),
            page("d", 90.0, Target::SameOrder),
        ];
        let text = headline(&pages);
        let rows: Vec<Vec<&str>> =
            text.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(rows[0][1..=3], ["lowest where the work is equal: b", "86 %", "90 %"]);
        assert_eq!(rows[1][1..=3], ["lowest where more rows are more work: c", "64 %", "50 %"]);
    }
}

//! `bin/bench scale`: whether pages cost the same with a million posts as with a thousand.
//!
//! Two databases are made in the same way, so that both have as many posts a day and their pages as many
//! rows. A server is started on each, and each page is asked
//! for by turns: what one sees of a noisy machine the other sees as well. Then the writer is given
//! sign-ins and votes by turns, without HTTP; and a server removes old sessions while others write.

mod fill;
mod pruning;
mod writes;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use lorem_news::types::cursor::Cursor;
use rusqlite::Connection;

use crate::Result;
use crate::database::NAME;
use crate::document::{machine, write_section};
use crate::load::{self, Much};
use crate::progress::Progress;
use crate::report::{grouped, middle, table};
use crate::server::{self, Build, Server};
use fill::{BUSY, END_OF_CHAIN, LONG_THREAD, SHAPES};

/// Compare a large database with a small one
#[derive(Args, Debug)]
pub struct Options {
    /// Posts in the large database, made over ten years
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10_000..=10_000_000))]
    posts: u32,
    /// Comments a post
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    comments: u32,
    /// Votes a post, on average
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    votes: u32,
    /// Sessions that exist when the old half of them is removed
    #[arg(long, default_value_t = 5_000_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=50_000_000))]
    sessions: u32,
    /// How long a page is asked for in a turn
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each has its turn
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Keep the databases in this folder; those that are there are used again, whatever their sizes are and whatever a
    /// run before has written into them
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Posts in the small database.
const SMALL: u32 = 1_000;
/// Clients that ask at once: enough to keep the server busy, few enough that they do not wait for each other.
const CLIENTS: u64 = 4;

/// What is asked of both.
struct Page {
    what: &'static str,
    method: &'static str,
    /// In the small database, and in the large one.
    paths: [String; 2],
    /// The least share of its requests a second that it may keep.
    asked: f64,
}

/// A page that may not become slower, but for what two runs differ by.
const THE_SAME: f64 = 0.9;
/// One that may take twice the time: it looks at more in a larger database.
const THE_SAME_ORDER: f64 = 0.5;

impl Page {
    fn get(what: &'static str, path: &str, asked: f64) -> Page {
        Page { what, method: "GET", paths: [path.to_owned(), path.to_owned()], asked }
    }

    fn post(endpoint: &'static str) -> Page {
        let path = format!("/benchmarking/{endpoint}");
        Page { what: endpoint, method: "POST", paths: [path.clone(), path], asked: THE_SAME }
    }

    /// All of them. `databases` are the small one and the large one.
    fn all(databases: [&Path; 2]) -> Result<Vec<Page>> {
        let [small, large] = databases.map(deep);
        Ok(vec![
            Page::get("front page", "/", THE_SAME),
            Page::get("newest posts", "/posts", THE_SAME),
            Page { what: "posts half-way down", method: "GET", paths: [small?, large?], asked: THE_SAME },
            Page::post("post_show"),
            Page::post("posts_index"),
            Page::get("a user who writes much", &format!("/users/{BUSY}"), THE_SAME),
            Page::get("best of the day", "/best/day", THE_SAME_ORDER),
            Page::get("best of the week", "/best/week", THE_SAME_ORDER),
            Page::get("best of all time", "/best/all", THE_SAME_ORDER),
            Page::get("a thread", "/posts/1", THE_SAME_ORDER),
            Page::get("search for rare words", "/search?q=rare00007", THE_SAME_ORDER),
            Page::get("search for a common word", "/search?q=common", THE_SAME_ORDER),
        ])
    }
}

/// The page of the list of posts that begins in the middle of it.
fn deep(database: &Path) -> Result<String> {
    let sql = "SELECT created_at, id FROM posts WHERE id = (SELECT max(id) / 2 FROM posts)";
    let middle = Connection::open(database)?
        .query_row(sql, [], |row| Ok(Cursor { key: row.get(0)?, id: row.get(1)? }))?;
    Ok(format!("/posts?after={middle}"))
}

/// Makes both databases, times pages and writes, prints the ratios, and writes the section.
pub fn run(options: &Options) -> Result<()> {
    // Beside the build, not in /tmp: that is often kept in memory.
    let passing = tempfile::tempdir_in(server::build_folder(Build::Release)?)?;
    let kept = options.keep.as_deref().unwrap_or(passing.path());
    let [small, large] = ["small", "large"].map(|name| kept.join(name));
    for (folder, posts) in [(&small, SMALL), (&large, options.posts)] {
        fs::create_dir_all(folder)?;
        fill::make(&folder.join(NAME), posts, options)?;
    }
    let (small_database, large_database) = (small.join(NAME), large.join(NAME));
    let mut text = String::new();
    let mut tell = |table: String| {
        println!("{table}");
        text.push_str(&format!("{table}\n"));
    };
    tell(pages(&small, &large, options)?);
    tell(shapes(&large, options)?);
    tell(writes::compare(&large_database, options)?);
    tell(pruning::watch(&small_database, passing.path(), options)?);
    write_section("scale", &format!("{text}{}", machine("bin/bench scale")?))
}

/// By turns.
fn pages(small: &Path, large: &Path, options: &Options) -> Result<String> {
    let pages = Page::all([&small.join(NAME), &large.join(NAME)])?;
    for folder in [small, large] {
        // As where a server has run for a while: its rows are read from memory, not from the disk.
        io::copy(&mut File::open(folder.join(NAME))?, &mut io::sink())?;
    }
    let servers = [Server::benchmarked(small)?, Server::benchmarked(large)?];
    let mut progress = Progress::new(pages.len());
    let mut rows = Vec::new();
    for page in &pages {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for ((server, path), rates) in servers.iter().zip(&page.paths).zip(&mut rates) {
                rates.push(rate(server, page.method, path, options, small)?);
            }
        }
        let [few, many] = rates.map(middle);
        progress.done(page.what);
        rows.push([
            page.what.to_owned(),
            grouped(few),
            grouped(many),
            format!("{:.0} %", 100.0 * many / few),
            format!("{:.0} %", 100.0 * page.asked),
        ]);
    }
    for server in servers {
        server.stop()?;
    }
    let [small, large] = [SMALL, options.posts].map(|posts| format!("{} posts", grouped(posts.into())));
    Ok(table(["requests a second", &small, &large, "kept", "asked, at least"], &rows))
}

/// How often a second a page comes.
fn rate(server: &Server, method: &str, path: &str, options: &Options, folder: &Path) -> Result<f64> {
    let (url, much) = (format!("{}{path}", server.url()), Much::Seconds(options.seconds));
    let answers = load::send(method, &url, CLIENTS, &much, folder)?;
    if !answers.others.is_empty() {
        return Err(format!("{path}: {:?}", answers.others).into());
    }
    Ok(answers.per_second)
}

/// The first page of each long discussion, and that of the comment at the end of the chain, by turns.
fn shapes(large: &Path, options: &Options) -> Result<String> {
    let mut pages: Vec<(&str, String, Vec<f64>)> =
        SHAPES.iter().map(|(name, post)| (*name, format!("/posts/{post}"), Vec::new())).collect();
    pages.push(("the end of the chain", format!("/comments/{END_OF_CHAIN}"), Vec::new()));
    let server = Server::benchmarked(large)?;
    for _ in 0..options.rounds {
        for (_, path, times) in &mut pages {
            times.push(1000.0 * CLIENTS as f64 / rate(&server, "GET", path, options, large)?);
        }
    }
    server.stop()?;
    let flat = pages.first().map_or(f64::NAN, |(.., times)| middle(times.clone()));
    let rows: Vec<[String; 4]> = pages
        .into_iter()
        .map(|(name, _, times)| {
            let page = middle(times);
            [name.to_owned(), format!("{page:.2}"), format!("{:.2}", page / flat), "3".to_owned()]
        })
        .collect();
    let what = format!("{} comments", grouped(LONG_THREAD.into()));
    Ok(table([&what, "ms a page", "beside flat", "asked, at most"], &rows))
}

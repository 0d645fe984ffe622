//! `bin/bench pages`: pages of a demo, compressed, beside nginx that sends their bytes from files, and beside another
//! build of the program, by turns.

mod beside_writers;
mod nginx;
mod options;
mod sites;

use anyhow::{Result, bail};

use self::nginx::Nginx;
pub use self::options::Options;
use self::sites::{Site, Sites};
use crate::database::temporary_folder;
use crate::document::{self, Section, command_line};
use crate::format::{self, ratio, table, unknown};
use crate::load::{self, Amount, Request};
use crate::progress::Progress;
use crate::statistics::median;

/// Clients, each of which sends one request after the other.
const CLIENTS: u64 = 20;

/// A page, as a guest and as a member.
struct Page {
    name: &'static str,
    path: &'static str,
    /// The share of nginx's answers per second that it should have.
    of_nginx: Option<f64>,
    /// The multiple of the answers per second of the build before copies were kept that it should have.
    of_before: f64,
    is_members: bool,
}

const PAGES: [Page; 8] = [
    guests("front page", "/", 4.0),
    guests("newest posts", "/posts", 4.0),
    guests("a discussion", "/posts/5", 4.0),
    guests("feed", "/posts.atom", 4.0),
    Page { of_nginx: None, ..guests("search", "/search?q=lorem", 3.0) },
    members("front page, member", "/"),
    members("newest posts, member", "/posts"),
    members("a discussion, member", "/posts/5"),
];

const fn guests(name: &'static str, path: &'static str, of_before: f64) -> Page {
    Page { name, path, of_nginx: Some(0.9), of_before, is_members: false }
}

const fn members(name: &'static str, path: &'static str) -> Page {
    Page { name, path, of_nginx: None, of_before: 2.0, is_members: true }
}

/// The answers per second of the rounds.
#[derive(Default)]
struct Rounds {
    of_nginx: Vec<f64>,
    of_itself: Vec<f64>,
    of_before: Vec<f64>,
}

/// Measures, prints the table and writes the documents.
pub fn run(options: &Options) -> Result<()> {
    let sites = Sites::start(options.beside.as_deref())?;
    let nginx = Nginx::start(&sites.this.server, &PAGES.map(|page| page.path))?;
    if nginx.is_none() {
        eprintln!("nginx is not installed: no page is compared with it");
    }
    let mut progress = Progress::new(PAGES.len());
    let mut results = Vec::new();
    for (number, page) in PAGES.iter().enumerate() {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            let this = throughput_of(&sites.this, page, options)?;
            rounds.of_itself.push(throughput_of(&sites.again, page, options)? / this);
            if let Some(nginx) = nginx.as_ref().filter(|_| page.of_nginx.is_some()) {
                rounds.of_nginx.push(this / throughput(&format!("{}/{number}", nginx.url), None, options)?);
            }
            if let Some(beside) = &sites.beside {
                rounds.of_before.push(this / throughput_of(beside, page, options)?);
            }
        }
        progress.done(page.name);
        results.push(rounds);
    }
    let beside_writers = beside_writers::run(&sites, options)?;
    let table = format!("{}\n{beside_writers}", table_of(results));
    print!("{table}");
    let command = command_line(&[
        Some("pages".to_owned()),
        options.beside.as_ref().map(|_| "--beside FILE".to_owned()),
    ]);
    document::write(Section::Pages, &command, &table, &table)
}

fn table_of(results: Vec<Rounds>) -> String {
    let row = |(page, rounds): (&Page, Rounds)| {
        let of_nginx = if page.of_nginx.is_some() { ratio(median(rounds.of_nginx)) } else { unknown() };
        [
            page.name.to_owned(),
            of_nginx,
            ratio(page.of_nginx),
            ratio(median(rounds.of_before)),
            ratio(Some(page.of_before)),
            ratio(median(rounds.of_itself)),
        ]
    };
    let rows: Vec<[String; 6]> = PAGES.iter().zip(results).map(row).collect();
    table(["requests/s", "of nginx", "at least", "of the other build", "at least", "of itself"], &rows)
}

fn throughput_of(site: &Site, page: &Page, options: &Options) -> Result<f64> {
    let cookies = page.is_members.then(|| format!("Cookie: {}", site.cookies));
    throughput(&format!("{}{}", site.server.url(), page.path), cookies, options)
}

fn throughput(url: &str, cookies: Option<String>, options: &Options) -> Result<f64> {
    let folder = temporary_folder()?;
    let headers: Vec<String> = ["Accept-Encoding: gzip".to_owned()].into_iter().chain(cookies).collect();
    let request = Request { method: "GET", url, is_pattern: false, headers: &headers };
    let load = load::request(&request, CLIENTS, &Amount::Seconds(options.seconds), folder.path())?;
    if !load.failures.is_empty() {
        bail!("{url}: {}", format::counts(&load.failures));
    }
    Ok(load.throughput)
}

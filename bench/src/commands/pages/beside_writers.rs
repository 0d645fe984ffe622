//! Guests' pages while other clients write.

use std::thread;

use anyhow::{Context, Result, anyhow};

use super::options::Options;
use super::sites::{Site, Sites};
use crate::database::temporary_folder;
use crate::format::{self, ratio, table};
use crate::load::{self, Amount, LoadReport, Request};
use crate::statistics::median;

/// The clients that send `POST /benchmarking/balanced`, and the guests beside them.
const WRITERS: u64 = 4;
const GUESTS: u64 = 16;

/// The pages that the guests ask for: names, and paths as regular expressions.
const PAGES: [(&str, &str); 2] = [("front page", "/"), ("discussions, at random", "/posts/[1-9][0-9]{0,2}")];

/// The multiple of the pages per second of the build before copies were kept, and of its 99th percentile.
const OF_BEFORE: (f64, f64) = (2.5, 1.0);

/// The pages per second and the 99th percentile of each round, as multiples of those of the other build and of the program
/// beside itself.
#[derive(Default)]
struct Rounds {
    of_before: Vec<(f64, f64)>,
    of_itself: Vec<(f64, f64)>,
}

/// Measures; the table.
pub(super) fn run(sites: &Sites, options: &Options) -> Result<String> {
    let mut rows = Vec::new();
    for (name, path) in PAGES {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            let this = measure(&sites.this, path, options)?;
            rounds.of_itself.push(of(measure(&sites.again, path, options)?, this));
            if let Some(beside) = &sites.beside {
                rounds.of_before.push(of(this, measure(beside, path, options)?));
            }
        }
        rows.push(row(name, &rounds));
    }
    Ok(table(
        [
            "guests beside four writers",
            "pages/s of the other build",
            "at least",
            "its p99",
            "at most",
            "pages/s of itself",
            "its p99",
        ],
        &rows,
    ))
}

fn row(name: &str, rounds: &Rounds) -> [String; 7] {
    let medians = |rounds: &[(f64, f64)]| {
        let of = |part: fn(&(f64, f64)) -> f64| ratio(median(rounds.iter().map(part).collect()));
        (of(|round| round.0), of(|round| round.1))
    };
    let ((pages, p99), (own_pages, own_p99)) = (medians(&rounds.of_before), medians(&rounds.of_itself));
    let (least, most) = OF_BEFORE;
    [name.to_owned(), pages, ratio(Some(least)), p99, ratio(Some(most)), own_pages, own_p99]
}

fn of(this: (f64, f64), other: (f64, f64)) -> (f64, f64) {
    (this.0 / other.0, this.1 / other.1)
}

/// The guests' pages per second and their 99th percentile. A discussion may be gone: the writers delete posts.
fn measure(site: &Site, path: &str, options: &Options) -> Result<(f64, f64)> {
    let (folder, writers_folder) = (temporary_folder()?, temporary_folder()?);
    let (url, seconds) = (site.server.url(), Amount::Seconds(options.seconds));
    let (pages, writes): (Result<LoadReport>, Result<LoadReport>) = thread::scope(|scope| {
        let writes = scope.spawn(|| {
            let balanced = format!("{url}/benchmarking/balanced");
            load::post(&balanced, WRITERS, &Amount::Seconds(options.seconds), writers_folder.path())
        });
        // A dot in a pattern is any character, and oha takes `127\.0\.0\.1` for another host.
        let (pattern, headers) =
            (url.replace("127.0.0.1", "localhost") + path, ["Accept-Encoding: gzip".to_owned()]);
        let request = Request { method: "GET", url: &pattern, is_pattern: true, headers: &headers };
        let pages = load::request(&request, GUESTS, &seconds, folder.path());
        (pages, writes.join().unwrap_or_else(|_| Err(anyhow!("the writers' thread panicked"))))
    });
    let (mut pages, writes) = (pages?, writes?);
    pages.failures.remove("404");
    for report in [&pages, &writes] {
        anyhow::ensure!(report.failures.is_empty(), "{path}: {}", format::counts(&report.failures));
    }
    Ok((pages.throughput, pages.p99.context("there were too few pages for a percentile")?))
}

//! The cost of a call of each benchmarking endpoint without a server: its statements and its page in one process,
//! without HTTP, and with one commit for many calls.
//!
//! ```text
//! cargo run --release --package lorem-bench --bin in-process -- [ENDPOINT…]
//! ```
//!
//! Prints the processor time of this process (all threads) per call, in microseconds: for the write, and for reading
//! and rendering. A call through the server cannot cost less.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use lorem_news::app::App;
use lorem_news::site::config::Config;
use lorem_news::web::Cx;
use lorem_news::web::timing::Timing;
use lorem_news::{benchmarking, seed};
use rouille::Request;
use rustix::time::{ClockId, clock_gettime};

/// Calls in one commit.
const CALLS_PER_COMMIT: usize = 50;
/// Calls that are measured, after an equal number of calls that warm the caches.
const CALLS: usize = 2_000;
/// Posts in the database, the number that a demo has.
const POSTS: u32 = 1_000;
/// Posts in the database for `post_destroy`, more than there are calls.
const POSTS_TO_DESTROY: u32 = 6_000;

/// Measure the cost of a call of each benchmarking endpoint without HTTP.
#[derive(Parser)]
struct Options {
    /// Measure these endpoints only
    #[arg(value_name = "ENDPOINT", value_parser = PossibleValuesParser::new(benchmarking::ENDPOINTS))]
    endpoints: Vec<String>,
}

fn main() -> Result<()> {
    let named = Options::parse().endpoints;
    println!("{:<16} {:>9} {:>9} {:>9} {:>9}", "endpoint", "write µs", "page µs", "both µs", "bytes");
    for endpoint in benchmarking::ENDPOINTS {
        if named.is_empty() || named.iter().any(|name| name == endpoint) {
            measure(endpoint)?;
        }
    }
    Ok(())
}

fn measure(endpoint: &str) -> Result<()> {
    // Beside the build: /tmp is often in memory, where a commit costs nothing.
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().context("this program is in no folder")?)?;
    let app = App::open(Config::local(folder.path().join("lorem_news.sqlite3"), ([127, 0, 0, 1], 0).into()))?;
    let posts = if endpoint == "post_destroy" { POSTS_TO_DESTROY } else { POSTS };
    seed::run(&app.site.db, 2024, posts, |_| ())?;
    for _ in 0..CALLS / CALLS_PER_COMMIT {
        calls_in_one_commit(&app, endpoint)?;
    }
    let (mut writing, mut both, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..CALLS / CALLS_PER_COMMIT {
        let cost = calls_in_one_commit(&app, endpoint)?;
        (writing, both, bytes) = (writing + cost.write, both + cost.total, bytes + cost.page_bytes);
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / CALLS as f64;
    println!(
        "{endpoint:<16} {:>9.1} {:>9.1} {:>9.1} {:>9}",
        micros(writing),
        micros(both - writing),
        micros(both),
        bytes / CALLS
    );
    Ok(app.site.db.close()?)
}

/// The cost of calls in one commit.
struct Cost {
    write: Duration,
    total: Duration,
    page_bytes: usize,
}

fn calls_in_one_commit(app: &App, endpoint: &str) -> Result<Cost> {
    let request = Request::fake_http("POST", format!("/benchmarking/{endpoint}"), Vec::new(), Vec::new());
    let timing = Timing::start();
    let cx = Cx::new(&app.site, &request, &timing);
    let began = processor_time();
    let calls =
        benchmarking::write_batch(&cx, endpoint, CALLS_PER_COMMIT).map_err(|error| anyhow!("{error:?}"))?;
    let written = processor_time();
    let mut bytes = 0;
    for call in calls {
        let (mut page, _) =
            call.answer(&cx).map_err(|error| anyhow!("{error:?}"))?.data.into_reader_and_size();
        bytes += std::io::copy(&mut page, &mut std::io::sink())?;
    }
    let total = processor_time() - began;
    Ok(Cost { write: written - began, total, page_bytes: usize::try_from(bytes)? })
}

/// The processor time of all threads of this process.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

//! What a call of each benchmarking endpoint costs where nothing stands in its way: its statements and its
//! page, in this process, without HTTP, and with one commit for many.
//!
//! ```text
//! cargo run --release --package lorem-bench --bin in-process -- [ENDPOINT…]
//! ```
//!
//! Prints the processor time of this process a call, all its threads together, in microseconds: for the
//! write, and for reading and rendering. A call to the whole server cannot cost less.

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use lorem_news::app::App;
use lorem_news::site::config::Config;
use lorem_news::web::timing::Timing;
use lorem_news::web::{Cx, Error as Refused};
use lorem_news::{benchmarking, seed};
use rouille::Request;
use rustix::time::{ClockId, clock_gettime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Calls that share a commit.
const TOGETHER: usize = 50;
/// Calls that are timed, after as many that warm the caches.
const CALLS: usize = 2_000;
/// Posts in the database: as many as in a demo.
const POSTS: u32 = 1_000;
/// The same for the calls that each destroy one: more than there are calls.
const MANY_POSTS: u32 = 6_000;

/// Tell what a call of each benchmarking endpoint costs without HTTP.
#[derive(Parser)]
struct Options {
    /// Only these
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
    // Beside the build, not in /tmp: that is often kept in memory, where a commit costs nothing.
    let program = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(program.parent().ok_or("this program is in no folder")?)?;
    let app = App::open(Config::local(folder.path().join("lorem_news.sqlite3"), ([127, 0, 0, 1], 0).into()))?;
    let posts = if endpoint == "post_destroy" { MANY_POSTS } else { POSTS };
    seed::run(&app.site.db, 2024, posts, |_| ())?;
    for _ in 0..CALLS / TOGETHER {
        call(&app, endpoint)?;
    }
    let (mut writing, mut both, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..CALLS / TOGETHER {
        let (written, whole, size) = call(&app, endpoint)?;
        (writing, both, bytes) = (writing + written, both + whole, bytes + size);
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

/// Runs [`TOGETHER`] calls: the time of their write, of all of it, and the bytes of their pages.
fn call(app: &App, endpoint: &str) -> Result<(Duration, Duration, usize)> {
    let request = Request::fake_http("POST", format!("/benchmarking/{endpoint}"), Vec::new(), Vec::new());
    let timing = Timing::start();
    let cx = Cx::new(&app.site, &request, &timing);
    let began = processor_time();
    let calls = benchmarking::write_together(&cx, endpoint, TOGETHER).map_err(sentence)?;
    let written = processor_time();
    let mut bytes = 0;
    for call in calls {
        let (mut page, _) = call.answer(&cx).map_err(sentence)?.data.into_reader_and_size();
        bytes += std::io::copy(&mut page, &mut std::io::sink())?;
    }
    Ok((written - began, processor_time() - began, usize::try_from(bytes)?))
}

/// Of this process, all its threads together.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn sentence(error: Refused) -> String {
    format!("{error:?}")
}

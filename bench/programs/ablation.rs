//! The site on this project's server (`crates/http`), with one of the write strategies that group commit is compared
//! with. `bin/bench ablation` runs it; by hand:
//!
//! ```text
//! cargo run --release --package lorem-bench --features ablation --bin ablation -- db/lorem_news.sqlite3 127.0.0.1:3000 --way mutex
//! ```
//!
//! The benchmarking endpoints are on and cookies travel over plain HTTP, as in `lorem-news demo`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use lorem_news::app::{self, App};
use lorem_news::site::Site;
use lorem_news::site::config::Config;
use lorem_store::ablation::{self, Synchronous};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Serve the site with another write strategy.
#[derive(Parser)]
struct Options {
    /// The database file; an empty database is created if the file is missing
    database: PathBuf,
    /// The address and port to listen on
    #[arg(default_value = "127.0.0.1:3000")]
    address: SocketAddr,
    /// The write strategy
    #[arg(long = "way", value_enum, default_value_t = WriteStrategy::Group)]
    strategy: WriteStrategy,
    /// Use synchronous=NORMAL instead of FULL: a commit does not wait for the disk
    #[arg(long)]
    normal: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum WriteStrategy {
    /// Deferred transactions on a pool of connections
    Deferred,
    /// Immediate transactions with a busy timeout on a pool of connections
    Immediate,
    /// One connection behind a mutex
    Mutex,
    /// Group commit
    Group,
}

impl From<WriteStrategy> for ablation::WriteStrategy {
    fn from(strategy: WriteStrategy) -> ablation::WriteStrategy {
        match strategy {
            WriteStrategy::Deferred => ablation::WriteStrategy::Deferred,
            WriteStrategy::Immediate => ablation::WriteStrategy::Immediate,
            WriteStrategy::Mutex => ablation::WriteStrategy::Mutex,
            WriteStrategy::Group => ablation::WriteStrategy::Group,
        }
    }
}

fn main() -> Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = Options::parse();
    let config = Config::local(options.database, options.address);
    let server = app::bind(&config)?;
    let stopper = server.stopper();
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            stopper.stop();
        }
    });
    let app = App::open(config)?;
    let synchronous = if options.normal { Synchronous::Normal } else { Synchronous::Full };
    let db = app.site.db.with_write_strategy(options.strategy.into(), synchronous)?;
    let app = App { site: Site { db, ..app.site }, ..app };
    println!("Lorem News is at http://{} (Ctrl-C stops it)", server.address());
    app::serve(server, app)?;
    Ok(())
}

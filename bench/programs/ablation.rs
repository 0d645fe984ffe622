//! The site on our own server, with its database written in one of the ways that group commit is compared
//! with. `bin/bench ablation` runs it; by hand:
//!
//! ```text
//! cargo run --release --package lorem-bench --features ablation --bin ablation -- db/lorem_news.sqlite3 127.0.0.1:3000 --way mutex
//! ```
//!
//! The benchmarking endpoints are on and cookies travel over plain HTTP, as in `lorem-news demo`.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use clap::{Parser, ValueEnum};
use lorem_news::app::{self, App};
use lorem_news::site::Site;
use lorem_news::site::config::Config;
use lorem_store::ablation::{self, Synchronous};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Serve the site, written in another way.
#[derive(Parser)]
struct Options {
    /// The database file; it is made, empty, if it is missing
    database: PathBuf,
    /// The address and port to listen on
    #[arg(default_value = "127.0.0.1:3000")]
    address: SocketAddr,
    /// How callers come to their transactions
    #[arg(long, value_enum, default_value_t = Way::Group)]
    way: Way,
    /// Do not wait for the disk: synchronous=NORMAL instead of FULL
    #[arg(long)]
    normal: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Deferred,
    Immediate,
    Mutex,
    Group,
}

impl From<Way> for ablation::WriteStrategy {
    fn from(way: Way) -> ablation::WriteStrategy {
        match way {
            Way::Deferred => ablation::WriteStrategy::Deferred,
            Way::Immediate => ablation::WriteStrategy::Immediate,
            Way::Mutex => ablation::WriteStrategy::Mutex,
            Way::Group => ablation::WriteStrategy::Group,
        }
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
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
    let db = app.site.db.written_by(options.way.into(), synchronous)?;
    let app = App { site: Site { db, ..app.site }, ..app };
    println!("Lorem News is at http://{} (Ctrl-C stops it)", server.address());
    app::serve(server, app)?;
    Ok(())
}

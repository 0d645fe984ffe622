//! The very same handler on rouille's own server:
//!
//! ```text
//! cargo run --release --example stock_rouille -- db/lorem_news.sqlite3 127.0.0.1:3000
//! ```
//!
//! Why this exists: the application is written against rouille, a `Fn(&Request) -> Response`, but
//! `lorem-news` accepts connections with a loop of its own (`src/server`; the reasons are in
//! `docs/decisions/0001-our-own-server.md`). This program shows that nothing in the application
//! depends on that loop, and it is what the loop has to be compared with.
//!
//! The benchmarking endpoints are on and cookies travel over plain HTTP, as in `lorem-news demo`.
//! It fills no database: `lorem-news seed --database FILE` does. It has no orderly stop, because
//! rouille's `stoppable` never stops while requests keep coming; what was answered is durable anyway.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::Parser;
use lorem_news::app::App;
use lorem_news::config::Config;
use lorem_news::server::Limits;

/// Serve the site on stock `rouille::Server`.
#[derive(Parser)]
struct Options {
    /// The database file; it is made, empty, if it is missing
    database: PathBuf,
    /// The address and port to listen on
    #[arg(default_value = "127.0.0.1:3000")]
    address: SocketAddr,
    /// Threads that handle requests [default: rouille's choice, 8 a core]
    #[arg(long, value_name = "N")]
    pool_size: Option<NonZeroUsize>,
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = Options::parse();
    let app = App::open(Config {
        listen: options.address,
        database: options.database,
        benchmarking: true,
        relax_ssl: true,
        base_url: None,
        trusted_proxies: Vec::new(),
        limits: Limits::default(), // Not enforced here: they belong to our server.
        rates: None,
        session_days: 90,
        metrics: false,
        slow: None,
        server_timing: false,
        replica: None,
    })?;
    let pool_size = options.pool_size.map_or(8 * thread::available_parallelism()?.get(), NonZeroUsize::get);
    let server = rouille::Server::new(options.address, move |request| app.handle(request))?;
    let server = server.pool_size(pool_size);
    println!("Lorem News is at http://{} on stock rouille (Ctrl-C stops it)", server.server_addr());
    server.run();
    Ok(())
}

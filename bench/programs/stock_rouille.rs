//! The very same handler on rouille's own server:
//!
//! ```text
//! cargo run --release --package lorem-bench --bin stock-rouille -- db/lorem_news.sqlite3 127.0.0.1:3000
//! ```
//!
//! Why this exists: the application is written against rouille, a `Fn(&Request) -> Response`, but
//! `lorem-news` accepts connections with a loop of its own (`crates/http`; the reasons are in
//! `docs/decisions/0001-our-own-server.md`). This program shows that nothing in the application
//! depends on that loop, and it is what the loop has to be compared with.
//!
//! With `--no-delay` its sockets send at once what they have: one of the steps of `bin/bench ablation`.
//! On Linux only, where an accepted connection has the option that its listener had.
//!
//! The benchmarking endpoints are on and cookies travel over plain HTTP, as in `lorem-news demo`.
//! It fills no database: `lorem-news seed --database FILE` does. It has no orderly stop, because
//! rouille's `stoppable` never stops while requests keep coming: SIGTERM ends it at once. What was answered
//! is durable anyway.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use clap::Parser;
use lorem_news::app::{self, App};
use lorem_news::jobs::housekeeping::Housekeeping;
use lorem_news::jobs::indexer::Indexer;
use lorem_news::site::config::Config;
use signal_hook::consts::SIGTERM;

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
    /// Set TCP_NODELAY, which rouille does not
    #[arg(long)]
    no_delay: bool,
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = Options::parse();
    // Its limits are not kept here: they belong to our server.
    let app = App::open(Config::local(options.database, options.address))?;
    let site = Arc::new(app.site);
    // The site's own chores, so that the servers are all that differs.
    let _housekeeping = Housekeeping::start(Arc::clone(&site));
    let _indexer = Indexer::start(Arc::clone(&site));
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    let pool_size = options.pool_size.map_or(8 * thread::available_parallelism()?.get(), NonZeroUsize::get);
    let server = rouille::Server::new(options.address, move |request| app::handle(&site, request))?;
    let server = server.pool_size(pool_size);
    if options.no_delay {
        set_no_delay(server.server_addr())?;
    }
    println!("Lorem News is at http://{} on stock rouille (Ctrl-C stops it)", server.server_addr());
    server.run();
    Ok(())
}

/// Sets TCP_NODELAY on the socket that listens at `address`. rouille keeps it to itself, so it is looked
/// for among all that this process has open.
#[cfg(target_os = "linux")]
fn set_no_delay(address: SocketAddr) -> Result<(), Box<dyn Error + Send + Sync>> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_string_lossy().parse()?;
        // That of the folder itself is closed by now, perhaps.
        let Ok(file) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()) else { continue };
        let socket = socket2::SockRef::from(&file);
        if socket.local_addr().is_ok_and(|its| its.as_socket() == Some(address)) {
            return Ok(socket.set_tcp_nodelay(true)?);
        }
    }
    Err("the listening socket was not found".into())
}

#[cfg(not(target_os = "linux"))]
fn set_no_delay(_: SocketAddr) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("--no-delay needs Linux".into())
}

//! The site's handler on rouille's own server:
//!
//! ```text
//! cargo run --release --package lorem-bench --bin stock-rouille -- db/lorem_news.sqlite3 127.0.0.1:3000
//! ```
//!
//! The application is a rouille handler, `Fn(&Request) -> Response`, but `lorem-news` serves it with `crates/http`
//! (reasons: `docs/decisions/0001-our-own-server.md`). This program shows that nothing in the application depends on
//! that server, and is the baseline that the server is compared with.
//!
//! `--no-delay` sets TCP_NODELAY, a variant in `bin/bench ablation`. It works on Linux only, where an accepted
//! connection inherits the option from its listener.
//!
//! The benchmarking endpoints are on and cookies travel over plain HTTP, as in `lorem-news demo`. The program fills no
//! database: `lorem-news seed --database FILE` does. SIGTERM ends it at once, because rouille's `stoppable` never
//! stops while requests keep arriving. An answered write is still durable.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use anyhow::Result;
use clap::Parser;
use lorem_news::app::{self, App};
use lorem_news::jobs::housekeeping::Housekeeping;
use lorem_news::jobs::indexer::Indexer;
use lorem_news::site::config::Config;
use signal_hook::consts::SIGTERM;

/// Serve the site on stock `rouille::Server`.
#[derive(Parser)]
struct Options {
    /// The database file; an empty database is created if the file is missing
    database: PathBuf,
    /// The address and port to listen on
    #[arg(default_value = "127.0.0.1:3000")]
    address: SocketAddr,
    /// Threads that handle requests [default: 8 per core, as rouille has it]
    #[arg(long, value_name = "N")]
    pool_size: Option<NonZeroUsize>,
    /// Set TCP_NODELAY, which rouille does not set
    #[arg(long)]
    no_delay: bool,
}

fn main() -> Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    let options = Options::parse();
    // The limits in this configuration have no effect here: crates/http enforces them.
    let app = App::open(Config::local(options.database, options.address))?;
    let site = Arc::new(app.site);
    // The site's background jobs, so that only the servers differ.
    let _housekeeping = Housekeeping::start(Arc::clone(&site));
    let _indexer = Indexer::start(Arc::clone(&site));
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    let pool_size = options.pool_size.map_or(8 * thread::available_parallelism()?.get(), NonZeroUsize::get);
    let server = rouille::Server::new(options.address, move |request| app::handle(&site, request))
        .map_err(anyhow::Error::from_boxed)?
        .pool_size(pool_size);
    if options.no_delay {
        set_no_delay(server.server_addr())?;
    }
    println!("Lorem News is at http://{} on stock rouille (Ctrl-C stops it)", server.server_addr());
    server.run();
    Ok(())
}

/// Sets TCP_NODELAY on the socket that listens at `address`. rouille keeps that socket private, so this searches all
/// open descriptors of the process.
#[cfg(target_os = "linux")]
fn set_no_delay(address: SocketAddr) -> Result<()> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_string_lossy().parse()?;
        // The descriptor with which this loop reads the folder may be closed already.
        let Ok(file) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()) else { continue };
        let socket = socket2::SockRef::from(&file);
        if socket.local_addr().is_ok_and(|its| its.as_socket() == Some(address)) {
            return Ok(socket.set_tcp_nodelay(true)?);
        }
    }
    anyhow::bail!("the listening socket was not found")
}

#[cfg(not(target_os = "linux"))]
fn set_no_delay(_: SocketAddr) -> Result<()> {
    anyhow::bail!("--no-delay needs Linux")
}

//! The application: the only place that wires the parts together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use lorem_http::{self as server, Drained, Server};
use lorem_store::Database;
use rouille::{Request, Response};
use rusqlite::Connection;

use crate::changes::{self, Changes};
use crate::jobs::housekeeping::Housekeeping;
use crate::jobs::indexer::Indexer;
use crate::jobs::look_alikes;
use crate::jobs::mailer::Mailer;
use crate::metrics::requests::RequestMetrics;
use crate::replica::settings::Settings;
use crate::replica::setup::Replica;
use crate::replica::supervisor::Supervisor;
use crate::replica::watch::Replication;
use crate::replica::{self, Identity, database};
use crate::site::config::Config;
use crate::site::cookie_names::CookieNames;
use crate::site::error_log::recorder::ErrorLog;
use crate::site::feed_ids::FeedIds;
use crate::site::first_admin::FirstAdmin;
use crate::site::hashing::Hashing;
use crate::site::in_flight::InFlight;
use crate::site::limiter::Limiter;
use crate::site::origin::Origin;
use crate::site::page_titles::PageTitles;
use crate::site::semaphore::Semaphore;
use crate::site::settings::kept::KeptSettings;
use crate::site::trial::Trials;
use crate::site::{Kept, Site};
use crate::types::time::Timestamp;
use crate::web::timing::Timing;
use crate::web::{Cx, cookie, panics, timing_report};
use crate::{error_page, feed, hn_api, routes, site_api};

/// The site, ready to answer requests.
pub struct App {
    /// The state that every request needs.
    pub site: Site,
    /// The replica; `None`: there is none.
    pub replica: Option<Replica>,
}

/// The failure of a start, or of closing the database.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Preparing, pairing or supervising the replica fails.
    #[error(transparent)]
    Replica(#[from] anyhow::Error),
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] lorem_store::OpenError),
    /// A statement on the open database fails, or closing it does.
    #[error(transparent)]
    Database(#[from] lorem_store::Error),
}

impl App {
    /// Opens the configured database, see [`Database::open`](lorem_store::Database::open). With a replica, it
    /// restores a missing database first, and then checks that database and replica belong together.
    ///
    /// # Errors
    /// [`StartError::Open`]; [`StartError::Database`]; [`StartError::Replica`] from [`Replica::prepare`] and
    /// [`Replica::pair`].
    pub fn open(config: Config) -> Result<App, StartError> {
        let prepare =
            |settings: &_| Replica::prepare(Settings::clone(settings), &config.database, config.file_mode);
        let replica = config.replica.as_ref().map(prepare).transpose()?;
        let mut db = database::open(&config.database, config.file_mode)?;
        if let Some(slow) = config.slow {
            db.log_slow_statements(slow)?;
        }
        if let Some(Err(error)) = replica.as_ref().map(|replica| replica.pair(&db)) {
            return Err(error.into());
        }
        if let Err(error) = look_alikes::prepare(&db) {
            log::error!("some names are not compared with new ones before the next start: {error}");
        }
        let identity = db.read(replica::sql::identity)?;
        let feed_ids = feed_ids(&db, config.base_url.as_ref(), identity)?;
        let cookie_names = CookieNames::new(config.relax_ssl, &identity);
        let limiter = Limiter::new(config.rates.as_ref());
        let (request_permits, hashing) = (Semaphore::for_requests(), Hashing::new(Semaphore::for_hashing()));
        let page_titles = config.fetch_titles.clone().map(PageTitles::new);
        let (changes, kept) = (Arc::<Changes>::default(), kept(config.cache_mb));
        if kept.is_some() {
            let watched = Arc::clone(&changes);
            let observer = Arc::clone(&changes);
            db.observe_commits(observer, move |connection| changes::sql::watch(connection, &watched))?;
        }
        let requests = RequestMetrics::new(routes::patterns());
        let status = replica.as_ref().map(|replica| Arc::clone(&replica.status));
        let error_log = ErrorLog::beside(&config.database, config.file_mode);
        let trials = Trials::of(&config.database);
        panics::note_places();
        let settings = KeptSettings::new(config.fixed_settings.clone(), config.fixed_logo.clone());
        let site = Site {
            config,
            first_admin: FirstAdmin::default(),
            settings,
            db,
            changes,
            kept,
            feed_ids,
            cookie_names,
            request_permits,
            page_titles,
            hashing,
            limiter,
            replica: status,
            downloads: Semaphore::for_downloads(),
            streams: AtomicUsize::new(0),
            in_flight: InFlight::default(),
            requests,
            error_log: error_log.into(),
            job_runs: Arc::default(),
            trials: trials.into(),
            server_stats: None,
        };
        Ok(App { site, replica })
    }

    /// Answers one request: the site's handler, for any rouille server.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        self::handle(&self.site, request)
    }
}

fn kept(megabytes: u32) -> Option<Kept> {
    (megabytes > 0).then(|| Kept::new(u64::from(megabytes) * 1_000_000))
}

/// The ids of the feeds. The first start settles them for good: a database that is older than the rule keeps
/// the URLs that its feeds have had as ids below this base URL; any other has ids of its own.
fn feed_ids(db: &Database, base_url: Option<&Origin>, identity: Identity) -> Result<FeedIds, StartError> {
    if let Some(prefix) = db.read(feed::sql::id_prefix)? {
        return Ok(FeedIds::parse(&prefix));
    }
    let of_older = base_url.map(|origin| FeedIds::below(origin).to_string());
    let of_database = FeedIds::of_database(identity).to_string();
    let settle = move |connection: &Connection| {
        feed::sql::settle_id_prefix(connection, of_older.as_deref(), &of_database)
    };
    let prefix = db.write(settle)?;
    log::info!("the ids in feeds begin with {prefix}, whatever address the site will have");
    Ok(FeedIds::parse(&prefix))
}

/// Answers one request of a site.
#[must_use]
pub fn handle(site: &Site, request: &Request) -> Response {
    handle_at(Timestamp::now(), site, request)
}

/// Answers a request as if it came at this time.
#[must_use]
pub fn handle_at(now: Timestamp, site: &Site, request: &Request) -> Response {
    let timing = Timing::start();
    let cx = Cx::at(now, site, request, &timing);
    let mut response = respond(&cx);
    cookie::add_taken(&cx, &mut response);
    let took = timing.elapsed();
    let method = if request.method() == "HEAD" { "HEAD" } else { cx.method() };
    site.requests.observe(routes::route_of(&cx).0, method, response.status_code, took);
    cx.release_permit(); // Before the log is written.
    timing_report::report(&cx, &mut response, took);
    response
}

/// Answers a request that the server itself makes, which is in no statistics.
fn answer(site: &Site, request: &Request) -> Response {
    let timing = Timing::start();
    respond(&Cx::new(site, request, &timing))
}

fn respond(cx: &Cx) -> Response {
    // A panic costs this request and no other: unwinding releases its permit and its connection, and the
    // writer rolls back its own part.
    let routed = panics::catch(|| routes::route(cx)).unwrap_or_else(|panicked| Err(panicked.into()));
    let routed = routed.map_err(|error| error.after_write(cx.has_written()));
    if site_api::handlers::is_for(cx) {
        let routed = routed.inspect_err(|error| error_page::log(cx, error));
        return site_api::handlers::finish(cx, routed);
    }
    routed.unwrap_or_else(|error| error_page::respond(cx, &error))
}

/// Binds the configured address. The caller does it first: when the port is taken, nothing has been changed
/// yet.
///
/// # Errors
/// The operating system's, such as [`io::ErrorKind::AddrInUse`].
pub fn bind(config: &Config) -> io::Result<Server> {
    let options = server::Options {
        limits: config.limits.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        proxy_headers: config.proxy_headers,
    };
    Server::bind(config.listen, options)
}

/// Serves, replicates and runs the background jobs until the server is stopped, then closes the database.
/// Every acknowledged write is in its file by then, and in its replica.
///
/// # Errors
/// [`StartError::Replica`] when replication does not start; [`StartError::Database`] when the database does
/// not close.
pub fn serve(server: Server, app: App) -> Result<Drained, StartError> {
    let site = Arc::new(Site { server_stats: Some(server.stats()), ..app.site });
    let start = |replica| Replication::start(replica, &site);
    let replication = app.replica.as_ref().map(start).transpose()?;
    let handler = Arc::clone(&site);
    let housekeeping = Housekeeping::start(Arc::clone(&site));
    let indexer = Indexer::start(Arc::clone(&site));
    let mailer = site.config.smtp.clone().map(|smtp| Mailer::start(Arc::clone(&site), smtp));
    let drained = server.run(move |request| {
        hn_api::live::stream(&handler, request, answer).unwrap_or_else(|| handle(&handler, request))
    });
    site.trials.stop();
    drop(housekeeping);
    drop(indexer);
    drop(mailer);
    let litestream = replication.map(Replication::into_supervisor);
    match Arc::try_unwrap(site) {
        Ok(site) => close(site, litestream)?,
        // Only the thread of an aborted request still holds it; its writes are in the WAL, which is as
        // durable.
        Err(_) => log::warn!("the database was in use to the end; its WAL stays beside it"),
    }
    Ok(drained)
}

/// Closes the database. Litestream copies the end of the WAL before closing removes the WAL.
fn close(site: Site, litestream: Option<Supervisor>) -> Result<(), lorem_store::Error> {
    let Some(litestream) = litestream else {
        return database::close(site.db); // Another process may replicate it.
    };
    let settled = site.db.drain()?;
    litestream.stop();
    settled.close()
}

//! The application: the only place that wires the parts together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{fmt, io};

use rouille::{Request, Response};

use crate::config::Config;
use crate::housekeeping::Housekeeping;
use crate::metrics::requests::Requests;
use crate::replica::settings::Settings;
use crate::replica::supervisor::Supervisor;
use crate::replica::watch::Replication;
use crate::replica::{self, Replica};
use crate::search::indexer::Indexer;
use crate::web::rate::Rates;
use crate::web::router::Route;
use crate::web::timing::{self, Timing};
use crate::web::turns::Turns;
use crate::web::{Cx, Error, error, router};
use lorem_http::{self as server, Drained, Server, ServerStats};
use lorem_store::Database;

/// The configuration, the database, and what is kept in memory: what every request needs.
pub struct App {
    /// What the operator decided.
    pub config: Config,
    /// Where everything is kept.
    pub db: Database,
    /// Who may compute now.
    pub turns: Turns,
    /// Who may hash a password now.
    pub hashing: Turns,
    /// Who has done what lately.
    pub rates: Rates,
    /// The copy in another place, if there is one.
    pub replica: Option<Replica>,
    /// What was asked for.
    pub requests: Requests,
    /// How busy our server is, when it is that which serves.
    pub load: Option<ServerStats>,
}

/// Why the application does not start: a sentence for the person who started it.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl App {
    /// Opens the configured database, see [`Database::open`]. With a replica it is restored first if it is missing,
    /// and afterwards it is made sure that the two belong together.
    ///
    /// # Errors
    /// As there; [`Replica::prepare`]'s and [`Replica::pair`]'s.
    pub fn open(config: Config) -> Result<App, StartError> {
        let prepare = |settings: &_| Replica::prepare(Settings::clone(settings), &config.database);
        let replica = config.replica.as_ref().map(prepare).transpose().map_err(StartError)?;
        let mut db = replica::open(&config.database).map_err(|error| StartError(error.to_string()))?;
        if let Some(slow) = config.slow {
            db.log_slow_statements(slow).map_err(|error| StartError(error.to_string()))?;
        }
        if let Some(Err(error)) = replica.as_ref().map(|replica| replica.pair(&db)) {
            return Err(StartError(error));
        }
        let rates = Rates::new(config.rates.as_ref());
        let (turns, hashing) = (Turns::for_this_machine(), Turns::for_hashing());
        let requests = Requests::new(Route::patterns());
        Ok(App { config, db, turns, hashing, rates, replica, requests, load: None })
    }

    /// Answers one request, whatever it is: the site's handler, for any rouille server.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        let timing = Timing::start();
        let cx = Cx::new(self, request, &timing);
        // A panic costs this request and no other: what it held is unwound, and nothing that is
        // shared stays half done (the writer undoes its part by itself).
        let routed = catch_unwind(AssertUnwindSafe(|| router::route(&cx)))
            .unwrap_or_else(|_| Err(Error::Internal("the handler panicked".into())));
        let mut response = routed.unwrap_or_else(|error| error::respond(&cx, &error.after(cx.has_written())));
        let took = timing.elapsed();
        let method = if request.method() == "HEAD" { "HEAD" } else { cx.method() };
        self.requests.note(cx.route.get().place(), method, response.status_code, took);
        cx.end_turn(); // Others compute while the log is written.
        timing::tell(&cx, &mut response, took);
        response
    }
}

/// Binds the configured address, so that a busy port is known before anything is touched.
///
/// # Errors
/// The operating system's.
pub fn bind(config: &Config) -> io::Result<Server> {
    let options =
        server::Options { limits: config.limits.clone(), trusted_proxies: config.trusted_proxies.clone() };
    Server::bind(config.listen, options)
}

/// Serves, replicates and keeps house until the server is stopped, then closes the database: what was answered
/// is in its file, and in its replica.
///
/// # Errors
/// The replica's, when starting it, and the database's, when closing it.
pub fn serve(server: Server, app: App) -> Result<Drained, StartError> {
    let app = Arc::new(App { load: Some(server.stats()), ..app });
    let replication = Replication::start(&app).map_err(StartError)?;
    let handler = Arc::clone(&app);
    let housekeeping = Housekeeping::start(Arc::clone(&app));
    let indexer = Indexer::start(Arc::clone(&app));
    let drained = server.run(move |request| handler.handle(request));
    drop(housekeeping);
    drop(indexer);
    let litestream = replication.map(Replication::into_litestream);
    match Arc::try_unwrap(app) {
        Ok(app) => close(app, litestream).map_err(|error| StartError(error.to_string()))?,
        // Only a request that was cut still holds it; its writes are in the WAL, which is as durable.
        Err(_) => log::warn!("the database was in use to the end; its WAL stays beside it"),
    }
    Ok(drained)
}

/// Lets the last write be copied before the WAL that it is in goes.
fn close(app: App, litestream: Option<Supervisor>) -> Result<(), lorem_store::Error> {
    let Some(litestream) = litestream else {
        return replica::close(app.db); // Somebody else may replicate it.
    };
    let settled = app.db.drain()?;
    litestream.stop();
    settled.close()
}

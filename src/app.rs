//! The application: the only place that wires the parts together.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rouille::{Request, Response};

use crate::config::Config;
use crate::db::{Db, OpenError};
use crate::housekeeping::Housekeeping;
use crate::search::indexer::Indexer;
use crate::server::{self, Drained, Server};
use crate::web::rate::Rates;
use crate::web::turns::Turns;
use crate::web::{Cx, Error, error, router};

/// The configuration, the database, and what is kept in memory: what every request needs.
pub struct App {
    /// What the operator decided.
    pub config: Config,
    /// Where everything is kept.
    pub db: Db,
    /// Who may compute now.
    pub turns: Turns,
    /// Who may hash a password now.
    pub hashing: Turns,
    /// Who has done what lately.
    pub rates: Rates,
}

impl App {
    /// Opens the configured database, see [`Db::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(config: Config) -> Result<App, OpenError> {
        let db = Db::open(&config.database)?;
        let rates = Rates::new(config.rates.as_ref());
        Ok(App { config, db, turns: Turns::for_this_machine(), hashing: Turns::for_hashing(), rates })
    }

    /// Answers one request, whatever it is: the site's handler, for any rouille server.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        let cx = Cx::new(self, request);
        // A panic costs this request and no other: what it held is unwound, and nothing that is
        // shared stays half done (the writer undoes its part by itself).
        let routed = catch_unwind(AssertUnwindSafe(|| router::route(&cx)))
            .unwrap_or_else(|_| Err(Error::Internal("the handler panicked".into())));
        routed.unwrap_or_else(|error| error::respond(&cx, &error))
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

/// Serves and keeps house until the server is stopped, then closes the database: what was answered is in its file.
///
/// # Errors
/// The database's, when closing it.
pub fn serve(server: Server, app: App) -> Result<Drained, crate::db::Error> {
    let app = Arc::new(app);
    let handler = Arc::clone(&app);
    let housekeeping = Housekeeping::start(Arc::clone(&app));
    let indexer = Indexer::start(Arc::clone(&app));
    let drained = server.run(move |request| handler.handle(request));
    drop(housekeeping);
    drop(indexer);
    match Arc::try_unwrap(app) {
        Ok(app) => app.db.close()?,
        // Only a request that was cut still holds it; its writes are in the WAL, which is as durable.
        Err(_) => log::warn!("the database was in use to the end; its WAL stays beside it"),
    }
    Ok(drained)
}

//! What a handler knows about the request it serves.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Display;
use std::net::IpAddr;

use rouille::Request;
use rusqlite::Connection;

use super::error::{Error, Result};
use super::form::{Form, Unreadable, local_path};
use super::route::Route;
use super::timing::{Phase, Timing};
use super::viewer::Viewer;
use crate::site::Site;
use crate::site::origin::Origin;
use crate::site::semaphore::Permit;
use crate::types::cursor::{Cursor, START};
use crate::types::time::{Micros, now};
use lorem_store as db;

/// Characters of a `User-Agent`; those of browsers have some 150.
const MAX_USER_AGENT: usize = 512;

/// One request on its way through the application.
pub struct Cx<'r> {
    /// The configuration, the database, the limiters.
    pub site: &'r Site,
    /// As the server received it.
    pub request: &'r Request,
    /// One moment for the whole page.
    pub now: Micros,
    /// Where its time goes.
    pub timing: &'r Timing,
    /// Its route, as soon as that is known.
    pub route: Cell<Option<Route>>,
    viewer: OnceCell<Option<Viewer>>,
    form: OnceCell<std::result::Result<Form, Unreadable>>,
    /// From the first read until the response is rendered, but not while the writer works.
    permit: RefCell<Option<Permit<'r>>>,
    /// Something was written for it.
    has_written: Cell<bool>,
}

impl<'r> Cx<'r> {
    /// A request that has just come.
    #[must_use]
    pub fn new(site: &'r Site, request: &'r Request, timing: &'r Timing) -> Cx<'r> {
        let (viewer, form) = (OnceCell::new(), OnceCell::new());
        let (route, permit) = (Cell::new(None), RefCell::new(None));
        let has_written = Cell::new(false);
        Cx { site, request, now: now(), timing, route, viewer, form, permit, has_written }
    }

    /// Reads from the database when it is this request's turn, see [`Database::read`](db::Database::read).
    ///
    /// # Errors
    /// As there; [`db::Error::Overloaded`] when the turn does not come.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> std::result::Result<T, db::Error> {
        let mut permit = self.permit.borrow_mut();
        if permit.is_none() {
            let acquired = self.timing.during(Phase::Permit, || self.site.request_permits.acquire());
            *permit = Some(acquired.ok_or(db::Error::Overloaded)?);
        }
        drop(permit);
        self.timing.during(Phase::Read, || self.site.db.read(work))
    }

    /// Writes to the database, see [`Database::write`](db::Database::write). Meanwhile somebody else has the turn.
    ///
    /// # Errors
    /// As there.
    pub fn write<T, W>(&self, work: W) -> std::result::Result<T, db::Error>
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.permit.replace(None);
        let (result, spent) = self.site.db.timed_write(move |connection| {
            let before = connection.total_changes();
            Ok((work(connection)?, connection.total_changes() > before))
        });
        self.timing.add_write(spent);
        result.map(|(value, has_changed)| {
            self.has_written.set(self.has_written.get() || has_changed);
            value
        })
    }

    /// The page is made: somebody else has the turn.
    pub fn release_permit(&self) {
        self.permit.replace(None);
    }

    /// Whether this request has changed something: then it may not be told that nothing was changed.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.has_written.get()
    }

    /// Hashes a password, or compares one with its hash, when it is its turn among those who do:
    /// each hash takes 19 MiB and a core. Meanwhile somebody else has this request's turn.
    ///
    /// # Errors
    /// [`db::Error::Overloaded`] when the turn does not come; `work` has not begun then.
    pub fn hashing<T>(&self, work: impl FnOnce() -> T) -> std::result::Result<T, db::Error> {
        self.permit.replace(None);
        self.timing.during(Phase::Hash, || {
            let _permit = self.site.hash_permits.acquire().ok_or(db::Error::Overloaded)?;
            Ok(work())
        })
    }

    /// The viewer, if one was looked for already: see [`auth::viewer`](crate::auth::viewer), which fills it.
    pub(crate) fn viewer_cell(&self) -> &OnceCell<Option<Viewer>> {
        &self.viewer
    }

    /// The site's own address: as the operator has set it, else by the `Host` header, which is whatever its sender
    /// wrote, so `None` for what is no host.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'r>> {
        match &self.site.config.base_url {
            Some(origin) => Some(origin.borrowed()),
            None => {
                let scheme = if self.request.is_secure() { "https" } else { "http" };
                Origin::from_host(scheme, self.request.header("Host")?)
            }
        }
    }

    /// The place in a list that the query parameter `name` gives, else the start.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when it is there and no cursor.
    pub fn cursor(&self, name: &str) -> Result<Cursor> {
        let Some(text) = self.query(name) else {
            return Ok(START);
        };
        Cursor::parse(&text).ok_or(Error::BadRequest("The address of this page of the list is not complete."))
    }

    /// From here on the request is this person's: they have just signed in.
    #[must_use]
    pub fn signed_in_as(self, viewer: Viewer) -> Cx<'r> {
        Cx { viewer: OnceCell::from(Some(viewer)), ..self }
    }

    /// The path as it was sent, not decoded: an encoded slash is no slash.
    #[must_use]
    pub fn path(&self) -> &'r str {
        let target = self.request.raw_url();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The page of this site that the request was sent from, as far as the browser says.
    #[must_use]
    pub fn referrer(&self) -> Option<&'r str> {
        let (_, rest) = self.request.header("Referer")?.split_once("://")?;
        let page = rest.strip_prefix(self.request.header("Host")?)?;
        local_path(page)
    }

    /// The same, if that is the page at `path` or a later one of it.
    #[must_use]
    pub fn came_from(&self, path: impl Display) -> Option<&'r str> {
        let path = path.to_string();
        self.referrer().filter(|page| page.split(['?', '#']).next() == Some(&path))
    }

    /// The first value of a parameter in the address; `None` where there is none, or the query is
    /// not well-formed.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let parameters: Vec<(String, String)> =
            serde_urlencoded::from_str(self.request.raw_query_string()).ok()?;
        parameters.into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// What the request is to do. HEAD is answered as GET, and the server leaves the body out. A form
    /// can only be sent by GET or POST: by a field `_method` it says that it means PATCH, PUT or DELETE.
    #[must_use]
    pub fn method(&self) -> &'r str {
        match self.request.method() {
            "HEAD" => "GET",
            "POST" => self.method_of_form().unwrap_or("POST"),
            method => method,
        }
    }

    fn method_of_form(&self) -> Option<&'static str> {
        let wanted = self.try_form().ok()?.get("_method")?;
        ["PATCH", "PUT", "DELETE"].into_iter().find(|method| method.eq_ignore_ascii_case(wanted))
    }

    pub(super) fn try_form(&self) -> std::result::Result<&Form, Unreadable> {
        self.form.get_or_init(|| Form::read(self.request)).as_ref().map_err(|&why| why)
    }

    /// The form in the request's body; read once.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`] when it is none, [`Error::BadRequest`] when it is damaged.
    pub fn form(&self) -> Result<&Form> {
        self.try_form().map_err(Error::from)
    }

    /// What it says it was made with. Longer than any browser's it is cut: each sign-in keeps it.
    #[must_use]
    pub fn user_agent(&self) -> &'r str {
        let text = self.request.header("User-Agent").unwrap_or_default();
        text.char_indices().nth(MAX_USER_AGENT).map_or(text, |(end, _)| &text[..end])
    }

    /// Whether a browser asks for a page that nobody may ever look at, to have it at hand.
    #[must_use]
    pub fn is_prefetch(&self) -> bool {
        ["Sec-Purpose", "Purpose"].iter().any(|name| {
            self.request.header(name).is_some_and(|purpose| purpose.to_ascii_lowercase().contains("prefetch"))
        })
    }

    /// The address that it came from.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.request.remote_addr().ip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::site::config::Config;
    use crate::user::{self, NewUser};

    #[test]
    fn a_refusal_that_changes_nothing_is_no_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("news.sqlite3");
        let app = App::open(Config::local(database, ([127, 0, 0, 1], 0).into())).expect("the database opens");
        let (request, timing) = (Request::fake_http("POST", "/", Vec::new(), Vec::new()), Timing::start());
        let cx = Cx::new(&app.site, &request, &timing);
        cx.write(|_| Ok("nobody may")).expect("it is only looked");
        assert!(!cx.has_written());
        let new = NewUser { screen_name: "somebody", password_hash: "", about: "", created_at: 0 };
        cx.write(move |connection| user::sql::create(connection, &new)).expect("the name is free");
        assert!(cx.has_written());
        cx.write(|_| Ok(())).expect("nothing more");
        assert!(cx.has_written(), "what was written stays so");
    }
}

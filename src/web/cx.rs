//! What a handler knows about the request it serves.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Display;
use std::net::IpAddr;

use rouille::Request;
use rusqlite::Connection;

use super::flash::Flash;
use super::form::{Form, Unreadable, local_path};
use super::router::Route;
use super::timing::{Part, Timing};
use super::turns::Turn;
use super::{Error, Result, session};
use crate::app::App;
use crate::moderation;
use crate::ui::time::{Micros, now};
use lorem_store as db;

/// Characters of a `User-Agent`; those of browsers have some 150.
const MAX_USER_AGENT: usize = 512;

/// One request on its way through the application.
pub struct Cx<'r> {
    /// The configuration and the database.
    pub app: &'r App,
    /// As the server received it.
    pub request: &'r Request,
    /// One moment for the whole page.
    pub now: Micros,
    /// Where its time goes.
    pub timing: &'r Timing,
    /// What it asks for, as soon as that is known.
    pub route: Cell<Route>,
    viewer: OnceCell<Option<Viewer>>,
    form: OnceCell<std::result::Result<Form, Unreadable>>,
    /// From the first read until the response is rendered, but not while the writer works.
    turn: RefCell<Option<Turn<'r>>>,
    /// Something was written for it.
    has_written: Cell<bool>,
}

/// The signed-in person who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Their number.
    pub id: i64,
    /// Their name.
    pub screen_name: String,
    /// The session they are signed in by.
    pub session_id: i64,
    /// They can moderate.
    pub is_admin: bool,
    /// They can only read, and leave.
    pub is_banned: bool,
}

impl<'r> Cx<'r> {
    /// A request that has just come.
    #[must_use]
    pub fn new(app: &'r App, request: &'r Request, timing: &'r Timing) -> Cx<'r> {
        let (viewer, form) = (OnceCell::new(), OnceCell::new());
        let (route, turn) = (Cell::new(Route::NONE), RefCell::new(None));
        let has_written = Cell::new(false);
        Cx { app, request, now: now(), timing, route, viewer, form, turn, has_written }
    }

    /// Reads from the database when it is this request's turn, see [`Database::read`](db::Database::read).
    ///
    /// # Errors
    /// As there; [`db::Error::Overloaded`] when the turn does not come.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> std::result::Result<T, db::Error> {
        let mut turn = self.turn.borrow_mut();
        if turn.is_none() {
            let taken = self.timing.during(Part::Turn, || self.app.turns.take());
            *turn = Some(taken.ok_or(db::Error::Overloaded)?);
        }
        drop(turn);
        self.timing.during(Part::Read, || self.app.db.read(work))
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
        self.turn.replace(None);
        let (result, spent) = self.app.db.timed_write(move |connection| {
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
    pub fn end_turn(&self) {
        self.turn.replace(None);
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
        self.turn.replace(None);
        self.timing.during(Part::Hash, || {
            let _turn = self.app.hashing.take().ok_or(db::Error::Overloaded)?;
            Ok(work())
        })
    }

    /// Who asks, by their session cookie; looked up once. `None` for a guest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn viewer(&self) -> Result<Option<&Viewer>> {
        if self.viewer.get().is_none() {
            let _ = self.viewer.set(session::viewer(self)?);
        }
        Ok(self.viewer.get().and_then(Option::as_ref))
    }

    /// Their number; 0 for a guest.
    ///
    /// # Errors
    /// As there.
    pub fn viewer_id(&self) -> Result<i64> {
        Ok(self.viewer()?.map_or(0, |viewer| viewer.id))
    }

    /// Who asks, where only somebody who is signed in can.
    ///
    /// # Errors
    /// [`Error::SignIn`], which leads a guest to signing in and back to this page; the database's.
    pub fn member(&self) -> Result<&Viewer> {
        self.member_or(self.request.raw_url())
    }

    /// The same; a guest comes back to `return_to`.
    ///
    /// # Errors
    /// As there.
    pub fn member_or(&self, return_to: impl Display) -> Result<&Viewer> {
        let sign_in = || Error::SignIn { return_to: return_to.to_string(), cookie: None };
        self.viewer()?.ok_or_else(sign_in)
    }

    /// Who asks for a form by which something is written: nobody who is banned.
    ///
    /// # Errors
    /// As [`member`](Cx::member); [`Error::Barred`].
    pub fn writer(&self) -> Result<&Viewer> {
        moderation::refuse_banned(self)?;
        self.member()
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
        self.form.get_or_init(|| Form::read(self)).as_ref().map_err(|&why| why)
    }

    /// The form in the request's body; read once.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`] when it is none, [`Error::BadRequest`] when it is damaged.
    pub fn form(&self) -> Result<&Form> {
        self.try_form().map_err(Error::from)
    }

    /// What the page before asked to be told on this one.
    #[must_use]
    pub fn flash(&self) -> Option<Flash> {
        Flash::of(self)
    }

    /// What it says it was made with. Longer than any browser's it is cut: each sign-in keeps it.
    #[must_use]
    pub fn user_agent(&self) -> &'r str {
        let text = self.request.header("User-Agent").unwrap_or_default();
        text.char_indices().nth(MAX_USER_AGENT).map_or(text, |(end, _)| &text[..end])
    }

    /// Whether a browser asks for a page that nobody may ever look at, to have it at hand.
    #[must_use]
    pub fn is_fetched_ahead(&self) -> bool {
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
    use crate::config::Config;
    use crate::user::{self, NewUser};

    #[test]
    fn a_refusal_that_changes_nothing_is_no_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("news.sqlite3");
        let app = App::open(Config::local(database, ([127, 0, 0, 1], 0).into())).expect("the database opens");
        let (request, timing) = (Request::fake_http("POST", "/", Vec::new(), Vec::new()), Timing::start());
        let cx = Cx::new(&app, &request, &timing);
        cx.write(|_| Ok("nobody may")).expect("it is only looked");
        assert!(!cx.has_written());
        let new = NewUser { screen_name: "somebody", password_hash: "", about: "", created_at: 0 };
        cx.write(move |connection| user::sql::create(connection, &new)).expect("the name is free");
        assert!(cx.has_written());
        cx.write(|_| Ok(())).expect("nothing more");
        assert!(cx.has_written(), "what was written stays so");
    }
}

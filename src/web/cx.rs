//! The context of a request: the site's state, and the request's method, path, form, viewer and timing.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;

use lorem_store as db;
use rouille::Request;
use rusqlite::Connection;

use super::account::{self, MadeFor};
use super::api::{self, ApiState};
use super::error::{Error, Result};
use super::form::{Errors, Form, Unreadable, local_path};
use super::list_header;
use super::pieces::Pieces;
use super::route::Route;
use super::taken_cookie::Taken;
use super::timing::{Phase, Timing};
use super::viewer::Viewer;
use crate::changes::{Shown, Topic, Window};
use crate::html::size::MAX_FORM_BYTES;
use crate::site::Site;
use crate::site::hashing::HashMemory;
use crate::site::limiter::Action;
use crate::site::origin::Origin;
use crate::site::semaphore::Permit;
use crate::site::settings::Settings;
use crate::text::isolated;
use crate::types::cursor::{Cursor, START};
use crate::types::id::UserId;
use crate::types::time::{Clock, Timestamp};

/// Those of browsers have some 150 characters.
const MAX_USER_AGENT_CHARS: usize = 512;

/// The refusal of a form that a page could not show again. Browsers, and htmx, leave the text in its form.
const TOO_LONG: Error = Error::TooLarge(
    "Nothing was changed. Your text should still be in its form, or on your browser's way back.",
);

/// The context of one request.
pub struct Cx<'r> {
    /// Configuration, database, limiters.
    pub site: &'r Site,
    /// The request as the server received it.
    pub request: &'r Request,
    /// The time when the request came: one time for the whole page.
    pub now: Timestamp,
    /// The page's clock, which shows that time.
    pub clock: Clock,
    /// The time spent in each phase.
    pub timing: &'r Timing,
    /// The route, once it has been found.
    pub route: Cell<Option<Route>>,
    /// The account that the form was made for, once it has been compared with the viewer.
    pub made_for: Cell<MadeFor>,
    /// Whether the page is to be kept for others, so that it has to be complete.
    pub is_to_keep: Cell<bool>,
    /// What a request of the API keeps.
    pub api: ApiState,
    /// What the page shows, if the handler has said that.
    shown: RefCell<Option<Shown>>,
    settings: OnceCell<Arc<Settings>>,
    viewer: OnceCell<Option<Viewer>>,
    form: OnceCell<std::result::Result<Form, Unreadable>>,
    /// Held from the first read until the response is rendered, but not during a write.
    permit: RefCell<Option<Permit<'r>>>,
    /// Cookies of a former name that the response is to set again.
    pub(super) taken_cookies: RefCell<Vec<Taken<'r>>>,
    /// A write of this request has changed something.
    has_written: Cell<bool>,
}

impl<'r> Cx<'r> {
    /// The context of a new request.
    #[must_use]
    pub fn new(site: &'r Site, request: &'r Request, timing: &'r Timing) -> Cx<'r> {
        Cx::at(Timestamp::now(), site, request, timing)
    }

    /// The context of a request that came at another time.
    #[must_use]
    pub fn at(now: Timestamp, site: &'r Site, request: &'r Request, timing: &'r Timing) -> Cx<'r> {
        let (viewer, form) = (OnceCell::new(), OnceCell::new());
        let (route, made_for, permit) = (Cell::new(None), Cell::default(), RefCell::new(None));
        let (taken_cookies, has_written) = (RefCell::default(), Cell::new(false));
        let clock = Clock::at(now);
        Cx {
            site,
            request,
            now,
            clock,
            timing,
            route,
            made_for,
            is_to_keep: Cell::default(),
            api: ApiState::default(),
            shown: RefCell::default(),
            settings: OnceCell::new(),
            viewer,
            form,
            permit,
            taken_cookies,
            has_written,
        }
    }

    /// Waits for a permit, if the request holds none, and reads from the database: see
    /// [`Database::read`](db::Database::read).
    ///
    /// # Errors
    /// [`db::Error::Overloaded`] when no permit comes in time; those of
    /// [`Database::read`](db::Database::read).
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> std::result::Result<T, db::Error> {
        self.acquire_permit()?;
        self.timing.during(Phase::Read, || self.site.db.read(work))
    }

    /// Reads, as [`Cx::read`], a page that is made of [`Pieces`].
    ///
    /// # Errors
    /// Those of [`Cx::read`].
    pub fn read_pieces<T>(
        &self,
        work: impl FnOnce(&Pieces) -> rusqlite::Result<T>,
    ) -> std::result::Result<T, db::Error> {
        self.acquire_permit()?;
        let before = self.site.changes.since_now();
        self.read(|connection| work(&Pieces::of(self.site, connection, &self.clock, before)))
    }

    /// The site's settings; those of before where they cannot be read, which no page that is kept may show.
    #[must_use]
    pub fn settings(&self) -> &Arc<Settings> {
        self.settings.get_or_init(|| {
            self.settings_of_now().unwrap_or_else(|_| {
                self.is_to_keep.set(false);
                self.shown.take();
                self.site.settings.last()
            })
        })
    }

    /// The site's settings, for a decision.
    ///
    /// # Errors
    /// Those of [`Cx::read`].
    pub fn settings_of_now(&self) -> std::result::Result<Arc<Settings>, db::Error> {
        self.site.settings.get(&self.site.changes, |read| self.read(read))
    }

    /// The site's name, for sentences.
    #[must_use]
    pub fn site_name(&self) -> Cow<'_, str> {
        isolated(self.settings().name())
    }

    /// Waits for a permit to compute, if the request holds none.
    ///
    /// # Errors
    /// [`db::Error::Overloaded`] when no permit comes in time.
    pub fn acquire_permit(&self) -> std::result::Result<(), db::Error> {
        let mut permit = self.permit.borrow_mut();
        if permit.is_none() {
            let acquired = self.timing.during(Phase::Permit, || self.site.request_permits.acquire());
            *permit = Some(acquired.ok_or(db::Error::Overloaded)?);
        }
        Ok(())
    }

    /// Says all that the page shows but what is the viewer's own, so that a copy of it can be kept until that changes. A
    /// page of which nothing is said is not kept. Ages limit the [`clock`](Cx::clock) themselves; a handler limits it by
    /// what else depends on the time.
    pub fn shows(&self, topics: &[Topic], window: Option<Window>) {
        if self.is_to_keep.get() {
            let viewer = self.viewer.get().and_then(Option::as_ref);
            let own = viewer.map(|viewer| Topic::Member(viewer.id));
            let topics: Vec<Topic> = topics.iter().copied().chain(own).collect();
            self.shown.replace(Some(Shown::of(&topics, window)));
        }
    }

    /// What the handler has said of the page.
    pub fn take_shown(&self) -> Option<Shown> {
        self.shown.take()
    }

    /// Writes to the database, see [`Database::write`](db::Database::write): `work` may run twice. The
    /// request's permit is released first.
    ///
    /// # Errors
    /// Those of [`Database::write`](db::Database::write).
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

    /// Releases the permit: the response is rendered.
    pub fn release_permit(&self) {
        self.permit.replace(None);
    }

    /// Whether a write of this request has changed something: an error page must not say then that nothing
    /// was.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.has_written.get()
    }

    /// Waits for a permit to hash a password, or to compare one with its hash, and runs `work`: each hash
    /// takes 19 MiB and a core. The request's permit for reading is released first. `known`: see
    /// [`Hashing::run`](crate::site::hashing::Hashing::run).
    ///
    /// # Errors
    /// [`db::Error::Overloaded`] when no permit comes in time; `work` has not run then.
    pub fn hashing<T>(
        &self,
        known: Option<UserId>,
        work: impl FnOnce(&mut HashMemory) -> T,
    ) -> std::result::Result<T, db::Error> {
        self.permit.replace(None);
        let hashed = self.timing.during(Phase::Hash, || self.site.hashing.run(known, work));
        hashed.ok_or(db::Error::Overloaded)
    }

    /// Holds the viewer once [`auth::viewer`](crate::auth::viewer) has looked for one.
    pub(crate) fn viewer_cell(&self) -> &OnceCell<Option<Viewer>> {
        &self.viewer
    }

    /// The site's address: the operator's, else that of the `Host` header. `None`: that header, which the
    /// client controls, is not a valid host.
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

    /// Whether a page of this origin is one of this site's: at the operator's address, or at the address that
    /// the request was sent to. A proxy that speaks TLS passes requests on as plain HTTP, so the second is
    /// compared without the scheme, unless a trusted proxy says that the client uses TLS: a page that came over
    /// plain HTTP can be forged on its way.
    #[must_use]
    pub fn is_own(&self, origin: &Origin) -> bool {
        self.site.config.base_url.as_ref() == Some(origin)
            || (origin.is_https() || !self.request.is_secure())
                && self.request.header("Host").is_some_and(|host| origin.is_at(host))
    }

    /// The cursor in the query parameter `name`, else the start of the list.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the parameter is not a cursor.
    pub fn cursor(&self, name: &str) -> Result<Cursor> {
        let Some(text) = self.query(name) else {
            return Ok(START);
        };
        Cursor::parse(&text).ok_or(Error::BadRequest("The address of this page of the list is not complete."))
    }

    /// Continues the request as the user who has just signed in.
    #[must_use]
    pub fn signed_in_as(self, viewer: Viewer) -> Cx<'r> {
        Cx { viewer: OnceCell::from(Some(viewer)), ..self }
    }

    /// Runs a handler as if the request had another form, and was sent by `viewer`; `None`: by whom it was sent. The caller
    /// has made sure that this user sent it.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn with_form<T>(
        &self,
        viewer: Option<Viewer>,
        form: Form,
        run: impl FnOnce(&Cx) -> Result<T>,
    ) -> Result<T> {
        // The handler acquires a permit of its own.
        self.release_permit();
        let mut inner = Cx::at(self.now, self.site, self.request, self.timing);
        if let Some(viewer) = viewer {
            inner.viewer = OnceCell::from(Some(viewer));
        }
        inner.form = OnceCell::from(Ok(form));
        inner.route.set(self.route.get());
        self.api.lend(&inner.api);
        let result = run(&inner);
        self.api.take_from(&inner.api);
        self.has_written.set(self.has_written.get() || inner.has_written.get());
        result
    }

    /// The path as it was sent, not percent-decoded: an encoded slash does not separate segments.
    #[must_use]
    pub fn path(&self) -> &'r str {
        let target = self.request.raw_url();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The path of this site's page that the request was sent from, by its `Referer` header.
    #[must_use]
    pub fn referrer(&self) -> Option<&'r str> {
        let address = self.request.header("Referer")?;
        let host = address.find("://")? + "://".len();
        let end = address[host..].find(['/', '?', '#']).map_or(address.len(), |length| host + length);
        let (origin, page) = address.split_at(end);
        if self.is_own(&Origin::read(origin)?) { local_path(page) } else { None }
    }

    /// The [`referrer`](Cx::referrer), if its path is `path`, with any query.
    #[must_use]
    pub fn came_from(&self, path: impl Display) -> Option<&'r str> {
        let path = path.to_string();
        self.referrer().filter(|page| page.split(['?', '#']).next() == Some(&path))
    }

    /// The first value of a query parameter; `None`: there is none, or the query is not well-formed.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let parameters: Vec<(String, String)> =
            serde_urlencoded::from_str(self.request.raw_query_string()).ok()?;
        parameters.into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The method by which the request is routed. HEAD counts as GET, and the server omits the body. HTML
    /// forms are sent only by GET or POST, so a POST may name PATCH, PUT or DELETE in its field `_method`.
    #[must_use]
    pub fn method(&self) -> &'r str {
        match self.request.method() {
            "HEAD" => "GET",
            "POST" if !self.is_of_api() => self.method_of_form().unwrap_or("POST"),
            method => method,
        }
    }

    /// Whether the request is for the site's own API, where no cookie and no form counts.
    #[must_use]
    pub fn is_of_api(&self) -> bool {
        api::is_of(self.path())
    }

    fn method_of_form(&self) -> Option<&'static str> {
        let method = self.try_form().ok()?.get("_method")?;
        ["PATCH", "PUT", "DELETE"].into_iter().find(|known| known.eq_ignore_ascii_case(method))
    }

    fn try_form(&self) -> std::result::Result<&Form, Unreadable> {
        self.form.get_or_init(|| Form::read(self.request)).as_ref().map_err(|&why| why)
    }

    /// The form in the request's body, parsed once.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`] for another type of body, [`Error::BadRequest`] for a malformed form,
    /// [`Error::TooLarge`] for one that no page could show again with its errors.
    pub fn form(&self) -> Result<&Form> {
        self.form_within(MAX_FORM_BYTES)
    }

    /// The form, if a page can show it again in at most `limit` bytes.
    ///
    /// # Errors
    /// Those of [`Cx::form`].
    pub fn form_within(&self, limit: usize) -> Result<&Form> {
        let form = self.try_form()?;
        if form.fits(limit) { Ok(form) } else { Err(TOO_LONG) }
    }

    /// The texts of the form, for an error page: a user who cannot post them can copy them. Empty for a form that
    /// no page could show.
    #[must_use]
    pub fn typed(&self) -> String {
        self.form().map(Form::texts).unwrap_or_default()
    }

    /// The user that the form was made for; `None`: a guest, or a form that does not say.
    #[must_use]
    pub fn form_user(&self) -> Option<UserId> {
        self.form().ok()?.get(account::FIELD)?.parse().ok().map(UserId::new)
    }

    /// The viewer, if the form was made for a guest: the answer says whose it has become.
    #[must_use]
    pub fn sender(&self) -> Option<&Viewer> {
        self.viewer.get().and_then(Option::as_ref).filter(|_| self.made_for.get() == MadeFor::Guest)
    }

    /// The viewer, if the form was made for another account: nothing may be changed for either of them.
    #[must_use]
    pub fn other_viewer(&self) -> Option<&Viewer> {
        self.viewer.get().and_then(Option::as_ref).filter(|_| self.made_for.get() == MadeFor::Other)
    }

    /// The errors of a form, after that of one that was made for another account: the form that is shown
    /// again is made for the viewer.
    #[must_use]
    pub fn or_other_account(&self, errors: Errors) -> Errors {
        match self.other_viewer() {
            Some(viewer) => errors.for_another_account(&viewer.screen_name),
            None => errors,
        }
    }

    /// The errors of a form that is not sent yet: only a draft of another account has one.
    #[must_use]
    pub fn unsent_errors(&self) -> Errors {
        self.or_other_account(Errors::default())
    }

    /// The errors of a form, with that of [`or_other_account`](Cx::or_other_account); where there are none, the
    /// refusal of `action` by its rate limit. A form with errors does not count as an action.
    #[must_use]
    pub fn or_refused(&self, errors: Errors, action: Action) -> Errors {
        self.or_other_account(errors).or_rate_limited(&self.site.limiter, action)
    }

    /// The `User-Agent` header, cut to `MAX_USER_AGENT_CHARS`: each session stores it.
    #[must_use]
    pub fn user_agent(&self) -> &'r str {
        let text = self.request.header("User-Agent").unwrap_or_default();
        text.char_indices().nth(MAX_USER_AGENT_CHARS).map_or(text, |(end, _)| &text[..end])
    }

    /// Whether a browser prefetches the page: its user may never look at it.
    #[must_use]
    pub fn is_prefetch(&self) -> bool {
        ["Sec-Purpose", "Purpose"].iter().any(|name| {
            list_header::lines(self.request, name)
                .any(|purpose| purpose.to_ascii_lowercase().contains("prefetch"))
        })
    }

    /// The client's address.
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
    fn a_write_that_changes_nothing_does_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("news.sqlite3");
        let app = App::open(Config::local(database, ([127, 0, 0, 1], 0).into())).expect("the database opens");
        let (request, timing) = (Request::fake_http("POST", "/", Vec::new(), Vec::new()), Timing::start());
        let cx = Cx::new(&app.site, &request, &timing);
        cx.write(|_| Ok("refused")).expect("it only reads");
        assert!(!cx.has_written());
        let new =
            NewUser { screen_name: "somebody", password_hash: "", about: "", created_at: Timestamp::EPOCH };
        cx.write(move |connection| user::sql::create(connection, &new)).expect("the name is free");
        assert!(cx.has_written());
        cx.write(|_| Ok(())).expect("nothing more");
        assert!(cx.has_written(), "what was written stays so");
    }
}

//! An HTTP client that keeps cookies and sends forms, as a browser or htmx does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use lorem_news::auth::token::Secret;
use lorem_news::session::{self, NewSession};
use lorem_news::site::cookie_names::CookieNames;
use lorem_news::types::id::UserId;
use lorem_news::types::time::Timestamp;
use lorem_news::user;

use crate::harness::*;

/// The names and values of a form, as constants.
pub type Fields = &'static [(&'static str, &'static str)];

/// A client with cookies, which opens a connection for each request.
pub struct Client {
    address: SocketAddr,
    /// By their whole names.
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    /// `None`: the site is in another process.
    names: Option<CookieNames>,
    /// The id of the user that [`Client::signed_in_as`] signed in; otherwise 0.
    pub user_id: i64,
}

/// The password of users who have signed up in a test: that of the demo's users is too common for a new one.
pub const NEW_PASSWORD: &str = "correct horse";

impl Client {
    /// A guest of the site.
    pub fn new(site: &Site) -> Client {
        Client { names: Some(site.cookie_names.clone()), ..Client::at(site.address) }
    }

    /// A guest of the site at the address.
    pub fn at(address: SocketAddr) -> Client {
        Client { address, cookies: Arc::default(), names: None, user_id: 0 }
    }

    /// User 1, signed in by a row in the database, which saves hashing a password.
    pub fn signed_in(site: &Site) -> Client {
        Client::signed_in_as(site, 1)
    }

    /// A user, signed in by a row in the database.
    pub fn signed_in_as(site: &Site, user_id: i64) -> Client {
        let (connection, secret, created_at) = (site.database(), Secret::random(), Timestamp::now());
        let new = NewSession {
            user_id: UserId::new(user_id),
            secret: &secret,
            ip_address: "::1",
            user_agent: "",
            created_at,
        };
        let id = session::sql::create(&connection, &new).expect("a session");
        user::sql::record_sign_in(&connection, UserId::new(user_id), created_at)
            .expect("the sign-in is counted");
        let client = Client { user_id, ..Client::new(site) };
        client.set_cookie("session", &secret.of(id.get()).to_string());
        client
    }

    /// A client for another site that shares this one's cookies, as one browser would.
    pub fn visiting(&self, site: &Site) -> Client {
        Client { cookies: Arc::clone(&self.cookies), ..Client::new(site) }
    }

    /// Sends a GET request.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], &[])
    }

    /// Sends a form as a browser does without a script.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, form, &[("Sec-Fetch-Site", "same-origin")])
    }

    /// Sends a form as htmx does.
    pub fn htmx(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let headers =
            [("HX-Request-Type", "partial"), ("HX-Request", "true"), ("Sec-Fetch-Site", "same-origin")];
        self.ask(method, path, form, &headers)
    }

    /// Sends any request with the kept cookies. A form without fields sends no body.
    pub fn ask(&self, method: &str, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("strings can be encoded");
        let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
        let content_type: &[_] = if form.is_empty() { &[] } else { &form_type };
        self.send(method, path, &[content_type, headers].concat(), body.as_bytes())
    }

    /// Sends any request with any body and the kept cookies. GET and HEAD get no `Content-Length`.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookies: Vec<String> =
            self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (cookies, length) = (cookies.join("; "), body.len().to_string());
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        if !matches!(method, "GET" | "HEAD") {
            headers.push(("Content-Length", &length));
        }
        let mut raw = Raw::connect(self.address);
        raw.ask(method, path, &headers);
        raw.send(body);
        let answer = if method == "HEAD" { raw.head() } else { raw.answer() };
        self.keep(&answer);
        answer
    }

    fn cookies(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().expect("nothing panics with the lock held")
    }

    fn keep(&self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie")) {
            let pair = value.split(';').next().expect("split gives one at least");
            let (name, content) = pair.split_once('=').expect("a cookie has a name");
            let content = if value.contains("Max-Age=0") { "" } else { content };
            self.set_raw_cookie(name, content);
        }
    }

    /// The value of a kept cookie, by its name without the letters of the database.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let full = self.full(name);
        self.cookies().get(&full).cloned()
    }

    /// Keeps a cookie, by its name without the letters of the database; an empty value removes it.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.set_raw_cookie(&self.full(name), value);
    }

    fn full(&self, name: &str) -> String {
        if let Some(names) = &self.names {
            return names.full(name.trim_start_matches("__Host-"));
        }
        let kept = self.cookies().keys().find(|full| without_letters(full) == name).cloned();
        kept.unwrap_or_else(|| name.to_owned())
    }

    /// The whole names of the kept cookies.
    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies().keys().cloned().collect()
    }

    /// Keeps a cookie by its whole name; an empty value removes it.
    pub fn set_raw_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies();
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Follows a redirect (303), without the fragment of its address, as a browser does.
    pub fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let location = answer.header("Location").expect("a redirect has a location");
        self.get(location.split('#').next().expect("split gives one at least"))
    }

    /// Signs up with [`NEW_PASSWORD`], which also signs in.
    pub fn sign_up(&self, screen_name: &str) -> Answer {
        self.post("/users", &[("screen_name", screen_name), ("password", NEW_PASSWORD)])
    }

    /// Signs in as a user of the demo data, with the password "password".
    pub fn sign_in(&self, screen_name: &str) -> Answer {
        self.sign_in_with(screen_name, "password")
    }

    /// Signs in with a password.
    pub fn sign_in_with(&self, screen_name: &str, password: &str) -> Answer {
        self.post("/sessions", &[("screen_name", screen_name), ("password", password)])
    }

    /// The id of the session in the kept cookie.
    pub fn session_id(&self) -> i64 {
        let cookie = self.cookie("session").expect("the client is signed in");
        cookie.split('.').next().and_then(|id| id.parse().ok()).expect("a session id")
    }
}

/// A second client with a copy of the cookies.
impl Clone for Client {
    fn clone(&self) -> Client {
        let cookies = Arc::new(Mutex::new(self.cookies().clone()));
        Client { address: self.address, cookies, names: self.names.clone(), user_id: self.user_id }
    }
}

//! A browser as far as the tests need one: it keeps cookies, sends forms, and asks as htmx does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};

use lorem_news::auth::token::Secret;
use lorem_news::session::{self, NewSession};
use lorem_news::types::time::now;
use lorem_news::user;

use crate::harness::*;

/// The fields of a form that a table of requests holds.
pub type Fields = &'static [(&'static str, &'static str)];

/// Somebody with a browser.
pub struct Client {
    address: SocketAddr,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Who they are; 0 for a guest.
    pub user_id: i64,
}

impl Client {
    /// A guest.
    pub fn new(site: &Site) -> Client {
        Client::at(site.address)
    }

    /// The same, by the site's address.
    pub fn at(address: SocketAddr) -> Client {
        Client { address, cookies: Mutex::default(), user_id: 0 }
    }

    /// User 1 of the demo, signed in without the work of hashing a password.
    pub fn signed_in(site: &Site) -> Client {
        Client::signed_in_as(site, 1)
    }

    /// The same as any user.
    pub fn signed_in_as(site: &Site, user_id: i64) -> Client {
        let (connection, secret, created_at) = (site.database(), Secret::random(), now());
        let new = NewSession { user_id, secret: &secret, ip_address: "::1", user_agent: "", created_at };
        let id = session::sql::create(&connection, &new).expect("a session");
        user::sql::note_sign_in(&connection, user_id, created_at).expect("it is counted");
        let client = Client { user_id, ..Client::new(site) };
        client.set_cookie("session", &secret.of(id).to_string());
        client
    }

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

    /// Any request, with the cookies so far; without a body for GET, HEAD, and a form without a field.
    pub fn ask(&self, method: &str, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("strings can be encoded");
        let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
        let content_type: &[_] = if form.is_empty() { &[] } else { &form_type };
        self.send(method, path, &[content_type, headers].concat(), body.as_bytes())
    }

    /// The same with any body.
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
        self.cookies.lock().expect("nothing panics while it is held")
    }

    fn keep(&self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie")) {
            let pair = value.split(';').next().expect("split gives one at least");
            let (name, content) = pair.split_once('=').expect("a cookie has a name");
            let content = if value.contains("Max-Age=0") { "" } else { content };
            self.set_cookie(name, content);
        }
    }

    /// What a cookie holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().get(name).cloned()
    }

    /// Keeps a cookie; an empty one is forgotten.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies();
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Goes where the answer leads, as a browser does: without what follows the `#`.
    pub fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let location = answer.header("Location").expect("a redirect says where to");
        self.get(location.split('#').next().expect("split gives one at least"))
    }

    /// Signs up with the password "password", and is signed in.
    pub fn sign_up(&self, screen_name: &str) -> Answer {
        self.post("/users", &[("screen_name", screen_name), ("password", "password")])
    }

    /// Signs in with the password "password".
    pub fn sign_in(&self, screen_name: &str) -> Answer {
        self.post("/sessions", &[("screen_name", screen_name), ("password", "password")])
    }

    /// The number of its session.
    pub fn session_id(&self) -> i64 {
        let cookie = self.cookie("session").expect("it is signed in");
        cookie.split('.').next().and_then(|id| id.parse().ok()).expect("a row's number")
    }
}

/// Another browser with the same cookies.
impl Clone for Client {
    fn clone(&self) -> Client {
        Client { address: self.address, cookies: Mutex::new(self.cookies().clone()), user_id: self.user_id }
    }
}

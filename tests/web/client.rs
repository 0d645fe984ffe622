//! A client that keeps cookies and sends forms, as a browser without JavaScript does, or as htmx does.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use lorem_news::session::{self, NewSession, Secret};
use lorem_news::ui::time::now;
use lorem_news::user;

use crate::harness::*;

/// Somebody with a browser.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

impl Client {
    /// Somebody who has never been on the site.
    pub fn new(site: &Site) -> Client {
        Client::at(site.address)
    }

    /// The same, by the site's address.
    pub fn at(address: SocketAddr) -> Client {
        Client { address, cookies: BTreeMap::new() }
    }

    /// User 1 of the demo, signed in without the work of hashing a password.
    pub fn signed_in(site: &Site) -> Client {
        Client::signed_in_as(site, 1)
    }

    /// The same as any user.
    pub fn signed_in_as(site: &Site, user_id: i64) -> Client {
        let (database, secret, created_at) = (site.database(), Secret::random(), now());
        let session = NewSession {
            user_id,
            secret: &secret,
            ip_address: "127.0.0.1",
            user_agent: "a test",
            created_at,
        };
        let id = session::sql::create(&database, &session).expect("there is such a user");
        user::sql::note_sign_in(&database, user_id, created_at).expect("as above");
        let mut client = Client::new(site);
        client.set_cookie("session", &secret.of(id).to_string());
        client
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], &[])
    }

    /// Sends a form.
    pub fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, form, &[])
    }

    /// Sends a form as htmx does, which makes changes to the page that it is on.
    pub fn htmx(&mut self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask(method, path, form, &[("HX-Request", "true"), ("HX-Request-Type", "partial")])
    }

    /// Any request, with the cookies so far; without a body for GET, HEAD, and a form without a field.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("pairs of texts");
        let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
        let content_type: &[_] = if form.is_empty() { &[] } else { &form_type };
        self.send(method, path, &[content_type, headers].concat(), body.as_bytes())
    }

    /// The same with any body.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
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
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie")) {
            let (name, rest) = cookie.split_once('=').expect("a name and a value");
            let value = rest.split(';').next().expect("split gives one at least");
            if cookie.contains("; Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
    }

    /// Goes where a redirect leads.
    pub fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let location = answer.header("Location").expect("a redirect leads somewhere");
        self.get(location.split('#').next().expect("split gives one at least"))
    }

    /// Signs up with the password "password", and is signed in.
    pub fn sign_up(&mut self, screen_name: &str) -> Answer {
        self.post("/users", &[("screen_name", screen_name), ("password", "password")])
    }

    /// Signs in with the password "password".
    pub fn sign_in(&mut self, screen_name: &str) -> Answer {
        self.post("/sessions", &[("screen_name", screen_name), ("password", "password")])
    }

    /// What it has been given under a name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The number of its session.
    pub fn session_id(&self) -> i64 {
        let (id, _) =
            self.cookie("session").and_then(|cookie| cookie.split_once('.')).expect("it is signed in");
        id.parse().expect("a row's number")
    }
}

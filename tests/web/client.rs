//! A browser as far as the tests need one: it keeps cookies, sends forms, and asks as htmx does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use lorem_news::session::{self, NewSession, Secret};
use lorem_news::ui::time::now;
use lorem_news::user;
use scraper::Html;

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
        Client { address: site.address, cookies: Mutex::default(), user_id: 0 }
    }

    /// Anybody of those who are there, signed in.
    pub fn signed_in(site: &Site) -> Client {
        let mut client = Client::new(site);
        let page = client.ask("POST", "/benchmarking/post_show", &[], &[]);
        let own = attributes(&page.html(), "header a.self", "href").remove(0);
        client.user_id = own.strip_prefix("/users/").and_then(|id| id.parse().ok()).expect("someone's page");
        client
    }

    /// A certain person, signed in.
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

    pub fn ask(&self, method: &str, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("strings can be encoded");
        let mut raw = Raw::connect(self.address);
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let cookies = self.cookies.lock().expect("nothing panics while it is held").clone();
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head += &format!("Cookie: {}\r\n", pairs.join("; "));
        }
        if !matches!(method, "GET" | "HEAD") {
            head += "Content-Type: application/x-www-form-urlencoded\r\n";
            head += &format!("Content-Length: {}\r\n", body.len());
            raw.send(format!("{head}\r\n{body}"));
        } else {
            assert!(form.is_empty(), "{method} sends no form");
            raw.send(format!("{head}\r\n"));
        }
        let answer = if method == "HEAD" { raw.head() } else { raw.answer() };
        self.keep(&answer);
        answer
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
        self.cookies.lock().expect("nothing panics while it is held").get(name).cloned()
    }

    /// Keeps a cookie; an empty one is forgotten.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().expect("nothing panics while it is held");
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
}

/// A change that htmx makes to the page it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    pub target: String,
    pub swap: String,
    pub html: String,
}

/// The changes in an answer for htmx. Panics when there is anything else in it.
pub fn partials(answer: &Answer) -> Vec<Partial> {
    let mut rest = answer.text();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let inner = rest.strip_prefix("<hx-partial hx-target=\"");
        let (target, after) = inner.and_then(|inner| inner.split_once("\" hx-swap=\"")).expect(rest);
        let (swap, after) = after.split_once("\">").expect(rest);
        let (html, after) = after.split_once("</hx-partial>").expect(rest);
        found.push(Partial { target: target.into(), swap: swap.into(), html: html.into() });
        rest = after;
    }
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert!(answer.header("Vary").is_some_and(|vary| vary.contains("HX-Request-Type")));
    found
}

/// Where the changes go, and how: `#flash innerHTML`.
pub fn places(partials: &[Partial]) -> Vec<String> {
    partials.iter().map(|partial| format!("{} {}", partial.target, partial.swap)).collect()
}

/// What is told at the top of the page.
pub fn told(html: &Html) -> Vec<String> {
    texts(html, "#flash > p")
}

/// Panics unless the answer leads to `location`, and the next page tells `sentence`, once.
pub fn assert_done(client: &Client, answer: &Answer, location: &str, sentence: &str) {
    assert_eq!((answer.status, answer.header("Location")), (303, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(told(&client.follow(answer).html()), [sentence]);
    assert_eq!(told(&client.follow(answer).html()), [""; 0], "it is told once");
}

/// Panics unless it is the site's whole page for an error, and its reader is still signed in.
pub fn assert_page_of_error(client: &Client, answer: &Answer, status: u16, heading: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().starts_with("<!DOCTYPE html>"));
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), [heading]);
    let own: Vec<String> =
        (client.user_id > 0).then(|| format!("/users/{}", client.user_id)).into_iter().collect();
    assert_eq!(attributes(&html, "header a.self", "href"), own);
}

/// Panics unless nothing but an alert comes back for htmx.
pub fn assert_alert(answer: &Answer, status: u16, sentence: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let changes = partials(answer);
    assert_eq!(places(&changes), ["#flash innerHTML"]);
    let html = Html::parse_fragment(&changes[0].html);
    assert_eq!(texts(&html, "p.flash.alert"), [sentence]);
}

/// Panics unless a guest is led to sign in and then to `return_to`, by a redirect and by htmx.
pub fn assert_leads_to_sign_in(plain: &Answer, htmx: &Answer, return_to: &str) {
    let query = serde_urlencoded::to_string([("return_to", return_to)]).expect("a string can be encoded");
    let location = format!("/sign_in?{query}");
    assert_eq!((plain.status, plain.header("Location")), (303, Some(&*location)));
    assert_eq!((htmx.status, htmx.header("HX-Redirect")), (401, Some(&*location)));
    assert_eq!((htmx.header("Location"), htmx.text()), (None, ""));
}

pub const NOT_FOUND: &str = "The page you were looking for doesn't exist.";
pub const REJECTED: &str = "The change you wanted was rejected.";

/// The single value of a query.
pub fn one<T: rusqlite::types::FromSql>(connection: &rusqlite::Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// What is wrong with a form, as the page or fragment says it: above it, and each at its field.
pub fn assert_refused(html: &Html, noun: &str, sentences: &[&str]) {
    let number = sentences.len();
    let heading = if number == 1 { "1 error".to_owned() } else { format!("{number} errors") };
    assert_eq!(texts(html, "div.errors h2"), [format!("{heading} prohibited this {noun} from being saved:")]);
    assert_eq!(texts(html, "div.errors li"), sentences);
    assert_eq!(attributes(html, "div.errors", "role"), ["alert"]);
    let mut at_fields = texts(html, "div.field div.error p");
    let mut sentences = sentences.to_vec();
    at_fields.sort();
    sentences.sort_unstable();
    assert_eq!(at_fields, sentences);
}

//! Helpers that read an answer as a user and a browser see it.

use rusqlite::Connection;
use rusqlite::types::FromSql;
use scraper::Html;

use crate::client::Client;
use crate::harness::*;

/// The notices and alerts at the top of the page.
pub fn flash(answer: &Answer) -> Vec<String> {
    notices(&answer.html())
}

/// The errors of a form: the heading, and the sentences, first those that are about no field.
pub fn errors(answer: &Answer) -> (String, Vec<String>) {
    let html = answer.html();
    (texts(&html, ".errors h2").concat(), sentences(&html))
}

/// The sentences of a form's errors: those about no field above it, then those at the fields.
fn sentences(html: &Html) -> Vec<String> {
    let mut sentences = texts(html, ".errors li:not(:has(a))");
    sentences.extend(texts(html, ".field .error p, .choices .error"));
    sentences
}

/// The value of an `input` of the form.
pub fn line(answer: &Answer, name: &str) -> String {
    attributes(&answer.html(), &format!("main input[name={name}]"), "value").concat()
}

/// The text of a `textarea` of the form. (Browsers and the parser drop a leading line break.)
pub fn area(answer: &Answer, name: &str) -> String {
    texts(&answer.html(), &format!("main textarea[name={name}]")).concat()
}

/// The name in the header; `None` for a guest.
pub fn viewer(answer: &Answer) -> Option<String> {
    texts(&answer.html(), "header a.self").pop()
}

/// The name that a page shows the client as its own; `None` for a guest.
pub fn whoami(client: &Client) -> Option<String> {
    viewer(&client.get("/sign_up"))
}

/// All cookies with this name that the answer sets, without the letters of the database.
pub fn set_cookies(answer: &Answer, name: &str) -> Vec<String> {
    let cookies = answer.headers.iter().filter(|header| header.0.eq_ignore_ascii_case("Set-Cookie"));
    let parts = cookies.filter_map(|header| header.1.split_once('='));
    let named = parts.filter(|(full, _)| without_letters(full) == name && *full != name);
    named.map(|(_, rest)| format!("{name}={rest}")).collect()
}

/// Panics unless it is a redirect (303) to the address that must not be cached.
pub fn assert_leads_to(answer: &Answer, location: &str) {
    assert_eq!((answer.status, answer.header("Location")), (303, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("HX-Redirect"), None);
    assert_guarded(answer);
}

/// Panics unless it is a redirect for htmx (`HX-Redirect`) with this status.
pub fn assert_leads_htmx_to(answer: &Answer, status: u16, location: &str) {
    assert_eq!((answer.status, answer.header("HX-Redirect")), (status, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!((answer.header("Location"), answer.text()), (None, ""));
    assert_guarded(answer);
}

/// Panics unless the answer has the security and cache headers of a page.
pub fn assert_guarded(answer: &Answer) {
    let policy = answer.header("Content-Security-Policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let kept = answer.header("Cache-Control").expect("a Cache-Control header");
    assert!(matches!(kept, "private, no-cache" | "no-store"), "{kept}");
}

/// The single text of a query.
pub fn string(connection: &Connection, sql: &str) -> String {
    one(connection, sql)
}

/// The name of a user of the demo.
pub fn name_of(connection: &Connection, id: i64) -> String {
    string(connection, &format!("SELECT screen_name FROM users WHERE id = {id}"))
}

pub fn count(connection: &Connection, table: &str) -> i64 {
    number(connection, &format!("SELECT count(*) FROM {table}"))
}

/// A page change (`hx-partial`) in an answer for htmx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    pub target: String,
    pub swap: String,
    pub html: String,
}

/// The page changes in an answer for htmx. Panics if it contains anything else.
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

/// HTML without the links from comments to those around them, which only a whole page can have.
pub fn alone(html: &str) -> String {
    let mut parts = html.split("<span class=near>");
    let before = parts.next().unwrap_or_default().to_owned();
    let others = parts.map(|part| part.split_once("</span>").expect(part).1);
    before + &others.collect::<String>()
}

/// Target and swap of each change, such as `#flash innerHTML`.
pub fn places(partials: &[Partial]) -> Vec<String> {
    partials.iter().map(|partial| format!("{} {}", partial.target, partial.swap)).collect()
}

/// The notices and alerts at the top of the page.
pub fn notices(html: &Html) -> Vec<String> {
    texts(html, "#flash > p")
}

/// Panics unless the answer redirects to `location`, and the next page shows the notice `sentence` once.
pub fn assert_done(client: &Client, answer: &Answer, location: &str, sentence: &str) {
    assert_eq!((answer.status, answer.header("Location")), (303, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(notices(&client.follow(answer).html()), [sentence]);
    assert_eq!(notices(&client.follow(answer).html()), [""; 0], "the notice is shown once");
}

/// Panics unless it is the whole error page, and the user is still signed in.
pub fn assert_page_of_error(client: &Client, answer: &Answer, status: u16, heading: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().starts_with("<!DOCTYPE html>"));
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), [heading]);
    let own: Vec<String> =
        (client.user_id > 0).then(|| format!("/users/{}", client.user_id)).into_iter().collect();
    assert_eq!(attributes(&html, "header a.self", "href"), own);
}

/// Panics unless the answer for htmx is an alert only.
pub fn assert_alert(answer: &Answer, status: u16, sentence: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let changes = partials(answer);
    assert_eq!(places(&changes), ["#flash innerHTML"]);
    let html = Html::parse_fragment(&changes[0].html);
    assert_eq!(texts(&html, "p.flash.alert"), [sentence]);
}

/// Panics unless both answers lead a guest to sign in and then to `return_to`.
pub fn assert_leads_to_sign_in(plain: &Answer, htmx: &Answer, return_to: &str) {
    let query = serde_urlencoded::to_string([("return_to", return_to)]).expect("a string can be encoded");
    let location = format!("/sign_in?{query}");
    assert_eq!((plain.status, plain.header("Location")), (303, Some(&*location)));
    assert_eq!((htmx.status, htmx.header("HX-Redirect")), (401, Some(&*location)));
    assert_eq!((htmx.header("Location"), htmx.text()), (None, ""));
}

pub const NOT_FOUND: &str = "The page you were looking for doesn't exist.";
pub const LOST: &str = "The page you were looking for doesn't exist. \
    What you replied to was deleted while you were writing.";
pub const REJECTED: &str = "The change you wanted was rejected.";
pub const CLOSED: &str = "This is not open to you.";

/// The heading of a refusal.
pub fn refused(method: &str) -> &'static str {
    if method == "GET" { CLOSED } else { REJECTED }
}

/// The single value of a query.
pub fn one<T: FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Panics unless the form shows these errors, each once and at its field, below a heading that leads to the fields.
pub fn assert_refused(html: &Html, noun: &str, expected: &[&str]) {
    let number = expected.len();
    let heading = if number == 1 { "1 error".to_owned() } else { format!("{number} errors") };
    assert_eq!(texts(html, "div.errors h2"), [format!("{heading} prohibited this {noun} from being saved:")]);
    assert_eq!(attributes(html, "div.errors", "role"), ["alert"]);
    let mut sentences = texts(html, "div.field div.error p");
    let mut expected = expected.to_vec();
    sentences.sort();
    expected.sort_unstable();
    assert_eq!(sentences, expected);
    let wrong = attributes(html, "[aria-invalid=true]", "id");
    let links: Vec<String> = wrong.iter().map(|id| format!("#{id}")).collect();
    assert_eq!(attributes(html, "div.errors li a", "href"), links);
    let labels: Vec<String> = wrong.iter().flat_map(|id| texts(html, &format!("label[for={id}]"))).collect();
    assert_eq!(texts(html, "div.errors li"), labels);
}

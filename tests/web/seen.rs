//! What somebody sees of an answer, and what their browser is told about it.

use rusqlite::Connection;

use crate::client::Client;
use crate::harness::*;

/// The sentences about what was done or went wrong.
pub fn flash(answer: &Answer) -> Vec<String> {
    texts(&answer.html(), "#flash p")
}

/// What is wrong with a form: the heading, and the sentences.
pub fn errors(answer: &Answer) -> (String, Vec<String>) {
    let html = answer.html();
    (texts(&html, ".errors h2").concat(), texts(&html, ".errors li"))
}

/// What stands in a line of a form.
pub fn line(answer: &Answer, name: &str) -> String {
    attributes(&answer.html(), &format!("main input[name={name}]"), "value").concat()
}

/// What stands in an area of a form. (A browser drops the line break that comes first, and so does
/// the parser.)
pub fn area(answer: &Answer, name: &str) -> String {
    texts(&answer.html(), &format!("main textarea[name={name}]")).concat()
}

/// The name in the header; `None` for a guest.
pub fn viewer(answer: &Answer) -> Option<String> {
    texts(&answer.html(), "header a.self").pop()
}

/// Who the client is now, by what a page says.
pub fn whoami(client: &mut Client) -> Option<String> {
    viewer(&client.get("/sign_up"))
}

/// All that are set under a name.
pub fn set_cookies<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let start = format!("{name}=");
    let cookies = answer.headers.iter().filter(|header| header.0.eq_ignore_ascii_case("Set-Cookie"));
    cookies.map(|header| header.1.as_str()).filter(|cookie| cookie.starts_with(&start)).collect()
}

/// Panics unless it is a redirect for a browser to the address, which nobody keeps.
pub fn assert_leads_to(answer: &Answer, location: &str) {
    assert_eq!((answer.status, answer.header("Location")), (303, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("HX-Redirect"), None);
    assert_guarded(answer);
}

/// Panics unless it is the same for htmx, with this status.
pub fn assert_leads_htmx_to(answer: &Answer, status: u16, location: &str) {
    assert_eq!((answer.status, answer.header("HX-Redirect")), (status, Some(location)), "{}", answer.text());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!((answer.header("Location"), answer.text()), (None, ""));
    assert_guarded(answer);
}

/// Panics unless a browser is told what it may not do with it.
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
    let kept = answer.header("Cache-Control").expect("it says who may keep it");
    assert!(matches!(kept, "private, no-cache" | "no-store"), "{kept}");
}

/// The changes in an answer for htmx: where, how, and what.
pub fn changes(answer: &Answer) -> Vec<(String, String, String)> {
    let selector = scraper::Selector::parse("hx-partial").expect("a selector");
    let html = scraper::Html::parse_fragment(answer.text());
    let attribute = |element: &scraper::ElementRef, name| element.attr(name).unwrap_or_default().to_owned();
    html.select(&selector)
        .map(|change| (attribute(&change, "hx-target"), attribute(&change, "hx-swap"), change.inner_html()))
        .collect()
}

/// The single text that a query gives.
pub fn string(connection: &Connection, sql: &str) -> String {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The name of a user of the demo.
pub fn name_of(connection: &Connection, id: i64) -> String {
    string(connection, &format!("SELECT screen_name FROM users WHERE id = {id}"))
}

pub fn count(connection: &Connection, table: &str) -> i64 {
    number(connection, &format!("SELECT count(*) FROM {table}"))
}

//! Accessibility: each page passes axe-core, fits its width, and has targets of sufficient size.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha384};

use crate::reader::{NARROW, PASSWORD, Reader, WIDE};

/// <https://github.com/dequelabs/axe-core>, see `docs/third-party.md`.
const AXE: &str = include_str!("axe.min.js");

#[test]
fn axe_has_the_hash_in_the_record_of_third_party_files() {
    let hash: String = Sha384::digest(AXE).iter().map(|byte| format!("{byte:02x}")).collect();
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/third-party.md");
    let record = std::fs::read_to_string(record).expect("a text");
    assert!(record.contains(&hash), "{hash} is not in docs/third-party.md");
}

/// Panics on any finding on the current page, wide and narrow, in light and in dark.
pub fn assert_accessible(reader: &Reader, page: &str) {
    // Opening and resizing shift the layout, which is no fault of the page.
    reader.evaluate(
        "touched = true; document.querySelectorAll('details').forEach(details => details.open = true)",
    );
    // Axe is loaded over DevTools, to which the security policy does not apply.
    reader.evaluate(&format!("{AXE}; true"));
    for width in [WIDE, NARROW] {
        reader.set_width(width);
        let wide = reader.evaluate("document.documentElement.scrollWidth").as_u64().expect("a width");
        assert!(wide <= u64::from(width), "{page} scrolls sideways: {wide} at {width} px");
        let small = reader.evaluate(SMALL_TARGETS);
        assert_eq!(small, "", "{page} at {width} px has targets under 24 px");
        for scheme in ["light", "dark"] {
            reader.set_colour_scheme(scheme);
            let found = reader.evaluate(AXE_RUN);
            assert_eq!(found, Value::from(""), "axe on {page}, {scheme}, {width} px");
        }
    }
    reader.set_width(WIDE);
}

const AXE_RUN: &str = "axe.run({
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        resultTypes: ['violations'],
    }).then(({violations}) => violations
        .map(({id, nodes}) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary} (${nodes.length})`).join('; '))";

/// Targets under 24 px each way (WCAG 2.2, 2.5.8, which excepts links inside a sentence and the browser's own
/// controls). Of a title on several lines, one line must be wide enough.
const SMALL_TARGETS: &str = "[...document.querySelectorAll('a, button, summary, input, textarea')]
    .filter(e => e.type !== 'hidden' && !e.closest('.prose, .hint, .site-footer, .comments div > p ~ *:not(.actions, form)'))
    .filter(e => !e.matches('.skip-link') && e.checkVisibility())
    .filter(e => [...e.getClientRects()].some(r => r.height < 23.99) || [...e.getClientRects()].every(r => r.width < 23.99))
    .map(e => e.outerHTML.slice(0, 80)).join('; ')";

#[test]
fn axe_finds_nothing_on_the_pages_of_a_guest() {
    let reader = Reader::new();
    reader.allow_fault("status of 4");
    for page in [
        "/",
        "/posts",
        "/posts/1",
        "/search",
        "/search?q=dolor",
        "/comments/1",
        "/comments/1/reply",
        "/users/1",
        "/status",
        "/sign_in",
        "/sign_up",
        "/nothing",
    ] {
        reader.open(page);
        assert_accessible(&reader, page);
    }
    reader.open("/sign_up");
    reader.follow("main button");
    assert!(reader.count("#screen_name_errors") == 1 && reader.count("#password_errors") == 1);
    assert_accessible(&reader, "the refused sign-up");
    reader.open("/sign_in?return_to=%2Fposts%2Fnew");
    reader.follow("main button");
    assert_eq!(reader.count("#flash .alert"), 1);
    assert_accessible(&reader, "the refused sign-in");
}

#[test]
fn axe_finds_nothing_on_the_forms_and_posts_of_a_user() {
    let reader = Reader::new();
    reader.allow_fault("status of 422");
    reader.sign_in();
    reader.open("/posts/new");
    reader.follow("main button");
    assert!(reader.count("#title_errors") == 1 && reader.count("#description_errors") <= 1);
    assert_accessible(&reader, "the refused post");
    reader.fill("#title", "A post with everything in it");
    reader.fill("#description", DESCRIPTION);
    reader.follow("main button");
    let post = reader.path();
    assert_accessible(&reader, "one's own post");
    reader.open(&format!("{post}/edit"));
    assert_accessible(&reader, "the form for a post");

    reader.open(&post);
    for text in ["A comment of one's own", "A comment of one's own, too"] {
        let number = reader.count("#comment_list li") + 1;
        reader.fill("#body", text);
        reader.click("#post_comment");
        reader.wait(&format!("document.querySelectorAll('#comment_list li').length === {number}"));
    }
    assert_accessible(&reader, "one's own comments");
    reader.click("#comment_list li:last-child a[id^=reply_]");
    reader.wait("document.activeElement.matches('#comment_list textarea')");
    assert_accessible(&reader, "a form for a reply");
    reader.type_over("A reply to oneself");
    reader.click("#comment_list li:last-child details > form button");
    reader.wait("document.querySelector('#comment_list details') !== null");
    assert_accessible(&reader, "a thread");
    reader.click("#comment_list li:first-child .actions a[id^=edit_]");
    reader.wait("document.activeElement.matches('#comment_list textarea')");
    assert_accessible(&reader, "a comment that is being changed");
    reader.type_over("no");
    reader.click("#comment_list li:first-child .actions button");
    reader.wait("document.querySelector('#comment_list .errors') !== null");
    reader.fill("#body", "hm");
    reader.click("#post_comment");
    reader.wait("document.querySelector('#comment_form .errors') !== null");
    assert_accessible(&reader, "two refused comments");
    let edit = reader.evaluate("document.querySelector('#comment_list .actions a').pathname");
    let edit = edit.as_str().expect("an address");
    reader.open(&format!("{edit}/edit"));
    assert_accessible(&reader, "the form for a comment");
}

const DESCRIPTION: &str =
    "Some *text* with https://example.com/a/rather/long/path/that/goes/on/and/on/index.html

  code that is wide, code that is wide, code that is wide, code that is wide, code that is wide

The end.";

#[test]
fn axe_finds_nothing_on_the_pages_of_an_account() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.allow_fault("status of 422");
    reader.another().sign_in_as(&name);
    reader.new_post("A post on somebody's own page");
    reader.fill("#body", "A comment on somebody's own page");
    reader.click("#post_comment");
    reader.wait("document.querySelectorAll('#comment_list li').length === 1");
    for page in ["/posts", "/user/edit", "/user/delete"] {
        reader.open(page);
        assert_accessible(&reader, page);
    }
    reader.follow("header a.self");
    assert_eq!(reader.count("#sessions li"), 2);
    assert_accessible(&reader, "one's own page");
    reader.open("/user/edit");
    reader.fill("#screen_name", "");
    reader.fill("#current_password", "not it");
    reader.fill("#password", PASSWORD);
    reader.follow("main form .actions button");
    assert_eq!(reader.count(".errors"), 1);
    assert_accessible(&reader, "the refused profile");
}

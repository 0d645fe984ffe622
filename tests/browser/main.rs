//! Browser tests: the site in a real Chromium, wide and narrow, light and dark, with and without JavaScript.
//! `bin/test` finds or installs the browser; `CHROME` names another.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

use lorem_test_support::harness;

mod access;
mod administration;
mod answers;
mod bounds;
mod comfort;
mod comments;
mod devtools;
mod directions;
mod following;
mod going_back;
mod hiding;
mod inbox;
mod inviting;
mod journeys;
mod links;
mod mailing;
mod moderating;
mod reader;
mod replies;
mod saving;
mod searching;
mod tags;
mod tokens;
mod voting;
mod writing;

use reader::{NARROW, Reader, WIDE};
use serde_json::Value;

/// One page of each kind.
const PAGES: [&str; 12] = [
    "/",
    "/search?q=dolor",
    "/posts",
    "/posts/1",
    "/comments/1",
    "/comments/1/reply",
    "/users/1",
    "/log",
    "/nothing",
    "/posts?after=wrong",
    "/users/1?comments=9-9",
    "/benchmarking/balanced",
];

#[test]
fn a_reader_clicks_through_the_site() {
    let reader = Reader::new();
    reader.open("/");
    assert_eq!(reader.text("h1").to_lowercase(), "top posts");
    let first = reader.text("ol.posts li a");
    reader.follow("a[rel=next]");
    assert_ne!(reader.text("ol.posts li a"), first, "the second page starts with another post");
    reader.follow("nav a[href='/posts']");
    assert_eq!(reader.text("h1").to_lowercase(), "recent posts");
    let title = reader.text("ol.posts li a");
    reader.follow("ol.posts li a");
    assert_eq!(reader.text("h1").to_lowercase(), title.to_lowercase());
    let author = reader.text(".byline a");
    reader.follow(".byline a");
    assert_eq!(reader.text("h1").to_lowercase(), author.to_lowercase());
    reader.follow("a.brand");
    assert_eq!(reader.path(), "/");
}

#[test]
fn the_site_can_be_read_without_javascript() {
    let reader = Reader::new();
    reader.disable_javascript();
    reader.open("/");
    let first = reader.text("ol.posts li a");
    reader.follow("a[rel=next]");
    assert_ne!(reader.text("ol.posts li a"), first);
    reader.follow("ol.posts li a");
    assert!(reader.path().starts_with("/posts/"));
    assert!(!reader.text("#comments").is_empty());
}

#[test]
fn no_page_scrolls_sideways_at_320_pixels() {
    let reader = Reader::on_new_site();
    reader.allow_fault("status of 4");
    let database = reader.site.database();
    let long = "x".repeat(300);
    database.execute("UPDATE posts SET title = ?1 WHERE id = 1", [&long]).expect("a title changes");
    database.execute("UPDATE comments SET body = ?1 WHERE post_id = 1", [&long]).expect("comments change");
    database
        .execute("UPDATE users SET screen_name = ?1 WHERE id = 1", [&long[..30]])
        .expect("a name changes");
    reader.sign_in();
    reader.set_width(NARROW);
    for page in PAGES {
        reader.open(page);
        reader.evaluate(
            "touched = true; document.querySelectorAll('details').forEach(details => details.open = true)",
        );
        assert_eq!(reader.evaluate("document.documentElement.scrollWidth"), Value::from(NARROW), "{page}");
    }
}

#[test]
fn no_page_violates_its_security_policy_or_shifts_while_it_loads() {
    let reader = Reader::new();
    reader.allow_fault("status of 4");
    reader.sign_in();
    for width in [WIDE, NARROW] {
        reader.set_width(width);
        for page in PAGES {
            reader.open(page);
            assert_eq!(reader.faults(), [""; 0], "{page}");
            assert_eq!(reader.evaluate("shift < 0.01"), true, "{page} shifts at {width} px");
            assert_eq!(reader.evaluate("typeof htmx"), Value::from("object"), "{page}");
        }
    }
}

#[test]
fn the_first_visit_transfers_less_than_30_kilobytes() {
    let reader = Reader::new();
    reader.open("/");
    let bytes = reader.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .reduce((sum, entry) => sum + entry.transferSize, 0)",
    );
    let bytes = bytes.as_f64().expect("a number");
    assert!((10_000.0..30_000.0).contains(&bytes), "{bytes} bytes");
}

#[test]
fn text_has_enough_contrast_in_light_and_in_dark() {
    let reader = Reader::new();
    reader.allow_fault("status of 4");
    reader.sign_in();
    for scheme in ["light", "dark"] {
        reader.set_colour_scheme(scheme);
        for page in PAGES {
            reader.open(page);
            let faint = reader.evaluate(FAINT_TEXTS);
            assert_eq!(faint, Value::from(""), "{page} in {scheme}");
        }
    }
    let background = |scheme| {
        reader.set_colour_scheme(scheme);
        reader.evaluate("getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor")
    };
    assert_ne!(background("light"), background("dark"));
}

/// Every visible text whose contrast with its background is under 4.5 (WCAG 2.2, 1.4.3). Colours are drawn on a
/// canvas, which understands every notation.
const FAINT_TEXTS: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => { for (let e = element; e; e = e.parentElement) {
        const colour = rgba(getComputedStyle(e).backgroundColor); if (colour[3] === 255) return colour; }
        return rgba('Canvas'); };
    const faint = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
        const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) faint.push(`${walk.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
    }
    return faint.join('; ');
})()";

#[test]
fn the_first_tab_reaches_the_skip_link_and_the_focus_is_visible() {
    let reader = Reader::new();
    reader.open("/");
    reader.press("Tab");
    assert_eq!(reader.evaluate("document.activeElement.innerText"), Value::from("Skip to content"));
    let shown = reader.evaluate("document.activeElement.getBoundingClientRect().top >= 0");
    assert_eq!(shown, Value::from(true), "the skip link is visible when it has the focus");
    reader.press("Tab");
    let outline = reader.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, Value::from("solid"), "the focus is visible");
}

#[test]
fn targets_are_at_least_24_pixels_high() {
    let reader = Reader::new();
    reader.sign_in();
    reader.set_width(NARROW);
    for page in ["/", "/posts/1", "/users/1"] {
        reader.open(page);
        // WCAG 2.2, 2.5.8, which excepts links inside a sentence, such as those in the footer.
        let small = reader.evaluate(
            "[...document.querySelectorAll('header a, main ol.posts li > a, .pager a, summary')]
                .map(e => e.getBoundingClientRect()).filter(r => r.height > 0 && r.height < 24).length",
        );
        assert_eq!(small, Value::from(0), "{page}");
    }
}

#[test]
fn a_signed_in_user_sees_their_name_and_their_sessions() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.open("/");
    assert_eq!(reader.text("header a.self"), name);
    reader.follow("header a.self");
    assert_eq!(reader.text("h1").to_lowercase(), name.to_lowercase());
    reader.click("#sessions summary");
    assert_eq!(reader.text("#sessions .badge").to_lowercase(), "active");
}

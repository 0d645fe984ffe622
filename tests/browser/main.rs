//! The site as a person meets it: in a real Chromium, wide and narrow, light and dark, with and
//! without JavaScript. `bin/test` finds or installs the browser; `CHROME` names another.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../web/harness.rs"]
mod harness;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use harness::{Site, eventually};
use headless_chrome::browser::tab::point::Point;
use headless_chrome::protocol::cdp::types::Method;
use headless_chrome::protocol::cdp::{DOM, Emulation, Network, Page};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

const WIDE: u32 = 1000;
const NARROW: u32 = 320;

/// A browser with one tab on one site.
struct Reader {
    site: Site,
    tab: Arc<Tab>,
    _browser: Browser,
}

impl Reader {
    fn new() -> Reader {
        // As root Chromium refuses its sandbox; and it must not look for anything beyond this machine.
        let arguments = [
            "--disable-background-networking",
            "--disable-quic",
            "--no-first-run",
            "--disable-component-update",
        ];
        let options = LaunchOptions::default_builder()
            .path(Some(chromium()))
            .sandbox(false)
            .args(arguments.iter().map(OsStr::new).collect())
            .idle_browser_timeout(harness::PATIENCE)
            .build()
            .expect("the options are whole");
        let browser = Browser::new(options).expect("Chromium starts");
        let tab = browser.new_tab().expect("a tab opens");
        tab.set_default_timeout(harness::PATIENCE);
        let reader = Reader { site: Site::with(70, |_| {}), tab, _browser: browser };
        reader.call(Page::AddScriptToEvaluateOnNewDocument {
            source: WATCH.into(),
            world_name: None,
            include_command_line_api: None,
            run_immediately: None,
        });
        reader.width(WIDE);
        reader
    }

    fn call<M: Method + serde::Serialize + std::fmt::Debug>(&self, method: M) -> M::ReturnObject {
        self.tab.call_method(method).expect("Chromium does it")
    }

    fn width(&self, width: u32) {
        self.call(Emulation::SetDeviceMetricsOverride {
            width,
            height: 800,
            device_scale_factor: 1.0,
            mobile: width < 500,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        });
    }

    fn colours(&self, scheme: &str) {
        let feature = Emulation::MediaFeature { name: "prefers-color-scheme".into(), value: scheme.into() };
        self.call(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) });
    }

    fn without_javascript(&self) {
        self.call(Emulation::SetScriptExecutionDisabled { value: true });
    }

    /// Signs in as somebody, as the load tests do; their name.
    fn sign_in(&self) -> String {
        let answer = self.site.post("/benchmarking/user_show");
        self.call(Network::SetCookie {
            name: "session".into(),
            value: answer.session().into(),
            url: Some(format!("http://{}", self.site.address)),
            domain: None,
            path: None,
            secure: None,
            http_only: Some(true),
            same_site: None,
            expires: None,
            priority: None,
            same_party: None,
            source_scheme: None,
            source_port: None,
            partition_key: None,
        });
        harness::texts(&answer.html(), "h1").join("")
    }

    fn open(&self, path: &str) {
        let address = format!("http://{}{path}", self.site.address);
        self.tab.navigate_to(&address).and_then(Tab::wait_until_navigated).expect("the page loads");
    }

    /// Clicks with the mouse, which needs no JavaScript, and waits for the page that it leads to.
    fn follow(&self, selector: &str) {
        let page = || self.see("document.readyState === 'complete' && performance.timeOrigin");
        let before = page();
        self.click(selector);
        eventually("another page loads", || (page().is_number() && page() != before).then_some(()));
    }

    fn click(&self, selector: &str) {
        let element = self.tab.wait_for_element(selector).expect("it is there");
        self.call(DOM::ScrollIntoViewIfNeeded {
            node_id: Some(element.node_id),
            backend_node_id: None,
            object_id: None,
            rect: None,
        });
        let place = element.get_box_model().expect("it is shown").content;
        let (x, y) = (place.most_left() + place.width() / 2.0, place.most_top() + place.height() / 2.0);
        self.tab.click_point(Point { x, y }).expect("it can be clicked");
    }

    fn see(&self, script: &str) -> Value {
        self.tab.evaluate(script, true).expect("the script runs").value.unwrap_or(Value::Null)
    }

    fn text(&self, selector: &str) -> String {
        self.see(&format!("document.querySelector({selector:?}).innerText"))
            .as_str()
            .unwrap_or_default()
            .trim()
            .into()
    }

    fn path(&self) -> String {
        self.see("location.pathname").as_str().expect("a path").into()
    }
}

fn chromium() -> PathBuf {
    let named = std::env::var_os("CHROME").map(PathBuf::from);
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let on_the_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .flat_map(|folder| known.map(|name| folder.join(name)))
            .find(|file| file.is_file())
    };
    named.or_else(on_the_path).expect("these tests need Chromium: run bin/test, or set CHROME")
}

/// Runs before any script of the page: notes what the page should not do.
const WATCH: &str = "
    window.faults = [];
    addEventListener('securitypolicyviolation', e => faults.push(`${e.violatedDirective} ${e.blockedURI}`));
    addEventListener('error', e => faults.push(e.message || e.target.outerHTML), true);
    window.shift = 0;
    new PerformanceObserver(list => { for (const e of list.getEntries()) shift += e.value; })
        .observe({type: 'layout-shift', buffered: true});
";

/// One page of each kind.
const PAGES: [&str; 8] = [
    "/",
    "/posts",
    "/posts/1",
    "/users/1",
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
    assert_ne!(reader.text("ol.posts li a"), first, "the second page begins elsewhere");
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
fn everything_is_there_without_javascript() {
    let reader = Reader::new();
    reader.without_javascript();
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
    let reader = Reader::new();
    let database = reader.site.database();
    let long = "x".repeat(300);
    database.execute("UPDATE posts SET title = ?1 WHERE id = 1", [&long]).expect("a title changes");
    database.execute("UPDATE comments SET body = ?1 WHERE post_id = 1", [&long]).expect("comments change");
    database
        .execute("UPDATE users SET screen_name = ?1 WHERE id = 1", [&long[..30]])
        .expect("a name changes");
    reader.sign_in();
    reader.width(NARROW);
    for page in PAGES {
        reader.open(page);
        reader.see("document.querySelectorAll('details').forEach(details => details.open = true)");
        assert_eq!(reader.see("document.documentElement.scrollWidth"), Value::from(NARROW), "{page}");
    }
}

#[test]
fn no_page_breaks_its_own_policy_or_moves_while_it_loads() {
    let reader = Reader::new();
    reader.sign_in();
    for width in [WIDE, NARROW] {
        reader.width(width);
        for page in PAGES {
            reader.open(page);
            assert_eq!(reader.see("JSON.stringify(faults)"), Value::from("[]"), "{page}");
            assert_eq!(reader.see("shift"), Value::from(0), "{page} moves at {width} px");
            assert_eq!(reader.see("typeof htmx"), Value::from("object"), "{page}");
        }
    }
}

#[test]
fn the_first_visit_costs_less_than_30_kilobytes() {
    let reader = Reader::new();
    reader.open("/");
    let bytes = reader.see(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .reduce((sum, entry) => sum + entry.transferSize, 0)",
    );
    let bytes = bytes.as_f64().expect("a number");
    assert!((10_000.0..30_000.0).contains(&bytes), "{bytes} bytes");
}

#[test]
fn text_can_be_read_in_light_and_in_dark() {
    let reader = Reader::new();
    reader.sign_in();
    for scheme in ["light", "dark"] {
        reader.colours(scheme);
        for page in PAGES {
            reader.open(page);
            let faint = reader.see(FAINT_TEXTS);
            assert_eq!(faint, Value::from(""), "{page} in {scheme}");
        }
    }
    let background = |scheme| {
        reader.colours(scheme);
        reader.see("getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor")
    };
    assert_ne!(background("light"), background("dark"));
}

/// Every text whose contrast with what lies behind it is under 4.5 (WCAG 2.2, 1.4.3), for texts that
/// can be seen. Colours are drawn on a canvas, which understands every notation.
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
fn the_keyboard_reaches_the_content_first_and_shows_where_it_is() {
    let reader = Reader::new();
    reader.open("/");
    reader.tab.press_key("Tab").expect("a key is pressed");
    assert_eq!(reader.see("document.activeElement.innerText"), Value::from("Skip to content"));
    let shown = reader.see("document.activeElement.getBoundingClientRect().top >= 0");
    assert_eq!(shown, Value::from(true), "the skip link is seen when it has the focus");
    reader.tab.press_key("Tab").expect("a key is pressed");
    let outline = reader.see("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, Value::from("solid"), "the focus can be seen");
}

#[test]
fn small_targets_are_large_enough_for_a_finger() {
    let reader = Reader::new();
    reader.sign_in();
    reader.width(NARROW);
    for page in ["/", "/posts/1", "/users/1"] {
        reader.open(page);
        // WCAG 2.2, 2.5.8; links inside a sentence are excepted there, and so in the footer.
        let small = reader.see(
            "[...document.querySelectorAll('header a, main ol.posts li > a, .pager a, summary')]
                .map(e => e.getBoundingClientRect()).filter(r => r.height > 0 && r.height < 24).length",
        );
        assert_eq!(small, Value::from(0), "{page}");
    }
}

#[test]
fn who_is_signed_in_sees_their_name_and_their_sessions() {
    let reader = Reader::new();
    let name = reader.sign_in();
    reader.open("/");
    assert_eq!(reader.text("header a.self"), name);
    reader.follow("header a.self");
    assert_eq!(reader.text("h1").to_lowercase(), name.to_lowercase());
    reader.click("#sessions summary");
    assert_eq!(reader.text("#sessions .badge").to_lowercase(), "active");
}

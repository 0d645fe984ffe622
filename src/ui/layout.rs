//! The frame round every page.

use std::borrow::Cow;

use horrorshow::helper::doctype;
use horrorshow::prelude::*;
use horrorshow::{html, owned_html};
use lazy_static::lazy_static;

use super::{button, message};
use crate::auth;
use crate::html::text::{DOT, Rendered, Text, Value};
use crate::site::origin::Origin;
use crate::web::Viewer;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::paths::Path;
use crate::web::preferences::{Keys, Preferences, Theme};
use crate::web::{self, Cx, assets, paths, xml};

/// What the frame shows besides the content.
#[derive(Default)]
pub struct Page<'p> {
    /// The page's only `h1`, set into the frame; also in the window's title.
    pub heading: &'p str,
    /// A link set into the frame on the other side: where it leads and what it says.
    pub aside: Option<(&'p str, &'static str)>,
    /// One sentence about the page for search engines and link previews.
    pub description: &'p str,
    /// How it is shown where somebody links to it, if that is worth more than its address.
    pub preview: Option<Preview<'p>>,
    /// The feed of what it shows: a path of this site.
    pub feed: Option<Cow<'static, str>>,
    /// Who asks.
    pub viewer: Option<&'p Viewer>,
    /// How they want to read.
    pub preferences: Preferences,
    /// Where it is, if it is a page that somebody asked for: the header marks it.
    pub path: &'p str,
    /// What has just been done.
    pub flash: Option<Flash>,
    /// What went wrong, if the page says no more about it than one sentence.
    pub alert: Option<&'p str>,
}

/// What other sites show of a page that somebody links to, besides its heading and description
/// (<https://ogp.me>), and the address that search engines know it by.
pub struct Preview<'p> {
    /// The site's own address.
    pub origin: Origin<'p>,
    /// The page's.
    pub path: Path,
}

impl<'p> Page<'p> {
    /// A page for whoever asks, which tells them what they have just done.
    ///
    /// # Errors
    /// The database's, when asking who asks.
    pub fn new(cx: &'p Cx, heading: &'p str) -> web::Result<Page<'p>> {
        let path = if cx.method() == "GET" { cx.path() } else { "" };
        let (viewer, preferences) = (auth::viewer(cx)?, Preferences::of(cx));
        Ok(Page { heading, viewer, preferences, path, flash: Flash::of(cx), ..Page::default() })
    }

    /// The same, with a form on it. When it was refused, what was done before can wait.
    ///
    /// # Errors
    /// As there.
    pub fn with_form(cx: &'p Cx, heading: &'p str, errors: &Errors) -> web::Result<Page<'p>> {
        let page = Page::new(cx, heading)?;
        Ok(Page { flash: page.flash.filter(|_| errors.is_empty()), ..page })
    }
}

/// The site's name.
pub const SITE: &str = "Lorem News";

/// Configures htmx where its defaults are not ours: an answer names the places that it changes, and goes
/// nowhere else (docs/decisions/0009-htmx-gets-changes.md); errors of the server are not swapped into the
/// page, and what a reader has opened stays open.
const HTMX_CONFIG: &str =
    r#"{"defaultSwap":"none","noSwap":[204,304,"5xx"],"morphIgnore":["data-htmx-powered","open"]}"#;

/// Room for most pages at once: growing would copy what is there. Pages of memory that nothing is written
/// to cost nothing.
const ROOM: usize = 64 * 1024;

/// The whole page.
///
/// # Errors
/// Those that a view recorded.
pub fn render(page: &Page, main: impl RenderOnce) -> Result<String, horrorshow::Error> {
    let mut html = String::with_capacity(ROOM);
    html! {
        : doctype::HTML;
        html(lang="en", data-theme?=chosen(page.preferences.theme)) {
            head { : head(page) }
            body {
                : Raw(r##"<a class="skip-link" href="#main">Skip to content</a>"##);
                : header(page.viewer, page.path);
                div(id="flash", role="status") {
                    @ if let Some(flash) = page.flash { : message::notice(flash.text()) }
                    @ if let Some(sentence) = page.alert { : message::alert(sentence) }
                }
                main(id="main", class="card") {
                    div(class="card-title") {
                        // The frame's line ends where the words of each line do: a span's do, a block's don't.
                        h1 { span { : Text(page.heading) } }
                        @ if let Some((href, text)) = page.aside { a(href=href) { : text } }
                    }
                    : main;
                }
                : &*ACTS;
                footer(class="site-footer") {
                    : &*FOOTER;
                    p {
                        : &*FOOTER_LINKS;
                        @ if let Some(feed) = &page.feed { span(id="feed") { : DOT; a(href=&**feed) { : "Feed" } } }
                    }
                }
            }
        }
    }
    .write_to_string(&mut html)?;
    Ok(html)
}

fn head<'p>(page: &'p Page) -> impl Render + 'p {
    owned_html! {
        meta(charset="utf-8");
        title {
            @ if !page.heading.is_empty() { : Text(page.heading); : Raw(" · ") }
            : SITE;
        }
        @ if !page.description.is_empty() { meta(name="description", content=Value(page.description)); }
        @ match page.preferences.theme {
            // Between them a browser chooses as it does between the colours.
            Theme::System => {
                : Raw(r##"<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">"##);
                : Raw(r##"<meta name="theme-color" content="#111111" media="(prefers-color-scheme: dark)">"##);
            }
            Theme::Light => { meta(name="theme-color", content="#ffffff"); }
            Theme::Dark => { meta(name="theme-color", content="#111111"); }
        }
        @ if let Some(preview) = &page.preview { : preview_of(page, preview) }
        @ if let Some(feed) = &page.feed {
            link(rel="alternate", type=xml::ATOM, href=Value(feed));
        }
        : &*HEAD;
        @ if page.preferences.keys == Keys::On { : &*READING_BY_KEYBOARD }
    }
}

/// What the page says of a theme that is not the system's: the stylesheet has all of them.
fn chosen(theme: Theme) -> Option<&'static str> {
    (theme != Theme::System).then(|| theme.name())
}

fn preview_of<'p>(page: &'p Page, Preview { origin, path }: &'p Preview) -> impl Render + 'p {
    owned_html! {
        : Raw(r#"<link rel=canonical href=""#); : origin; : path;
        : Raw(r#""><meta property=og:url content=""#); : origin; : path;
        : Raw(r#""><meta property=og:title content=""#); : Value(page.heading);
        : Raw(r#""><meta property=og:description content=""#); : Value(page.description);
        : Raw(r#""><meta property=og:image content=""#); : origin; : paths::ICON; : Raw(r#"">"#);
        : &*PREVIEW;
    }
}

lazy_static! {
    /// What the heads of all pages have: to render it each time took a tenth of a page's time.
    static ref HEAD: Rendered = Rendered::of(same_head());
    static ref READING_BY_KEYBOARD: Rendered = Rendered::of(owned_html! { script(src=*assets::KEYS, defer); });
    static ref PREVIEW: Rendered = Rendered::of(same_preview());
    /// By the list that the page is; the last is for those that are none.
    static ref LISTS: Vec<Rendered> = (0..=NAMES.len()).map(|here| Rendered::of(lists(here))).collect();
    static ref ACTS: Rendered = Rendered::of(acts());
    static ref FOOTER: Rendered = Rendered::of(footer());
    static ref FOOTER_LINKS: Rendered = Rendered::of(footer_links());
}

fn same_preview() -> impl Render {
    owned_html! {
        meta(property="og:type", content="article");
        meta(property="og:site_name", content=SITE);
        meta(name="twitter:card", content="summary");
    }
}

fn same_head() -> impl Render {
    owned_html! {
        meta(name="viewport", content="width=device-width, initial-scale=1");
        meta(name="htmx-config", content=HTMX_CONFIG);
        link(rel="stylesheet", href=*assets::STYLESHEET);
        link(rel="icon", href="/icon.svg", type="image/svg+xml");
        link(rel="apple-touch-icon", href=paths::ICON);
        link(rel="manifest", href=paths::MANIFEST);
        script(src=*assets::HTMX, defer);
        script(src=*assets::SCRIPT, defer);
    }
}

/// The form of all buttons that change one thing on the page and need no more than an address, which each
/// has itself (`formaction`): a list has one a row, and a form of its own for each would be half the list.
/// htmx takes the address from the button when it takes the form over whole (`hx-boost`). Whoever is quick
/// presses several before the first is answered.
fn acts() -> impl Render {
    owned_html! {
        form(
            id="acts", method="post",
            hx-boost="true", hx-target="this", hx-push-url="false", hx-sync="this:queue all"
        ) {}
    }
}

/// The lists that the header leads to.
const NAMES: [(&str, &str); 4] =
    [(paths::FRONT, "Top"), (paths::POSTS, "New"), (paths::BEST, "Best"), (paths::SEARCH, "Search")];

/// The ways to the lists, the one that the page is marked.
fn lists(here: usize) -> impl Render {
    owned_html! {
        @ for (at, (path, name)) in NAMES.into_iter().enumerate() {
            a(href=path, aria-current?=current(at == here)) { : name }
            : SEPARATOR;
        }
    }
}

/// Which of them a page is.
fn list_at(path: &str) -> usize {
    // The lists over other times are the same list to the header.
    let is_best = path.split('/').nth(1) == Some(&paths::BEST[1..]);
    let path = if is_best { paths::BEST } else { path };
    NAMES.iter().position(|(list, _)| *list == path).unwrap_or(NAMES.len())
}

fn header<'p>(viewer: Option<&'p Viewer>, path: &'p str) -> impl Render + 'p {
    owned_html! {
        header(class="site-header") {
            a(class="brand", href=paths::FRONT) { : SITE }
            nav(aria-label="Site") {
                : &LISTS[list_at(path)];
                @ if let Some(viewer) = viewer {
                    @ if viewer.is_admin {
                        a(href=paths::FLAGS, aria-current?=current(path == paths::FLAGS)) { : "Flags" }
                        : SEPARATOR;
                    }
                    a(class="self", href=paths::user(viewer.id)) { : Text(&viewer.screen_name) }
                    : SEPARATOR;
                    : button::delete(paths::session(viewer.session_id), "link", "Sign out");
                } else {
                    a(href=paths::SIGN_IN) { : "Sign in" }
                    : SEPARATOR;
                    a(href=paths::SIGN_UP) { : "Sign up" }
                }
            }
        }
    }
}

/// The value of `aria-current` on a link to the page that it is on.
#[must_use]
pub fn current(is_here: bool) -> Option<&'static str> {
    is_here.then_some("page")
}

const SEPARATOR: Raw<&str> = Raw(r#"<span class="separator" aria-hidden="true">|</span>"#);

fn footer() -> impl Render {
    owned_html! {
        p {
            : "Made with ♥ by ";
            a(href="https://twitter.com/fractaledmind") { : "@fractaledmind" }
            : " for ";
            a(href="https://railsconf.org") { : "RailsConf 2024" }
        }
    }
}

fn footer_links() -> impl Render {
    owned_html! {
        a(href=paths::PREFERENCES) { : "Preferences" }
        : DOT;
        // The script that reads keys finds the page by what it is.
        a(href=paths::KEYS, rel="help") { : "Keys" }
        : DOT;
        a(href=paths::LOG) { : message::LOG }
        : " · ";
        a(href=paths::STATUS) { : "Status" }
    }
}

//! The layout of every page: head, header, heading, flash, content and footer.

use std::borrow::Cow;
use std::sync::Arc;

use horrorshow::helper::doctype;
use horrorshow::prelude::*;
use horrorshow::{html, owned_html};
use lazy_static::lazy_static;

use super::{badge, button, message};
use crate::auth;
use crate::html::text::{DOT, Isolated, Rendered, Text, Value};
use crate::site::origin::Origin;
use crate::site::settings::logo::Logo;
use crate::site::settings::{DEFAULT_FOOTER, Setting, Settings, SignUp};
use crate::text::isolated;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::flash::Notice;
use crate::web::form::{Errors, local_path};
use crate::web::paths::Path;
use crate::web::preferences::{Keys, Preferences, Theme};
use crate::web::{self, Cx, assets, paths, xml};

/// A page's metadata, everything but its content.
pub struct Page<'p> {
    /// The page's only `h1`, set into the frame; also part of the `title`.
    pub heading: &'p str,
    /// Whether the heading is the name of an admin.
    pub is_about_admin: bool,
    /// A link opposite the heading: its address and its text.
    pub aside: Option<(&'p str, &'static str)>,
    /// One sentence about the page for search engines and link previews.
    pub description: &'p str,
    /// How other sites show a link to the page; `None`: as its address.
    pub preview: Option<Preview<'p>>,
    /// The feed of the page's list: a path of this site.
    pub feed: Option<Cow<'static, str>>,
    /// The signed-in user; `None`: a guest.
    pub viewer: Option<&'p Viewer>,
    /// The reader's theme and keys.
    pub preferences: Preferences,
    /// The page's path, which the header marks; empty for the answer to a form.
    pub path: &'p str,
    /// The path to which a guest comes back who signs in by the header: the page's own; empty: none.
    pub return_to: &'p str,
    /// The notice about the previous request.
    pub notice: Option<Notice>,
    /// One sentence about what went wrong.
    pub alert: Option<&'p str>,
    /// The site's name and look.
    pub settings: Arc<Settings>,
}

/// The canonical address, for link previews (<https://ogp.me>, with the page's heading and description) and
/// search engines.
pub struct Preview<'p> {
    /// The site's address.
    pub origin: Origin<'p>,
    /// The page's path.
    pub path: Path,
}

impl<'p> Page<'p> {
    /// A guest's page that says nothing yet.
    #[must_use]
    pub fn of(settings: Arc<Settings>) -> Page<'p> {
        Page {
            heading: "",
            is_about_admin: false,
            aside: None,
            description: "",
            preview: None,
            feed: None,
            viewer: None,
            preferences: Preferences::default(),
            path: "",
            return_to: "",
            notice: None,
            alert: None,
            settings,
        }
    }

    /// A page for the viewer of the request, with the flash that the request's cookie names.
    ///
    /// # Errors
    /// [`Error::Unavailable`](web::Error::Unavailable) or [`Error::Internal`](web::Error::Internal), from
    /// finding the viewer.
    pub fn new(cx: &'p Cx, heading: &'p str) -> web::Result<Page<'p>> {
        let (path, return_to) =
            if cx.method() == "GET" { (cx.path(), cx.request.raw_url()) } else { ("", "") };
        let (viewer, preferences) = (auth::viewer(cx)?, Preferences::of(cx));
        let notice = Notice::of(cx);
        let settings = Arc::clone(cx.settings());
        Ok(Page { heading, viewer, preferences, path, return_to, notice, ..Page::of(settings) })
    }

    /// The account that the page is made for, which its forms carry.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::of(self.viewer)
    }

    /// A page with a form on it. When the form was refused, the flash waits for the next page.
    ///
    /// # Errors
    /// As for [`Page::new`].
    pub fn with_form(cx: &'p Cx, heading: &'p str, errors: &Errors) -> web::Result<Page<'p>> {
        let page = Page::new(cx, heading)?;
        Ok(Page { notice: page.notice.filter(|_| errors.is_empty()), ..page })
    }
}

/// htmx's configuration where it differs from the defaults: a response names the elements that it changes and
/// changes nothing else (docs/decisions/0009-htmx-gets-changes.md); responses of status 5xx are not swapped
/// into the page; an opened `details` element stays open. Without a delay to settle, which would give the browser's
/// transitions time, a new control is htmx's from the moment it is there: pressed in between, it would load a page.
const HTMX_CONFIG: &str = r#"{"defaultSwap":"none","defaultSettleDelay":0,"noSwap":[204,304,"5xx"],"morphIgnore":["data-htmx-powered","open"]}"#;

/// The initial capacity of a page's buffer: enough for most pages, since growing copies the content. Memory
/// that is never written to is never mapped.
const INITIAL_PAGE_BYTES: usize = 64 * 1024;

/// Renders the whole page around `main`.
///
/// # Errors
/// Those that a view recorded in the template.
pub fn render(page: &Page, main: impl RenderOnce) -> Result<String, horrorshow::Error> {
    let mut html = String::with_capacity(INITIAL_PAGE_BYTES);
    html! {
        : doctype::HTML;
        html(lang="en", data-theme?=theme_attribute(page.preferences.theme)) {
            head { : head(page) }
            // For every control of the page. The target, into which nothing is swapped, stays to the end:
            // htmx drops an answer whose target has left the page. A second press is not sent.
            body(hx-target:inherited="#main", hx-sync:inherited="drop") {
                : Raw(r##"<a class="skip-link" href="#main">Skip to content</a>"##);
                : header(page);
                div(id="flash", role="status") {
                    @ if let Some(Notice { flash, offer, names_sender }) = page.notice {
                        : message::notice(flash, offer, page.viewer.filter(|_| names_sender))
                    }
                    @ if let Some(sentence) = page.alert { : message::alert(sentence) }
                }
                main(id="main", class="card") {
                    div(class="card-title") {
                        // The span's background interrupts the frame's line behind the words of each line
                        // only.
                        h1 { span { : Isolated(page.heading); : badge::admin(page.is_about_admin) } }
                        @ if let Some((href, text)) = page.aside { a(href=href) { : text } }
                    }
                    : main;
                }
                : shared_action_form(page.account());
                footer(class="site-footer") {
                    @ if page.settings.get(Setting::Footer) == DEFAULT_FOOTER { : &*FOOTER } else { : &page.settings.footer }
                    p {
                        : own_pages(&page.settings);
                        : &*FOOTER_LINKS;
                        @ if page.viewer.is_some_and(|viewer| viewer.is_admin) { : DOT; a(href=paths::ADMIN) { : "Admin" } : DOT; a(href=paths::SETTINGS) { : "Settings" } }
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
            @ if !page.heading.is_empty() { : Text(&isolated(page.heading)); : Raw(" · ") }
            : Text(page.settings.name());
        }
        : description(page);
        @ match page.preferences.theme {
            // The browser chooses between the two as it does between the colours.
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
        @ if let Some(logo) = page.settings.logo.as_ref().filter(|logo| logo.is_icon()) {
            : &*STATIC_HEAD_WITHOUT_ICON;
            link(rel="icon", href=paths::logo(logo), type=logo.kind.media_type());
        } else { : &*STATIC_HEAD }
        @ if let Some(accent) = page.settings.accent() { link(rel="stylesheet", href=paths::accent(accent)); }
        @ if page.preferences.keys == Keys::On { : &*KEYS_SCRIPT }
    }
}

/// What search engines and lists of bookmarks say about the page: its description, or else its heading and the site's name.
fn description<'p>(page: &'p Page) -> impl Render + 'p {
    owned_html! {
        : Raw(r#"<meta name="description" content=""#);
        @ if !page.description.is_empty() { : Value(page.description) } else {
            @ if !page.heading.is_empty() { : Value(&isolated(page.heading)); : Raw(" – ") }
            : Value(page.settings.name());
        }
        : Raw(r#"">"#);
    }
}

/// The value of `data-theme`: a theme other than the system's. The stylesheet has all of them.
fn theme_attribute(theme: Theme) -> Option<&'static str> {
    (theme != Theme::System).then(|| theme.name())
}

fn preview_of<'p>(page: &'p Page, Preview { origin, path }: &'p Preview) -> impl Render + 'p {
    owned_html! {
        : Raw(r#"<link rel=canonical href=""#); : origin; : path;
        : Raw(r#""><meta property=og:url content=""#); : origin; : path;
        : Raw(r#""><meta property=og:title content=""#); : Value(page.heading);
        : Raw(r#""><meta property=og:description content=""#); : Value(page.description);
        : Raw(r#""><meta property=og:image content=""#); : origin; : paths::ICON; : Raw(r#"">"#);
        : Raw(r#"<meta property=og:site_name content=""#); : Value(page.settings.name()); : Raw(r#"">"#);
        : &*STATIC_PREVIEW;
    }
}

lazy_static! {
    /// The part of `head` that all pages share: rendering it each time took a tenth of a page's time.
    static ref STATIC_HEAD: Rendered = Rendered::of(static_head(true));
    /// For a site whose logo is its icon.
    static ref STATIC_HEAD_WITHOUT_ICON: Rendered = Rendered::of(static_head(false));
    static ref KEYS_SCRIPT: Rendered = Rendered::of(owned_html! { script(src=*assets::KEYS, defer); });
    static ref STATIC_PREVIEW: Rendered = Rendered::of(static_preview());
    /// The links to the lists, by the index of the list that the page shows; the last marks none.
    static ref LIST_LINKS: Vec<Rendered> =
        (0..=LISTS.len()).map(|here| Rendered::of(list_links(here))).collect();
    static ref FOOTER: Rendered = Rendered::of(footer());
    static ref FOOTER_LINKS: Rendered = Rendered::of(footer_links());
}

fn static_preview() -> impl Render {
    owned_html! {
        meta(property="og:type", content="article");
        meta(name="twitter:card", content="summary");
    }
}

fn static_head(has_icon: bool) -> impl Render {
    owned_html! {
        meta(name="viewport", content="width=device-width, initial-scale=1");
        meta(name="htmx-config", content=HTMX_CONFIG);
        link(rel="stylesheet", href=*assets::STYLESHEET);
        @ if has_icon { link(rel="icon", href="/icon.svg", type="image/svg+xml"); }
        link(rel="apple-touch-icon", href=paths::ICON);
        link(rel="manifest", href=paths::MANIFEST);
        script(src=*assets::HTMX, defer);
        script(src=*assets::SCRIPT, defer);
    }
}

/// The form that all small buttons with an address of their own (`formaction`) share: a list has one button
/// in each row, and a form for each would be half the list. htmx takes the address from the button when it
/// takes over the whole form (`hx-boost`). It queues clicks: a reader may press several buttons before the
/// first is answered.
fn shared_action_form(account: Account) -> impl Render {
    owned_html! {
        form(
            id="acts", method="post",
            hx-boost="true", hx-push-url="false", hx-sync="this:queue all"
        ) { : account }
    }
}

/// The lists that the header links to: path and text.
const LISTS: [(&str, &str); 6] = [
    (paths::FRONT, "Top"),
    (paths::POSTS, "New"),
    (paths::BEST, "Best"),
    (paths::ASK, "Ask"),
    (paths::SHOW, "Show"),
    (paths::SEARCH, "Search"),
];

/// The links to the lists, with `here` marked.
fn list_links(here: usize) -> impl Render {
    owned_html! {
        @ for (at, (path, name)) in LISTS.into_iter().enumerate() {
            a(href=path, aria-current?=current(at == here)) { : name }
            : SEPARATOR;
        }
    }
}

/// The index of the list that is at `path`, else the number of lists.
fn list_index(path: &str) -> usize {
    // `/best/month` is marked as `/best`.
    let is_best = path.split('/').nth(1) == Some(&paths::BEST[1..]);
    let path = if is_best { paths::BEST } else { path };
    LISTS.iter().position(|(list, _)| *list == path).unwrap_or(LISTS.len())
}

fn header<'p>(page: &'p Page) -> impl Render + 'p {
    let (viewer, path, tagline) = (page.viewer, page.path, page.settings.get(Setting::Tagline));
    owned_html! {
        header(class="site-header") {
            div {
                @ if let Some(logo) = &page.settings.logo { : self::logo(logo) }
                a(class="brand", href=paths::FRONT) { : Isolated(page.settings.name()) }
                @ if !tagline.is_empty() { : Raw(" "); span(class="tagline") { : Isolated(tagline) } }
            }
            nav(aria-label="Site") {
                : &LIST_LINKS[list_index(path)];
                @ if let Some(viewer) = viewer {
                    @ if viewer.is_admin {
                        a(href=paths::FLAGS, aria-current?=current(path == paths::FLAGS)) { : "Flags" }
                        : SEPARATOR;
                    }
                    : inbox_link(viewer, path);
                    : SEPARATOR;
                    a(class="self", href=paths::user(viewer.id)) { : Isolated(&viewer.screen_name) }
                    : badge::admin(viewer.is_admin);
                    : SEPARATOR;
                    : button::delete(Account::of(Some(viewer)), paths::session(viewer.session_id), "link", "Sign out");
                } else {
                    : sign_in_link(page.return_to);
                    @ if page.settings.sign_up() == SignUp::Open {
                        : SEPARATOR;
                        a(href=paths::SIGN_UP) { : "Sign up" }
                    }
                }
            }
        }
    }
}

/// The site's logo. Its name stands beside it.
fn logo(logo: &Logo) -> impl Render + '_ {
    owned_html! {
        img(class="logo", src=paths::logo(logo), alt="", width=logo.width_at(LOGO_HEIGHT), height=LOGO_HEIGHT);
    }
}

/// The height of the logo in pixels.
const LOGO_HEIGHT: u16 = 24;

/// The link to the inbox, with the number of unread comments.
fn inbox_link<'p>(viewer: &'p Viewer, path: &'p str) -> impl Render + 'p {
    owned_html! {
        a(class="inbox", href=paths::INBOX, aria-current?=current(path == paths::INBOX)) {
            : Raw("Inbox");
            @ if viewer.unread_count > 0 { : Raw(" "); strong { : Raw("("); : up_to_99(viewer.unread_count); : Raw(")") } : Raw("<span class=visually-hidden> unread</span>") }
        }
    }
}

/// A number, from a hundred on `99+`.
fn up_to_99(number: i64) -> impl Render {
    owned_html! { @ if number > 99 { : Raw("99+") } else { : Raw(itoa::Buffer::new().format(number)) } }
}

/// The link for guests, which leads back to `return_to` afterwards. Search engines have no use for an address for each
/// page.
fn sign_in_link(return_to: &str) -> impl Render {
    let href = match local_path(return_to) {
        Some(return_to) => paths::with_return_to(paths::SIGN_IN, return_to),
        None => paths::SIGN_IN.to_owned(),
    };
    owned_html! { a(href=&href, rel="nofollow") { : "Sign in" } }
}

/// The value of `aria-current` on a link, which may lead to the page that it is on.
#[must_use]
pub fn current(is_here: bool) -> Option<&'static str> {
    is_here.then_some("page")
}

const SEPARATOR: Raw<&str> = Raw(r#"<span class="separator" aria-hidden="true">|</span>"#);

/// The line of [`DEFAULT_FOOTER`], without the hosts that markup shows behind links.
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

/// The links to the site's own pages, as far as they have texts.
fn own_pages(settings: &Settings) -> impl Render + '_ {
    owned_html! {
        @ for (setting, path) in OWN_PAGES {
            @ if !settings.get(setting).is_empty() { a(href=path) { : setting.label() } : DOT; }
        }
    }
}

/// The site's own pages: their texts, and their paths.
const OWN_PAGES: [(Setting, &str); 3] =
    [(Setting::Rules, paths::RULES), (Setting::About, paths::ABOUT), (Setting::Privacy, paths::PRIVACY)];

fn footer_links() -> impl Render {
    owned_html! {
        a(href=paths::PREFERENCES) { : "Preferences" }
        : DOT;
        // static/keys.js finds the address by `rel`.
        a(href=paths::KEYS, rel="help") { : "Keys" }
        : DOT;
        a(href=paths::LOG) { : message::LOG }
        : " · ";
        a(href=paths::STATUS) { : "Status" }
    }
}

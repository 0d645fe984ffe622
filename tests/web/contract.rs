//! Progressive enhancement: every page that links reach, and every form on it, works with htmx and without.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lorem_news::comment::{self, NewComment};
use lorem_news::dead;
use lorem_news::flag::{self, NewFlag};
use lorem_news::post::{self, NewPost};
use lorem_news::saved::{self, SaveAction};
use lorem_news::search;
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::Timestamp;
use lorem_news::vote::Target;
use rusqlite::Connection;
use scraper::{ElementRef, Html, Selector};

use crate::client::*;
use crate::harness::*;
use crate::operation::{assert_routed, assert_timed};
use crate::seen::*;

/// Pages that are visited of each shape.
const OF_A_SHAPE: usize = 3;
/// The user who visits them, if signed in.
const SOMEBODY: i64 = 5;

/// A site with fixed contents, and a client of it.
pub fn site(signed_in: bool) -> (Site, Client) {
    let site = Site::with(40, |_| {});
    if !signed_in {
        let client = Client::new(&site);
        return (site, client);
    }
    let database = site.database();
    let (title, description) = ("One's own post", "A text.");
    let new = NewPost {
        user_id: UserId::new(SOMEBODY),
        title,
        link: None,
        description,
        created_at: Timestamp::now(),
    };
    let post_id = post::sql::create(&database, &new).expect("it is posted").expect("the title is free");
    for number in 0..250 {
        let body = format!("Remark {number}");
        let new = NewComment {
            post_id,
            parent_id: None,
            user_id: UserId::new(SOMEBODY),
            body: &body,
            created_at: Timestamp::now(),
        };
        comment::sql::create(&database, &new).expect("it can be made");
    }
    // One post is saved, the others are not.
    saved::sql::change(
        &database,
        UserId::new(SOMEBODY),
        Target::Post(post_id),
        SaveAction::Save,
        Timestamp::now(),
    )
    .expect("it is saved");
    kill(&database);
    // The search index is up to date: no background write is left.
    while search::sql::index_step(&database).expect("a step") {}
    // A second session, which can be revoked.
    Client::signed_in_as(&site, SOMEBODY);
    let client = Client::signed_in_as(&site, SOMEBODY);
    (site, client)
}

/// Flags of another user hide a post and a comment of a third.
fn kill(database: &Connection) {
    let last = |table: &str| {
        let sql = format!(
            "SELECT max(id) FROM {table} WHERE user_id NOT IN ({SOMEBODY}, 90) AND deleted_at IS NULL"
        );
        number(database, &sql)
    };
    let rules = dead::Rules { flags_to_hide: 1, new_user_days: 0, now: Timestamp::now() };
    let (post, comment) = (PostId::new(last("posts")), CommentId::new(last("comments")));
    for target in [Target::Comment(comment), Target::Post(post)] {
        let flag = NewFlag { user_id: UserId::new(90), target, reason: "Spam", now: Timestamp::now() };
        flag::sql::create(database, &flag).expect("it is flagged");
        dead::sql::acts::hide_if_flagged(database, target, &rules).expect("it is dead");
    }
}

/// An address with `N` for each number: one handler answers all addresses of a shape.
fn shape(address: &str) -> String {
    let mut shape = String::new();
    for letter in address.chars() {
        match letter {
            '0'..='9' if shape.ends_with('N') => {}
            '0'..='9' => shape.push('N'),
            letter => shape.push(letter),
        }
    }
    shape
}

/// The address and fragment that a link leads to; `None` for another site or the bookmarklet.
fn resolve(page: &str, href: &str) -> Option<(String, Option<String>)> {
    let (address, place) = match href.split_once('#') {
        Some((address, place)) => (address, Some(place.to_owned())),
        None => (href, None),
    };
    let address = match address.chars().next() {
        _ if is_bookmarklet(href) => return None,
        None => page.to_owned(),
        Some('/') => address.to_owned(),
        Some('?') => page.split('?').next().expect("split gives at least one part").to_owned() + address,
        Some(_) => {
            assert!(address.starts_with("https://"), "{href} on {page}");
            return None;
        }
    };
    Some((address, place))
}

/// Whether it is the bookmarklet, which does not run on this site's pages: it leads from another site's
/// page to the form for a new post.
pub fn is_bookmarklet(href: &str) -> bool {
    let origin = href.strip_prefix("javascript:location.href='http://127.0.0.1:").and_then(|rest| {
        rest.strip_suffix(
            "/posts/new?url='+encodeURIComponent(location.href)+'&title='+encodeURIComponent(document.title)",
        )
    });
    origin.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn select<'h>(html: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    html.select(&Selector::parse(selector).expect(selector)).collect()
}

/// Whether it is the search form, which changes nothing: the only form that is sent by GET.
fn is_search(element: ElementRef) -> bool {
    let value = element.value();
    value.name() == "form" && value.attr("method") == Some("get") && value.attr("role") == Some("search")
}

/// Whether it is the form of all buttons that have a `formaction`.
fn is_shared(element: ElementRef) -> bool {
    element.value().name() == "form" && element.value().attr("id") == Some("acts")
}

/// The errors in the markup of a page or a fragment.
pub fn complaints(html: &Html) -> Vec<String> {
    let mut found = Vec::new();
    let ids = attributes(html, "[id]", "id");
    let mut seen = BTreeSet::new();
    found.extend(ids.iter().filter(|id| !seen.insert(*id)).map(|id| format!("the id {id} is there twice")));
    let descriptions = attributes(html, r#"head > meta[name="description"]"#, "content");
    if !select(html, "head > title").is_empty()
        && !matches!(&descriptions[..], [text] if !text.trim().is_empty())
    {
        found.push(format!("the page has no description: {descriptions:?}"));
    }
    for element in select(html, "*") {
        let value = element.value();
        let mut says = |what: String| found.push(format!("{what}: {:?}", value));
        if value.name() == "body" {
            // A target that leaves the page takes the answer with it; "drop" without "this" is each control's own.
            let said = ["hx-target:inherited", "hx-sync:inherited"].map(|name| value.attr(name));
            if said != ["#main", "drop"].map(Some) || select(html, "main#main").len() != 1 {
                says("answers may get lost".into());
            }
            continue;
        }
        for (name, content) in value.attrs() {
            let is_script = content.trim_start().starts_with("javascript:");
            if name.starts_with("on") || name == "style" || is_script && !is_bookmarklet(content) {
                says(format!("{name} is inline"));
            }
            let known = match (is_search(element), is_shared(element)) {
                (true, _) => &["hx-get", "hx-sync", "hx-trigger", "hx-replace-url"][..],
                (_, true) => &["hx-boost", "hx-push-url", "hx-sync"],
                _ => &["hx-get", "hx-post"],
            };
            if name.starts_with("hx-") && !known.contains(&name) {
                says(format!("{name} is not used here"));
            }
            if name.starts_with("hx-") && content.starts_with("js:") {
                says(format!("{name} would be run"));
            }
        }
        let (get, post) = (value.attr("hx-get"), value.attr("hx-post"));
        let is_control = get.is_some() || post.is_some() || is_shared(element);
        if !is_control {
            if value.attrs().any(|(name, _)| name.starts_with("hx-")) {
                says("it does nothing".into());
            }
            continue;
        }
        match value.name() {
            "a" => {
                if get.is_none() || get != value.attr("href") || post.is_some() {
                    says("it is another link without a script".into());
                }
                if value.attr("id").is_none() {
                    says("it loses the focus".into());
                }
            }
            "form" if is_search(element) => {
                if get.is_none() || get != value.attr("action") {
                    says("it is another form without a script".into());
                }
                if value.attr("hx-sync") != Some("this:replace") {
                    says("an older answer may come last".into());
                }
                if value.attr("hx-replace-url") != Some("true") {
                    says("the address does not follow".into());
                }
                // The button sends a plain request: its page enters the history.
                if value.attr("hx-trigger") != Some("input changed delay:300ms") {
                    says("it is not sent while the user types".into());
                }
            }
            // A boosted form would fetch a page and push its address into the history. Its buttons are
            // idempotent; one pressed while another is sent must not get lost.
            "form" if is_shared(element) => {
                let said = ["hx-boost", "hx-push-url", "hx-sync"].map(|name| value.attr(name));
                if said != ["true", "false", "this:queue all"].map(Some) {
                    says("it does not send each button for itself".into());
                }
            }
            "form" => {
                if post.is_none() || post != value.attr("action") || get.is_some() {
                    says("it is another form without a script".into());
                }
                if value.attr("method") != Some("post") {
                    says("it is sent otherwise without a script".into());
                }
                let button = Selector::parse("button").expect("a selector");
                if !element.select(&button).any(|button| button.value().attr("id").is_some()) {
                    says("it loses the focus".into());
                }
            }
            // Only the preview of a form that leads to another page comes in place.
            "button" if value.attr("name") == Some("preview") => {
                let form = element
                    .ancestors()
                    .filter_map(ElementRef::wrap)
                    .find(|outer| outer.value().name() == "form");
                let action = form.filter(|form| form.value().attr("hx-post").is_none());
                if post.is_none()
                    || post != action.and_then(|form| form.value().attr("action"))
                    || get.is_some()
                {
                    says("it is another button without a script".into());
                }
                if value.attr("id").is_none() {
                    says("it loses the focus".into());
                }
            }
            _ => says("it is neither link nor form".into()),
        }
    }
    for button in select(html, "button[form], button[formaction]") {
        let value = button.value();
        let leads = value.attr("formaction").is_some_and(|action| action.starts_with('/'));
        if value.attr("form") != Some("acts") || !leads {
            found.push(format!("it belongs to no form: {value:?}"));
        }
        if value.attr("id").is_none() {
            found.push(format!("it loses the focus: {value:?}"));
        }
    }
    for form in select(html, "form").into_iter().filter(|form| !is_shared(*form)) {
        let is_sent = form.value().attr("method") == Some("post") || is_search(form);
        if !is_sent || form.value().attr("action").is_none() {
            found.push(format!("it cannot be sent: {:?}", form.value()));
        }
        let button = Selector::parse(
            "button:not([type]):not([name=preview], [name=fetch_title]), button[type=submit]",
        )
        .expect("a selector");
        if form.select(&button).count() != 1 {
            found.push(format!("it has not one button: {:?}", form.value()));
        }
    }
    found
}

#[test]
fn markup_that_needs_a_script_is_detected() {
    let control = |attributes: &str| format!("<a id=x href=/a {attributes}>x</a>");
    let search = "<form role=search method=get action=/a hx-get=/a hx-sync='this:replace' \
                  hx-replace-url=true hx-trigger='input changed delay:300ms'><button>x</button></form>";
    let shared = "<form id=acts method=post hx-boost=true hx-push-url=false hx-sync='this:queue all'></form>";
    let page = |body: &str| format!("<!DOCTYPE html><body {body}><main id=main></main>");
    let targets = "hx-target:inherited='#main' hx-sync:inherited=drop";
    let one_of_many = "<button id=y form=acts formaction=/a>x</button>";
    let preview = |action: &str, of_form: &str| {
        format!(
            "<form method=post action={action} {of_form}><button id=b>x</button><button id=p name=preview hx-post=/a>x</button></form>"
        )
    };
    for (wrong, why) in [
        ("<p id=a></p><p id=a></p>".to_owned(), "twice"),
        ("<p onclick=x></p>".to_owned(), "inline"),
        ("<a href='javascript:x'>x</a>".to_owned(), "inline"),
        (
            "<a href=\"javascript:location.href='http://127.0.0.1:3000/posts/new?url=';x\">x</a>".to_owned(),
            "inline",
        ),
        ("<div hx-boost=true></div>".to_owned(), "not used"),
        ("<div hx-swap:inherited=none></div>".to_owned(), "not used"),
        (control("hx-get=/a hx-vals='js:x'"), "not used"),
        (control("hx-get=/a hx-on:click=x"), "not used"),
        (control("hx-get=/b"), "without a script"),
        (control("hx-post=/a"), "without a script"),
        (control("hx-get=/a hx-swap=innerHTML"), "not used"),
        (control("hx-push-url=false"), "does nothing"),
        (control("hx-get=/a hx-target=this"), "not used"),
        (control("hx-get=/a hx-sync='this:queue first'"), "not used"),
        (page(""), "get lost"),
        (page(&targets.replace("#main", "body")), "get lost"),
        (page(&targets.replace("drop", "this:drop")), "get lost"),
        (page(targets).replace("id=main", ""), "get lost"),
        (control("hx-get=/a").replace("id=x", ""), "focus"),
        ("<button id=x hx-post=/a>x</button>".to_owned(), "neither"),
        (preview("/b", ""), "without a script"),
        (preview("/a", "hx-post=/a"), "without a script"),
        (preview("/a", "").replace("id=p", ""), "focus"),
        ("<form method=get action=/a hx-post=/a><button id=x>x</button></form>".to_owned(), "otherwise"),
        ("<form method=post action=/a hx-post=/a><button>x</button></form>".to_owned(), "focus"),
        ("<form action=/a><button>x</button></form>".to_owned(), "cannot be sent"),
        ("<form method=get action=/a><button>x</button></form>".to_owned(), "cannot be sent"),
        ("<form method=post action=/a hx-trigger=input><button>x</button></form>".to_owned(), "not used"),
        (search.replace("hx-get=/a", "hx-get=/b"), "without a script"),
        (search.replace("hx-get=/a", "hx-post=/a"), "without a script"),
        (search.replace("hx-sync=", "hx-swap=innerHTML hx-sync="), "not used"),
        (search.replace("this:replace", "this:drop"), "come last"),
        (search.replace("hx-replace-url=true", ""), "does not follow"),
        (search.replace("300ms", "300ms from:body"), "while the user types"),
        (search.replace("role=search", ""), "cannot be sent"),
        ("<form method=post action=/a></form>".to_owned(), "not one button"),
        (shared.replace("hx-push-url=false", ""), "for itself"),
        (shared.replace("this:queue all", "this:drop"), "for itself"),
        (one_of_many.replace("form=acts", ""), "no form"),
        (one_of_many.replace("formaction=/a", ""), "no form"),
        (one_of_many.replace("id=y", ""), "focus"),
    ] {
        let is_page = wrong.starts_with("<!DOCTYPE");
        let html = if is_page { Html::parse_document(&wrong) } else { Html::parse_fragment(&wrong) };
        let found = complaints(&html);
        assert!(found.iter().any(|found| found.contains(why)), "{wrong}: {found:?}");
    }
    let right = "<form method=post action=/a hx-post=/a><button id=b>x</button></form>";
    let right = page(targets) + &control("hx-get=/a") + right + search + shared + one_of_many;
    assert_eq!(complaints(&Html::parse_document(&right)), [""; 0]);
}

/// A form and the page it was found on.
#[derive(Debug, Clone)]
pub struct Form {
    page: String,
    pub action: String,
    /// Its fields: name, value, and whether a user can empty it.
    pub fields: Vec<(String, String, bool)>,
    pub by_htmx: bool,
    /// The search form: it changes nothing.
    pub is_search: bool,
}

impl Form {
    /// The forms in a page or a fragment. A button with a `formaction` counts as a form.
    fn all(page: &str, html: &Html) -> Vec<Form> {
        let forms = select(html, "form[action]").into_iter().map(|form| Form::of(page, form));
        let buttons = attributes(html, "button[formaction]", "formaction").into_iter();
        let (fields, by_htmx, is_search) = (Vec::new(), true, false);
        let form = Form { page: page.to_owned(), action: String::new(), fields, by_htmx, is_search };
        forms.chain(buttons.map(|action| Form { action, ..form.clone() })).collect()
    }

    fn of(page: &str, element: ElementRef) -> Form {
        let controls = Selector::parse("input[name], textarea[name]").expect("a selector");
        let fields = element.select(&controls).map(|field| {
            let value = field.value();
            let content = match value.name() {
                "textarea" => field.text().collect(),
                _ => value.attr("value").unwrap_or_default().to_owned(),
            };
            (value.attr("name").unwrap_or_default().to_owned(), content, value.attr("type") != Some("hidden"))
        });
        Form {
            page: page.to_owned(),
            action: element.value().attr("action").expect("a form has an action").to_owned(),
            fields: fields.collect(),
            by_htmx: element.value().attr("hx-post").is_some(),
            is_search: is_search(element),
        }
    }

    /// Equal for forms that differ in numbers only.
    fn kind(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(|(name, _, _)| &**name).collect();
        let method = self.fields.iter().find(|(name, _, _)| name == "_method").map(|(_, method, _)| method);
        format!("{} {method:?} {names:?} {}", shape(&self.action), self.by_htmx)
    }

    /// The fields to send: unchanged, or with every field emptied that a user can empty.
    fn sent(&self, emptied: bool) -> Vec<(&str, &str)> {
        let content = |content, typed| if emptied && typed { "" } else { content };
        self.fields.iter().map(|(name, value, typed)| (&**name, content(&**value, *typed))).collect()
    }
}

/// The pages that links reach from the front page, and the forms on them, one of each kind.
pub struct Walked {
    pub pages: BTreeMap<String, Answer>,
    pub forms: BTreeMap<String, Form>,
}

/// Walks the site; panics at the first page that breaks a rule.
pub fn walk(client: &Client) -> Walked {
    let mut walked = Walked { pages: BTreeMap::new(), forms: BTreeMap::new() };
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    let mut places = Vec::new();
    let mut queue = VecDeque::from(["/".to_owned(), "/search?q=dolor".to_owned()]);
    if client.user_id == 0 {
        queue.extend(["/sign_in?return_to=%2Fposts%2Fnew".to_owned(), "/posts/new".to_owned()]);
    }
    while let Some(address) = queue.pop_front() {
        let looked_at = shapes.entry(shape(&address)).or_default();
        if walked.pages.contains_key(&address) || *looked_at == OF_A_SHAPE {
            continue;
        }
        *looked_at += 1;
        let answer = client.get(&address);
        assert!(matches!(answer.status, 200 | 303), "{address}: {}", answer.status);
        if let Some(location) = answer.header("Location") {
            let (to, place) = resolve(&address, location).expect("it stays on this site");
            places.push((to.clone(), place));
            queue.push_back(to);
            walked.pages.insert(address, answer);
            continue;
        }
        if address.split('?').next().is_some_and(|path| path.ends_with(".atom")) {
            assert_eq!(
                answer.header("Content-Type"),
                Some("application/atom+xml; charset=utf-8"),
                "{address}"
            );
            walked.pages.insert(address, answer);
            continue;
        }
        if address.ends_with(".json") {
            assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok(), "{address}");
            walked.pages.insert(address, answer);
            continue;
        }
        assert!(answer.text().starts_with("<!DOCTYPE html>"), "{address}");
        assert_timed(&answer, &[]);
        let html = answer.html();
        assert_eq!(complaints(&html), [""; 0], "{address}");
        assert_made_for(client, &html, &address);
        if client.user_id == 0 {
            // Search engines show it below the title.
            let descriptions = attributes(&html, "head meta[name=description]", "content");
            assert!(matches!(&descriptions[..], [one] if !one.is_empty()), "{address}: {descriptions:?}");
        }
        for form in Form::all(&address, &html) {
            walked.forms.entry(form.kind()).or_insert(form);
        }
        for link in select(&html, "a[hx-get]").into_iter().take(OF_A_SHAPE) {
            fragments(client, &address, &html, link, &mut walked.forms);
        }
        let hover = attributes(&html, "time", "title");
        assert!(hover.iter().all(|time| time.ends_with(" UTC")), "{address}: {hover:?}");
        for link in texts(&html, "nav.pager a") {
            assert!(link.starts_with("More ") && link.len() > "More ".len(), "{address}: {link}");
        }
        for href in attributes(&html, "a[href]", "href") {
            if let Some((to, place)) = resolve(&address, &href) {
                places.push((to.clone(), place));
                queue.push_back(to);
            }
        }
        walked.pages.insert(address, answer);
    }
    for (address, place) in places {
        if let (Some(page), Some(place)) = (walked.pages.get(&address), place)
            && page.status == 200
        {
            assert!(!select(&page.html(), &format!("#{place}")).is_empty(), "{address} has no {place}");
        }
    }
    walked
}

/// Panics unless each form that changes something carries the account that the page was made for.
fn assert_made_for(client: &Client, html: &Html, address: &str) {
    let account = if client.user_id == 0 { "guest".to_owned() } else { client.user_id.to_string() };
    let field = Selector::parse("input[type=hidden][name=account]").expect("a selector");
    for form in select(html, "form").into_iter().filter(|form| !is_search(*form)) {
        let values: Vec<_> = form.select(&field).map(|field| field.value().attr("value")).collect();
        assert_eq!(values, [Some(&*account)], "{:?} at {address}", form.value());
    }
}

/// Requests the fragments that htmx would swap in, and checks them.
fn fragments(client: &Client, page: &str, html: &Html, link: ElementRef, forms: &mut BTreeMap<String, Form>) {
    let address = link.value().attr("href").expect("a link leads somewhere");
    let answer = client.htmx("GET", address, &[]);
    assert_eq!(answer.status, 200, "{address} on {page}");
    assert_timed(&answer, &[]);
    for partial in assert_fits(html, &answer, address) {
        let fragment = Html::parse_fragment(&partial.html);
        assert_eq!(complaints(&fragment), [""; 0], "{address}");
        assert_made_for(client, &fragment, address);
        for form in Form::all(page, &fragment) {
            forms.entry(form.kind()).or_insert(form);
        }
        // A link in the fragment leads back to the state before.
        for link in select(&fragment, "a[hx-get]") {
            let back = link.value().attr("href").expect("a link leads somewhere");
            assert_fits(html, &client.htmx("GET", back, &[]), back);
        }
    }
}

/// Panics unless the answer redirects, or changes elements that are on the page.
fn assert_fits(page: &Html, answer: &Answer, what: &str) -> Vec<Partial> {
    if answer.header("HX-Redirect").is_some() {
        assert_eq!(answer.text(), "", "{what}");
        return Vec::new();
    }
    let partials = partials(answer);
    assert!(!partials.is_empty(), "{what}: {answer:?}");
    for partial in &partials {
        let is_there = !select(page, &partial.target).is_empty();
        // A new reply goes into the list of replies, or brings the list; its form came as a fragment.
        let or_another =
            ["#replies_", "#thread_", "#reply_"].iter().any(|list| partial.target.starts_with(list))
                || partial.target.contains(":not(:has(#replies_");
        assert!(
            is_there || or_another || partial.swap == "delete",
            "{what}: {} is not there",
            partial.target
        );
    }
    partials
}

/// Sends every form, each on an unchanged site.
fn send_all(signed_in: bool, walked: &Walked) {
    let mut unchanged = None;
    let mut each = |form: &Form, send: &dyn Fn(&Client)| {
        let (site, client) = unchanged.take().unwrap_or_else(|| self::site(signed_in));
        let database = site.database();
        let version = || number(&database, "PRAGMA data_version");
        let before = version();
        send(&client);
        assert_sound(&database);
        let is_unchanged = version() == before && client.cookie("session").is_some() == signed_in;
        unchanged = (is_unchanged && client.cookie("draft").is_none()).then_some((site, client));
        assert!(form.action.starts_with('/'));
    };
    let (asking, changing): (Vec<&Form>, Vec<&Form>) = walked.forms.values().partition(|form| form.is_search);
    for form in asking {
        each(form, &|client| {
            let query = serde_urlencoded::to_string(form.sent(false)).expect("strings can be encoded");
            let address = format!("{}?{query}", form.action);
            let answer = client.get(&address);
            assert_eq!((answer.status, complaints(&answer.html())), (200, vec![]), "{address}");
            for partial in assert_fits(&answer.html(), &client.htmx("GET", &address, &[]), &address) {
                assert_eq!(complaints(&Html::parse_fragment(&partial.html)), [""; 0], "{address}");
            }
        });
    }
    for form in changing {
        for emptied in [false, true] {
            let fields = form.sent(emptied);
            if emptied && fields == form.sent(false) {
                continue;
            }
            each(form, &|client| {
                let answer = client.post(&form.action, &fields);
                match answer.status {
                    303 => {
                        let location = answer.header("Location").expect("it leads somewhere");
                        assert!(location.starts_with('/') && !location.starts_with("//"), "{location}");
                        let page = client.follow(&answer);
                        assert!(matches!(page.status, 200 | 303), "{form:?}: {location}");
                    }
                    422 | 429 => {
                        assert!(answer.text().starts_with("<!DOCTYPE html>"), "{form:?}");
                        assert_eq!(complaints(&answer.html()), [""; 0], "{form:?}");
                    }
                    // A file, which leads nowhere.
                    200 => assert!(answer.header("Content-Disposition").is_some(), "{form:?}"),
                    status => panic!("{status}: {form:?}"),
                }
            });
            if form.by_htmx {
                each(form, &|client| {
                    let page = walked.pages[&form.page].html();
                    let answer = client.htmx("POST", &form.action, &fields);
                    assert!(matches!(answer.status, 200 | 401 | 422 | 429), "{}: {form:?}", answer.status);
                    for partial in assert_fits(&page, &answer, &form.action) {
                        let fragment = Html::parse_fragment(&partial.html);
                        assert_eq!(complaints(&fragment), [""; 0], "{form:?}");
                    }
                });
            }
        }
    }
}

fn shapes(walked: &Walked) -> BTreeSet<String> {
    walked.pages.keys().map(|address| shape(address)).collect()
}

#[test]
fn every_page_and_form_for_a_guest_works_without_a_script() {
    let (site, client) = site(false);
    let walked = walk(&client);
    assert_routed(&site);
    let found = shapes(&walked);
    for shape in [
        "/",
        "/posts",
        "/posts/N",
        "/comments/N",
        "/comments/N/reply",
        "/users/N",
        "/past",
        "/past?day=N-N-N",
        "/sign_in",
        "/sign_up",
        "/?after=N-N&rank=N",
    ] {
        assert!(found.contains(shape), "{shape} is not among {found:?}");
    }
    assert_eq!(walked.forms.len(), 13, "{:#?}", walked.forms.keys());
    send_all(false, &walked);
}

#[test]
fn every_page_and_form_for_a_user_works_without_a_script() {
    let (site, client) = site(true);
    let walked = walk(&client);
    assert_routed(&site);
    let found = shapes(&walked);
    for shape in [
        "/",
        "/posts",
        "/posts/N",
        "/posts/N?comments=N-N",
        "/posts/new",
        "/posts/N/edit",
        "/posts/N/destroy",
        "/comments/N",
        "/comments/N/destroy",
        "/comments/N/reply",
        "/comments/N/edit",
        "/users/N",
        "/users/N?comments=N-N",
        "/comments",
        "/comments/followed",
        "/user/edit",
        "/user/delete",
        "/user/tokens",
        "/threads",
        "/upvoted",
        "/upvoted/comments",
        "/saved",
        "/saved/comments",
        "/hidden",
        "/muted",
        "/inbox",
        "/dead",
    ] {
        assert!(found.contains(shape), "{shape} is not among {found:?}");
    }
    assert_eq!(walked.forms.len(), 35, "{:#?}", walked.forms.keys());
    send_all(true, &walked);
}

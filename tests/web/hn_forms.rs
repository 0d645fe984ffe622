//! The forms of Hacker News, replayed as apps send them: Hacki and Harmonic send name and password with each act, and
//! read status, `Location`, one `Set-Cookie`, and hidden fields of the first form.

use lorem_news::hn_api::ItemNumber;
use lorem_news::site::rate_limits::RateLimits;
use lorem_news::types::id::{CommentId, PostId};
use lorem_news::vote::Target;
use rusqlite::Connection;
use serde_json::json;

use crate::client::*;
use crate::harness::*;
use crate::seen::{count, name_of};

/// The number of a comment with this id.
pub fn of_comment(id: &str) -> String {
    let id = CommentId::new(id.parse().expect("an id"));
    ItemNumber::of(Target::Comment(id)).get().to_string()
}

fn of_post(id: i64) -> String {
    ItemNumber::of(Target::Post(PostId::new(id))).get().to_string()
}

/// The value of a hidden field, found by the pattern that Harmonic uses.
pub fn hidden(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let start = format!("name=\"{name}\" value=\"");
    let at = text.find(&start).unwrap_or_else(|| panic!("{name}: {text}")) + start.len();
    text[at..].split('"').next().expect("an end").to_owned()
}

/// An app that keeps no cookies, as user 2.
struct App<'s> {
    site: &'s Site,
    name: String,
}

impl App<'_> {
    fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_with(path, "password", fields)
    }

    fn send_with(&self, path: &str, password: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = vec![("acct", &*self.name), ("pw", password)];
        form.extend(fields);
        Client::new(self.site).ask("POST", path, &form, &[("User-Agent", "Dart/3.4 (dart:io)")])
    }
}

fn scene(site: &Site) -> (App<'_>, Connection) {
    let database = site.database();
    (App { site, name: name_of(&database, 2) }, database)
}

fn location(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("Location"))
}

/// A post of another user than user 2.
fn post_of_another(database: &Connection) -> i64 {
    number(
        database,
        "SELECT min(id) FROM posts WHERE user_id <> 2 AND id NOT IN (SELECT post_id FROM post_votes WHERE user_id = 2)",
    )
}

#[test]
fn an_app_votes_saves_and_flags_with_name_and_password_and_leaves_no_session() {
    let site = Site::start();
    let (app, database) = scene(&site);
    let (post, sessions) = (post_of_another(&database), count(&database, "sessions"));
    let id = of_post(post);
    let score = || number(&database, &format!("SELECT score FROM posts WHERE id = {post}"));
    let before = score();
    for (path, field, there) in [("/vote", ("how", "up"), 1), ("/vote", ("how", "un"), 0)] {
        // Twice is as once.
        for _ in 0..2 {
            assert_eq!(location(&app.send(path, &[("id", &id), field])), (302, Some("/")));
            assert_eq!(score(), before + there);
        }
    }
    for (path, table) in [("/fave", "saved_posts"), ("/flag", "flags")] {
        let of_user = || number(&database, &format!("SELECT count(*) FROM {table} WHERE user_id = 2"));
        let before = of_user();
        assert_eq!(location(&app.send(path, &[("id", &id)])), (302, Some("/")), "{path}");
        assert_eq!(of_user(), before + 1);
        assert_eq!(location(&app.send(path, &[("id", &id), ("un", "t")])), (302, Some("/")), "{path}");
        assert_eq!(of_user(), before);
    }
    assert_eq!(app.send("/vote", &[("id", &id), ("how", "down")]).status, 403);
    assert_eq!(app.send("/vote", &[("id", "999998"), ("how", "up")]).status, 404);
    assert_eq!(count(&database, "sessions"), sessions);
    assert_sound(&database);
}

#[test]
fn an_app_comments_and_replies() {
    let site = Site::start();
    let (app, database) = scene(&site);
    let post = post_of_another(&database);
    let answer = app.send("/comment", &[("parent", &of_post(post)), ("text", "From an app, *really*")]);
    assert_eq!(location(&answer), (302, Some("/")), "{}", answer.text());
    let comment = number(&database, "SELECT max(id) FROM comments");
    let of =
        |column: &str| number(&database, &format!("SELECT {column} FROM comments ORDER BY id DESC LIMIT 1"));
    assert_eq!((of("post_id"), of("user_id")), (post, 2));
    let reply = [("parent", &*of_comment(&comment.to_string())), ("text", "A reply"), ("goto", "item?id=4")];
    assert_eq!(location(&app.send("/comment", &reply)), (302, Some("/item?id=4")));
    assert_eq!(of("parent_id"), comment);
    // A place on another site is not followed.
    let elsewhere = [("parent", &*of_post(post)), ("text", "Elsewhere"), ("goto", "//evil.example/")];
    assert_eq!(location(&app.send("/comment", &elsewhere)), (302, Some("/")));
    // A refused text is in the answer.
    let answer = app.send("/comment", &[("parent", &of_post(post)), ("text", "x")]);
    assert_eq!(answer.status, 422);
    assert_sound(&database);
}

#[test]
fn an_app_submits_and_edits_by_the_forms_that_it_is_given() {
    let site = Site::start();
    let (app, database) = scene(&site);
    let form = app.send("/submitlink", &[]);
    let cookies: Vec<_> =
        form.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie")).collect();
    // Hacki sends the whole line back.
    let [(_, cookie)] = &cookies[..] else { panic!("one cookie: {cookies:?}") };
    let fnid = hidden(&form, "fnid");
    assert_eq!((form.status, &*hidden(&form, "fnop")), (200, "submit-page"));
    let send = |path: &str, cookie: &str, fields: &[(&str, &str)]| {
        Client::new(&site).ask("POST", path, fields, &[("Cookie", cookie)])
    };
    let post = [
        ("fnid", &*fnid),
        ("fnop", "submit-page"),
        ("title", "From an app"),
        ("url", "https://example.com/app"),
    ];
    assert_eq!(location(&send("/r", cookie, &post)), (302, Some("/newest")));
    let id = number(&database, "SELECT max(id) FROM posts WHERE user_id = 2");
    // The link is known now.
    let known = of_post(id);
    assert_eq!(location(&send("/r", cookie, &post)), (302, Some(&*format!("/item?id={known}"))));
    let forged = [("fnid", &*"0".repeat(64)), ("title", "A forged title"), ("text", "Words")];
    assert_eq!(send("/r", cookie, &forged).status, 403);
    assert_eq!(send("/r", cookie, &forged[1..]).status, 403);
    assert_eq!(send("/r", cookie, &[("fnid", &fnid), ("title", ""), ("text", "Words")]).status, 422);

    let form = app.send(&format!("/edit?id={known}"), &[("id", &known)]);
    let cookie = form.header("Set-Cookie").expect("a cookie").to_owned();
    let (hmac, named) = (hidden(&form, "hmac"), hidden(&form, "id"));
    assert_eq!(named, known);
    let text = [("hmac", &*hmac), ("id", &*known), ("text", "Words of an app")];
    assert_eq!(location(&send("/xedit", &cookie, &text)), (302, Some(&*format!("/item?id={known}"))));
    let item = crate::hn_api::value(&site, &format!("/v0/item/{known}.json"));
    assert_eq!((&item["title"], &item["text"]), (&json!("From an app"), &json!("<p>Words of an app</p>")));
    // The token is that of one item.
    let other = [("hmac", &*hmac), ("id", &*of_post(id - 1)), ("text", "Words of an app")];
    assert_eq!(send("/xedit", &cookie, &other).status, 403);
    assert_eq!(app.send("/edit", &[("id", &of_post(post_of_another(&database)))]).status, 403);
    assert_sound(&database);
}

#[test]
fn a_login_leads_on_with_a_cookie_and_a_bad_one_says_so() {
    let site = Site::start();
    let (app, _database) = scene(&site);
    let client = Client::new(&site);
    let form = [("acct", &*app.name), ("pw", "password"), ("goto", "submit")];
    let answer = client.post("/login", &form);
    assert_eq!(location(&answer), (302, Some("/submit")));
    // Harmonic follows, and looks for the form.
    assert!(!hidden(&client.get("/submit"), "fnid").is_empty());
    assert_eq!(location(&app.send("/login", &[])), (302, Some("/news")));
    let post = [("id", "4"), ("how", "up"), ("parent", "4"), ("text", "Some words")];
    for path in ["/login", "/vote", "/fave", "/flag", "/comment", "/submit", "/edit"] {
        let answer = app.send_with(path, "wrong", &post);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None), "{path}");
        assert!(answer.text().contains("<body>Bad login."), "{path}: {}", answer.text());
        let guest = Client::new(&site).post(path, &post);
        assert!(guest.text().contains("<body>Bad login."), "{path}: {}", guest.text());
        // A wrong password is not made good by the cookie.
        let wrong: Vec<_> = [("acct", &*app.name), ("pw", "wrong")].into_iter().chain(post).collect();
        assert!(client.post(path, &wrong).text().contains("Bad login."), "{path}");
    }
    let new = [("acct", "from_an_app"), ("pw", "correct horse battery"), ("creating", "t"), ("goto", "news")];
    assert_eq!(location(&Client::new(&site).post("/login", &new)), (302, Some("/news")));
    assert_eq!(Client::new(&site).post("/login", &new).status, 422);
}

#[test]
fn a_cookie_alone_changes_nothing_and_neither_does_a_get_or_another_site() {
    let site = Site::start();
    let (app, database) = scene(&site);
    let (client, id) = (Client::signed_in_as(&site, 2), of_post(post_of_another(&database)));
    let form = [("id", &*id), ("how", "up"), ("parent", &*id), ("text", "Some words")];
    let before = [count(&database, "comments"), count(&database, "post_votes"), count(&database, "flags")];
    for path in ["/vote", "/fave", "/flag", "/comment"] {
        assert_eq!(client.post(path, &form).status, 403, "{path}");
        assert_eq!(client.htmx("POST", path, &form).status, 403, "{path}");
        let wrong: Vec<_> = [("auth", "0"), ("hmac", "0")].into_iter().chain(form).collect();
        assert_eq!(client.post(path, &wrong).status, 403, "{path}");
        assert_eq!(client.get(&format!("{path}?id={id}&how=up&auth=0")).status, 405, "{path}");
        let mut named = vec![("acct", &*app.name), ("pw", "password")];
        named.extend(form);
        let answer = Client::new(&site).ask("POST", path, &named, &[("Origin", "https://evil.example")]);
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(
        before,
        [count(&database, "comments"), count(&database, "post_votes"), count(&database, "flags")]
    );
}

#[test]
fn a_banned_user_and_a_locked_discussion_are_refused() {
    let site = Site::start();
    let (app, database) = scene(&site);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).expect("the schema is known");
    let (admin, post) = (Client::signed_in_as(&site, 1), post_of_another(&database));
    let id = of_post(post);
    let lock = [("act", "lock"), ("reason", "A reason")];
    assert_eq!(admin.post(&format!("/posts/{post}/moderate"), &lock).status, 303);
    assert_eq!(app.send("/comment", &[("parent", &id), ("text", "Some words")]).status, 403);
    assert_eq!(admin.post("/users/2/moderate", &[("act", "ban"), ("reason", "A reason")]).status, 303);
    assert_eq!(app.send("/vote", &[("id", &id), ("how", "up")]).status, 403);
    assert_eq!(app.send("/flag", &[("id", &id)]).status, 403);
    // Saving is open to them.
    assert_eq!(app.send("/fave", &[("id", &id)]).status, 302);
    assert_eq!(number(&database, "SELECT count(*) FROM sessions WHERE user_id = 2"), 0);
    assert_sound(&database);
}

#[test]
fn a_right_password_costs_no_attempt_and_wrong_ones_are_limited() {
    let site = Site::with(5, |config| config.rates = Some(RateLimits::default()));
    let (app, database) = scene(&site);
    let id = of_post(post_of_another(&database));
    for _ in 0..20 {
        assert_eq!(app.send("/fave", &[("id", &id)]).status, 302);
    }
    for _ in 0..5 {
        assert_eq!(app.send_with("/fave", "wrong", &[("id", &id)]).status, 200);
    }
    let refused = app.send("/fave", &[("id", &id)]);
    assert_eq!(refused.status, 429);
    assert!(refused.header("Retry-After").is_some());
}

#[test]
fn addresses_of_hacker_news_lead_to_the_pages() {
    let site = Site::start();
    let (app, database) = scene(&site);
    let to = |path: &str| {
        let answer = site.get(path);
        assert_eq!(answer.status, 303, "{path}");
        answer.header("Location").expect("a place").to_owned()
    };
    assert_eq!(to("/item?id=4"), "/posts/2");
    assert_eq!(to("/reply?id=5"), "/comments/2");
    assert_eq!(to(&format!("/user?id={}", app.name)), "/users/2");
    // A percent sign in a name is one.
    assert_eq!(Client::new(&site).sign_up("100%25 Zoë").status, 303);
    let id = number(&database, "SELECT max(id) FROM users");
    assert_eq!(to("/user?id=100%2525%20Zo%C3%AB"), format!("/users/{id}"));
    assert_eq!([to("/news"), to("/newest"), to("/newcomments")], ["/", "/posts", "/comments"]);
    assert_eq!([to("/edit?id=4"), to("/edit?id=5")], ["/posts/2/edit", "/comments/2/edit"]);
    for path in ["/item", "/item?id=x", "/user?id=nobody", "/edit?id=-1"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}

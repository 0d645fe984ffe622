//! Notices that are shown once, and drafts for guests who must sign in first.

use std::time::Duration;

use lorem_news::types::time::{HOUR, MINUTE, Timestamp};
use rusqlite::Connection;

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::*;
use crate::seen::*;

/// A text that may be shown in the form only.
const WRITTEN: &str = "Words <b>that</b> I typed & would \"miss\"";

/// Makes all drafts older by `by`.
fn age(site: &Site, by: Duration) {
    site.database()
        .execute("UPDATE drafts SET created_at = created_at - ?1", [micros(by)])
        .expect("the schema is known");
}

/// The path after signing in, from the address of the redirect to the sign-in form.
fn return_to(location: &str) -> String {
    let query = location.strip_prefix("/sign_in?").expect("to sign in");
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("a query");
    assert_eq!(fields.len(), 1, "{location}");
    assert_eq!(fields[0].0, "return_to");
    fields[0].1.clone()
}

/// Gives all posts and comments to user 1; returns the id of a post and of a comment.
fn own(site: &Site) -> (i64, i64) {
    let database = site.database();
    database
        .execute_batch("UPDATE posts SET user_id = 1; UPDATE comments SET user_id = 1;")
        .expect("the schema is known");
    database
        .execute_batch(
            "UPDATE users SET posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id), \
             comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id)",
        )
        .expect("the schema is known");
    (3, number(&database, "SELECT min(id) FROM comments"))
}

/// Each form that needs a session: its method and path, its fields, and the path of the page that shows
/// the draft again.
fn forms(post: i64, comment: i64) -> Vec<(&'static str, String, Vec<&'static str>, String)> {
    vec![
        ("POST", "/posts".into(), vec!["title", "description"], "/posts/new".into()),
        ("PATCH", format!("/posts/{post}"), vec!["title", "description"], format!("/posts/{post}/edit")),
        ("PUT", format!("/posts/{post}"), vec!["description"], format!("/posts/{post}/edit")),
        ("POST", format!("/posts/{post}/comments"), vec!["body"], format!("/posts/{post}#comment_form")),
        ("POST", format!("/comments/{comment}/replies"), vec!["body"], format!("/comments/{comment}/reply")),
        ("PATCH", format!("/comments/{comment}"), vec!["body"], format!("/comments/{comment}/edit")),
        ("PATCH", "/user".into(), vec!["screen_name", "about"], "/user/edit".into()),
    ]
}

/// The content of a field of the form, a line or an area.
fn field(page: &Answer, name: &str) -> String {
    if matches!(name, "title" | "screen_name") { line(page, name) } else { area(page, name) }
}

#[test]
fn text_sent_by_a_guest_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let (post, comment) = own(&site);
    let name = name_of(&site.database(), 1);
    for (method, path, fields, back) in forms(post, comment) {
        for htmx in [false, true] {
            let what = format!("{method} {path} {htmx}");
            let client = Client::new(&site);
            let form: Vec<(&str, &str)> = fields.iter().map(|&name| (name, WRITTEN)).collect();
            let location = if htmx {
                let answer = client.htmx(method, &path, &form);
                let location = answer.header("HX-Redirect").expect("htmx leaves the page").to_owned();
                assert_leads_htmx_to(&answer, 401, &location);
                location
            } else {
                let answer = client.ask(method, &path, &form, &[]);
                let cookies = set_cookies(&answer, "draft");
                let [cookie] = &cookies[..] else { panic!("{what}") };
                let attributes: Vec<&str> = cookie.split("; ").collect();
                assert_eq!(attributes[1..], ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax"]);
                let location = answer.header("Location").expect("a redirect to signing in").to_owned();
                assert_leads_to(&answer, &location);
                location
            };
            assert_eq!(return_to(&location), back, "{what}");
            let kept = count(&site.database(), "drafts");
            let page = client.get(&location);
            assert!(
                page.text().contains("Sign in to continue. What you wrote is kept for an hour."),
                "{what}"
            );
            for shown in [&location, page.text(), client.get("/sign_up").text()] {
                assert!(!shown.contains("typed") && !shown.contains("miss"), "{what}: {shown}");
            }
            let form = [("screen_name", &*name), ("password", "password"), ("return_to", &back)];
            let answer = client.post("/sessions", &form);
            assert_leads_to(&answer, &back);
            let page = client.follow(&answer);
            assert_eq!(page.status, 200, "{what}");
            for name in &fields {
                assert_eq!(field(&page, name), WRITTEN, "{what}");
            }
            assert!(!page.text().contains("<b>that"), "{what}: it is text");
            assert_eq!(flash(&page), ["You have been signed in."], "{what}");
            // The page shows the draft until the form is sent.
            assert_eq!(
                field(&client.get(back.split('#').next().expect("one")), fields[0]),
                WRITTEN,
                "{what}"
            );
            let other = if path == "/posts" { "/user/edit" } else { "/posts/new" };
            assert!(!client.get(other).text().contains("typed"), "{what}: shown in another form");
            let words = format!("{WRITTEN}, {what}");
            let mended: Vec<(&str, &str)> = fields
                .iter()
                .map(|&field| (field, if field == "screen_name" { &*name } else { &*words }))
                .collect();
            let sent = client.ask(method, &path, &mended, &[]);
            assert_eq!(sent.status, 303, "{what} {:?}", errors(&sent));
            assert_eq!(count(&site.database(), "drafts"), kept - 1, "{what}");
            if path == "/posts" {
                assert!(!client.get("/posts/new").text().contains("typed"), "{what}");
            }
        }
    }
    assert_sound(&site.database());
}

#[test]
fn a_guest_without_an_account_signs_up_and_finds_the_draft() {
    let site = Site::start();
    let client = Client::new(&site);
    let answer = client.post("/posts/3/comments", &[("body", WRITTEN)]);
    let page = client.follow(&answer);
    let [link] = &attributes(&page.html(), "main a", "href")[..] else { panic!("{}", page.text()) };
    let page = client.get(link);
    assert_eq!(texts(&page.html(), "h1"), ["Sign up"]);
    let return_to = line(&page, "return_to");
    // The first sign-up is refused.
    let refused = client.post("/users", &[("screen_name", "newcomer"), ("return_to", &return_to)]);
    let form = [
        ("screen_name", "newcomer"),
        ("password", NEW_PASSWORD),
        ("return_to", &line(&refused, "return_to")),
    ];
    let answer = client.post("/users", &form);
    assert_leads_to(&answer, "/posts/3#comment_form");
    let page = client.follow(&answer);
    assert_eq!((viewer(&page).as_deref(), area(&page, "body")), (Some("newcomer"), WRITTEN.to_owned()));
    let answer = client.post("/posts/3/comments", &[("body", &area(&page, "body"))]);
    assert_eq!(answer.status, 303);
    let page = client.follow(&answer);
    assert_eq!(area(&page, "body"), "");
    assert!(texts(&page.html(), "#comment_list li").iter().any(|comment| comment.contains("would \"miss\"")));
    assert_eq!(count(&site.database(), "drafts"), 0);
    assert_sound(&site.database());
}

#[test]
fn a_session_that_ends_while_a_user_writes_loses_no_text() {
    let site = Site::start();
    let (post, comment) = own(&site);
    let name = name_of(&site.database(), 1);
    for (method, path, fields, back) in forms(post, comment) {
        for htmx in [false, true] {
            let client = Client::signed_in_as(&site, 1);
            assert_eq!(client.get(back.split('#').next().expect("one")).status, 200);
            site.database()
                .execute_batch("DELETE FROM sessions; UPDATE users SET sessions_count = 0")
                .expect("the schema is known");
            let form: Vec<(&str, &str)> = fields.iter().map(|&name| (name, WRITTEN)).collect();
            let answer =
                if htmx { client.htmx(method, &path, &form) } else { client.ask(method, &path, &form, &[]) };
            assert_eq!(answer.status, if htmx { 401 } else { 303 }, "{method} {path}");
            let form = [("screen_name", &*name), ("password", "password"), ("return_to", &back)];
            let answer = client.post("/sessions", &form);
            let page = client.follow(&answer);
            assert_eq!(field(&page, fields[0]), WRITTEN, "{method} {path}");
        }
    }
}

#[test]
fn a_guest_comes_back_after_signing_in_to_the_page_they_asked_for() {
    let site = Site::start();
    let guest = Client::new(&site);
    for path in
        ["/posts/new", "/posts/new?title=a+b%26c&x=1", "/posts/1/edit", "/user/edit", "/user/delete", "/user"]
    {
        let answer = guest.get(path);
        let location = answer.header("Location").expect("to sign in").to_owned();
        assert_leads_to(&answer, &location);
        assert_eq!(return_to(&location), path);
        assert_eq!(answer.header("Set-Cookie"), None, "{path}: nothing was written");
        let page = guest.follow(&answer);
        assert_eq!(line(&page, "return_to"), path);
        assert!(page.text().contains("Sign in to continue.") && !page.text().contains("is kept"), "{path}");
        let answer = guest.ask("HEAD", path, &[], &[]);
        assert_eq!(answer.header("Location"), Some(&*location));
        assert_leads_htmx_to(&guest.htmx("GET", path, &[]), 401, &location);
    }
    // An address that is too long is left out of the form.
    let long = format!("/posts/new?{}", "x".repeat(3000));
    let answer = guest.get(&long);
    let page = guest.follow(&answer);
    assert_eq!((page.status, page.text().contains("return_to")), (200, false));
}

#[test]
fn a_draft_is_shown_for_an_hour_and_only_with_its_secret() {
    let site = Site::start();
    let client = Client::new(&site);
    client.post("/posts/3/comments", &[("body", WRITTEN)]);
    let cookie = client.cookie("draft").expect("it is kept").to_owned();
    // The guest sees the draft before they sign in.
    assert_eq!(area(&client.get("/posts/3"), "body"), WRITTEN);
    assert_eq!(area(&client.get("/posts/4"), "body"), "", "the draft is shown in another form");
    let (id, secret) = cookie.split_once('.').expect("a number and a secret");
    let thief = Client::new(&site);
    thief.post("/posts/3/comments", &[("body", "a thief's words")]);
    let other = thief.cookie("draft").expect("it is kept").to_owned();
    let (other_id, other_secret) = other.split_once('.').expect("a number and a secret");
    for wrong in [
        format!("{id}.{other_secret}"),
        format!("{other_id}.{secret}"),
        format!("{id}.{}", "0".repeat(64)),
        format!("{id}.{}", &secret[..63]),
        id.to_owned(),
        "<script>".into(),
        String::new(),
    ] {
        thief.set_cookie("draft", &wrong);
        assert_eq!(area(&thief.get("/posts/3"), "body"), "", "{wrong}");
        assert!(!thief.get("/sign_in?return_to=/posts/3").text().contains("is kept"), "{wrong}");
        // A wrong secret cannot delete the draft either.
        assert_eq!(thief.post("/posts/3/comments", &[("body", "again")]).status, 303);
    }
    assert_eq!(area(&client.get("/posts/3"), "body"), WRITTEN);
    age(&site, HOUR - MINUTE);
    assert_eq!(area(&client.get("/posts/3"), "body"), WRITTEN);
    assert!(client.get("/sign_in?return_to=/posts/3").text().contains("is kept"));
    age(&site, 2 * MINUTE);
    assert_eq!(area(&client.get("/posts/3"), "body"), "");
    assert!(!client.get("/sign_in?return_to=/posts/3").text().contains("is kept"));
    // The next draft removes the expired ones.
    assert!(count(&site.database(), "drafts") > 1);
    Client::new(&site).post("/posts/3/comments", &[("body", "anything")]);
    assert_eq!(count(&site.database(), "drafts"), 1);
}

#[test]
fn expired_drafts_are_removed_when_the_server_starts() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let connection = open(&database);
    let insert =
        "INSERT INTO drafts (created_at, secret_hash, path, form) VALUES (?1, zeroblob(32), '/posts', 'a=b')";
    for age in [Duration::ZERO, HOUR - 10 * MINUTE, HOUR + MINUTE, 48 * HOUR] {
        connection.execute(insert, [Timestamp::now() - age]).expect("the schema is known");
    }
    let _site = Site::with(0, |config| config.database = database.clone());
    eventually("the expired drafts go", || (count(&connection, "drafts") == 2).then_some(()));
    let oldest = number(&connection, "SELECT min(created_at) FROM drafts");
    assert!(oldest > (Timestamp::now() - HOUR).as_micros(), "and the others stay");
}

#[test]
fn a_browser_has_one_draft() {
    let site = Site::start();
    let database = site.database();
    let client = Client::new(&site);
    client.post("/posts", &[("title", "first")]);
    client.post("/posts/3/comments", &[("body", "second")]);
    assert_eq!(
        string(&database, "SELECT group_concat(path || form) FROM drafts"),
        "/posts/3/commentsbody=second"
    );
    // Empty fields make no draft, and the earlier draft stays.
    client.post("/posts", &[("title", ""), ("description", "")]);
    client.ask("DELETE", "/posts/3", &[], &[]);
    assert_eq!(area(&client.get("/posts/3"), "body"), "second");
}

/// Adds `number` drafts of `bytes` bytes each.
fn add_drafts(database: &Connection, number: u32, bytes: u32) {
    database
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
             INSERT INTO drafts (created_at, secret_hash, path, form) \
             SELECT (SELECT max(created_at) FROM drafts), zeroblob(32), '/posts', printf('%.*c', ?2, 'x') FROM n",
            [number, bytes],
        )
        .expect("the schema is known");
}

#[test]
fn drafts_are_limited_in_bytes_and_number_and_the_newest_stay() {
    // Just below the limits: 64 MiB in all, and 10,000 drafts.
    for (number, bytes, stay) in [(63, 1 << 20, 64), (9_998, 0, 10_000)] {
        let site = Site::start();
        let database = site.database();
        let first = Client::new(&site);
        first.post("/posts/3/comments", &[("body", "the oldest")]);
        add_drafts(&database, number, bytes);
        Client::new(&site).post("/posts", &[("title", "a short one")]);
        assert_eq!(area(&first.get("/posts/3"), "body"), "the oldest", "{number}");
        add_drafts(&database, 1, bytes);
        let last = Client::new(&site);
        last.post("/posts/4/comments", &[("body", "the newest")]);
        assert_eq!(area(&first.get("/posts/3"), "body"), "", "{number}");
        assert_eq!(area(&last.get("/posts/4"), "body"), "the newest");
        assert!((stay..=stay + 2).contains(&count(&database, "drafts")), "{number}");
    }
}

#[test]
fn a_draft_holds_text_fields_only_and_no_password() {
    let site = Site::start();
    let secrets = [
        ("screen_name", "somebody"),
        ("about", "me"),
        ("current_password", "hunter2hunter2"),
        ("password", "hunter3hunter3"),
        ("password_confirmation", "hunter3hunter3"),
        ("return_to", "/"),
        ("_method", "patch"),
    ];
    let client = Client::new(&site);
    assert_eq!(client.post("/user", &secrets).status, 303);
    let kept = string(&site.database(), "SELECT group_concat(path || ' ' || form) FROM drafts");
    assert_eq!(kept, "/user screen_name=somebody&about=me");
    // A form with passwords only makes no draft.
    Client::new(&site).post("/user", &secrets[2..]);
    assert_eq!(count(&site.database(), "drafts"), 1);
}

#[test]
fn a_text_too_long_for_a_draft_is_413() {
    let site = Site::start();
    let longest = "é".repeat(5 * 32 * 1024);
    let client = Client::new(&site);
    assert_eq!(client.post("/posts/3/comments", &[("body", &longest)]).status, 303);
    assert_eq!(area(&client.get("/posts/3"), "body"), longest);
    for form in [&[("body", &*format!("{longest}x"))][..], &[("body", &*"&".repeat(5 * 64 * 1024 + 1))]] {
        let client = Client::new(&site);
        let answer = client.post("/posts/3/comments", form);
        assert_eq!((answer.status, texts(&answer.html(), "h1")), (413, vec!["That is too long.".to_owned()]));
        assert_guarded(&answer);
        assert_eq!(answer.header("Set-Cookie"), None);
        let answer = client.htmx("POST", "/posts/3/comments", form);
        assert_eq!((answer.status, &*partials(&answer)[0].target), (413, "#flash"));
    }
    let both = [("title", &*longest), ("description", "x")];
    assert_eq!(Client::new(&site).post("/posts", &both).status, 413);
    assert_eq!(count(&site.database(), "drafts"), 1);
}

#[test]
fn signing_out_leaves_no_draft_in_the_browser() {
    let site = Site::start();
    let client = Client::new(&site);
    client.post("/posts/3/comments", &[("body", WRITTEN)]);
    let draft = client.cookie("draft").expect("it is kept").to_owned();
    client.sign_in(&name_of(&site.database(), 1));
    client.set_cookie("draft", &draft);
    let path = format!("/sessions/{}", client.session_id());
    client.ask("DELETE", &path, &[], &[]);
    assert_eq!(client.cookie("draft"), None);
    assert_eq!(area(&client.get("/posts/3"), "body"), "");
}

#[test]
fn a_notice_is_shown_once_on_the_next_page_that_is_no_error() {
    let site = Site::start();
    let name = name_of(&site.database(), 1);
    let said = || vec!["You have been signed in.".to_owned()];
    let client = Client::new(&site);
    let answer = client.sign_in(&name);
    let cookies = set_cookies(&answer, "flash");
    let [cookie] = &cookies[..] else { panic!("{answer:?}") };
    assert_eq!(cookie, "flash=signed-in; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    // An error, a redirect or a file does not use the notice up.
    for (method, path, form, status) in [
        ("GET", "/nowhere", &[][..], 404),
        ("GET", "/posts/999999", &[], 404),
        ("POST", "/posts", &[("title", "x")], 422),
        ("PATCH", "/user", &[("screen_name", "")], 422),
        ("POST", "/posts/1/comments", &[("body", "")], 422),
        ("POST", "/sessions", &[("screen_name", "nobody")], 422),
        ("POST", "/users", &[("screen_name", "")], 422),
        ("GET", "/?after=x", &[], 400),
        ("GET", "/user", &[], 303),
        ("GET", "/up", &[], 200),
        ("GET", "/manifest.json", &[], 200),
    ] {
        let answer = client.ask(method, path, form, &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(!answer.text().contains("You have been signed in."), "{method} {path}");
        assert_eq!(answer.header("Set-Cookie"), None, "{method} {path}");
    }
    let back = client.clone();
    let page = client.get("/");
    assert_eq!(flash(&page), said());
    assert_eq!(page.header("Cache-Control"), Some("no-store"), "the Back button must not show it again");
    assert_eq!(set_cookies(&page, "flash"), ["flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
    assert_guarded(&page);
    assert_eq!(attributes(&page.html(), "#flash", "role"), ["status"]);
    let page = client.get("/");
    assert_eq!((flash(&page), page.header("Set-Cookie")), (vec![], None));
    assert_eq!(page.header("Cache-Control"), Some("private, no-cache"));
    // The cached page lacks the notice: a conditional request gets the whole page.
    let tag = page.header("ETag").expect("a page has a tag").to_owned();
    let again = back.ask("GET", "/", &[], &[("If-None-Match", &tag)]);
    assert_eq!((again.status, flash(&again)), (200, said()));
}

#[test]
fn a_forged_notice_is_not_shown() {
    let site = Site::start();
    for forged in [
        "<script>alert(1)</script>",
        "signed_in",
        "SIGNED-IN",
        "signed-in ",
        "signed-in.",
        "",
        "\"signed-in\"",
    ] {
        let client = Client::new(&site);
        let cookie = format!("a=b; {}={forged}", site.cookie_names.full("flash"));
        let answer = client.ask("GET", "/", &[], &[("Cookie", &cookie)]);
        assert_eq!(answer.status, 200);
        let expected =
            if forged == "signed-in " { vec!["You have been signed in.".to_owned()] } else { vec![] };
        assert_eq!(flash(&answer), expected, "{forged}: only blanks round the value are trimmed");
        assert!(!answer.text().contains("alert(1)"));
    }
}

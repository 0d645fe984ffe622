//! Posts: creating, changing and destroying them, with and without a script, for users and guests.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use lorem_news::post::{self, NewPost};
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::Timestamp;
use lorem_news::vote::{self, Target, Vote};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::titles::assert_leads_to_holder;

const BLANK: &str = "Title can't be blank";
const SHORT: &str = "Title is too short (minimum is 5 characters)";
const LONG: &str = "Title is too long (maximum is 255 characters)";
const TAKEN: &str = "Title has already been taken";
const LONG_TEXT: &str = "Description is too long (maximum is 65536 characters)";
const GONE: &str = "The page you were looking for doesn't exist. \
                    You may have mistyped the address or the page may have moved.";

const DESTROYED: &str = "Post was successfully destroyed. Undo";
const ALREADY: &str = "It is already deleted.";

/// Creates a post of a user with an old time.
fn post_of(site: &Site, user_id: i64, title: &str) -> i64 {
    let (description, created_at) = ("As it was.", Timestamp::from_micros(1_600_000_000_000_000));
    let post = NewPost { user_id: UserId::new(user_id), title, link: None, description, created_at };
    post::sql::create(&site.database(), &post).expect("it is posted").expect("the title is free").get()
}

/// All columns of a post as JSON.
fn row(database: &Connection, id: i64) -> String {
    one(
        database,
        &format!(
            "SELECT json_array(id, user_id, title, created_at, updated_at, deleted_at, hotness, score, \
             comments_count, url, site, address, text) FROM posts JOIN descriptions ON post_id = id WHERE id = {id}"
        ),
    )
}

fn count(database: &Connection) -> i64 {
    number(database, "SELECT count(*) FROM posts WHERE gone_at IS NULL")
}

/// Invalid pairs of a title and a description, with their errors.
fn refusals(taken: &str) -> Vec<(String, String, Vec<&'static str>)> {
    let text = |text: &str| text.to_owned();
    vec![
        (text(""), text("some text"), vec![BLANK]),
        (text("   "), text(""), vec![BLANK]),
        (text("     "), text(""), vec![BLANK]),
        (text("a"), text(""), vec![SHORT]),
        (text("abcd"), text("  kept\n\n  as it is"), vec![SHORT]),
        (text("👍👍👍👍"), text(""), vec![SHORT]),
        (text(r#"<b>""#), text("</textarea><script>alert('1')</script>"), vec![SHORT]),
        ("é".repeat(256), text(""), vec![LONG]),
        (taken.to_owned(), text("a text"), vec![TAKEN]),
        (text("a free title"), "x".repeat(65_537), vec![LONG_TEXT]),
        (text(""), "é".repeat(65_537), vec![BLANK, LONG_TEXT]),
        (taken.to_owned(), "x".repeat(65_537), vec![LONG_TEXT, TAKEN]),
    ]
}

/// A site, its database, and the author of post 7, signed in.
fn site_of_an_author() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    let author = number(&database, "SELECT user_id FROM posts WHERE id = 7");
    let client = Client::signed_in_as(&site, author);
    (site, database, client)
}

/// Panics unless the whole page shows the form again, with the typed text and its errors.
fn assert_shown_again(answer: &Answer, heading: &str, title: &str, description: &str, sentences: &[&str]) {
    assert_eq!(answer.status, 422, "{title:?}");
    assert!(answer.text().starts_with("<!DOCTYPE html>") && !answer.text().contains("<script>"));
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), [heading]);
    assert_refused(&html, "post", sentences);
    assert_eq!(attributes(&html, "input[name=title]", "value"), [title]);
    assert_eq!(texts(&html, "textarea[name=description]"), [description]);
    let wrong = |field: &str| attributes(&html, &format!("[name={field}]"), "aria-invalid");
    let about = |field: &str| sentences.iter().any(|sentence| sentence.starts_with(field));
    assert_eq!(wrong("title").len(), usize::from(about("Title")));
    assert_eq!(wrong("description").len(), usize::from(about("Description")));
    for ids in attributes(&html, "[aria-describedby]", "aria-describedby") {
        for id in ids.split(' ') {
            assert!(!texts(&html, &format!("#{id}")).concat().is_empty(), "{id} describes");
        }
    }
    assert_eq!(notices(&html), [""; 0]);
}

// Creating

#[test]
fn a_post_is_made_and_its_notice_is_shown_once() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let form =
        [("title", "  A\u{202e} new\0 \r\n post "), ("description", "One\r\n\r\n*two*\r\nlines\0 & <b>")];
    let answer = client.post("/posts", &form);
    let id = number(&database, "SELECT max(id) FROM posts");
    let page = client.follow(&answer).html();
    assert_eq!(notices(&page), ["Post was successfully created."]);
    assert_eq!(texts(&page, "h1"), ["A new post"]);
    assert!(texts(&page, ".byline")[0].contains("by you · less than a minute ago · 0 comments"));
    assert_eq!(texts(&page, "div.prose > p"), ["One", "twolines & <b>"]);
    assert_eq!(texts(&page, "div.prose em"), ["two"]);
    assert_eq!((answer.status, answer.header("Location")), (303, Some(&*format!("/posts/{id}"))));
    assert_eq!(notices(&client.get("/").html()), [""; 0]);
    let text: String = one(&database, &format!("SELECT text FROM descriptions WHERE post_id = {id}"));
    assert_eq!(text, "One\n\n*two*\nlines & <b>");
    assert_eq!(texts(&client.get("/posts").html(), "ol.posts > li > a")[0], "A new post");
    assert_sound(&database);

    // Sending it again creates no second post.
    let answer = client.post("/posts", &form);
    assert_shown_again(&answer, "New post", "A new post", "One\n\n*two*\nlines & <b>", &[TAKEN]);
    assert_leads_to_holder(&answer, id);
    assert_eq!(count(&database), 21);
}

#[test]
fn a_form_cannot_set_other_fields_of_a_post() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let more = [
        ("id", "999"),
        ("user_id", "6"),
        ("comments_count", "7"),
        ("score", "1000"),
        ("hotness", "99999999999"),
        ("created_at", "1"),
        ("deleted_at", "1"),
        ("site", "evil.example"),
        ("address", "evil.example"),
        ("post[title]", "Another title"),
    ];
    let form = [&[("title", "Just a title")][..], &more].concat();
    let answer = client.post("/posts", &form);
    let id = number(&database, "SELECT max(id) FROM posts");
    assert_done(&client, &answer, &format!("/posts/{id}"), "Post was successfully created.");
    let before = row(&database, id);
    let created_at = number(&database, &format!("SELECT created_at FROM posts WHERE id = {id}"));
    let hotness = lorem_news::rank::hotness(1, Timestamp::from_micros(created_at));
    assert_eq!(
        before,
        format!(r#"[{id},5,"Just a title",{created_at},{created_at},null,{hotness},1,0,null,null,null,""]"#)
    );
    // A field that is not sent keeps its value.
    let answer = client.ask("PATCH", &format!("/posts/{id}"), &more, &[]);
    assert_done(&client, &answer, &format!("/posts/{id}"), "Post was successfully updated.");
    let updated_at = number(&database, &format!("SELECT updated_at FROM posts WHERE id = {id}"));
    let after =
        before.replace(&format!(",{created_at},{created_at},"), &format!(",{created_at},{updated_at},"));
    assert_eq!(row(&database, id), after);
}

#[test]
fn titles_of_five_characters_in_any_script_or_another_case_are_accepted() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let (longest, text) = ("é".repeat(255), "x".repeat(65_536));
    for (title, description) in [
        ("新聞の題名", ""),
        ("abcde", &*text),
        ("ABCDE", ""),
        ("Abcde", ""),
        ("👍👍👍👍👍", ""),
        ("100% + 1 & 1", ""),
        (&*longest, ""),
    ] {
        let answer = client.post("/posts", &[("title", title), ("description", description)]);
        assert_eq!(texts(&client.follow(&answer).html(), "h1"), [title]);
    }
    assert_sound(&site.database());
}

#[test]
fn an_invalid_post_is_reported_in_the_form() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let taken: String = one(&database, "SELECT title FROM posts WHERE id = 1");
    let newest = number(&database, "SELECT max(id) FROM posts");
    let mut seen = BTreeSet::new();
    for (title, description, sentences) in refusals(&taken) {
        let answer = client.post("/posts", &[("title", &title), ("description", &description)]);
        assert_shown_again(&answer, "New post", &title, &description, &sentences);
        let html = answer.html();
        assert_eq!(attributes(&html, "main form", "action"), ["/posts"]);
        assert_eq!(texts(&html, "main form button"), ["Create Post", "Preview"]);
        assert_eq!(texts(&html, "main label"), ["Title", "URL", "Description"]);
        assert_eq!(attributes(&html, ".card-title a[href='/posts']", "href"), ["/posts"]);
        seen.extend(sentences);
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
    assert_eq!(number(&database, "SELECT max(id) FROM posts"), newest);
    let nothing = client.post("/posts", &[]);
    assert_shown_again(&nothing, "New post", "", "", &[BLANK]);
}

#[test]
fn a_refused_form_does_not_show_an_earlier_notice() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let id = post_of(&site, client.user_id, "A post of mine");
    for (path, method) in [("/posts".to_owned(), "post"), (format!("/posts/{id}"), "patch")] {
        client.set_cookie("flash", "post-destroyed");
        let answer = client.post(&path, &[("_method", method), ("title", "")]);
        assert_eq!((answer.status, notices(&answer.html())), (422, vec![]), "{path}");
        // The notice waits for the next page that is no refused form.
        assert_eq!(notices(&client.get("/").html()), ["Post was successfully destroyed."]);
    }
}

#[test]
fn the_forms_have_the_expected_labels_and_values() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let id = post_of(&site, client.user_id, "A \"post\" of <mine>");
    let new = client.get("/posts/new");
    assert_eq!(new.status, 200);
    let html = new.html();
    assert_eq!(
        (texts(&html, "h1"), texts(&html, "main button")),
        (vec!["New post".into()], vec!["Create Post".into(), "Preview".into()])
    );
    assert_eq!(texts(&html, ".card-title a"), ["← Back to posts"]);
    assert_eq!(attributes(&html, "input[name=title]", "value"), [""]);
    let edit = client.get(&format!("/posts/{id}/edit"));
    assert_eq!(edit.status, 200);
    let html = edit.html();
    assert_eq!(texts(&html, "h1"), ["Editing post"]);
    assert_eq!(texts(&html, "main form button"), ["Update Post", "Preview"]);
    assert_eq!(texts(&html, ".card-title a"), ["← Back to posts"]);
    assert_eq!(texts(&html, &format!("main a[href='/posts/{id}']")), ["Show this post"]);
    assert_eq!(attributes(&html, "input[name=title]", "value"), ["A \"post\" of <mine>"]);
    assert_eq!(texts(&html, "textarea"), ["As it was."]);
    assert_eq!(attributes(&html, "main form", "action"), [format!("/posts/{id}")]);
    assert_eq!(attributes(&html, "main form input[name=_method]", "value"), ["patch"]);
    assert_eq!(client.ask("HEAD", "/posts/new", &[], &[]).status, 200);
}

// Changing

#[test]
fn a_post_is_changed_by_patch_put_and_a_form() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = post_of(&site, client.user_id, "A post of mine");
    let path = format!("/posts/{id}");
    for (number, (method, meant)) in [
        ("PATCH", None),
        ("PUT", None),
        ("POST", Some("patch")),
        ("POST", Some("PATCH")),
        ("POST", Some("pUt")),
        ("PATCH", Some("delete")),
    ]
    .into_iter()
    .enumerate()
    {
        let title = format!("Its title {number}");
        let mut form = vec![("title", &*title), ("description", "new")];
        form.extend(meant.map(|meant| ("_method", meant)));
        let answer = client.ask(method, &path, &form, &[("Sec-Fetch-Site", "same-origin")]);
        assert_done(&client, &answer, &path, "Post was successfully updated.");
        assert_eq!(one::<String>(&database, &format!("SELECT title FROM posts WHERE id = {id}")), title);
        // The change is idempotent.
        let again = client.ask(method, &path, &form, &[]);
        assert_done(&client, &again, &path, "Post was successfully updated.");
    }
    for meant in ["", "get", "post", "trace", "patch "] {
        let answer = client.post(&path, &[("_method", meant), ("title", "Not like this")]);
        assert_page_of_error(&client, &answer, 405, "That can't be done here.");
    }
    let answer = client.get(&format!("{path}?_method=delete"));
    assert_eq!((answer.status, texts(&answer.html(), "h1")), (200, vec!["Its title 5".to_owned()]));
    let html = client.get(&path).html();
    assert_eq!(texts(&html, "div.prose"), ["new"]);
    assert_sound(&database);
}

#[test]
fn an_invalid_change_is_reported_in_the_form_and_changes_nothing() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = post_of(&site, client.user_id, "A post of mine");
    let (path, before) = (format!("/posts/{id}"), row(&database, id));
    let taken: String = one(&database, "SELECT title FROM posts WHERE id = 1");
    for (title, description, sentences) in refusals(&taken) {
        let form = [("_method", "patch"), ("title", &*title), ("description", &*description)];
        let answer = client.post(&path, &form);
        assert_shown_again(&answer, "Editing post", &title, &description, &sentences);
        let html = answer.html();
        assert_eq!(attributes(&html, "main form", "action"), [&*path]);
        assert_eq!(texts(&html, "main form button"), ["Update Post", "Preview"]);
        assert_eq!(row(&database, id), before, "{title:?}");
    }
    // The post's own title is free for itself.
    let answer = client.post(&path, &[("_method", "put"), ("title", "A post of mine")]);
    assert_done(&client, &answer, &path, "Post was successfully updated.");
}

#[test]
fn a_changed_post_keeps_its_place_in_the_lists() {
    let (_site, database, client) = site_of_an_author();
    let order = |path: &str| attributes(&client.get(path).html(), "ol.posts > li > a", "href");
    let orders = || (order("/"), order("/posts"));
    let kept = || -> String {
        one(
            &database,
            "SELECT json_array(user_id, created_at, hotness, score, comments_count, deleted_at) FROM posts WHERE id = 7",
        )
    };
    let updated_at = || number(&database, "SELECT updated_at FROM posts WHERE id = 7");
    database.execute_batch("UPDATE posts SET updated_at = 5 WHERE id = 7").expect("the schema is known");
    let before = (orders(), kept());
    let form = [("title", "Quite another title"), ("description", "Quite another text")];
    let answer = client.ask("PATCH", "/posts/7", &form, &[]);
    assert_done(&client, &answer, "/posts/7", "Post was successfully updated.");
    assert_eq!((orders(), kept()), before);
    assert!(updated_at() > 5);
    let html = client.get("/posts/7").html();
    assert_eq!(
        (texts(&html, "h1"), texts(&html, "div.prose")),
        (vec![form[0].1.into()], vec![form[1].1.into()])
    );
    assert!(!texts(&html, "#comment_list > li").is_empty(), "the comments stay");
    assert_sound(&database);
}

#[test]
fn a_destroyed_post_stays_as_deleted_with_the_comments_on_it() {
    let (_site, database, client) = site_of_an_author();
    database
        .execute_batch(
            "INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, body)
                 SELECT post_id, 9, id, 1, 1, 1, 'a reply' FROM comments WHERE post_id = 7 LIMIT 3;
             UPDATE posts SET comments_count = comments_count + 3 WHERE id = 7;
             UPDATE users SET comments_count = comments_count + 3 WHERE id = 9;
             INSERT INTO visits (user_id, post_id, seen_at) SELECT id, 7, 1 FROM users;
             INSERT INTO saved_posts SELECT id, 7, 1 FROM users;",
        )
        .expect("the schema is known");
    let comments = ids(&database, "SELECT id FROM comments WHERE post_id = 7 OR id < 3");
    for voter in 10..40 {
        let targets = comments
            .iter()
            .map(|&id| Target::Comment(CommentId::new(id)))
            .chain([Target::Post(PostId::new(7))]);
        for target in targets {
            vote::sql::change(&database, UserId::new(voter), target, Vote::Cast, Timestamp::from_micros(1))
                .expect("it is counted");
        }
    }
    assert_sound(&database);
    let (bodies, before) = (texts(&client.get("/posts/7").html(), "#comment_list .prose"), row(&database, 7));
    let answer = client.post("/posts/7", &[("_method", "Delete")]);
    assert_done(&client, &answer, "/posts", DESTROYED);
    let page = client.get("/posts/7");
    assert_eq!((page.status, texts(&page.html(), "h1")), (200, vec!["[deleted]".to_owned()]));
    assert_eq!(texts(&page.html(), "#comment_list .prose"), bodies, "the comments stay");
    assert_ne!(row(&database, 7), before);
    assert_eq!(texts(&page.html(), "#comment_form, main > .actions, .source"), [""; 0]);
    assert_eq!(count(&database), 20);
    assert_sound(&database);
    // A second deletion offers the undo again; all other requests for the post are 404.
    let again = client.ask("DELETE", "/posts/7", &[], &[]);
    assert_done(&client, &again, "/posts", "Post was already deleted. Undo");
    assert_leads_htmx_to(&client.htmx("DELETE", "/posts/7", &[]), 200, "/posts");
    assert_refuses_all("/posts/7", &client);
    assert_sound(&database);
}

#[test]
fn a_destroyed_post_without_comments_goes() {
    let (site, database, client) = site_of_an_author();
    database.execute("DELETE FROM comments WHERE post_id = 7", []).expect("the schema is known");
    recount(&database);
    let answer = client.post("/posts/7", &[("_method", "Delete")]);
    assert_done(&client, &answer, "/posts", DESTROYED);
    assert_eq!(count(&database), 19);
    assert_page_of_error(&client, &client.get("/posts/7"), 404, NOT_FOUND);
    assert_refuses_all("/posts/7", &client);
    // For another user, or for a post that never was, there is nothing to undo.
    let other = Client::signed_in_as(&site, client.user_id % 100 + 1);
    for path in ["/posts/7", "/posts/999999"] {
        assert_page_of_error(&other, &other.ask("DELETE", path, &[], &[]), 404, ALREADY);
        assert_alert(&other.htmx("DELETE", path, &[]), 404, &format!("{ALREADY} Nothing was changed."));
        assert_page_of_error(&other, &other.get(&format!("{path}/destroy")), 404, ALREADY);
    }
    assert_sound(&database);
}

/// Panics unless all requests for a deleted post but its deletion are 404.
fn assert_refuses_all(path: &str, client: &Client) {
    for (method, path) in
        [("PATCH", path.to_owned()), ("GET", format!("{path}/edit")), ("POST", format!("{path}/comments"))]
    {
        let form = [("title", "A fine title"), ("body", "A fine comment")];
        let form = if method == "GET" { &[][..] } else { &form };
        assert_page_of_error(client, &client.ask(method, &path, form, &[]), 404, NOT_FOUND);
        let sentence = if path.ends_with("/comments") { LOST } else { GONE };
        assert_alert(&client.htmx(method, &path, form), 404, sentence);
    }
}

#[test]
fn a_post_is_destroyed_by_delete_and_by_a_form() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    for form in [&[][..], &[("_method", "delete")], &[("_method", "DELETE")]] {
        let id = post_of(&site, client.user_id, "The same title again");
        let method = if form.is_empty() { "DELETE" } else { "POST" };
        let answer = client.ask(method, &format!("/posts/{id}"), form, &[]);
        assert_done(&client, &answer, "/posts", DESTROYED);
        assert_eq!(count(&database), 20);
    }
    let id = post_of(&site, client.user_id, "The same title again");
    let answer = client.htmx("POST", &format!("/posts/{id}"), &[("_method", "delete")]);
    assert_eq!((answer.status, answer.header("HX-Redirect")), (200, Some("/posts")));
    assert_eq!((answer.header("Location"), answer.text()), (None, ""));
    assert_eq!(notices(&client.get("/posts").html()), [DESTROYED]);
    assert_sound(&database);
}

#[test]
fn a_form_sent_by_htmx_redirects_to_the_whole_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let answer = client.htmx("POST", "/posts", &[("title", "Sent by a script")]);
    let path = format!("/posts/{}", number(&database, "SELECT max(id) FROM posts"));
    assert_eq!((answer.status, answer.header("HX-Redirect")), (200, Some(&*path)));
    assert_eq!(notices(&client.get(&path).html()), ["Post was successfully created."]);
    let answer = client.htmx("PATCH", &path, &[("title", "Changed by a script")]);
    assert_eq!((answer.status, answer.header("HX-Redirect")), (200, Some(&*path)));
    assert_eq!(notices(&client.get(&path).html()), ["Post was successfully updated."]);
    assert_eq!(client.htmx("PATCH", &path, &[("title", "")]).status, 422);
}

// Forbidden

/// Every request that changes post 7, or gets the form for a change.
const CHANGES: [(&str, &str, Fields); 7] = [
    ("GET", "/posts/7/edit", &[]),
    ("PATCH", "/posts/7", &[("title", "Not by its author")]),
    ("PUT", "/posts/7", &[("title", "Not by its author")]),
    ("POST", "/posts/7", &[("_method", "patch"), ("title", "")]),
    ("POST", "/posts/7", &[("_method", "delete")]),
    ("DELETE", "/posts/7", &[]),
    ("GET", "/posts/7/destroy", &[]),
];

#[test]
fn only_the_author_changes_a_post() {
    let site = Site::start();
    let database = site.database();
    let author = number(&database, "SELECT user_id FROM posts WHERE id = 7");
    let other = Client::signed_in_as(&site, author % 100 + 1);
    let before = row(&database, 7);
    for (method, path, form) in CHANGES {
        for _ in 0..2 {
            assert_page_of_error(&other, &other.ask(method, path, form, &[]), 403, refused(method));
            let why = format!("{} Only the author of a post can change it.", refused(method));
            assert_alert(&other.htmx(method, path, form), 403, &why);
        }
    }
    assert_eq!(row(&database, 7), before);
    assert_eq!(count(&database), 20);
    assert_sound(&database);
}

#[test]
fn cross_site_requests_and_bodies_that_are_no_form_change_nothing() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = post_of(&site, client.user_id, "A post of mine");
    let (path, before) = (format!("/posts/{id}"), row(&database, id));
    for elsewhere in [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.example")] {
        for (method, path, form) in [
            ("POST", "/posts", &[("title", "From elsewhere")][..]),
            ("POST", &*path, &[("_method", "delete")]),
            ("POST", &path, &[("_method", "patch"), ("title", "From elsewhere")]),
            ("DELETE", &path, &[]),
            ("POST", "/posts/3/comments", &[("body", "From elsewhere")]),
        ] {
            let answer = client.ask(method, path, form, &[elsewhere]);
            assert_page_of_error(&client, &answer, 403, REJECTED);
        }
    }
    let (name, session) = (site.cookie_names.full("session"), client.cookie("session").expect("a session"));
    let cookie = format!("{name}={session}");
    for (content_type, body, status) in [
        ("application/json", r#"{"title":"No form at all"}"#, 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
        ("text/plain", "title=No+form+at+all", 415),
        ("application/x-www-form-urlencoded", "title=%ff%fe%fd%fc%fb", 400),
        ("application/x-www-form-urlencoded", &"title=Too+many&".repeat(101), 400),
    ] {
        for (method, path) in [("POST", "/posts"), ("PATCH", &path), ("POST", "/posts/3/comments")] {
            let mut raw = Raw::connect(site.address);
            let (host, length) = (site.address, body.len());
            raw.send(format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\
                 Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
            assert_page_of_error(&client, &raw.answer(), status, "That request can't be understood.");
        }
    }
    assert_eq!((count(&database), row(&database, id)), (21, before));
    assert_sound(&database);
}

#[test]
fn a_guest_who_changes_a_post_is_led_to_sign_in_and_back() {
    let site = Site::start();
    let database = site.database();
    let before = row(&database, 7);
    for (method, path, form) in CHANGES {
        let destroys = method == "DELETE" || form.contains(&("_method", "delete"));
        let return_to = match path {
            "/posts/7" if destroys => "/posts/7",
            "/posts/7/destroy" => path,
            _ => "/posts/7/edit",
        };
        let guest = Client::new(&site);
        let (plain, htmx) = (guest.ask(method, path, form, &[]), guest.htmx(method, path, form));
        assert_leads_to_sign_in(&plain, &htmx, return_to);
    }
    for (method, path) in [("GET", "/posts/new"), ("POST", "/posts")] {
        let guest = Client::new(&site);
        let (plain, htmx) = (guest.ask(method, path, &[], &[]), guest.htmx(method, path, &[]));
        assert_leads_to_sign_in(&plain, &htmx, "/posts/new");
    }
    assert_eq!(row(&database, 7), before);
    assert_eq!(count(&database), 20);
}

#[test]
fn a_post_sent_by_a_guest_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let database = site.database();
    let guest = Client::new(&site);
    let form = [("title", "A guest's <title>"), ("description", "first line\nsecond line")];
    let answer = guest.post("/posts", &form);
    assert_eq!(guest.follow(&answer).status, 200);
    let user = Client::signed_in(&site);
    guest.set_cookie("session", &user.cookie("session").expect("a session"));
    let html = guest.get("/posts/new").html();
    assert_eq!(attributes(&html, "input[name=title]", "value"), [form[0].1]);
    assert_eq!(texts(&html, "textarea"), [form[1].1]);
    assert_eq!(texts(&html, "div.errors"), [""; 0]);
    assert_eq!(guest.post("/posts", &form).status, 303);
    assert_eq!(attributes(&guest.get("/posts/new").html(), "input[name=title]", "value"), [""]);
    assert_eq!(number(&database, "SELECT count(*) FROM drafts"), 0);
}

#[test]
fn a_missing_or_deleted_post_cannot_be_changed() {
    let (_site, database, client) = site_of_an_author();
    // A deleted post that was kept for its comments, with its author.
    database
        .execute_batch(
            "UPDATE posts SET deleted_at = 1, title = NULL WHERE id = 7;
             UPDATE users SET posts_count = posts_count - 1 WHERE id = (SELECT user_id FROM posts WHERE id = 7);",
        )
        .expect("the schema is known");
    let before = row(&database, 7);
    for number in ["7", "999999", "0", "9223372036854775807", "99999999999999999999", "7x", "-7", "new"] {
        for (method, path, form) in CHANGES {
            let path = path.replace('7', number);
            if (path == "/posts/new") || (number == "new" && method == "GET") {
                continue;
            }
            let destroys =
                method == "DELETE" || form.contains(&("_method", "delete")) || path.ends_with("/destroy");
            let is_number = PostId::from_path(number).is_some();
            let heading = if destroys && is_number { ALREADY } else { NOT_FOUND };
            assert_page_of_error(&client, &client.ask(method, &path, form, &[]), 404, heading);
        }
    }
    assert_eq!(row(&database, 7), before);
    assert_sound(&database);
}

// Lists

#[test]
fn only_the_author_has_the_buttons_of_a_post() {
    let (site, database, client) = site_of_an_author();
    let author = client.user_id;
    let mut statement =
        database.prepare("SELECT id FROM posts WHERE user_id = ?1").expect("the schema is known");
    let own: BTreeSet<i64> = statement
        .query_map([author], |row| row.get(0))
        .expect("rows")
        .map(|id| id.expect("a number"))
        .collect();
    for path in ["/", "/posts"] {
        let html = client.get(path).html();
        for html in [&html, &Client::new(&site).get(path).html()] {
            assert_eq!(texts(html, ".card-title a[href='/posts/new']"), ["+ New post"], "{path}");
        }
        let links: BTreeSet<String> = attributes(&html, "ol.posts .actions a", "href").into_iter().collect();
        assert_eq!(links, own.iter().map(|id| format!("/posts/{id}/edit")).collect());
        assert_eq!(texts(&html, "ol.posts .actions a"), vec!["Edit"; own.len()]);
        // No list has anything that deletes.
        assert_eq!(
            texts(
                &html,
                "ol.posts button:not(.vote, [formaction$='/hide']), ol.posts form, ol.posts .danger"
            ),
            [""; 0]
        );
        let bylines = texts(&html, "ol.posts > li > p");
        assert_eq!(bylines.iter().filter(|line| line.contains(" by you · ")).count(), own.len());
        let guests = Client::new(&site).get(path).html();
        assert_eq!(texts(&guests, "ol.posts .actions"), [""; 0]);
        assert!(!texts(&guests, "ol.posts > li > p").iter().any(|line| line.contains("by you")));
    }
    let page = client.get("/posts/7").html();
    assert_eq!(texts(&page, "main > .actions a, main > .actions button"), ["Edit", "Destroy"]);
    assert_eq!(attributes(&page, "main > .actions a.danger", "href"), ["/posts/7/destroy"]);
    for other in [Client::new(&site), Client::signed_in_as(&site, author % 100 + 1)] {
        assert_eq!(texts(&other.get("/posts/7").html(), "main > .actions"), [""; 0]);
    }
}

// Concurrency

#[test]
fn of_fifty_concurrent_posts_with_one_title_one_is_made() {
    let site = Site::start();
    let clients: Vec<Client> = (1..=50).map(|user_id| Client::signed_in_as(&site, user_id)).collect();
    let together = Barrier::new(clients.len());
    let answers: Vec<Answer> = thread::scope(|scope| {
        let sent: Vec<_> = clients
            .iter()
            .map(|client| {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    client.post("/posts", &[("title", "The same title"), ("description", "for all")])
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let made = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        assert_shown_again(answer, "New post", "The same title", "for all", &[TAKEN]);
    }
    let database = site.database();
    assert_eq!(count(&database), 21);
    assert_sound(&database);
}

#[test]
fn of_many_concurrent_changes_to_one_title_one_is_made() {
    let site = Site::start();
    let database = site.database();
    let clients: Vec<(Client, i64)> = (1..=20)
        .map(|user_id| {
            (Client::signed_in_as(&site, user_id), post_of(&site, user_id, &format!("Title {user_id}")))
        })
        .collect();
    let together = Barrier::new(clients.len());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = clients
            .iter()
            .map(|(client, id)| {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    client.ask("PATCH", &format!("/posts/{id}"), &[("title", "The same title")], &[]).status
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    assert_eq!(statuses.iter().filter(|&&status| status == 303).count(), 1);
    assert_eq!(statuses.iter().filter(|&&status| status == 422).count(), 19);
    assert_eq!(number(&database, "SELECT count(*) FROM posts WHERE title = 'The same title'"), 1);
    assert_sound(&database);
}

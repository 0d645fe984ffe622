//! Comments: creating, changing and destroying them, with and without a script, for users and guests.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lorem_news::comment::{self, NewComment};
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{DAY, MINUTE, Timestamp};
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const BLANK: &str = "Body can't be blank";
const SHORT: &str = "Body is too short (minimum is 5 characters)";
const LONG: &str = "Body is too long (maximum is 10000 characters)";
const GONE: &str = "The page you were looking for doesn't exist. \
                    You may have mistyped the address or the page may have moved.";
const CREATED: &str = "Comment was successfully created.";
const UPDATED: &str = "Comment was successfully updated.";
const DESTROYED: &str = "Comment was successfully destroyed. Undo";
const BEFORE: &str = "Comment was already deleted. Undo";

/// Creates a comment three months old, whose age in words does not change for weeks.
pub fn comment_of(database: &Connection, user_id: i64, post_id: i64, body: &str) -> i64 {
    let comment = NewComment {
        post_id: PostId::new(post_id),
        parent_id: None,
        user_id: UserId::new(user_id),
        body,
        created_at: Timestamp::now() - 95 * DAY,
    };
    comment::sql::create(database, &comment).expect("it can be made").get()
}

/// Creates a reply to a comment on post 3.
pub fn reply_of(database: &Connection, user_id: i64, parent_id: i64) -> i64 {
    let created_at = Timestamp::now() - 95 * DAY;
    let reply = NewComment {
        post_id: PostId::new(3),
        parent_id: Some(CommentId::new(parent_id)),
        user_id: UserId::new(user_id),
        body: "This is a reply.",
        created_at,
    };
    comment::sql::create(database, &reply).expect("it can be made").get()
}

fn row(database: &Connection, id: i64) -> String {
    one(
        database,
        &format!(
            "SELECT json_array(id, post_id, user_id, parent_id, depth, created_at, updated_at, deleted_at, \
             score, body) FROM comments WHERE id = {id}"
        ),
    )
}

pub fn newest(database: &Connection) -> i64 {
    number(database, "SELECT max(id) FROM comments")
}

pub fn count_of(database: &Connection, post_id: i64) -> i64 {
    number(database, &format!("SELECT count(*) FROM comments WHERE post_id = {post_id} AND gone_at IS NULL"))
}

/// Invalid texts with their errors.
fn refusals() -> Vec<(String, Vec<&'static str>)> {
    let text = |text: &str| text.to_owned();
    vec![
        (text(""), vec![BLANK]),
        (text(" \n "), vec![BLANK]),
        (text("     "), vec![BLANK]),
        (text("\n\n\t\n\n\n"), vec![BLANK]),
        (text("abcd"), vec![SHORT]),
        (text("谢谢"), vec![SHORT]),
        (text("👍👍👍👍"), vec![SHORT]),
        (text("</te"), vec![SHORT]),
        (text("\"&'<"), vec![SHORT]),
        ("é".repeat(10_001), vec![LONG]),
        (" ".repeat(10_001), vec![BLANK]),
    ]
}

/// Panics unless it is the form for a comment with the typed text and its errors.
fn assert_form_again(html: &Html, body: &str, sentences: &[&str]) {
    assert_refused(html, "comment", sentences);
    assert_eq!(texts(html, "textarea[name=body]"), [body]);
    assert_eq!(attributes(html, "textarea[name=body]", "aria-invalid"), ["true"]);
    let described = attributes(html, "textarea[name=body]", "aria-describedby").remove(0);
    let errors = described.split(' ').next_back().expect("split gives one at least");
    assert_eq!(texts(html, &format!("#{errors} p")), sentences);
}

// Creating

#[test]
fn one_word_of_han_kana_or_hangul_is_enough() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for (at, word) in ["谢谢！", "ありがとう", "고마워"].into_iter().enumerate() {
        let (edited, title) = (format!("{word}{word}"), [("title", word)]);
        let answer = client.post("/posts/3/comments", &[("body", word)]);
        assert_eq!(answer.status, 303, "{word} {:?}", errors(&answer));
        let path = format!("/comments/{}", newest(&site.database()));
        assert_eq!(client.ask("PATCH", &path, &[("body", &edited)], &[]).status, 303, "{word}");
        let reply = client.htmx("POST", &format!("{path}/replies"), &[("body", word)]);
        assert_eq!(reply.status, 200, "{word} {}", reply.text());
        assert_eq!(client.post("/posts", &title).status, 303, "{word} is a title, number {at}");
    }
    for word in ["hey", "ok", "谢谢", "да"] {
        assert_eq!(client.post("/posts/3/comments", &[("body", word)]).status, 422, "{word}");
        assert_eq!(client.post("/posts", &[("title", word)]).status, 422, "{word}");
    }
}

#[test]
fn a_comment_is_made_without_a_script() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let before = number(&database, "SELECT comments_count FROM posts WHERE id = 3");
    let form = [
        ("body", "One\r\n\r\n*two*\rlines\0 \u{1b}& <script>alert(1)</script> https://example.org/\u{202e}"),
        ("user_id", "1"),
        ("post_id", "4"),
        ("created_at", "1"),
    ];
    let answer = client.post("/posts/3/comments", &form);
    let id = newest(&database);
    let page = client.follow(&answer).html();
    assert_eq!(notices(&page), [CREATED]);
    assert_done(
        &client,
        &client.post("/posts/3/comments", &form),
        &format!("/posts/3#comment_{id}"),
        CREATED,
    );
    assert_eq!(newest(&database), id, "a repeated comment is not stored");
    let body = "One\n\n*two*\nlines & <script>alert(1)</script> https://example.org/";
    assert_eq!(one::<String>(&database, &format!("SELECT body FROM comments WHERE id = {id}")), body);
    let own =
        number(&database, &format!("SELECT user_id FROM comments WHERE id = {id} AND parent_id IS NULL"));
    assert_eq!(own, client.user_id);
    assert_eq!(attributes(&page, "#comment_list > li", "id").pop(), Some(format!("comment_{id}")));
    let shown = texts(&page, &format!("#said_{id} > p"));
    assert!(shown[0].starts_with("1 point by you · less than a minute ago"), "{shown:?}");
    assert_eq!(shown[1..], ["One", "twolines & <script>alert(1)</script> https://example.org/"]);
    assert_eq!(attributes(&page, &format!("#said_{id} > p > a"), "rel"), ["nofollow ugc noopener"]);
    let count = format!("{} comments", before + 1);
    assert_eq!(texts(&page, ".comments_count"), [&*count, &*count]);
    assert_eq!(texts(&page, "#comment_form textarea"), [""]);
    assert_sound(&database);
}

#[test]
fn a_comment_made_by_htmx_looks_as_on_the_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let mut number = 0;
    // After half a minute the age reads otherwise: then the test runs again.
    eventually("the page is fetched soon enough", || {
        number += 1;
        let began = Instant::now();
        let body = format!("A comment\r\n\r\nnumber {number} & <b>");
        let answer = client.htmx("POST", "/posts/3/comments", &[("body", &body)]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!((answer.header("HX-Redirect"), answer.header("Set-Cookie")), (None, None));
        let id = newest(&database);
        let changes = partials(&answer);
        let expected = [
            "#comment_form outerHTML",
            &format!("#comment_list:not(:has(> #comment_{id})) beforeend"),
            ".comments_count innerHTML",
            "#flash innerHTML",
        ];
        assert_eq!(places(&changes), expected);
        client.set_cookie("flash", "comment-created");
        let page = client.get("/posts/3");
        if began.elapsed() > Duration::from_secs(20) {
            return None;
        }
        for change in &changes {
            assert!(page.text().contains(&change.html), "{change:?} is not in\n{}", page.text());
        }
        let html = page.html();
        assert_eq!(attributes(&html, "#comment_list > li", "id").pop(), Some(format!("comment_{id}")));
        assert_eq!(texts(&html, ".comments_count"), vec![changes[2].html.clone(); 2]);
        assert_eq!(notices(&html), [CREATED]);
        assert!(page.text().contains(&format!(r#"<div id="flash" role="status">{}</div>"#, changes[3].html)));
        assert!(page.text().contains(&format!("{}</ol>", changes[1].html)));
        assert_eq!(texts(&Html::parse_fragment(&changes[0].html), "textarea"), [""]);
        Some(())
    });
    assert_eq!(notices(&client.get("/posts/3").html()), [""; 0], "the notice was shown");
    assert_sound(&database);
}

#[test]
fn the_first_comment_is_counted_in_the_singular_and_listed() {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "DELETE FROM comments; UPDATE posts SET comments_count = 0; UPDATE users SET comments_count = 0",
        )
        .expect("the schema is known");
    let client = Client::signed_in(&site);
    assert_eq!(texts(&client.get("/posts/3").html(), "#comment_list"), [""]);
    let changes = partials(&client.htmx("POST", "/posts/3/comments", &[("body", "The first")]));
    assert_eq!(changes[2].html, "1 comment");
    let html = client.get("/posts/3").html();
    assert_eq!(texts(&html, ".comments_count"), ["1 comment", "1 comment"]);
    assert_eq!(texts(&html, "#comment_list > li").len(), 1);
}

#[test]
fn an_invalid_comment_is_reported_in_the_form_on_its_post() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let (last, before) = (newest(&database), client.get("/posts/3").html());
    let byline = texts(&before, ".byline").remove(0);
    assert!(byline.contains(" by "));
    for (body, sentences) in refusals() {
        client.set_cookie("flash", "post-created");
        let answer = client.post("/posts/3/comments", &[("body", &body)]);
        assert_eq!(answer.status, 422);
        assert!(answer.text().starts_with("<!DOCTYPE html>"));
        let html = answer.html();
        assert_form_again(&html, &body, &sentences);
        assert_eq!(
            (texts(&html, "h1"), texts(&html, ".byline")),
            (texts(&before, "h1"), vec![byline.clone()])
        );
        assert_eq!(attributes(&html, "a.comments_count", "href"), ["#comments"]);
        assert_eq!(
            attributes(&html, "#comment_list > li", "id"),
            attributes(&before, "#comment_list > li", "id")
        );
        assert_eq!(attributes(&html, "#comment_form", "action"), ["/posts/3/comments"]);
        assert_eq!(notices(&html), [""; 0]);

        let answer = client.htmx("POST", "/posts/3/comments", &[("body", &body)]);
        assert_eq!(answer.status, 422);
        let changes = partials(&answer);
        assert_eq!(places(&changes), ["#comment_form outerHTML"]);
        assert_form_again(&Html::parse_fragment(&changes[0].html), &body, &sentences);
    }
    // The fragment equals the form of the page.
    let plain = client.post("/posts/3/comments", &[("body", "<\"'&")]);
    let changes = partials(&client.htmx("POST", "/posts/3/comments", &[("body", "<\"'&")]));
    assert!(plain.text().contains(&changes[0].html));
    assert_eq!(client.post("/posts/3/comments", &[]).status, 422);
    assert_eq!(newest(&database), last);
    assert_sound(&database);
}

#[test]
fn the_shortest_and_the_longest_comment_are_accepted() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let longest = "é".repeat(10_000);
    for body in ["新聞の題名", "a\nb\nc", "👍👍👍👍👍", &longest] {
        let answer = client.post("/posts/3/comments", &[("body", body)]);
        let id = newest(&database);
        assert_done(&client, &answer, &format!("/posts/3#comment_{id}"), CREATED);
        assert_eq!(one::<String>(&database, &format!("SELECT body FROM comments WHERE id = {id}")), body);
    }
    assert_sound(&database);
}

#[test]
fn a_comment_repeated_within_ten_minutes_is_stored_once() {
    let site = Site::start();
    let database = site.database();
    let (one_person, another) = (Client::signed_in_as(&site, 5), Client::signed_in_as(&site, 6));
    let form = [("body", "The very same text.")];
    let sent = |client: &Client, post: i64| {
        let before = newest(&database);
        let path = format!("/posts/{post}/comments");
        assert_eq!(client.post(&path, &form).status, 303);
        let after = newest(&database);
        assert_eq!(client.htmx("POST", &path, &form).status, 200);
        assert_eq!(newest(&database), after, "a repeated comment is not stored");
        (after > before).then_some(after)
    };
    let first = sent(&one_person, 3).expect("it is new");
    assert_eq!(sent(&one_person, 3), None);
    assert!(sent(&another, 3).is_some(), "an equal text of another user is a new comment");
    assert!(sent(&one_person, 4).is_some(), "on another post it is a new comment");
    let minutes_ago = |minutes: u32| {
        let at = Timestamp::now() - minutes * MINUTE;
        let sql = "UPDATE comments SET created_at = ?2 WHERE id = ?1";
        database.execute(sql, [first, at.as_micros()]).expect("the schema is known");
    };
    minutes_ago(9);
    assert_eq!(sent(&one_person, 3), None);
    minutes_ago(11);
    assert!(sent(&one_person, 3).is_some());
    // A deleted comment can be sent again.
    let id = newest(&database);
    assert_eq!(one_person.ask("DELETE", &format!("/comments/{id}"), &[], &[]).status, 303);
    assert!(sent(&one_person, 3).is_some());
    assert_sound(&database);
}

#[test]
fn a_comment_repeated_by_htmx_looks_as_on_the_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let form = [("body", "The very same text.")];
    assert_eq!(client.post("/posts/3/comments", &form).status, 303);
    let id = newest(&database);
    let at = Timestamp::now() - 5 * MINUTE;
    database
        .execute("UPDATE comments SET created_at = ?2, updated_at = ?2 WHERE id = ?1", [id, at.as_micros()])
        .expect("the schema is known");
    let changes = partials(&client.htmx("POST", "/posts/3/comments", &form));
    assert_eq!(changes[1].target, format!("#comment_list:not(:has(> #comment_{id}))"));
    let age = texts(&Html::parse_fragment(&changes[1].html), "li > div > p").remove(0);
    assert_eq!(age, "1 point by you · 5 minutes ago");
    assert!(client.get("/posts/3").text().contains(&changes[1].html));
}

#[test]
fn a_missing_or_deleted_post_takes_no_comment() {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "UPDATE users SET posts_count = posts_count - 1 WHERE id = (SELECT user_id FROM posts WHERE id = 7);
             UPDATE posts SET deleted_at = 1, title = NULL, user_id = NULL WHERE id = 7;",
        )
        .expect("the schema is known");
    let client = Client::signed_in(&site);
    let last = newest(&database);
    for id in ["7", "999999", "0", "9223372036854775807", "99999999999999999999", "x"] {
        let path = format!("/posts/{id}/comments");
        let form = [("body", "A fine comment")];
        assert_page_of_error(&client, &client.post(&path, &form), 404, NOT_FOUND);
        let sentence = if matches!(id, "7" | "999999" | "9223372036854775807") { LOST } else { GONE };
        assert_alert(&client.htmx("POST", &path, &form), 404, sentence);
    }
    assert_eq!(newest(&database), last);
    assert_sound(&database);
}

#[test]
fn a_comment_sent_by_a_guest_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let database = site.database();
    let (last, form) = (newest(&database), [("body", "What a <guest> says.")]);
    let guest = Client::new(&site);
    assert_eq!(texts(&guest.get("/posts/3").html(), "#comment_form button"), ["Post comment", "Preview"]);
    let htmx = guest.htmx("POST", "/posts/3/comments", &form);
    let plain = guest.post("/posts/3/comments", &form);
    assert_leads_to_sign_in(&plain, &htmx, "/posts/3#comment_form");
    assert_eq!(newest(&database), last);
    let user = Client::signed_in(&site);
    guest.set_cookie("session", &user.cookie("session").expect("a session"));
    assert_eq!(texts(&guest.get("/posts/3").html(), "#comment_form textarea"), [form[0].1]);
    assert_eq!(texts(&guest.get("/posts/4").html(), "#comment_form textarea"), [""]);
    assert_eq!(guest.post("/posts/3/comments", &form).status, 303);
    assert_eq!(texts(&guest.get("/posts/3").html(), "#comment_form textarea"), [""]);
}

#[test]
fn a_rate_limited_write_keeps_its_text() {
    let limits = RateLimits::default().with(RateLimit::Writes, Limit::per_hour(2));
    let site = Site::with(20, |config| config.rates = Some(limits));
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = comment_of(&database, client.user_id, 3, "Said long ago.");
    for body in ["The first of two", "The second of two"] {
        assert_eq!(client.post("/posts/3/comments", &[("body", body)]).status, 303);
    }
    let (last, form) = (newest(&database), [("body", "One too many"), ("title", "One too many")]);
    for (method, path) in [
        ("POST", "/posts/3/comments".to_owned()),
        ("POST", "/posts".to_owned()),
        ("PATCH", format!("/comments/{id}")),
    ] {
        let answer = client.ask(method, &path, &form, &[]);
        assert_eq!(answer.status, 429, "{method} {path}");
        assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        let html = answer.html();
        assert!(
            texts(&html, "div.errors li")[0].starts_with("That was a little too fast. Please try again in ")
        );
        let typed = [texts(&html, "textarea[name=body]"), attributes(&html, "input[name=title]", "value")];
        assert_eq!(typed.concat(), ["One too many"]);
        if path != "/posts" {
            let answer = client.htmx(method, &path, &form);
            assert_eq!((answer.status, answer.header("Retry-After").is_some()), (429, true));
            let changes = partials(&answer);
            assert_eq!(changes.len(), 1);
            assert_eq!(texts(&Html::parse_fragment(&changes[0].html), "textarea"), ["One too many"]);
        }
    }
    assert_eq!(newest(&database), last);
    assert_eq!(number(&database, "SELECT count(*) FROM posts"), 20);
    // Invalid and destroyed comments do not count.
    assert_eq!(client.post("/posts/3/comments", &[("body", "")]).status, 422);
    assert_eq!(client.ask("DELETE", &format!("/comments/{id}"), &[], &[]).status, 303);
    let another = Client::signed_in_as(&site, client.user_id % 100 + 1);
    assert_eq!(another.post("/posts/3/comments", &form).status, 303);
}

// Addresses

#[test]
fn the_context_link_of_a_comment_leads_to_the_page_that_shows_it() {
    let site = Site::start();
    let database = site.database();
    let client = Client::new(&site);
    // Many have equal times: then the id decides.
    for number in 0..450 {
        let id = comment_of(&database, number % 100 + 1, 3, "One of very many.");
        let sql = "UPDATE comments SET created_at = 1600000000000000 + id / 150 WHERE id = ?1";
        database.execute(sql, [id]).expect("the schema is known");
    }
    let mut statement = database
        .prepare("SELECT id FROM comments WHERE post_id = 3 ORDER BY created_at, id")
        .expect("the schema is known");
    let ids: Vec<i64> =
        statement.query_map([], |row| row.get(0)).expect("rows").map(|id| id.expect("a number")).collect();
    assert!(ids.len() > 450);
    for at in [0, 1, 198, 199, 200, 201, 300, 399, 400, 401, ids.len() - 2, ids.len() - 1] {
        let id = ids[at];
        let page = client.get(&format!("/comments/{id}")).html();
        assert_eq!(attributes(&page, "#comment_list > li", "id"), [format!("comment_{id}")]);
        let context = attributes(&page, ".byline > a:nth-of-type(2)", "href").remove(0);
        let (address, place) = context.split_once('#').expect("it is a place");
        assert!(address.starts_with("/posts/3") && place == format!("comment_{id}"), "{context}");
        assert_eq!(address.contains('?'), at >= 200, "{at}: {context}");
        let html = client.get(address).html();
        let shown = attributes(&html, "#comment_list > li", "id");
        assert!(shown.contains(&format!("comment_{id}")), "{at} is not at {context}");
        if at >= 200 {
            assert_eq!(shown[0], format!("comment_{id}"), "{at}");
        }
        // A new comment comes last: on other pages the form leads to the last page.
        let in_place = attributes(&html, "#comment_form", "hx-post");
        let begins = if at >= 200 { at } else { 0 };
        assert_eq!(in_place.is_empty(), ids.len() - begins > 200, "{at}");
    }
    // Changing a comment leads to its page, too.
    let author = Client::signed_in_as(
        &site,
        number(&database, &format!("SELECT user_id FROM comments WHERE id = {}", ids[300])),
    );
    let answer =
        author.ask("PATCH", &format!("/comments/{}", ids[300]), &[("body", "Changed far down.")], &[]);
    let html = author.follow(&answer).html();
    assert_eq!(notices(&html), [UPDATED]);
    assert_eq!(texts(&html, &format!("#said_{} > p", ids[300]))[1], "Changed far down.");
    assert_sound(&database);
}

#[test]
fn the_comments_address_of_a_post_redirects_to_the_post() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    for (path, location) in
        [("/posts/3/comments", "/posts/3#comments"), ("/posts/3/comments?other=%0d%0a", "/posts/3#comments")]
    {
        let answer = client.get(path);
        assert_eq!((answer.status, answer.header("Location")), (303, Some(location)));
    }
    assert_page_of_error(&client, &client.get("/posts/x/comments"), 404, NOT_FOUND);
    // The page of a refused comment has this address. Its link to the next page must work.
    for number in 0..250 {
        comment_of(&database, number % 100 + 1, 3, "One of very many.");
    }
    let refused = client.post("/posts/3/comments", &[("body", "")]);
    let more = attributes(&refused.html(), "#comments a[rel=next]", "href").remove(0);
    let next = client.get(more.strip_suffix("#comments").expect("it leads to the comments")).html();
    let first = attributes(&refused.html(), "#comment_list > li", "id");
    let second = attributes(&next, "#comment_list > li", "id");
    assert_eq!(first.len(), 200);
    assert!(!second.is_empty() && first.iter().all(|id| !second.contains(id)));
}

#[test]
fn htmx_gets_a_comment_or_its_form_as_a_fragment() {
    let site = Site::start();
    let database = site.database();
    let (author, other) = (Client::signed_in_as(&site, 5), Client::signed_in_as(&site, 6));
    let id = comment_of(&database, 5, 3, "As it was & \"is\" <b>.");
    for client in [&author, &other, &Client::new(&site)] {
        let answer = client.htmx("GET", &format!("/comments/{id}"), &[]);
        assert_eq!(answer.status, 200);
        let changes = partials(&answer);
        assert_eq!(places(&changes), [format!("#said_{id} outerHTML")]);
        assert!(client.get("/posts/3").text().contains(&changes[0].html));
        let shown = texts(&Html::parse_fragment(&changes[0].html), ".actions :is(a, button)");
        assert_eq!(shown, if client.user_id == 5 { &["Reply", "Edit", "Destroy"][..] } else { &["Reply"] });
    }
    let answer = author.htmx("GET", &format!("/comments/{id}/edit"), &[]);
    assert_eq!(answer.status, 200);
    let changes = partials(&answer);
    assert_eq!(places(&changes), [format!("#said_{id} outerHTML")]);
    let html = Html::parse_fragment(&changes[0].html);
    assert_eq!(attributes(&html, "div[id^=said_]", "id"), [format!("said_{id}")]);
    assert_eq!(texts(&html, "textarea"), ["As it was & \"is\" <b>."]);
    assert_eq!(attributes(&html, "textarea[autofocus]", "name"), ["body"]);
    assert_eq!(
        (texts(&html, "button"), texts(&html, "a")),
        (vec!["Update Comment".into(), "Preview".into()], vec!["Cancel".into()])
    );
    // The element with the focus keeps its id, and no id is on the page twice.
    assert_eq!(
        attributes(&html, "button", "id"),
        [format!("edit_{id}"), format!("preview_edit_{id}_button")]
    );
    let page: BTreeSet<String> =
        attributes(&author.get("/posts/3").html(), "[id]", "id").into_iter().collect();
    let new: Vec<String> =
        attributes(&html, "[id]", "id").into_iter().filter(|id| !page.contains(id)).collect();
    let (field, place) = (format!("edited_body_{id}"), format!("preview_edit_{id}"));
    let expected = [
        place.clone(),
        field.clone(),
        format!("{field}_hint"),
        format!("{place}_button"),
        format!("cancel_{id}"),
    ];
    assert_eq!(new, expected);
}

#[test]
fn going_back_in_the_history_gets_whole_pages() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let id = comment_of(&database, 5, 3, "As it was.");
    let back = [("HX-History-Restore-Request", "true"), ("HX-Request-Type", "full")];
    let comment = format!("/comments/{id}");
    for path in [
        "/",
        "/posts",
        "/posts/3",
        "/posts/new",
        &comment,
        &format!("{comment}/edit"),
        &format!("{comment}/reply"),
        "/users/5",
    ] {
        let answer = client.ask("GET", path, &[], &back);
        assert_eq!(answer.status, 200);
        assert!(answer.text().starts_with("<!DOCTYPE html>"), "{path}");
        for answer in [answer, client.get(path)] {
            let vary = answer.header("Vary").expect(path).to_owned();
            for name in ["HX-Request-Type", "Cookie", "Accept-Encoding"] {
                assert!(vary.split(", ").any(|header| header == name), "{path}: {vary}");
            }
        }
    }
}

#[test]
fn addresses_with_pages_and_fragments_vary_by_request_type() {
    let site = Site::start();
    let id = comment_of(&site.database(), 5, 3, "As it was.");
    let (comment, edit) = (format!("/comments/{id}"), format!("/comments/{id}/edit"));
    let empty = [("body", "")];
    for (user_id, method, path, form, statuses) in [
        (5, "GET", &*comment, &[][..], [200, 200]),
        (5, "GET", &edit, &[], [200, 200]),
        (6, "GET", &edit, &[], [403, 403]),
        (5, "GET", "/comments/999999", &[], [404, 404]),
        (5, "POST", "/posts/3/comments", &empty, [422, 422]),
        (5, "PATCH", &comment, &empty, [422, 422]),
        (5, "PATCH", "/posts/3/comments", &empty, [405, 405]),
        (5, "PATCH", &comment, &[("body", "As it is.")], [303, 200]),
    ] {
        let client = Client::signed_in_as(&site, user_id);
        let answers = [client.ask(method, path, form, &[]), client.htmx(method, path, form)];
        assert_eq!([answers[0].status, answers[1].status], statuses, "{method} {path}");
        for answer in answers {
            let vary = answer.header("Vary").unwrap_or_default();
            assert!(vary.contains("HX-Request-Type"), "{method} {path}: {}: {vary}", answer.status);
        }
    }
}

// Changing

#[test]
fn a_comment_is_changed_on_its_edit_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let id = comment_of(&database, 5, 3, "As it was & \"is\" <b>.");
    let path = format!("/comments/{id}");
    let page = client.get(&format!("{path}/edit"));
    assert_eq!(page.status, 200);
    let html = page.html();
    assert_eq!(texts(&html, "h1"), ["Editing comment"]);
    assert_eq!(texts(&html, ".card-title a"), ["← Back to post"]);
    assert_eq!(attributes(&html, ".card-title a", "href"), [&*path]);
    assert_eq!(texts(&html, "main form button"), ["Update Comment", "Preview"]);
    assert_eq!(attributes(&html, "main form", "action"), [&*path]);
    assert_eq!(texts(&html, "textarea"), ["As it was & \"is\" <b>."]);
    let kept = || -> String {
        let sql = "SELECT json_array(post_id, user_id, parent_id, created_at, deleted_at, score) \
                   FROM comments WHERE id = ";
        one(&database, &format!("{sql}{id}"))
    };
    let before = kept();
    for (number, (method, meant)) in
        [("PATCH", None), ("PUT", None), ("POST", Some("patch")), ("POST", Some("PUT"))]
            .into_iter()
            .enumerate()
    {
        let body = format!("Now it is number {number}.\r\nAnd so on.");
        let mut form = vec![("body", &*body), ("user_id", "6"), ("post_id", "4"), ("score", "9")];
        form.extend(meant.map(|meant| ("_method", meant)));
        for _ in 0..2 {
            let answer = client.ask(method, &path, &form, &[]);
            assert_done(&client, &answer, &format!("/posts/3#comment_{id}"), UPDATED);
        }
        let stored: String = one(&database, &format!("SELECT body FROM comments WHERE id = {id}"));
        assert_eq!(stored, body.replace("\r\n", "\n"));
    }
    assert_eq!(kept(), before);
    let (updated_at, created_at) = (
        number(&database, &format!("SELECT updated_at FROM comments WHERE id = {id}")),
        number(&database, &format!("SELECT created_at FROM comments WHERE id = {id}")),
    );
    assert!(updated_at > created_at);
    let answer = client.post(&path, &[("_method", "post"), ("body", "Not like this")]);
    assert_page_of_error(&client, &answer, 405, "That can't be done here.");
    assert_sound(&database);
}

#[test]
fn a_comment_is_changed_by_htmx_in_place() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let id = comment_of(&database, 5, 3, "As it was.");
    for body in ["*New* words\r\n\r\nand <b>more</b>", "*New* words\r\n\r\nand <b>more</b>", "Others again"] {
        let answer = client.htmx("POST", &format!("/comments/{id}"), &[("_method", "patch"), ("body", body)]);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None));
        let changes = partials(&answer);
        assert_eq!(places(&changes), [&*format!("#said_{id} outerHTML"), "#flash innerHTML"]);
        client.set_cookie("flash", "comment-updated");
        let page = client.get("/posts/3");
        for change in &changes {
            assert!(page.text().contains(&change.html), "{change:?} is not in\n{}", page.text());
        }
        assert_eq!(notices(&page.html()), [UPDATED]);
    }
    assert_sound(&database);
}

#[test]
fn an_invalid_change_is_reported_in_the_form() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let id = comment_of(&database, 5, 3, "As it was.");
    let (path, before) = (format!("/comments/{id}"), row(&database, id));
    for (body, sentences) in refusals() {
        client.set_cookie("flash", "post-created");
        let answer = client.post(&path, &[("_method", "patch"), ("body", &body)]);
        assert_eq!(answer.status, 422);
        assert!(answer.text().starts_with("<!DOCTYPE html>"));
        let html = answer.html();
        assert_eq!((texts(&html, "h1"), notices(&html)), (vec!["Editing comment".into()], vec![]));
        assert_form_again(&html, &body, &sentences);
        assert_eq!(attributes(&html, ".card-title a", "href"), [&*path]);

        let answer = client.htmx("PATCH", &path, &[("body", &body)]);
        assert_eq!(answer.status, 422);
        let changes = partials(&answer);
        assert_eq!(places(&changes), [format!("#said_{id} outerHTML")]);
        let html = Html::parse_fragment(&changes[0].html);
        assert_eq!(attributes(&html, "div[id^=said_]", "id"), [format!("said_{id}")]);
        assert_form_again(&html, &body, &sentences);
        assert_eq!(row(&database, id), before, "{body:?}");
    }
    // A form without a text keeps it.
    let answer = client.ask("PATCH", &path, &[], &[]);
    assert_done(&client, &answer, &format!("/posts/3#comment_{id}"), UPDATED);
    assert_eq!(one::<String>(&database, &format!("SELECT body FROM comments WHERE id = {id}")), "As it was.");
}

// Destroying

#[test]
fn a_comment_without_replies_is_removed() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    for form in [&[][..], &[("_method", "delete")], &[("_method", "DeLeTe")]] {
        let id = comment_of(&database, 5, 3, "It will go.");
        let method = if form.is_empty() { "DELETE" } else { "POST" };
        let before = count_of(&database, 3);
        let answer = client.ask(method, &format!("/comments/{id}"), form, &[]);
        assert_done(&client, &answer, "/posts/3", DESTROYED);
        assert_eq!(count_of(&database, 3), before - 1);
        assert_sound(&database);
        let again = client.ask(method, &format!("/comments/{id}"), form, &[]);
        assert_done(&client, &again, "/posts/3", BEFORE);
    }
    let id = comment_of(&database, 5, 3, "It will go.");
    let path = format!("/comments/{id}");
    let answer = client.htmx("POST", &path, &[("_method", "delete")]);
    assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None));
    let changes = partials(&answer);
    let expected = [&*format!("#comment_{id} delete"), ".comments_count innerHTML", "#flash innerHTML"];
    assert_eq!(places(&changes), expected);
    client.set_cookie("flash", &format!("comment-destroyed.of-{id}"));
    let page = client.get("/posts/3");
    assert!(changes.iter().all(|change| page.text().contains(&change.html)));
    let html = page.html();
    assert_eq!((notices(&html), texts(&html, &format!("#comment_{id}"))), (vec![DESTROYED.into()], vec![]));
    assert_eq!(texts(&html, ".comments_count"), vec![changes[1].html.clone(); 2]);
    // What is gone already goes from the page, too.
    let again = client.htmx("POST", &path, &[("_method", "delete")]);
    assert_eq!(again.status, 200);
    assert_eq!(places(&partials(&again)), [&*format!("#comment_{id} delete"), "#flash innerHTML"]);
    assert!(partials(&again)[1].html.contains("Comment was already deleted."));
    assert_alert(&client.htmx("GET", &path, &[]), 404, GONE);
    assert_page_of_error(&client, &client.get(&path), 404, NOT_FOUND);
    assert_sound(&database);
}

#[test]
fn a_comment_with_replies_stays_without_author_and_text() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    for with_htmx in [false, true] {
        let id = comment_of(&database, 5, 3, "A secret to be forgotten.");
        reply_of(&database, 6, id);
        let (path, rows) = (format!("/comments/{id}"), count_of(&database, 3));
        let counted = || number(&database, "SELECT comments_count FROM posts WHERE id = 3");
        let before = counted();
        if with_htmx {
            let answer = client.htmx("DELETE", &path, &[]);
            assert_eq!(answer.status, 200);
            let changes = partials(&answer);
            let expected =
                [&*format!("#said_{id} outerHTML"), ".comments_count innerHTML", "#flash innerHTML"];
            assert_eq!(places(&changes), expected);
            client.set_cookie("flash", &format!("comment-destroyed.of-{id}"));
            let page = client.get("/posts/3");
            for change in &changes {
                assert!(page.text().contains(&change.html), "{change:?} is not in\n{}", page.text());
            }
        } else {
            let place = format!("/posts/3#comment_{id}");
            assert_done(&client, &client.ask("DELETE", &path, &[], &[]), &place, DESTROYED);
        }
        assert_eq!((counted(), count_of(&database, 3)), (before - 1, rows));
        let page = client.get("/posts/3");
        assert!(!page.text().contains("A secret to be forgotten."));
        let shown = texts(&page.html(), &format!("#said_{id} > p"));
        assert_eq!((&*shown[0], &*shown[1]), ("by [deleted] · 3 months ago", "[deleted]"));
        assert_eq!(texts(&page.html(), &format!("#said_{id} .actions")), [""; 0]);
        assert_sound(&database);
        // A second deletion offers the undo again; all other requests for it are 404.
        assert_done(&client, &client.ask("DELETE", &path, &[], &[]), "/posts/3", BEFORE);
        let again = client.htmx("DELETE", &path, &[]);
        assert_eq!(places(&partials(&again)), [&*format!("#said_{id} outerHTML"), "#flash innerHTML"]);
        for (method, path) in
            [("PATCH", &path), ("GET", &format!("{path}/reply")), ("GET", &format!("{path}/edit"))]
        {
            assert_page_of_error(&client, &client.ask(method, path, &[], &[]), 404, NOT_FOUND);
            assert_alert(&client.htmx(method, path, &[]), 404, GONE);
        }
        assert_sound(&database);
    }
}

#[test]
fn emptied_comments_go_with_their_last_reply() {
    let site = Site::start();
    let database = site.database();
    let (client, replier) = (Client::signed_in_as(&site, 5), Client::signed_in_as(&site, 6));
    for with_htmx in [false, true] {
        let rows = count_of(&database, 3);
        let top = comment_of(&database, 5, 3, "The top of it.");
        let middle = reply_of(&database, 5, top);
        let (leaf, sibling) = (reply_of(&database, 6, middle), reply_of(&database, 6, middle));
        for id in [top, middle] {
            assert_eq!(client.ask("DELETE", &format!("/comments/{id}"), &[], &[]).status, 303);
        }
        assert_eq!(count_of(&database, 3), rows + 4);
        assert_eq!(replier.ask("DELETE", &format!("/comments/{sibling}"), &[], &[]).status, 303);
        assert_eq!(count_of(&database, 3), rows + 3);
        let path = format!("/comments/{leaf}");
        if with_htmx {
            let changes = partials(&replier.htmx("DELETE", &path, &[]));
            let expected = [
                &*format!("#comment_{leaf} delete"),
                &format!("#comment_{middle} delete"),
                &format!("#comment_{top} delete"),
                ".comments_count innerHTML",
                "#flash innerHTML",
            ];
            assert_eq!(places(&changes), expected);
        } else {
            assert_done(&replier, &replier.ask("DELETE", &path, &[], &[]), "/posts/3", DESTROYED);
        }
        assert_eq!(count_of(&database, 3), rows);
        assert_sound(&database);
    }
}

// Forbidden

/// Every request that changes a comment, or gets the form for a change.
fn changes(id: i64) -> [(&'static str, String, Fields); 6] {
    let path = format!("/comments/{id}");
    [
        ("GET", format!("{path}/edit"), &[]),
        ("PATCH", path.clone(), &[("body", "Not by its author")]),
        ("PUT", path.clone(), &[("body", "Not by its author")]),
        ("POST", path.clone(), &[("_method", "patch"), ("body", "")]),
        ("POST", path.clone(), &[("_method", "delete")]),
        ("DELETE", path, &[]),
    ]
}

#[test]
fn only_the_author_changes_a_comment() {
    let site = Site::start();
    let database = site.database();
    let id = comment_of(&database, 5, 3, "As it was.");
    let (other, before) = (Client::signed_in_as(&site, 6), row(&database, id));
    for (method, path, form) in changes(id) {
        for _ in 0..2 {
            assert_page_of_error(&other, &other.ask(method, &path, form, &[]), 403, refused(method));
            let why = format!("{} Only the author of a comment can change it.", refused(method));
            assert_alert(&other.htmx(method, &path, form), 403, &why);
        }
    }
    assert_eq!(row(&database, id), before);
    let html = other.get("/posts/3").html();
    assert_eq!(texts(&html, &format!("#said_{id} .actions")), ["Reply"]);
    assert_sound(&database);
}

#[test]
fn a_guest_who_changes_a_comment_is_led_to_sign_in_and_back() {
    let site = Site::start();
    let database = site.database();
    let id = comment_of(&database, 5, 3, "As it was.");
    let before = row(&database, id);
    for (method, path, form) in changes(id) {
        let guest = Client::new(&site);
        let (plain, htmx) = (guest.ask(method, &path, form, &[]), guest.htmx(method, &path, form));
        let edits = form.iter().any(|(name, _)| *name == "body");
        let back = format!("/comments/{id}{}", if edits { "/edit" } else { "" });
        if method == "GET" {
            // A script comes back to the list that shows the comment.
            assert_leads_to_sign_in(&plain, &guest.htmx("PATCH", &back, &[("body", "x")]), &path);
            let query = serde_urlencoded::to_string([("return_to", &back)]).expect("a string");
            assert_eq!(htmx.header("HX-Redirect"), Some(&*format!("/sign_in?{query}")));
        } else {
            assert_leads_to_sign_in(&plain, &htmx, &back);
        }
    }
    assert_eq!(row(&database, id), before);
    assert_sound(&database);
}

#[test]
fn a_change_sent_without_a_session_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    let id = comment_of(&database, 5, 3, "As it was.");
    let session = client.cookie("session").expect("a session");
    client.set_cookie("session", "");
    let form = [("_method", "patch"), ("body", "As it should be.")];
    assert_eq!(client.post(&format!("/comments/{id}"), &form).status, 303);
    client.set_cookie("session", &session);
    let edit = format!("/comments/{id}/edit");
    assert_eq!(texts(&client.get(&edit).html(), "textarea"), ["As it should be."]);
    let fragment = partials(&client.htmx("GET", &edit, &[]));
    assert_eq!(texts(&Html::parse_fragment(&fragment[0].html), "textarea"), ["As it should be."]);
    assert_eq!(client.post(&format!("/comments/{id}"), &form).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM drafts"), 0);
}

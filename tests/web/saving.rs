//! Saving posts: each user has their own list, and saving is idempotent.

use lorem_news::site::rate_limits::RateLimits;
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const GONE: &str = "The page you were looking for doesn't exist. You may have mistyped the address or the page may have moved.";

/// A site, its database, and user 1 signed in.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let (database, client) = (site.database(), Client::signed_in(&site));
    (site, database, client)
}

/// The saved posts of all users, as `user-post`.
fn saved(database: &Connection) -> Vec<String> {
    let sql = "SELECT user_id || '-' || post_id FROM saved_posts ORDER BY user_id, post_id";
    let mut statement = database.prepare(sql).expect("the schema is known");
    statement.query_map([], |row| row.get(0)).expect("a list").collect::<Result<_, _>>().expect("texts")
}

/// The action and the text of the button on the page of a post.
fn button(client: &Client, id: i64) -> (String, String) {
    let html = client.get(&format!("/posts/{id}")).html();
    let form = format!("main form#post_save_{id}[method=post]");
    (
        attributes(&html, &form, "action").concat(),
        texts(&html, &format!("{form} > button#save_{id}")).concat(),
    )
}

fn says(id: i64, action: &str, text: &str) -> (String, String) {
    (format!("/posts/{id}/{action}"), text.to_owned())
}

/// The ids of the posts on a page of the list.
fn listed(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), ["Saved posts"]);
    let comments = attributes(&html, "ol.posts > li > p a[href^='/posts/']", "href");
    let number = |href: &String| href.trim_start_matches("/posts/").split('#').next()?.parse().ok();
    comments.iter().map(|href| number(href).expect(href)).collect()
}

#[test]
fn a_post_is_saved_once_and_can_be_unsaved() {
    let (site, database, client) = site();
    assert_eq!(button(&client, 3), says(3, "save", "Save"));
    for _ in 0..2 {
        let sentence = "Saved. Your own page leads to your saved posts.";
        assert_done(&client, &client.post("/posts/3/save", &[]), "/posts/3", sentence);
        assert_eq!(saved(&database), ["1-3"]);
        assert_eq!(listed(&client.get("/saved")), [3]);
    }
    assert_eq!(button(&client, 3), says(3, "unsave", "Unsave"));
    // The list of another user and the page of a guest do not change.
    let other = Client::signed_in_as(&site, 2);
    assert_eq!(button(&other, 3), says(3, "save", "Save"));
    assert_eq!(listed(&other.get("/saved")), [0; 0]);
    assert_leads_to(&other.post("/posts/3/unsave", &[]), "/posts/3");
    assert_eq!(saved(&database), ["1-3"]);
    assert_eq!(button(&Client::new(&site), 3), Default::default(), "a guest has no list");
    for _ in 0..2 {
        let sentence = "It is no longer among your saved posts.";
        assert_done(&client, &client.post("/posts/3/unsave", &[]), "/posts/3", sentence);
        assert_eq!(saved(&database), [""; 0]);
    }
    assert_eq!(button(&client, 3), says(3, "save", "Save"));
    let empty = client.get("/saved");
    assert_eq!(listed(&empty), [0; 0]);
    let sentence = "You have not saved any posts yet. Press Save on a post's page; only you see this list.";
    assert_eq!(texts(&empty.html(), "main p.empty"), [sentence]);
    assert_sound(&database);
}

#[test]
fn with_htmx_the_button_changes_and_a_notice_is_shown() {
    let (_site, database, client) = site();
    for (action, after, kept) in [
        ("save", says(3, "unsave", "Unsave"), 1),
        ("save", says(3, "unsave", "Unsave"), 1),
        ("unsave", says(3, "save", "Save"), 0),
        ("unsave", says(3, "save", "Save"), 0),
    ] {
        let answer = client.htmx("POST", &format!("/posts/3/{action}"), &[]);
        assert_eq!(answer.status, 200);
        let changes = partials(&answer);
        assert_eq!(places(&changes), ["#post_save_3 outerHTML", "#flash innerHTML"]);
        assert!(client.get("/posts/3").text().contains(&changes[0].html), "{}", changes[0].html);
        assert_eq!((button(&client, 3), saved(&database).len()), (after, kept));
    }
}

#[test]
fn a_guest_who_saves_is_led_to_sign_in_and_back() {
    let (site, database, _) = site();
    let guest = Client::new(&site);
    for action in ["save", "unsave"] {
        let path = format!("/posts/3/{action}");
        assert_leads_to_sign_in(&guest.post(&path, &[]), &guest.htmx("POST", &path, &[]), "/posts/3");
    }
    assert_leads_to_sign_in(&guest.get("/saved"), &guest.htmx("GET", "/saved", &[]), "/saved");
    // A user whose session has ended is a guest.
    let client = Client::signed_in(&site);
    database.execute("DELETE FROM sessions WHERE id = ?1", [client.session_id()]).expect("it ends");
    assert_eq!(client.post("/posts/3/save", &[]).status, 303);
    assert_eq!(saved(&database), [""; 0]);
}

#[test]
fn saving_without_a_script_leads_back_to_the_page_before() {
    let (site, _database, client) = site();
    let page = format!("http://{}/posts/3?comments=9-9", site.address);
    for (referrer, back) in [(&*page, "/posts/3?comments=9-9"), ("https://example.com/posts/4", "/posts/3")] {
        let headers = [("Referer", referrer), ("Sec-Fetch-Site", "same-origin")];
        assert_leads_to(&client.ask("POST", "/posts/3/save", &[], &headers), back);
    }
}

#[test]
fn saved_posts_are_listed_latest_first_page_by_page() {
    let (site, database, client) = site();
    for id in [5, 2, 9] {
        assert_eq!(client.post(&format!("/posts/{id}/save"), &[]).status, 303);
    }
    // Saving a post again does not move it.
    assert_eq!(client.post("/posts/5/save", &[]).status, 303);
    assert_eq!(listed(&client.get("/saved")), [9, 2, 5]);

    // Many have equal times, over several pages, while another is saved.
    drop(site);
    let site = Site::with(80, |_| {});
    let database_of_many = site.database();
    let client = Client::signed_in(&site);
    let sql = "INSERT INTO saved_posts SELECT 1, id, id / 20 FROM posts WHERE id < 80";
    database_of_many.execute_batch(sql).expect("the schema is known");
    let (mut path, mut found) = ("/saved".to_owned(), Vec::new());
    loop {
        let answer = client.get(&path);
        found.append(&mut listed(&answer));
        assert!(found.len() <= 79, "{found:?}");
        if path == "/saved" {
            assert_eq!(found.len(), 30);
            assert_eq!(client.post("/posts/80/save", &[]).status, 303);
        }
        match attributes(&answer.html(), "a[rel=next]", "href").pop() {
            Some(next) => path = format!("/saved{next}"),
            None => break,
        }
    }
    assert_eq!(found, (1..80).rev().collect::<Vec<i64>>());
    assert_eq!(listed(&client.get("/saved"))[0], 80);
    assert_page_of_error(&client, &client.get("/saved?after=x"), 400, "That request can't be understood.");
    drop(database);
}

#[test]
fn a_deleted_post_cannot_be_saved_and_leaves_the_list() {
    let (site, database, client) = site();
    database.execute_batch("UPDATE posts SET user_id = 2 WHERE id IN (3, 4)").expect("the schema is known");
    recount(&database);
    for id in [3, 4, 5] {
        assert_eq!(client.post(&format!("/posts/{id}/save"), &[]).status, 303);
    }
    let author = Client::signed_in_as(&site, 2);
    assert_eq!(author.post("/posts/3", &[("_method", "delete")]).status, 303);
    assert_eq!(listed(&client.get("/saved")), [5, 4]);
    // This post stays for its comments when its author deletes their account.
    assert_eq!(author.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(client.get("/posts/4").status, 200);
    assert_eq!(button(&client, 4), (String::new(), String::new()));
    assert_eq!(listed(&client.get("/saved")), [5]);
    for path in ["/posts/3/save", "/posts/4/save", "/posts/4/unsave", "/posts/999/save", "/posts/03/save"] {
        assert_page_of_error(&client, &client.post(path, &[]), 404, NOT_FOUND);
        assert_alert(&client.htmx("POST", path, &[]), 404, GONE);
    }
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(client.ask(method, "/posts/5/save", &[], &[]).status, 405, "{method}");
    }
    let elsewhere = client.ask("POST", "/posts/6/save", &[], &[("Sec-Fetch-Site", "cross-site")]);
    assert_page_of_error(&client, &elsewhere, 403, REJECTED);
    assert_eq!(client.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(saved(&database), [""; 0], "deleting the account deletes the list");
    assert_sound(&database);
}

#[test]
fn only_the_own_page_links_to_the_list() {
    let (site, _database, client) = site();
    assert_eq!(texts(&client.get("/users/1").html(), "main a[href='/saved']"), ["Saved"]);
    for (client, path) in [(&client, "/users/2"), (&Client::new(&site), "/users/1")] {
        assert_eq!(texts(&client.get(path).html(), "a[href='/saved']"), [""; 0]);
    }
}

#[test]
fn the_sixty_first_save_in_a_minute_is_429() {
    let site = Site::with(20, |config| config.rates = Some(RateLimits::default()));
    let (database, client) = (site.database(), Client::signed_in(&site));
    for _ in 0..30 {
        for action in ["save", "unsave"] {
            assert_eq!(client.htmx("POST", &format!("/posts/3/{action}"), &[]).status, 200);
        }
    }
    for answer in [client.post("/posts/3/save", &[]), client.htmx("POST", "/posts/3/save", &[])] {
        assert_eq!(answer.status, 429);
        assert!(answer.header("Retry-After").is_some());
    }
    assert_eq!(saved(&database), [""; 0]);
}

/// The saved comments of all users, as `user-comment`.
fn saved_comments(database: &Connection) -> Vec<String> {
    let sql = "SELECT user_id || '-' || comment_id FROM saved_comments ORDER BY user_id, comment_id";
    let mut statement = database.prepare(sql).expect("the schema is known");
    statement.query_map([], |row| row.get(0)).expect("a list").collect::<Result<_, _>>().expect("texts")
}

/// The action and the text of a comment's button on a page.
fn comment_button(client: &Client, path: &str, id: i64) -> (String, String) {
    let html = client.get(path).html();
    let button = format!("main button#save_comment_{id}[form=acts]");
    (attributes(&html, &button, "formaction").concat(), texts(&html, &button).concat())
}

fn says_of_comment(id: i64, action: &str, text: &str) -> (String, String) {
    (format!("/comments/{id}/{action}"), text.to_owned())
}

/// The ids of the comments on a page of the list.
fn listed_comments(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), ["Saved comments"]);
    let links = attributes(&html, "#comments > li > div > p > a[href^='/comments/']", "href");
    links.iter().map(|href| href.trim_start_matches("/comments/").parse().expect(href)).collect()
}

#[test]
fn a_comment_is_saved_once_and_can_be_unsaved() {
    let (site, database, client) = site();
    let newest = ids(&database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 3");
    let (id, page) = (newest[0], format!("/comments/{}", newest[0]));
    let other = Client::signed_in_as(&site, 2);
    for path in [&*page, "/comments"] {
        assert_eq!(comment_button(&client, path, id), says_of_comment(id, "save", "Save"));
    }
    for _ in 0..2 {
        let answer = client.post(&format!("{page}/save"), &[]);
        assert_done(&client, &answer, &page, "Saved. Your own page leads to your saved comments.");
        assert_eq!(saved_comments(&database), [format!("1-{id}")]);
    }
    for path in [&*page, "/comments", "/saved/comments"] {
        assert_eq!(comment_button(&client, path, id), says_of_comment(id, "unsave", "Unsave"), "{path}");
    }
    // The list is in the order of saving, and the viewer's own.
    for id in [newest[2], newest[1]] {
        assert_eq!(client.post(&format!("/comments/{id}/save"), &[]).status, 303);
    }
    assert_eq!(listed_comments(&client.get("/saved/comments")), [newest[1], newest[2], newest[0]]);
    assert_eq!(comment_button(&other, &page, id), says_of_comment(id, "save", "Save"));
    assert_eq!(comment_button(&Client::new(&site), &page, id), Default::default(), "a guest has no list");
    assert_eq!(listed_comments(&other.get("/saved/comments")), [0; 0]);
    assert_leads_to(&other.post(&format!("{page}/unsave"), &[]), &page);
    assert_eq!(saved_comments(&database).len(), 3);
    for _ in 0..2 {
        let answer = client.post(&format!("{page}/unsave"), &[]);
        assert_done(&client, &answer, &page, "It is no longer among your saved comments.");
    }
    assert_eq!(comment_button(&client, &page, id), says_of_comment(id, "save", "Save"));
    assert_sound(&database);
}

#[test]
fn with_htmx_the_button_of_a_comment_changes() {
    let (_site, database, client) = site();
    let id = number(&database, "SELECT max(id) FROM comments WHERE deleted_at IS NULL");
    for (action, kept) in [("save", 1), ("save", 1), ("unsave", 0), ("unsave", 0)] {
        let changes = partials(&client.htmx("POST", &format!("/comments/{id}/{action}"), &[]));
        assert_eq!(places(&changes), [format!("#save_comment_{id} outerHTML"), "#flash innerHTML".into()]);
        for path in [format!("/comments/{id}"), "/comments".to_owned()] {
            assert!(client.get(&path).text().contains(&changes[0].html), "{path}: {}", changes[0].html);
        }
        assert_eq!(saved_comments(&database).len(), kept);
    }
}

#[test]
fn a_guest_who_saves_a_comment_is_led_to_sign_in() {
    let (site, database, client) = site();
    let guest = Client::new(&site);
    let id = number(&database, "SELECT max(id) FROM comments WHERE deleted_at IS NULL");
    let page = format!("/comments/{id}");
    for action in ["save", "unsave"] {
        let path = format!("{page}/{action}");
        assert_leads_to_sign_in(&guest.post(&path, &[]), &guest.htmx("POST", &path, &[]), &page);
        let elsewhere = client.ask("POST", &path, &[], &[("Sec-Fetch-Site", "cross-site")]);
        assert_page_of_error(&client, &elsewhere, 403, REJECTED);
    }
    let path = "/saved/comments";
    assert_leads_to_sign_in(&guest.get(path), &guest.htmx("GET", path, &[]), path);
    assert_eq!(saved_comments(&database), [""; 0]);
}

#[test]
fn a_comment_that_is_gone_cannot_be_saved_and_leaves_the_list() {
    let (site, database, client) = site();
    let admin = Client::signed_in_as(&site, 2);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("the schema is known");
    let newest = ids(&database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 2");
    for id in &newest {
        assert_eq!(client.post(&format!("/comments/{id}/save"), &[]).status, 303);
    }
    let moderate = |act| {
        let form = [("act", act), ("reason", "A reason.")];
        assert_eq!(admin.post(&format!("/comments/{}/moderate", newest[0]), &form).status, 303);
    };
    moderate("remove");
    assert_eq!(listed_comments(&client.get("/saved/comments")), [newest[1]]);
    assert_eq!(comment_button(&client, &format!("/comments/{}", newest[0]), newest[0]), Default::default());
    for id in [newest[0].to_string(), "999999".into(), "03".into()] {
        assert_page_of_error(&client, &client.post(&format!("/comments/{id}/save"), &[]), 404, NOT_FOUND);
    }
    moderate("restore");
    assert_eq!(listed_comments(&client.get("/saved/comments")), [newest[1], newest[0]]);
    assert_eq!(client.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(saved_comments(&database), [""; 0], "deleting the account deletes the list");
    assert_sound(&database);
}

#[test]
fn saved_comments_are_listed_page_by_page() {
    let (_site, database, client) = site();
    let sql =
        "INSERT INTO saved_comments SELECT 1, id, id / 20 FROM comments WHERE deleted_at IS NULL LIMIT 70";
    database.execute_batch(sql).expect("the schema is known");
    let expected =
        ids(&database, "SELECT comment_id FROM saved_comments ORDER BY created_at DESC, comment_id DESC");
    let (mut path, mut found) = ("/saved/comments".to_owned(), Vec::new());
    loop {
        let answer = client.get(&path);
        found.append(&mut listed_comments(&answer));
        match attributes(&answer.html(), "a[rel=next]", "href").pop() {
            Some(next) => path = format!("/saved/comments{next}"),
            None => break,
        }
    }
    assert_eq!(found, expected);
    assert_page_of_error(
        &client,
        &client.get("/saved/comments?after=x"),
        400,
        "That request can't be understood.",
    );
}

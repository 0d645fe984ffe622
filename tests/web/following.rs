//! The newest comments: of the site, and of the people whom a user follows.

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const FOLLOWED: &str = "You follow them now: you find their comments under New. They are not told.";
const UNFOLLOWED: &str = "You do not follow them any more.";

/// A site, its database, and users 1 to 3.
fn site() -> (Site, Connection, [Client; 3]) {
    let site = Site::start();
    let database = site.database();
    let users = [1, 2, 3].map(|id| Client::signed_in_as(&site, id));
    (site, database, users)
}

/// The ids of the comments on a page of a list.
fn listed(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let links = attributes(&answer.html(), "#comments > li > div > p > a[href^='/comments/']", "href");
    links.iter().map(|href| href.trim_start_matches("/comments/").parse().expect(href)).collect()
}

/// The ids on all pages of a list.
fn all_listed(client: &Client, path: &str) -> Vec<i64> {
    let (mut address, mut found) = (path.to_owned(), Vec::new());
    loop {
        let answer = client.get(&address);
        found.append(&mut listed(&answer));
        match attributes(&answer.html(), "a[rel=next]", "href").pop() {
            Some(next) => address = format!("{path}{next}"),
            None => return found,
        }
    }
}

/// Sends a comment and returns its id.
fn comment(client: &Client, database: &Connection, path: &str, body: &str) -> i64 {
    assert_eq!(client.post(path, &[("body", body)]).status, 303, "{body}");
    number(database, "SELECT max(id) FROM comments")
}

/// The follows of all users, as `user-followed`.
fn follows(database: &Connection) -> Vec<String> {
    let sql = "SELECT user_id || '-' || followed_id FROM follows ORDER BY user_id, followed_id";
    let mut statement = database.prepare(sql).expect("the schema is known");
    statement.query_map([], |row| row.get(0)).expect("a list").collect::<Result<_, _>>().expect("texts")
}

/// The action and the text of the button on a user's page.
fn button(client: &Client, id: i64) -> (String, String) {
    let html = client.get(&format!("/users/{id}")).html();
    (
        attributes(&html, "main form:has(> #follow)", "action").concat(),
        texts(&html, "main button#follow").concat(),
    )
}

#[test]
fn the_newest_comments_of_the_site_are_listed_page_by_page() {
    let (site, database, [client, ..]) = site();
    let guest = Client::new(&site);
    let expected = ids(&database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY id DESC");
    assert!(expected.len() > 60, "{}", expected.len());
    assert_eq!(all_listed(&guest, "/comments"), expected);
    assert_eq!(all_listed(&client, "/comments"), expected);
    // A copy of the first page is not sent once there is another comment.
    let newest = comment(&client, &database, "/posts/3/comments", "It is the newest.");
    for reader in [&guest, &client] {
        assert_eq!(listed(&reader.get("/comments"))[..2], [newest, expected[0]]);
    }
    let html = guest.get("/comments").html();
    let title = string(&database, "SELECT title FROM posts WHERE id = 3");
    let line = texts(&html, "#comments > li:first-child > div > p:first-child").concat();
    assert!(line.starts_with(&format!("{} on {title} · ", name_of(&database, 1))), "{line}");
    assert_eq!(texts(&html, "#comments > li:first-child > div > p:nth-child(2)"), ["It is the newest."]);
    assert_eq!(texts(&html, "nav.tabs a"), ["Posts", "Comments"]);
    assert_eq!(texts(&client.get("/posts").html(), "nav.tabs a"), ["Posts", "Comments", "People you follow"]);
    assert_page_of_error(&guest, &guest.get("/comments?after=x"), 400, "That request can't be understood.");
}

#[test]
fn a_comment_that_is_gone_is_gone_from_the_list_until_it_comes_back() {
    let (site, database, [author, admin, _]) = site();
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("the schema is known");
    let guest = Client::new(&site);
    let id = comment(&author, &database, "/posts/3/comments", "It comes and goes.");
    let is_there = |expected: bool| {
        for reader in [&guest, &author, &admin] {
            assert_eq!(listed(&reader.get("/comments")).contains(&id), expected);
        }
    };
    is_there(true);
    assert_eq!(author.post(&format!("/comments/{id}"), &[("_method", "delete")]).status, 303);
    is_there(false);
    assert_eq!(author.post(&format!("/comments/{id}/undo"), &[]).status, 303);
    is_there(true);
    for (act, expected) in [("remove", false), ("restore", true)] {
        let form = [("act", act), ("reason", "A reason.")];
        assert_eq!(admin.post(&format!("/comments/{id}/moderate"), &form).status, 303, "{act}");
        is_there(expected);
    }
    // A ban hides nothing.
    let form = [("act", "ban"), ("reason", "A reason.")];
    assert_eq!(admin.post("/users/1/moderate", &form).status, 303);
    is_there(true);
    assert_sound(&database);
}

#[test]
fn a_user_is_followed_once_and_is_not_told() {
    let (site, database, [client, other, third]) = site();
    let says = |action: &str, text: &str| (format!("/users/2/{action}"), text.to_owned());
    assert_eq!(button(&client, 2), says("follow", "Follow"));
    for _ in 0..2 {
        assert_done(&client, &client.post("/users/2/follow", &[]), "/users/2", FOLLOWED);
        assert_eq!(follows(&database), ["1-2"]);
    }
    assert_eq!(button(&client, 2), says("unfollow", "Unfollow"));
    // It is the viewer's own: others see no difference, the followed user included.
    assert_eq!(button(&third, 2), says("follow", "Follow"));
    for (reader, id) in [(&other, 2), (&Client::new(&site), 2), (&client, 1)] {
        assert_eq!(button(reader, id), Default::default(), "{id}");
    }
    assert_eq!(count(&database, "inbox"), number(&database, "SELECT count(*) FROM inbox WHERE user_id <> 2"));
    assert_leads_to(&third.post("/users/2/unfollow", &[]), "/users/2");
    assert_eq!(follows(&database), ["1-2"]);
    for _ in 0..2 {
        assert_done(&client, &client.post("/users/2/unfollow", &[]), "/users/2", UNFOLLOWED);
        assert_eq!(follows(&database), [""; 0]);
    }
    assert_eq!(button(&client, 2), says("follow", "Follow"));
    assert_sound(&database);
}

#[test]
fn with_htmx_the_page_is_loaded_anew() {
    let (_site, database, [client, ..]) = site();
    for (action, expected) in [("follow", 1), ("follow", 1), ("unfollow", 0), ("unfollow", 0)] {
        let answer = client.htmx("POST", &format!("/users/2/{action}"), &[]);
        assert_leads_htmx_to(&answer, 200, "/users/2");
        assert_eq!(count(&database, "follows"), expected);
    }
}

#[test]
fn a_guest_and_a_stranger_change_nothing() {
    let (site, database, [client, ..]) = site();
    let guest = Client::new(&site);
    for action in ["follow", "unfollow"] {
        let path = format!("/users/2/{action}");
        assert_leads_to_sign_in(&guest.post(&path, &[]), &guest.htmx("POST", &path, &[]), "/users/2");
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(client.ask(method, &path, &[], &[]).status, 405, "{method} {path}");
        }
        let elsewhere = client.ask("POST", &path, &[], &[("Sec-Fetch-Site", "cross-site")]);
        assert_page_of_error(&client, &elsewhere, 403, REJECTED);
        assert_page_of_error(&client, &client.post(&format!("/users/1/{action}"), &[]), 403, REJECTED);
        for id in ["999", "02"] {
            let answer = client.post(&format!("/users/{id}/{action}"), &[]);
            assert_page_of_error(&client, &answer, 404, NOT_FOUND);
        }
    }
    let path = "/comments/followed";
    assert_leads_to_sign_in(&guest.get(path), &guest.htmx("GET", path, &[]), path);
    assert_eq!(follows(&database), [""; 0]);
}

#[test]
fn the_comments_of_followed_people_are_listed_newest_first() {
    let (site, database, [client, ..]) = site();
    let empty = client.get("/comments/followed");
    assert_eq!((listed(&empty), texts(&empty.html(), "#followed")), (vec![], vec![]));
    for id in 2..40 {
        assert_eq!(client.post(&format!("/users/{id}/follow"), &[]).status, 303);
    }
    let expected = ids(
        &database,
        "SELECT id FROM comments WHERE user_id BETWEEN 2 AND 39 AND deleted_at IS NULL \
         ORDER BY created_at DESC, id DESC",
    );
    assert!(expected.len() > 60, "{}", expected.len());
    assert_eq!(all_listed(&client, "/comments/followed"), expected);
    let html = client.get("/comments/followed").html();
    assert_eq!(texts(&html, "#followed > li").len(), 38);
    assert_eq!(attributes(&html, "#followed button", "formaction")[1], "/users/3/unfollow");
    // The button leads back to the list.
    let page = format!("http://{}/comments/followed", site.address);
    let headers = [("Referer", &*page), ("Sec-Fetch-Site", "same-origin")];
    assert_leads_to(&client.ask("POST", "/users/3/unfollow", &[], &headers), "/comments/followed");
    assert_eq!(texts(&client.get("/comments/followed").html(), "#followed > li").len(), 37);
    // Whose account is deleted is not followed any more.
    let other = Client::signed_in_as(&site, 2);
    assert_eq!(other.post("/users/1/follow", &[]).status, 303);
    assert_eq!(other.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(count(&database, "follows"), 36);
    assert_sound(&database);
}

#[test]
fn a_user_follows_at_most_two_hundred_others() {
    let (_site, database, [client, ..]) = site();
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM n WHERE n < 1198)
             INSERT INTO users (id, screen_name, folded_name, created_at, updated_at) SELECT n, 'u' || n, 'u' || n, 1, 1 FROM n;
             INSERT INTO profiles (user_id, password_hash) SELECT id, '' FROM users WHERE id >= 1000;
             INSERT INTO follows SELECT 1, id FROM users WHERE id >= 1000",
        )
        .expect("the schema is known");
    assert_eq!(client.post("/users/2/follow", &[]).status, 303);
    let answer = client.post("/users/3/follow", &[]);
    assert_page_of_error(&client, &answer, 403, REJECTED);
    assert!(answer.text().contains("You follow 200 people, which is the most."), "{}", answer.text());
    assert_eq!(client.post("/users/2/follow", &[]).status, 303, "nothing is asked for that is not there");
    assert_eq!(client.get("/comments/followed").status, 200);
    assert_eq!(client.post("/users/2/unfollow", &[]).status, 303);
    assert_eq!(client.post("/users/3/follow", &[]).status, 303);
    assert_eq!(count(&database, "follows"), 200);
}

#[test]
fn a_banned_user_may_follow() {
    let (_site, database, [client, ..]) = site();
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 1", []).expect("the schema is known");
    assert_eq!(client.post("/users/2/follow", &[]).status, 303);
    assert_eq!(follows(&database), ["1-2"]);
}

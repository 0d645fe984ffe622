//! The lists that are about what a user did: their comments with the replies to them, and what they have voted for.

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A site whose posts and comments are by users from 4 on, its database, and users 1 to 3.
fn site() -> (Site, Connection, [Client; 3]) {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "UPDATE posts SET user_id = 4 WHERE user_id < 4; UPDATE comments SET user_id = 4 WHERE user_id < 4",
        )
        .expect("the schema is known");
    recount(&database);
    let users = [1, 2, 3].map(|id| Client::signed_in_as(&site, id));
    (site, database, users)
}

/// Sends a comment and returns its id.
fn comment(client: &Client, database: &Connection, path: &str, body: &str) -> i64 {
    assert_eq!(client.post(path, &[("body", body)]).status, 303, "{body}");
    number(database, "SELECT max(id) FROM comments")
}

/// The numbers in the addresses of links.
fn numbers(answer: &Answer, selector: &str) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let links = attributes(&answer.html(), selector, "href");
    links.iter().map(|href| href.rsplit('/').next().expect("a path").parse().expect(href)).collect()
}

/// The comments of a list, without replies.
fn comments(answer: &Answer) -> Vec<i64> {
    numbers(answer, "#comments > li > div > p > a[href^='/comments/']")
}

fn replies(answer: &Answer) -> Vec<i64> {
    numbers(answer, "#comments > li > ol > li > div > p > a[href^='/comments/']")
}

fn posts(answer: &Answer) -> Vec<i64> {
    numbers(answer, "ol.posts > li > p > a[href^='/posts/']")
}

#[test]
fn ones_own_comments_are_listed_with_the_replies_to_them() {
    let (site, database, [author, other, third]) = site();
    assert_eq!(texts(&author.get("/threads").html(), "main p.empty"), ["No comments yet."]);
    let first = comment(&author, &database, "/posts/3/comments", "My first comment");
    let second = comment(&author, &database, "/posts/4/comments", "My second comment");
    let to_first: Vec<i64> = (0..7)
        .map(|number| {
            comment(&other, &database, &format!("/comments/{first}/replies"), &format!("Answer {number}"))
        })
        .collect();
    // A reply to a reply is one click away.
    comment(&third, &database, &format!("/comments/{}/replies", to_first[6]), "An answer to that");
    let guest = Client::new(&site);
    let by_name = format!("/threads?id={}", name_of(&database, 1).to_uppercase());
    for (reader, path) in
        [(&author, "/threads"), (&author, &*by_name), (&other, &*by_name), (&guest, &*by_name)]
    {
        let answer = reader.get(path);
        assert_eq!(comments(&answer), [second, first], "{path}");
        assert_eq!(replies(&answer), to_first[2..], "{path}");
        let more = attributes(&answer.html(), "#comments p.rest a", "href");
        assert_eq!(more, [format!("/comments/{first}")], "{path}");
    }
    assert_eq!(texts(&author.get("/threads").html(), "h1"), ["Your comments"]);
    let heading = format!("Comments of {}", name_of(&database, 1));
    assert_eq!(texts(&guest.get(&by_name).html(), "h1"), [heading]);
    // What is gone is not listed.
    assert_eq!(other.post(&format!("/comments/{}", to_first[5]), &[("_method", "delete")]).status, 303);
    assert_eq!(author.post(&format!("/comments/{second}"), &[("_method", "delete")]).status, 303);
    let answer = author.get("/threads");
    assert_eq!(comments(&answer), [first]);
    assert_eq!(replies(&answer), [to_first[1], to_first[2], to_first[3], to_first[4], to_first[6]]);
}

#[test]
fn a_guest_is_led_to_sign_in_and_an_unknown_name_is_not_found() {
    let (site, _database, [client, ..]) = site();
    let guest = Client::new(&site);
    for path in ["/threads", "/upvoted", "/upvoted/comments"] {
        assert_leads_to_sign_in(&guest.get(path), &guest.htmx("GET", path, &[]), path);
        assert_eq!(client.post(path, &[]).status, 405, "{path}");
        let wrong = client.get(&format!("{path}?after=x"));
        assert_page_of_error(&client, &wrong, 400, "That request can't be understood.");
    }
    for name in ["nobody", "", "%00", "%F0%9F%99%82"] {
        assert_page_of_error(&guest, &guest.get(&format!("/threads?id={name}")), 404, NOT_FOUND);
    }
}

#[test]
fn a_list_of_comments_has_pages_which_keep_the_name() {
    let (site, database, _) = site();
    let expected = ids(
        &database,
        "SELECT id FROM comments WHERE user_id = 4 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC",
    );
    database.execute("UPDATE comments SET user_id = 4", []).expect("the schema is known");
    let all =
        ids(&database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC");
    assert!(all.len() > 60 && expected.len() < all.len());
    recount(&database);
    for (client, path) in [
        (Client::signed_in_as(&site, 4), "/threads".to_owned()),
        (Client::new(&site), format!("/threads?id={}", name_of(&database, 4))),
    ] {
        let (mut address, mut found) = (path.clone(), Vec::new());
        loop {
            let answer = client.get(&address);
            found.append(&mut comments(&answer));
            match attributes(&answer.html(), "a[rel=next]", "href").pop() {
                Some(next) if next.starts_with('?') => address = format!("/threads{next}"),
                Some(next) => address = next,
                None => break,
            }
        }
        assert_eq!(found, all, "{path}");
    }
}

#[test]
fn what_the_viewer_voted_for_is_listed_the_newest_first() {
    let (_site, database, [client, other, _]) = site();
    assert_eq!(posts(&client.get("/upvoted")), [0; 0]);
    let text = |path: &str| texts(&client.get(path).html(), "main p.empty").concat();
    assert_eq!(text("/upvoted"), "You have not voted for any posts yet.");
    assert_eq!(text("/upvoted/comments"), "You have not voted for any comments yet.");
    for id in [5, 9, 2] {
        assert_eq!(client.post(&format!("/posts/{id}/vote"), &[]).status, 303);
    }
    let voted = ids(&database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY id LIMIT 3");
    for id in &voted {
        assert_eq!(client.post(&format!("/comments/{id}/vote"), &[]).status, 303);
    }
    assert_eq!(posts(&client.get("/upvoted")), [9, 5, 2]);
    assert_eq!(comments(&client.get("/upvoted/comments")), [voted[2], voted[1], voted[0]]);
    // It is the viewer's own list.
    assert_eq!(posts(&other.get("/upvoted")), [0; 0]);
    assert_eq!(comments(&other.get("/upvoted/comments")), [0; 0]);
    // A vote that is taken back leaves it, and so does what is removed.
    assert_eq!(client.post("/posts/5/unvote", &[]).status, 303);
    assert_eq!(client.post(&format!("/comments/{}/unvote", voted[0]), &[]).status, 303);
    database
        .execute_batch(&format!(
            "UPDATE posts SET deleted_at = 1, removed_at = 1 WHERE id = 9;
             UPDATE comments SET deleted_at = 1, removed_at = 1 WHERE id = {}",
            voted[1]
        ))
        .expect("the schema is known");
    assert_eq!(posts(&client.get("/upvoted")), [2]);
    assert_eq!(comments(&client.get("/upvoted/comments")), [voted[2]]);
}

#[test]
fn the_lists_lead_to_each_other_and_the_own_page_to_them() {
    let (_site, _database, [client, ..]) = site();
    for (path, here) in [
        ("/threads", vec!["/threads"]),
        ("/upvoted", vec!["/upvoted", "/upvoted"]),
        ("/upvoted/comments", vec!["/upvoted", "/upvoted/comments"]),
        ("/saved", vec!["/saved", "/saved"]),
        ("/saved/comments", vec!["/saved", "/saved/comments"]),
        ("/users/1", vec![]),
    ] {
        let html = client.get(path).html();
        assert_eq!(attributes(&html, "nav.tabs a[aria-current]", "href"), here, "{path}");
        assert!(
            attributes(&html, "nav.tabs a", "href").starts_with(&["/threads".into(), "/upvoted".into()]),
            "{path}"
        );
    }
    let others = client.get("/users/2").html();
    assert_eq!(texts(&others, "nav.tabs"), [""; 0]);
}

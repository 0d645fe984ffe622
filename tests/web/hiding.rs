//! Hiding posts, and muting people and sites: for the viewer alone.

use std::thread;

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A site whose posts are by user 4 and whose comments by user 5, but for what a test changes; its database, and users 1 to
/// 3.
fn site() -> (Site, Connection, [Client; 3]) {
    let site = Site::with(80, |_| {});
    let database = site.database();
    database
        .execute_batch("UPDATE posts SET user_id = 4; UPDATE comments SET user_id = 5")
        .expect("the schema is known");
    recount(&database);
    let users = [1, 2, 3].map(|id| Client::signed_in_as(&site, id));
    (site, database, users)
}

/// The ids of the posts on a page of a list.
fn posts(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let links = attributes(&answer.html(), "ol.posts > li > p > a[href^='/posts/']", "href");
    links.iter().map(|href| href.trim_start_matches("/posts/").parse().expect(href)).collect()
}

/// The ids on all pages of a list, and the numbers on each.
fn all(client: &Client, path: &str) -> (Vec<i64>, Vec<usize>) {
    let (mut address, mut found, mut sizes) = (path.to_owned(), Vec::new(), Vec::new());
    loop {
        let answer = client.get(&address);
        let mut page = posts(&answer);
        sizes.push(page.len());
        found.append(&mut page);
        match attributes(&answer.html(), "a[rel=next]", "href").pop() {
            Some(next) if next.starts_with('?') => address = format!("{path}{next}"),
            Some(next) => address = next,
            None => return (found, sizes),
        }
    }
}

/// The action and the text of the button of a post on a page.
fn button(client: &Client, path: &str, id: i64) -> (String, String) {
    let html = client.get(path).html();
    let button = format!("main button#hide_{id}[form=acts]");
    (attributes(&html, &button, "formaction").concat(), texts(&html, &button).concat())
}

fn says(id: i64, action: &str, text: &str) -> (String, String) {
    (format!("/posts/{id}/{action}"), text.to_owned())
}

/// What all users hide, as `user-what`.
fn hidden(database: &Connection) -> Vec<String> {
    let sql = "SELECT user_id || '-' || post_id FROM hidden_posts UNION ALL \
               SELECT user_id || '-@' || muted_id FROM muted_users UNION ALL \
               SELECT user_id || '-' || site FROM muted_sites ORDER BY 1";
    let mut statement = database.prepare(sql).expect("the schema is known");
    statement.query_map([], |row| row.get(0)).expect("a list").collect::<Result<_, _>>().expect("texts")
}

fn comment(client: &Client, database: &Connection, path: &str, body: &str) -> i64 {
    assert_eq!(client.post(path, &[("body", body)]).status, 303, "{body}");
    number(database, "SELECT max(id) FROM comments")
}

const HIDDEN: &str = "Hidden: lists do not show you that post any more. Undo";
const UNHIDDEN: &str = "Lists show you that post again.";
const MUTED: &str =
    "Muted: their posts leave your lists, and their comments are folded. They are not told. Undo";
const UNMUTED: &str = "You see their posts and comments again.";

#[test]
fn a_hidden_post_leaves_the_lists_of_one_viewer() {
    let (site, database, [client, other, _]) = site();
    let guest = Client::new(&site);
    let lists = ["/", "/posts", "/best/all", "/past"];
    database
        .execute_batch("UPDATE posts SET score = 3, created_at = unixepoch('now', '-1 day') / 86400 * 86400000000 + id WHERE id <= 40;")
        .expect("the schema is known");
    let id = posts(&client.get("/"))[0];
    let page = format!("/posts/{id}");
    database
        .execute("UPDATE posts SET hotness = (SELECT max(hotness) FROM posts) + 1, score = 9, created_at = created_at WHERE id = 7", [])
        .expect("the schema is known");
    assert_eq!(button(&client, "/", 7), says(7, "hide", "Hide"));
    assert_eq!(button(&client, "/posts/7", 7), says(7, "hide", "Hide"));
    for _ in 0..2 {
        assert_done(&client, &client.post("/posts/7/hide", &[]), "/posts/7", HIDDEN);
        assert_eq!(hidden(&database), ["1-7"]);
    }
    for path in lists {
        let (before, after) = (all(&other, path).0, all(&client, path).0);
        assert!(before.contains(&7) && !after.contains(&7), "{path} {before:?}");
        assert_eq!(after, before.into_iter().filter(|id| *id != 7).collect::<Vec<_>>(), "{path}");
        assert!(all(&guest, path).0.contains(&7), "{path}");
    }
    assert_eq!(posts(&client.get("/hidden")), [7]);
    assert_eq!(button(&client, "/hidden", 7), says(7, "unhide", "Show again"));
    assert_eq!(button(&client, "/posts/7", 7), says(7, "unhide", "Show again"));
    assert_eq!(button(&guest, "/", id), Default::default(), "a guest hides nothing");
    // Its page, its author's page and the search show it.
    for path in ["/posts/7", "/users/4?posts=9223372036854775807-9223372036854775807"] {
        assert_eq!(client.get(path).status, 200);
    }
    assert_eq!(client.post(&format!("{page}/unhide"), &[]).status, 303, "it was not hidden");
    for _ in 0..2 {
        assert_done(&client, &client.post("/posts/7/unhide", &[]), "/posts/7", UNHIDDEN);
        assert_eq!(hidden(&database), [""; 0]);
    }
    assert_eq!(all(&client, "/"), all(&other, "/"));
    assert_eq!(texts(&client.get("/hidden").html(), "main p.empty").len(), 1);
    recount(&database);
}

#[test]
fn a_page_is_full_in_spite_of_hidden_posts() {
    let (_site, database, [client, ..]) = site();
    database
        .execute_batch("UPDATE posts SET user_id = 6 WHERE id % 2 = 0; INSERT INTO hidden_posts SELECT 1, id, 1 FROM posts WHERE id % 8 = 1")
        .expect("the schema is known");
    recount(&database);
    assert_eq!(client.post("/users/6/mute", &[]).status, 303);
    let expected = ids(
        &database,
        "SELECT id FROM posts WHERE id % 2 = 1 AND id % 8 <> 1 ORDER BY created_at DESC, id DESC",
    );
    assert_eq!((expected.len(), all(&client, "/posts")), (30, (expected, vec![30])));
    database.execute("DELETE FROM hidden_posts WHERE post_id < 70", []).expect("the schema is known");
    assert_eq!(all(&client, "/posts").1, [30, 9]);
}

#[test]
fn with_htmx_a_hidden_post_leaves_the_list_in_place() {
    let (_site, database, [client, ..]) = site();
    for _ in 0..2 {
        let changes = partials(&client.htmx("POST", "/posts/7/hide", &[]));
        let expected = [".posts > li:has(#hide_7) delete", "#hide_7 outerHTML", "#flash innerHTML"];
        assert_eq!(places(&changes), expected);
        assert!(client.get("/posts/7").text().contains(&changes[1].html), "{}", changes[1].html);
        assert!(
            changes[2].html.contains("formaction=/posts/7/unhide")
                || changes[2].html.contains("formaction=\"/posts/7/unhide\"")
        );
        assert_eq!(hidden(&database), ["1-7"]);
    }
    for _ in 0..2 {
        assert_leads_htmx_to(&client.htmx("POST", "/posts/7/unhide", &[]), 200, "/posts/7");
        assert_eq!(hidden(&database), [""; 0]);
    }
    for (path, back) in [
        ("/users/4/mute", "/users/4"),
        ("/users/4/unmute", "/users/4"),
        ("/from/mute?site=example.com", "/from?site=example.com"),
        ("/from/unmute?site=example.com", "/from?site=example.com"),
    ] {
        for _ in 0..2 {
            assert_leads_htmx_to(&client.htmx("POST", path, &[]), 200, back);
        }
    }
    assert_eq!(hidden(&database), [""; 0]);
    assert_sound(&database);
}

#[test]
fn a_muted_user_leaves_the_lists_and_is_folded_in_discussions() {
    let (site, database, [client, other, third]) = site();
    let guest = Client::new(&site);
    let title = [("title", "A post of the muted user")];
    assert_eq!(other.post("/posts", &title).status, 303);
    let post = number(&database, "SELECT max(id) FROM posts");
    let theirs = comment(&other, &database, "/posts/3/comments", "The words of the muted user");
    let answer = comment(&third, &database, &format!("/comments/{theirs}/replies"), "An answer to them");
    let is_folded = |client: &Client, path: &str| {
        let html = client.get(path).html();
        assert!(texts(&html, "main").concat().contains("The words of the muted user"), "{path}");
        texts(&html, &format!("#said_{theirs} details.muted > p")) == ["The words of the muted user"]
    };
    let pages = ["/posts/3".to_owned(), format!("/comments/{theirs}")];
    // As a member's page is kept, and made of a shared discussion.
    for _ in 0..3 {
        assert!(pages.iter().all(|path| !is_folded(&client, path)));
    }
    for _ in 0..2 {
        assert_done(&client, &client.post("/users/2/mute", &[]), "/users/2", MUTED);
        assert_eq!(hidden(&database), ["1-@2"]);
    }
    assert_eq!(texts(&client.get("/users/2").html(), "#mute"), ["Unmute"]);
    for path in ["/", "/posts"] {
        assert!(
            !posts(&client.get(path)).contains(&post) && posts(&other.get(path)).contains(&post),
            "{path}"
        );
    }
    let comments = |client: &Client, path: &str| {
        let links = attributes(&client.get(path).html(), "#comments div > p > a[href^='/comments/']", "href");
        [theirs, answer].map(|id| links.contains(&format!("/comments/{id}")))
    };
    assert_eq!(comments(&client, "/comments"), [false, true]);
    for reader in [&other, &third, &guest] {
        assert_eq!(comments(reader, "/comments"), [true, true]);
        assert!(pages.iter().all(|path| !is_folded(reader, path)), "nobody else sees a difference");
    }
    for _ in 0..3 {
        assert!(pages.iter().all(|path| is_folded(&client, path)));
    }
    // Their own page shows everything, and says nothing to them.
    assert!(posts(&client.get("/users/2")).contains(&post));
    assert_eq!(texts(&other.get("/users/1").html(), "#mute"), ["Mute"]);
    for _ in 0..2 {
        assert_done(&client, &client.post("/users/2/unmute", &[]), "/users/2", UNMUTED);
        assert_eq!(hidden(&database), [""; 0]);
    }
    assert!(pages.iter().all(|path| !is_folded(&client, path)));
    assert!(posts(&client.get("/posts")).contains(&post));
    assert_sound(&database);
}

#[test]
fn a_muted_user_comes_into_no_inbox_list_or_thread() {
    let (_site, database, [client, other, third]) = site();
    let own = comment(&client, &database, "/posts/3/comments", "What I say");
    let replies = format!("/comments/{own}/replies");
    assert_eq!(client.post("/users/2/follow", &[]).status, 303);
    assert_eq!(client.post("/users/2/mute", &[]).status, 303);
    comment(&other, &database, &replies, "An answer of the muted user");
    let name = name_of(&database, 1);
    comment(&other, &database, "/posts/4/comments", &format!("Do you hear me, @{name}?"));
    assert_eq!(number(&database, "SELECT count(*) FROM inbox WHERE user_id = 1"), 0);
    comment(&third, &database, &replies, "An answer of another user");
    assert_eq!(number(&database, "SELECT count(*) FROM inbox WHERE user_id = 1"), 1);
    let lines = texts(&client.get("/threads").html(), "#comments > li > ol > li > div > p ~ p");
    assert_eq!(lines, ["An answer of another user"]);
    let followed = client.get("/comments/followed").html();
    assert_eq!((texts(&followed, "#comments > li").len(), texts(&followed, "#followed > li").len()), (0, 1));
    // In the other direction nothing has changed.
    comment(&client, &database, "/posts/5/comments", &format!("I do not, @{}.", name_of(&database, 2)));
    assert_eq!(number(&database, "SELECT count(*) FROM inbox WHERE user_id = 2"), 1);
    assert_sound(&database);
}

#[test]
fn a_muted_site_leaves_the_lists_but_its_own() {
    let (_site, database, [client, other, _]) = site();
    let link = [("title", "A link to it"), ("url", "https://muted.example/a")];
    assert_eq!(other.post("/posts", &link).status, 303);
    let post = number(&database, "SELECT max(id) FROM posts");
    let back = "/from?site=muted.example";
    let says = |client: &Client| texts(&client.get(back).html(), "#mute").concat();
    assert_eq!(says(&client), "Mute this site");
    for _ in 0..2 {
        assert_done(
            &client,
            &client.post("/from/mute?site=muted.example", &[]),
            back,
            "Muted: links to that site leave your lists.",
        );
        assert_eq!(hidden(&database), ["1-muted.example"]);
    }
    assert_eq!((says(&client), says(&other)), ("Unmute".into(), "Mute this site".into()));
    assert_eq!(posts(&client.get(back)), [post]);
    assert!(!posts(&client.get("/posts")).contains(&post) && posts(&other.get("/posts")).contains(&post));
    let html = client.get("/muted").html();
    assert_eq!(texts(&html, "#muted > li > a"), ["muted.example"]);
    assert_eq!(attributes(&html, "#muted button", "formaction"), ["/from/unmute?site=muted.example"]);
    for _ in 0..2 {
        let sentence = "Links to that site are in your lists again.";
        assert_done(&client, &client.post("/from/unmute?site=muted.example", &[]), back, sentence);
    }
    assert!(posts(&client.get("/posts")).contains(&post));
    for wrong in ["", "?site=", "?site=no%20site", "?site=https%3A%2F%2F"] {
        for path in ["/from/mute", "/from/unmute"] {
            assert_page_of_error(&client, &client.post(&format!("{path}{wrong}"), &[]), 404, NOT_FOUND);
        }
    }
    assert_eq!(hidden(&database), [""; 0]);
    assert_sound(&database);
}

#[test]
fn a_guest_is_led_to_sign_in_and_a_stranger_changes_nothing() {
    let (site, database, [client, ..]) = site();
    let guest = Client::new(&site);
    for (path, back) in [
        ("/posts/7/hide", "/posts/7"),
        ("/posts/7/unhide", "/posts/7"),
        ("/users/2/mute", "/users/2"),
        ("/users/2/unmute", "/users/2"),
        ("/from/mute?site=example.com", "/from?site=example.com"),
        ("/from/unmute?site=example.com", "/from?site=example.com"),
    ] {
        assert_leads_to_sign_in(&guest.post(path, &[]), &guest.htmx("POST", path, &[]), back);
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(client.ask(method, path, &[], &[]).status, 405, "{method} {path}");
        }
        let elsewhere = client.ask("POST", path, &[], &[("Sec-Fetch-Site", "cross-site")]);
        assert_page_of_error(&client, &elsewhere, 403, REJECTED);
    }
    for path in ["/hidden", "/muted"] {
        assert_leads_to_sign_in(&guest.get(path), &guest.htmx("GET", path, &[]), path);
    }
    for path in ["/posts/999/hide", "/posts/07/hide", "/users/999/mute", "/users/02/unmute"] {
        assert_page_of_error(&client, &client.post(path, &[]), 404, NOT_FOUND);
    }
    for path in ["/users/1/mute", "/users/1/unmute"] {
        assert_page_of_error(&client, &client.post(path, &[]), 403, REJECTED);
    }
    assert_page_of_error(&client, &client.get("/hidden?after=x"), 400, "That request can't be understood.");
    assert_eq!(hidden(&database), [""; 0]);
}

#[test]
fn what_is_muted_is_listed_and_can_be_ended_there() {
    let (site, database, [client, ..]) = site();
    assert_eq!(texts(&client.get("/muted").html(), "main p.empty").len(), 1);
    for id in [3, 2] {
        assert_eq!(client.post(&format!("/users/{id}/mute"), &[]).status, 303);
    }
    let html = client.get("/muted").html();
    assert_eq!(texts(&html, "#muted > li > span a"), [2, 3].map(|id| name_of(&database, id)));
    assert_eq!(
        attributes(&html, "#muted button[form=acts]", "formaction"),
        ["/users/2/unmute", "/users/3/unmute"]
    );
    let page = format!("http://{}/muted", site.address);
    let headers = [("Referer", &*page), ("Sec-Fetch-Site", "same-origin")];
    assert_leads_to(&client.ask("POST", "/users/2/unmute", &[], &headers), "/muted");
    assert_eq!(hidden(&database), ["1-@3"]);
    // A banned user may go on.
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 1", []).expect("the schema is known");
    for path in ["/users/3/unmute", "/posts/3/hide"] {
        assert_eq!(client.post(path, &[]).status, 303, "{path}");
    }
    assert_eq!(hidden(&database), ["1-3"]);
}

#[test]
fn a_user_hides_at_most_five_hundred_things() {
    let (_site, database, [client, ..]) = site();
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 420)
             INSERT INTO muted_sites SELECT 1, n || '.example', 1 FROM n;
             INSERT INTO muted_users SELECT 1, id, 1 FROM users WHERE id > 1 LIMIT 40;
             INSERT INTO hidden_posts SELECT 1, id, 1 FROM posts WHERE id > 40 LIMIT 39",
        )
        .expect("the schema is known");
    assert_sound(&database);
    assert_eq!(client.post("/posts/3/hide", &[]).status, 303);
    for path in ["/posts/4/hide", "/users/90/mute", "/from/mute?site=a.example"] {
        let answer = client.post(path, &[]);
        assert_page_of_error(&client, &answer, 403, REJECTED);
        assert!(
            answer.text().contains("You hide 500 posts, people, sites and tags, which is the most."),
            "{path}"
        );
    }
    assert_eq!(client.post("/posts/3/hide", &[]).status, 303, "nothing is asked for that is not there");
    for path in ["/", "/posts", "/hidden", "/muted", "/comments", "/posts/1"] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    assert_eq!(client.post("/posts/3/unhide", &[]).status, 303);
    assert_eq!(client.post("/posts/4/hide", &[]).status, 303);
    assert_eq!(hidden(&database).len(), 500);
    assert_sound(&database);
}

#[test]
fn an_account_that_is_deleted_is_muted_by_nobody_and_hides_nothing() {
    let (_site, database, [client, other, _]) = site();
    for (client, path) in [
        (&client, "/users/2/mute"),
        (&other, "/users/1/mute"),
        (&other, "/posts/7/hide"),
        (&client, "/posts/8/hide"),
    ] {
        assert_eq!(client.post(path, &[]).status, 303, "{path}");
    }
    assert_eq!(other.post("/from/mute?site=example.com", &[]).status, 303);
    assert_eq!(other.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(hidden(&database), ["1-8"]);
    database.execute("DELETE FROM posts WHERE id = 8", []).expect("the schema is known");
    assert_eq!(hidden(&database), [""; 0]);
    assert_eq!(number(&database, "SELECT hides_count FROM users WHERE id = 1"), 0);
}

#[test]
fn many_requests_at_once_hide_a_thing_once() {
    let (site, database, _) = site();
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 497)
             INSERT INTO muted_sites SELECT 1, n || '.example', 1 FROM n",
        )
        .expect("the schema is known");
    let clients: Vec<Client> = (0..20).map(|_| Client::signed_in_as(&site, 1)).collect();
    let paths =
        ["/posts/3/hide", "/users/2/mute", "/users/2/follow", "/from/mute?site=a.example", "/posts/5/hide"];
    let statuses: Vec<u16> = thread::scope(|scope| {
        let send = move |(at, client): (usize, Client)| client.post(paths[at % paths.len()], &[]).status;
        let sent: Vec<_> =
            clients.into_iter().enumerate().map(|sent| scope.spawn(move || send(sent))).collect();
        sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
    });
    // Three of the four are within the limit, whichever come first.
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 16, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 4, "{statuses:?}");
    assert_eq!((hidden(&database).len(), count(&database, "follows")), (500, 1));
    assert_sound(&database);
}

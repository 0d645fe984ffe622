//! The inbox: who answered, the number in the header, muting, and the feed with a secret address.

use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A site whose posts are all by user 1, its database, and users 1 to 3.
fn site() -> (Site, Connection, [Client; 3]) {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE posts SET user_id = 1", []).expect("the schema is known");
    recount(&database);
    let users = [1, 2, 3].map(|id| Client::signed_in_as(&site, id));
    (site, database, users)
}

/// Sends a comment and returns its id.
fn comment(client: &Client, database: &Connection, path: &str, body: &str) -> i64 {
    assert_eq!(client.post(path, &[("body", body)]).status, 303, "{body}");
    number(database, "SELECT max(id) FROM comments")
}

/// The number in the header; 0 without one.
fn unread(client: &Client) -> String {
    texts(&client.get("/preferences").html(), "header a.inbox")
        .concat()
        .replace("Inbox", "")
        .replace("unread", "")
        .trim()
        .to_owned()
}

/// The lines of the inbox, without the age: whether it is new, the sentence.
fn lines(client: &Client) -> Vec<String> {
    let answer = client.get("/inbox");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), ["Inbox"]);
    let whole = texts(&html, "#inbox > li > div > p:first-child");
    whole.iter().map(|line| line.split(" · ").next().unwrap_or_default().trim().to_owned()).collect()
}

fn title(database: &Connection, id: i64) -> String {
    string(database, &format!("SELECT title FROM posts WHERE id = {id}"))
}

#[test]
fn a_comment_comes_to_the_author_of_what_it_answers_and_is_read_by_being_seen() {
    let (_site, database, [author, other, third]) = site();
    assert_eq!((unread(&author), lines(&author)), (String::new(), vec![]));
    let first = comment(&other, &database, "/posts/3/comments", "What do you mean?");
    let reply = comment(&author, &database, &format!("/comments/{first}/replies"), "What I wrote.");
    comment(&third, &database, &format!("/comments/{reply}/replies"), "Did you?");
    // Nobody is told of their own comments.
    comment(&author, &database, "/posts/3/comments", "To myself.");
    let names = [2, 3].map(|id| name_of(&database, id));
    let title = title(&database, 3);
    assert_eq!(
        (unread(&author), unread(&other), unread(&third)),
        ("(2)".into(), "(1)".into(), String::new())
    );
    assert_sound(&database);
    assert_eq!(lines(&other), [format!("new {} replied to you on {title}", name_of(&database, 1))]);
    let expected = [
        format!("new {} replied to you on {title}", names[1]),
        format!("new {} commented on your post {title}", names[0]),
    ];
    assert_eq!(lines(&author), expected);
    eventually("it is read", || unread(&author).is_empty().then_some(()));
    assert_eq!(lines(&author), expected.map(|line| line.replace("new ", "")));
    assert_sound(&database);
}

#[test]
fn a_discussion_that_is_looked_at_is_read() {
    let (_site, database, [author, other, _]) = site();
    let id = comment(&other, &database, "/posts/3/comments", "What do you mean?");
    comment(&other, &database, "/posts/4/comments", "And here?");
    // Neither shows the page to anybody.
    assert_eq!(author.ask("HEAD", "/posts/3", &[], &[]).status, 200);
    assert_eq!(author.ask("GET", "/posts/3", &[], &[("Sec-Purpose", "prefetch")]).status, 200);
    assert_eq!(author.ask("HEAD", "/inbox", &[], &[]).status, 200);
    assert_eq!(unread(&author), "(2)");
    assert_eq!(author.get("/posts/3").status, 200);
    eventually("it is read", || (unread(&author) == "(1)").then_some(()));
    let reply = comment(&other, &database, &format!("/comments/{id}/replies"), "Still waiting.");
    assert_eq!(unread(&author), "(1)", "it answers its own author");
    let own = comment(&author, &database, &format!("/comments/{reply}/replies"), "Here it is.");
    comment(&other, &database, &format!("/comments/{own}/replies"), "Thank you.");
    assert_eq!(unread(&author), "(2)");
    // The page of a comment shows the replies to it.
    assert_eq!(author.get(&format!("/comments/{own}")).status, 200);
    eventually("it is read", || (unread(&author) == "(1)").then_some(()));
    assert_sound(&database);
}

#[test]
fn no_copy_of_a_page_stands_for_a_look_that_is_recorded() {
    let (_site, database, [author, other, _]) = site();
    // A visit that needs no record.
    assert_eq!(author.get("/posts/3").status, 200);
    eventually("the visit is recorded", || (count(&database, "visits") == 1).then_some(()));
    let id = comment(&other, &database, "/posts/3/comments", "What do you mean?");
    database.execute("UPDATE visits SET looked_at = looked_at + 1000000", []).expect("the schema is known");
    let prefetch = [("Sec-Purpose", "prefetch")];
    for path in ["/posts/3?comments=9223372036854775807-9223372036854775807", &format!("/comments/{id}")] {
        database.execute("UPDATE inbox SET is_unread = 1", []).expect("the schema is known");
        for _ in 0..2 {
            assert_eq!(author.ask("GET", path, &[], &prefetch).status, 200);
        }
        assert_eq!(unread(&author), "(1)");
        assert_eq!(author.get(path).status, 200);
        eventually("it is read", || unread(&author).is_empty().then_some(()));
    }
}

#[test]
fn a_mention_comes_once_to_at_most_five_users() {
    let (site, database, [author, other, third]) = site();
    database
        .execute_batch(
            "UPDATE users SET screen_name = 'Zoë van Dam', folded_name = 'zoë van dam' WHERE id = 3",
        )
        .expect("the schema is known");
    let names: Vec<String> = (4..=10).map(|id| name_of(&database, id)).collect();
    let all = names.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ");
    let me = name_of(&database, 2);
    comment(
        &other,
        &database,
        "/posts/3/comments",
        &format!("{all} and @{me} and @nobody and a@{}", names[0]),
    );
    assert_eq!(ids(&database, "SELECT user_id FROM inbox ORDER BY user_id"), [1, 4, 5, 6, 7, 8]);
    database.execute("DELETE FROM inbox", []).expect("the schema is known");
    // Whom it answers and mentions gets it once.
    let poster = name_of(&database, 1);
    comment(&other, &database, "/posts/3/comments", &format!("Hello @{poster}, @zoë VAN dam, @Zoë van Dam!"));
    assert_eq!((unread(&author), unread(&third)), ("(1)".into(), "(1)".into()));
    assert_eq!(lines(&third), [format!("new {me} mentioned you on {}", title(&database, 3))]);
    // What is only shown as code mentions nobody.
    comment(&other, &database, "/posts/3/comments", "Like this:\n\n  @zoë van dam");
    assert_eq!(number(&database, "SELECT count(*) FROM inbox WHERE user_id = 3"), 1);
    assert_sound(&database);
    drop(site);
}

#[test]
fn a_comment_that_is_gone_is_gone_from_the_inbox_until_it_comes_back() {
    let (site, database, [author, other, _]) = site();
    let admin = Client::signed_in_as(&site, 4);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 4", []).expect("the schema is known");
    let id = comment(&other, &database, "/posts/3/comments", "What do you mean?");
    let is_there = |expected: bool| {
        assert_eq!(unread(&author), if expected { "(1)" } else { "" });
        let found = author.ask("HEAD", "/inbox", &[], &[]);
        assert_eq!(found.status, 200);
        assert_eq!(number(&database, "SELECT count(*) FROM inbox WHERE NOT is_hidden"), i64::from(expected));
        assert_sound(&database);
    };
    is_there(true);
    assert_eq!(other.post(&format!("/comments/{id}"), &[("_method", "delete")]).status, 303);
    is_there(false);
    assert_eq!(lines(&author), [""; 0]);
    assert_eq!(other.post(&format!("/comments/{id}/undo"), &[]).status, 303);
    is_there(true);
    for (act, expected) in [("remove", false), ("restore", true)] {
        let form = [("act", act), ("reason", "A reason.")];
        assert_eq!(admin.post(&format!("/comments/{id}/moderate"), &form).status, 303, "{act}");
        is_there(expected);
    }
    assert_eq!(other.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    is_there(false);
}

#[test]
fn a_muted_discussion_is_quiet() {
    let (_site, database, [author, other, _]) = site();
    comment(&other, &database, "/posts/3/comments", "What do you mean?");
    let button = |client: &Client| {
        let html = client.get("/inbox").html();
        let buttons = "#inbox button.link[form=acts]";
        (attributes(&html, buttons, "formaction").concat(), texts(&html, buttons).concat())
    };
    assert_eq!(button(&author), ("/posts/3/mute".into(), "Mute".into()));
    let sentence = "Muted: nothing of that discussion comes into your inbox any more.";
    for _ in 0..2 {
        assert_done(&author, &author.post("/posts/3/mute", &[]), "/inbox", sentence);
    }
    assert_eq!(button(&author), ("/posts/3/unmute".into(), "Unmute".into()));
    let name = name_of(&database, 1);
    comment(&other, &database, "/posts/3/comments", &format!("Are you there, @{name}?"));
    assert_eq!(number(&database, "SELECT count(*) FROM inbox"), 1);
    // It is the viewer's own choice, for that discussion.
    comment(&author, &database, "/posts/3/comments", &format!("I am, @{}.", name_of(&database, 2)));
    comment(&other, &database, "/posts/4/comments", "And here?");
    assert_eq!(number(&database, "SELECT count(*) FROM inbox"), 3);
    let sentence = "That discussion comes into your inbox again.";
    for _ in 0..2 {
        assert_done(&author, &author.post("/posts/3/unmute", &[]), "/inbox", sentence);
    }
    comment(&other, &database, "/posts/3/comments", "At last.");
    assert_eq!(number(&database, "SELECT count(*) FROM inbox"), 4);
    assert_page_of_error(&author, &author.post("/posts/999/mute", &[]), 404, NOT_FOUND);
    // It can be ended also when nothing of it is left in the inbox.
    assert_leads_to(&author.post("/posts/9/mute", &[]), "/inbox");
    let html = author.get("/inbox").html();
    assert_eq!(attributes(&html, "#muted button", "formaction"), ["/posts/9/unmute"]);
    assert_eq!(texts(&html, "#muted a"), [title(&database, 9)]);
    assert_sound(&database);
}

#[test]
fn with_htmx_each_change_loads_the_page_anew() {
    let (_site, database, [author, other, _]) = site();
    comment(&other, &database, "/posts/3/comments", "What do you mean?");
    for path in ["/posts/3/mute", "/posts/3/unmute", "/inbox/read", "/inbox/feed"] {
        for _ in 0..2 {
            assert_leads_htmx_to(&author.htmx("POST", path, &[]), 200, "/inbox");
        }
    }
    assert_eq!(
        (unread(&author), count(&database, "muted_posts"), count(&database, "inbox_feeds")),
        ("".into(), 0, 1)
    );
}

#[test]
fn a_guest_is_led_to_sign_in() {
    let (site, database, [author, ..]) = site();
    let guest = Client::new(&site);
    for path in ["/posts/3/mute", "/posts/3/unmute", "/inbox/read", "/inbox/feed"] {
        assert_leads_to_sign_in(&guest.post(path, &[]), &guest.htmx("POST", path, &[]), "/inbox");
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(author.ask(method, path, &[], &[]).status, 405, "{method} {path}");
        }
        let elsewhere = author.ask("POST", path, &[], &[("Sec-Fetch-Site", "cross-site")]);
        assert_page_of_error(&author, &elsewhere, 403, REJECTED);
    }
    assert_leads_to_sign_in(&guest.get("/inbox"), &guest.htmx("GET", "/inbox", &[]), "/inbox");
    assert_eq!(texts(&guest.get("/").html(), "header a.inbox"), [""; 0]);
    assert_eq!((count(&database, "muted_posts"), count(&database, "inbox_feeds")), (0, 0));
}

#[test]
fn all_can_be_marked_as_read() {
    let (_site, database, [author, other, third]) = site();
    database
        .execute_batch(
            "INSERT INTO inbox (comment_id, user_id, created_at, why) SELECT id, 1, created_at, 'post' FROM comments ORDER BY id LIMIT 120;
             INSERT INTO inbox (comment_id, user_id, created_at, why) SELECT id, 2, created_at, 'post' FROM comments ORDER BY id LIMIT 3;
             UPDATE users SET unread_count = (SELECT count(*) FROM inbox WHERE user_id = users.id)",
        )
        .expect("the schema is known");
    assert_eq!((unread(&author), unread(&other)), ("(99+)".into(), "(3)".into()));
    let pages = |client: &Client| {
        let (mut path, mut sizes) = ("/inbox".to_owned(), Vec::new());
        loop {
            let html = client.get(&path).html();
            sizes.push(texts(&html, "#inbox > li").len());
            match attributes(&html, "a[rel=next]", "href").pop() {
                Some(next) => path = format!("/inbox{next}"),
                None => return sizes,
            }
        }
    };
    let button = |client: &Client| texts(&client.get("/inbox").html(), "#mark_all").concat();
    // Those that no page has shown are left.
    assert_eq!(button(&author), "Mark all as read");
    eventually("the first page is read", || (unread(&author) == "(90)").then_some(()));
    for _ in 0..2 {
        assert_done(&author, &author.post("/inbox/read", &[]), "/inbox", "All of it is read.");
        assert_eq!((unread(&author), button(&author)), (String::new(), String::new()));
    }
    assert_eq!(pages(&author), [30, 30, 30, 30]);
    assert_eq!((unread(&other), unread(&third)), ("(3)".into(), String::new()), "others' inboxes stay");
    assert_page_of_error(&author, &author.get("/inbox?after=x"), 400, "That request can't be understood.");
    assert_sound(&database);
}

#[test]
fn the_feed_has_a_secret_address_that_can_be_changed() {
    let (site, database, [author, other, _]) = site();
    let id = comment(&other, &database, "/posts/3/comments", "What do you mean?");
    let address = || attributes(&author.get("/inbox").html(), "a#inbox_feed", "href").concat();
    let button = || texts(&author.get("/inbox").html(), "#renew_feed").concat();
    assert_eq!((address(), button()), (String::new(), "Make the feed".into()));
    let sentence = "The feed of your inbox has a new address.";
    assert_done(&author, &author.post("/inbox/feed", &[]), "/inbox", sentence);
    let first = address();
    assert!(
        first.starts_with("/inbox/1.") && first.len() == "/inbox/1.".len() + 64 + ".atom".len(),
        "{first}"
    );
    assert_eq!(button(), "Change the address");
    let ids = |answer: &Answer| -> Vec<String> {
        let parts = answer.text().split("<id>").skip(1);
        parts.map(|rest| rest.split("</id>").next().unwrap_or_default().to_owned()).collect()
    };
    // Its reader has no cookie.
    let feed = site.get(&first);
    assert_eq!(
        (feed.status, feed.header("Content-Type")),
        (200, Some("application/atom+xml; charset=utf-8"))
    );
    assert_eq!(feed.header("Cache-Control"), Some("private, no-cache"));
    assert_eq!(feed.header("X-Robots-Tag"), Some("noindex"));
    assert!(feed.text().contains("What do you mean?") && feed.text().contains(&format!("/comments/{id}")));
    let tag = feed.header("ETag").expect("a feed has one").to_owned();
    assert_eq!(site.ask("GET", &first, &[("If-None-Match", &tag)]).status, 304);
    let known = ids(&feed);
    assert_eq!(known.len(), 2, "{}", feed.text());

    assert_done(&author, &author.post("/inbox/feed", &[]), "/inbox", sentence);
    let second = address();
    assert_ne!(first, second);
    let wrong = second.replace("/1.", "/2.");
    let short = &second[..second.len() - 6];
    for path in [&first, &wrong, short, "/inbox/1.atom", "/inbox/.atom", "/inbox/x"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    let renewed = site.get(&second);
    assert_eq!(ids(&renewed), known, "readers know the feed by its id");
    // What is hidden from lists is hidden here.
    assert_eq!(other.post(&format!("/comments/{id}"), &[("_method", "delete")]).status, 303);
    assert!(!site.get(&second).text().contains("What do you mean?"));
    assert_eq!(author.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(site.get(&second).status, 404);
    assert_eq!((count(&database, "inbox"), count(&database, "inbox_feeds")), (0, 0));
    assert_sound(&database);
}

#[test]
fn a_banned_user_reads_and_mutes() {
    let (_site, database, [author, other, _]) = site();
    comment(&other, &database, "/posts/3/comments", "What do you mean?");
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 1", []).expect("the schema is known");
    assert_eq!(lines(&author).len(), 1);
    eventually("it is read", || unread(&author).is_empty().then_some(()));
    for path in ["/posts/3/mute", "/posts/3/unmute", "/inbox/read", "/inbox/feed"] {
        assert_leads_to(&author.post(path, &[]), "/inbox");
    }
}

#[test]
fn muting_has_the_limit_of_votes() {
    let site = Site::with(20, |config| {
        config.rates = Some(RateLimits::default().with(RateLimit::Votes, Limit::per_minute(2)))
    });
    let client = Client::signed_in(&site);
    for status in [303, 303, 429] {
        assert_eq!(client.post("/posts/3/mute", &[]).status, status);
    }
}

#[test]
fn fifty_comments_at_once_are_all_counted() {
    let (site, database, _) = site();
    std::thread::scope(|scope| {
        for user in 2..=51 {
            let client = Client::signed_in_as(&site, user);
            scope.spawn(move || {
                let body = format!("Comment of user {user}");
                assert_eq!(client.post("/posts/3/comments", &[("body", &body)]).status, 303);
            });
        }
    });
    assert_eq!(number(&database, "SELECT unread_count FROM users WHERE id = 1"), 50);
    assert_sound(&database);
}

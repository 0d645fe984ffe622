//! Rate limits. No test waits for the clock: all counted actions happen within a minute.

use lorem_news::auth::token::{Secret, Token};
use lorem_news::hn_api::ItemNumber;
use lorem_news::hn_forms::Purpose;
use lorem_news::routes::{self, Limited};
use lorem_news::site::rate_limits::{Limit, RATE_LIMITS, RateLimit, RateLimits};
use lorem_news::types::id::CommentId;
use lorem_news::types::time::Timestamp;
use lorem_news::user::name;
use lorem_news::vote::Target;
use rusqlite::Connection;
use serde_json::Value;

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::*;
use crate::hn_forms;
use crate::mailing::{give_addresses, sends_to};
use crate::seen::*;
use crate::site_api::Program;

/// A site with the limits of `lorem-news serve`, behind a trusted proxy that sets the client address.
fn limited() -> Site {
    Site::with(20, |config| {
        config.rates = Some(RateLimits::default());
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
}

/// Sends a form from an address.
fn send(client: &Client, from: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    client.ask("POST", path, form, &[("X-Forwarded-For", from)])
}

fn sign_in(site: &Site, from: &str, name: &str, password: &str) -> Answer {
    send(&Client::new(site), from, "/sessions", &[("screen_name", name), ("password", password)])
}

/// The Retry-After header in seconds. Panics unless the status is 429.
fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_guarded(answer);
    answer.header("Retry-After").and_then(|seconds| seconds.parse().ok()).expect("a number of seconds")
}

#[test]
fn the_sixth_sign_in_per_minute_from_an_address_is_429() {
    let site = limited();
    let database = site.database();
    // Each attempt is for another name and counts, right or wrong.
    for user in 1..=5 {
        let password = if user % 2 == 0 { "password" } else { "wrong" };
        let status = if user % 2 == 0 { 303 } else { 422 };
        assert_eq!(sign_in(&site, "192.0.2.1", &name_of(&database, user), password).status, status);
    }
    let sessions = count(&database, "sessions");
    let name = name_of(&database, 6);
    let form = [("screen_name", &*name), ("password", "password"), ("return_to", "/posts/new")];
    let answer = send(&Client::new(&site), "192.0.2.1", "/sessions", &form);
    assert!((1..=60).contains(&wait(&answer)));
    let said = flash(&answer).concat();
    assert!(said.starts_with("That was a little too fast. Please try again in "), "{said}");
    assert_eq!(
        (line(&answer, "screen_name"), line(&answer, "return_to")),
        (name.clone(), "/posts/new".into())
    );
    assert_eq!(answer.header("Set-Cookie"), None);
    assert!(wait(&send(&Client::new(&site), "::ffff:192.0.2.1", "/sessions", &form)) > 0);
    // A refused attempt does not count against the name, and other addresses are free.
    assert_eq!(count(&database, "sessions"), sessions);
    assert_eq!(sign_in(&site, "192.0.2.2", &name, "password").status, 303);
}

#[test]
fn the_sign_ins_per_minute_by_a_name_are_limited_from_all_addresses() {
    let site = Site::with(20, |config| {
        config.rates = Some(RateLimits::default().with(RateLimit::NameSignIns, Limit::per_minute(7)));
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    let name = name_of(&site.database(), 1);
    for number in 1..=7 {
        let typed = if number % 2 == 0 { name.to_uppercase() } else { name.clone() };
        assert_eq!(sign_in(&site, &format!("192.0.2.{number}"), &typed, "wrong").status, 422);
    }
    assert!(wait(&sign_in(&site, "192.0.2.8", &name, "password")) <= 60);
    assert_eq!(sign_in(&site, "192.0.2.9", &name_of(&site.database(), 2), "password").status, 303);
    // An unknown name has the limit, too.
    for number in 1..=7 {
        assert_eq!(sign_in(&site, &format!("192.0.2.1{number}"), "Nobodÿ", "wrong").status, 422);
    }
    assert_eq!(name::folded("NOBODŸ"), "nobodÿ");
    assert!(wait(&sign_in(&site, "192.0.2.20", "NOBODŸ", "wrong")) > 0);
}

#[test]
fn the_change_of_a_password_limits_guesses_too() {
    let site = limited();
    let client = Client::signed_in(&site);
    let form = [("about", "typed"), ("current_password", "wrong"), ("password", "long enough")];
    for _ in 0..5 {
        assert_eq!(client.ask("PATCH", "/user", &form, &[]).status, 422);
    }
    let answer = client.ask("PATCH", "/user", &form, &[]);
    assert!(wait(&answer) <= 60);
    assert_eq!(area(&answer, "about"), "typed");
    // The two limits are separate: guesses on one page do not lock the owner out of the other.
    let name = name_of(&site.database(), 1);
    assert_eq!(sign_in(&site, "192.0.2.1", &name, "password").status, 303);
    // Another session of the user has guesses of its own: a stranger with a session cannot keep the owner from
    // changing the password.
    let other = Client::signed_in_as(&site, 1);
    let change = [("current_password", "password"), ("password", "long enough")];
    assert_eq!(other.ask("PATCH", "/user", &change, &[]).status, 303);
    let client = Client::signed_in_as(&site, 2);
    for _ in 0..5 {
        assert_eq!(client.ask("DELETE", "/user", &[("password", "wrong")], &[]).status, 422);
    }
    let answer = client.ask("DELETE", "/user", &[("password", "password")], &[]);
    assert!(wait(&answer) <= 60, "the deletion of the account shares the limit");
    assert!(texts(&answer.html(), "#delete_profile .errors").concat().contains("too fast"));
    assert!(wait(&client.htmx("DELETE", "/user", &[("password", "password")])) <= 60);
    assert_eq!(
        client.ask("PATCH", "/user", &[("about", "typed")], &[]).status,
        303,
        "other fields can be changed"
    );
}

#[test]
fn an_address_from_an_untrusted_peer_is_ignored() {
    let site = Site::with(20, |config| config.rates = Some(RateLimits::default()));
    for number in 1..=5 {
        assert_eq!(
            sign_in(&site, &format!("192.0.2.{number}"), &format!("nobody {number}"), "wrong").status,
            422
        );
    }
    assert!(wait(&sign_in(&site, "192.0.2.6", "nobody 6", "wrong")) > 0);
    // The proxy's own entry is the last one; any client can forge the ones before it.
    let site = limited();
    for number in 1..=5 {
        let from = format!("192.0.2.{number}, 198.51.100.7");
        assert_eq!(sign_in(&site, &from, &format!("nobody {number}"), "wrong").status, 422);
    }
    assert!(wait(&sign_in(&site, "192.0.2.6, 198.51.100.7", "nobody 6", "wrong")) > 0);
    assert_eq!(sign_in(&site, "198.51.100.8", "nobody 6", "wrong").status, 422);
}

#[test]
fn the_sixth_sign_up_per_hour_is_429_and_invalid_ones_do_not_count() {
    let site = limited();
    let sign_up = |from: &str, name: &str| {
        send(&Client::new(&site), from, "/users", &[("screen_name", name), ("password", NEW_PASSWORD)])
    };
    let taken = name_of(&site.database(), 1);
    for name in ["", "x", "you", &taken, "a\u{200b}b", "zz\0"] {
        assert_eq!(sign_up("192.0.2.1", name).status, 422, "{name:?}");
    }
    for number in 1..=5 {
        assert_eq!(sign_up("192.0.2.1", &format!("newcomer {number}")).status, 303);
    }
    let answer = sign_up("192.0.2.1", "newcomer 6");
    assert!((3000..=3600).contains(&wait(&answer)));
    assert_eq!(line(&answer, "screen_name"), "newcomer 6");
    assert!(errors(&answer).1.concat().starts_with("That was a little too fast. Please try again in "));
    assert_eq!(sign_up("192.0.2.1", "").status, 422, "an invalid sign-up still shows its errors");
    assert_eq!(sign_up("192.0.2.2", "newcomer 6").status, 303);
    assert_sound(&site.database());
}

#[test]
fn the_eleventh_write_per_minute_is_429_and_its_text_is_kept() {
    let site = limited();
    let database = site.database();
    let client = Client::signed_in(&site);
    assert_eq!(client.post("/posts", &[("title", "x")]).status, 422, "an invalid post does not count");
    for number in 0..5 {
        assert_eq!(client.post("/posts", &[("title", &format!("Title number {number}"))]).status, 303);
        assert_eq!(
            client.post("/posts/1/comments", &[("body", &format!("comment number {number}"))]).status,
            303
        );
    }
    let (posts, comments) = (count(&database, "posts"), count(&database, "comments"));
    let form = [("title", "One title more"), ("description", "my long text")];
    let answer = client.post("/posts", &form);
    assert!(wait(&answer) <= 60);
    assert_eq!((line(&answer, "title"), area(&answer, "description")), (form[0].1.into(), form[1].1.into()));
    let answer = client.post("/posts/1/comments", &[("body", "one comment more")]);
    assert!(wait(&answer) <= 60);
    assert_eq!(area(&answer, "body"), "one comment more");
    let answer = client.htmx("POST", "/posts/1/comments", &[("body", "one comment more")]);
    assert!(wait(&answer) <= 60);
    let change = &partials(&answer)[0];
    assert_eq!((&*change.target, change.html.contains("one comment more")), ("#comment_form", true));
    let parent = number(&database, "SELECT min(id) FROM comments");
    let answer = client.post(&format!("/comments/{parent}/replies"), &[("body", "one reply more")]);
    assert_eq!((wait(&answer) <= 60, area(&answer, "body")), (true, "one reply more".into()));
    let post = number(&database, "SELECT max(id) FROM posts");
    let answer = client.ask("PATCH", &format!("/posts/{post}"), &[("title", "Another title")], &[]);
    assert_eq!((wait(&answer) <= 60, line(&answer, "title")), (true, "Another title".into()));
    let comment = number(&database, "SELECT max(id) FROM comments");
    let answer = client.ask("PATCH", &format!("/comments/{comment}"), &[("body", "another text")], &[]);
    assert_eq!((wait(&answer) <= 60, area(&answer, "body")), (true, "another text".into()));
    assert_eq!((count(&database, "posts"), count(&database, "comments")), (posts, comments));
    // Another user at that address can write, and destroying is not limited.
    let other = Client::signed_in_as(&site, 2);
    assert_eq!(other.post("/posts/1/comments", &[("body", "somebody else's")]).status, 303);
    assert_eq!(client.ask("DELETE", &format!("/comments/{comment}"), &[], &[]).status, 303);
    assert_sound(&database);
}

#[test]
fn an_address_can_make_ten_drafts_per_minute() {
    let site = limited();
    let guest = Client::new(&site);
    for _ in 0..10 {
        assert_eq!(send(&guest, "192.0.2.1", "/posts", &[("title", "typed")]).status, 303);
    }
    let fresh = Client::new(&site);
    let answer = send(&fresh, "192.0.2.1", "/posts", &[("title", "typed")]);
    assert!(wait(&answer) <= 60);
    assert_eq!(texts(&answer.html(), "h1"), ["That was a little too fast."]);
    assert_eq!(fresh.cookie("draft"), None);
    let partial = [("X-Forwarded-For", "192.0.2.1"), ("HX-Request-Type", "partial")];
    let answer = fresh.ask("POST", "/posts/1/comments", &[("body", "typed")], &partial);
    assert!(wait(&answer) <= 60);
    assert_eq!(partials(&answer)[0].target, "#flash");
    // A form without text and a guest at another address are led to sign in.
    assert_eq!(send(&fresh, "192.0.2.1", "/posts", &[]).status, 303);
    assert_eq!(send(&fresh, "192.0.2.2", "/posts", &[("title", "typed")]).status, 303);
    assert_eq!(count(&site.database(), "drafts"), 2);
}

#[test]
fn benchmarks_and_sites_without_limits_are_not_limited() {
    let site = limited();
    for _ in 0..15 {
        for endpoint in ["post_create", "comment_create", "user_show"] {
            assert_eq!(site.post(&format!("/benchmarking/{endpoint}")).status, 200);
        }
    }
    let site = Site::start();
    let client = Client::signed_in(&site);
    for number in 0..15 {
        let title = format!("Title number {number}");
        assert_eq!(client.post("/posts", &[("title", &title)]).status, 303);
        assert_eq!(Client::new(&site).post("/posts", &[("title", &title)]).status, 303);
        assert_eq!(sign_in(&site, "192.0.2.1", "nobody", "wrong").status, 422);
    }
    for number in 0..6 {
        assert_eq!(Client::new(&site).sign_up(&format!("newcomer {number}")).status, 303);
    }
}

/// A site on which two actions of each kind are allowed. User 1 is an admin, and has written posts 1 to 4 and
/// the comments on post 5.
fn of_two_actions() -> Site {
    let site = Site::with(20, |config| {
        let two = RATE_LIMITS.iter().fold(RateLimits::default(), |limits, option| {
            // A request to the API counts beside what it changes.
            let count = if option.key == RateLimit::ApiRequests { 10 } else { 2 };
            limits.with(option.key, Limit { count, ..option.default })
        });
        config.rates = Some(two);
        // Nothing listens there.
        sends_to(config, "smtp://127.0.0.1:1");
    });
    site.database()
        .execute_batch(
            "UPDATE users SET is_admin = (id = 1); UPDATE posts SET user_id = iif(id <= 4, 1, 2); \
             UPDATE comments SET user_id = iif(post_id = 5, 1, 2); \
             INSERT INTO versions (post_id, created_at, text) VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 1, 'c'), (1, 1, 'd');",
        )
        .expect("the authors");
    give_addresses(&site.database(), [1]);
    // Links to set the passwords of users 11 to 13.
    let hash = Secret::parse(&"0a".repeat(32)).expect("a secret").hash();
    for id in 1..=3 {
        let sql = "INSERT INTO resets (id, user_id, maker, secret_hash, created_at) VALUES (?1, 10 + ?1, 'mail', ?2, ?3)";
        site.database().execute(sql, rusqlite::params![id, hash, Timestamp::now()]).expect("a link");
        let sql = "INSERT INTO invitations (id, inviter_id, secret_hash, created_at) VALUES (?1, 1, ?2, ?3)";
        site.database().execute(sql, rusqlite::params![id, hash, Timestamp::now()]).expect("an invitation");
        let sql = "INSERT INTO confirmations (user_id, address, secret_hash, created_at) VALUES (10 + ?1, '', ?2, ?3)";
        site.database().execute(sql, rusqlite::params![id, hash, Timestamp::now()]).expect("a link");
    }
    site
}

/// A request that a change of this route accepts, as a path and form fields. `{n}` is the number of the attempt,
/// `{own}` a comment of the viewer, `{other}` one of another user. `None`: the route is new, and wants a line.
fn request(method: &str, pattern: &str) -> Option<(&'static str, &'static [(&'static str, &'static str)])> {
    Some(match (method, pattern) {
        ("POST", "/posts") => ("/posts", &[("title", "Title {n}")]),
        ("PATCH" | "PUT", "/posts/:id") => ("/posts/1", &[("title", "Title {n}")]),
        ("DELETE", "/posts/:id") => ("/posts/{n}", &[]),
        ("POST", "/posts/:id/comments") => ("/posts/1/comments", &[("body", "A comment {n}")]),
        ("POST", "/posts/:id/flag") => ("/posts/6/flag", &[("kind", "spam")]),
        ("POST", "/posts/:id/undo") => ("/posts/{n}/undo", &[]),
        ("POST", "/posts/:id/unflag") => ("/posts/6/unflag", &[]),
        ("POST", "/posts/:id/vouch") => ("/posts/6/vouch", &[]),
        ("POST", "/comments/:id/vouch") => ("/comments/{other}/vouch", &[]),
        ("POST", "/comments/:id/undo") => ("/comments/{own}/undo", &[]),
        ("POST", "/comments/:id/unflag") => ("/comments/{other}/unflag", &[]),
        ("POST", "/invitations") => ("/invitations", &[]),
        ("POST", "/invitations/:id/withdraw") => ("/invitations/{n}/withdraw", &[]),
        ("POST", "/user/data") => ("/user/data", &[]),
        ("POST", "/user/tokens") => {
            ("/user/tokens", &[("name", "Token {n}"), ("current_password", "password")])
        }
        ("DELETE", "/user/tokens/:id") => ("/user/tokens/{n}", &[]),
        ("POST", "/api/site/posts") => ("/posts", &[("title", "Title {n}")]),
        ("PATCH", "/api/site/posts/:id") => ("/posts/1", &[("title", "Title {n}")]),
        ("DELETE", "/api/site/posts/:id") => ("/posts/{n}", &[]),
        ("PUT" | "DELETE", "/api/site/posts/:id/vote") => ("/posts/6/vote", &[]),
        ("PUT" | "DELETE", "/api/site/posts/:id/save") => ("/posts/6/save", &[]),
        ("PUT", "/api/site/posts/:id/flag") => ("/posts/6/flag", &[("reason", "It is spam")]),
        ("DELETE", "/api/site/posts/:id/flag") => ("/posts/6/flag", &[]),
        ("POST", "/api/site/comments") => ("/comments", &[("post_id", "1"), ("text", "A comment {n}")]),
        ("PATCH", "/api/site/comments/:id") => ("/comments/{own}", &[("text", "Another body {n}")]),
        ("DELETE", "/api/site/comments/:id") => ("/comments/{own}", &[]),
        ("PUT" | "DELETE", "/api/site/comments/:id/vote") => ("/comments/{other}/vote", &[]),
        ("PUT" | "DELETE", "/api/site/comments/:id/save") => ("/comments/{other}/save", &[]),
        ("PUT", "/api/site/comments/:id/flag") => ("/comments/{other}/flag", &[("reason", "It is spam")]),
        ("DELETE", "/api/site/comments/:id/flag") => ("/comments/{other}/flag", &[]),
        ("POST", "/posts/:id/retitle") => {
            ("/posts/6/retitle", &[("title", "A better title {n}"), ("reason", "A reason")])
        }
        ("POST", "/posts/:id/merge") => ("/posts/6/merge", &[("to", "7"), ("reason", "A reason")]),
        ("POST", "/comments/:id/move") => {
            ("/comments/{other}/move", &[("to", "{n}"), ("reason", "A reason")])
        }
        ("POST", "/posts/:id/moderate") => ("/posts/6/moderate", &[("act", "lock"), ("reason", "A reason")]),
        ("POST", "/posts/:id/vote") => ("/posts/6/vote", &[]),
        ("POST", "/posts/:id/unvote") => ("/posts/6/unvote", &[]),
        ("POST", "/posts/:id/save") => ("/posts/6/save", &[]),
        ("POST", "/posts/:id/unsave") => ("/posts/6/unsave", &[]),
        ("POST", "/comments/:id/save") => ("/comments/{other}/save", &[]),
        ("POST", "/comments/:id/unsave") => ("/comments/{other}/unsave", &[]),
        ("POST", "/posts/:id/hide") => ("/posts/6/hide", &[]),
        ("POST", "/posts/:id/unhide") => ("/posts/6/unhide", &[]),
        ("POST", "/users/:id/mute") => ("/users/2/mute", &[]),
        ("POST", "/users/:id/unmute") => ("/users/2/unmute", &[]),
        ("POST", "/from/mute") => ("/from/mute?site=example.com", &[]),
        ("POST", "/tagged/mute") => ("/tagged/mute?tag=rust", &[]),
        ("POST", "/tagged/unmute") => ("/tagged/unmute?tag=rust", &[]),
        ("POST", "/from/unmute") => ("/from/unmute?site=example.com", &[]),
        ("POST", "/posts/:id/mute") => ("/posts/6/mute", &[]),
        ("POST", "/posts/:id/unmute") => ("/posts/6/unmute", &[]),
        ("POST", "/login") => ("/login", &[("acct", "nobody"), ("pw", "wrong")]),
        ("POST", "/submit") => ("/submit", &[("acct", "nobody"), ("pw", "wrong")]),
        ("POST", "/edit") => ("/edit", &[("acct", "nobody"), ("pw", "wrong"), ("id", "{of_own}")]),
        ("POST", "/r") => ("/r", &[("fnid", "{fnid}"), ("title", "A title {n}"), ("text", "Words")]),
        ("POST", "/xedit") => ("/xedit", &[("id", "{of_own}"), ("hmac", "{hmac}"), ("text", "Words {n}")]),
        ("POST", "/comment") => {
            ("/comment", &[("acct", "{name}"), ("pw", "password"), ("parent", "12"), ("text", "Words {n}")])
        }
        ("POST", "/vote") => {
            ("/vote", &[("acct", "{name}"), ("pw", "password"), ("id", "{of_other}"), ("how", "up")])
        }
        ("POST", "/fave") => ("/fave", &[("acct", "{name}"), ("pw", "password"), ("id", "{of_other}")]),
        ("POST", "/flag") => ("/flag", &[("acct", "{name}"), ("pw", "password"), ("id", "{of_other}")]),
        ("POST", "/inbox/read") => ("/inbox/read", &[]),
        ("POST", "/inbox/feed") => ("/inbox/feed", &[]),
        ("PATCH" | "PUT", "/settings") => ("/settings", &[("name", "Name {n}")]),
        ("POST", "/admin/errors/:id/resolve") => ("/admin/errors/{n}/resolve", &[]),
        ("POST", "/admin/errors/:id/reopen") => ("/admin/errors/{n}/reopen", &[]),
        ("POST" | "DELETE", "/admin/backup/copy") => ("/admin/backup/copy", &[]),
        ("POST" | "DELETE", "/settings/logo") => ("/settings/logo", &[]),
        ("POST", "/first_admin/:secret") => ("/first_admin/{secret}", &[]),
        ("POST", "/comments/:id/vote") => ("/comments/{other}/vote", &[]),
        ("POST", "/comments/:id/unvote") => ("/comments/{other}/unvote", &[]),
        ("POST", "/comments/:id/flag") => ("/comments/{other}/flag", &[("kind", "spam")]),
        ("POST", "/comments/:id/moderate") => {
            ("/comments/{other}/moderate", &[("act", "remove"), ("reason", "A reason")])
        }
        ("PATCH" | "PUT", "/comments/:id") => ("/comments/{own}", &[("body", "Another body {n}")]),
        ("DELETE", "/comments/:id") => ("/comments/{own}", &[]),
        ("POST", "/comments/:id/replies") => ("/comments/{other}/replies", &[("body", "A reply {n}")]),
        ("POST", "/versions/:id/strike") => ("/versions/{n}/strike", &[]),
        ("DELETE", "/drafts/:id") => ("/drafts/{n}", &[]),
        ("POST", "/users") => ("/users", &[("screen_name", "newcomer {n}"), ("password", NEW_PASSWORD)]),
        ("POST", "/users/:id/follow") => ("/users/2/follow", &[]),
        ("POST", "/users/:id/unfollow") => ("/users/2/unfollow", &[]),
        ("POST", "/users/:id/moderate") => ("/users/2/moderate", &[("act", "ban"), ("reason", "A reason")]),
        ("PATCH" | "PUT", "/user") => ("/user", &[("about", "About {n}")]),
        ("POST", "/reset") => ("/reset", &[("who", "nobody {n}")]),
        ("POST", "/user/mail") => {
            ("/user/mail", &[("address", "a@example.com"), ("current_password", "wrong")])
        }
        ("POST", "/user/mail/replies") => ("/user/mail/replies", &[("replies", "daily")]),
        ("DELETE", "/user/mail") => ("/user/mail", &[]),
        ("POST", "/confirm/:token") => ("/confirm/1{n}.{secret}", &[]),
        ("POST", "/reset/:token") => ("/reset/{n}.{secret}", &[("password", "correct horse")]),
        ("DELETE", "/user") => ("/user", &[("password", "wrong")]),
        ("DELETE", "/sessions") => ("/sessions", &[]),
        ("POST", "/sessions") => ("/sessions", &[("screen_name", "nobody"), ("password", "wrong")]),
        ("DELETE", "/sessions/:id") => ("/sessions/{session}", &[]),
        _ => return None,
    })
}

/// The fields as a program sends them; `None`: there are none.
fn json(form: &[(&str, &str)]) -> Option<Value> {
    let field = |(name, value): &(&str, &str)| {
        let value = if *name == "post_id" { Value::from(1) } else { Value::from(*value) };
        ((*name).to_owned(), value)
    };
    (!form.is_empty()).then(|| Value::Object(form.iter().map(field).collect()))
}

/// Three tokens of user 1, to be revoked.
fn keep_tokens(database: &Connection) {
    for id in 1..=3 {
        let sql = "INSERT INTO api_tokens (id, user_id, name, may_write, secret_hash, created_at) \
                   VALUES (?1, 1, 'token ' || ?1, 0, zeroblob(32), 1)";
        database.execute(sql, [id]).expect("a token");
    }
}

#[test]
fn each_change_of_the_route_table_has_the_limit_that_it_names() {
    let mut limited = 0;
    for (method, pattern, limit) in routes::changes() {
        let Limited::By(key) = limit else { continue };
        let (path, form) = request(method, pattern)
            .unwrap_or_else(|| panic!("{method} {pattern}: a line in `request` is missing"));
        let site = of_two_actions();
        let client = Client::signed_in(&site);
        let database = site.database();
        let program = pattern.starts_with("/api/site/").then(|| Program::with_row(&site));
        if pattern == "/user/tokens/:id" {
            keep_tokens(&database);
        }
        let sessions: Vec<i64> = (0..3).map(|_| Client::signed_in(&site).session_id()).collect();
        let own = ids(
            &database,
            "SELECT id FROM comments WHERE user_id = 1 AND id NOT IN \
                                  (SELECT parent_id FROM comments WHERE parent_id IS NOT NULL) ORDER BY id",
        );
        let other = ids(&database, "SELECT id FROM comments WHERE user_id = 2 ORDER BY id")[0].to_string();
        if pattern.starts_with("/invitations") {
            let sql = "INSERT INTO settings (name, value) VALUES ('sign_up', 'invited')";
            database.execute(sql, []).expect("the schema is known");
        }
        let (name, fnid) = (name_of(&database, 1), hn_forms::hidden(&client.get("/submit"), "fnid"));
        let item = ItemNumber::of(Target::Comment(CommentId::new(own[0])));
        let token = Token::parse(&client.cookie("session").expect("a session")).expect("a token");
        let hmac = Purpose::Edit(item).token(&token);
        let statuses: Vec<u16> = (1..=3_usize)
            .map(|attempt| {
                // A comment that is deleted cannot be deleted again, another one can.
                let own = if method == "DELETE" { own[attempt - 1] } else { own[0] }.to_string();
                let filled = |text: &str| {
                    text.replace("{n}", &attempt.to_string())
                        .replace("{own}", &own)
                        .replace("{other}", &other)
                        .replace("{of_own}", &hn_forms::of_comment(&own))
                        .replace("{of_other}", &hn_forms::of_comment(&other))
                        .replace("{fnid}", &fnid)
                        .replace("{hmac}", &hmac)
                        .replace("{name}", &name)
                        .replace("{secret}", &"0a".repeat(32))
                        .replace("{session}", &sessions[attempt - 1].to_string())
                };
                let form: Vec<(&str, String)> =
                    form.iter().map(|(name, value)| (*name, filled(value))).collect();
                let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, &**value)).collect();
                match &program {
                    Some(program) => program.ask(method, &filled(path), json(&form).as_ref(), &[]).status,
                    None => client.ask(method, &filled(path), &form, &[]).status,
                }
            })
            .collect();
        // Tries of links that make an admin count, too. The site has neither errors nor a replica, and nothing is
        // dead.
        let is_taken = |status: &u16| match pattern {
            "/first_admin/:secret"
            | "/admin/errors/:id/resolve"
            | "/admin/errors/:id/reopen"
            | "/posts/:id/vouch"
            | "/comments/:id/vouch" => *status == 404,
            "/admin/backup/copy" if method == "POST" => *status == 404,
            _ => matches!(status, 200..=204 | 302 | 303 | 422),
        };
        assert!(
            statuses[..2].iter().all(is_taken) && statuses[2] == 429,
            "{method} {pattern} ({key:?}): {statuses:?}"
        );
        limited += 1;
    }
    assert!(limited > 20, "{limited}");
}

#[test]
fn a_change_without_a_limit_gives_its_reason() {
    let free: Vec<String> = routes::changes()
        .filter_map(|(method, pattern, limit)| match limit {
            Limited::Not(reason) => {
                assert!(reason.split(' ').count() > 3, "{method} {pattern}: {reason}");
                Some(format!("{method} {pattern}"))
            }
            Limited::By(_) => None,
        })
        .collect();
    assert_eq!(free, ["POST /unsubscribe/:token", "POST /preferences", "POST /benchmarking/:action"]);
}

#[test]
fn a_profile_is_changed_thirty_times_a_minute_and_the_refused_text_stays() {
    let site = limited();
    let client = Client::signed_in(&site);
    for number in 0..30 {
        let answer = client.ask("PATCH", "/user", &[("about", &*format!("about {number}"))], &[]);
        assert_eq!(answer.status, 303, "{number}");
        // A form with errors is not counted.
        assert_eq!(client.ask("PATCH", "/user", &[("screen_name", "")], &[]).status, 422);
    }
    for htmx in [false, true] {
        let form = [("about", "typed for long")];
        let answer = if htmx {
            client.htmx("PATCH", "/user", &form)
        } else {
            client.ask("PATCH", "/user", &form, &[])
        };
        assert!(wait(&answer) <= 60);
        assert_eq!(area(&answer, "about"), "typed for long");
    }
    // Another user, and signing out, are not concerned.
    let other = Client::signed_in_as(&site, 2);
    assert_eq!(other.ask("PATCH", "/user", &[("about", "other")], &[]).status, 303);
    let session = format!("/sessions/{}", client.session_id());
    assert_eq!(client.ask("DELETE", &session, &[], &[]).status, 303);
}

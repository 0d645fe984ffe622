//! The site's own API: tokens, and what a program does with them.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use lorem_news::auth::token::Secret;
use lorem_news::routes;
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use lorem_news::site::settings::Setting;
use lorem_news::site_api::document;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::*;
use crate::harness::*;
use crate::seen::count;

/// A program with a token, which sends no cookie.
pub struct Program {
    client: Client,
    pub token: String,
}

impl Program {
    /// A program of a user, whose token the page of tokens has made.
    pub fn of(site: &Site, user_id: i64, scope: &str) -> Program {
        let client = Client::signed_in_as(site, user_id);
        let made = client.post(
            "/user/tokens",
            &[("name", &format!("to {scope}")), ("scope", scope), ("current_password", "password")],
        );
        assert_eq!(made.status, 200, "{}", made.text());
        let token = attributes(&made.html(), "#token", "value").pop().expect("the page shows the token");
        Program { client: Client::new(site), token }
    }

    /// A program of user 1 with a token that a row has made, so that it counts as no change.
    pub fn with_row(site: &Site) -> Program {
        let secret = Secret::random();
        let sql = "INSERT INTO api_tokens (id, user_id, name, may_write, secret_hash, created_at) \
                   VALUES (99, 1, 'a row', 1, ?1, 1)";
        site.database().execute(sql, [secret.hash()]).expect("a token");
        Program { client: Client::new(site), token: secret.of(99).to_string() }
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", &*bearer)];
        if body.is_some() {
            all.push(("Content-Type", "application/json"));
        }
        all.extend(headers);
        let body = body.map(Value::to_string).unwrap_or_default();
        self.client.send(method, &format!("/api/site{path}"), &all, body.as_bytes())
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None, &[]);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")), "{path}");
        value(&answer)
    }

    fn comment(&self, post: i64, text: &str, key: Option<&str>) -> Answer {
        let headers: Vec<(&str, &str)> = key.iter().map(|key| ("Idempotency-Key", *key)).collect();
        self.ask("POST", "/comments", Some(&json!({ "post_id": post, "text": text })), &headers)
    }
}

fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {answer:?}"))
}

/// The status and the detail of a problem.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{answer:?}");
    let problem = value(answer);
    assert_eq!(problem["status"], answer.status, "{problem}");
    (answer.status, problem["detail"].as_str().expect("a sentence").to_owned())
}

/// A site whose user 1 has written post 1 and all comments on post 5, and user 2 all others.
fn scene() -> (Site, Connection) {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "UPDATE posts SET user_id = iif(id = 1, 1, 2); UPDATE comments SET user_id = iif(post_id = 5, 1, 2); \
             DELETE FROM post_votes; DELETE FROM comment_votes; UPDATE posts SET score = 1; UPDATE comments SET score = 1;",
        )
        .expect("the authors");
    recount(&database);
    (site, database)
}

fn leaf(database: &Connection, user_id: i64) -> i64 {
    let sql = format!(
        "SELECT min(id) FROM comments WHERE user_id = {user_id} AND deleted_at IS NULL AND id NOT IN \
         (SELECT parent_id FROM comments WHERE parent_id IS NOT NULL)"
    );
    number(database, &sql)
}

#[test]
fn a_token_is_shown_once_kept_as_a_hash_and_revoked() {
    let site = Site::start();
    let (client, database) = (Client::signed_in(&site), site.database());
    let made = client.post(
        "/user/tokens",
        &[("name", "My <program>"), ("scope", "write"), ("current_password", "password")],
    );
    assert_eq!((made.status, made.header("Cache-Control")), (200, Some("no-store")));
    let token = attributes(&made.html(), "#token", "value").pop().expect("a token");
    let page = client.get("/user/tokens");
    assert!(page.text().contains("My &lt;program&gt;") && !page.text().contains(&token));
    let secret = token.split('.').nth(1).expect("a secret");
    let hash: String =
        database.query_row("SELECT hex(secret_hash) FROM api_tokens", [], |row| row.get(0)).expect("a row");
    assert!(hash.len() == 64 && !hash.eq_ignore_ascii_case(secret));
    // Sent twice, the form makes no second one.
    let again = client.post(
        "/user/tokens",
        &[("name", "My <program>"), ("scope", "write"), ("current_password", "password")],
    );
    assert_eq!((again.status, count(&database, "api_tokens")), (422, 1));
    let program = Program { client: Client::new(&site), token };
    assert_eq!(program.get("/me")["token_name"], "My <program>");
    eventually("the use is recorded", || {
        (number(&database, "SELECT count(*) FROM api_tokens WHERE last_used_at IS NOT NULL") == 1)
            .then_some(())
    });
    // Nobody but its owner revokes it.
    let id = number(&database, "SELECT id FROM api_tokens");
    let path = format!("/user/tokens/{id}");
    assert_eq!(Client::signed_in_as(&site, 2).ask("DELETE", &path, &[], &[]).status, 404);
    assert_eq!(
        Client::new(&site).ask("DELETE", &path, &[], &[]).header("Location"),
        Some("/sign_in?return_to=%2Fuser%2Ftokens")
    );
    assert_eq!(program.ask("GET", "/me", None, &[]).status, 200);
    assert_eq!(client.htmx("DELETE", &path, &[]).header("HX-Redirect"), Some("/user/tokens"));
    assert_eq!(client.ask("DELETE", &path, &[], &[]).status, 404);
    let refused = program.ask("GET", "/me", None, &[]);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("WWW-Authenticate"), Some("Bearer error=\"invalid_token\""));
    assert_sound(&database);
}

#[test]
fn the_form_for_a_token_says_what_is_wrong() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let refused = |name: &str| {
        let answer = client.post("/user/tokens", &[("name", name), ("current_password", "password")]);
        assert_eq!(answer.status, 422, "{name}");
        assert_eq!(
            client.htmx("POST", "/user/tokens", &[("name", name), ("current_password", "password")]).status,
            422,
            "{name}"
        );
        texts(&answer.html(), ".error").join("")
    };
    assert!(refused(" ").contains("blank") && refused(&"a".repeat(51)).contains("too long"));
    let mut stranger = [("name", "a stranger's"), ("current_password", "guessed")];
    for _ in 0..2 {
        let answer = client.post("/user/tokens", &stranger);
        assert_eq!(answer.status, 422);
        assert!(
            texts(&answer.html(), "main").concat().contains("Current password is incorrect"),
            "{}",
            answer.text()
        );
        stranger[1].1 = "";
    }
    for number in 0..20 {
        assert_eq!(
            client
                .post(
                    "/user/tokens",
                    &[("name", &format!("token {number}")), ("current_password", "password")]
                )
                .status,
            200
        );
    }
    let full = client.post("/user/tokens", &[("name", "one more"), ("current_password", "password")]);
    assert!(full.status == 422 && full.text().contains("You have 20 tokens"), "{}", full.text());
    assert_eq!(Client::new(&site).post("/user/tokens", &[("name", "a")]).status, 303);
    assert_eq!(count(&site.database(), "api_tokens"), 20);
    assert_eq!(number(&site.database(), "SELECT count(*) FROM api_tokens WHERE may_write"), 0);
}

#[test]
fn a_new_password_signing_out_everywhere_and_deletion_revoke_all_tokens() {
    let site = Site::start();
    let database = site.database();
    let works = |program: &Program| program.ask("GET", "/me", None, &[]).status == 200;
    let change = [
        ("current_password", "password"),
        ("password", NEW_PASSWORD),
        ("password_confirmation", NEW_PASSWORD),
    ];
    let (first, other) = (Program::of(&site, 3, "write"), Program::of(&site, 4, "write"));
    assert_eq!(Client::signed_in_as(&site, 3).ask("PATCH", "/user", &change, &[]).status, 303);
    assert!(!works(&first) && works(&other));
    assert_eq!(Client::signed_in_as(&site, 4).ask("DELETE", "/sessions", &[], &[]).status, 303);
    assert!(!works(&other));
    let last = Program::of(&site, 5, "write");
    assert_eq!(last.comment(1, "A comment of mine", Some("one")).status, 201);
    let deleted = Client::signed_in_as(&site, 5).ask("DELETE", "/user", &[("password", "password")], &[]);
    assert_eq!(deleted.status, 303, "{}", deleted.text());
    assert!(!works(&last));
    assert_eq!((count(&database, "api_tokens"), count(&database, "api_answers")), (0, 0));
    assert_sound(&database);
}

#[test]
fn a_program_reads_what_its_user_may_see() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "read");
    let me = program.get("/me");
    assert_eq!((&me["user"]["id"], &me["scope"]), (&json!(1), &json!("read")));
    let first = program.get("/posts?order=new");
    let listed: Vec<i64> =
        first["posts"].as_array().expect("a list").iter().filter_map(|post| post["id"].as_i64()).collect();
    assert_eq!(listed, ids(&database, "SELECT id FROM posts ORDER BY created_at DESC, id DESC LIMIT 30"));
    Client::signed_in(&site).post("/posts/3/hide", &[]);
    let hot = program.get("/posts");
    assert!(hot["posts"].as_array().expect("a list").iter().all(|post| post["id"] != 3));
    assert_eq!((hot["posts"].as_array().map(Vec::len), &hot["next"]), (Some(19), &Value::Null));
    let discussion = program.get("/posts/5");
    let comments = number(&database, "SELECT count(*) FROM comments WHERE post_id = 5");
    assert_eq!(discussion["post"]["comments_count"], comments);
    assert_eq!(discussion["comments"].as_array().map(Vec::len), usize::try_from(comments).ok());
    let id = discussion["comments"][0]["id"].as_i64().expect("a number");
    assert_eq!(program.get(&format!("/comments/{id}"))["comment"], discussion["comments"][0]);
    assert_eq!(program.get("/users/2")["id"], 2);
    let inbox = program.get("/inbox");
    let of_user =
        number(&database, "SELECT min(30, count(*)) FROM inbox WHERE user_id = 1 AND NOT is_hidden");
    assert_eq!(inbox["items"].as_array().map(Vec::len), usize::try_from(of_user).ok());
    // What an admin has removed is no more there than on the page.
    database.execute("UPDATE users SET is_admin = (id = 3)", []).expect("an admin");
    let removed = [("act", "remove"), ("reason", "Off topic")];
    assert_eq!(
        Client::signed_in_as(&site, 3).post(&format!("/comments/{id}/moderate"), &removed).status,
        303
    );
    let hidden = &program.get(&format!("/comments/{id}"))["comment"];
    assert_eq!(
        (&hidden["text"], &hidden["author"], &hidden["is_removed"]),
        (&json!(""), &Value::Null, &json!(true))
    );
    for (path, status) in [
        ("/posts/999", 404),
        ("/users/0", 404),
        ("/posts?after=x", 400),
        ("/posts?order=x", 400),
        ("/none", 404),
    ] {
        assert_eq!(problem(&program.ask("GET", path, None, &[])).0, status, "{path}");
    }
}

/// The changes, each with a body: of things of user 2 that user 1 may change, or of things of user 1.
fn changes(database: &Connection) -> Vec<(&'static str, String, Option<Value>, u16)> {
    let (own, other) = (leaf(database, 1), leaf(database, 2));
    let text = json!({ "text": "Another text of mine" });
    let mut all = vec![
        ("POST", "/posts".to_owned(), Some(json!({ "title": "A title of mine", "text": "Some words" })), 201),
        ("PATCH", "/posts/1".to_owned(), Some(text.clone()), 200),
        ("POST", "/comments".to_owned(), Some(json!({ "post_id": 2, "text": "A remark of mine" })), 201),
        ("POST", "/comments".to_owned(), Some(json!({ "parent_id": other, "text": "A reply of mine" })), 201),
        ("PATCH", format!("/comments/{own}"), Some(text), 200),
    ];
    for thing in ["/posts/2".to_owned(), format!("/comments/{other}")] {
        all.push(("PUT", format!("{thing}/vote"), None, 204));
        all.push(("DELETE", format!("{thing}/vote"), None, 204));
        all.push(("PUT", format!("{thing}/save"), None, 204));
        all.push(("DELETE", format!("{thing}/save"), None, 204));
        all.push(("PUT", format!("{thing}/flag"), Some(json!({ "reason": "It is spam" })), 204));
        all.push(("DELETE", format!("{thing}/flag"), None, 204));
    }
    all.push(("DELETE", "/posts/1".to_owned(), None, 204));
    all.push(("DELETE", format!("/comments/{own}"), None, 204));
    all
}

/// All that changes by a change, as one text.
fn written(database: &Connection) -> String {
    [
        "posts",
        "comments",
        "post_votes",
        "comment_votes",
        "saved_posts",
        "saved_comments",
        "flags",
        "deletions",
        "drafts",
    ]
    .map(|table| {
        let sql = format!("SELECT count(*) || '/' || coalesce(max(rowid), 0) FROM {table}");
        let without_rowid = format!("SELECT count(*) || '' FROM {table}");
        let read = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0));
        read(&sql).or_else(|_| read(&without_rowid)).expect("a text")
    })
    .join(" ")
}

#[test]
fn each_change_needs_a_token_that_writes() {
    let (site, database) = scene();
    let (guest, reader) = (Client::signed_in(&site), Program::of(&site, 1, "read"));
    let before = written(&database);
    for (method, path, body, _) in changes(&database) {
        let text = body.as_ref().map(Value::to_string).unwrap_or_default();
        // A cookie does not count, whatever it is.
        let answer = guest.send(
            method,
            &format!("/api/site{path}"),
            &[("Content-Type", "application/json")],
            text.as_bytes(),
        );
        assert_eq!(
            (problem(&answer).0, answer.header("WWW-Authenticate")),
            (401, Some("Bearer")),
            "{method} {path}"
        );
        let answer = reader.ask(method, &path, body.as_ref(), &[]);
        assert_eq!(problem(&answer), (403, "This token only reads.".to_owned()), "{method} {path}");
        assert!(answer.header("WWW-Authenticate").is_some_and(|value| value.contains("insufficient_scope")));
    }
    assert_eq!(written(&database), before);
}

#[test]
fn each_change_works_twice_and_without_and_with_htmx_headers() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    for (method, path, body, status) in changes(&database) {
        // Headers of htmx change nothing.
        let first = program.ask(method, &path, body.as_ref(), &[("HX-Request-Type", "partial")]);
        assert_eq!(first.status, status, "{method} {path}: {}", first.text());
        assert_eq!(first.header("Set-Cookie"), None);
        if status == 204 {
            assert_eq!(first.body, b"");
        }
        let second = program.ask(method, &path, body.as_ref(), &[]);
        let expected = match (method, &*path) {
            // The title is taken by the first.
            ("POST", "/posts") => 422,
            // No flag is left to take back.
            ("DELETE", path) if path.ends_with("/flag") => second.status,
            _ => status,
        };
        assert_eq!(second.status, expected, "{method} {path}: {}", second.text());
        if method == "POST" && path == "/comments" {
            assert_eq!(value(&first)["id"], value(&second)["id"], "a comment that is sent twice is one");
        }
    }
    assert_eq!(number(&database, "SELECT count(*) FROM post_votes"), 0);
    assert_sound(&database);
}

#[test]
fn a_program_changes_nothing_of_other_users() {
    let (site, database) = scene();
    let program = Program::of(&site, 2, "write");
    let own = leaf(&database, 1);
    let text = json!({ "text": "Another text of mine" });
    let before = written(&database);
    for (method, path, body) in [
        ("PATCH", "/posts/1".to_owned(), Some(&text)),
        ("DELETE", "/posts/1".to_owned(), None),
        ("PATCH", format!("/comments/{own}"), Some(&text)),
        ("DELETE", format!("/comments/{own}"), None),
        // Nor does it vote for what is its user's own.
        ("PUT", "/posts/2/vote".to_owned(), None),
        ("PUT", "/posts/2/flag".to_owned(), Some(&json!({ "reason": "It is spam" }))),
    ] {
        assert_eq!(problem(&program.ask(method, &path, body, &[])).0, 403, "{method} {path}");
    }
    assert_eq!(written(&database), before);
    assert_sound(&database);
}

#[test]
fn a_banned_user_reads_and_saves_and_writes_nothing() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    database.execute("UPDATE users SET is_admin = (id = 3)", []).expect("an admin");
    let ban = [("act", "ban"), ("reason", "Many insults")];
    assert_eq!(Client::signed_in_as(&site, 3).post("/users/1/moderate", &ban).status, 303);
    for (method, path, body, _) in changes(&database) {
        let answer = program.ask(method, &path, body.as_ref(), &[]);
        if path.ends_with("/save") {
            assert_eq!(answer.status, 204, "{method} {path}");
        } else {
            let (status, detail) = problem(&answer);
            assert!(status == 403 && detail.contains("Many insults"), "{method} {path}: {detail}");
        }
    }
    assert_eq!(program.get("/me")["user"]["is_banned"], true);
}

#[test]
fn a_new_user_can_do_no_more_than_on_pages() {
    let site = Site::with(5, |config| config.fixed_settings = vec![(Setting::NewUserDays, "3".to_owned())]);
    let database = site.database();
    database
        .execute_batch("UPDATE users SET is_admin = 0; UPDATE users SET created_at = unixepoch() * 1000000 WHERE id = 3; UPDATE posts SET user_id = 2")
        .expect("a new user");
    recount(&database);
    let program = Program::of(&site, 3, "write");
    for (path, body) in [("/posts/1/vote", None), ("/posts/1/flag", Some(json!({ "reason": "It is spam" })))]
    {
        let (status, detail) = problem(&program.ask("PUT", path, body.as_ref(), &[]));
        assert!(status == 403 && detail.contains("You are new here: you can "), "{path}: {detail}");
    }
    assert_eq!(program.comment(1, "A remark of mine", None).status, 201);
}

#[test]
fn a_repeated_key_gets_the_first_answer_and_makes_nothing_new() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    let post = json!({ "title": "A title of mine", "text": "Some words" });
    let ask =
        |key: &str, body: &Value| program.ask("POST", "/posts", Some(body), &[("Idempotency-Key", key)]);
    let first = ask("one", &post);
    assert_eq!((first.status, first.header("Idempotency-Replayed")), (201, None), "{}", first.text());
    let second = ask("one", &post);
    assert_eq!((second.status, second.header("Idempotency-Replayed")), (201, Some("true")));
    assert_eq!((&second.body, second.header("Location")), (&first.body, first.header("Location")));
    // Another body, another path.
    assert_eq!(problem(&ask("one", &json!({ "title": "Another title" }))).0, 422);
    assert_eq!(problem(&program.comment(2, "A remark of mine", Some("one"))).0, 422);
    // A refused request leaves its key free.
    assert_eq!(problem(&ask("two", &json!({ "title": "A title of mine" }))).0, 422);
    assert_eq!(ask("two", &json!({ "title": "A second title" })).status, 201);
    // The keys of others are others.
    let other = Program::of(&site, 3, "write");
    assert_eq!(other.comment(2, "A remark of mine", Some("one")).status, 201);
    for key in ["", "a b", &"k".repeat(256), "ключ"] {
        assert_eq!(problem(&ask(key, &post)).0, 400, "{key}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM posts WHERE title = 'A title of mine'"), 1);
    // After a day the key is forgotten.
    database
        .execute("UPDATE api_answers SET created_at = created_at - 86400000001", [])
        .expect("a day passes");
    assert_eq!(problem(&ask("one", &post)).0, 422, "the title is taken, which the kept answer did not say");
    assert_sound(&database);
}

#[test]
fn an_answer_that_was_lost_is_not_made_again() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    assert_eq!(program.comment(2, "A remark of mine", Some("one")).status, 201);
    // As if the server had stopped between the change and its answer.
    database.execute("UPDATE api_answers SET status = NULL, location = NULL", []).expect("it is lost");
    let comments = count(&database, "comments");
    assert_eq!(problem(&program.comment(2, "A remark of mine", Some("one"))).0, 409);
    assert_eq!(count(&database, "comments"), comments);
}

#[test]
fn fifty_requests_at_once_with_one_key_make_one_post() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    let (posts, barrier) = (count(&database, "posts"), Barrier::new(50));
    let post = json!({ "title": "A title of mine", "text": "Some words" });
    let answers: Vec<Answer> = thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            program.ask("POST", "/posts", Some(&post), &[("Idempotency-Key", "one")])
        };
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let made: BTreeSet<&[u8]> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| &*answer.body).collect();
    assert_eq!(made.len(), 1);
    for answer in &answers {
        assert!(matches!(answer.status, 201 | 409), "{}: {}", answer.status, answer.text());
    }
    let waits = answers.iter().filter(|answer| answer.status == 409);
    assert!(waits.into_iter().all(|answer| answer.header("Retry-After") == Some("1")));
    assert_eq!(count(&database, "posts"), posts + 1);
    // Each of those that were refused gets the answer later.
    let later = program.ask("POST", "/posts", Some(&post), &[("Idempotency-Key", "one")]);
    assert_eq!((later.status, later.header("Idempotency-Replayed")), (201, Some("true")));
    assert_sound(&database);
}

#[test]
fn a_token_has_five_hundred_keys_a_day() {
    let (site, database) = scene();
    let program = Program::of(&site, 1, "write");
    let sql = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500) \
               INSERT INTO api_answers (token_id, key, fingerprint, created_at, status, location) \
               SELECT 1, 'key ' || n, zeroblob(32), (SELECT created_at FROM api_tokens), 201, '/api/site/posts/1' FROM numbers";
    database.execute(sql, []).expect("keys");
    let refused = program.comment(2, "A remark of mine", Some("one"));
    assert_eq!((problem(&refused).0, refused.header("Retry-After")), (429, Some("86400")));
    assert_eq!(program.comment(2, "A remark of mine", None).status, 201);
}

#[test]
fn what_is_no_request_is_a_problem() {
    let (site, _) = scene();
    let program = Program::of(&site, 1, "write");
    let bearer = format!("Bearer {}", program.token);
    let send = |method: &str, path: &str, content_type: &str, body: &[u8]| {
        let headers = [("Authorization", &*bearer), ("Content-Type", content_type)];
        Client::new(&site).send(method, path, &headers, body)
    };
    let post =
        |content_type: &str, body: &[u8]| problem(&send("POST", "/api/site/posts", content_type, body)).0;
    assert_eq!(post("application/x-www-form-urlencoded", b"title=A+title+of+mine"), 415);
    assert_eq!(post("text/plain", b"{}"), 415);
    assert_eq!(post("application/json", b"{"), 400);
    assert_eq!(post("application/json", b"\xff"), 400);
    assert_eq!(post("application/json", b"{}"), 422);
    assert_eq!(post("application/json", br#"{"title": 5}"#), 422);
    assert_eq!(post("application/json", br#"{"title": "A title of mine", "more": 1}"#), 422);
    let long = json!({ "title": "A title of mine", "text": "a".repeat(450_000) }).to_string();
    assert_eq!(post("application/json", long.as_bytes()), 413);
    // A form's field does not change the method.
    let form = send("POST", "/api/site/posts/1", "application/x-www-form-urlencoded", b"_method=DELETE");
    assert_eq!((problem(&form).0, form.header("Allow")), (405, Some("GET, HEAD, PATCH, DELETE")));
    for body in [json!({ "text": "No place" }), json!({ "post_id": 1, "parent_id": 1, "text": "Two places" })]
    {
        assert_eq!(problem(&program.ask("POST", "/comments", Some(&body), &[])).0, 422);
    }
    let refused = program.ask("POST", "/posts", Some(&json!({ "title": "" })), &[]);
    assert_eq!(value(&refused)["errors"], json!([{ "field": "title", "sentence": "Title can't be blank" }]));
    let refused = program.comment(2, "a", None);
    assert_eq!(value(&refused)["errors"][0]["sentence"], "Text is too short (minimum is 5 characters)");
    // Another site's page gets no further than any program without the token.
    let headers = [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://other.example")];
    assert_eq!(Client::signed_in(&site).ask("PUT", "/api/site/posts/2/vote", &[], &headers).status, 401);
}

#[test]
fn each_answer_says_what_is_left_of_the_rate_limit() {
    let site = Site::with(20, |config| {
        let three = Limit { count: 3, ..Limit::per_minute(3) };
        config.rates = Some(RateLimits::default().with(RateLimit::ApiRequests, three));
    });
    let (program, other) = (Program::of(&site, 1, "read"), Program::of(&site, 2, "read"));
    for remaining in ["2", "1", "0"] {
        let answer = program.ask("GET", "/me", None, &[]);
        assert_eq!((answer.status, answer.header("RateLimit-Remaining")), (200, Some(remaining)));
        assert_eq!(answer.header("RateLimit-Limit"), Some("3"));
        assert_eq!(answer.header("RateLimit-Policy"), Some("\"requests\";q=3;w=60"));
        let reset: u64 =
            answer.header("RateLimit-Reset").and_then(|reset| reset.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&reset));
        assert_eq!(answer.header("RateLimit"), Some(&*format!("\"requests\";r={remaining};t={reset}")));
    }
    let refused = program.ask("GET", "/posts", None, &[]);
    assert_eq!((problem(&refused).0, refused.header("RateLimit-Remaining")), (429, Some("0")));
    assert!(refused.header("Retry-After").is_some());
    assert_eq!(other.ask("GET", "/me", None, &[]).status, 200);
    // The document is for everybody.
    assert_eq!(Client::new(&site).get("/api/site/openapi.json").status, 200);
}

#[test]
fn the_document_has_exactly_the_operations_of_the_table_of_routes() {
    let documented: BTreeSet<(String, String)> = document::operations().into_iter().collect();
    let changing: BTreeSet<(String, String)> = routes::changes()
        .filter(|(_, pattern, _)| pattern.starts_with("/api/site/"))
        .map(|(method, pattern, _)| (method.to_owned(), pattern.to_owned()))
        .collect();
    let reading: BTreeSet<String> = routes::patterns()
        .filter(|pattern| pattern.starts_with("/api/site/") && *pattern != "/api/site/openapi.json")
        .map(str::to_owned)
        .collect();
    let (gets, others): (BTreeSet<_>, BTreeSet<_>) =
        documented.into_iter().partition(|(method, _)| method == "GET");
    assert_eq!(others, changing);
    let paths =
        |all: &BTreeSet<(String, String)>| all.iter().map(|(_, path)| path.clone()).collect::<BTreeSet<_>>();
    assert_eq!(paths(&gets).union(&paths(&others)).cloned().collect::<BTreeSet<_>>(), reading);
}

#[test]
fn answers_of_more_than_a_day_ago_are_removed() {
    let (_folder, path) = folder();
    seeded(&path, 5);
    let sql = "INSERT INTO api_tokens (id, user_id, name, may_write, secret_hash, created_at) \
               VALUES (1, 1, 'a', 1, zeroblob(32), 1); \
               INSERT INTO api_answers (token_id, key, fingerprint, created_at) \
               VALUES (1, 'old', zeroblob(32), (unixepoch() - 86401) * 1000000), \
                      (1, 'new', zeroblob(32), unixepoch() * 1000000);";
    open(&path).execute_batch(sql).expect("answers");
    let _site = Site::with(0, |config| config.database = path.clone());
    let database = open(&path);
    eventually("the old answer is gone", || {
        (number(&database, "SELECT count(*) FROM api_answers WHERE key = 'old'") == 0).then_some(())
    });
    assert_eq!(number(&database, "SELECT count(*) FROM api_answers WHERE key = 'new'"), 1);
}

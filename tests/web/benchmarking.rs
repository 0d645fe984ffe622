//! The ten endpoints for load tests: each does the work in its name and signs a user in.

use std::collections::BTreeMap;
use std::thread;

use rusqlite::Connection;

use crate::harness::*;

pub const ENDPOINTS: [&str; 10] = [
    "read_heavy",
    "write_heavy",
    "balanced",
    "post_create",
    "comment_create",
    "post_destroy",
    "comment_destroy",
    "post_show",
    "posts_index",
    "user_show",
];

fn call(site: &Site, endpoint: &str) -> Answer {
    let answer = site.post(&format!("/benchmarking/{endpoint}"));
    assert_eq!(answer.status, 200, "{endpoint}: {}", answer.text());
    assert!(answer.text().contains("Made with ♥ by"), "{endpoint}");
    assert_eq!(answer.header("ETag"), None, "{endpoint}: the answer to a POST must not be cached");
    answer
}

fn call_all(site: &Site) {
    for endpoint in ENDPOINTS {
        call(site, endpoint);
    }
    assert_sound(&site.database());
}

/// Row counts: (posts, comments, descriptions).
fn rows(connection: &Connection) -> (i64, i64, i64) {
    let count = |table: &str| number(connection, &format!("SELECT count(*) FROM {table}"));
    (count("posts"), count("comments"), count("descriptions"))
}

/// `last_seen_at` and `sessions_count` by user.
fn people(connection: &Connection) -> BTreeMap<i64, (Option<i64>, i64)> {
    let mut statement = connection
        .prepare("SELECT id, last_seen_at, sessions_count FROM users")
        .expect("the schema is known");
    statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
        .expect("the schema is known")
        .collect::<Result<_, _>>()
        .expect("numbers")
}

fn text(connection: &Connection, sql: &str) -> String {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[test]
fn every_call_signs_one_user_in_and_the_cookie_works() {
    let site = Site::start();
    let (database, cookie_name) = (site.database(), site.cookie_names.full("session"));
    let wrong = format!("{cookie_name}=1.x");
    for endpoint in ENDPOINTS {
        let before = people(&database);
        let sessions = number(&database, "SELECT count(*) FROM sessions");
        let path = format!("/benchmarking/{endpoint}");
        let answer = site.ask("POST", &path, &[("User-Agent", "oha/1.16.0"), ("Cookie", &wrong)]);
        assert_eq!(answer.status, 200, "{endpoint}");
        assert!(answer.text().contains("Made with ♥ by"), "{endpoint}");
        assert_eq!(number(&database, "SELECT count(*) FROM sessions"), sessions + 1, "{endpoint}");

        let after = people(&database);
        let changed: Vec<i64> = before.keys().copied().filter(|id| before[id] != after[id]).collect();
        let [user] = changed[..] else { panic!("{endpoint}: {changed:?}") };
        assert_eq!(after[&user].1, before[&user].1 + 1, "{endpoint}");
        assert!(after[&user].0 > before[&user].0, "{endpoint}");

        let id = answer.session_id();
        let row = format!("SELECT user_id FROM sessions WHERE id = {id}");
        assert_eq!(number(&database, &row), user, "{endpoint}");
        let facts = format!("SELECT ip_address || ' ' || user_agent FROM sessions WHERE id = {id}");
        assert_eq!(text(&database, &facts), "127.0.0.1 oha/1.16.0", "{endpoint}");
        let secret = answer.session().split_once('.').expect("two parts").1.to_owned();
        let hash = format!("SELECT lower(hex(secret_hash)) FROM sessions WHERE id = {id}");
        assert_ne!(text(&database, &hash), secret, "{endpoint}: the secret itself is stored");

        let cookie = answer.header("Set-Cookie").expect("a cookie");
        for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=34560000"] {
            assert!(cookie.split("; ").any(|attribute| attribute == part), "{cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");

        let name = text(&database, &format!("SELECT screen_name FROM users WHERE id = {user}"));
        assert_eq!(texts(&answer.html(), "header a.self"), std::slice::from_ref(&name), "{endpoint}");
        let cookie = format!("{cookie_name}={}", answer.session());
        let front = site.ask("GET", "/", &[("Cookie", &cookie)]);
        assert_eq!(texts(&front.html(), "header a.self"), [name], "{endpoint}");
    }
    assert_sound(&database);
}

#[test]
fn post_create_posts_the_request_headers_without_credentials() {
    let site = Site::start();
    let database = site.database();
    let before = rows(&database);
    let headers = [
        ("User-Agent", "a-load-tester"),
        ("X-Custom-Thing", "<kept> & seen"),
        ("cookie", "session=1.cookie-secret"),
        ("AUTHORIZATION", "Bearer authorization-secret"),
        ("Proxy-Authorization", "Basic proxy-secret"),
    ];
    let answer = site.ask("POST", "/benchmarking/post_create", &headers);
    assert_eq!(answer.status, 200);
    assert_eq!(rows(&database), (before.0 + 1, before.1, before.2 + 1));
    let title = text(&database, "SELECT title FROM posts ORDER BY id DESC LIMIT 1");
    let uuid = title.strip_prefix("Post ").expect("a title with the prefix");
    let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{title}");
    assert!(uuid.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f' | '-')), "{title}");
    let description = text(&database, "SELECT text FROM descriptions ORDER BY post_id DESC LIMIT 1");
    let lines: Vec<&str> = description.lines().collect();
    for line in [
        "REQUEST_METHOD: POST",
        "REQUEST_PATH: /benchmarking/post_create",
        "HTTP_USER_AGENT: a-load-tester",
        "HTTP_X_CUSTOM_THING: <kept> & seen",
        &format!("HTTP_HOST: {}", site.address),
    ] {
        assert!(lines.contains(&line), "{line} is not in {description}");
    }
    for secret in ["secret", "COOKIE", "AUTHORIZATION"] {
        assert!(!description.contains(secret) && !answer.text().contains(secret), "{description}");
    }
    let html = answer.html();
    assert_eq!(texts(&html, "h1"), [title]);
    assert!(texts(&html, ".byline")[0].contains("by you · "));
    assert!(texts(&html, ".byline")[0].contains(" · 0 comments · "));
    assert_sound(&database);
}

#[test]
fn comment_create_comments_on_the_post_it_shows() {
    let site = Site::start();
    let database = site.database();
    let before = rows(&database);
    let answer = call(&site, "comment_create");
    assert_eq!(rows(&database), (before.0, before.1 + 1, before.2));
    let html = answer.html();
    let newest = number(&database, "SELECT max(id) FROM comments");
    let body = text(&database, &format!("SELECT body FROM comments WHERE id = {newest}"));
    assert!(body.starts_with("Comment ") && body.len() == "Comment ".len() + 36, "{body}");
    assert_eq!(texts(&html, &format!("#said_{newest} > p:nth-child(2)")), [body]);
    assert!(texts(&html, &format!("#said_{newest} > p:first-child"))[0].starts_with("1 point by you · "));
    let title = text(
        &database,
        &format!("SELECT title FROM posts JOIN comments ON post_id = posts.id WHERE comments.id = {newest}"),
    );
    assert_eq!(texts(&html, "h1"), [title]);
    assert_sound(&database);
}

#[test]
fn post_destroy_deletes_a_post_with_its_comments_and_replies() {
    let site = Site::start();
    let database = site.database();
    reply_to_everything(&database);
    for left in (0..20).rev() {
        let before = rows(&database);
        let html = call(&site, "post_destroy").html();
        let after = rows(&database);
        assert_eq!((after.0, after.2), (left, left));
        let shown = texts(&html, "ol.posts > li").len();
        assert_eq!(shown as i64 > 0, left > 0);
        assert!(after.1 < before.1, "every post had comments");
        assert_sound(&database);
    }
    assert_eq!(rows(&database), (0, 0, 0));
}

/// Adds a reply to every comment and to half of the replies, each by the author of its parent.
fn reply_to_everything(database: &Connection) {
    for depth in 0..2 {
        database
            .execute(
                "INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, body)
                 SELECT post_id, user_id, id, depth + 1, created_at, created_at, 'a reply' FROM comments
                 WHERE depth = ?1 AND (depth = 0 OR id % 2 = 0)",
                [depth],
            )
            .expect("the schema is known");
    }
    database
        .execute_batch(
            "UPDATE posts SET comments_count = (SELECT count(*) FROM comments WHERE post_id = posts.id);
             UPDATE users SET comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id);",
        )
        .expect("the schema is known");
    assert_sound(database);
}

#[test]
fn comment_destroy_deletes_one_comment_without_replies() {
    let site = Site::with(3, |_| {});
    let database = site.database();
    reply_to_everything(&database);
    while rows(&database).1 > 0 {
        let leaves = "SELECT count(*) FROM comments AS c \
                      WHERE NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id)";
        assert!(number(&database, leaves) > 0);
        let before = rows(&database);
        let answer = call(&site, "comment_destroy");
        assert_eq!(rows(&database), (before.0, before.1 - 1, before.2));
        let html = answer.html();
        assert_eq!(texts(&html, ".byline").len(), 1, "the comment's post is shown");
        assert_sound(&database);
    }
    let answer = call(&site, "comment_destroy");
    assert_eq!(texts(&answer.html(), "h1"), ["Recent posts"]);
    assert_eq!(rows(&database), (3, 0, 3));
}

#[test]
fn the_read_endpoints_write_only_the_session() {
    let site = Site::with(150, |_| {});
    let database = site.database();
    let before = rows(&database);
    let html = call(&site, "post_show").html();
    let id = attributes(&html, ".byline a[href='#comments']", "href");
    assert_eq!(id.len(), 1);
    let html = call(&site, "user_show").html();
    assert_eq!(texts(&html, "h1"), texts(&html, "header a.self"), "it is the user's own page");
    assert_eq!(texts(&html, ".badge"), ["active"]);
    for _ in 0..20 {
        let html = call(&site, "posts_index").html();
        assert_eq!(texts(&html, "h1"), ["Recent posts"]);
        let ids: Vec<i64> = attributes(&html, "ol.posts > li > a", "href")
            .iter()
            .map(|href| href.trim_start_matches("/posts/").parse().expect("a number"))
            .collect();
        let first = ids[0];
        let expected: Vec<i64> = (first..=150.min(first + 99)).collect();
        assert_eq!(ids, expected, "a hundred posts from a random one on");
    }
    assert_eq!(rows(&database), before);
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 22);
    assert_sound(&database);
}

#[test]
fn a_benchmark_allows_post_only() {
    let site = Site::start();
    let database = site.database();
    for endpoint in ENDPOINTS {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            let answer = site.ask(method, &format!("/benchmarking/{endpoint}"), &[]);
            assert_eq!(answer.status, 405, "{method} {endpoint}");
            assert_eq!(answer.header("Allow"), Some("POST"), "{method} {endpoint}");
        }
    }
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn an_unknown_benchmark_is_404_and_creates_no_session() {
    let site = Site::start();
    for path in [
        "/benchmarking/nothing",
        "/benchmarking/",
        "/benchmarking",
        "/benchmarking/post_show/1",
        "/benchmarking/POST_SHOW",
    ] {
        let answer = site.post(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("Set-Cookie"), None, "{path}");
    }
    assert_eq!(number(&site.database(), "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn without_benchmarking_the_endpoints_are_404() {
    let site = Site::with(3, |config| config.benchmarking = false);
    for endpoint in ENDPOINTS {
        for method in ["POST", "GET"] {
            let answer = site.ask(method, &format!("/benchmarking/{endpoint}"), &[]);
            assert_eq!((answer.status, answer.header("Set-Cookie")), (404, None), "{method} {endpoint}");
        }
    }
    assert_eq!(number(&site.database(), "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn an_empty_site_answers_every_benchmark_with_an_empty_page() {
    let site = Site::empty();
    for endpoint in ENDPOINTS {
        let answer = call(&site, endpoint);
        assert_eq!(answer.header("Set-Cookie"), None, "{endpoint}: no user can be signed in");
        assert_eq!(texts(&answer.html(), "p.empty").len(), 1, "{endpoint}");
    }
    let database = site.database();
    assert_eq!(rows(&database), (0, 0, 0));
    assert_sound(&database);
}

#[test]
fn tables_emptied_by_another_process_are_no_error() {
    let site = Site::start();
    let database = site.database();
    for sql in [
        "UPDATE posts SET comments_count = 0; UPDATE users SET comments_count = 0; DELETE FROM comments;",
        "UPDATE users SET posts_count = 0, comments_count = 0; DELETE FROM posts;",
        "UPDATE users SET posts_count = 0, comments_count = 0, sessions_count = 0; \
         DELETE FROM posts; DELETE FROM sessions;",
        "DELETE FROM posts; DELETE FROM users;",
    ] {
        for endpoint in ENDPOINTS {
            // Each endpoint runs on empty tables: the rows of the one before go first.
            database.execute_batch(sql).expect(sql);
            call(&site, endpoint);
            assert_sound(&database);
        }
        call_all(&site);
    }
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn a_site_without_any_post_left_keeps_working() {
    let site = Site::with(10, |_| {});
    let database = site.database();
    for _ in 0..15 {
        call(&site, "post_destroy");
    }
    assert_eq!(rows(&database), (0, 0, 0));
    call_all(&site);
}

#[test]
fn counters_are_right_after_mixed_concurrent_calls() {
    let site = Site::with(60, |_| {});
    let database = site.database();
    let (threads, calls) = (8, 50);
    thread::scope(|scope| {
        for thread in 0..threads {
            let site = &site;
            scope.spawn(move || {
                let mut raw = Raw::connect(site.address);
                for number in 0..calls {
                    let endpoint = ENDPOINTS[(thread + number) % ENDPOINTS.len()];
                    raw.ask("POST", &format!("/benchmarking/{endpoint}"), &[]);
                    let answer = raw.answer();
                    assert_eq!(answer.status, 200, "{endpoint}: {}", answer.text());
                }
            });
        }
    });
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), (threads * calls) as i64);
    assert_eq!(number(&database, "SELECT sum(sessions_count) FROM users"), (threads * calls) as i64);
    assert_sound(&database);
}

#[test]
fn random_users_are_signed_in() {
    let site = Site::start();
    for _ in 0..40 {
        call(&site, "posts_index");
    }
    let people = number(&site.database(), "SELECT count(*) FROM users WHERE sessions_count > 0");
    // 40 draws from 100 users give 33 different ones on average; P(fewer than 10) is below 10⁻²⁵.
    assert!(people >= 10, "{people}");
}

#[test]
fn over_tls_the_cookie_is_bound_to_host_and_tls() {
    let site = Site::with(3, |config| config.relax_ssl = false);
    let answer = site.post("/benchmarking/user_show");
    let cookie = answer.header("Set-Cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-session_"), "{cookie}");
    for part in ["Secure", "Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.split("; ").any(|attribute| attribute == part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let pair = cookie.split(';').next().expect("split gives at least one part");
    let name = |pair: &str| texts(&site.ask("GET", "/", &[("Cookie", pair)]).html(), "header a.self");
    assert_eq!(name(pair).len(), 1);
    assert_eq!(name(&pair.replace("__Host-", "")), [""; 0], "a cookie without the prefix is ignored");
}

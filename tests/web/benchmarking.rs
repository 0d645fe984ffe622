//! The ten endpoints that load tests call: each does what it says, exactly once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;

use rusqlite::Connection;

use crate::harness::{Answer, Raw, Site, ask, assert_sound, attributes, number, texts};

const ENDPOINTS: [&str; 10] = [
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
    site.post(&format!("/benchmarking/{endpoint}"))
}

/// Every user's `last_seen_at` and `sessions_count` by their number.
fn people(database: &Connection) -> HashMap<i64, (Option<i64>, i64)> {
    let mut all = database.prepare("SELECT id, last_seen_at, sessions_count FROM users").expect("SQL");
    let rows = all.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

fn posts(database: &Connection) -> i64 {
    number(database, "SELECT count(*) FROM posts")
}

fn comments(database: &Connection) -> i64 {
    number(database, "SELECT count(*) FROM comments")
}

/// The header's name of who is signed in by this cookie.
fn signed_in(address: SocketAddr, cookie: &str) -> Vec<String> {
    let front = ask(address, "GET", "/", &[("Cookie", cookie)]);
    assert_eq!(front.status, 200);
    texts(&front.html(), "nav a.self")
}

#[test]
fn each_call_signs_in_one_person_and_answers_with_a_page() {
    let site = Site::start();
    let database = site.database();
    for endpoint in ENDPOINTS {
        let (before, sessions) = (people(&database), number(&database, "SELECT count(*) FROM sessions"));
        let answer = call(&site, endpoint);
        assert_eq!(answer.status, 200, "{endpoint}");
        assert!(answer.text().contains("Made with ♥ by"), "{endpoint}");
        assert_eq!(texts(&answer.html(), "h1").len(), 1, "{endpoint}");

        assert_eq!(number(&database, "SELECT count(*) FROM sessions"), sessions + 1, "{endpoint}");
        let changed: Vec<_> = people(&database).into_iter().filter(|(id, now)| before[id] != *now).collect();
        let [(id, (seen, count))] = changed[..] else { panic!("{endpoint} changed {changed:?}") };
        assert_eq!(count, before[&id].1 + 1, "{endpoint}");
        assert!(seen > before[&id].0, "{endpoint}");
        let of_session = format!("SELECT user_id FROM sessions WHERE id = {}", answer.session_id());
        assert_eq!(number(&database, &of_session), id, "{endpoint}");
    }
    assert_sound(&database);
}

#[test]
fn the_cookie_signs_in_and_no_other_does() {
    let site = Site::start();
    let database = site.database();
    let answer = call(&site, "post_show");
    let header = answer.header("Set-Cookie").expect("a cookie is set");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(header.split("; ").any(|one| one == attribute), "{header}");
    }
    assert!(!header.contains("Secure"), "demo is plain HTTP: {header}");
    let token = answer.session();
    let name: String = database
        .query_row(
            "SELECT screen_name FROM users JOIN sessions ON sessions.user_id = users.id WHERE sessions.id = ?1",
            [answer.session_id()],
            |row| row.get(0),
        )
        .expect("the session is there");
    assert_eq!(texts(&answer.html(), "nav a.self"), [&*name]);
    assert_eq!(signed_in(site.address, &format!("session={token}")), [&*name]);
    assert_eq!(signed_in(site.address, &format!("a=b; session={token}; c=d")), [&*name]);

    let (id, secret) = token.split_once('.').expect("two parts");
    let tampered = if let Some(rest) = secret.strip_prefix('0') {
        format!("1{rest}")
    } else {
        format!("0{}", &secret[1..])
    };
    let other = call(&site, "post_show");
    for wrong in [
        format!("session={id}.{tampered}"),
        format!("session={}.{secret}", other.session_id()),
        format!("session={id}.{}", &secret[..63]),
        format!("session={id}"),
        "session=".to_owned(),
        format!("session=999999999.{secret}"),
        format!("Session={token}"),
        format!("__Host-session={token}"),
    ] {
        assert_eq!(signed_in(site.address, &wrong), [""; 0], "{wrong}");
    }
    // What the database keeps is not what the cookie holds.
    let hash: Vec<u8> = database
        .query_row("SELECT secret_hash FROM sessions WHERE id = ?1", [id], |row| row.get(0))
        .expect("the session is there");
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_ne!(hash, secret);
}

#[test]
fn over_tls_the_cookie_is_for_this_host_alone() {
    let site = Site::with(3, |config| config.relax_ssl = false);
    let answer = call(&site, "post_show");
    let header = answer.header("Set-Cookie").expect("a cookie is set");
    assert!(header.starts_with("__Host-session=") && header.ends_with("; Secure"), "{header}");
    let (cookie, _) = header.split_once(';').expect("attributes follow");
    assert_eq!(signed_in(site.address, cookie).len(), 1);
    assert_eq!(signed_in(site.address, &cookie.replace("__Host-", "")).len(), 0);
}

#[test]
fn post_create_posts_the_requests_headers_without_its_secrets() {
    let site = Site::start();
    let database = site.database();
    let before = posts(&database);
    let answer = site.ask(
        "POST",
        "/benchmarking/post_create",
        &[
            ("X-Told", "<told>"),
            ("Cookie", "session=1.secret-of-the-cookie"),
            ("Authorization", "Bearer secret-of-the-bearer"),
            ("Proxy-Authorization", "Basic secret-of-the-proxy"),
        ],
    );
    assert_eq!(answer.status, 200);
    assert_eq!(posts(&database), before + 1);
    let (title, description, author): (String, String, i64) = database
        .query_row(
            "SELECT title, text, user_id FROM posts JOIN descriptions ON post_id = id ORDER BY id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("a post");
    let uuid = title.strip_prefix("Post ").expect("its name");
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{title}");
    assert_eq!(texts(&answer.html(), "h1"), [&*title]);
    let of_session = format!("SELECT user_id FROM sessions WHERE id = {}", answer.session_id());
    assert_eq!(number(&database, &of_session), author);
    let line = |line: &str| description.lines().any(|other| other == line);
    assert!(line("REQUEST_METHOD: POST") && line("HTTP_X_TOLD: <told>"), "{description}");
    assert!(!description.contains("secret"), "{description}");
    assert!(answer.text().contains("HTTP_X_TOLD: &lt;told&gt;"), "{}", answer.text());
    assert_sound(&database);
}

#[test]
fn comment_create_comments_once() {
    let site = Site::start();
    let database = site.database();
    for _ in 0..5 {
        let before = comments(&database);
        let answer = call(&site, "comment_create");
        assert_eq!(comments(&database), before + 1);
        let (body, post, title): (String, i64, String) = database
            .query_row(
                "SELECT body, posts.id, title FROM comments JOIN posts ON posts.id = post_id \
                 ORDER BY comments.id DESC LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .expect("a comment");
        assert!(body.starts_with("Comment ") && body.len() == 44, "{body}");
        assert_eq!(texts(&answer.html(), "h1"), [title]);
        // The newest comes first, and it is one's own.
        assert!(texts(&answer.html(), "#comments li")[0].contains(&body), "post {post}");
        assert!(texts(&answer.html(), "#comments li")[0].contains("by you"), "post {post}");
    }
    assert_sound(&database);
}

#[test]
fn post_destroy_removes_a_post_with_all_that_hangs_on_it() {
    let site = Site::start();
    let database = site.database();
    for left in (0..20).rev() {
        assert_eq!(call(&site, "post_destroy").status, 200);
        assert_eq!(posts(&database), left);
        assert_sound(&database);
    }
    assert_eq!(comments(&database), 0);
    assert_eq!(call(&site, "post_destroy").status, 200);
}

#[test]
fn comment_destroy_removes_one_comment_and_never_one_with_replies() {
    let site = Site::with(2, |_| {});
    let database = site.database();
    database
        .execute_batch(
            "INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, body) \
             SELECT post_id, user_id, id, 1, 0, 0, 'reply' FROM comments; \
             UPDATE posts SET comments_count = comments_count * 2; \
             UPDATE users SET comments_count = comments_count * 2;",
        )
        .expect("every comment gets a reply");
    for left in (0..comments(&database)).rev() {
        assert_eq!(call(&site, "comment_destroy").status, 200);
        assert_eq!(comments(&database), left);
        assert_sound(&database);
    }
    assert_eq!(call(&site, "comment_destroy").status, 200);
    assert_eq!(posts(&database), 2);
}

#[test]
fn the_showing_endpoints_show_what_they_are_named_for() {
    let site = Site::with(150, |_| {});
    let index = call(&site, "posts_index");
    assert_eq!(texts(&index.html(), "h1"), ["Recent posts"]);
    let shown = attributes(&index.html(), "ol.posts > li > a", "href").len();
    assert!((1..=100).contains(&shown), "{shown}");
    let show = call(&site, "post_show");
    assert_eq!(texts(&show.html(), "section#comments").len(), 1);
    let user = call(&site, "user_show");
    assert_eq!(texts(&user.html(), "h1"), texts(&user.html(), "nav a.self"));
    assert!(texts(&user.html(), "#sessions summary h2") == ["Sessions:"]);
}

#[test]
fn anything_but_a_post_to_a_known_name_is_refused() {
    let site = Site::start();
    for endpoint in ENDPOINTS {
        let answer = site.get(&format!("/benchmarking/{endpoint}"));
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")), "{endpoint}");
    }
    for path in ["/benchmarking/unknown", "/benchmarking/", "/benchmarking", "/benchmarking/post_show/x"] {
        assert_eq!(site.post(path).status, 404, "{path}");
    }
    assert_eq!(number(&site.database(), "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn without_the_switch_there_is_nothing_there() {
    let site = Site::with(3, |config| config.benchmarking = false);
    for endpoint in ENDPOINTS {
        for method in ["GET", "POST"] {
            assert_eq!(site.ask(method, &format!("/benchmarking/{endpoint}"), &[]).status, 404, "{endpoint}");
        }
    }
    assert_eq!(number(&site.database(), "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn an_empty_database_gives_empty_pages() {
    let site = Site::empty();
    for endpoint in ENDPOINTS {
        let answer = call(&site, endpoint);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None), "{endpoint}");
        assert!(answer.text().contains("Made with ♥ by"), "{endpoint}");
    }
}

#[test]
fn emptied_tables_give_empty_pages_too() {
    for emptied in [
        "DELETE FROM comments",
        "DELETE FROM comments; DELETE FROM posts",
        "DELETE FROM comments; DELETE FROM posts; DELETE FROM users",
    ] {
        let site = Site::with(3, |_| {});
        let database = site.database();
        for endpoint in ENDPOINTS {
            database.execute_batch(emptied).expect("an owner may empty it");
            assert_eq!(call(&site, endpoint).status, 200, "{endpoint} after {emptied}");
        }
    }
}

#[test]
fn hundreds_of_mixed_calls_at_once_keep_every_counter_right() {
    let site = Site::with(20, |_| {});
    let address = site.address;
    let before = posts(&site.database());
    thread::scope(|scope| {
        for first in 0..8 {
            scope.spawn(move || {
                let mut raw = Raw::connect(address);
                for turn in 0..60 {
                    let endpoint = ENDPOINTS[(first + turn) % ENDPOINTS.len()];
                    raw.ask("POST", &format!("/benchmarking/{endpoint}"), &[]);
                    assert_eq!(raw.answer().status, 200, "{endpoint}");
                }
            });
        }
    });
    let database = site.database();
    assert_sound(&database);
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 8 * 60);
    assert!(before > 0 && posts(&database) > 0 && comments(&database) > 0);
}

//! What people and browsers get to see.

use std::io::Read;

use flate2::read::GzDecoder;
use rusqlite::{Connection, params};
use scraper::Html;

use crate::harness::{Answer, Site, attributes, number, texts};

/// The single column of a query's rows.
fn column(database: &Connection, sql: &str) -> Vec<i64> {
    let mut statement = database.prepare(sql).expect("SQL");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("numbers")
}

/// The numbers in the addresses that the selector's links lead to.
fn linked(html: &Html, selector: &str) -> Vec<i64> {
    let number = |href: &String| href.rsplit('/').next().and_then(|id| id.parse().ok());
    attributes(html, selector, "href").iter().filter_map(number).collect()
}

/// Follows "More" in `container` from `path` on to the end; what `read` finds on each page.
fn walk(site: &Site, path: &str, container: &str, mut read: impl FnMut(&Html)) {
    let mut next = path.to_owned();
    for _ in 0..100 {
        let answer = site.get(&next);
        assert_eq!(answer.status, 200, "{next}");
        let html = answer.html();
        read(&html);
        let more = attributes(&html, &format!("{container} a[rel=next]"), "href");
        let Some(more) = more.first() else { return };
        let query = more.split('#').next().expect("split gives one at least");
        next = format!("{path}{query}");
    }
    panic!("{path} has no end");
}

#[test]
fn walking_through_a_list_meets_every_post_once_and_in_order() {
    let site = Site::with(100, |_| {});
    let database = site.database();
    // Equal times and ranks are told apart by the number.
    database
        .execute_batch(
            "UPDATE posts SET created_at = 1700000000000000 WHERE id % 3 = 0; \
             UPDATE posts SET hotness = 7 WHERE id % 4 = 0;",
        )
        .expect("an owner may change it");
    for (path, order) in [("/", "hotness DESC, id DESC"), ("/posts", "created_at DESC, id DESC")] {
        let mut seen = Vec::new();
        let mut pages = 0;
        walk(&site, path, "main", |html| {
            seen.extend(linked(html, "ol.posts > li > a"));
            pages += 1;
        });
        assert_eq!(seen, column(&database, &format!("SELECT id FROM posts ORDER BY {order}")), "{path}");
        assert_eq!(pages, 4, "{path}");
    }
}

#[test]
fn new_posts_do_not_repeat_or_hide_what_one_is_walking_through() {
    let site = Site::with(100, |_| {});
    for (path, order) in [("/", "hotness DESC, id DESC"), ("/posts", "created_at DESC, id DESC")] {
        let before = column(&site.database(), &format!("SELECT id FROM posts ORDER BY {order}"));
        let mut seen = Vec::new();
        walk(&site, path, "main", |html| {
            seen.extend(linked(html, "ol.posts > li > a"));
            for _ in 0..3 {
                assert_eq!(site.post("/benchmarking/post_create").status, 200);
            }
        });
        assert_eq!(seen, before, "{path}");
    }
}

#[test]
fn a_place_in_a_list_that_is_none_is_400() {
    let site = Site::start();
    for path in [
        "/?after=",
        "/?after=x",
        "/posts?after=1",
        "/posts?after=-1-1",
        "/posts/1?comments=1-x",
        "/users/1?posts=9",
    ] {
        let answer = site.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(texts(&answer.html(), "h1"), ["That request can't be understood."], "{path}");
    }
    // Past the end is a place like any other.
    assert_eq!(site.get("/posts?after=0-0").status, 200);
}

#[test]
fn a_post_shows_its_author_its_text_and_its_comments() {
    let site = Site::start();
    let database = site.database();
    let (title, author, text, comments): (String, String, String, i64) = database
        .query_row(
            "SELECT title, screen_name, text, posts.comments_count FROM posts \
             JOIN users ON users.id = user_id JOIN descriptions ON post_id = posts.id WHERE posts.id = 3",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .expect("post 3");
    let html = site.get("/posts/3").html();
    assert_eq!(texts(&html, "h1"), [&*title]);
    assert_eq!(texts(&html, "title"), [format!("{title} · Lorem News")]);
    let byline = &texts(&html, ".byline")[0];
    assert!(byline.starts_with(&format!("by {author} · ")), "{byline}");
    assert!(byline.ends_with(&format!(" ago · {comments} comments")), "{byline}");
    assert_eq!(texts(&html, ".prose p").concat(), text.replace('\n', ""));
    assert_eq!(texts(&html, ".prose p").len(), text.split("\n\n").count());
    let expected =
        column(&database, "SELECT id FROM comments WHERE post_id = 3 ORDER BY created_at DESC, id DESC");
    let shown: Vec<String> = attributes(&html, "ol.comments > li", "id");
    assert_eq!(shown, expected.iter().map(|id| format!("comment_{id}")).collect::<Vec<_>>());
    assert_eq!(i64::try_from(shown.len()), Ok(comments));
}

#[test]
fn a_post_with_very_many_comments_is_shown_in_pages() {
    let site = Site::with(1, |_| {});
    let database = site.database();
    database
        .execute_batch(
            "WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 450) \
             INSERT INTO comments (post_id, user_id, created_at, updated_at, body) \
             SELECT 1, 1, value / 7, 0, 'one of many' FROM n;",
        )
        .expect("many comments");
    let mut seen = Vec::new();
    walk(&site, "/posts/1", "#comments", |html| seen.extend(attributes(html, "ol.comments > li", "id")));
    let expected = column(&database, "SELECT id FROM comments ORDER BY created_at DESC, id DESC");
    assert_eq!(seen, expected.iter().map(|id| format!("comment_{id}")).collect::<Vec<_>>());
}

#[test]
fn what_is_not_there_is_404_however_its_number_is_written() {
    let site = Site::start();
    for path in [
        "/posts/1abc",
        "/posts/0",
        "/posts/-1",
        "/posts/+1",
        "/posts/99",
        "/posts/99999999999999999999",
        "/posts/1/2",
        "/posts/%31",
        "/posts/1.0",
        "/users/0",
        "/users/101",
        "/users/1abc",
        "/users",
        "/users/",
        "/nowhere",
        "//",
        "/assets/",
        "/assets/tailwind.css",
        "/assets/../Cargo.toml",
        "/Cargo.toml",
        "/POSTS",
    ] {
        let answer = site.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(texts(&answer.html(), "h1"), ["The page you were looking for doesn't exist."], "{path}");
    }
    let database = site.database();
    database.execute("UPDATE posts SET deleted_at = 1 WHERE id = 5", []).expect("a moderator may");
    assert_eq!(site.get("/posts/5").status, 404);
    assert!(!linked(&site.get("/posts").html(), "ol.posts > li > a").contains(&5));
}

#[test]
fn a_persons_page_has_their_posts_and_comments_in_pages() {
    let site = Site::start();
    let database = site.database();
    for number in 0..75_i64 {
        database
            .execute(
                "INSERT INTO posts (user_id, title, created_at, updated_at, hotness) VALUES (9, ?1, ?2, ?2, 0)",
                params![format!("by nine {number}"), number / 3],
            )
            .expect("a post");
        database
            .execute_batch("INSERT INTO descriptions (post_id, text) VALUES (last_insert_rowid(), '')")
            .expect("its text");
        database
            .execute(
                "INSERT INTO comments (post_id, user_id, created_at, updated_at, body) VALUES (1, 9, ?1, ?1, ?2)",
                params![number / 3, format!("said by nine {number}")],
            )
            .expect("a comment");
    }
    let mut posts = Vec::new();
    walk(&site, "/users/9", "#posts", |html| posts.extend(linked(html, "#posts ol.posts > li > a")));
    let order = "user_id = 9 ORDER BY created_at DESC, id DESC";
    assert_eq!(posts, column(&database, &format!("SELECT id FROM posts WHERE {order}")));
    let mut comments = Vec::new();
    walk(&site, "/users/9", "#comments", |html| {
        comments.extend(texts(html, "#comments ol.comments > li > p:last-child"));
    });
    let mut expected = database.prepare(&format!("SELECT body FROM comments WHERE {order}")).expect("SQL");
    let expected: Vec<String> =
        expected.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("texts");
    assert_eq!(comments, expected);
    let html = site.get("/users/9").html();
    assert_eq!(texts(&html, "h2"), ["Posts:", "Comments:"]);
    assert_eq!(texts(&html, "dd")[0], texts(&html, "h1")[0]);
}

#[test]
fn to_oneself_one_is_you_and_sees_ones_sessions() {
    let site = Site::with(60, |_| {});
    let signed_in = site.post("/benchmarking/user_show");
    let database = site.database();
    let id =
        number(&database, &format!("SELECT user_id FROM sessions WHERE id = {}", signed_in.session_id()));
    // Somebody has certainly posted, and it may as well be them.
    database.execute("UPDATE posts SET user_id = ?1 WHERE id = 1", [id]).expect("a post changes hands");
    let cookie = format!("session={}", signed_in.session());
    let as_self = |path: &str| site.ask("GET", path, &[("Cookie", &cookie)]).html();
    assert!(texts(&as_self("/posts/1"), ".byline")[0].starts_with("by you · "));
    assert!(!texts(&site.get("/posts/1").html(), ".byline")[0].contains("by you"));
    let own = as_self(&format!("/users/{id}"));
    assert_eq!(texts(&own, "h2"), ["Posts:", "Comments:", "Sessions:"]);
    assert_eq!(texts(&own, "#sessions .badge"), ["active"]);
    let others = as_self(&format!("/users/{}", if id == 1 { 2 } else { 1 }));
    assert_eq!(texts(&others, "h2"), ["Posts:", "Comments:"]);
}

#[test]
fn who_has_left_is_deleted_and_their_posts_stay() {
    let site = Site::start();
    let database = site.database();
    let author = number(&database, "SELECT user_id FROM posts WHERE id = 1");
    database.execute("DELETE FROM users WHERE id = ?1", [author]).expect("they leave");
    let html = site.get("/posts/1").html();
    assert!(texts(&html, ".byline")[0].starts_with("by [deleted] · "));
    assert_eq!(site.get("/").status, 200);
    assert_eq!(site.get(&format!("/users/{author}")).status, 404);
}

/// What every page has, be it an error's.
fn assert_is_ours(answer: &Answer, what: &str) {
    let html = answer.html();
    assert_eq!(attributes(&html, "html", "lang"), ["en"], "{what}");
    for (selector, number) in [("h1", 1), ("main", 1), ("header nav", 1), ("footer", 1), ("title", 1)] {
        assert_eq!(texts(&html, selector).len(), number, "{selector} of {what}");
    }
    assert!(
        texts(&html, "footer")[0].starts_with("Made with ♥ by @fractaledmind for RailsConf 2024"),
        "{what}"
    );
    assert_eq!(attributes(&html, "meta[name=viewport]", "content").len(), 1, "{what}");
    assert!(answer.text().starts_with("<!DOCTYPE html>"), "{what}");
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"), "{what}");
}

fn assert_is_guarded(answer: &Answer, what: &str) {
    let policy = answer.header("Content-Security-Policy").unwrap_or_else(|| panic!("{what} has no policy"));
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.split("; ").any(|other| other == part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}");
    }
    assert!(answer.header("Cache-Control").is_some(), "{what}");
    assert_eq!(answer.header("Server"), None, "{what}");
}

#[test]
fn every_page_has_the_sites_frame_and_tells_the_browser_what_it_may_not_do() {
    let site = Site::start();
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/posts", 200),
        ("GET", "/posts/1", 200),
        ("GET", "/users/1", 200),
        ("POST", "/benchmarking/balanced", 200),
        ("GET", "/posts?after=x", 400),
        ("GET", "/nowhere", 404),
        ("DELETE", "/posts", 405),
    ] {
        let answer = site.ask(method, path, &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        assert_is_ours(&answer, path);
        assert_is_guarded(&answer, path);
    }
    let refused = site.ask("POST", "/posts", &[("Sec-Fetch-Site", "cross-site")]);
    assert_eq!(refused.status, 403);
    assert_is_ours(&refused, "403");
    assert_is_guarded(&refused, "403");
}

#[test]
fn a_fault_of_ours_is_a_page_of_ours_and_tells_nothing() {
    let site = Site::start();
    let cookie = format!("session={}", site.post("/benchmarking/post_show").session());
    site.database().execute_batch("ALTER TABLE posts RENAME TO lost").expect("a fault");
    for answer in [site.get("/posts"), site.ask("GET", "/", &[("Cookie", &cookie)])] {
        assert_eq!(answer.status, 500);
        assert_is_ours(&answer, "500");
        assert_is_guarded(&answer, "500");
        assert_eq!(texts(&answer.html(), "h1"), ["We're sorry, but something went wrong."]);
        assert!(!answer.text().contains("table"), "{}", answer.text());
    }
    // What does not need the table is served as before.
    assert_eq!(site.get("/up").status, 200);
    assert_eq!(site.get("/nowhere").status, 404);
}

#[test]
fn over_tls_the_browser_is_told_to_come_back_over_tls() {
    let site = Site::with(3, |config| config.trusted_proxies = vec![[127, 0, 0, 1].into()]);
    let hsts = |proto: &str| {
        let answer = site.ask("GET", "/", &[("X-Forwarded-Proto", proto)]);
        answer.header("Strict-Transport-Security").map(str::to_owned)
    };
    assert!(hsts("https").is_some_and(|value| value.starts_with("max-age=")));
    assert_eq!(hsts("http"), None);
}

#[test]
fn what_people_write_is_shown_and_never_run() {
    let site = Site::start();
    let evil = r#"<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;</title></main>"#;
    let database = site.database();
    for sql in [
        "UPDATE posts SET title = ?1, user_id = 1 WHERE id = 1",
        "UPDATE descriptions SET text = ?1 || char(10) || '\"><b>' WHERE post_id = 1",
        "UPDATE comments SET body = ?1, user_id = 1 WHERE id = 1 AND post_id = 1",
        "UPDATE users SET screen_name = ?1 WHERE id = 1",
        "UPDATE profiles SET about = ?1 WHERE user_id = 1",
    ] {
        let changed = database.execute(sql, [evil]).expect(sql);
        assert_eq!(changed, 1, "{sql}");
    }
    for path in ["/", "/posts", "/posts/1", "/users/1"] {
        let answer = site.get(path);
        let html = answer.html();
        assert!(!answer.text().contains("<script>") && !answer.text().contains("<img"), "{path}");
        assert_eq!(attributes(&html, "script", "src").len(), 1, "{path}");
        assert_eq!(texts(&html, "script, img, b").concat(), "", "{path}");
        assert_is_ours(&answer, path);
    }
    assert_eq!(texts(&site.get("/posts/1").html(), "h1"), [evil]);
    assert_eq!(texts(&site.get("/users/1").html(), "h1"), [evil]);
}

#[test]
fn the_health_check_is_green() {
    let site = Site::start();
    let answer = site.get("/up");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("green"), "{}", answer.text());
    assert!(answer.header("Cache-Control").is_some_and(|value| value.contains("no-cache")), "{answer:?}");
    assert_is_guarded(&answer, "/up");
}

#[test]
fn the_manifest_names_icons_that_are_what_it_says() {
    let site = Site::start();
    let answer = site.get("/manifest.json");
    assert_eq!(answer.header("Content-Type"), Some("application/manifest+json"));
    let manifest: serde_json::Value = serde_json::from_str(answer.text()).expect("JSON");
    assert_eq!(manifest["name"], "Lorem News");
    let icons = manifest["icons"].as_array().expect("icons");
    assert!(!icons.is_empty());
    for icon in icons {
        let text = |key: &str| icon[key].as_str().unwrap_or_else(|| panic!("{icon} has no {key}"));
        let file = site.get(text("src"));
        assert_eq!((file.status, file.header("Content-Type")), (200, Some(text("type"))), "{icon}");
        if text("type") == "image/png" {
            // https://www.w3.org/TR/png/#11IHDR
            let side = |at: usize| u32::from_be_bytes(file.body[at..at + 4].try_into().expect("four bytes"));
            assert_eq!(&file.body[..8], b"\x89PNG\r\n\x1a\n", "{icon}");
            assert_eq!(format!("{}x{}", side(16), side(20)), text("sizes"), "{icon}");
        }
    }
}

#[test]
fn what_others_look_for_at_the_root_is_there() {
    let site = Site::start();
    for (path, content_type) in [
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/service-worker.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/icon.png", "image/png"),
        ("/icon-192.png", "image/png"),
        ("/manifest.json", "application/manifest+json"),
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some(content_type)), "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert!(!answer.header("Cache-Control").expect("one").contains("immutable"), "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
    for name in ["tailwind.css", "htmx.min.js"] {
        assert_eq!(site.get(&format!("/{name}")).status, 404, "{name} has a hashed name only");
    }
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut unzipped = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut unzipped).expect("gzip");
    unzipped
}

#[test]
fn what_a_page_loads_may_be_kept_for_ever_and_comes_compressed() {
    let site = Site::start();
    let html = site.get("/").html();
    let files =
        [attributes(&html, "link[rel=stylesheet]", "href"), attributes(&html, "script", "src")].concat();
    assert_eq!(files.len(), 2);
    for path in files {
        assert!(path.starts_with("/assets/"), "{path}");
        let plain = site.get(&path);
        assert_eq!((plain.status, plain.header("Content-Encoding")), (200, None), "{path}");
        assert_eq!(plain.header("Cache-Control"), Some("public, max-age=31536000, immutable"), "{path}");
        let stale = path.replace(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], "f");
        assert!(stale == path || site.get(&stale).status == 404, "{stale}");
        if plain.body.len() < 1024 {
            continue; // It would not get smaller.
        }
        let zipped = site.ask("GET", &path, &[("Accept-Encoding", "br, gzip;q=0.8")]);
        assert_eq!(zipped.header("Content-Encoding"), Some("gzip"), "{path}");
        assert!(unzipped(&zipped.body) == plain.body, "{path}");
        for answer in [&plain, &zipped] {
            assert_eq!(answer.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
            assert_eq!(answer.header("Vary"), Some("Accept-Encoding"));
        }
        let refused = site.ask("GET", &path, &[("Accept-Encoding", "gzip;q=0, br")]);
        assert_eq!(refused.header("Content-Encoding"), None, "{path}");
    }
}

#[test]
fn a_page_comes_compressed_to_those_who_can_read_it() {
    let site = Site::start();
    // The ages of posts are part of the page: ask until the two are of one moment.
    let same = (0..20).any(|_| {
        let plain = site.get("/posts");
        let zipped = site.ask("GET", "/posts", &[("Accept-Encoding", "gzip, deflate, br")]);
        assert_eq!((zipped.status, zipped.header("Content-Encoding")), (200, Some("gzip")));
        assert_eq!(plain.header("Content-Encoding"), None);
        assert!(zipped.body.len() * 2 < plain.body.len());
        for answer in [&plain, &zipped] {
            assert!(answer.header("Vary").is_some_and(|vary| vary.contains("Accept-Encoding")), "{answer:?}");
        }
        unzipped(&zipped.body) == plain.body
    });
    assert!(same, "compressed it is another page");
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let site = Site::start();
    let unchanged = (0..20).any(|_| {
        let tag = site.get("/posts/1").header("ETag").expect("a tag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        let again = site.ask("GET", "/posts/1", &[("If-None-Match", &format!("\"other\", {tag}"))]);
        if again.status == 304 {
            assert!(again.body.is_empty());
            assert_eq!(again.header("ETag"), Some(&*tag));
            assert!(again.header("Vary").is_some() && again.header("Cache-Control").is_some());
        }
        again.status == 304
    });
    assert!(unchanged, "never 304");
    // It is another page once somebody has said something.
    let tag = site.get("/posts/1").header("ETag").expect("a tag").to_owned();
    site.database()
        .execute("UPDATE comments SET body = 'changed' WHERE post_id = 1", [])
        .expect("a comment changes");
    assert_eq!(site.ask("GET", "/posts/1", &[("If-None-Match", &tag)]).status, 200);
}

#[test]
fn a_page_of_ones_own_is_kept_by_nobody_else() {
    let site = Site::start();
    let cookie = format!("session={}", site.post("/benchmarking/post_show").session());
    for headers in [&[][..], &[("Cookie", &*cookie)]] {
        let answer = site.ask("GET", "/", headers);
        assert_eq!(answer.header("Cache-Control"), Some("private, no-cache"));
        assert!(answer.header("Vary").is_some_and(|vary| vary.contains("Cookie")), "{answer:?}");
    }
}

#[test]
fn a_change_that_another_site_asks_for_is_refused() {
    let site = Site::start();
    let own = format!("http://{}", site.address);
    let upper = own.to_uppercase().replace("HTTP", "http");
    let port = site.address.port();
    let elsewhere = format!("http://127.0.0.1:{}", if port == 1 { 2 } else { port - 1 });
    for (headers, status) in [
        (&[("Sec-Fetch-Site", "same-origin")][..], 200),
        (&[("Sec-Fetch-Site", "none")], 200),
        (&[("Sec-Fetch-Site", "cross-site")], 403),
        (&[("Sec-Fetch-Site", "same-site")], 403),
        (&[("Sec-Fetch-Site", "")], 403),
        (&[("Sec-Fetch-Site", "cross-site"), ("Origin", &own)], 403),
        (&[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://evil.example")], 200),
        (&[("Origin", &own)], 200),
        (&[("Origin", &upper)], 200),
        (&[("Origin", &elsewhere)], 403),
        (&[("Origin", "http://evil.example")], 403),
        (&[("Origin", "null")], 403),
        (&[], 200),
    ] {
        let answer = site.ask("POST", "/benchmarking/post_show", headers);
        assert_eq!(answer.status, status, "{headers:?}");
    }
    assert_eq!(number(&site.database(), "SELECT count(*) FROM sessions"), 6);
    // Looking is no change.
    assert_eq!(site.ask("GET", "/", &[("Sec-Fetch-Site", "cross-site")]).status, 200);
}

#[test]
fn a_trailing_slash_is_taken_off_and_never_leads_away() {
    let site = Site::start();
    for (path, location) in [
        ("/posts/", "/posts"),
        ("/posts/1/", "/posts/1"),
        ("/posts/1///", "/posts/1"),
        ("/users/1/?posts=1-1", "/users/1?posts=1-1"),
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.header("Location")), (301, Some(location)), "{path}");
    }
    for path in [
        "//evil.example/",
        "//evil.example//posts/",
        "///evil.example/",
        "/\\evil.example/",
        "/%2f/evil.example/",
        "http://evil.example//evil.example/",
        "/posts/..//evil.example/",
    ] {
        let answer = site.get(path);
        let location = answer.header("Location").unwrap_or("/");
        assert!(location.starts_with('/') && !location[1..].starts_with(['/', '\\']), "{path} → {location}");
        assert!(answer.status == 404 || answer.status == 301, "{path}: {}", answer.status);
    }
    assert_eq!(site.post("/posts/").status, 404);
}

#[test]
fn the_footer_and_the_way_round_are_links() {
    let site = Site::start();
    let html = site.get("/posts/1").html();
    assert_eq!(attributes(&html, "header a", "href"), ["/", "/posts"]);
    assert_eq!(
        attributes(&html, "footer a", "href"),
        ["https://twitter.com/fractaledmind", "https://railsconf.org"]
    );
    assert_eq!(texts(&html, ".card-title a"), ["← Back to posts"]);
    assert_eq!(attributes(&html, "a.skip-link", "href"), ["#main"]);
}

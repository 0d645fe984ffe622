//! Pages for a browser: lists, posts, users, errors, files and headers.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use flate2::read::GzDecoder;
use lorem_news::post::{self, NewPost};
use lorem_news::types::id::UserId;
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;
use scraper::Html;

use crate::client::Client;
use crate::harness::*;

/// A text that would run as a script if a page did not escape it.
const EVIL: &str = r#"</p><script>alert("1" + '2')</script> &amp; <b>"#;

fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect(sql);
    statement.query_map([], |row| row.get(0)).expect(sql).collect::<Result<_, _>>().expect(sql)
}

fn posts_in(html: &Html, selector: &str) -> Vec<i64> {
    attributes(html, selector, "href")
        .iter()
        .map(|href| href.strip_prefix("/posts/").and_then(|id| id.parse().ok()).expect("a post's address"))
        .collect()
}

/// All pages of a list, from the first on by the links in `part` of the page. `between` runs before each
/// further page.
fn walk(
    site: &Site,
    path: &str,
    part: &str,
    headers: &[(&str, &str)],
    mut between: impl FnMut(),
) -> Vec<Html> {
    let mut pages = Vec::new();
    let mut query = String::new();
    loop {
        let answer = site.ask("GET", &format!("{path}{query}"), headers);
        assert_eq!(answer.status, 200, "{path}{query}");
        let html = answer.html();
        let next = attributes(&html, &format!("{part} nav.pager a[rel=next]"), "href");
        assert!(next.len() <= 1, "{next:?}");
        pages.push(html);
        match next.first() {
            Some(href) => {
                let next = href.split('#').next().expect("split gives one at least");
                query = next.strip_prefix(path).unwrap_or(next).to_owned();
            }
            None => return pages,
        }
        assert!(pages.len() < 1000, "{path} has no end");
        between();
    }
}

fn flatten<T>(pages: &[Html], rows: impl Fn(&Html) -> Vec<T>) -> Vec<T> {
    pages.iter().flat_map(rows).collect()
}

/// Panics unless the page has the common frame and unique ids.
fn assert_look(html: &Html) {
    assert_eq!(attributes(html, "html", "lang"), ["en"]);
    for part in ["h1", "title", "header", "main", "footer", "header nav"] {
        assert_eq!(texts(html, part).len(), 1, "{part}");
    }
    assert_eq!(attributes(html, "a.skip-link", "href"), ["#main"]);
    assert!(texts(html, "footer")[0].starts_with("Made with ♥ by @fractaledmind"));
    let ids = attributes(html, "[id]", "id");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an id is not unique: {ids:?}");
}

/// Panics unless it is the site's page for this error.
fn assert_error(answer: &Answer, status: u16, heading: &str, sentence: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    let html = answer.html();
    assert_look(&html);
    assert_eq!(texts(&html, "h1"), [heading]);
    assert_eq!(texts(&html, "title"), [format!("{heading} · Lorem News")]);
    assert_eq!(texts(&html, "main > p"), [sentence]);
    assert_eq!(answer.header("ETag"), None);
}

fn assert_not_found(answer: &Answer) {
    assert_error(
        answer,
        404,
        "The page you were looking for doesn't exist.",
        "You may have mistyped the address or the page may have moved.",
    );
}

fn sign_in(site: &Site) -> Answer {
    let answer = site.post("/benchmarking/post_create");
    assert_eq!(answer.status, 200);
    answer
}

/// The first cookie that the answer sets, as a browser sends it.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("Set-Cookie").and_then(|cookie| cookie.split(';').next());
    cookie.expect("a cookie").to_owned()
}

fn signed_in_name(html: &Html) -> Option<String> {
    texts(html, "header a.self").pop()
}

// Lists

#[test]
fn both_lists_show_every_post_once_in_order() {
    let site = Site::with(100, |_| {});
    let database = site.database();
    // Many have equal times and ranks: then the id decides.
    database
        .execute_batch(
            "UPDATE posts SET created_at = 1700000000000000 + id % 3, hotness = 5000 + id % 2 WHERE id > 20",
        )
        .expect("the schema is known");
    for (path, heading, order) in
        [("/", "Top posts", "hotness DESC, id DESC"), ("/posts", "Recent posts", "created_at DESC, id DESC")]
    {
        let pages = walk(&site, path, "main", &[], || {});
        let rows: Vec<usize> = pages.iter().map(|page| posts_in(page, "ol.posts > li > a").len()).collect();
        assert_eq!(rows, [30, 30, 30, 10]);
        let expected = ids(&database, &format!("SELECT id FROM posts ORDER BY {order}"));
        assert_eq!(flatten(&pages, |page| posts_in(page, "ol.posts > li > a")), expected, "{path}");
        for page in &pages {
            assert_look(page);
            assert_eq!(texts(page, "h1"), [heading]);
        }
    }
}

#[test]
fn posts_made_while_a_user_reads_neither_repeat_nor_hide_a_row() {
    let site = Site::with(100, |_| {});
    let database = site.database();
    for path in ["/", "/posts"] {
        let order = if path == "/" { "hotness" } else { "created_at" };
        let sql = format!("SELECT id FROM posts ORDER BY {order} DESC, id DESC");
        let expected = ids(&database, &sql);
        let pages = walk(&site, path, "main", &[], || {
            for number in 0..7 {
                let title = format!("new {path} {number} {}", ids(&database, &sql).len());
                let post = NewPost {
                    user_id: UserId::new(1),
                    title: &title,
                    link: None,
                    description: "",
                    created_at: Timestamp::now(),
                };
                post::sql::create(&database, &post)
                    .expect("another program may post")
                    .expect("the title is free");
            }
        });
        assert_eq!(flatten(&pages, |page| posts_in(page, "ol.posts > li > a")), expected, "{path}");
        assert!(ids(&database, &sql).len() > expected.len());
    }
}

#[test]
fn a_list_that_ends_with_a_full_page_has_no_further_link() {
    let site = Site::with(30, |_| {});
    assert_eq!(walk(&site, "/", "main", &[], || {}).len(), 1);
    assert_eq!(walk(&site, "/posts", "main", &[], || {}).len(), 1);
}

#[test]
fn a_page_past_the_end_of_a_list_is_empty() {
    let site = Site::start();
    for path in ["/?after=0-0", "/posts?after=0-0"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(texts(&answer.html(), "main p.empty"), ["No posts yet… Want to be the first?"]);
    }
    for path in ["/posts/1?comments=0-0", "/users/1?posts=0-0&comments=0-0&sessions=0-0"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(texts(&answer.html(), "main li"), [""; 0], "{path}");
    }
}

#[test]
fn an_empty_site_says_so() {
    let site = Site::empty();
    for path in ["/", "/posts"] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200);
        assert_look(&answer.html());
        assert_eq!(texts(&answer.html(), "main p.empty"), ["No posts yet… Want to be the first?"]);
    }
    assert_not_found(&site.get("/posts/1"));
    assert_not_found(&site.get("/users/1"));
}

#[test]
fn an_invalid_cursor_is_a_bad_request() {
    let site = Site::start();
    for path in [
        "/?after=",
        "/?after=1",
        "/posts?after=1-2-3",
        "/posts?after=-1-2",
        "/posts?after=1-99999999999999999999",
        "/posts/1?comments=%00",
        "/users/1?posts=a-b",
        "/users/1?comments=1.5-2",
        "/users/1?sessions=x",
    ] {
        assert_error(
            &site.get(path),
            400,
            "That request can't be understood.",
            "The address of this page of the list is not complete.",
        );
    }
}

#[test]
fn a_deleted_post_is_in_no_list_and_stays_for_its_comments() {
    let site = Site::start();
    let database = site.database();
    database
        .execute("UPDATE posts SET deleted_at = 1, title = NULL WHERE id = 7", [])
        .expect("the schema is known");
    let author = number(&database, "SELECT user_id FROM posts WHERE id = 7");
    let page = site.get("/posts/7").html();
    assert_eq!(texts(&page, "h1"), ["[deleted]"]);
    assert!(!texts(&page, "ol.comments > li").is_empty());
    assert_eq!(texts(&page, "form[action='/posts/7/comments']"), [""; 0]);
    for path in ["/".to_owned(), "/posts".to_owned(), format!("/users/{author}")] {
        let html = site.get(&path).html();
        assert_eq!(attributes(&html, "ol.posts a[href='/posts/7']", "href"), [""; 0], "{path}");
    }
}

// A post

#[test]
fn a_post_is_shown_with_its_comments() {
    let site = Site::start();
    let database = site.database();
    let answer = site.get("/posts/3");
    assert_eq!(answer.status, 200);
    let html = answer.html();
    assert_look(&html);
    let text = |sql: &str| strings(&database, sql).remove(0);
    let title = text("SELECT title FROM posts WHERE id = 3");
    assert_eq!(texts(&html, "h1"), std::slice::from_ref(&title));
    assert_eq!(texts(&html, "title"), [format!("{title} · Lorem News")]);
    let description = text("SELECT text FROM descriptions WHERE post_id = 3");
    // Paragraphs and breaks are elements: the text has no line breaks.
    assert_eq!(texts(&html, "div.prose").concat(), description.replace('\n', ""));
    assert_eq!(texts(&html, "div.prose > p").len(), description.split("\n\n").count());
    let author = text("SELECT screen_name FROM users JOIN posts ON user_id = users.id WHERE posts.id = 3");
    let author_id = number(&database, "SELECT user_id FROM posts WHERE id = 3");
    let byline = &texts(&html, ".byline")[0];
    let comments = ids(&database, "SELECT id FROM comments WHERE post_id = 3 ORDER BY created_at, id");
    assert!(byline.starts_with(&format!("Upvote1 point by {author} · ")), "{byline}");
    assert!(byline.contains(&format!(" ago · {} comments", comments.len())), "{byline}");
    assert_eq!(attributes(&html, ".byline a", "href"), [format!("/users/{author_id}"), "#comments".into()]);
    let shown = attributes(&html, "#comments ol.comments > li", "id");
    assert_eq!(shown, comments.iter().map(|id| format!("comment_{id}")).collect::<Vec<_>>());
    let bodies = "SELECT body FROM comments WHERE post_id = 3 ORDER BY created_at, id";
    assert_eq!(texts(&html, "#comments details > div > p:nth-of-type(2)"), strings(&database, bodies));
    let names = "SELECT 'by ' || screen_name FROM comments JOIN users ON users.id = user_id \
                 WHERE post_id = 3 ORDER BY comments.created_at, comments.id";
    let bylines = texts(&html, "#comments details > div > p:first-of-type");
    assert_eq!(bylines.len(), comments.len());
    for (byline, name) in bylines.iter().zip(strings(&database, names)) {
        assert!(
            byline.starts_with(&format!("1 point {name}")) && byline.ends_with(" ago · Reply"),
            "{byline} is not {name}'s"
        );
    }
    assert!(html.root_element().html().contains("← Back to posts"));
}

#[test]
fn one_comment_is_singular_wherever_it_is_counted() {
    let site = Site::start();
    let database = site.database();
    for (left, words) in [(2, " ago · 2 comments"), (1, " ago · 1 comment"), (0, " ago · 0 comments")] {
        let sql = "DELETE FROM comments WHERE post_id = 3 AND id NOT IN \
                   (SELECT id FROM comments WHERE post_id = 3 LIMIT ?1)";
        database.execute(sql, [left]).expect("the schema is known");
        recount(&database);
        let byline = texts(&site.get("/posts/3").html(), ".byline").remove(0);
        assert!(byline.ends_with(words), "{byline}");
        let author = number(&database, "SELECT user_id FROM posts WHERE id = 3");
        for path in ["/".to_owned(), "/posts".to_owned(), format!("/users/{author}")] {
            let html = site.get(&path).html();
            let rows = texts(&html, "ol.posts > li");
            let at = posts_in(&html, "ol.posts > li > a").iter().position(|id| *id == 3);
            let row = &rows[at.expect("it is listed")];
            assert!(row.ends_with(words), "{row}");
        }
    }
}

#[test]
fn a_long_discussion_has_pages() {
    let site = Site::with(60, |_| {});
    let database = site.database();
    database
        .execute_batch("UPDATE comments SET post_id = 5, created_at = 1700000000000000 + id % 7")
        .expect("the schema is known");
    recount(&database);
    let pages = walk(&site, "/posts/5", "#comments", &[], || {});
    assert!(pages.len() >= 2);
    let shown = flatten(&pages, |page| attributes(page, "#comments li", "id"));
    let expected = ids(&database, "SELECT id FROM comments ORDER BY score DESC, created_at, id");
    assert_eq!(shown, expected.iter().map(|id| format!("comment_{id}")).collect::<Vec<_>>());
}

#[test]
fn a_deleted_author_is_shown_as_deleted() {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "UPDATE posts SET user_id = NULL WHERE id = 3; UPDATE comments SET user_id = NULL WHERE post_id = 3;",
        )
        .expect("the schema is known");
    recount(&database);
    let html = site.get("/posts/3").html();
    for line in texts(&html, ".byline, #comments li > div > p:first-child") {
        assert!(line.contains("by [deleted] · "), "{line}");
    }
    let html = site.get("/").html();
    assert!(texts(&html, "ol.posts > li > p").iter().any(|line| line.starts_with("1 point by [deleted] · ")));
}

#[test]
fn an_invalid_id_is_not_found() {
    let site = Site::start();
    for id in ["1abc", "0", "-1", "+1", "99999999999999999999", "9223372036854775807", "%31", "1.0", "x1"] {
        for noun in ["posts", "users"] {
            assert_not_found(&site.get(&format!("/{noun}/{id}")));
        }
    }
}

// A user

#[test]
fn the_posts_and_comments_of_a_user_have_pages() {
    let site = Site::with(100, |_| {});
    let database = site.database();
    database
        .execute_batch(
            "UPDATE posts SET user_id = 4, created_at = 1700000000000000 + id % 3 WHERE id > 10;
             UPDATE comments SET user_id = 4, created_at = 1700000000000000 + id % 5, body = 'remark ' || id
                 WHERE id <= 100;",
        )
        .expect("the schema is known");
    recount(&database);
    let posts = walk(&site, "/users/4", "#posts", &[], || {});
    assert!(posts.len() >= 3);
    assert_eq!(
        flatten(&posts, |page| posts_in(page, "#posts ol.posts > li > a")),
        ids(&database, "SELECT id FROM posts WHERE user_id = 4 ORDER BY created_at DESC, id DESC")
    );
    let comments = walk(&site, "/users/4", "#comments", &[], || {});
    assert!(comments.len() >= 3);
    assert_eq!(
        flatten(&comments, |page| texts(page, "#comments li > div > p:nth-of-type(2)")),
        strings(&database, "SELECT body FROM comments WHERE user_id = 4 ORDER BY created_at DESC, id DESC")
    );
    assert_eq!(
        flatten(&comments, |page| posts_in(page, "#comments li > div > p:first-child > a:first-child")),
        ids(&database, "SELECT post_id FROM comments WHERE user_id = 4 ORDER BY created_at DESC, id DESC")
    );
    for (counter, heading) in [("posts_count", "Posts: "), ("comments_count", "Comments: ")] {
        let count = number(&database, &format!("SELECT {counter} FROM users WHERE id = 4"));
        for page in posts.iter().chain(&comments) {
            assert_look(page);
            assert!(texts(page, "summary").contains(&format!("{heading}{count}")));
        }
    }
    // The pages of the comments show them opened.
    assert_eq!(attributes(&comments[0], "details[open]", "id"), ["posts"]);
    assert_eq!(attributes(&comments[1], "details[open]", "id"), ["posts", "comments"]);
}

#[test]
fn a_user_page_shows_the_profile() {
    let site = Site::start();
    let database = site.database();
    let answer = site.get("/users/9");
    assert_eq!(answer.status, 200);
    let html = answer.html();
    assert_look(&html);
    let name = strings(&database, "SELECT screen_name FROM users WHERE id = 9");
    assert_eq!(texts(&html, "h1"), name);
    assert_eq!(texts(&html, "dt"), ["user:", "created:", "karma:", "about:"]);
    let facts = texts(&html, "dd");
    assert_eq!(facts[0], name[0]);
    assert!(facts[1].ends_with(" ago"), "{facts:?}");
    let about = strings(&database, "SELECT about FROM profiles WHERE user_id = 9").remove(0);
    assert_eq!(facts[2], "0");
    assert_eq!(facts[3], about.replace('\n', ""));
}

#[test]
fn the_own_name_is_you_and_others_keep_theirs() {
    let site = Site::start();
    let made = sign_in(&site);
    let database = site.database();
    let own = number(&database, "SELECT max(id) FROM posts");
    let user = number(&database, &format!("SELECT user_id FROM posts WHERE id = {own}"));
    let name = strings(&database, &format!("SELECT screen_name FROM users WHERE id = {user}")).remove(0);
    assert!(texts(&made.html(), ".byline")[0].contains("by you · "));
    let cookie = cookie(&made);
    for path in ["/", "/posts"] {
        let html = site.ask("GET", path, &[("Cookie", &cookie)]).html();
        assert_eq!(signed_in_name(&html), Some(name.clone()));
        assert_eq!(attributes(&html, "header a.self", "href"), [format!("/users/{user}")]);
        for (href, line) in attributes(&html, "ol.posts li > p > a[href^='/users']", "href")
            .iter()
            .zip(texts(&html, "ol.posts li > p"))
        {
            assert_eq!(line.contains(" by you · "), *href == format!("/users/{user}"), "{line}");
        }
        let guest = site.get(path).html();
        assert_eq!(signed_in_name(&guest), None);
        assert!(texts(&guest, "ol.posts li > p").iter().all(|line| !line.starts_with("by you")));
    }
    let post = format!("/posts/{own}");
    assert!(texts(&site.get(&post).html(), ".byline")[0].contains(&format!(" by {name} · ")));
}

#[test]
fn only_the_own_page_shows_sessions_and_marks_the_active_one() {
    let site = Site::start();
    let made = sign_in(&site);
    let database = site.database();
    let user = number(&database, &format!("SELECT user_id FROM sessions WHERE id = {}", made.session_id()));
    database
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24)
             INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent)
             SELECT {user}, 1700000000000000, 1700000000000000, zeroblob(32), '::1', 'curl' FROM n;"
        ))
        .expect("the schema is known");
    recount(&database);
    let cookie = cookie(&made);
    let cookie = [("Cookie", cookie.as_str())];
    let path = format!("/users/{user}");
    let pages = walk(&site, &path, "#sessions", &cookie, || {});
    let rows: Vec<usize> = pages.iter().map(|page| texts(page, "#sessions li").len()).collect();
    assert_eq!(rows, [10, 10, 5]);
    let badges: Vec<usize> = pages.iter().map(|page| texts(page, "#sessions .badge").len()).collect();
    assert_eq!(badges, [0, 0, 1], "the active one is the oldest");
    assert_eq!(texts(&pages[2], "#sessions li:last-child .badge"), ["active"]);
    assert!(texts(&pages[0], "summary").contains(&"Sessions: 25".to_owned()));
    assert!(!texts(&pages[0], "dd")[1].contains("ago"), "the own page shows a date");
    // The pages of the sessions show them opened.
    assert_eq!(attributes(&pages[0], "#sessions[open]", "id"), [""; 0]);
    assert_eq!(attributes(&pages[1], "#sessions[open]", "id"), ["sessions"]);
    let other = site.ask("GET", &format!("/users/{}", if user == 1 { 2 } else { 1 }), &cookie);
    for answer in [site.get(&path), other] {
        assert_eq!(answer.status, 200);
        assert_eq!(texts(&answer.html(), "#sessions, .sessions, .badge"), [""; 0]);
        assert!(!answer.text().contains("Sessions:"));
    }
}

#[test]
fn a_wrong_session_cookie_is_that_of_a_guest() {
    let site = Site::start();
    let made = sign_in(&site);
    let session = site.cookie_names.full("session");
    let token = made.session().to_owned();
    let (id, secret) = token.split_once('.').expect("two parts");
    let other = if secret.starts_with('0') { "1" } else { "0" };
    let name = |value: &str| {
        let answer = site.ask("GET", "/", &[("Cookie", value)]);
        assert_eq!(answer.status, 200, "{value}");
        signed_in_name(&answer.html())
    };
    assert!(name(&format!("{session}={token}")).is_some());
    assert!(name(&format!("a=b; {session}={token}; c=d")).is_some());
    for wrong in [
        format!("{session}={id}.{other}{}", &secret[1..]),
        format!("{session}={}", &token[..token.len() - 1]),
        format!("{session}={token}0"),
        format!("{session}={id}"),
        format!("{session}={id}."),
        format!("session=.{secret}"),
        format!("session=999999.{secret}"),
        format!("session=0.{secret}"),
        format!("session=-{token}"),
        format!("session=99999999999999999999.{secret}"),
        "session=".to_owned(),
        "session".to_owned(),
        ";;=;".to_owned(),
        format!("Session={token}"),
        format!("sessions={token}"),
        format!("__Host-{session}={token}"),
    ] {
        assert_eq!(name(&wrong), None, "{wrong}");
    }
    site.database()
        .execute("DELETE FROM sessions WHERE id = ?1", [made.session_id()])
        .expect("the schema is known");
    assert_eq!(name(&format!("{session}={token}")), None);
}

// Links

#[test]
fn every_link_leads_to_a_page_and_its_fragment_to_an_element() {
    let site = Site::with(40, |_| {});
    let mut pages: BTreeMap<String, Option<Html>> = BTreeMap::new();
    let mut wanted: Vec<(String, String)> = Vec::new();
    let mut next = vec!["/".to_owned()];
    while let Some(url) = next.pop() {
        if pages.contains_key(&url) {
            continue;
        }
        let answer = site.get(&url);
        if url == "/posts/new" {
            assert_eq!(answer.header("Location"), Some("/sign_in?return_to=%2Fposts%2Fnew"));
            pages.insert(url, None);
            continue;
        }
        assert_eq!(answer.status, 200, "{url}");
        if url.ends_with(".atom") {
            pages.insert(url, None);
            continue;
        }
        let html = answer.html();
        assert_look(&html);
        let path = url.split('?').next().expect("split gives one at least");
        for href in attributes(&html, "a", "href") {
            let (to, fragment) = href.split_once('#').unwrap_or((&href, ""));
            let to = match to.chars().next() {
                None => url.clone(),
                Some('?') => format!("{path}{to}"),
                Some('/') => to.to_owned(),
                Some(_) => {
                    assert!(href.starts_with("https://"), "{href}");
                    continue;
                }
            };
            if !fragment.is_empty() {
                wanted.push((to.clone(), fragment.to_owned()));
            }
            next.push(to);
        }
        pages.insert(url, Some(html));
    }
    assert!(pages.len() > 50);
    for (url, fragment) in wanted {
        let html = pages[&url].as_ref().expect("it was read");
        assert_eq!(attributes(html, &format!("#{fragment}"), "id"), [fragment], "{url}");
    }
}

#[test]
fn a_trailing_slash_redirects_only_within_this_site() {
    let site = Site::start();
    for (path, location) in [
        ("/posts/", "/posts"),
        ("/posts/?after=1-2", "/posts?after=1-2"),
        ("/posts/1/", "/posts/1"),
        ("/posts/1///?comments=1-2&a=/", "/posts/1?comments=1-2&a=/"),
        ("/users/1/", "/users/1"),
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.header("Location")), (301, Some(location)), "{path}");
    }
    for path in [
        "//",
        "//evil.example/",
        "//evil.example/posts/",
        "///evil.example/",
        "/\\evil.example/",
        "/%2f%2fevil.example/",
        "/evil.example/",
        "/posts//evil.example/",
        "/posts/../..//evil.example/",
        "/posts@evil.example/",
        "/postsevil/",
    ] {
        let answer = site.get(path);
        if answer.status == 301 {
            let location = answer.header("Location").expect("a redirect says where to");
            let ours = location == "/posts" || location.starts_with("/posts/");
            assert!(ours && !location.contains('\\'), "{path} → {location}");
        } else {
            assert_not_found(&answer);
        }
    }
    assert_not_found(&site.ask("POST", "/posts/", &[]));
}

// Errors

#[test]
fn a_404_has_the_look_of_the_site() {
    let site = Site::start();
    for path in ["/nothing", "/posts/1/2", "/assets", "/assets/x", "/index.html", "/benchmarking", "/up/x"] {
        assert_not_found(&site.get(path));
    }
}

#[test]
fn an_unsupported_method_is_refused_with_the_allowed_ones() {
    let site = Site::start();
    for path in ["/", "/posts/1/edit", "/sign_in", "/users/1", "/up", "/robots.txt"] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = site.ask(method, path, &[]);
            assert_error(
                &answer,
                405,
                "That can't be done here.",
                "The page exists, but not for this kind of request.",
            );
            assert_eq!(answer.header("Allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
}

const SORRY: (&str, &str) =
    ("We're sorry, but something went wrong.", "It was noted, and it is ours to mend.");

#[test]
fn a_failing_database_is_an_error_page_without_details() {
    let site = Site::start();
    assert_eq!(site.get("/posts/1").status, 200);
    site.database().execute_batch("DROP TABLE descriptions").expect("another program can do that");
    let answer = site.get("/posts/1");
    assert_error(&answer, 500, SORRY.0, SORRY.1);
    for word in ["SELECT", "descriptions", "no such table", "SQL", "sql", "panicked", ".rs"] {
        assert!(!answer.text().contains(word), "{word}");
    }
    assert_eq!(site.get("/").status, 200, "a page that does not read the table still works");
}

#[test]
fn when_the_viewer_cannot_be_looked_up_the_error_page_is_that_of_a_guest() {
    let site = Site::start();
    let cookie = cookie(&sign_in(&site));
    site.database().execute_batch("DROP TABLE sessions").expect("another program can do that");
    let answer = site.ask("GET", "/", &[("Cookie", &cookie)]);
    assert_error(&answer, 500, SORRY.0, SORRY.1);
    assert_eq!(signed_in_name(&answer.html()), None);
    assert_eq!(site.get("/").status, 200, "guests need no session");
    assert_not_found(&site.ask("GET", "/nothing", &[("Cookie", &cookie)]));
}

#[test]
fn an_error_page_shows_the_signed_in_user() {
    let site = Site::start();
    let cookie = cookie(&sign_in(&site));
    let answer = site.ask("GET", "/nothing", &[("Cookie", &cookie)]);
    assert_not_found(&answer);
    assert!(signed_in_name(&answer.html()).is_some());
}

// Escaping

#[test]
fn user_text_is_escaped_on_every_page() {
    let site = Site::start();
    let database = site.database();
    for sql in [
        "UPDATE posts SET title = ?1 WHERE id = 1",
        "UPDATE descriptions SET text = ?1 WHERE post_id = 1",
        "UPDATE users SET screen_name = ?1 WHERE id = 1",
        "UPDATE profiles SET about = ?1 WHERE user_id = 1",
        "UPDATE comments SET body = ?1 WHERE post_id = 1",
    ] {
        assert!(database.execute(sql, [EVIL]).expect(sql) > 0);
    }
    database
        .execute_batch("UPDATE posts SET user_id = 1; UPDATE comments SET user_id = 1;")
        .expect("the schema is known");
    recount(&database);
    // Signed in as user 1, so that the header shows the name, too.
    let user_agent = [("User-Agent", EVIL)];
    let made = eventually("chance picks user 1", || {
        let answer = site.ask("POST", "/benchmarking/user_show", &user_agent);
        (attributes(&answer.html(), "header a.self", "href") == ["/users/1"]).then_some(answer)
    });
    let cookie = cookie(&made);
    for headers in [&[][..], &[("Cookie", cookie.as_str())]] {
        let get = |path: &str| {
            let answer = site.ask("GET", path, headers);
            assert_eq!(answer.status, 200, "{path}");
            assert!(!answer.text().contains("<script>"), "{path}");
            assert!(!answer.text().contains("<b>"), "{path}");
            let html = answer.html();
            assert_look(&html);
            assert_eq!(attributes(&html, "script", "src").len(), texts(&html, "script").len(), "{path}");
            html
        };
        let guest = headers.is_empty();
        for path in ["/", "/posts"] {
            let html = get(path);
            assert!(texts(&html, "ol.posts > li > a").iter().any(|title| title == EVIL), "{path}");
            let by = if guest { EVIL } else { "you" };
            assert!(
                texts(&html, "ol.posts > li > p > a[href^='/users']").iter().all(|name| name == by),
                "{path}"
            );
        }
        let html = get("/posts/1");
        assert_eq!(texts(&html, "h1"), [EVIL]);
        assert_eq!(texts(&html, "title"), [format!("{EVIL} · Lorem News")]);
        assert_eq!(texts(&html, "div.prose"), [EVIL]);
        assert!(texts(&html, "#comments details > div > p:nth-of-type(2)").iter().all(|body| body == EVIL));
        let html = get("/users/1?comments=9223372036854775807-9223372036854775807");
        assert_eq!(texts(&html, "h1"), [EVIL]);
        let facts = texts(&html, "dd");
        assert_eq!((&*facts[0], &*facts[3]), (EVIL, EVIL));
        assert!(texts(&html, "#posts li > a").iter().any(|title| title == EVIL));
        if !guest {
            assert_eq!(signed_in_name(&html).as_deref(), Some(EVIL));
            assert!(!texts(&html, "#sessions li").is_empty());
        }
    }
    let made = site.ask("POST", "/benchmarking/post_create", &[("X-Evil", EVIL)]);
    assert!(texts(&made.html(), "div.prose")[0].contains(EVIL));
    assert!(!made.text().contains("<script>"));
}

#[test]
fn an_address_is_not_repeated_as_markup() {
    let site = Site::start();
    for path in [
        "/<script>alert(1)</script>",
        "/posts/<script>alert(1)</script>",
        "/?after=<script>alert(1)</script>",
    ] {
        let answer = site.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.text().contains("<script>"), "{path}");
    }
}

// Files

#[test]
fn the_health_check_is_green_while_the_database_is_readable() {
    let site = Site::empty();
    let answer = site.get("/up");
    assert_eq!(answer.status, 200);
    assert_eq!(attributes(&answer.html(), "body", "bgcolor"), ["green"]);
    assert!(answer.header("Cache-Control").is_some_and(|value| value.contains("no-cache")));
}

#[test]
fn the_manifest_names_existing_icons() {
    let site = Site::empty();
    let answer = site.get("/manifest.json");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), Some("application/manifest+json"));
    let manifest: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(manifest["name"], "Lorem News");
    assert_eq!(site.get(manifest["start_url"].as_str().expect("an address")).status, 200);
    let icons = manifest["icons"].as_array().expect("a list");
    assert!(!icons.is_empty());
    for icon in icons {
        let answer = site.get(icon["src"].as_str().expect("an address"));
        assert_eq!(answer.status, 200, "{icon}");
        assert_eq!(answer.header("Content-Type"), icon["type"].as_str(), "{icon}");
        if icon["type"] == "image/png" {
            // The first chunk has the size: https://www.w3.org/TR/png-3/#11IHDR
            let number = |at: usize| u32::from_be_bytes(answer.body[at..at + 4].try_into().expect("four"));
            let size = format!("{}x{}", number(16), number(20));
            assert_eq!(icon["sizes"].as_str(), Some(size.as_str()), "{icon}");
        }
    }
}

#[test]
fn well_known_files_are_served_at_the_root() {
    let site = Site::empty();
    for (path, content_type, part) in [
        ("/service-worker.js", "text/javascript; charset=utf-8", "addEventListener"),
        ("/robots.txt", "text/plain; charset=utf-8", "Disallow: /benchmarking/"),
        ("/icon.svg", "image/svg+xml", "<svg"),
    ] {
        let answer = site.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("Content-Type"), Some(content_type), "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("Cache-Control"), Some("public, max-age=3600"), "{path}");
        assert!(answer.text().contains(part), "{path}");
    }
    for path in ["/icon.png", "/icon-192.png"] {
        let answer = site.ask("GET", path, &[("Accept-Encoding", "gzip")]);
        assert_eq!(answer.header("Content-Type"), Some("image/png"));
        assert!(answer.header("Content-Encoding").is_some() || answer.body.starts_with(b"\x89PNG"), "{path}");
    }
    assert_not_found(&site.get("/tailwind.css"));
}

fn unzipped(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    let mut bytes = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut bytes).expect("gzip");
    bytes
}

#[test]
fn the_assets_of_a_page_exist_and_are_immutable() {
    let site = Site::start();
    let html = site.get("/").html();
    let mut files = attributes(&html, "link[href]", "href");
    files.extend(attributes(&html, "script[src], img[src]", "src"));
    let hashed: Vec<&String> = files.iter().filter(|path| path.starts_with("/assets/")).collect();
    assert_eq!(hashed.len(), 4, "{files:?}");
    for path in &files {
        assert_eq!(site.get(path).status, 200, "{path}");
    }
    for path in hashed {
        let plain = site.get(path);
        assert_eq!(plain.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("Vary"), Some("Accept-Encoding"));
        assert_eq!(plain.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(plain.header("Content-Encoding"), None);
        let zipped = site.ask("GET", path, &[("Accept-Encoding", "br, gzip;q=0.5")]);
        assert_eq!(zipped.header("Vary"), Some("Accept-Encoding"));
        assert!(unzipped(&zipped) == plain.body && zipped.body.len() < plain.body.len(), "{path}");
        for none in ["gzip;q=0", "br", "", "gzipped"] {
            let answer = site.ask("GET", path, &[("Accept-Encoding", none)]);
            assert_eq!(answer.header("Content-Encoding"), None, "{none}");
        }
        let (stem, ending) = path.rsplit_once('.').expect("an ending");
        let unknown = format!("{}000000000000.{ending}", &stem[..stem.len() - 12]);
        assert_not_found(&site.get(&unknown));
    }
    for path in ["/assets/", "/assets/tailwind.css", "/assets/../Cargo.toml", "/assets/%2e%2e%2fCargo.toml"] {
        assert_not_found(&site.get(path));
    }
}

// Headers

#[test]
fn every_page_has_a_strict_content_security_policy() {
    let site = Site::start();
    let made = sign_in(&site);
    let refused = site.ask("POST", "/", &[("Sec-Fetch-Site", "cross-site")]);
    for answer in [
        site.get("/"),
        site.get("/posts"),
        site.get("/posts/1"),
        site.get("/users/1"),
        site.get("/nothing"),
        site.get("/?after=x"),
        site.post("/"),
        refused,
        made,
    ] {
        let policy = answer.header("Content-Security-Policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        for part in ["script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.split("; ").any(|directive| directive == part), "{policy}");
        }
        assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(answer.header("X-Frame-Options"), Some("DENY"));
        assert_eq!(answer.header("Referrer-Policy"), Some("strict-origin-when-cross-origin"));
        assert_eq!(answer.header("Cache-Control"), Some("private, no-cache"));
        assert_eq!(answer.header("Strict-Transport-Security"), None, "this is plain HTTP");
        let html = answer.html();
        assert_eq!(texts(&html, "style, [style], [onclick], [onload], [onerror]"), [""; 0]);
        assert_eq!(texts(&html, "script:not([src])"), [""; 0]);
    }
}

#[test]
fn behind_a_trusted_proxy_with_tls_answers_have_hsts() {
    let site = Site::with(1, |config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    let answer = site.ask("GET", "/", &[("X-Forwarded-Proto", "https")]);
    assert!(answer.header("Strict-Transport-Security").is_some_and(|value| value.starts_with("max-age=")));
    let untrusting = Site::start().ask("GET", "/", &[("X-Forwarded-Proto", "https")]);
    assert_eq!(untrusting.header("Strict-Transport-Security"), None);
}

#[test]
fn an_unchanged_page_is_answered_with_304() {
    let site = Site::start();
    for path in ["/", "/posts", "/posts/1", "/users/1"] {
        // An age may reach the next minute between two requests: then the page has changed.
        let unchanged = eventually(path, || {
            let first = site.get(path);
            let tag = first.header("ETag").expect("a tag").to_owned();
            assert!(tag.starts_with("W/\""), "{tag}");
            let known = format!("\"other\", {tag}");
            let again = site.ask("GET", path, &[("If-None-Match", &known)]);
            assert_eq!(again.header("Vary"), first.header("Vary"));
            (again.status == 304 && again.header("ETag") == Some(&*tag)).then_some(again)
        });
        assert_eq!(unchanged.body, b"");
        assert_eq!(unchanged.header("Content-Length"), None);
        assert_eq!(unchanged.header("Vary"), Some("Accept-Encoding, Cookie, HX-Request-Type"));
    }
    let tag = site.get("/").header("ETag").expect("a tag").to_owned();
    let cookie = cookie(&sign_in(&site));
    let changed = site.ask("GET", "/", &[("If-None-Match", &tag)]);
    assert_eq!(changed.status, 200, "there is a new post");
    let tag = changed.header("ETag").expect("a tag").to_owned();
    let other = site.ask("GET", "/", &[("If-None-Match", &tag), ("Cookie", &cookie)]);
    assert_eq!(other.status, 200, "a user's page differs from a guest's");
    assert_eq!(site.ask("GET", "/", &[("If-None-Match", "W/\"x\"")]).status, 200);
}

#[test]
fn a_304_leaves_the_connection_in_sync() {
    let site = Site::start();
    let mut raw = Raw::connect(site.address);
    // An age may reach the next minute between two requests: then the page has changed.
    eventually("an unchanged page", || {
        raw.ask("GET", "/users/50", &[]);
        let tag = raw.answer().header("ETag").expect("a tag").to_owned();
        raw.ask("GET", "/users/50", &[("If-None-Match", &tag)]);
        (raw.answer().status == 304).then_some(())
    });
    raw.ask("GET", "/posts/1", &[]);
    assert_eq!(texts(&raw.answer().html(), "footer").len(), 1);
}

#[test]
fn a_compressed_page_has_equal_content() {
    let site = Site::start();
    for path in ["/", "/posts", "/posts/1", "/users/1"] {
        eventually(path, || {
            let plain = site.get(path);
            let zipped = site.ask("GET", path, &[("Accept-Encoding", "gzip, deflate, br")]);
            assert_eq!(zipped.status, 200);
            assert_eq!(plain.header("Content-Encoding"), None);
            assert_eq!(plain.header("Vary"), zipped.header("Vary"));
            assert!(zipped.body.len() < plain.body.len());
            (unzipped(&zipped) == plain.body).then_some(())
        });
        let refused = site.ask("GET", path, &[("Accept-Encoding", "gzip;q=0, br")]);
        assert_eq!(refused.header("Content-Encoding"), None);
    }
}

// Hints

#[test]
fn a_hint_explains_a_field() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let formatting = "Blank line: new paragraph. *Asterisks*: italics. `Backquotes` or two leading spaces: code. \
                      > Quote. - List. [Text](https://…): link.";
    let others = "SELECT min(id) FROM posts WHERE user_id <> 1";
    let flag = format!("/posts/{}/flag", number(&site.database(), others));
    for (path, hints) in [
        ("/posts/new", &["Leave empty for a text post.", formatting][..]),
        ("/posts/1", &[formatting]),
        ("/comments/1/reply", &[formatting]),
        (
            "/user/edit",
            &[
                "It can be changed 3 times in 30 days. Your profile shows the former name for 30 days, and no other user can take it for a year.",
                formatting,
                "8 characters minimum. Changing it signs you out everywhere else. Leave empty to keep your password.",
            ],
        ),
        ("/sign_up", &["30 characters at most.", "8 characters minimum."]),
        (&flag, &["Only if none of the above fits. Only admins will read it."]),
    ] {
        assert_eq!(texts(&client.get(path).html(), "main .field .hint"), hints, "{path}");
    }
    assert_eq!(texts(&client.get("/user/edit").html(), "legend"), ["Change password"]);
    assert_eq!(
        texts(&client.get("/preferences").html(), "main .hint"),
        ["Saved in this browser only. What the keys do."]
    );
    let keys = client.get("/keys").html();
    assert_eq!(texts(&keys, "#keys dd")[1], "goes to the previous one.");
    assert_eq!(
        texts(&keys, "#keys .hint"),
        ["In a text, on or off:", "They are ignored while you type or hold Ctrl, Alt or Command."]
    );
    assert_eq!(
        texts(&site.get("/search").html(), "#search_help"),
        [
            "Use \"quotes\" for an exact phrase; by:name, site:example.com, type:post and type:comment narrow the search."
        ]
    );
}

// Requests from other sites

#[test]
fn a_change_from_another_site_is_refused() {
    let site = Site::start();
    let database = site.database();
    let own = format!("http://{}", site.address);
    let sessions = || number(&database, "SELECT count(*) FROM sessions");
    for refused in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &own)],
        &[("Origin", "http://evil.example")],
        &[("Origin", "http://127.0.0.1")],
        &[("Origin", "null")],
        &[("Origin", "")],
    ] {
        let answer = site.ask("POST", "/benchmarking/post_show", refused);
        // An origin that is not the Host may be the site's own behind a proxy.
        let is_perhaps_own = matches!(refused, [("Origin", origin)] if origin.starts_with("http"));
        let advice = " If you see this on the site's own pages, its operator has to set --base-url to the \
                      address that your browser shows.";
        let sentence = "It was asked for by another site than this one.".to_owned();
        let sentence = if is_perhaps_own { sentence + advice } else { sentence };
        assert_error(&answer, 403, "The change you wanted was rejected.", &sentence);
        assert_eq!(answer.header("Set-Cookie"), None);
        assert_eq!(sessions(), 0, "{refused:?}");
    }
    for (before, passes) in [
        &[("Sec-Fetch-Site", "same-origin")][..],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://by.a.proxy")],
        &[("Origin", &own)],
        &[],
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(site.ask("POST", "/benchmarking/post_show", passes).status, 200, "{passes:?}");
        assert_eq!(sessions(), before as i64 + 1);
    }
    let link = [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.example")];
    assert_eq!(site.ask("GET", "/posts/1", &link).status, 200, "a link from another site works");
    assert_eq!(site.ask("HEAD", "/posts/1", &link).status, 200);
}

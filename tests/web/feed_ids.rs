//! The ids of feeds and of their entries never change: RFC 4287 §4.2.6.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use lorem_news::app::App;
use lorem_news::site::origin::Origin;
use roxmltree::Document;

use crate::client::Client;
use crate::harness::*;

/// One address of each kind of feed.
const FEEDS: [&str; 6] = [
    "/posts.atom",
    "/front.atom",
    "/posts/1.atom",
    "/users/1.atom",
    "/search.atom?q=title",
    "/search.atom?q=a+%26+b%C3%A9",
];
/// The number of migrations before the ids had a rule.
const BEFORE: usize = 7;

/// A database as a version before the rule left it: a user, a post and a comment.
fn older(path: &Path) {
    older_database(path, BEFORE)
        .execute_batch(
            "INSERT INTO users (screen_name, folded_name, created_at, updated_at, posts_count, comments_count)
                 VALUES ('Velit_000', 'velit_000', 1, 1, 1, 1);
             INSERT INTO profiles (user_id, password_hash) VALUES (1, '');
             INSERT INTO posts (user_id, created_at, updated_at, hotness, title, comments_count)
                 VALUES (1, 1, 1, 1, 'A title', 1);
             INSERT INTO descriptions (post_id, text) VALUES (1, 'A text');
             INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
                 VALUES (1, 1, 1, 1, 'A remark');",
        )
        .expect("the schema is known");
}

/// Starts the site on a database, with this base URL.
fn start(database: &Path, base_url: Option<&str>) -> Site {
    Site::with(0, |config| {
        config.database = database.to_owned();
        config.base_url = base_url.map(|url| Origin::parse(url).expect("an origin"));
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
}

/// The document of a feed for a request with these headers.
fn atom(site: &Site, path: &str, headers: &str) -> String {
    let mut raw = Raw::connect(site.address);
    raw.send(format!("GET {path} HTTP/1.1\r\n{headers}\r\n"));
    let answer = raw.answer();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text().to_owned()
}

/// The texts of the elements `id`: the feed's own, then those of its entries.
fn ids_in(atom: &str) -> Vec<String> {
    let document = Document::parse(atom).expect("XML");
    let ids = document.descendants().filter(|node| node.tag_name().name() == "id");
    ids.map(|id| id.text().expect("an id has a text").to_owned()).collect()
}

/// The ids of all feeds for a request to this host.
fn ids_at(site: &Site, host: &str) -> Vec<Vec<String>> {
    FEEDS.iter().map(|path| ids_in(&atom(site, path, &format!("Host: {host}\r\n")))).collect()
}

/// Panics unless each id is a UUID of version 5 in the form of RFC 9562 §4, and no two feeds or entries have
/// one in common.
fn assert_uuids(feeds: &[Vec<String>]) {
    for id in feeds.iter().flatten() {
        let digits = id.strip_prefix("urn:uuid:").unwrap_or_else(|| panic!("{id} is no UUID"));
        let lengths: Vec<usize> = digits.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{id}");
        assert!(digits[14..].starts_with('5') && "89ab".contains(&digits[19..20]), "{id}");
    }
    let own: BTreeSet<&String> = feeds.iter().map(|ids| &ids[0]).collect();
    assert_eq!(own.len(), FEEDS.len(), "each feed has an id of its own");
    for ids in feeds {
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }
    // The user's feed has the entries of the post's and of the newest posts.
    let [newest, _, of_post, of_user, ..] = feeds else { panic!("{feeds:?}") };
    let entries = |ids: &[String]| ids[1..].iter().cloned().collect::<BTreeSet<_>>();
    assert!(!entries(of_user).is_disjoint(&entries(newest)), "a post has one id in all feeds");
    assert!(!entries(of_user).is_disjoint(&entries(of_post)), "a comment has one id in all feeds");
}

fn stored_prefix(database: &Path) -> Option<String> {
    open(database).query_row("SELECT prefix FROM feed_ids", [], |row| row.get(0)).expect("one row")
}

#[test]
fn ids_depend_neither_on_host_nor_on_scheme_nor_on_the_base_url() {
    let (_folder, database) = folder();
    older(&database);
    let site = start(&database, None);
    eventually("the words are indexed", || (ids_at(&site, "a.example")[4].len() == 2).then_some(()));
    let ids = ids_at(&site, "news.example");
    assert_uuids(&ids);
    assert_eq!(ids_at(&site, "[::1]:3000"), ids);
    for (path, ids) in FEEDS.iter().zip(&ids) {
        let by_https = "Host: www.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n";
        let secure = atom(&site, path, by_https);
        assert_eq!(ids_in(&secure), *ids, "{path}");
        let secure_self = format!("href=\"https://www.example{}\"", path.replace('&', "&amp;"));
        assert!(secure.contains(&secure_self), "links follow the request: {secure}");
    }
    drop(site);
    for base_url in [Some("https://news.example"), Some("http://other.example:8080"), None] {
        let site = start(&database, base_url);
        assert_eq!(ids_at(&site, "a.example"), ids, "{base_url:?}");
        let origin = base_url.unwrap_or("http://a.example");
        let newest = atom(&site, "/posts.atom", "Host: a.example\r\n");
        assert!(newest.contains(&format!(
            "<link rel=\"self\" type=\"application/atom+xml\" href=\"{origin}/posts.atom\"/>"
        )));
    }
}

#[test]
fn an_older_database_that_is_first_served_with_a_base_url_keeps_its_urls() {
    let (_folder, database) = folder();
    older(&database);
    let urls = [
        vec!["https://news.example/posts.atom", "https://news.example/posts/1"],
        vec!["https://news.example/front.atom", "https://news.example/posts/1"],
        vec!["https://news.example/posts/1.atom", "https://news.example/comments/1"],
        vec![
            "https://news.example/users/1.atom",
            "https://news.example/posts/1",
            "https://news.example/comments/1",
        ],
    ];
    // Also when the address changes, or is not known any more.
    for base_url in [Some("https://News.example/"), Some("https://moved.example"), None] {
        let site = start(&database, base_url);
        let ids = ids_at(&site, "a.example");
        assert_eq!(ids[..4], urls, "{base_url:?}");
        assert_eq!(ids[4][0], "https://news.example/search.atom?q=title");
    }
    assert_eq!(stored_prefix(&database).as_deref(), Some("https://news.example"));
    // A copy has the ids of its original.
    let copy = database.with_file_name("copy.sqlite3");
    let (from, to) = (database.to_str().expect("UTF-8"), copy.to_str().expect("UTF-8"));
    assert!(run(&["backup", "--database", from, to]).status.success());
    assert_eq!(ids_at(&start(&copy, Some("https://copy.example")), "a.example")[..4], urls);
}

#[test]
fn a_new_database_has_ids_of_its_own_even_with_a_base_url() {
    let (_folder, database) = folder();
    let program = Program::serve(&database, &["--base-url", "https://news.example"]);
    program.await_log("the ids in feeds begin with urn:uuid:");
    assert!(!program.log().contains("--base-url is not set"), "{}", program.log());
    drop(program);
    let (_other_folder, other) = folder();
    drop(start(&other, None));
    let prefixes = [&database, &other].map(|path| stored_prefix(path).expect("it is settled"));
    assert_ne!(prefixes[0], prefixes[1], "no two databases have ids in common");
    // Filled later, it is no older database.
    let site = start(&other, Some("https://news.example"));
    assert_eq!(Client::new(&site).sign_up("somebody").status, 303);
    drop(site);
    let site = start(&other, Some("https://news.example"));
    assert!(ids_in(&atom(&site, "/users/1.atom", "Host: a.example\r\n"))[0].starts_with("urn:uuid:"));
}

#[test]
fn only_a_server_settles_the_ids_and_it_settles_them_once() {
    let (_folder, database) = folder();
    older(&database);
    let path = database.to_str().expect("UTF-8");
    assert!(run(&["migrate", "--database", path]).status.success());
    assert_eq!(stored_prefix(&database), None, "a command does not know the base URL");
    let names = ["https://a.example", "https://b.example", "https://c.example"];
    let together = Barrier::new(names.len());
    let seen: BTreeSet<String> = thread::scope(|scope| {
        let open_at_once = |name: &'static str| {
            let (database, together) = (&database, &together);
            scope.spawn(move || {
                let base_url = Some(Origin::parse(name).expect("an origin"));
                together.wait();
                let app = App::open(lorem_news::site::config::Config { base_url, ..config(database) });
                app.expect("the database opens").site.feed_ids.to_string()
            })
        };
        let opened = names.map(open_at_once);
        opened.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(stored_prefix(&database), seen.into_iter().next());
}

#[test]
fn serve_warns_without_a_base_url_and_demo_does_not() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    Program::serve(&database, &[]).await_log("--base-url is not set: the links in feeds, sitemaps");
    let mut demo = program(&["demo", "--listen", "127.0.0.1:0"]);
    demo.arg("--database").arg(&database).env("RUST_LOG", "info");
    let demo = Program::start(demo);
    assert_eq!(demo.get("/posts.atom").status, 200);
    demo.await_log("GET /posts.atom");
    assert!(!demo.log().contains("--base-url"), "{}", demo.log());
}

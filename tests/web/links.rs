//! Posts with a URL: creating, changing, posting one again, the prefilled form, and the list of a site.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use lorem_news::post::link::{self, NewLink};
use lorem_news::post::{self, NewPost};
use lorem_news::types::id::UserId;
use lorem_news::types::time::{DAY, Timestamp};
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::contract::is_bookmarklet;
use crate::harness::*;
use crate::seen::*;

const SCHEME: &str = "URL must begin with http:// or https://";
const HOST: &str = "URL must lead to a host with a name, such as example.com";
const TAKEN: &str = "URL has been posted in the last 30 days";
const REL: &str = "nofollow ugc noopener";
const MADE: &str = "Post was successfully created.";
const VOTED: &str = "Already posted — your vote was added. Post it anyway";
const THERE: &str = "That was already posted. Post it anyway";

fn link(url: &str) -> NewLink {
    link::parse(url).expect(url)
}

/// Creates a post of a user with this URL and this age.
pub fn post_of(database: &Connection, user_id: i64, title: &str, url: &str, age: Duration) -> i64 {
    let link = link(url);
    let new = NewPost {
        user_id: UserId::new(user_id),
        title,
        link: Some(&link),
        description: "",
        created_at: Timestamp::now() - age,
    };
    post::sql::create(database, &new).expect("it is posted").expect("the title is free").get()
}

fn newest(database: &Connection) -> i64 {
    number(database, "SELECT max(id) FROM posts")
}

/// The selector of the post's row in a list.
fn row_of(id: i64) -> String {
    format!("ol.posts > li:has(#post_points_{id})")
}

/// The ids of the posts in a list, in order.
pub fn listed(html: &Html) -> Vec<i64> {
    let ids = attributes(html, "ol.posts > li > p > span", "id");
    ids.iter().map(|id| id.strip_prefix("post_points_").and_then(|id| id.parse().ok()).expect(id)).collect()
}

/// The URL, site and address of a post as JSON; `null` for a post without a URL.
fn row(database: &Connection, id: i64) -> String {
    one(database, &format!("SELECT json_array(url, site, address) FROM posts WHERE id = {id}"))
}

fn points(database: &Connection, id: i64) -> i64 {
    number(database, &format!("SELECT score FROM posts WHERE id = {id}"))
}

#[test]
fn a_post_with_a_url_links_out_from_lists_and_from_its_page() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let long = format!("https://www.Example.com/{}?b=2&a=1#end", "long-".repeat(20));
    for (title, given, url, behind, description) in [
        (
            "A link and a text",
            "  HTTPS://github.com/Somebody/a?x=<&\"'>  ",
            "HTTPS://github.com/Somebody/a?x=<&\"'>",
            "github.com/somebody",
            "Why it matters.",
        ),
        ("A link alone", &long, &long, "example.com", ""),
    ] {
        let answer = client.post("/posts", &[("title", title), ("url", given), ("description", description)]);
        let id = newest(&database);
        let page = client.follow(&answer).html();
        assert_eq!(notices(&page), [MADE]);
        assert_eq!(texts(&page, "h1"), [title]);
        let shown: String = url.chars().take(60).collect();
        let end = if url.chars().count() > 60 { "…" } else { "" };
        assert_eq!(texts(&page, "p.source"), [format!("{shown}{end} ({behind})")]);
        assert_eq!(texts(&page, "div.prose"), [description]);
        let from = format!("/from?site={behind}");
        assert_eq!(attributes(&page, "p.source a", "href"), [url, &from]);
        assert_eq!(attributes(&page, "p.source a", "rel"), [REL]);
        for path in ["/", "/posts", &*from, &format!("/users/{}", client.user_id)] {
            let html = client.get(path).html();
            let row = row_of(id);
            assert_eq!(attributes(&html, &format!("{row} > a"), "href"), [url], "{path}");
            assert_eq!(attributes(&html, &format!("{row} > a"), "rel"), [REL], "{path}");
            assert_eq!(texts(&html, &format!("{row} > .site")), [format!("({behind})")], "{path}");
            assert_eq!(attributes(&html, &format!("{row} .site a"), "href"), [&*from], "{path}");
            let own = format!("/posts/{id}");
            assert!(attributes(&html, &format!("{row} p a"), "href").contains(&own), "{path}");
        }
        assert_eq!(
            row(&database, id),
            one::<String>(
                &database,
                &format!(
                    "SELECT json_array(url, '{behind}', address) FROM posts WHERE id = {id} AND url IS NOT NULL"
                )
            )
        );
    }
    assert_sound(&database);
}

#[test]
fn a_title_alone_and_a_title_with_a_text_are_no_links() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    for (title, url, description) in
        [("A title alone", "", ""), ("A title and a text", " \u{200b} ", "Some text.")]
    {
        let form = [("title", title), ("url", url), ("description", description)];
        assert_eq!(texts(&client.follow(&client.post("/posts", &form)).html(), "p.source, .site"), [""; 0]);
        let id = newest(&database);
        assert_eq!(row(&database, id), "[null,null,null]");
        let html = client.get("/posts").html();
        assert_eq!(attributes(&html, &format!("{} > a", row_of(id)), "href"), [format!("/posts/{id}")]);
    }
}

/// URLs that are refused, each with its error message.
fn hostile() -> Vec<(String, &'static str)> {
    let spaced = "URL can't have spaces or invisible characters";
    let user = "URL can't have a user name or password";
    vec![
        ("javascript:alert(1)".into(), SCHEME),
        (" jAvAsCrIpT:alert(1)//https://example.com".into(), SCHEME),
        ("data:text/html,<script>alert(1)</script>".into(), SCHEME),
        ("//example.com".into(), SCHEME),
        ("example".into(), SCHEME),
        ("example.com:secret@example.org".into(), SCHEME),
        ("\"><script>alert(1)</script>".into(), SCHEME),
        ("https:example.com".into(), SCHEME),
        ("https://example.com/a b".into(), spaced),
        ("https://exa\u{200b}mple.com/".into(), spaced),
        ("https://example.com@evil.example/".into(), user),
        ("https://somebody:secret@example.com/".into(), user),
        ("http://localhost:3000/user/delete".into(), HOST),
        ("http://127.0.0.1/".into(), HOST),
        ("http://0300.0250.1/".into(), HOST),
        ("http://[::1]/".into(), HOST),
        ("https://".into(), HOST),
        ("https://example.com:123456/".into(), HOST),
        (format!("https://example.com/{}", "a".repeat(1981)), "URL is too long (maximum is 2000 bytes)"),
    ]
}

#[test]
fn an_invalid_url_is_reported_at_its_field() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let own = post_of(&database, 1, "A post of mine", "https://mine.example/", DAY);
    let (before, number) = (row(&database, own), newest(&database));
    for (url, sentence) in hostile() {
        for (path, method, title) in [
            ("/posts".to_owned(), "post", "A new title"),
            (format!("/posts/{own}"), "patch", "Its new title"),
        ] {
            let form = [("_method", method), ("title", title), ("url", &url), ("description", "Kept text")];
            let answer = client.post(&path, &form);
            assert_eq!(answer.status, 422, "{url}");
            assert!(!answer.text().contains("<script>"), "{url}");
            let html = answer.html();
            assert_refused(&html, "post", &[sentence]);
            assert_eq!(line(&answer, "url"), url.trim(), "the typed URL is shown");
            assert_eq!(
                (line(&answer, "title"), area(&answer, "description")),
                (title.into(), "Kept text".into())
            );
            assert_eq!(attributes(&html, "#url", "aria-invalid"), ["true"]);
            assert_eq!(attributes(&html, "#url", "aria-describedby"), ["url_hint url_errors"]);
            assert_eq!(texts(&html, "#url_errors p"), [sentence]);
        }
    }
    assert_eq!((row(&database, own), newest(&database)), (before, number));
    // All errors are shown at once.
    let answer = client.post("/posts", &[("title", ""), ("url", "x")]);
    assert_refused(&answer.html(), "post", &["Title can't be blank", SCHEME]);
}

#[test]
fn a_url_can_be_changed_removed_and_added() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let id = post_of(&database, 1, "A post of mine", "https://mine.example/a", DAY);
    let path = format!("/posts/{id}");
    let edit = client.get(&format!("{path}/edit"));
    assert_eq!(line(&edit, "url"), "https://mine.example/a");
    for (number, (url, kept)) in [
        (None, r#"["https://mine.example/a","mine.example","mine.example/a"]"#),
        (Some("https://mine.example/A/"), r#"["https://mine.example/A/","mine.example","mine.example/A"]"#),
        (Some("  "), "[null,null,null]"),
        (
            Some("http://www.other.example/?a"),
            r#"["http://www.other.example/?a","other.example","other.example?a"]"#,
        ),
        (None, r#"["http://www.other.example/?a","other.example","other.example?a"]"#),
        (Some(""), "[null,null,null]"),
    ]
    .into_iter()
    .enumerate()
    {
        let title = format!("Its title {number}");
        let mut form = vec![("title", &*title)];
        form.extend(url.map(|url| ("url", url)));
        // Twice, since the change is idempotent, and by htmx.
        for _ in 0..2 {
            let answer = client.ask("PATCH", &path, &form, &[("Sec-Fetch-Site", "same-origin")]);
            assert_done(&client, &answer, &path, "Post was successfully updated.");
            assert_leads_htmx_to(&client.htmx("PATCH", &path, &form), 200, &path);
            client.get(&path);
            assert_eq!(row(&database, id), kept);
        }
    }
    assert_sound(&database);
}

#[test]
fn only_the_author_changes_the_url_of_a_post() {
    let site = Site::start();
    let database = site.database();
    let id = post_of(&database, 1, "A post of another", "https://mine.example/a", DAY);
    let (path, before) = (format!("/posts/{id}"), row(&database, id));
    let form = [("_method", "patch"), ("url", "https://evil.example")];
    let other = Client::signed_in_as(&site, 2);
    for _ in 0..2 {
        assert_page_of_error(&other, &other.post(&path, &form), 403, REJECTED);
        assert_alert(
            &other.htmx("POST", &path, &form),
            403,
            "The change you wanted was rejected. Only the author of a post can change it.",
        );
    }
    let guest = Client::new(&site);
    assert_leads_to_sign_in(
        &guest.post(&path, &form),
        &guest.htmx("POST", &path, &form),
        &format!("{path}/edit"),
    );
    assert_eq!(row(&database, id), before);
}

#[test]
fn a_url_typed_by_a_guest_is_in_the_form_after_signing_in() {
    let site = Site::start();
    let database = site.database();
    let own = post_of(&database, 1, "A post of mine", "https://mine.example/", DAY);
    for (path, back, method) in [
        ("/posts".to_owned(), "/posts/new".to_owned(), "post"),
        (format!("/posts/{own}"), format!("/posts/{own}/edit"), "patch"),
    ] {
        for htmx in [false, true] {
            let guest = Client::new(&site);
            let url = "https://example.com/?a=1&b=\"2\"";
            let form = [("_method", method), ("title", "A guest's title"), ("url", url)];
            let answer = if htmx { guest.htmx("POST", &path, &form) } else { guest.post(&path, &form) };
            let to =
                answer.header("Location").or(answer.header("HX-Redirect")).expect("it leads to signing in");
            assert!(to.starts_with("/sign_in?return_to="), "{to}");
            guest.set_cookie("session", &Client::signed_in(&site).cookie("session").expect("a session"));
            let page = guest.get(&back);
            assert_eq!(
                (line(&page, "url"), line(&page, "title")),
                (url.into(), "A guest's title".into()),
                "{path}"
            );
        }
    }
}

// Posting a URL again

#[test]
fn posting_a_known_url_votes_for_the_existing_post() {
    let site = Site::start();
    let database = site.database();
    let id = post_of(&database, 1, "The first post", "https://example.com/a?b=1", 29 * DAY);
    let (page, path, newest_before) =
        (format!("/posts/{id}"), format!("/posts/{id}#comment"), newest(&database));
    let client = Client::signed_in_as(&site, 2);
    for (title, url) in [
        // The title may be that of the existing post, or another.
        ("The first post", "http://www.example.com/a/?utm_source=me&b=1#top"),
        ("Another title", "https://example.com/a?b=1"),
    ] {
        let again = [("title", title), ("url", url)];
        let notice = if title == "The first post" { VOTED } else { THERE };
        assert_done(&client, &client.post("/posts", &again), &path, notice);
        assert_eq!(points(&database, id), 2);
        assert_done(&client, &client.post("/posts", &again), &path, THERE);
    }
    let by_htmx = Client::signed_in_as(&site, 3);
    let answer =
        by_htmx.htmx("POST", "/posts", &[("title", "By a script"), ("url", "https://example.com/a?b=1")]);
    assert_leads_htmx_to(&answer, 200, &path);
    assert_eq!(notices(&by_htmx.get(&page).html()), [VOTED]);
    let author = Client::signed_in_as(&site, 1);
    assert_done(
        &author,
        &author.post("/posts", &[("title", "Mine again"), ("url", "https://example.com/a?b=1")]),
        &path,
        THERE,
    );
    assert_eq!((points(&database, id), newest(&database)), (3, newest_before));
    assert_eq!(number(&database, "SELECT karma FROM users WHERE id = 1"), 2);
    assert_eq!(attributes(&client.get(&page).html(), &format!("#post_arrow_{id}"), "aria-pressed"), ["true"]);
    assert_sound(&database);
}

#[test]
fn only_a_recent_existing_post_with_an_equal_url_counts() {
    let site = Site::start();
    let database = site.database();
    post_of(&database, 1, "An old post", "https://example.com/a", 30 * DAY + Duration::from_secs(1));
    let gone = post_of(&database, 1, "A post that is gone", "https://example.com/b", DAY);
    let client = Client::signed_in(&site);
    assert_eq!(client.post(&format!("/posts/{gone}"), &[("_method", "delete")]).status, 303);
    let kept = post_of(&database, 1, "A post that is emptied", "https://example.com/c", DAY);
    database
        .execute("UPDATE posts SET deleted_at = 1, title = NULL WHERE id = ?1", [kept])
        .expect("the schema is known");
    for (title, url) in [
        ("To the first page", "https://example.com/a"),
        ("To the second page", "https://example.com/b"),
        ("To the third page", "https://example.com/c"),
        ("To another page", "https://example.com/B"),
    ] {
        let answer = client.post("/posts", &[("title", title), ("url", url)]);
        let id = newest(&database);
        assert_done(&client, &answer, &format!("/posts/{id}"), MADE);
        assert_eq!(texts(&client.get(&format!("/posts/{id}")).html(), "h1"), [title]);
    }
    // A title that another post has is still taken.
    let answer = client.post("/posts", &[("title", "To another page"), ("url", "https://example.com/new")]);
    assert_refused(&answer.html(), "post", &["Title has already been taken"]);
    // Errors in other fields come before the redirect to the existing post.
    let answer = client.post("/posts", &[("title", "abc"), ("url", "https://example.com/a")]);
    assert_refused(&answer.html(), "post", &["Title is too short (minimum is 5 characters)"]);
}

#[test]
fn a_post_cannot_be_changed_to_the_url_of_another() {
    let site = Site::start();
    let database = site.database();
    let first = post_of(&database, 2, "The first post", "https://example.com/a", DAY);
    let old = post_of(&database, 2, "An old post", "https://example.com/old", 40 * DAY);
    let id = post_of(&database, 1, "A post of mine", "https://example.com/b", DAY);
    let (path, before) = (format!("/posts/{id}"), row(&database, id));
    let client = Client::signed_in(&site);
    for htmx in [false, true] {
        let form = [("title", "A post of mine"), ("url", "http://example.com/a/")];
        let answer =
            if htmx { client.htmx("PATCH", &path, &form) } else { client.ask("PATCH", &path, &form, &[]) };
        assert_eq!(answer.status, 422);
        assert_refused(&answer.html(), "post", &[TAKEN]);
        assert_eq!(line(&answer, "url"), "http://example.com/a/");
    }
    assert_eq!((row(&database, id), points(&database, first)), (before, 1), "no vote is added");
    let answer =
        client.ask("PATCH", &path, &[("title", "The first post"), ("url", "https://example.com/a")], &[]);
    assert_refused(&answer.html(), "post", &[TAKEN, "Title has already been taken"]);
    for url in ["https://example.com/old", "https://example.com/b#c", "https://example.com/b"] {
        assert_eq!(client.ask("PATCH", &path, &[("url", url)], &[]).status, 303, "{url}");
    }
    // The first post with a URL can be changed although another has that URL, too.
    let author = Client::signed_in_as(&site, 2);
    database
        .execute("UPDATE posts SET address = 'example.com/old' WHERE id = ?1", [id])
        .expect("the schema is known");
    assert_eq!(author.ask("PATCH", &format!("/posts/{old}"), &[("title", "Its new title")], &[]).status, 303);
    assert_sound(&database);
}

#[test]
fn of_fifty_concurrent_posts_of_one_url_one_is_made_and_the_others_vote() {
    let site = Site::start();
    let clients: Vec<Client> = (1..=50).map(|user_id| Client::signed_in_as(&site, user_id)).collect();
    let together = Barrier::new(clients.len());
    let answers: Vec<Answer> = thread::scope(|scope| {
        let sent: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(number, client)| {
                let together = &together;
                scope.spawn(move || {
                    let title = format!("Title {}", number % 10);
                    let url = format!("https://www.example.com/a/?utm_campaign={number}");
                    together.wait();
                    client.post("/posts", &[("title", &title), ("url", &url)])
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let database = site.database();
    assert_eq!(number(&database, "SELECT count(*) FROM posts WHERE address = 'example.com/a'"), 1);
    assert_eq!(number(&database, "SELECT count(*) FROM posts"), 21);
    let id = newest(&database);
    let mut notices: Vec<String> = Vec::new();
    for (client, answer) in clients.iter().zip(&answers) {
        let location = answer.header("Location").expect("a redirect");
        assert_eq!((answer.status, location.trim_end_matches("#comment")), (303, &*format!("/posts/{id}")));
        notices.extend(flash(&client.follow(answer)));
    }
    notices.sort();
    assert_eq!(notices, [vec![VOTED; 49], vec![MADE]].concat());
    assert_eq!((points(&database, id), number(&database, "SELECT count(*) FROM post_votes")), (50, 49));
    assert_sound(&database);
}

#[test]
fn sending_a_new_url_twice_creates_one_post() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let form = [("title", "A nervous finger"), ("url", "https://example.com/a")];
    let answers = [client.post("/posts", &form), client.post("/posts", &form)];
    let database = site.database();
    let path = format!("/posts/{}", newest(&database));
    assert_leads_to(&answers[0], &path);
    assert_done(&client, &answers[1], &format!("{path}#comment"), THERE);
    assert_eq!(points(&database, newest(&database)), 1);
}

// The prefilled form

#[test]
fn a_query_prefills_the_form() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let url = "https://example.com/?a=1&b=%C3%A9";
    let long = "é".repeat(300);
    for (query, filled) in [
        (vec![("url", url), ("title", "  A \"title\"\n of <theirs> ")], (url, "A \"title\" of <theirs>", "")),
        (vec![("text", "One\r\ntwo\0"), ("title", "")], ("", "", "One\ntwo")),
        (vec![("description", "One"), ("text", "two")], ("", "", "One")),
        (vec![("title", &*long), ("url", "javascript:alert(1)")], ("javascript:alert(1)", &long[..510], "")),
        (vec![("user_id", "7")], ("", "", "")),
    ] {
        let query = serde_urlencoded::to_string(&query).expect("strings can be encoded");
        let page = client.get(&format!("/posts/new?{query}"));
        assert_eq!(page.status, 200);
        let there = (line(&page, "url"), line(&page, "title"), area(&page, "description"));
        assert_eq!(there, (filled.0.into(), filled.1.into(), filled.2.into()), "{query}");
        assert_eq!(texts(&page.html(), "div.errors, div.error"), [""; 0]);
    }
    for query in ["url=%ff", "url", "&&&", "%", "=", &"a=1&".repeat(200), "url=%00"] {
        let page = client.get(&format!("/posts/new?{query}"));
        assert_eq!((page.status, line(&page, "url")), (200, String::new()), "{query}");
    }
}

#[test]
fn a_guest_finds_the_prefilled_form_after_signing_in() {
    let site = Site::start();
    let guest = Client::new(&site);
    let answer = guest.get("/posts/new?url=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D2&title=A+title");
    let page = guest.follow(&answer);
    let return_to = line(&page, "return_to");
    let name = name_of(&site.database(), 1);
    let form = [("screen_name", &*name), ("password", "password"), ("return_to", &return_to)];
    let page = guest.follow(&guest.post("/sessions", &form));
    assert_eq!(
        (line(&page, "url"), line(&page, "title")),
        ("https://example.com/?a=1&b=2".into(), "A title".into())
    );
}

#[test]
fn the_form_offers_a_bookmarklet_for_this_site() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for answer in [client.get("/posts/new"), client.post("/posts", &[("title", "")])] {
        let hrefs = attributes(&answer.html(), "main > p.hint a", "href");
        assert_eq!(hrefs.len(), 1);
        assert!(is_bookmarklet(&hrefs[0]) && hrefs[0].contains(&site.address.to_string()), "{hrefs:?}");
        assert_eq!(
            texts(&answer.html(), "main > p.hint"),
            [
                "Drag this to your bookmarks bar. It opens this form, filled in with the page you are on: Post to Lorem News"
            ]
        );
    }
    // A hostile Host header is not repeated.
    let (name, session) = (site.cookie_names.full("session"), client.cookie("session").expect("a session"));
    let mut raw = Raw::connect(site.address);
    raw.send(format!("GET /posts/new HTTP/1.1\r\nHost: a'+alert(1)+'\r\nCookie: {name}={session}\r\n\r\n"));
    let answer = raw.answer();
    assert!(!answer.text().contains("alert(1)") && !answer.text().contains("javascript:"));
}

// The list of a site

#[test]
fn the_posts_of_a_site_are_listed_newest_first() {
    let site = Site::start();
    let database = site.database();
    let mut expected = Vec::new();
    for number in 0..70 {
        // Many have equal times: then the id decides.
        let (title, url) = (format!("Number {number}"), format!("https://github.com/somebody/{number}"));
        expected.push((post_of(&database, 1, &title, &url, Duration::ZERO), number / 20));
        post_of(
            &database,
            1,
            &format!("Other {number}"),
            &format!("https://github.com/other/{number}"),
            Duration::ZERO,
        );
    }
    for (id, minute) in &expected {
        let sql = "UPDATE posts SET created_at = 1700000000000000 + ?2 WHERE id = ?1";
        database.execute(sql, [*id, *minute]).expect("the schema is known");
    }
    expected.sort_by_key(|(id, minute)| (-minute, -id));
    let mut found = Vec::new();
    let mut path = "/from?site=GitHub.com/Somebody".to_owned();
    loop {
        let answer = site.get(&path);
        assert_eq!(answer.status, 200);
        let html = answer.html();
        assert_eq!(texts(&html, "h1"), ["Posts from github.com/somebody"]);
        found.extend(listed(&html));
        post_of(
            &database,
            2,
            &format!("New {path}"),
            &format!("https://github.com/somebody/{path}"),
            Duration::ZERO,
        );
        let Some(next) = attributes(&html, "nav.pager a[rel=next]", "href").pop() else { break };
        path = next;
    }
    let expected: Vec<i64> = expected.iter().map(|(id, _)| *id).collect();
    assert_eq!(found, expected, "without the posts made meanwhile");
}

#[test]
fn a_site_with_an_international_name_is_found_by_its_link() {
    let site = Site::start();
    let id = post_of(&site.database(), 1, "Books of yore", "https://bücher.example/ä?ö", Duration::ZERO);
    let html = site.get("/posts").html();
    let [from] = &attributes(&html, &format!("{} .site a", row_of(id)), "href")[..] else {
        panic!("one link")
    };
    assert_eq!(from, "/from?site=b%C3%BCcher.example");
    assert_eq!(listed(&site.get(from).html()), [id]);
    assert_eq!(listed(&site.get("/from?site=www.b%C3%BCcher.example").html()), [id]);
}

#[test]
fn an_unknown_site_has_an_empty_list_and_an_invalid_one_is_404() {
    let site = Site::start();
    for query in ["?site=unknown.example", "?site=WWW.unknown.example"] {
        let answer = site.get(&format!("/from{query}"));
        assert_eq!(answer.status, 200, "{query}");
        let html = answer.html();
        assert_eq!(texts(&html, "h1"), ["Posts from unknown.example"], "{query}");
        assert_eq!(texts(&html, "main p.empty"), ["Nobody has posted a link to it yet."]);
    }
    let guest = Client::new(&site);
    for query in [
        "",
        "?site=",
        "?site=%3Cscript%3E.example",
        "?site=You+have+won.+Call+us",
        "?site=%ff.example",
        "?site=%00.example",
        &format!("?site={}.example", "a".repeat(10_000)),
        "?site='+OR+1=1.--",
        "?after=1-2",
    ] {
        assert_page_of_error(&guest, &guest.get(&format!("/from{query}")), 404, NOT_FOUND);
    }
    assert_eq!(site.get("/from?site=unknown.example&after=x").status, 400);
    assert_eq!(site.post("/from?site=unknown.example").status, 405);
}

//! Documents for programs: feeds, link previews, sitemaps. Parsed with independent libraries.

use std::collections::BTreeSet;
use std::io::Read;

use feed_rs::model::{Entry, Feed, FeedType, Link};
use flate2::read::GzDecoder;
use lorem_news::comment::{self, NewComment};
use lorem_news::post::{self, NewPost};
use lorem_news::site::origin::Origin;
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::Timestamp;
use roxmltree::{Document, Node};
use rusqlite::{Connection, params};

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const SITEMAP: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

fn children<'d>(node: Node<'d, 'd>, name: &str) -> Vec<Node<'d, 'd>> {
    node.children().filter(|child| child.tag_name().name() == name).collect()
}

/// The text of the only child with this name. Panics unless there is exactly one.
fn only<'d>(node: Node<'d, 'd>, name: &str) -> &'d str {
    let children = children(node, name);
    assert_eq!(children.len(), 1, "{name}");
    children[0].text().unwrap_or_default()
}

/// The address of the only link with this `rel`.
fn link<'d>(node: Node<'d, 'd>, rel: &str) -> &'d str {
    let links: Vec<_> =
        children(node, "link").into_iter().filter(|link| link.attribute("rel") == Some(rel)).collect();
    assert_eq!(links.len(), 1, "{rel}");
    links[0].attribute("href").expect("a link leads somewhere")
}

/// The parsed feed. Panics unless it follows RFC 4287 §4.1 and RFC 3339.
fn parsed(site: &Site, path: &str) -> Feed {
    let answer = site.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("application/atom+xml; charset=utf-8"));
    checked(&answer, &format!("http://{}", site.address), path)
}

fn checked(answer: &Answer, origin: &str, path: &str) -> Feed {
    let document =
        Document::parse(answer.text()).unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
    let root = document.root_element();
    assert!(root.has_tag_name((ATOM, "feed")));
    assert_eq!(root.attribute(("http://www.w3.org/XML/1998/namespace", "lang")), Some("en"));
    assert_eq!(link(root, "self"), format!("{origin}{path}"));
    assert!(link(root, "alternate").starts_with(origin) && !link(root, "alternate").contains(".atom"));
    let mut ids = BTreeSet::from([only(root, "id")]);
    let updated = |node| only(node, "updated").parse::<jiff::Timestamp>().expect("RFC 3339");
    for entry in children(root, "entry") {
        assert!(entry.has_tag_name((ATOM, "entry")));
        assert!(ids.insert(only(entry, "id")), "{} is there twice", only(entry, "id"));
        assert!(link(entry, "alternate").starts_with(origin));
        assert!(!only(entry, "title").is_empty());
        assert!(updated(entry) <= updated(root));
        let published: jiff::Timestamp = only(entry, "published").parse().expect("RFC 3339");
        assert!(published <= updated(entry));
        assert!(!only(children(entry, "author")[0], "name").is_empty());
        assert_eq!(children(entry, "content")[0].attribute("type"), Some("html"));
        only(entry, "content");
    }
    let feed = feed_rs::parser::parse(answer.body.as_slice()).expect("a feed");
    assert_eq!(feed.feed_type, FeedType::Atom);
    feed
}

/// The paths of the entries, in order.
fn entries(site: &Site, feed: &Feed) -> Vec<String> {
    let origin = format!("http://{}", site.address);
    let path = |address: &str| address.strip_prefix(&origin).expect("it is on this site").to_owned();
    feed.entries.iter().map(|entry| path(page_of(entry))).collect()
}

/// The address of the page that an entry leads to.
fn page_of(entry: &Entry) -> &str {
    let is_page = |link: &&Link| link.rel.as_deref() == Some("alternate");
    &entry.links.iter().find(is_page).expect("an entry leads to its page").href
}

fn paths(noun: &str, ids: Vec<i64>) -> Vec<String> {
    ids.into_iter().map(|id| format!("/{noun}/{id}")).collect()
}

fn title(feed: &Feed) -> &str {
    &feed.title.as_ref().expect("a feed has a title").content
}

fn post(database: &Connection, title: &str, description: &str) -> i64 {
    let new =
        NewPost { user_id: UserId::new(1), title, link: None, description, created_at: Timestamp::now() };
    post::sql::create(database, &new).expect("it is posted").expect("the title is free").get()
}

fn comment(database: &Connection, post_id: i64, body: &str) -> i64 {
    let new = NewComment {
        post_id: PostId::new(post_id),
        parent_id: None,
        user_id: UserId::new(2),
        body,
        created_at: Timestamp::now(),
    };
    comment::sql::create(database, &new).expect("it can be made").get()
}

/// The answer to a request with this Host header.
fn ask_host(site: &Site, path: &str, host: &str, more: &str) -> Answer {
    let mut raw = Raw::connect(site.address);
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"));
    raw.answer()
}

#[test]
fn the_feeds_of_posts_have_the_first_posts_of_their_lists() {
    let site = Site::with(40, |_| {});
    let database = site.database();
    database.execute_batch("UPDATE posts SET deleted_at = 1, title = NULL WHERE id % 10 = 0").expect("known");
    for (path, heading, order) in
        [("/posts.atom", "Recent posts", "created_at"), ("/front.atom", "Top posts", "hotness")]
    {
        let feed = parsed(&site, path);
        let sql =
            format!("SELECT id FROM posts WHERE deleted_at IS NULL ORDER BY {order} DESC, id DESC LIMIT 30");
        assert_eq!(entries(&site, &feed), paths("posts", ids(&database, &sql)), "{path}");
        assert_eq!(title(&feed), format!("{heading} · Lorem News"));
    }
}

#[test]
fn an_entry_has_the_text_times_and_author_of_its_post() {
    let site = Site::start();
    let database = site.database();
    let id = post(&database, "Fish & <chips>", "One *two*.\n\nhttp://a.example/?b&c");
    database
        .execute("UPDATE posts SET url = 'https://b.example/?c&d=\"e\"', site = 'b.example', address = 'b', created_at = 1700000000000000, updated_at = 1800000000999999 WHERE id = ?1", [id])
        .expect("the schema is known");
    let feed = parsed(&site, "/users/1.atom");
    let origin = format!("http://{}", site.address);
    let page = format!("{origin}/posts/{id}");
    let entry = feed.entries.iter().find(|entry| page_of(entry) == page).expect("it is there");
    assert_eq!(entry.title.as_ref().expect("a title").content, "Fish & <chips>");
    assert_eq!(entry.published.expect("a time").to_rfc3339(), "2023-11-14T22:13:20+00:00");
    assert_eq!(entry.updated.expect("a time").to_rfc3339(), "2027-01-15T08:00:00+00:00");
    assert_eq!(feed.updated, entry.updated);
    assert_eq!(entry.authors[0].name, Some(name_of(&database, 1)));
    assert_eq!(entry.authors[0].uri, Some(format!("{origin}/users/1")));
    let links: Vec<_> =
        entry.links.iter().map(|link| (link.rel.as_deref().expect("a kind"), &*link.href)).collect();
    let [alternate, replies] = ["", ".atom"].map(|end| format!("{origin}/posts/{id}{end}"));
    assert_eq!(
        links,
        [("alternate", &*alternate), ("related", "https://b.example/?c&d=%22e%22"), ("replies", &*replies)]
    );
    let content =
        entry.content.as_ref().and_then(|content| content.body.as_deref()).expect("it says something");
    assert_eq!(
        content,
        "<p><a href=\"https://b.example/?c&amp;d=&quot;e&quot;\">b.example</a></p><p>One <em>two</em>.</p>\
         <p><a href=\"http://a.example/?b&amp;c\" rel=\"nofollow ugc noopener\">http://a.example/?b&amp;c</a></p>"
    );
}

#[test]
fn the_feed_of_a_post_has_its_comments_newest_first() {
    let site = Site::start();
    let database = site.database();
    let id = post(&database, "A thread & more", "");
    let path = format!("/posts/{id}.atom");
    // A post without comments has a feed, too.
    let feed = parsed(&site, &path);
    assert_eq!((title(&feed), feed.entries.len()), ("Comments on A thread & more · Lorem News", 0));

    let said: Vec<i64> = (0..40).map(|number| comment(&database, id, &format!("Remark {number}"))).collect();
    let feed = parsed(&site, &path);
    let newest: Vec<i64> = said.iter().rev().take(30).copied().collect();
    assert_eq!(entries(&site, &feed), paths("comments", newest.clone()));
    let name = name_of(&database, 2);
    assert_eq!(
        feed.entries[0].title.as_ref().expect("a title").content,
        format!("{name} on A thread & more")
    );
    let content = feed.entries[0].content.as_ref().and_then(|content| content.body.as_deref());
    assert_eq!(content, Some("<p>Remark 39</p>"));
    assert_eq!(site.get(&format!("/comments/{}", newest[0])).status, 200, "its address leads to it");

    // A deleted comment is not in the feed, with replies or without.
    let reply = "UPDATE comments SET parent_id = ?2, depth = 1 WHERE id = ?1";
    database.execute(reply, [newest[0], newest[1]]).expect("the schema is known");
    for gone in [newest[1], newest[2]] {
        comment::sql::destroy(&database, CommentId::new(gone), Timestamp::from_micros(1)).expect("it goes");
    }
    let feed = parsed(&site, &path);
    assert_eq!(entries(&site, &feed)[..2], paths("comments", vec![newest[0], newest[3]]));

    // The author deletes their account: the post stays for its comments and takes no more.
    post::sql::delete_or_anonymize(&database, PostId::new(id), UserId::new(1), Timestamp::now())
        .expect("it is emptied");
    assert_eq!(site.get(&format!("/posts/{id}")).status, 200);
    assert_eq!(site.get(&path).status, 404);
}

#[test]
fn the_feed_of_a_user_has_their_posts_and_comments() {
    let site = Site::with(40, |_| {});
    let database = site.database();
    let feed = parsed(&site, "/users/3.atom");
    let name = name_of(&database, 3);
    assert_eq!(title(&feed), format!("{name} · Lorem News"));
    let mut statement = database
        .prepare(
            "SELECT '/posts/' || id, created_at FROM posts WHERE user_id = 3 UNION ALL \
             SELECT '/comments/' || id, created_at FROM comments WHERE user_id = 3 ORDER BY created_at DESC LIMIT 30",
        )
        .expect("the schema is known");
    let expected: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("a list").collect::<Result<_, _>>().expect("texts");
    assert!(expected.iter().any(|path| path.starts_with("/comments/")), "{expected:?}");
    assert_eq!(entries(&site, &feed), expected);
    assert!(feed.entries.iter().all(|entry| entry.authors[0].name.as_ref() == Some(&name)));
}

#[test]
fn the_feed_of_a_search_has_its_results_newest_first() {
    let site = Site::start();
    let database = site.database();
    let first = post(&database, "The osprey & its nest", "It is a bird.");
    let remark = comment(&database, first, "An Osprey eats fish.");
    let last = post(&database, "Birds of prey", "Among them the osprey.");
    let found = || parsed(&site, "/search.atom?q=osprey");
    eventually("the words are indexed", || (found().entries.len() == 3).then_some(()));
    let feed = found();
    let expected = [format!("/posts/{last}"), format!("/comments/{remark}"), format!("/posts/{first}")];
    assert_eq!(entries(&site, &feed), expected);
    assert_eq!(title(&feed), "Search for osprey · Lorem News");
    let filtered = parsed(&site, "/search.atom?q=osprey+type%3Acomment");
    assert_eq!(entries(&site, &filtered), [&*expected[1]]);
    assert_eq!(parsed(&site, "/search.atom?q=%22osprey+%26%3C%3E+its%22").entries.len(), 1);
    assert_eq!(parsed(&site, "/search.atom?q=by%3Anobody").entries.len(), 0, "an unknown user");
    let member = Client::signed_in(&site).get("/search.atom?q=osprey");
    assert_eq!(member.text(), site.get("/search.atom?q=osprey").text(), "independent of the viewer");
    for what in ["", "?q=", "?q=%22", "?q=type%3Ax", &format!("?q={}", "*".repeat(8_000))] {
        assert_eq!(site.get(&format!("/search.atom{what}")).status, 400, "{what}");
    }

    // The page links to the feed, and so do the results for htmx.
    let html = site.get("/search?q=osprey&order=date").html();
    let atom = "a[href^='/search.atom']";
    let to_feed = "/search.atom?q=osprey";
    assert_eq!(attributes(&html, "head link[type='application/atom+xml']", "href"), [to_feed]);
    assert_eq!(attributes(&html, &format!("#results {atom}"), "href"), [to_feed]);
    let alternate = feed.links.iter().find(|link| link.rel.as_deref() == Some("alternate")).expect("a page");
    assert_eq!(alternate.href, format!("http://{}/search?q=osprey&order=date", site.address));
    let typed = partials(&Client::new(&site).htmx("GET", "/search?q=ospr", &[]));
    assert_eq!(places(&typed), ["#found innerHTML", "#results innerHTML", "#feed delete"]);
    assert!(typed[1].html.contains("/search.atom?q=ospr\""), "{}", typed[1].html);
    for nothing in ["/search", "/search?q=%22"] {
        assert_eq!(attributes(&site.get(nothing).html(), "[href*='.atom']", "href"), [""; 0], "{nothing}");
    }
}

#[test]
fn a_feed_of_hostile_text_is_well_formed() {
    let site = Site::start();
    let database = site.database();
    let nasty = "]]> <b>&amp; \u{1}\u{b}\u{1f}\u{fffe}\u{ffff} \u{1f600} \u{85} \" ' é <!-- <?x";
    let id = post(&database, nasty, nasty);
    comment(&database, id, nasty);
    database
        .execute("UPDATE users SET screen_name = ?1 WHERE id <= 2", params![nasty])
        .expect_err("a name is one person's");
    database.execute("UPDATE users SET screen_name = ?1 WHERE id = 2", params![nasty]).expect("known");
    let kept = "]]> <b>&amp;  \u{1f600} \u{85} \" ' é <!-- <?x";
    let feed = parsed(&site, "/posts.atom");
    assert_eq!(feed.entries[0].title.as_ref().expect("a title").content, kept);
    let html = feed.entries[0].content.as_ref().and_then(|content| content.body.clone()).expect("a text");
    let html = scraper::Html::parse_fragment(&html);
    assert_eq!(texts(&html, "p"), [kept]);
    let feed = parsed(&site, &format!("/posts/{id}.atom"));
    assert_eq!(feed.entries[0].authors[0].name.as_deref(), Some(kept));
    parsed(&site, "/users/2.atom");
}

#[test]
fn a_feed_names_no_deleted_author_and_cuts_a_long_text() {
    let site = Site::start();
    let database = site.database();
    for (length, is_cut) in [(10_000, false), (10_001, true)] {
        let id = post(&database, &format!("Of {length}"), &"é".repeat(length));
        database.execute("UPDATE posts SET user_id = NULL WHERE id = ?1", [id]).expect("known");
        let feed = parsed(&site, "/posts.atom");
        let entry = &feed.entries[0];
        assert_eq!((entry.authors[0].name.as_deref(), &entry.authors[0].uri), (Some("[deleted]"), &None));
        let html = entry.content.as_ref().and_then(|content| content.body.clone()).expect("a text");
        let html = scraper::Html::parse_fragment(&html);
        assert_eq!(texts(&html, "p")[0].chars().count(), 10_000);
        let on: Vec<String> = is_cut.then(|| page_of(entry).to_owned()).into_iter().collect();
        assert_eq!(attributes(&html, "a", "href"), on);
    }
}

#[test]
fn unknown_feeds_are_404() {
    let site = Site::start();
    for path in [
        "/posts/999.atom",
        "/users/999.atom",
        "/posts/01.atom",
        "/posts/-1.atom",
        "/posts/.atom",
        "/posts/x.atom",
        "/users/1.atom.atom",
        "/users/99999999999999999999.atom",
        "/posts/1.rss",
        "/comments/1.atom",
        "/x.atom",
    ] {
        let answer = site.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(texts(&answer.html(), "h1"), [NOT_FOUND]);
    }
    for path in
        ["/posts.atom", "/front.atom", "/posts/1.atom", "/users/1.atom", "/sitemap.xml", "/robots.txt"]
    {
        let answer = site.post(path);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")), "{path}");
    }
    let empty = Site::empty();
    for path in ["/posts.atom", "/front.atom"] {
        assert_eq!(parsed(&empty, path).entries.len(), 0);
    }
}

#[test]
fn an_unchanged_feed_is_answered_with_304() {
    let site = Site::start();
    let paths =
        ["/posts.atom", "/front.atom", "/posts/1.atom", "/users/1.atom", "/sitemap.xml", "/sitemap-1.xml"];
    for path in paths {
        let answer = site.get(path);
        let tag = answer.header("ETag").expect("a tag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        let kept = if path.ends_with(".atom") { "public, max-age=300" } else { "public, max-age=3600" };
        assert_eq!(answer.header("Cache-Control"), Some(kept), "{path}");
        assert_eq!(answer.header("Vary"), Some("Accept-Encoding"), "independent of the viewer");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));

        let again = site.ask("GET", path, &[("If-None-Match", &tag)]);
        assert_eq!((again.status, again.header("ETag"), again.text()), (304, Some(&*tag), ""), "{path}");
        let head = site.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.header("ETag")), (200, Some(&*tag)), "{path}");
        assert_eq!(head.header("Content-Length"), answer.header("Content-Length"));
        let zipped = site.ask("GET", path, &[("Accept-Encoding", "gzip")]);
        if answer.body.len() >= 1024 {
            assert_eq!(zipped.header("Content-Encoding"), Some("gzip"), "{path}");
            let mut bytes = Vec::new();
            GzDecoder::new(&zipped.body[..]).read_to_end(&mut bytes).expect("gzip");
            assert!(bytes == answer.body, "{path}");
        }
        // A user who is signed in gets an equal feed, and no cookie.
        let member = Client::signed_in(&site).get(path);
        assert!(member.body == answer.body && member.header("Set-Cookie").is_none(), "{path}");
    }
    let before = site.get("/posts/1.atom").header("ETag").expect("a tag").to_owned();
    comment(&site.database(), 1, "Something new");
    let after = site.ask("GET", "/posts/1.atom", &[("If-None-Match", &before)]);
    assert_eq!(after.status, 200);
}

#[test]
fn addresses_have_the_origin_of_the_request() {
    let site = Site::with(20, |config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    for (host, more, origin) in [
        ("news.example", "", "http://news.example"),
        ("News.Example:80", "", "http://news.example"),
        ("[::1]:3000", "", "http://[::1]:3000"),
        (
            "news.example",
            "X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "https://news.example",
        ),
    ] {
        checked(&ask_host(&site, "/posts.atom", host, more), origin, "/posts.atom");
        let page = ask_host(&site, "/posts/1", host, more);
        assert_eq!(attributes(&page.html(), "link[rel=canonical]", "href"), [format!("{origin}/posts/1")]);
        let robots = ask_host(&site, "/robots.txt", host, more);
        assert!(robots.text().ends_with(&format!("\nSitemap: {origin}/sitemap.xml\n")), "{}", robots.text());
        let part = ask_host(&site, "/sitemap-1.xml", host, more);
        assert!(part.text().contains(&format!("<loc>{origin}/posts/1</loc>")));
    }
}

#[test]
fn an_invalid_host_is_in_no_address() {
    let site = Site::start();
    for host in ["evil.example/\"><script>", "a b", "me@evil.example", "a:b", ""] {
        for path in ["/posts.atom", "/sitemap.xml", "/posts/1", "/robots.txt"] {
            let answer = ask_host(&site, path, host, "");
            assert_eq!(answer.status, 400, "{path} at {host}");
            assert!(!answer.text().contains("evil"));
        }
    }
    // Hosts by RFC 3986 that are no DNS names.
    for host in [".", "evil..example", "~evil", "evil.example:0"] {
        for path in ["/posts.atom", "/posts/1.atom", "/sitemap.xml", "/sitemap-1.xml"] {
            let answer = ask_host(&site, path, host, "");
            assert_eq!(answer.status, 400, "{path} at {host}");
            assert!(!answer.text().contains("evil"));
        }
        let page = ask_host(&site, "/posts/1", host, "");
        assert_eq!(page.status, 200, "{host}");
        assert!(!page.text().contains("evil"));
        assert_eq!(attributes(&page.html(), "link[rel=canonical], meta[property]", "property"), [""; 0]);
        let robots = ask_host(&site, "/robots.txt", host, "");
        assert_eq!((robots.status, robots.text().contains("Sitemap")), (200, false));
    }
    let site = Site::with(20, |config| {
        config.base_url = Some(Origin::parse("https://news.example").expect("an address"));
    });
    let answer = ask_host(&site, "/posts.atom", "evil.example", "");
    checked(&answer, "https://news.example", "/posts.atom");
}

#[test]
fn pages_link_to_their_feeds() {
    let site = Site::start();
    for (page, feed) in [
        ("/", "/front.atom"),
        ("/posts", "/posts.atom"),
        ("/posts/1", "/posts/1.atom"),
        ("/users/1", "/users/1.atom"),
    ] {
        for client in [Client::new(&site), Client::signed_in(&site)] {
            let html = client.get(page).html();
            assert_eq!(
                attributes(&html, "head link[rel=alternate][type='application/atom+xml']", "href"),
                [feed]
            );
            assert_eq!(attributes(&html, "footer a[href$='.atom']", "href"), [feed]);
        }
        let feed = parsed(&site, feed);
        let alternate =
            feed.links.iter().find(|link| link.rel.as_deref() == Some("alternate")).expect("a page");
        assert_eq!(alternate.href, format!("http://{}{page}", site.address));
    }
    for page in ["/sign_in", "/posts/999"] {
        assert_eq!(attributes(&site.get(page).html(), "[href$='.atom']", "href"), [""; 0], "{page}");
    }
}

/// The metadata that other sites show with a link to the post.
fn preview(site: &Site, id: i64) -> Vec<(String, String)> {
    let html = site.get(&format!("/posts/{id}")).html();
    let selector = "head meta[property], head meta[name=description], head meta[name='twitter:card']";
    let selector = scraper::Selector::parse(selector).expect("a selector");
    let name =
        |element: scraper::ElementRef| element.attr("property").or(element.attr("name")).map(str::to_owned);
    let content = |element: scraper::ElementRef| element.attr("content").map(str::to_owned);
    html.select(&selector)
        .map(|meta| (name(meta).expect("a name"), content(meta).expect("a content")))
        .collect()
}

#[test]
fn a_link_preview_has_the_beginning_of_the_post() {
    let site = Site::start();
    let database = site.database();
    let text = format!("Some *words* \"here\" & <there>:\n\n  code {}", "and more ".repeat(40));
    let id = post(&database, "Fish & \"chips\"", &text);
    let origin = format!("http://{}", site.address);
    let shown = preview(&site, id);
    let description = &shown[0].1;
    assert!(description.starts_with("Some words \"here\" & <there>: code and more and"), "{description}");
    assert!(
        description.ends_with('…') && (140..=160).contains(&description.chars().count()),
        "{description}"
    );
    let expected = [
        ("description", description.clone()),
        ("og:url", format!("{origin}/posts/{id}")),
        ("og:title", "Fish & \"chips\"".to_owned()),
        ("og:description", description.clone()),
        ("og:image", format!("{origin}/icon.png")),
        ("og:site_name", "Lorem News".to_owned()),
        ("og:type", "article".to_owned()),
        ("twitter:card", "summary".to_owned()),
    ];
    assert_eq!(shown, expected.map(|(name, content)| (name.to_owned(), content)));
    assert_eq!(site.get("/icon.png").status, 200);

    let id = post(&database, "Without words", " \n");
    assert_eq!(preview(&site, id)[0].1, "1 point, 0 comments");
    database
        .execute(
            "UPDATE posts SET url = 'https://b.example/a', site = 'b.example', address = 'b' WHERE id = ?1",
            [id],
        )
        .expect("the schema is known");
    comment(&database, id, "A remark");
    assert_eq!(preview(&site, id)[0].1, "b.example - 1 point, 1 comment");
    post::sql::delete_or_anonymize(&database, PostId::new(id), UserId::new(1), Timestamp::now())
        .expect("it is emptied");
    assert_eq!(preview(&site, id), [("description".into(), "[deleted] – Lorem News".into())]);
    for page in ["/", "/posts", "/users/1"] {
        assert_eq!(attributes(&site.get(page).html(), "meta[property]", "property"), [""; 0], "{page}");
    }
}

/// The addresses in a sitemap, with `lastmod` if given.
fn located<'d>(document: &'d Document, root: &str, item: &str) -> Vec<(&'d str, Option<&'d str>)> {
    let element = document.root_element();
    assert!(element.has_tag_name((SITEMAP, root)));
    let items = element.children().map(|child| {
        assert!(child.has_tag_name((SITEMAP, item)));
        let changed = (!children(child, "lastmod").is_empty()).then(|| only(child, "lastmod"));
        (only(child, "loc"), changed)
    });
    items.collect()
}

#[test]
fn the_sitemap_has_every_post_once() {
    let site = Site::with(40, |_| {});
    let database = site.database();
    // Ids with gaps: all posts of the second part are deleted, and the fourth part holds one.
    database.pragma_update(None, "foreign_keys", false).expect("a pragma can be set");
    for (from, to) in [(40, 1_500), (39, 1_501), (38, 3_000), (37, 3_001), (36, 5_999)] {
        for sql in [
            "UPDATE posts SET id = ?2 WHERE id = ?1",
            "UPDATE descriptions SET post_id = ?2 WHERE post_id = ?1",
            "UPDATE comments SET post_id = ?2 WHERE post_id = ?1",
            "UPDATE post_votes SET post_id = ?2 WHERE post_id = ?1",
        ] {
            database.execute(sql, [from, to]).expect("the schema is known");
        }
    }
    let delete = "UPDATE posts SET deleted_at = 1, title = NULL WHERE id IN (7, 1501, 3000)";
    database.execute_batch(delete).expect("the schema is known");
    let origin = format!("http://{}", site.address);

    let index = site.get("/sitemap.xml");
    assert_eq!(index.header("Content-Type"), Some("application/xml; charset=utf-8"));
    let document = Document::parse(index.text()).expect("XML");
    let parts = located(&document, "sitemapindex", "sitemap");
    let expected = [1, 3, 4].map(|part| format!("{origin}/sitemap-{part}.xml"));
    assert_eq!(parts, expected.each_ref().map(|address| (&**address, None)));

    let mut found = Vec::new();
    for (address, _) in parts {
        let part = site.get(address.strip_prefix(&origin).expect("it is on this site"));
        assert_eq!(part.header("Content-Type"), Some("application/xml; charset=utf-8"));
        let document = Document::parse(part.text()).expect("XML");
        for (address, changed) in located(&document, "urlset", "url") {
            let id: i64 = address
                .strip_prefix(&format!("{origin}/posts/"))
                .and_then(|id| id.parse().ok())
                .expect(address);
            let changed: jiff::Timestamp = changed.expect("it says when").parse().expect("RFC 3339");
            let sql = format!(
                "SELECT max(updated_at, (SELECT max(created_at) FROM comments WHERE post_id = {id})) FROM posts WHERE id = {id}"
            );
            assert_eq!(changed.as_second(), number(&database, &sql) / 1_000_000, "{address}");
            found.push(id);
        }
    }
    assert_eq!(found, ids(&database, "SELECT id FROM posts WHERE deleted_at IS NULL ORDER BY id"));

    for path in [
        "/sitemap-2.xml",
        "/sitemap-5.xml",
        "/sitemap-0.xml",
        "/sitemap-01.xml",
        "/sitemap-.xml",
        "/sitemap-1",
        "/sitemap-9223372036854775807.xml",
        "/sitemap-99999999999999999999.xml",
    ] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    let empty = Site::empty();
    let answer = empty.get("/sitemap.xml");
    assert_eq!(located(&Document::parse(answer.text()).expect("XML"), "sitemapindex", "sitemap"), []);
}

#[test]
fn robots_txt_names_the_sitemap() {
    let site = Site::empty();
    let answer = site.get("/robots.txt");
    assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
    let sitemap = format!("Sitemap: http://{}/sitemap.xml", site.address);
    assert!(answer.text().lines().any(|line| line == sitemap), "{}", answer.text());
    assert!(answer.text().lines().any(|line| line == "Disallow: /benchmarking/"), "{}", answer.text());
}

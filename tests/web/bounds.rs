//! The sizes of answers: whatever is stored, a page, a fragment and a feed are bounded, and everything that
//! is left out can be reached.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lorem_news::comment::{self, NewComment};
use lorem_news::hn_api::ItemNumber;
use lorem_news::html::size::{MAX_FRAGMENT_BYTES, MAX_PAGE_BYTES};
use lorem_news::post::{self, NewPost, link};
use lorem_news::search;
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{DAY, Timestamp};
use lorem_news::vote::Target;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::contract::complaints;
use crate::harness::*;
use crate::seen::*;

/// The most characters of a comment and of a post's text.
const COMMENT_CHARS: usize = 10_000;
const POST_CHARS: usize = 65_536;

/// Pieces whose repetition renders to many bytes: links, characters to escape, code, a character each line,
/// emphasis, letters of four bytes, code in quotes.
const PIECES: [&str; 14] = [
    "http://a/&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&& ",
    "http://a ",
    "\t&\n&\n\n",
    "&",
    "&\n",
    "*&*",
    "\"",
    "<",
    "&\n\n",
    "http://a.example/&'\"",
    "🏽",
    "👨",
    "bounds http://a.example/b\n",
    ">>> \t&\n&\n",
];

/// At most so many characters of a piece, repeated.
fn repeated(piece: &str, chars: usize) -> String {
    piece.chars().cycle().take(chars).collect()
}

/// A link with the longest URL, which is mostly `&`, and with a number that makes it unique.
fn longest_url(number: usize) -> String {
    let start = format!("https://{}.example/?{number}", "a".repeat(60));
    let end = "&".repeat(link::MAX_BYTES - start.len());
    start + &end
}

fn new_comment(
    database: &Connection,
    post_id: PostId,
    parent: Option<CommentId>,
    user_id: i64,
    body: &str,
) -> CommentId {
    let created_at = Timestamp::now() - DAY;
    let new = NewComment { post_id, parent_id: parent, user_id: UserId::new(user_id), body, created_at };
    comment::sql::create(database, &new).expect("it can be made")
}

fn new_post(database: &Connection, number: usize, description: &str) -> PostId {
    let title = format!("bounds {number} {}", "&".repeat(240));
    let link = link::parse(&longest_url(number)).expect("a valid URL");
    let new = NewPost {
        user_id: UserId::new(1),
        title: &title,
        link: Some(&link),
        description,
        created_at: Timestamp::now() - DAY,
    };
    post::sql::create(database, &new).expect("it is posted").expect("the title is free")
}

/// Fills a site with the largest values that it accepts: the ids of the posts.
fn fill(database: &Connection, piece: impl Fn(usize) -> &'static str) -> Vec<PostId> {
    database.execute_batch("BEGIN").expect("a transaction");
    // Names of the longest markup.
    for user in 1..=12 {
        let name = format!("{}{user:02}", "&".repeat(28));
        database
            .execute("UPDATE users SET screen_name = ?2, folded_name = ?2 WHERE id = ?1", (user, &name))
            .expect("the schema is known");
    }
    let about = repeated(piece(0), COMMENT_CHARS);
    database.execute("UPDATE profiles SET about = ?1", [&about]).expect("the schema is known");
    let posts: Vec<PostId> =
        (0..35).map(|number| new_post(database, number, &repeated(piece(number), POST_CHARS))).collect();
    let body = |number: usize| repeated(piece(number), COMMENT_CHARS);
    // A broad discussion, a chain, and a comment with many replies.
    for number in 0..120 {
        new_comment(database, posts[0], None, 1, &body(number));
    }
    let mut parent = None;
    for number in 0..30 {
        parent = Some(new_comment(database, posts[1], parent, 1, &body(number)));
    }
    let parent = new_comment(database, posts[2], None, 1, &body(0));
    for number in 0..40 {
        new_comment(database, posts[2], Some(parent), 1, &body(number));
    }
    // Many short comments of the longest names and numbers.
    let sql = "UPDATE sqlite_sequence SET seq = 900000000000000000 WHERE name = 'comments'";
    database.execute(sql, []).expect("the schema is known");
    for _ in 0..230 {
        new_comment(database, posts[3], None, 1, "&&&&& &&&&&");
    }
    database
        .execute_batch(
            "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent)
                 SELECT 1, 1, 1, randomblob(32), '::1', printf('%.*c', 512, '&') FROM posts LIMIT 60;
             INSERT INTO post_votes (user_id, post_id, created_at)
                 SELECT 2, id, 1 FROM posts WHERE title LIKE 'bounds %';
             INSERT INTO saved_posts (user_id, post_id, created_at)
                 SELECT 1, id, 1 FROM posts WHERE title LIKE 'bounds %';
             INSERT INTO cases (created_at, post_id) SELECT 1, id FROM posts WHERE title LIKE 'bounds %';
             INSERT INTO flags (case_id, user_id, created_at, reason)
                 SELECT cases.id, users.id, 1, 'Broken link: ' || printf('%.*c', 300, '&')
                 FROM cases, users WHERE users.id > 1 AND users.id < 20;
             UPDATE cases SET flags_count = (SELECT count(*) FROM flags WHERE case_id = cases.id);
             INSERT INTO acts (created_at, admin_id, verb, noun, post_id, reason)
                 SELECT 1, 1, 'lock', 'post', id, printf('%.*c', 500, '&') FROM posts WHERE title LIKE 'bounds %';
             UPDATE users SET is_admin = 1 WHERE id IN (1, 2);",
        )
        .expect("the schema is known");
    database.execute_batch("COMMIT").expect("it is written");
    recount(database);
    while search::sql::index_step(database).expect("a step") {}
    posts
}

/// The sizes of the largest answers, by the kind of address.
#[derive(Default)]
struct Sizes(BTreeMap<String, usize>);

impl Sizes {
    /// Panics unless the answer is within its bound.
    fn check(&mut self, what: &str, answer: &Answer, most: usize) {
        let shape: String = what
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect();
        let largest = self.0.entry(shape).or_default();
        *largest = (*largest).max(answer.body.len());
        assert!(answer.body.len() <= most, "{what}: {} bytes, status {}", answer.body.len(), answer.status);
        assert!(answer.status < 500, "{what}: {}", answer.status);
    }
}

/// Addresses that links of a page lead to, on this site.
fn links(html: &Html) -> Vec<String> {
    let links = attributes(html, "a[href], link[rel=alternate][href], link[rel=next]", "href");
    links.into_iter().filter(|href| href.starts_with('/') || href.starts_with('?')).collect()
}

/// Visits the pages that links lead to, at most three of each shape, and the fragments that their controls
/// request.
fn visit_all(client: &Client, starts: &[String], sizes: &mut Sizes) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut next: VecDeque<String> = starts.iter().cloned().collect();
    while let Some(path) = next.pop_front() {
        let shape: String = path.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let visits = seen.entry(shape).or_default();
        if *visits == 3 && !starts.contains(&path) || !known.insert(path.clone()) {
            continue;
        }
        *visits += 1;
        let answer = client.get(&path);
        let is_feed = path.contains(".atom");
        sizes.check(&path, &answer, if is_feed { MAX_FRAGMENT_BYTES } else { MAX_PAGE_BYTES });
        if !answer.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html")) {
            continue;
        }
        let html = answer.html();
        for link in links(&html) {
            let link = link.split('#').next().unwrap_or_default();
            let page = path.split('?').next().unwrap_or_default();
            next.push_back(if link.starts_with('?') { format!("{page}{link}") } else { link.to_owned() });
        }
        for control in attributes(&html, "[hx-get]", "hx-get").iter().step_by(7) {
            let fragment = client.htmx("GET", control, &[]);
            sizes.check(&format!("htmx {control}"), &fragment, MAX_FRAGMENT_BYTES);
        }
    }
}

/// The pages from which the others are reached.
fn starts(posts: &[PostId]) -> Vec<String> {
    let pages = [
        "/",
        "/posts",
        "/best",
        "/best/all",
        "/comments",
        "/past",
        "/threads",
        "/saved",
        "/saved/comments",
        "/hidden",
        "/muted",
        "/log",
        "/flags",
        "/search?q=bounds",
        "/search?q=bounds&order=date",
        "/search?q=type:comment+bounds",
        "/search.atom?q=bounds",
        "/front.atom",
        "/posts.atom",
        "/users/1",
        "/users/2",
        "/users/1.atom",
        "/users/1?sessions=999-999",
        "/user/edit",
        "/user/delete",
        "/posts/new",
        "/sitemap.xml",
        "/sitemap-1.xml",
        "/metrics",
        "/status",
        "/up",
        "/keys",
        "/preferences",
        "/sign_in",
        "/users/3/moderate",
    ];
    let of_post = |id: &PostId| {
        ["", ".atom", "/text", "/edit", "/flag", "/moderate"].map(|part| format!("/posts/{id}{part}"))
    };
    pages.map(str::to_owned).into_iter().chain(posts.iter().take(13).flat_map(of_post)).collect()
}

fn assert_bounded(piece: impl Fn(usize) -> &'static str) {
    let site = Site::with(1, |config| config.rates = None);
    let database = site.database();
    let posts = fill(&database, piece);
    let mut sizes = Sizes::default();
    let mut starts = starts(&posts);
    let site_name = link::parse(&longest_url(0)).expect("a valid URL").site;
    starts.push(format!("/from?site={site_name}"));
    for client in [Client::new(&site), Client::signed_in_as(&site, 30), Client::signed_in_as(&site, 1)] {
        visit_all(&client, &starts, &mut sizes);
        for fragment in ["/search?q=bounds", "/search?q=type:comment+bounds"] {
            sizes.check("htmx /search", &client.htmx("GET", fragment, &[]), MAX_FRAGMENT_BYTES);
        }
    }
    let item = |id: &PostId| ItemNumber::of(Target::Post(*id)).get();
    let items = posts
        .iter()
        .take(13)
        .map(item)
        .flat_map(|number| [format!("/v0/item/{number}.json"), format!("/api/v1/items/{number}")]);
    let searches = ["query=bounds", "tags=story", "tags=comment&query=a"].map(|parameters| {
        ["search", "search_by_date"].map(|order| format!("/api/v1/{order}?hitsPerPage=50&{parameters}"))
    });
    for path in items.chain(searches.into_iter().flatten()) {
        let answer = site.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        sizes.check(&path, &answer, MAX_PAGE_BYTES);
    }
    for path in [
        "/posts/",
        "/posts//text",
        "/comments/",
        "/users/",
        "/posts/.atom",
        "/flags",
        "htmx /comments/",
        "/v/item/.json",
        "/api/v/items/",
        "/api/v/search",
    ] {
        assert!(sizes.0.get(path).is_some_and(|&largest| largest > 20_000), "{path}: {:?}", sizes.0);
    }
}

#[test]
fn every_answer_is_bounded_for_texts_of_the_longest_markup() {
    assert_bounded(|_| PIECES[0]);
}

#[test]
fn every_answer_is_bounded_for_texts_of_all_kinds() {
    assert_bounded(|number| PIECES[number % PIECES.len()]);
}

/// The ids of the comments on a page, in its order.
fn shown(html: &Html) -> Vec<i64> {
    let ids = attributes(html, "li[id^=comment_]", "id");
    ids.iter().map(|id| id["comment_".len()..].parse().expect("a number")).collect()
}

/// The addresses behind "More", "More replies" and "Continue this thread".
fn rest(html: &Html) -> Vec<String> {
    let links = attributes(html, ".discussion .pager a, .rest a:not([id])", "href");
    links.iter().map(|link| link.split('#').next().unwrap_or_default().to_owned()).collect()
}

/// Panics unless each link within the page leads to an element.
fn assert_leads_within(html: &Html, path: &str) {
    let ids: BTreeSet<String> = attributes(html, "[id]", "id").into_iter().collect();
    for link in attributes(html, "a[href^='#']", "href") {
        assert!(ids.contains(&link[1..]), "{link} on {path}");
    }
}

/// The words of a text without the characters that may be markup.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !"*…".contains(*letter)).collect()
}

/// A post with 120 comments of 10,000 characters of links: on the post, in reply to the one before, or in reply
/// to the first. The ids of the comments.
fn long_discussion(site: &Site) -> Vec<i64> {
    let database = site.database();
    database.execute("DELETE FROM comments WHERE post_id = 1", []).expect("the schema is known");
    let body = repeated(PIECES[1], COMMENT_CHARS);
    let mut ids: Vec<CommentId> = Vec::new();
    for number in 0..120 {
        let parent = match number % 4 {
            0 => None,
            1 => ids.last().copied(),
            2 => ids.first().copied(),
            _ => ids.get(number / 2).copied(),
        };
        ids.push(new_comment(
            &database,
            PostId::new(1),
            parent,
            2 + number as i64 % 5,
            &format!("{number} {body}"),
        ));
    }
    recount(&database);
    ids.into_iter().map(CommentId::get).collect()
}

#[test]
fn each_comment_of_a_long_discussion_is_on_one_page() {
    let site = Site::start();
    let ids = long_discussion(&site);
    for client in [Client::new(&site), Client::signed_in_as(&site, 3)] {
        let (mut seen, mut pages) = (Vec::new(), VecDeque::from(["/posts/1".to_owned()]));
        while let Some(path) = pages.pop_front() {
            let answer = client.get(&path);
            assert!(answer.body.len() <= MAX_PAGE_BYTES, "{path}: {}", answer.body.len());
            let html = answer.html();
            assert_leads_within(&html, &path);
            assert_eq!(complaints(&html), [""; 0], "{path}");
            // The page of a comment begins with the comment itself.
            let own = usize::from(path.starts_with("/comments/"));
            seen.extend(shown(&html).into_iter().skip(own));
            pages.extend(rest(&html));
        }
        seen.sort_unstable();
        assert_eq!(seen, ids);
    }
    for id in ids.iter().step_by(9) {
        let page = site.get(&format!("/comments/{id}"));
        assert!(page.body.len() <= MAX_PAGE_BYTES, "{}", page.body.len());
        let html = page.html();
        for link in attributes(&html, ".byline a", "href") {
            assert_eq!(site.get(link.split('#').next().expect("a path")).status, 200, "{link}");
        }
        let context = attributes(&html, ".byline a[href*='#comment_']", "href");
        assert_eq!(context.len(), 1, "{context:?}");
        let (path, place) = context[0].split_once('#').expect("a place");
        assert_eq!(place, format!("comment_{id}"));
        assert!(shown(&site.get(path).html()).contains(id), "{path}");
    }
}

#[test]
fn a_comment_that_is_cut_is_whole_on_its_page_and_in_place() {
    let site = Site::start();
    let database = site.database();
    long_discussion(&site);
    let client = Client::signed_in_as(&site, 3);
    // An earlier visit: what came since is marked as new.
    let sql = "INSERT INTO visits (user_id, post_id, seen_at, looked_at) VALUES (3, 1, 1, 1)";
    database.execute(sql, []).expect("the schema is known");
    let html = client.get("/posts/1").html();
    let links = attributes(&html, ".rest a[id^=whole_]", "href");
    assert!(links.len() > 10, "{links:?}");
    assert_eq!(attributes(&html, ".rest a[id^=whole_]", "hx-get"), links);
    let (id, path) = (shown(&html)[0], &links[0]);
    assert_eq!(*path, format!("/comments/{id}"));
    let body = string(&database, &format!("SELECT body FROM comments WHERE id = {id}"));
    let said = format!("#said_{id}");
    let part = texts(&html, &format!("{said} > p:nth-of-type(2)")).concat();
    assert!(part.len() > 1_000 && body.starts_with(&part), "{part}");
    assert_eq!(texts(&html, &format!("{said} .rest")), ["Show the whole comment"]);

    let whole = client.get(path).html();
    assert!(letters(&texts(&whole, &said).concat()).contains(&letters(&body)));
    assert_eq!(texts(&whole, &format!("{said} .rest")), [""; 0]);
    let answer = client.htmx("GET", path, &[]);
    assert!(answer.body.len() <= MAX_FRAGMENT_BYTES);
    let changes = partials(&answer);
    assert_eq!(places(&changes), [format!("{said} outerHTML")]);
    let fragment = Html::parse_fragment(&changes[0].html);
    assert!(letters(&texts(&fragment, &said).concat()).contains(&letters(&body)));
    assert_eq!(attributes(&fragment, "[id^=whole_]", "id"), [""; 0]);
    assert_eq!(texts(&fragment, ".badge"), ["new"], "it is as new as before");
}

#[test]
fn a_new_comment_appears_in_a_long_discussion() {
    let site = Site::start();
    let database = site.database();
    let ids = long_discussion(&site);
    let client = Client::signed_in_as(&site, 3);
    let body = repeated(PIECES[0], COMMENT_CHARS);
    let newest = || number(&database, "SELECT max(id) FROM comments");
    // A reply in place: the fragment has all of it.
    let answer = client.htmx("POST", &format!("/comments/{}/replies", ids[119]), &[("body", &body)]);
    assert_eq!((answer.status, answer.body.len() <= MAX_FRAGMENT_BYTES), (200, true));
    let fragment = Html::parse_fragment(&partials(&answer)[1].html);
    assert!(letters(&texts(&fragment, &format!("#said_{}", newest())).concat()).contains(&letters(&body)));
    // The first page does not have the end of the discussion, so its form leads to the page that has.
    let html = client.get("/posts/1").html();
    assert_eq!(attributes(&html, "#comment_form", "hx-post"), [""; 0]);
    assert_eq!(attributes(&html, ".discussion .pager a", "rel"), ["next"]);
    for (path, body) in [
        ("/posts/1/comments".to_owned(), "A last comment."),
        (format!("/comments/{}/replies", ids[100]), "A last reply."),
    ] {
        let answer = client.post(&path, &[("body", body)]);
        let page = client.follow(&answer).html();
        assert!(shown(&page).contains(&newest()), "{:?}", answer.header("Location"));
        assert_leads_within(&page, &path);
    }
    assert_sound(&database);
}

#[test]
fn ordinary_discussions_lists_and_feeds_are_whole() {
    let site = Site::start();
    let database = site.database();
    database.execute("DELETE FROM comments WHERE post_id = 1", []).expect("the schema is known");
    let paragraph = "Some words of a comment, with a \"quote\", an <angle> & http://a.example/page.\n\n";
    let body = repeated(paragraph, 450);
    for _ in 0..200 {
        new_comment(&database, PostId::new(1), None, 1, &body);
    }
    recount(&database);
    let text = repeated(paragraph, 9_000);
    database.execute("UPDATE descriptions SET text = ?1 WHERE post_id = 1", [&text]).expect("a text");
    for client in [Client::new(&site), Client::signed_in_as(&site, 1), Client::signed_in_as(&site, 2)] {
        let html = client.get("/posts/1").html();
        assert_eq!(shown(&html).len(), 200);
        assert_eq!((rest(&html).len(), texts(&html, ".rest").len()), (0, 0));
        assert_eq!(texts(&html, ".prose a[href$='/text']"), [""; 0]);
        assert_eq!(attributes(&html, "#comment_form", "hx-post"), ["/posts/1/comments"]);
        assert_eq!(texts(&client.get("/users/1").html(), ".rest"), [""; 0]);
    }
    let feed = site.get("/posts/1.atom");
    let feed = feed_rs::parser::parse(&*feed.body).expect("a feed");
    assert_eq!(feed.entries.len(), 30);
    for entry in feed.entries {
        let content = entry.content.and_then(|content| content.body).expect("a text");
        assert!(!content.contains("Read on…"), "{content}");
    }
}

#[test]
fn a_feed_cuts_its_texts_before_it_leaves_out_entries() {
    let site = Site::start();
    let database = site.database();
    database.execute("DELETE FROM comments WHERE post_id = 1", []).expect("the schema is known");
    let contents = |path: &str| -> Vec<String> {
        let answer = site.get(path);
        assert!(answer.body.len() <= MAX_FRAGMENT_BYTES, "{path}: {}", answer.body.len());
        let feed = feed_rs::parser::parse(&*answer.body).expect("a feed");
        let content = |entry: feed_rs::model::Entry| entry.content.and_then(|content| content.body);
        feed.entries.into_iter().map(|entry| content(entry).expect("a text")).collect()
    };
    for number in 0..30 {
        new_comment(
            &database,
            PostId::new(1),
            None,
            1,
            &repeated(PIECES[number % PIECES.len()], COMMENT_CHARS),
        );
    }
    recount(&database);
    let found = contents("/posts/1.atom");
    assert_eq!(found.len(), 30);
    for content in found {
        assert!(content.contains("Read on…") && content.len() > 300, "{content}");
    }
    database.execute("DELETE FROM posts", []).expect("the schema is known");
    for number in 0..30 {
        new_post(&database, number, &repeated(PIECES[0], POST_CHARS));
    }
    let found = contents("/posts.atom");
    assert!((5..30).contains(&found.len()), "{}", found.len());
}

#[test]
fn a_list_has_the_beginning_of_a_long_comment() {
    let site = Site::start();
    let database = site.database();
    database.execute("DELETE FROM comments WHERE user_id = 1", []).expect("the schema is known");
    let body = repeated("A short paragraph.\n\n", COMMENT_CHARS);
    let id = new_comment(&database, PostId::new(1), None, 1, &body).get();
    recount(&database);
    let html = site.get("/users/1").html();
    let text = texts(&html, "#comments li > div");
    assert_eq!(text.len(), 1);
    assert!((700..1_100).contains(&text[0].len()), "{}", text[0].len());
    assert_eq!(texts(&html, "#comments .rest a"), ["Show the whole comment"]);
    assert_eq!(attributes(&html, "#comments .rest a", "href"), [format!("/comments/{id}")]);
}

#[test]
fn a_text_that_is_cut_above_the_comments_has_a_page_of_its_own() {
    let site = Site::start();
    let database = site.database();
    let text = repeated(PIECES[1], POST_CHARS);
    let id = new_post(&database, 1, &text);
    let html = site.get(&format!("/posts/{id}")).html();
    let shown = texts(&html, "main > .prose > p:first-child").concat();
    assert!(shown.len() > 10_000 && text.starts_with(&shown), "{}", shown.len());
    let link = ".prose a[href$='/text']";
    assert_eq!(texts(&html, link), ["Show the whole text"]);
    let path = attributes(&html, link, "href").concat();
    assert_eq!(path, format!("/posts/{id}/text"));
    let page = site.get(&path);
    let whole = page.html();
    assert_eq!(letters(&texts(&whole, "main > .prose").concat()), letters(&text));
    assert_eq!(attributes(&whole, "a[href='/posts/1']", "href"), [""; 0]);
    assert_eq!(texts(&whole, &format!("a[href='/posts/{id}']")), ["← Back to post"]);
    // A short one has such a page, too; a deleted one and one that does not exist have none.
    assert_eq!(site.get("/posts/2/text").status, 200);
    database.execute("UPDATE posts SET deleted_at = 1, removed_at = 1 WHERE id = 2", []).expect("removed");
    for path in ["/posts/2/text", "/posts/999/text", "/posts/x/text"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_list_leads_to_the_post_in_place_of_a_url_of_ten_kilobytes() {
    let site = Site::start();
    let database = site.database();
    let id = new_post(&database, 1, "");
    let list = format!("/from?site={}", link::parse(&longest_url(1)).expect("a valid URL").site);
    let titles = || attributes(&site.get(&list).html(), "#posts li > a:first-of-type", "href");
    assert_eq!(titles(), [format!("/posts/{id}")]);
    let html = site.get(&format!("/posts/{id}")).html();
    assert_eq!(attributes(&html, ".source > a", "href"), [longest_url(1)]);
    let plain = format!("https://a.example/{}", "b".repeat(link::MAX_BYTES - 18));
    database.execute("UPDATE posts SET url = ?1 WHERE id = ?2", (&plain, id)).expect("a URL");
    assert_eq!(titles(), [plain]);
}

#[test]
fn a_form_that_no_page_can_show_again_is_refused() {
    let site = Site::with(20, |config| config.rates = None);
    let database = site.database();
    long_discussion(&site);
    database
        .execute("UPDATE descriptions SET text = ?1 WHERE post_id = 1", [repeated(PIECES[0], POST_CHARS)])
        .expect("a text");
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).expect("an admin");
    let comment = new_comment(&database, PostId::new(2), None, 1, "A comment of mine.");
    recount(&database);
    let (signed_in, guest) = (Client::signed_in_as(&site, 1), Client::new(&site));
    let rows = || number(&database, "SELECT (SELECT count(*) FROM comments) + (SELECT count(*) FROM posts)");
    let before = rows();
    // Far too long for a comment, yet shown again; the comments are behind a link.
    let long = "&".repeat(40_000);
    let answer = signed_in.post("/posts/1/comments", &[("body", &long)]);
    assert_eq!((answer.status, answer.body.len() <= MAX_PAGE_BYTES), (422, true), "{}", answer.body.len());
    assert_eq!(area(&answer, "body"), long);
    let html = answer.html();
    assert_eq!(
        (shown(&html).len(), texts(&html, ".discussion .pager a")),
        (0, vec!["More comments".to_owned()])
    );
    assert!(shown(&signed_in.get(&rest(&html)[0]).html()).len() > 5);
    let answer = signed_in.htmx("POST", "/posts/1/comments", &[("body", &long)]);
    assert_eq!((answer.status, answer.body.len() <= MAX_FRAGMENT_BYTES), (422, true));
    // Longer than any page shows again. With htmx the form stays as it is, below an alert.
    let huge = "&".repeat(340_000);
    for (path, method, field) in [
        ("/posts/1/comments", "POST", "body"),
        (&*format!("/comments/{comment}/replies"), "POST", "body"),
        (&*format!("/comments/{comment}"), "PATCH", "body"),
        ("/posts/2/flag", "POST", "words"),
        ("/posts/2/moderate", "POST", "reason"),
        ("/posts", "POST", "description"),
        ("/posts/2", "PATCH", "description"),
        ("/user", "PATCH", "about"),
        ("/users", "POST", "screen_name"),
        ("/sessions", "POST", "screen_name"),
    ] {
        for client in [&signed_in, &guest] {
            for _ in 0..2 {
                let form = [("_method", method), (field, &*huge)];
                let answer = client.post(path, &form);
                assert_eq!(answer.status, 413, "{path}");
                assert!(answer.body.len() < 10_000, "{path}: {}", answer.body.len());
                assert_eq!(texts(&answer.html(), "h1"), ["That is too long."]);
                let answer = client.htmx(method, path, &[(field, &huge)]);
                assert_eq!(answer.status, 413, "{path}");
                let changes = places(&partials(&answer)).concat();
                assert!(!changes.contains("form"), "{changes}");
            }
        }
    }
    assert_eq!(rows(), before);
}

#[test]
fn a_kept_draft_leaves_its_pages_bounded() {
    let site = Site::with(20, |config| config.rates = None);
    let database = site.database();
    let ids = long_discussion(&site);
    database
        .execute("UPDATE descriptions SET text = ?1 WHERE post_id = 1", [repeated(PIECES[0], POST_CHARS)])
        .expect("a text");
    // As much as is kept of a draft, and as much as a fragment has no room for.
    let draft = "é".repeat(5 * 32 * 1024);
    for (path, field, page) in [
        ("/posts/1/comments", "body", "/posts/1"),
        (&*format!("/comments/{}/replies", ids[0]), "body", &*format!("/comments/{}/reply", ids[0])),
        ("/posts", "description", "/posts/new"),
    ] {
        let client = Client::new(&site);
        assert_eq!(client.post(path, &[(field, &draft)]).status, 303);
        let session = Client::signed_in_as(&site, 2).cookie("session").expect("a session");
        client.set_cookie("session", &session);
        let answer = client.get(page);
        assert_eq!(area(&answer, field), draft, "{page}");
        assert!(answer.body.len() <= MAX_PAGE_BYTES, "{page}: {}", answer.body.len());
        if page.ends_with("/reply") {
            assert_leads_htmx_to(&client.htmx("GET", page, &[]), 200, page);
        }
    }
}

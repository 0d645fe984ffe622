//! Posting and following links.

use lorem_news::post::{self, NewPost, link};
use lorem_news::types::id::UserId;
use lorem_news::types::time::Timestamp;
use serde_json::Value;

use crate::access::assert_accessible;
use crate::reader::Reader;

#[test]
fn axe_finds_nothing_on_links_and_their_lists() {
    let reader = Reader::on_new_site();
    let database = reader.site.database();
    for (title, url) in [
        ("A link with a long address", format!("https://github.com/{}/{}", "a".repeat(80), "b".repeat(200))),
        ("A link to a long host", format!("https://{}example.com/", "abcdefghi.".repeat(12))),
        ("A link to another alphabet", "https://bücher.example/".to_owned()),
    ] {
        let link = link::parse(&url).expect("a link");
        let new = NewPost {
            user_id: UserId::new(2),
            title,
            link: Some(&link),
            description: "",
            created_at: Timestamp::now(),
        };
        post::sql::create(&database, &new).expect("the post is created").expect("the title is free");
    }
    database
        .execute_batch(
            "INSERT INTO post_votes SELECT 3, id, 1 FROM posts;
             UPDATE posts SET score = 2;
             UPDATE users SET karma = posts_count;",
        )
        .expect("the schema is known");
    reader.sign_in();
    for page in [
        "/posts",
        "/best",
        "/best/all",
        "/ask",
        "/from?site=b%C3%BCcher.example",
        "/from?site=a.example",
        "/posts/21",
        "/posts/22",
        "/posts/new",
    ] {
        reader.open(page);
        assert_accessible(&reader, page);
    }
}

#[test]
fn the_bookmarklet_fills_the_form_with_the_current_page() {
    let reader = Reader::new();
    reader.sign_in();
    reader.open("/posts/new");
    let script = reader.evaluate("document.querySelector('.hint a[href^=javascript]').getAttribute('href')");
    let script = script.as_str().and_then(|href| href.strip_prefix("javascript:")).expect("a bookmarklet");
    reader.open("/users/2?posts=9-9&a=%C3%A9#posts");
    let (page, title) = (reader.evaluate("location.href"), reader.evaluate("document.title"));
    // The bookmarks bar and DevTools both run a script outside the page's security policy.
    reader.await_navigation(|| {
        reader.try_evaluate(&format!("{script}; true"));
    });
    assert_eq!(reader.text("h1").to_lowercase(), "new post");
    assert_eq!(Value::from(reader.value("#url")), page);
    assert_eq!(Value::from(reader.value("#title")), title);
}

#[test]
fn a_repeated_link_leads_to_its_first_post_and_adds_a_vote() {
    let author = Reader::on_new_site();
    author.sign_in();
    let post = |reader: &Reader, title: &str, url: &str| {
        reader.open("/posts/new");
        reader.fill("#title", title);
        reader.fill("#url", url);
        reader.follow("main form button");
        reader.path()
    };
    let path = post(&author, "The first of all", "https://example.com/a");
    assert_eq!(author.text(".source"), "https://example.com/a (example.com)");
    let reader = author.another();
    reader.sign_in();
    assert_eq!(post(&reader, "The second of all", "http://www.example.com/a/?utm_source=b#c"), path);
    assert_eq!(reader.flash(), "Already posted — your vote was added. Post it anyway");
    assert!(reader.text(".byline").contains("2 points"));
    reader.follow(".source .site a");
    assert_eq!(reader.text("h1").to_lowercase(), "posts from example.com");
    assert_eq!(reader.text("ol.posts > li > a"), "The first of all");
}

#[test]
fn a_repeated_link_is_posted_anyway() {
    for with_script in [true, false] {
        let author = Reader::on_new_site();
        author.sign_in();
        let post = |reader: &Reader, title: &str| {
            reader.open("/posts/new");
            reader.fill("#title", title);
            reader.fill("#url", "https://example.com/a");
            reader.follow("main form button");
            reader.path()
        };
        let path = post(&author, "The first of all");
        let reader = author.another();
        reader.sign_in();
        if !with_script {
            reader.disable_javascript();
        }
        assert_eq!(post(&reader, "The second of all"), path);
        reader.follow("#flash a");
        assert_eq!(reader.value("#title"), "The second of all");
        if with_script {
            assert_accessible(&reader, "a known link's form");
        }
        reader.follow("main form button");
        assert_ne!(reader.path(), path);
        assert_eq!(reader.text("h1"), "The second of all");
    }
}

#[test]
fn what_was_typed_for_a_known_link_waits_in_the_comment_form_until_it_is_sent_or_discarded() {
    for with_script in [true, false] {
        let author = Reader::on_new_site();
        author.sign_in();
        let post = |reader: &Reader, title: &str, text: &str| {
            reader.open("/posts/new");
            reader.fill("#title", title);
            reader.fill("#url", "https://example.com/a");
            reader.fill("#description", text);
            reader.follow("main form button");
            reader.path()
        };
        let path = post(&author, "The first of all", "");
        let reader = author.another();
        reader.sign_in();
        if !with_script {
            reader.disable_javascript();
        }
        assert_eq!(post(&reader, "The second of all", "What I say of it"), path);
        assert_eq!(reader.value("#body"), "The second of all\n\nWhat I say of it");
        reader.reload();
        assert_eq!(reader.value("#body"), "The second of all\n\nWhat I say of it");
        if with_script {
            assert_accessible(&reader, "a draft");
            reader.mark();
            reader.click("#discard");
            reader.wait("!document.querySelector('#discard')");
            assert!(reader.is_marked(), "no page was loaded");
        } else {
            reader.follow("#discard");
        }
        assert_eq!((reader.path(), reader.value("#body")), (path.clone(), String::new()));
        assert_eq!(reader.flash(), "Your draft was discarded.");
        assert_eq!((reader.count("#discard"), reader.count("#comment .hint")), (0, 1));

        post(&reader, "The third of all", "");
        assert_eq!(reader.value("#body"), "The third of all");
        if with_script {
            reader.click("#post_comment");
            reader.wait("!document.querySelector('#discard')");
        } else {
            reader.follow("#post_comment");
        }
        assert_eq!((reader.value("#body"), reader.count("#discard")), (String::new(), 0));
        assert!(reader.text("#comment_list").contains("The third of all"));
    }
}

#[test]
fn a_taken_title_leads_to_its_post() {
    let author = Reader::on_new_site();
    author.sign_in();
    let path = author.new_post("A title for all");
    let reader = author.another();
    reader.sign_in();
    reader.allow_fault("status of 422");
    reader.open("/posts/new");
    reader.fill("#title", "A title for all");
    reader.fill("#description", "What I say of it");
    reader.follow("main form button");
    assert!(reader.text("main").contains("Title has already been taken"));
    assert_accessible(&reader, "a taken title");
    reader.follow(&format!("main form a[href='{path}']"));
    assert_eq!(reader.text("h1").to_lowercase(), "a title for all");
    reader.back();
    assert_eq!(reader.value("#description"), "What I say of it");
}

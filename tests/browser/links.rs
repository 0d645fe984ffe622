//! Links as a person posts and follows them.

use lorem_news::post::{self, NewPost, link};
use lorem_news::types::time::now;
use serde_json::Value;

use crate::access::assert_accessible;
use crate::reader::Reader;

#[test]
fn links_and_their_lists_are_fit_for_everyone() {
    let reader = Reader::alone();
    let database = reader.site.database();
    for (title, url) in [
        ("A link with a long address", format!("https://github.com/{}/{}", "a".repeat(80), "b".repeat(200))),
        ("A link to a long host", format!("https://{}example.com/", "abcdefghi.".repeat(12))),
        ("A link to another alphabet", "https://bücher.example/".to_owned()),
    ] {
        let link = link::parse(&url).expect("a link");
        let new = NewPost { user_id: 2, title, link: Some(&link), description: "", created_at: now() };
        post::sql::create(&database, &new).expect("it is posted").expect("the title is free");
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
fn the_bookmarklet_posts_the_page_that_a_reader_is_on() {
    let reader = Reader::new();
    reader.sign_in();
    reader.open("/posts/new");
    let script = reader.see("document.querySelector('.hint a[href^=javascript]').getAttribute('href')");
    let script = script.as_str().and_then(|href| href.strip_prefix("javascript:")).expect("a bookmarklet");
    reader.open("/users/2?posts=9-9&a=%C3%A9#posts");
    let (page, title) = (reader.see("location.href"), reader.see("document.title"));
    // From the bookmarks bar it runs as this does: beside the page, whose policy does not reach there.
    reader.another_page(|| {
        reader.try_see(&format!("{script}; true"));
    });
    assert_eq!(reader.text("h1").to_lowercase(), "new post");
    assert_eq!(Value::from(reader.value("#url")), page);
    assert_eq!(Value::from(reader.value("#title")), title);
}

#[test]
fn who_posts_what_is_there_is_led_to_it() {
    let author = Reader::alone();
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
    assert_eq!(reader.flash(), "Already posted — your vote was added.");
    assert!(reader.text(".byline").contains("2 points"));
    reader.follow(".source .site a");
    assert_eq!(reader.text("h1").to_lowercase(), "posts from example.com");
    assert_eq!(reader.text("ol.posts > li > a"), "The first of all");
}

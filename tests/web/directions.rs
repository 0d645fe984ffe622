//! Names and texts in scripts that are read from right to left, in lines of other words.

use lorem_news::moderation::{ModerationAction, Subject};
use lorem_news::post::{self, NewPost};
use lorem_news::types::id::{PostId, UserId};
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const NAME: &str = "דוד 7";
const TITLE: &str = "كتاب 2026!";
const TEXT: &str = "An English paragraph.\n\nשלום, 3 דברים.";

/// A site with a post and a comment by a user of that name; the user.
fn scene() -> (Site, Connection, Client) {
    let site = Site::empty();
    let writer = Client::new(&site);
    assert_eq!(writer.sign_up(NAME).status, 303);
    let form = [("title", TITLE), ("url", "https://مثال.example/a"), ("description", TEXT)];
    let answer = writer.post("/posts", &form);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/posts/1")), "{:?}", errors(&answer));
    assert_eq!(writer.post("/posts/1/comments", &[("body", TEXT)]).status, 303);
    let database = site.database();
    (site, database, writer)
}

fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// Panics unless each of the texts that others wrote is in a `bdi` element wherever it is in a line of the page.
fn assert_apart(html: &Html, path: &str, texts_of_others: &[&str]) {
    for text in texts_of_others {
        let apart = texts(html, "body bdi").iter().filter(|apart| apart.contains(text)).count();
        let all = texts(html, "body").concat().matches(text).count();
        let whole = texts(html, "body [dir=auto]").iter().filter(|whole| whole.contains(text)).count();
        assert!(
            apart > 0 && apart + whole == all,
            "{path}: {text} is {all} times there, {apart} times apart"
        );
    }
}

#[test]
fn names_and_titles_stand_apart_in_every_page() {
    let (site, database, writer) = scene();
    let guest = Client::new(&site);
    while lorem_news::search::sql::index_step(&database).expect("a step") {}
    for path in ["/", "/posts", "/posts/1", "/comments/1", "/comments/1/reply", "/users/1", "/search?q=2026"]
    {
        let html = guest.get(path).html();
        assert_apart(&html, path, &[TITLE, NAME]);
    }
    assert_apart(&writer.get("/posts").html(), "the header", &[NAME]);
    assert_eq!(texts(&guest.get("/posts/1").html(), "h1 bdi"), [TITLE]);
    assert_eq!(texts(&guest.get("/posts").html(), ".site bdi"), ["مثال.example"]);
    // With htmx as well.
    let change = writer.htmx("POST", "/posts/1/comments", &[("body", "עוד דבר אחד")]);
    let change = partials(&change).into_iter().map(|partial| partial.html).collect::<String>();
    assert!(change.contains("<p dir=\"auto\">עוד דבר אחד</p>"), "{change}");
    let cancelled = partials(&guest.htmx("GET", "/comments/1", &[])).remove(0).html;
    assert!(cancelled.contains(&format!("<bdi>{NAME}</bdi>")), "{cancelled}");
}

#[test]
fn the_log_and_the_queue_keep_their_lines() {
    let (site, database, _) = scene();
    let admin = Client::new(&site);
    assert_eq!(admin.sign_up("מנהלת").status, 303);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("the schema is known");
    let reader = Client::new(&site);
    assert_eq!(reader.sign_up("reader").status, 303);
    let reason = "ספאם 5!";
    let flag = [("kind", ""), ("words", reason)];
    assert_eq!(reader.post("/posts/1/flag", &flag).status, 303);
    assert_apart(&admin.get("/flags").html(), "/flags", &[TITLE, NAME, "מנהלת"]);
    for page in ["/flags", "/posts/1/moderate"] {
        assert_eq!(texts(&admin.get(page).html(), "main .prose li[dir=auto]"), [reason], "{page}");
    }
    assert_apart(&reader.get("/posts/1/flag").html(), "the flag's page", &[reason]);
    let lock = [("act", ModerationAction::Lock.code()), ("reason", reason)];
    assert_eq!(
        admin.post(&format!("{}/moderate", Subject::Post(PostId::new(1)).address()), &lock).status,
        303
    );
    assert_eq!(texts(&admin.get("/log").html(), "#log p[dir=auto]"), [reason]);
    assert_apart(&reader.get("/log").html(), "/log", &["מנהלת", TITLE]);
    assert_apart(&reader.get("/posts/1").html(), "the locked post", &[reason]);
    let refused = reader.post("/posts/1/comments", &[("body", "Too late to say so")]);
    assert!(texts(&refused.html(), "main").concat().contains(&isolated(reason)), "{}", refused.text());
}

#[test]
fn a_paragraph_has_the_direction_of_its_letters_and_others_have_no_attribute() {
    let (site, _, _) = scene();
    for path in ["/posts/1", "/comments/1"] {
        let html = site.get(path).html();
        let paragraphs = texts(&html, "main p[dir=auto]");
        let number = if path == "/posts/1" { 2 } else { 1 };
        assert_eq!(paragraphs, vec!["שלום, 3 דברים."; number], "{path}");
        assert!(texts(&html, "main p:not([dir])").contains(&"An English paragraph.".to_owned()), "{path}");
    }
}

#[test]
fn what_is_typed_has_the_direction_of_its_letters() {
    let (site, _, writer) = scene();
    let guest = Client::new(&site);
    let directed = |html: &Html, names: &[&str]| {
        for name in names {
            let field = format!("main [name={name}]");
            assert_eq!(
                attributes(html, &field, "dir"),
                attributes(html, &field, "name").iter().map(|_| "auto").collect::<Vec<_>>(),
                "{name}"
            );
        }
    };
    directed(&guest.get("/search?q=שלום").html(), &["q"]);
    directed(&guest.get("/sign_up").html(), &["screen_name"]);
    directed(&writer.get("/posts/new").html(), &["title", "url", "description"]);
    directed(&writer.get("/user/edit").html(), &["screen_name", "about"]);
    let refused = writer.post("/posts", &[("title", "א"), ("description", TEXT)]);
    assert_eq!(
        (refused.status, line(&refused, "title"), area(&refused, "description")),
        (422, "א".into(), TEXT.into())
    );
    directed(&refused.html(), &["title", "url", "description"]);
    let refused = writer.htmx("POST", "/posts/1/comments", &[("body", "א")]);
    let form = Html::parse_fragment(&partials(&refused)[0].html);
    assert_eq!(attributes(&form, "textarea[name=body]", "dir"), ["auto"]);
}

#[test]
fn titles_of_windows_feeds_and_previews_are_isolated() {
    let (site, database, _) = scene();
    let titles = |path: &str| texts(&site.get(path).html(), "head title").concat();
    let (name, title) = (isolated(NAME), isolated(TITLE));
    assert_eq!(titles("/posts/1"), format!("{title} · Lorem News"));
    assert_eq!(titles("/comments/1"), format!("{} · Lorem News", isolated(&format!("Comment on {title}"))));
    assert_eq!(titles("/users/1"), format!("{name} · Lorem News"));
    assert_eq!(titles("/posts"), "Recent posts · Lorem News");
    let description =
        |path: &str| attributes(&site.get(path).html(), "head meta[name=description]", "content");
    assert_eq!(description("/users/1"), [format!("What {name} wrote on Lorem News.")]);
    assert_eq!(description("/comments/1"), [format!("A comment on {title}, with the replies to it.")]);
    database.execute("UPDATE descriptions SET text = ''", []).expect("the schema is known");
    assert_eq!(description("/posts/1"), [format!("{} - 1 point, 1 comment", isolated("مثال.example"))]);
    // A preview's title stands alone.
    assert_eq!(
        attributes(&site.get("/posts/1").html(), "head meta[property='og:title']", "content"),
        [TITLE]
    );
    let feed = |path: &str| feed_rs::parser::parse(site.get(path).body.as_slice()).expect("a feed");
    let of_post = feed("/posts/1.atom");
    let titled = format!("{} · Lorem News", isolated(&format!("Comments on {title}")));
    assert_eq!(of_post.title.expect("a title").content, titled);
    assert_eq!(of_post.entries[0].title.as_ref().expect("a title").content, format!("{name} on {title}"));
    assert_eq!(
        of_post.entries[0].authors[0].name.as_deref(),
        Some(NAME),
        "a name alone needs nothing around it"
    );
    let content = of_post.entries[0].content.as_ref().and_then(|content| content.body.clone());
    assert!(content.expect("a text").contains("<p dir=\"auto\">שלום"), "the direction is in the feed's HTML");
    let posts = feed("/posts.atom");
    assert_eq!(posts.entries[0].title.as_ref().expect("a title").content, TITLE);
}

#[test]
fn texts_from_left_to_right_are_as_before() {
    let site = Site::empty();
    let client = Client::new(&site);
    assert_eq!(client.sign_up("Zoë").status, 303);
    let new = NewPost {
        user_id: UserId::new(1),
        title: "Привет, 世界",
        link: None,
        description: "किताब",
        created_at: Timestamp::now(),
    };
    post::sql::create(&site.database(), &new).expect("it is posted").expect("the title is free");
    for path in ["/posts/1", "/posts/1.atom", "/users/1", "/posts"] {
        let text = site.get(path).text().to_owned();
        assert!(!text.contains('\u{2068}') && !text.contains("<p dir"), "{path}: {text}");
    }
}

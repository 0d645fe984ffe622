//! The time in which a title and a link can be changed.

use lorem_news::types::time::{HOUR, MINUTE, Timestamp};

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A site on which titles can be changed for two hours, with post 3 by user 1, which is `age` old.
fn site(age: std::time::Duration) -> (Site, rusqlite::Connection, Client) {
    let site = Site::with(20, |config| config.title_hours = 2);
    let database = site.database();
    let at = Timestamp::now() - age;
    database
        .execute(
            "UPDATE posts SET user_id = 1, title = 'As it was', url = 'https://a.example/', created_at = ?1 WHERE id = 3",
            [at.as_micros()],
        )
        .expect("the schema is known");
    recount(&database);
    let author = Client::signed_in_as(&site, 1);
    (site, database, author)
}

fn stored(database: &rusqlite::Connection) -> [String; 3] {
    ["title", "url", "text"].map(|column| {
        string(
            database,
            &format!("SELECT {column} FROM posts JOIN descriptions ON post_id = id WHERE id = 3"),
        )
    })
}

#[test]
fn a_title_can_be_changed_for_two_hours_and_the_form_says_until_when() {
    let (_site, database, author) = site(2 * HOUR - 5 * MINUTE);
    let html = author.get("/posts/3/edit").html();
    let rule = texts(&html, "#title_rule").concat();
    assert!(rule.starts_with("Title and URL can be changed until ") && rule.ends_with(" UTC."), "{rule}");
    assert_eq!(attributes(&html, "input[readonly]", "id"), [""; 0]);
    let form = [("_method", "patch"), ("title", "A better title"), ("url", "https://b.example/")];
    assert_eq!(author.post("/posts/3", &form).status, 303);
    assert_eq!(stored(&database)[..2], ["A better title", "https://b.example/"]);
    // A new post has no such line.
    assert_eq!(texts(&author.get("/posts/new").html(), "#title_rule"), [""; 0]);
}

#[test]
fn afterwards_only_the_text_can_be_changed_and_a_refusal_keeps_what_was_typed() {
    let (_site, database, author) = site(2 * HOUR + MINUTE);
    let html = author.get("/posts/3/edit").html();
    assert_eq!(
        texts(&html, "#title_rule"),
        ["Title and URL can't be changed any more. The description can."]
    );
    assert_eq!(attributes(&html, "input[readonly]", "id"), ["title", "url"]);
    // The form does not send them: an admin may change the title while it is open.
    assert_eq!(attributes(&html, "input[readonly]", "name"), [""; 0]);
    let before = stored(&database);
    let form =
        [("_method", "patch"), ("title", "A better title"), ("url", ""), ("description", "A new text")];
    let plain = author.post("/posts/3", &form);
    assert_eq!(plain.status, 422);
    let expected =
        ["Title can be changed for 2 hours after posting", "URL can be changed for 2 hours after posting"];
    assert_refused(&plain.html(), "post", &expected);
    assert_eq!(
        (line(&plain, "title"), line(&plain, "url"), area(&plain, "description")),
        ("A better title".into(), String::new(), "A new text".into())
    );
    assert_eq!(
        attributes(&plain.html(), "input[readonly]", "id"),
        [""; 0],
        "what is refused can be corrected"
    );
    assert_eq!(author.htmx("PATCH", "/posts/3", &form[1..]).status, 422);
    assert_eq!(stored(&database), before);
    let form = [
        ("_method", "patch"),
        ("title", "As it was"),
        ("url", "https://a.example/"),
        ("description", "A new text"),
    ];
    for _twice in 0..2 {
        assert_eq!(author.post("/posts/3", &form).status, 303);
    }
    assert_eq!(stored(&database), ["As it was", "https://a.example/", "A new text"]);
}

#[test]
fn an_admin_may_change_the_titles_of_their_posts_at_any_time() {
    let (_site, database, author) = site(2000 * HOUR);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).unwrap();
    assert_eq!(texts(&author.get("/posts/3/edit").html(), "#title_rule"), [""; 0]);
    assert_eq!(author.post("/posts/3", &[("_method", "patch"), ("title", "A better title")]).status, 303);
    assert_eq!(stored(&database)[0], "A better title");
}

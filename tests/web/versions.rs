//! Edited marks, earlier versions, and striking one.

use lorem_news::types::id::UserId;
use lorem_news::types::time::Timestamp;
use lorem_news::user::handlers::deletion;
use lorem_news::version::MAX_VERSIONS;
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::writing_comments::comment_of;

const WAIT: &str = "Earlier versions can be read once another user has answered.";

/// A site whose user 1 has a post with a link and a comment on it, both without answers; user 2 is another user, user 3 an admin.
struct Scene {
    site: Site,
    database: Connection,
    author: Client,
    other: Client,
    admin: Client,
    post: String,
    comment: String,
}

fn scene() -> Scene {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch("DELETE FROM comments WHERE post_id = 3; UPDATE posts SET user_id = 1, url = NULL, site = NULL, address = NULL WHERE id = 3; UPDATE descriptions SET text = 'The first text' WHERE post_id = 3; UPDATE users SET is_admin = (id = 3)")
        .expect("the schema is known");
    recount(&database);
    let id = comment_of(&database, 1, 3, "The first words");
    let [author, other, admin] = [1, 2, 3].map(|id| Client::signed_in_as(&site, id));
    Scene {
        site,
        database,
        author,
        other,
        admin,
        post: "/posts/3".into(),
        comment: format!("/comments/{id}"),
    }
}

impl Scene {
    fn edit(&self, path: &str, form: &[(&str, &str)]) {
        let form: Vec<_> = [("_method", "patch")].iter().chain(form).copied().collect();
        assert_eq!(self.author.post(path, &form).status, 303, "{path}");
    }

    /// The versions as a reader sees them: the text of each, without its times.
    fn versions(&self, client: &Client, path: &str) -> Vec<String> {
        let html = client.get(&format!("{path}/versions")).html();
        assert_eq!(texts(&html, "h1").len(), 1);
        texts(&html, "#versions > li > div > p:nth-child(n + 2), main > .empty")
    }

    fn count(&self) -> i64 {
        count(&self.database, "versions")
    }

    /// The number of the newest version.
    fn newest(&self) -> i64 {
        number(&self.database, "SELECT max(id) FROM versions")
    }
}

/// Whether a page says that its first post or comment was edited.
fn marks(answer: &Answer) -> Vec<String> {
    texts(&answer.html(), "a.edited")
}

#[test]
fn an_edit_is_marked_at_once_for_every_reader_and_a_creation_keeps_nothing() {
    let scene = scene();
    let guest = Client::new(&scene.site);
    for page in [&scene.post, &scene.comment] {
        for _ in 0..3 {
            assert_eq!(marks(&guest.get(page)), [""; 0]);
        }
    }
    assert_eq!(scene.author.post("/posts/4/comments", &[("body", "Another comment")]).status, 303);
    assert_eq!(scene.author.post("/posts", &[("title", "Another post")]).status, 303);
    assert_eq!(scene.count(), 0);
    scene.edit(&scene.comment, &[("body", "Other words")]);
    let mark = "edited less than a minute ago".to_owned();
    for client in [&guest, &scene.author, &scene.other, &scene.admin] {
        assert_eq!(marks(&client.get(&scene.post)), std::slice::from_ref(&mark));
        assert_eq!(marks(&client.get(&scene.comment)), std::slice::from_ref(&mark));
    }
    assert_eq!(
        attributes(&guest.get(&scene.comment).html(), "a.edited", "href"),
        [format!("{}/versions", scene.comment)]
    );
    scene.edit(&scene.post, &[("title", "A better title")]);
    assert_eq!(marks(&guest.get(&scene.post)).len(), 2);
    assert_eq!(scene.count(), 2);
    assert_sound(&scene.database);
}

#[test]
fn a_change_that_changes_nothing_leaves_no_mark() {
    let scene = scene();
    for _ in 0..2 {
        scene.edit(&scene.comment, &[("body", "The first words")]);
        scene.edit(&scene.post, &[]);
    }
    assert_eq!((marks(&scene.other.get(&scene.post)), scene.count()), (vec![], 0));
    assert_eq!(scene.other.get(&format!("{}/versions", scene.comment)).status, 404);
    assert_eq!(scene.other.get(&format!("{}/versions", scene.post)).status, 404);
    assert_eq!(scene.other.get("/comments/999999/versions").status, 404);
    // By htmx the mark comes with the change.
    let answer = scene.author.htmx("PATCH", &scene.comment, &[("body", "Other words")]);
    assert!(partials(&answer)[0].html.contains("class=edited"), "{}", answer.text());
    let answer = scene.author.htmx("PATCH", &scene.comment, &[("body", "Other words")]);
    assert!(partials(&answer)[0].html.contains("class=edited"), "{}", answer.text());
    assert_eq!(scene.count(), 1);
}

#[test]
fn versions_can_be_read_by_everybody_once_another_user_has_answered() {
    let scene = scene();
    let guest = Client::new(&scene.site);
    let title = string(&scene.database, "SELECT title FROM posts WHERE id = 3");
    scene.edit(&scene.comment, &[("body", "The *second* words")]);
    scene.edit(&scene.comment, &[("body", "The third words")]);
    scene.edit(&scene.post, &[("title", "A better title"), ("description", "And a text")]);
    let of_comment = ["The second words", "The first words"];
    // Neither a vote nor an answer to oneself lets others read them.
    assert_eq!(scene.other.post(&format!("{}/vote", scene.comment), &[]).status, 303);
    assert_eq!(
        scene.author.post(&format!("{}/replies", scene.comment), &[("body", "To myself")]).status,
        303
    );
    for client in [&scene.author, &scene.admin] {
        assert_eq!(scene.versions(client, &scene.comment), of_comment);
        assert_eq!(scene.versions(client, &scene.post)[0], title);
    }
    for client in [&guest, &scene.other] {
        assert_eq!(scene.versions(client, &scene.comment), [WAIT]);
        assert_eq!(scene.versions(client, &scene.post), [WAIT]);
    }
    assert_eq!(scene.other.post(&format!("{}/replies", scene.comment), &[("body", "An answer")]).status, 303);
    for client in [&guest, &scene.other, &scene.author] {
        assert_eq!(scene.versions(client, &scene.comment), of_comment);
        assert_eq!(scene.versions(client, &scene.post)[0], title);
    }
}

#[test]
fn an_authors_own_deleted_comment_is_no_answer() {
    let scene = scene();
    scene.edit(&scene.post, &[("description", "Without the number")]);
    assert_eq!(scene.author.post("/posts/3/comments", &[("body", "A remark of my own")]).status, 303);
    let own = number(&scene.database, "SELECT max(id) FROM comments");
    let gone = scene.author.post(&format!("/comments/{own}"), &[("_method", "delete")]);
    assert_eq!(gone.status, 303);
    assert_eq!(scene.versions(&Client::new(&scene.site), &scene.post), [WAIT]);
    assert_sound(&scene.database);
}

#[test]
fn its_author_strikes_a_version_for_good() {
    let scene = scene();
    scene.edit(&scene.comment, &[("body", "My address is private")]);
    scene.edit(&scene.comment, &[("body", "Nothing private")]);
    let path = format!("/versions/{}/strike", scene.newest());
    let list = format!("{}/versions", scene.comment);
    assert_leads_to(
        &Client::new(&scene.site).get(&path),
        &format!("/sign_in?return_to={}", path.replace('/', "%2F")),
    );
    assert_eq!(Client::new(&scene.site).post(&path, &[]).status, 303);
    assert_eq!(Client::new(&scene.site).htmx("POST", &path, &[]).status, 401);
    for answer in [scene.other.get(&path), scene.other.post(&path, &[]), scene.other.htmx("POST", &path, &[])]
    {
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    assert_eq!(attributes(&scene.author.get(&list).html(), "#versions a.danger", "href")[0], path);
    assert_eq!(attributes(&scene.other.get(&list).html(), "#versions a.danger", "href"), [""; 0]);
    let html = scene.author.get(&path).html();
    assert_eq!(texts(&html, "main .prose p"), ["My address is private"]);
    assert_eq!(texts(&html, "main form button"), ["Strike"]);
    for _twice in 0..2 {
        assert_done(&scene.author, &scene.author.post(&path, &[]), &list, "The version is struck.");
    }
    assert_leads_htmx_to(&scene.author.htmx("POST", &path, &[]), 200, &list);
    let name = name_of(&scene.database, 1);
    assert_eq!(
        scene.versions(&scene.author, &scene.comment),
        [format!("struck less than a minute ago by {name}"), "The first words".into()]
    );
    assert_eq!(number(&scene.database, "SELECT count(*) FROM versions WHERE text LIKE '%private%'"), 0);
    assert_eq!(count(&scene.database, "acts"), 0, "the log is of admins");
    scene.database.execute("UPDATE users SET banned_at = 1 WHERE id = 1", []).unwrap();
    let first = number(&scene.database, "SELECT min(id) FROM versions");
    assert_eq!(scene.author.post(&format!("/versions/{first}/strike"), &[]).status, 403);
    assert_eq!(scene.author.get("/versions/999/strike").status, 403);
}

#[test]
fn an_admin_strikes_a_version_with_a_reason_in_the_log() {
    let scene = scene();
    scene.edit(&scene.post, &[("title", "A better title"), ("description", "And a text")]);
    let (path, list) = (format!("/versions/{}/strike", scene.newest()), format!("{}/versions", scene.post));
    let answer = scene.admin.post(&path, &[("reason", "ab")]);
    assert_eq!((answer.status, line(&answer, "reason")), (422, "ab".to_owned()));
    assert_eq!(scene.versions(&scene.admin, &scene.post).len(), 2, "nothing is struck");
    for _twice in 0..2 {
        assert_leads_to(&scene.admin.post(&path, &[("reason", "Somebody's address")]), &list);
    }
    let log = scene.other.get("/log").html();
    let name = name_of(&scene.database, 3);
    assert_eq!(
        texts(&log, "#log > li > p")[0].split(" · ").next(),
        Some(&*format!("{name} admin struck a version of the post A better title"))
    );
    assert_eq!(texts(&log, "#log > li > p")[1], "Somebody's address");
    assert_eq!(count(&scene.database, "acts"), 1);
    assert_eq!(
        scene.versions(&scene.admin, &scene.post),
        [format!("struck less than a minute ago by {name} admin")]
    );
    // No admin any more: the page of then strikes nothing.
    scene.edit(&scene.post, &[("description", "Another text")]);
    scene.database.execute("UPDATE users SET is_admin = 0 WHERE id = 3", []).unwrap();
    let path = format!("/versions/{}/strike", scene.newest());
    assert_eq!(scene.admin.post(&path, &[("reason", "Somebody's address")]).status, 403);
    assert_eq!(count(&scene.database, "acts"), 1);
}

#[test]
fn versions_follow_what_they_are_of() {
    let scene = scene();
    scene.edit(&scene.comment, &[("body", "Other words")]);
    scene.edit(&scene.post, &[("title", "A better title")]);
    let paths = [&scene.comment, &scene.post].map(|path| format!("{path}/versions"));
    let status = || paths.each_ref().map(|path| scene.author.get(path).status);
    let moderate = |act: &str| {
        for path in [&scene.comment, &scene.post] {
            let form = [("act", act), ("reason", "Because it is so")];
            assert_eq!(scene.admin.post(&format!("{path}/moderate"), &form).status, 303);
        }
    };
    moderate("remove");
    assert_eq!(status(), [404, 404]);
    assert_eq!(scene.admin.get(&paths[0]).status, 404);
    moderate("restore");
    assert_eq!(status(), [200, 200]);
    for path in [&scene.comment, &scene.post] {
        assert_eq!(scene.author.ask("DELETE", path, &[], &[]).status, 303);
    }
    assert_eq!(status(), [404, 404]);
    for path in [&scene.post, &scene.comment] {
        assert_eq!(scene.author.post(&format!("{path}/undo"), &[]).status, 303);
    }
    assert_eq!((status(), scene.count()), ([200, 200], 2));
    assert_eq!(marks(&scene.other.get(&scene.post)).len(), 2, "the marks are as they were");
    // An answer keeps the row of the comment; its versions go with the account.
    assert_eq!(scene.other.post(&format!("{}/replies", scene.comment), &[("body", "An answer")]).status, 303);
    while deletion::destroy_some(&scene.database, UserId::new(1), Timestamp::now(), 100).expect("a step") {}
    assert_eq!((status(), scene.count()), ([404, 404], 0));
    assert_sound(&scene.database);
}

#[test]
fn beyond_twenty_versions_the_second_oldest_goes() {
    let scene = scene();
    for number in 0..MAX_VERSIONS + 3 {
        scene.edit(&scene.comment, &[("body", &format!("Words of version {number}"))]);
    }
    let kept = scene.versions(&scene.author, &scene.comment);
    assert_eq!(kept.len(), MAX_VERSIONS as usize);
    assert_eq!(kept[0], format!("Words of version {}", MAX_VERSIONS + 1));
    assert_eq!(kept[kept.len() - 2..], ["Words of version 3", "The first words"]);
}

#[test]
fn the_page_of_the_longest_versions_is_bounded() {
    let scene = scene();
    let long: String = "http://a.example/&'\" ".chars().cycle().take(9_990).collect();
    for number in 0..=MAX_VERSIONS {
        scene.edit(&scene.comment, &[("body", &format!("{number} {long}"))]);
    }
    let answer = scene.author.get(&format!("{}/versions", scene.comment));
    assert!(answer.text().len() <= 512 * 1024, "{}", answer.text().len());
    assert_eq!(
        texts(&answer.html(), "#versions .rest").len(),
        MAX_VERSIONS as usize - 1,
        "all but the first"
    );
}

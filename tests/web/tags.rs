//! Tags of posts, and users who leave the posts of a tag out of their lists.

use std::thread;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::*;
use crate::harness::*;
use crate::site_api::Program;
use lorem_news::site::settings::Setting;

/// A site with three posts, these tags, and no admin, with a client of user 5.
fn site(tags: &str) -> (Site, Connection, Client) {
    let site = Site::with(3, |config| config.fixed_settings = vec![(Setting::Tags, tags.to_owned())]);
    let database = site.database();
    database.execute_batch("UPDATE users SET is_admin = 0; UPDATE posts SET user_id = 9").expect("valid SQL");
    recount(&database);
    let author = Client::signed_in_as(&site, 5);
    (site, database, author)
}

const ALL: &str = "rust, web, 数据库, c-99";

/// Sends a new post, and returns its path.
fn posted(client: &Client, title: &str, tags: &str) -> String {
    let answer = client.post("/posts", &[("title", title), ("description", "Words"), ("tags", tags)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("Location").expect("a path").to_owned()
}

fn tags(database: &Connection, path: &str) -> Option<String> {
    let id = path.trim_start_matches("/posts/");
    database.query_row("SELECT tags FROM posts WHERE id = ?1", [id], |row| row.get(0)).expect("a post")
}

/// The titles on a page.
fn titles(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text());
    texts(&page.html(), "ol.posts > li > a")
}

#[test]
fn a_post_has_its_tags_in_lists_on_its_page_and_in_the_list_of_each() {
    let (site, database, author) = site(ALL);
    let form = author.get("/posts/new");
    assert_eq!(texts(&form.html(), "#all_tags bdi"), ["rust", "web", "数据库", "c-99"]);
    let path = posted(&author, "A tagged post", " #Web,rust  WEB");
    assert_eq!(tags(&database, &path).as_deref(), Some("web rust"));
    let other = posted(&author, "Another tagged post", "数据库");
    let guest = Client::new(&site);
    for page in ["/", "/posts", &path] {
        let html = guest.get(page).html();
        assert!(attributes(&html, ".tags a", "href").contains(&"/tagged?tag=web".to_owned()), "{page}");
    }
    assert_eq!(titles(&guest.get("/tagged?tag=rust")), ["A tagged post"]);
    assert_eq!(titles(&guest.get("/tagged?tag=%E6%95%B0%E6%8D%AE%E5%BA%93")), ["Another tagged post"]);
    assert_eq!(titles(&guest.get("/tagged?tag=c-99")), [""; 0]);
    assert_eq!(attributes(&guest.get("/tags").html(), "#tags a", "href").len(), 4);
    for path in ["/tagged", "/tagged?tag=", "/tagged?tag=Rust", "/tagged?tag=a%20b", "/tagged?tag=%3Cb%3E"] {
        assert_eq!(guest.get(path).status, 404, "{path}");
    }
    // What is removed or deleted is in no list; what comes back is in its lists again.
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).expect("valid SQL");
    let admin = Client::signed_in_as(&site, 1);
    let moderate = format!("{path}/moderate");
    admin.post(&moderate, &[("act", "remove"), ("reason", "Spam it is")]);
    assert_eq!(titles(&guest.get("/tagged?tag=rust")), [""; 0]);
    assert!(attributes(&guest.get(&path).html(), ".tags a", "href").is_empty());
    admin.post(&moderate, &[("act", "restore"), ("reason", "It is none")]);
    assert_eq!(titles(&guest.get("/tagged?tag=rust")), ["A tagged post"]);
    author.post(&other, &[("_method", "delete")]);
    assert_eq!(titles(&guest.get("/tagged?tag=%E6%95%B0%E6%8D%AE%E5%BA%93")), [""; 0]);
    author.post(&format!("{other}/undo"), &[]);
    assert_eq!(titles(&guest.get("/tagged?tag=%E6%95%B0%E6%8D%AE%E5%BA%93")), ["Another tagged post"]);
    assert_sound(&database);
}

#[test]
fn tags_are_changed_with_the_post_and_a_change_of_nothing_else_is_no_version() {
    let (site, database, author) = site(ALL);
    let path = posted(&author, "A tagged post", "web");
    assert_eq!(attributes(&author.get(&format!("{path}/edit")).html(), "#tags", "value"), ["web"]);
    let guest = Client::new(&site);
    assert!(guest.get("/posts").text().contains("/tagged?tag=web"), "a copy may be kept");
    for (way, sent, expected) in
        [("form", "rust c-99", Some("rust c-99")), ("htmx", "", None), ("form", "web", Some("web"))]
    {
        let form = [("_method", "patch"), ("tags", sent)];
        let answer =
            if way == "htmx" { author.htmx("POST", &path, &form) } else { author.post(&path, &form) };
        assert!([200, 303].contains(&answer.status), "{}", answer.text());
        assert_eq!(tags(&database, &path).as_deref(), expected);
        let again = author.post(&path, &form);
        assert_eq!((again.status, tags(&database, &path).as_deref()), (303, expected));
        let shown = guest.get("/posts").text().contains("/tagged?tag=web");
        assert_eq!(shown, expected == Some("web"));
    }
    assert_eq!(number(&database, "SELECT count(*) FROM versions"), 0);
    for other in [&Client::signed_in_as(&site, 7), &guest] {
        assert_ne!(other.post(&path, &[("_method", "patch"), ("tags", "rust")]).status, 200);
    }
    assert_eq!(tags(&database, &path).as_deref(), Some("web"));
    assert_sound(&database);
}

#[test]
fn wrong_tags_are_refused_with_what_was_typed() {
    let (_site, database, author) = site(ALL);
    let huge = "web ".repeat(10_000) + "x";
    for (typed, sentence) in [
        ("rust web c-99 数据库", "Tags are too many (maximum is 3)"),
        ("cobol", "Tags must be among those of this site"),
        ("<script>", "Tags must be among those of this site"),
        (&huge, "Tags must be among those of this site"),
    ] {
        let form = [("title", "A tagged post"), ("description", "Words"), ("tags", typed)];
        let refused = author.post("/posts", &form);
        assert_eq!(refused.status, 422, "{typed}");
        let html = refused.html();
        assert!(texts(&html, "main").concat().contains(sentence), "{typed}");
        assert_eq!(attributes(&html, "#title", "value"), ["A tagged post"]);
        assert!(!attributes(&html, "#tags", "value").concat().is_empty());
    }
    assert_eq!(number(&database, "SELECT count(*) FROM posts WHERE title = 'A tagged post'"), 0);
}

#[test]
fn a_guests_tags_wait_for_the_sign_in() {
    let (site, database, _author) = site(ALL);
    let guest = Client::new(&site);
    let form = [("title", "A tagged post"), ("description", ""), ("tags", "rust")];
    assert_eq!(guest.post("/posts", &form).status, 303);
    let name: String = database
        .query_row("SELECT screen_name FROM users WHERE id = 7", [], |row| row.get(0))
        .expect("a name");
    guest.sign_in(&name);
    assert_eq!(attributes(&guest.get("/posts/new").html(), "#tags", "value"), ["rust"]);
}

#[test]
fn a_site_without_tags_shows_nothing_of_them_and_takes_none() {
    let (site, database, author) = site("");
    assert!(!author.get("/posts/new").text().contains("id=\"tags\""));
    assert_eq!(Client::new(&site).get("/tags").status, 404);
    let refused = author.post("/posts", &[("title", "A tagged post"), ("tags", "rust")]);
    assert_eq!(refused.status, 422);
    assert_eq!(number(&database, "SELECT count(*) FROM post_tags"), 0);
}

#[test]
fn a_tag_that_is_taken_away_stays_where_it_is() {
    let (site, database, author) = {
        let site = Site::with(3, |_| {});
        let database = site.database();
        database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("valid SQL");
        let author = Client::signed_in_as(&site, 5);
        (site, database, author)
    };
    let admin = Client::signed_in_as(&site, 1);
    let set = |tags: &str| admin.post("/settings", &[("_method", "patch"), ("tags", tags)]);
    assert_eq!(set("rust, web").status, 303);
    let path = posted(&author, "A tagged post", "web");
    for wrong in ["We!b", "Rust", &"a".repeat(21), &"a, ".repeat(51)] {
        assert_eq!(set(wrong).status, 422, "{wrong}");
    }
    assert_eq!(set("rust").status, 303);
    let changed =
        author.post(&path, &[("_method", "patch"), ("description", "Other words"), ("tags", "web rust")]);
    assert_eq!((changed.status, tags(&database, &path).as_deref()), (303, Some("web rust")));
    let refused = author.post("/posts", &[("title", "Another tagged post"), ("tags", "web")]);
    assert_eq!(refused.status, 422);
    assert!(Client::new(&site).get("/log").text().contains("changed the settings of"));
    assert_sound(&database);
}

#[test]
fn a_muted_tag_leaves_the_lists_of_the_user_alone() {
    let (site, database, author) = site(ALL);
    for (title, tags) in
        [("About rust", "rust"), ("About both", "web rust"), ("About the web", "web"), ("About nothing", "")]
    {
        posted(&author, title, tags);
    }
    let (reader, other) = (Client::signed_in_as(&site, 7), Client::signed_in_as(&site, 8));
    let has = |client: &Client, path: &str| {
        let titles = titles(&client.get(path));
        ["About rust", "About both", "About the web", "About nothing"]
            .map(|title| titles.iter().any(|shown| shown == title))
    };
    assert!(reader.get("/tagged?tag=rust").text().contains("Mute this tag"));
    assert_eq!(reader.post("/tagged/mute?tag=rust", &[]).status, 303);
    assert_eq!(reader.post("/tagged/mute?tag=rust", &[]).status, 303, "twice");
    for path in ["/", "/posts"] {
        assert_eq!(has(&reader, path), [false, false, true, true], "{path}");
        assert_eq!(has(&other, path), [true; 4], "{path}");
        assert_eq!(has(&Client::new(&site), path), [true; 4], "{path}");
    }
    // A post that loses the tag is in the lists again, also in those that are kept.
    let path = posted(&author, "About rust no more", "rust");
    let shows = |client: &Client| titles(&client.get("/posts")).contains(&"About rust no more".to_owned());
    assert_eq!([shows(&reader), shows(&reader), shows(&other)], [false, false, true]);
    assert_eq!(author.post(&path, &[("_method", "patch"), ("tags", "web")]).status, 303);
    assert!(shows(&reader));
    assert_eq!(author.post(&path, &[("_method", "patch"), ("tags", "rust")]).status, 303);
    assert!(!shows(&reader));
    assert_eq!(author.post(&path, &[("_method", "delete")]).status, 303);
    // On its own page it is not left out, and one of the other tag is, for this tag.
    assert_eq!(has(&reader, "/tagged?tag=rust"), [true, true, false, false]);
    assert_eq!(has(&reader, "/tagged?tag=web"), [false, false, true, false]);
    assert!(reader.get("/muted").text().contains("/tagged?tag=rust"));
    assert!(!other.get("/muted").text().contains("/tagged?tag=rust"));
    let back = reader.htmx("POST", "/tagged/unmute?tag=rust", &[]);
    assert_eq!(back.status, 200);
    assert_eq!(has(&reader, "/posts"), [true; 4]);
    assert_eq!(Client::new(&site).post("/tagged/mute?tag=rust", &[]).status, 303);
    assert_eq!(Client::new(&site).htmx("POST", "/tagged/mute?tag=rust", &[]).status, 401);
    assert_eq!(reader.post("/tagged/mute?tag=A%20B", &[]).status, 404);
    assert_eq!(number(&database, "SELECT count(*) FROM muted_tags"), 0);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let sent: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| Client::visiting(&reader, &site).post("/tagged/mute?tag=web", &[]).status)
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    assert!(statuses.iter().all(|status| [303, 429, 503].contains(status)), "{statuses:?}");
    assert_eq!(number(&database, "SELECT count(*) FROM muted_tags"), 1);
    assert_sound(&database);
}

#[test]
fn the_list_of_a_tag_has_pages() {
    let (site, database, _author) = site(ALL);
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 70)
             INSERT INTO posts (id, user_id, created_at, updated_at, hotness, title, tags)
                 SELECT 1000 + n, 9, n, n, 0, 'Tagged ' || n, 'rust' FROM n;
             INSERT INTO descriptions SELECT id, '' FROM posts WHERE id > 1000;
             INSERT INTO post_tags SELECT 'rust', id FROM posts WHERE id > 1000",
        )
        .expect("valid SQL");
    recount(&database);
    let (guest, mut path, mut sizes) = (Client::new(&site), "/tagged?tag=rust".to_owned(), Vec::new());
    loop {
        let page = guest.get(&path);
        sizes.push(titles(&page).len());
        let next = attributes(&page.html(), "a[rel=next]", "href");
        let Some(next) = next.first() else { break };
        path.clone_from(next);
    }
    assert_eq!(sizes, [30, 30, 10]);
}

#[test]
fn a_program_gives_posts_tags() {
    let (site, database, _author) = site(ALL);
    let program = Program::of(&site, 5, "write");
    let new = json!({ "title": "A tagged post", "text": "Words", "tags": "Web, rust" });
    let made = program.ask("POST", "/posts", Some(&new), &[]);
    assert_eq!(made.status, 201, "{}", made.text());
    let post: Value = serde_json::from_str(made.text()).expect("JSON");
    assert_eq!(post["tags"], json!(["web", "rust"]));
    let path = format!("/posts/{}", post["id"]);
    let changed = program.ask("PATCH", &path, Some(&json!({ "tags": "" })), &[]);
    assert_eq!((changed.status, tags(&database, &path)), (200, None));
    let refused = program.ask("PATCH", &path, Some(&json!({ "tags": "cobol" })), &[]);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("Tags must be among those of this site"), "{}", refused.text());
    assert_sound(&database);
}

//! Admins change the title and the link of any post.

use std::thread;

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::operation::Scrape;

/// A site with a post of user 5 that is older than its author may change its title, and its admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::with(5, |config| config.title_hours = 0);
    let database = site.database();
    database
        .execute_batch(
            "UPDATE users SET is_admin = (id = 1);
             UPDATE posts SET user_id = 5, title = 'Shouting TITLE', url = NULL, site = NULL, address = NULL WHERE id = 2;
             UPDATE posts SET user_id = 6 WHERE id <> 2",
        )
        .expect("valid SQL");
    recount(&database);
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

const FORM: [(&str, &str); 3] =
    [("title", "A calm title"), ("url", "https://calm.example/page"), ("reason", "It shouted")];

fn title(database: &Connection) -> String {
    database.query_row("SELECT title FROM posts WHERE id = 2", [], |row| row.get(0)).expect("a title")
}

#[test]
fn an_admin_changes_a_title_with_a_reason_that_the_log_shows_and_the_author_is_told() {
    let (site, database, admin) = site();
    let author = Client::signed_in_as(&site, 5);
    assert!(admin.get("/posts/2/moderate").text().contains("/posts/2/retitle"));
    let fields = |page: &Answer, id: &str| attributes(&page.html(), id, "value").concat();
    let form = admin.get("/posts/2/retitle");
    assert_eq!((fields(&form, "#title"), fields(&form, "#reason")), ("Shouting TITLE".into(), String::new()));
    let text = author.get("/posts/2").text().to_owned();
    let changed = admin.post("/posts/2/retitle", &FORM);
    assert_eq!((changed.status, changed.header("Location")), (303, Some("/posts/2")));
    let page = Client::new(&site).get("/posts/2");
    assert!(
        page.text().contains("A calm title")
            && page.text().contains("calm.example")
            && page.text().contains("edited")
    );
    assert!(!page.text().contains("Shouting TITLE") && text.contains("Shouting TITLE"));
    let log = Client::new(&site).get("/log");
    let said = log.html().root_element().text().collect::<String>();
    assert!(said.contains("changed the title of the post") && said.contains("It shouted"), "{said}");
    assert!(!said.contains("Shouting TITLE"), "what was struck later must not stay in the log");
    assert!(
        author.get("/versions").status == 404
            && author.get("/posts/2/versions").text().contains("Shouting TITLE")
    );
    let told = author.get("/inbox").html().root_element().text().collect::<String>();
    assert!(told.contains("changed the title of the post") && told.contains("It shouted"), "{told}");
    // Twice: nothing more is changed or logged.
    assert_eq!(admin.post("/posts/2/retitle", &FORM).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'retitle'"), 1);
    assert_sound(&database);
}

#[test]
fn only_admins_do_and_a_guests_form_waits_for_the_sign_in() {
    let (site, database, admin) = site();
    let other = Client::signed_in_as(&site, 7);
    for client in [&other, &Client::signed_in_as(&site, 5)] {
        assert_eq!(client.get("/posts/2/retitle").status, 403);
        assert_eq!(client.post("/posts/2/retitle", &FORM).status, 403);
        assert_eq!(client.htmx("POST", "/posts/2/retitle", &FORM).status, 403);
    }
    let guest = Client::new(&site);
    assert_eq!(guest.get("/posts/2/retitle").status, 303);
    assert_eq!(guest.post("/posts/2/retitle", &FORM).status, 303);
    assert_eq!(Client::new(&site).htmx("POST", "/posts/2/retitle", &FORM).status, 401);
    assert_eq!(title(&database), "Shouting TITLE");
    let name: String = database
        .query_row("SELECT screen_name FROM users WHERE id = 1", [], |row| row.get(0))
        .expect("a name");
    guest.sign_in(&name);
    let kept = attributes(&guest.get("/posts/2/retitle").html(), "#title", "value").concat();
    assert_eq!(kept, "A calm title");
    assert_eq!(admin.htmx("POST", "/posts/2/retitle", &FORM).status, 200);
    assert_eq!(title(&database), "A calm title");
}

#[test]
fn a_mistake_is_shown_with_what_was_typed() {
    let (_site, database, admin) = site();
    let taken: String =
        database.query_row("SELECT title FROM posts WHERE id = 3", [], |row| row.get(0)).expect("a title");
    database
        .execute("UPDATE posts SET created_at = (SELECT max(created_at) FROM posts) WHERE id = 3", [])
        .expect("valid SQL");
    for (field, value, sentence) in [
        ("title", "", "Title can't be blank"),
        ("title", "No", "Title is too short"),
        ("title", taken.as_str(), "Title"),
        ("url", "javascript:alert(1)", "URL"),
        ("reason", "", "Reason can't be blank"),
    ] {
        let form = FORM.map(|(name, typed)| (name, if name == field { value } else { typed }));
        let refused = admin.post("/posts/2/retitle", &form);
        assert_eq!(refused.status, 422, "{field}: {value}");
        assert!(texts(&refused.html(), "main").concat().contains(sentence), "{field}: {}", refused.text());
        let kept = attributes(&refused.html(), "#url", "value").concat();
        assert_eq!(kept, form[1].1, "{field}");
    }
    assert_eq!(title(&database), "Shouting TITLE");
    for path in ["/posts/999/retitle", "/posts/0/retitle"] {
        assert_eq!((admin.get(path).status, admin.post(path, &FORM).status), (404, 404));
    }
    admin.post("/posts/2/moderate", &[("act", "remove"), ("reason", "Spam it is")]);
    assert_eq!(admin.post("/posts/2/retitle", &FORM).status, 404, "what is removed has no title to change");
    assert!(!admin.get("/posts/2/moderate").text().contains("/posts/2/retitle"));
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'retitle'"), 0);
}

/// The statuses of two equal forms that are sent before the open transaction of `database` commits, and written after it.
fn sent_twice_before_a_commit(site: &Site, database: &Connection, admin: &Client) -> [u16; 2] {
    thread::scope(|scope| {
        let sent = [(); 2].map(|()| scope.spawn(|| admin.post("/posts/2/retitle", &FORM).status));
        eventually("one waits for the writer, which waits for the lock", || {
            (Scrape::of(site.address).number("lorem_news_write_queue_length", &[]) >= 1.0).then_some(())
        });
        database.execute_batch("COMMIT").expect("it had begun");
        sent.map(|sent| sent.join().expect("it is answered"))
    })
}

#[test]
fn what_the_author_wrote_in_between_stays_and_of_equal_forms_at_once_one_is_logged() {
    let (site, database, admin) = site();
    database
        .execute_batch("BEGIN IMMEDIATE; UPDATE descriptions SET text = 'Newer words' WHERE post_id = 2")
        .expect("no writer");
    let statuses = sent_twice_before_a_commit(&site, &database, &admin);
    assert_eq!((statuses, title(&database).as_str()), ([303; 2], "A calm title"));
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'retitle'"), 1);
    assert_eq!(number(&database, "SELECT count(*) FROM notices"), 1);
    assert_eq!(number(&database, "SELECT count(*) FROM descriptions WHERE text = 'Newer words'"), 1);
    assert_sound(&database);
}

#[test]
fn what_was_removed_in_between_is_not_changed_or_logged() {
    let (site, database, admin) = site();
    database
        .execute_batch(
            "BEGIN IMMEDIATE; UPDATE posts SET deleted_at = 9, removed_at = 9 WHERE id = 2;
             UPDATE users SET posts_count = posts_count - 1 WHERE id = 5",
        )
        .expect("no writer");
    let statuses = sent_twice_before_a_commit(&site, &database, &admin);
    assert_eq!(statuses, [404; 2]);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'retitle'"), 0);
    assert_eq!(number(&database, "SELECT count(*) FROM versions"), 0);
}

#[test]
fn a_form_that_changes_nothing_leaves_no_draft() {
    let (site, database, _admin) = site();
    let guest = Client::new(&site);
    let unchanged = [("title", "Shouting TITLE"), ("url", ""), ("reason", "None")];
    assert_eq!(guest.post("/posts/2/retitle", &unchanged).status, 303);
    let name: String = database
        .query_row("SELECT screen_name FROM users WHERE id = 1", [], |row| row.get(0))
        .expect("a name");
    guest.sign_in(&name);
    assert_eq!(number(&database, "SELECT count(*) FROM drafts"), 1);
    assert_eq!(guest.post("/posts/2/retitle", &unchanged).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM drafts"), 0);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'retitle'"), 0);
}

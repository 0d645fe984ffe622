//! The pages for admins: the overview, people, errors, and the backup.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::operation::Scrape;
use crate::seen::*;

const PAGES: [&str; 8] = [
    "/admin",
    "/admin/people",
    "/admin/people/banned",
    "/admin/people/admins",
    "/admin/hints",
    "/admin/errors",
    "/admin/errors/resolved",
    "/admin/backup",
];

/// A site on which user 1 is the only admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

fn errors_file(site: &Site) -> PathBuf {
    let files = fs::read_dir(site.folder.path()).expect("a folder");
    let mut files = files.map(|file| file.expect("a file").path());
    files.find(|file| file.to_string_lossy().ends_with("-errors.sqlite3")).expect("there is one")
}

/// Answers a request with 500, since a table is missing for a moment. Returns the request's id.
fn fail(site: &Site, client: &Client, path: &str) {
    let database = site.database();
    database.execute_batch("ALTER TABLE descriptions RENAME TO missing").expect("it can be renamed");
    let answer = client.get(path);
    database.execute_batch("ALTER TABLE missing RENAME TO descriptions").expect("it can be renamed");
    assert_eq!(answer.status, 500, "{path}");
}

/// The listed errors, once there are as many: the sentence above each, and the link to it.
fn listed(admin: &Client, path: &str, number: usize) -> Vec<(String, String)> {
    eventually("the errors are listed", || {
        let html = admin.get(path).html();
        let above = texts(&html, "#errors > li p:first-child");
        let links = attributes(&html, "#errors > li a", "href");
        (above.len() == number).then(|| above.into_iter().zip(links).collect())
    })
}

fn facts(html: &Html, of: &str) -> Vec<(String, String)> {
    let (terms, values) = (texts(html, &format!("{of} dt")), texts(html, &format!("{of} dd")));
    terms.into_iter().zip(values).collect()
}

fn fact(html: &Html, of: &str, term: &str) -> String {
    let facts = facts(html, of);
    let found = facts.iter().find(|(name, _)| name == term);
    found.unwrap_or_else(|| panic!("no {term} in {facts:?}")).1.trim().to_owned()
}

#[test]
fn the_pages_are_for_admins() {
    let (site, database, admin) = site();
    let (guest, other) = (Client::new(&site), Client::signed_in_as(&site, 5));
    for path in PAGES {
        assert_eq!(guest.get(path).status, 303, "{path}");
        assert_eq!(other.get(path).status, 403, "{path}");
        assert_eq!(admin.get(path).status, 200, "{path}");
    }
    let changes = [
        ("POST", "/admin/errors/1/resolve"),
        ("POST", "/admin/errors/1/reopen"),
        ("POST", "/admin/backup/copy"),
        ("DELETE", "/admin/backup/copy"),
    ];
    for (method, path) in changes {
        assert_eq!(guest.ask(method, path, &[], &[]).status, 303, "{path}");
        assert_eq!(guest.htmx(method, path, &[]).status, 401, "{path}");
        for refused in [other.ask(method, path, &[], &[]), other.htmx(method, path, &[])] {
            assert_eq!(refused.status, 403, "{path}");
        }
    }
    // Only admins have the link.
    let footer = |client: &Client| texts(&client.get("/").html(), "footer").concat();
    assert!(footer(&admin).contains("Admin"));
    assert!(!footer(&other).contains("Admin") && !footer(&guest).contains("Admin"));
    database.execute("UPDATE users SET is_admin = 0", []).expect("the schema is known");
    assert_eq!(admin.get("/admin").status, 403);
}

#[test]
fn an_error_is_grouped_by_its_cause_and_route_and_can_be_resolved() {
    let (site, _, admin) = site();
    let guest = Client::new(&site);
    assert!(texts(&admin.get("/admin/errors").html(), ".empty").concat().contains("Nothing has gone wrong"));
    for path in ["/posts/1", "/posts/2?secret=mine", "/posts/2"] {
        fail(&site, &guest, path);
    }
    fail(&site, &guest, "/posts/3/text");
    let errors = listed(&admin, "/admin/errors", 2);
    assert!(errors[0].0.starts_with("once") && errors[0].0.ends_with("GET /posts/:id/text"), "{errors:?}");
    let (above, group) = &errors[1];
    assert!(above.starts_with("3 times") && above.ends_with("GET /posts/:id"), "{above}");
    let page = admin.get(group);
    assert!(texts(&page.html(), "#cause").concat().contains("no such table: "), "{}", page.text());
    assert_eq!(fact(&page.html(), "dl", "Route"), "GET /posts/:id");
    assert_eq!(fact(&page.html(), "dl", "State"), "Open");
    let ids = texts(&page.html(), "#occurrences code");
    let is_id = |id: &String| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(ids.len() == 3 && ids.iter().all(is_id), "{ids:?}");
    assert!(!page.text().contains("mine") && !page.text().contains("/posts/2"));

    let resolve = format!("{group}/resolve");
    for _ in 0..2 {
        let answer = admin.post(&resolve, &[]);
        assert_done(&admin, &answer, "/admin/errors", "Resolved. If it occurs again, it is open again.");
    }
    assert_leads_htmx_to(&admin.htmx("POST", &resolve, &[]), 200, "/admin/errors");
    assert_eq!(listed(&admin, "/admin/errors", 1)[0].1, errors[0].1);
    assert_eq!(listed(&admin, "/admin/errors/resolved", 1)[0].1, *group);
    // It comes back.
    fail(&site, &guest, "/posts/4");
    let again = listed(&admin, "/admin/errors", 2);
    assert!(again[0].1 == *group && again[0].0.starts_with("4 times"), "{again:?}");
    admin.post(&resolve, &[]);
    let reopened = admin.post(&format!("{group}/reopen"), &[]);
    assert_done(&admin, &reopened, group, "It is open again.");
    for path in ["/admin/errors/99/resolve", "/admin/errors/99/reopen", "/admin/errors/0/reopen"] {
        assert_eq!(admin.post(path, &[]).status, 404, "{path}");
    }
    assert_eq!(admin.get("/admin/errors/99").status, 404);
    assert_eq!(admin.get("/admin/errors?after=x").status, 400);
}

#[test]
fn the_site_goes_on_while_errors_cannot_be_recorded() {
    let (site, _, admin) = site();
    let guest = Client::new(&site);
    fail(&site, &guest, "/posts/1");
    listed(&admin, "/admin/errors", 1);
    // The file becomes a folder.
    let file = errors_file(&site);
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    fs::create_dir(&file).expect("the place is free");
    let before = Scrape::of(site.address).number("lorem_news_errors_total", &[("outcome", "dropped")]);
    assert_eq!(before, 0.0);
    let overview = admin.get("/admin");
    assert!(overview.status == 200 && overview.text().contains("This cannot be read at the moment."));
    assert_eq!(admin.get("/admin/errors").status, 500);
    assert_eq!(guest.get("/posts/1").status, 200);
}

#[test]
fn the_overview_has_the_numbers_of_the_metrics() {
    let (site, database, admin) = site();
    database
        .execute_batch(
            "UPDATE users SET banned_at = 1 WHERE id IN (7, 8); DELETE FROM sessions WHERE user_id <> 1;",
        )
        .expect("the schema is known");
    Client::signed_in_as(&site, 5).post("/posts/1/flag", &[("kind", "spam")]);
    fail(&site, &Client::new(&site), "/posts/1");
    listed(&admin, "/admin/errors", 1);
    let html = admin.get("/admin").html();
    let metrics = Scrape::of(site.address);
    for (of, term, metric, labels) in [
        ("#people", "Users", "lorem_news_users", &[][..]),
        ("#people", "Banned", "lorem_news_banned_users", &[]),
        ("#people", "Admins", "lorem_news_admins", &[]),
        ("#people", "Flagged", "lorem_news_flagged", &[]),
        ("#errors", "Open", "lorem_news_error_groups", &[("state", "open")]),
        ("#errors", "Since the start", "lorem_news_errors_total", &[("outcome", "stored")]),
    ] {
        let number = metrics.number(metric, labels);
        assert!(number > 0.0, "{metric}");
        assert_eq!(fact(&html, of, term), number.to_string(), "{term}");
    }
    let bytes = metrics.number("lorem_news_database_bytes", &[]);
    let shown = fact(&html, "#sizes", "Database");
    assert_eq!(shown, format!("{:.1} MB", (bytes / 100_000.0).ceil() / 10.0));
    assert_eq!(
        bytes,
        number(&database, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") as f64
    );
    // Housekeeping runs at the start.
    eventually("housekeeping has run", || {
        let jobs = facts(&admin.get("/admin").html(), "#jobs");
        let (_, run) = jobs.iter().find(|(job, _)| job == "Housekeeping").expect("it is listed");
        run.contains(" ago, in ").then_some(())
    });
    assert!(
        Scrape::of(site.address)
            .number("lorem_news_job_runs_total", &[("job", "housekeeping"), ("outcome", "done")])
            >= 1.0
    );
}

#[test]
fn the_error_of_a_job_is_recorded() {
    let (site, database, admin) = site();
    database.execute_batch("ALTER TABLE stale_posts RENAME TO missing").expect("it can be renamed");
    let errors = eventually("the indexer fails", || {
        let html = admin.get("/admin/errors").html();
        let above = texts(&html, "#errors > li p:first-child");
        above
            .iter()
            .any(|line| line.ends_with("Search index"))
            .then(|| attributes(&html, "#errors > li a", "href"))
    });
    let html = admin.get(&errors[0]).html();
    assert_eq!(
        (fact(&html, "dl", "Job"), fact(&html, "dl", "Kind")),
        ("Search index".into(), "The error of a job or of a thread".into())
    );
    assert!(fact(&admin.get("/admin").html(), "#jobs", "Search index").contains("failed: "));
    database.execute_batch("ALTER TABLE missing RENAME TO stale_posts").expect("it can be renamed");
    drop(site);
}

#[test]
fn people_are_listed_and_found_by_how_their_names_begin() {
    let (_site, database, admin) = site();
    database
        .execute_batch(
            "UPDATE users SET screen_name = 'Zoë <b>Ü</b>', folded_name = 'zoë <b>ü</b>', banned_at = 1 WHERE id = 8;
             UPDATE users SET screen_name = '100%_x', folded_name = '100%_x' WHERE id = 9;",
        )
        .expect("the schema is known");
    let names = |path: &str| texts(&admin.get(path).html(), "#people > li > p:first-child > a:first-child");
    let all = names("/admin/people");
    assert_eq!(all.len(), 30);
    assert_eq!(all[0], name_of(&database, 100));
    let mut path = "/admin/people".to_owned();
    let mut seen = Vec::new();
    loop {
        seen.extend(names(&path));
        let html = admin.get(&path).html();
        match attributes(&html, "a[rel=next]", "href").first() {
            Some(next) => path = format!("/admin/people{next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 100);
    assert_eq!(names("/admin/people/banned"), ["Zoë <b>Ü</b>"]);
    assert_eq!(names("/admin/people/admins"), [name_of(&database, 1)]);
    for (typed, found) in [
        ("zoe%CC%88", vec!["Zoë <b>Ü</b>"]),
        ("+ZO%C3%8B+", vec!["Zoë <b>Ü</b>"]),
        ("100%25", vec!["100%_x"]),
        ("100__", vec![]),
        ("%25", vec![]),
    ] {
        assert_eq!(names(&format!("/admin/people?name={typed}")), found, "{typed}");
    }
    let html = admin.get("/admin/people?name=zo%C3%AB").html();
    assert!(texts(&html, "#people > li").concat().contains("banned"));
    assert_eq!(attributes(&html, "#people > li a", "href"), ["/users/8", "/users/8/moderate"]);
    assert_eq!(admin.get(&format!("/admin/people?name={}", "x".repeat(3_000))).status, 200);
    assert_eq!(admin.get("/admin/people?after=x").status, 400);
}

#[test]
fn without_a_replica_the_page_says_how_to_get_one() {
    let (_site, _, admin) = site();
    let page = admin.get("/admin/backup");
    assert!(texts(&page.html(), "#no_backup").concat().contains("--replica"));
    assert!(texts(&page.html(), "main form").is_empty());
    assert_eq!(admin.post("/admin/backup/copy", &[]).status, 404);
    // Nothing is there to delete.
    let deleted = admin.ask("DELETE", "/admin/backup/copy", &[], &[]);
    assert_done(&admin, &deleted, "/admin/backup", "The copy is deleted.");
}

//! What a user cannot do yet whose account is new, where the site's admins have set that.

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;

/// A site on which a user counts as new for three days, a client of a new user, and one of an old one.
fn site() -> (Site, Connection, Client, Client) {
    let site = Site::with(5, |config| {
        config.fixed_settings = vec![(lorem_news::site::settings::Setting::NewUserDays, "3".to_owned())];
    });
    let database = site.database();
    database.execute_batch("UPDATE users SET is_admin = 0; UPDATE posts SET user_id = 9").expect("valid SQL");
    recount(&database);
    let new = Client::new(&site);
    assert_eq!(new.sign_up("Newcomer").status, 303);
    let old = Client::signed_in_as(&site, 5);
    (site, database, new, old)
}

fn link(number: u32) -> [(&'static str, String); 3] {
    [
        ("title", format!("Link number {number}")),
        ("url", format!("https://a{number}.example/")),
        ("description", String::new()),
    ]
}

fn send(client: &Client, number: u32) -> Answer {
    let form = link(number);
    client.post("/posts", &form.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn grow_old(database: &Connection) {
    database
        .execute(
            "UPDATE users SET created_at = created_at - 4 * 86400000000 WHERE screen_name = 'Newcomer'",
            [],
        )
        .expect("valid SQL");
}

#[test]
fn a_new_user_neither_votes_nor_flags() {
    let (site, database, new, old) = site();
    let votes = || number(&database, "SELECT count(*) FROM post_votes WHERE post_id = 1 AND user_id <> 9");
    let before = votes();
    for (path, form) in [("/posts/1/vote", &[][..]), ("/posts/1/flag", &[("kind", "spam")])] {
        for answer in [new.post(path, form), new.post(path, form), new.htmx("POST", path, form)] {
            assert_eq!(answer.status, 403, "{path}");
            let text = answer.text();
            assert!(text.contains("You are new here: you can ") && text.contains(" UTC on."), "{text}");
        }
    }
    assert_eq!(new.get("/posts/1/flag").status, 403);
    assert_eq!((votes(), number(&database, "SELECT count(*) FROM flags")), (before, 0));
    // A guest's vote waits for the sign-in, which counts none of a new user's.
    let guest = Client::new(&site);
    assert_eq!(guest.post("/posts/1/vote", &[]).status, 303);
    assert_eq!(guest.sign_in_with("Newcomer", NEW_PASSWORD).status, 303);
    // The post of a link that is known is a vote.
    database
        .execute("UPDATE posts SET url = 'https://a1.example/', site = 'a1.example', address = 'a1.example/' WHERE id = 1", [])
        .expect("valid SQL");
    assert_eq!(send(&new, 1).status, 303);
    assert_eq!(votes(), before);
    database.execute("DELETE FROM post_votes WHERE user_id = 5", []).expect("valid SQL");
    let before = votes();
    assert_eq!(old.post("/posts/1/vote", &[]).status, 303);
    assert_eq!(votes(), before + 1);
    grow_old(&database);
    assert_eq!(new.post("/posts/1/vote", &[]).status, 303);
    assert_eq!(votes(), before + 2);
    assert_eq!(new.post("/posts/1/flag", &[("kind", "spam")]).status, 303);
    assert_sound(&database);
}

#[test]
fn a_new_user_posts_two_links_a_day_and_loses_no_text() {
    let (_site, database, new, old) = site();
    assert_eq!([send(&new, 1).status, send(&new, 2).status], [303, 303]);
    for _ in 0..2 {
        let refused = send(&new, 3);
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("a new user can post two links a day"), "{}", refused.text());
        assert!(refused.text().contains("https://a3.example/"), "the form keeps what was typed");
    }
    // A post without a link is none.
    assert_eq!(new.post("/posts", &[("title", "Words alone"), ("description", "Some.")]).status, 303);
    for number in 10..14 {
        assert_eq!(send(&old, number).status, 303);
    }
    grow_old(&database);
    assert_eq!(send(&new, 3).status, 303);
}

#[test]
fn an_admin_is_never_new_and_without_the_setting_nobody_is() {
    let (_site, database, new, _) = site();
    database.execute("UPDATE users SET is_admin = 1 WHERE screen_name = 'Newcomer'", []).expect("valid SQL");
    assert_eq!(new.post("/posts/1/vote", &[]).status, 303);
    let site = Site::with(5, |_| {});
    let other = Client::new(&site);
    other.sign_up("Newcomer");
    assert_eq!(other.post("/posts/1/vote", &[]).status, 303);
}

#[test]
fn admins_set_the_days_within_a_year() {
    let site = Site::with(1, |_| {});
    site.database().execute("UPDATE users SET is_admin = (id = 1)", []).expect("valid SQL");
    let admin = Client::signed_in_as(&site, 1);
    for wrong in ["", "-1", "366", "three", "1.5"] {
        let refused = admin.post("/settings", &[("_method", "patch"), ("new_user_days", wrong)]);
        assert_eq!(refused.status, 422, "{wrong}");
    }
    assert_eq!(admin.post("/settings", &[("_method", "patch"), ("new_user_days", "7")]).status, 303);
    let field = attributes(&admin.get("/settings").html(), "#new_user_days", "value");
    assert_eq!(field, ["7"]);
}

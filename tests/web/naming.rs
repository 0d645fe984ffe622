//! Names: those that look alike, those that were left, and the badge of admins.

use std::path::Path;
use std::sync::Barrier;
use std::thread;

use lorem_news::schema::MIGRATIONS;
use lorem_news::site::hashing::HashMemory;
use lorem_news::types::id::UserId;
use lorem_news::types::time::{DAY, Timestamp};
use lorem_news::user::password;
use lorem_news::user::sql::names;
use rusqlite::Connection;

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::*;
use crate::seen::*;

const TAKEN: &str = "Screen name has already been taken";

/// The errors of a sign-up as a guest; none: it succeeded.
fn sign_up(site: &Site, name: &str) -> Vec<String> {
    let answer = Client::new(site).sign_up(name);
    assert!(matches!(answer.status, 303 | 422), "{name}");
    if answer.status == 303 { Vec::new() } else { errors(&answer).1 }
}

/// The errors of a change of name; none: it succeeded.
fn rename(client: &Client, name: &str) -> Vec<String> {
    let answer = client.ask("PATCH", "/user", &[("screen_name", name)], &[]);
    if answer.status == 303 {
        return Vec::new();
    }
    assert_eq!(answer.status, 422, "{name}");
    assert_eq!(line(&answer, "screen_name"), name, "the typed name stays in the form");
    errors(&answer).1
}

/// Lets all that happened to names so far lie further in the past.
fn pass(site: &Site, days: u32) {
    let by = i64::try_from((DAY * days).as_micros()).expect("a few days");
    for sql in
        ["UPDATE former_names SET left_at = left_at - ?1", "UPDATE deleted_names SET left_at = left_at - ?1"]
    {
        site.database().execute(sql, [by]).expect(sql);
    }
}

/// The texts of the facts on a user's page, as a viewer sees them: term and description by turns.
fn facts(client: &Client, id: i64) -> String {
    texts(&client.get(&format!("/users/{id}")).html(), "dl.facts > *").join(" ")
}

#[test]
fn names_that_look_alike_are_taken() {
    let site = Site::empty();
    assert_eq!(sign_up(&site, "corporis_000"), [""; 0]);
    for alike in
        ["corporіs_000", "corporis__000", "corporis-000", "corporis 000", "_Corporis.000_", "corporis_ooo"]
    {
        assert_eq!(sign_up(&site, alike), [TAKEN], "{alike}");
    }
    // Ordinary names that differ by little are apart, and a name that is no other's may be taken.
    for other in ["corporis", "corporis_001", "tom", "torn", "Lisa", "Iisa", "Сергей", "名前"] {
        assert_eq!(sign_up(&site, other), [""; 0], "{other}");
    }
    // A change of name obeys the same rule, and the spelling of one's own name is free.
    let client = Client::new(&site);
    assert_eq!(client.sign_up("melusine_1").status, 303);
    assert_eq!(rename(&client, "сorporis_000"), [TAKEN]);
    assert_eq!(rename(&client, "admln"), ["Screen name is reserved"]);
    for own in ["Melusine_1", "melusine-1", "mеlusine__1"] {
        assert_eq!(rename(&client, own), [""; 0], "{own}");
    }
    assert_sound(&site.database());
}

#[test]
fn of_many_sign_ups_at_once_with_names_that_look_alike_one_succeeds() {
    let site = Site::empty();
    let barrier = Barrier::new(24);
    let alike =
        ["corporis_000", "corporіs_000", "corporis__000", "corporis-000", "сorporis_000", "CORPORIS.000"];
    let made: usize = thread::scope(|scope| {
        let (site, barrier) = (&site, &barrier);
        let threads: Vec<_> = (0..24)
            .map(|number| {
                scope.spawn(move || {
                    barrier.wait();
                    usize::from(sign_up(site, alike[number % alike.len()]).is_empty())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!((made, count(&site.database(), "users")), (1, 1));
}

/// Makes a database as a version that compared no skeletons left it: two users have names that look alike, and
/// the name of a third is reserved by now.
fn fill_old_database(path: &Path) -> usize {
    let before = MIGRATIONS.iter().position(|sql| sql.contains("name_skeletons")).expect("the migration");
    let hash = password::hash("password", &mut HashMemory::default()).expect("a hash");
    older_database(path, before)
        .execute_batch(&format!(
            "INSERT INTO users (id, screen_name, folded_name, created_at, updated_at) VALUES \
             (1, 'paul', 'paul', 1, 1), (2, 'pau1', 'pau1', 1, 1), (3, 'admin', 'admin', 1, 1); \
             INSERT INTO profiles (user_id, password_hash) SELECT id, '{hash}' FROM users;"
        ))
        .expect("users");
    before
}

#[test]
fn users_from_before_keep_names_that_look_alike_or_are_reserved() {
    let site = Site::with(0, |config| {
        fill_old_database(&config.database);
    });
    for (name, id) in [("paul", 1), ("pau1", 2), ("admin", 3)] {
        let client = Client::new(&site);
        assert_eq!(client.sign_in(name).status, 303, "{name}");
        let form = [("screen_name", name), ("about", "unchanged")];
        assert_eq!(client.ask("PATCH", "/user", &form, &[]).status, 303, "{name} stays");
        assert_eq!(number(&site.database(), "SELECT count(*) FROM former_names"), 0);
        assert!(client.get(&format!("/users/{id}")).text().contains("unchanged"));
    }
    // Nobody else gets them.
    for alike in ["Paul", "pauI", "pаul", "p-a-u-l"] {
        let expected: &[&str] = if alike == "p-a-u-l" { &[] } else { &[TAKEN] };
        assert_eq!(sign_up(&site, alike), expected, "{alike}");
    }
    assert_eq!(count(&site.database(), "name_skeletons"), count(&site.database(), "users"));
    assert_sound(&site.database());
}

#[test]
fn skeletons_are_filled_in_steps_whatever_their_number() {
    let (_folder, path) = folder();
    let before = fill_old_database(&path);
    let connection = Connection::open(&path).expect("a database");
    for sql in &MIGRATIONS[before..] {
        connection.execute_batch(sql).expect("a migration");
    }
    for limit in [1, 2, 3, 1000] {
        connection
            .execute_batch("DELETE FROM name_skeletons; UPDATE name_rules SET skeleton_version = 0")
            .expect("none");
        let mut after = Some(UserId::new(0));
        while let Some(last) = after {
            assert!(!names::has_skeletons(&connection).expect("an answer"));
            after = names::fill_skeletons(&connection, last, limit).expect("a step");
        }
        assert!(names::has_skeletons(&connection).expect("an answer"));
        assert_eq!(number(&connection, "SELECT count(*) FROM name_skeletons"), 3);
    }
}

#[test]
fn a_name_that_was_left_is_kept_back_for_a_year_and_its_user_may_take_it_back() {
    let site = Site::empty();
    let (client, guest) = (Client::new(&site), Client::new(&site));
    assert_eq!(client.sign_up("melusine").status, 303);
    assert_eq!(rename(&client, "undine"), [""; 0]);
    for alike in ["melusine", "MELUSINE", "mеlusine", "me1usine"] {
        assert_eq!(sign_up(&site, alike), [TAKEN], "{alike}");
    }
    assert_eq!(
        guest.sign_in_with("melusine", NEW_PASSWORD).status,
        422,
        "it is no second name of the account"
    );
    assert_eq!(rename(&client, "melusine"), [""; 0]);
    assert_eq!(sign_up(&site, "undine"), [TAKEN]);
    assert_eq!(rename(&client, "undine"), [""; 0]);
    pass(&site, 364);
    assert_eq!(sign_up(&site, "melusine"), [TAKEN]);
    pass(&site, 2);
    assert_eq!(sign_up(&site, "melusine"), [""; 0]);
    assert_sound(&site.database());
}

#[test]
fn a_name_is_changed_three_times_in_thirty_days() {
    let site = Site::empty();
    let client = Client::new(&site);
    assert_eq!(client.sign_up("zero").status, 303);
    for name in ["one", "ONE", "two", "three", "Three"] {
        assert_eq!(rename(&client, name), [""; 0], "{name}");
    }
    let expected = ["Screen name can be changed 3 times in 30 days; the next time in 30 days"];
    assert_eq!(rename(&client, "four"), expected);
    assert_eq!(rename(&client, "zero"), expected, "taking a name back counts, too");
    assert_eq!(rename(&client, "THREE"), [""; 0], "the spelling does not");
    let answer = client.htmx("PATCH", "/user", &[("screen_name", "four"), ("about", "typed")]);
    assert_eq!((answer.status, area(&answer, "about")), (422, "typed".to_owned()));
    let about = client.ask("PATCH", "/user", &[("about", "typed")], &[]);
    assert_eq!(about.status, 303, "the rest of the profile can be changed");
    pass(&site, 29);
    let expected = ["Screen name can be changed 3 times in 30 days; the next time in 1 day"];
    assert_eq!(rename(&client, "four"), expected);
    pass(&site, 2);
    assert_eq!(rename(&client, "four"), [""; 0]);
    assert_sound(&site.database());
}

#[test]
fn a_profile_shows_former_names_for_thirty_days_and_to_admins_for_a_year() {
    let site = Site::empty();
    let (client, guest, admin) = (Client::new(&site), Client::new(&site), Client::new(&site));
    assert_eq!(client.sign_up("<melusine>").status, 303);
    assert_eq!(admin.sign_up("chief").status, 303);
    site.database().execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("an admin");
    assert!(!facts(&guest, 1).contains("formerly"));
    assert_eq!(rename(&client, "undine"), [""; 0]);
    assert_eq!(rename(&client, "Undine"), [""; 0]);
    for viewer in [&guest, &client, &admin] {
        assert!(facts(viewer, 1).contains("formerly: <melusine> (until "), "{}", facts(viewer, 1));
    }
    pass(&site, 31);
    for (viewer, sees) in [(&guest, false), (&client, false), (&admin, true)] {
        assert_eq!(facts(viewer, 1).contains("melusine"), sees, "{}", facts(viewer, 1));
    }
    // A name that is the user's again is no former name.
    assert_eq!(rename(&client, "<melusine>"), [""; 0]);
    assert!(facts(&admin, 1).contains("formerly: Undine (until "), "{}", facts(&admin, 1));
    assert!(!facts(&admin, 1).contains("<melusine> (until"));
    pass(&site, 366);
    assert!(!facts(&admin, 1).contains("formerly"));
}

#[test]
fn of_a_deleted_account_the_names_stay_as_hashes_and_are_kept_back() {
    let site = Site::empty();
    let client = Client::new(&site);
    assert_eq!(client.sign_up("melusine").status, 303);
    assert_eq!(rename(&client, "undine"), [""; 0]);
    let answer = client.ask("DELETE", "/user", &[("password", NEW_PASSWORD)], &[]);
    assert_eq!(answer.status, 303);
    let database = site.database();
    assert_eq!((count(&database, "users"), count(&database, "former_names")), (0, 0));
    assert_eq!((count(&database, "name_skeletons"), count(&database, "deleted_names")), (0, 2));
    assert_eq!(Client::new(&site).get("/users/1").status, 404);
    for name in ["melusine", "undine", "Undine", "undіne", "me1usine"] {
        assert_eq!(sign_up(&site, name), [TAKEN], "{name}");
    }
    // The hashes of another database are others.
    let other = Site::empty();
    let key = |site: &Site| string(&site.database(), "SELECT hex(hash_key) FROM name_rules");
    assert_ne!(key(&site), key(&other));
    pass(&site, 366);
    for name in ["melusine", "undine"] {
        assert_eq!(sign_up(&site, name), [""; 0], "{name}");
    }
}

#[test]
fn housekeeping_removes_names_that_were_left_a_year_ago() {
    let site = Site::empty();
    let database = site.database();
    assert_eq!(sign_up(&site, "melusine"), [""; 0]);
    let (old, young) = (Timestamp::now() - DAY * 366, Timestamp::now() - DAY * 364);
    for at in [old, young] {
        for number in 0..150 {
            database
                .execute(
                    "INSERT INTO former_names (user_id, left_at, screen_name, folded_name, skeleton) \
                     VALUES (1, ?1, ?2, ?2, ?2)",
                    rusqlite::params![at, format!("name {number}")],
                )
                .expect("a former name");
            database
                .execute("INSERT INTO deleted_names VALUES (randomblob(32), ?1)", [at])
                .expect("a deleted account's name");
        }
    }
    let (mut removed, mut next, mut steps) = (0, Some(0), 0);
    while next.is_some() {
        let step =
            names::prune(&database, Timestamp::now() - lorem_news::user::NAME_KEPT_BACK).expect("a step");
        (removed, next, steps) = (removed + step.removed, step.next, steps + 1);
    }
    assert_eq!((removed, steps), (300, 3));
    assert_eq!((count(&database, "former_names"), count(&database, "deleted_names")), (150, 150));
}

/// A site with user 1 as an admin, who has written a post and a comment, and was flagged.
fn site_of_admin() -> Site {
    let site = Site::start();
    site.database()
        .execute_batch(
            "UPDATE users SET is_admin = (id = 1); UPDATE posts SET user_id = 1 WHERE id = 1; \
             UPDATE comments SET user_id = 1 WHERE post_id = 2;",
        )
        .expect("an admin");
    site
}

#[test]
fn an_admin_has_a_badge_wherever_their_name_stands_until_they_are_none() {
    let site = site_of_admin();
    let name = name_of(&site.database(), 1);
    let (admin, guest, reader) =
        (Client::signed_in(&site), Client::new(&site), Client::signed_in_as(&site, 2));
    assert_eq!(reader.post("/posts/1/flag", &[("kind", "spam")]).status, 303);
    let form = [("act", "lock"), ("reason", "It is hot.")];
    assert_eq!(admin.post("/posts/3/moderate", &form).status, 303);
    let comment = number(&site.database(), "SELECT min(id) FROM comments WHERE post_id = 2");
    let search = format!("/search?q=by:{name}");
    let pages = [
        ("/", &guest),
        ("/posts", &guest),
        ("/posts/1", &guest),
        ("/posts/2", &guest),
        (&*format!("/comments/{comment}"), &guest),
        (&format!("/comments/{comment}"), &admin),
        ("/users/1", &guest),
        ("/users/1", &admin),
        ("/log", &guest),
        ("/flags", &admin),
        ("/posts/1/moderate", &admin),
        ("/users/1/moderate", &admin),
        (&search, &guest),
        ("/preferences", &admin),
    ];
    let badges = |client: &Client, path: &str| {
        let page = client.get(path);
        assert_eq!(page.status, 200, "{path}");
        texts(&page.html(), ".badge").iter().filter(|text| *text == "admin").count()
    };
    for (path, client) in pages {
        assert!(badges(client, path) > 0, "{path}");
        // Each name that is a link has one behind it, and the names of other users have none.
        let html = client.get(path).text().to_owned();
        let in_bdi = format!("<bdi>{name}</bdi>");
        for shown in [in_bdi.as_str(), "you"] {
            for link in [format!("\"/users/1\">{shown}</a>"), format!("=/users/1>{shown}</a>")] {
                for (at, _) in html.match_indices(&link) {
                    let rest = &html[at + link.len()..];
                    assert!(rest.starts_with(" <span class=badge>admin</span>"), "{path}: {}", &html[at..]);
                }
            }
        }
        for (at, _) in html.match_indices("</a> <span class=badge>admin</span>") {
            assert!(
                html[..at].ends_with(&in_bdi) || html[..at].ends_with(">you"),
                "{path}: {}",
                &html[at - 40..at]
            );
        }
    }
    for feed in ["/posts.atom", "/front.atom", "/users/1.atom", "/posts/2.atom"] {
        let text = guest.get(feed).text().to_owned();
        assert!(text.contains(&format!("<name>{name} (admin)</name>")), "{feed}");
        assert!(!text.contains(&format!("<name>{name}</name>")), "{feed}");
    }
    // A former admin loses it with the next page.
    site.database().execute("UPDATE users SET is_admin = 0", []).expect("no admin");
    for path in ["/", "/posts", "/posts/1", "/posts/2", "/users/1", "/log", "/preferences"] {
        assert_eq!(badges(&admin, path) + badges(&guest, path), 0, "{path}");
    }
    assert!(!guest.get("/users/1.atom").text().contains("(admin)"));
}

#[test]
fn the_badge_of_admins_is_no_part_of_another_name() {
    let site = Site::empty();
    for name in ["zoe (admin)", "zoe [admin]", "zoe admin", "Admin: zoe", "zoe ⟨аdmin⟩", "zoe.moderator"]
    {
        assert_eq!(sign_up(&site, name), ["Screen name is reserved"], "{name}");
    }
    assert_eq!(sign_up(&site, "zoe badminton"), [""; 0]);
}

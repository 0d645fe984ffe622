//! Links to set a new password, which admins and the operator make for people who have forgotten theirs.

use std::thread;

use lorem_news::site::origin::Origin;
use lorem_news::types::time::{DAY, HOUR, MINUTE, Timestamp};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const BASE_URL: &str = "https://news.example";
const ADMIN: i64 = 1;
const USER: i64 = 2;
const DEAD: &str = "That link doesn't work.";
const CHANGED: &str = "Your password was changed. Sign in with the new one.";
const LONG: &str = "correct horse battery";

/// A site with a base URL on which user 1 is an admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::with(20, |config| config.base_url = Origin::parse(BASE_URL).ok());
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, ADMIN);
    (site, database, admin)
}

fn ask_for_link(admin: &Client, user: i64) -> Answer {
    admin.post(&format!("/users/{user}/moderate"), &[("act", "reset"), ("reason", "They asked by phone")])
}

/// The path of a link that an admin makes.
fn path_of_link(admin: &Client, user: i64) -> String {
    let answer = ask_for_link(admin, user);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let link = texts(&answer.html(), "#link").concat();
    link.strip_prefix(BASE_URL).unwrap_or_else(|| panic!("{link}")).to_owned()
}

fn twice(password: &str) -> [(&str, &str); 2] {
    [("password", password), ("password_confirmation", password)]
}

/// Panics unless the answer has the headers of a page whose address nobody else may learn.
fn assert_secret(answer: &Answer) {
    for (name, value) in
        [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex")]
    {
        let values: Vec<&str> = answer
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
            .collect();
        assert_eq!(values, [value], "{name}");
    }
}

#[test]
fn a_link_by_an_admin_sets_a_new_password_once_and_ends_all_sessions() {
    let (site, database, admin) = site();
    let name = name_of(&database, USER);
    let [at_home, at_work] = [(); 2].map(|()| Client::new(&site));
    for client in [&at_home, &at_work] {
        assert_eq!(client.sign_in(&name).status, 303);
    }
    let answer = ask_for_link(&admin, USER);
    assert_secret(&answer);
    let link = texts(&answer.html(), "#link").concat();
    let path = link.strip_prefix(BASE_URL).expect("it begins with the site's own address");
    // The form, for anybody with the link.
    let guest = Client::new(&site);
    let form = guest.get(path);
    assert_eq!(form.status, 200, "{}", form.text());
    assert_secret(&form);
    let html = form.html();
    assert_eq!(texts(&html, "h1"), ["New password"]);
    assert_eq!(attributes(&html, "main form", "action"), [path]);
    assert!(texts(&html, "main form").concat().contains(&name));
    assert_eq!(attributes(&html, "header a[rel=nofollow]", "href"), ["/sign_in"], "no way back");
    assert_eq!(guest.ask("HEAD", path, &[], &[]).status, 200);
    let answer = guest.post(path, &twice(LONG));
    assert_secret(&answer);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/sign_in")), "{}", answer.text());
    assert_eq!(notices(&guest.follow(&answer).html()), [CHANGED]);
    for client in [&at_home, &at_work] {
        assert_eq!(whoami(client), None, "the session has ended");
    }
    assert_eq!((count(&database, "devices"), count(&database, "resets")), (0, 0));
    assert_eq!(guest.sign_in(&name).status, 422, "the former password");
    for answer in [guest.get(path), guest.post(path, &twice("another horse"))] {
        assert_page_of_error(&guest, &answer, 404, DEAD);
    }
    assert_eq!(guest.sign_in_with(&name, LONG).status, 303);
    assert_eq!(whoami(&guest), Some(name));
    assert_sound(&database);
}

#[test]
fn a_link_is_in_the_log_and_told_to_its_user() {
    let (site, database, admin) = site();
    let user = Client::signed_in_as(&site, USER);
    let [admins_name, name] = [ADMIN, USER].map(|id| name_of(&database, id));
    path_of_link(&admin, USER);
    let log = Client::new(&site).get("/log").html();
    let said = texts(&log, "#log li p:first-child").concat();
    let sentence = format!("{admins_name} admin made a link to set a new password of {name}");
    assert!(said.replace('\u{a0}', " ").starts_with(&sentence), "{said}");
    assert!(texts(&log, "#log").concat().contains("They asked by phone"));
    let unread = || texts(&user.get("/preferences").html(), "header a.inbox strong").concat();
    assert_eq!(unread(), "(1)");
    assert_sound(&database);
    assert_eq!(user.ask("HEAD", "/inbox", &[], &[]).status, 200);
    assert_eq!(unread(), "(1)", "nobody has seen it");
    let html = user.get("/inbox").html();
    let notice = texts(&html, "#notices li").concat();
    assert!(notice.contains("new") && notice.contains(&sentence), "{notice}");
    assert_eq!(texts(&html, "#mark_all"), [""; 0]);
    eventually("it is read", || unread().is_empty().then_some(()));
    assert!(!texts(&user.get("/inbox").html(), "#notices li p strong").concat().contains("new"));
    // A month later it is there no more, if it has been read.
    database
        .execute("UPDATE acts SET created_at = created_at - ?1", [micros(31 * DAY)])
        .expect("the schema is known");
    assert_eq!(texts(&user.get("/inbox").html(), "#notices li").len(), 0);
    database.execute("UPDATE notices SET is_unread = 1", []).expect("the schema is known");
    assert_eq!(texts(&user.get("/inbox").html(), "#notices li").len(), 1);
    eventually("it is read", || unread().is_empty().then_some(()));
    // Nobody else reads it there.
    assert_eq!(texts(&admin.get("/inbox").html(), "#notices"), [""; 0]);
    path_of_link(&admin, USER);
    assert_eq!(unread(), "(1)");
    assert_leads_to(&user.post("/inbox/read", &[]), "/inbox");
    assert_eq!(unread(), "");
    assert_sound(&database);
}

#[test]
fn a_password_that_cannot_be_chosen_leaves_the_link_as_it_is() {
    let (site, database, admin) = site();
    let path = path_of_link(&admin, USER);
    let (guest, name) = (Client::new(&site), name_of(&database, USER));
    let own = format!("{name}1");
    for (form, field, why) in [
        (&[][..], "password", "Password can't be blank"),
        (&twice(""), "password", "Password can't be blank"),
        (&twice("short"), "password", "Password is too short (minimum is 8 characters)"),
        (&twice("password1"), "password", "too common"),
        (&twice(&own), "password", "screen name"),
        (
            &[("password", LONG), ("password_confirmation", "another")],
            "password_confirmation",
            "Password confirmation doesn't match Password",
        ),
    ] {
        let answer = guest.post(&path, form);
        assert_eq!(answer.status, 422, "{form:?}");
        assert_secret(&answer);
        let html = answer.html();
        assert_eq!(attributes(&html, "[aria-invalid=true]", "id"), [field]);
        assert!(errors(&answer).1.concat().contains(why), "{why}: {:?}", errors(&answer));
    }
    let answer = guest.send("POST", &path, &[("Content-Type", "text/plain")], b"password=x");
    assert_eq!(answer.status, 415);
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(guest.ask(method, &path, &[], &[]).status, 405, "{method}");
    }
    assert_leads_to_after_reset(&guest.post(&path, &[("password", LONG)]));
}

fn assert_leads_to_after_reset(answer: &Answer) {
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/sign_in")), "{}", answer.text());
}

#[test]
fn links_that_do_not_work_have_one_answer() {
    let (site, database, admin) = site();
    let guest = Client::new(&site);
    let now = Timestamp::now();
    let living = path_of_link(&admin, 3);
    let (expired, nearly) = (path_of_link(&admin, 4), path_of_link(&admin, 5));
    for (path, age) in [(&expired, HOUR), (&nearly, HOUR - MINUTE)] {
        let id = path.trim_start_matches("/reset/").split('.').next().expect("an id");
        let sql = "UPDATE resets SET created_at = ?2 WHERE id = ?1";
        database.execute(sql, rusqlite::params![id, now - age]).expect("the schema is known");
    }
    let used = path_of_link(&admin, 6);
    assert_leads_to_after_reset(&guest.post(&used, &twice(LONG)));
    let other_secret = format!("{}.{}", living.split('.').next().expect("an id"), "0a".repeat(32));
    let another_id = living.replacen("/reset/", "/reset/9", 1);
    let promoted = path_of_link(&admin, 7);
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 7", []).expect("the schema is known");
    let other_admin = Client::signed_in_as(&site, 7);
    let of_former_admin = path_of_link(&other_admin, 8);
    database.execute("UPDATE users SET is_admin = 0 WHERE id = 7", []).expect("the schema is known");
    let of_leaver = path_of_link(&admin, 10);
    let leaver = Client::signed_in_as(&site, 10);
    assert_eq!(leaver.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    let short = living[..living.len() - 1].to_owned();
    let page = |answer: &Answer| {
        let html = answer.html();
        (answer.status, texts(&html, "title, main"), attributes(&html, "a, form", "href"))
    };
    let expected = page(&guest.get("/reset/1"));
    assert_eq!((expected.0, &*expected.1[0]), (404, "That link doesn't work. · Lorem News"));
    assert_eq!(guest.get("/reset/").status, 404);
    for path in
        ["/reset/x", &other_secret, &another_id, &short, &expired, &used, &of_former_admin, &of_leaver]
    {
        assert_eq!(page(&guest.get(path)), expected, "{path}");
        assert_eq!(page(&guest.post(path, &twice(LONG))), expected, "{path}");
        let sentence = "That link doesn't work. A link to set a new password works once, and for an hour. Ask for another one.";
        assert_alert(&guest.htmx("POST", path, &twice(LONG)), 404, sentence);
    }
    for path in [&living, &nearly] {
        assert_eq!(guest.get(path).status, 200, "{path}");
    }
    // It was made before its user became an admin.
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 7", []).expect("the schema is known");
    assert_eq!(page(&guest.post(&promoted, &twice(LONG))), expected);
    assert_sound(&database);
}

#[test]
fn only_an_admin_makes_a_link_and_never_for_an_admin() {
    let (site, database, admin) = site();
    database.execute("UPDATE users SET is_admin = 1 WHERE id = 3", []).expect("the schema is known");
    let (other, guest) = (Client::signed_in_as(&site, 4), Client::new(&site));
    assert_page_of_error(&other, &ask_for_link(&other, USER), 403, REJECTED);
    assert_eq!(
        ask_for_link(&guest, USER).header("Location"),
        Some("/sign_in?return_to=%2Fusers%2F2%2Fmoderate")
    );
    for user in [ADMIN, 3] {
        let answer = ask_for_link(&admin, user);
        assert_eq!(answer.status, 422);
        assert_eq!(errors(&answer).1, ["An admin can't make a link to set an admin's password"]);
        assert_eq!(texts(&admin.get(&format!("/users/{user}/moderate")).html(), "#reset"), [""; 0]);
    }
    assert_page_of_error(&admin, &ask_for_link(&admin, 999), 404, NOT_FOUND);
    assert_eq!(admin.post("/posts/1/moderate", &[("act", "reset"), ("reason", "A reason")]).status, 404);
    let without_reason = admin.post("/users/2/moderate", &[("act", "reset"), ("reason", "")]);
    assert_eq!(
        (without_reason.status, errors(&without_reason).1),
        (422, vec!["Reason can't be blank".to_owned()])
    );
    let elsewhere = [("Sec-Fetch-Site", "cross-site")];
    let form = [("act", "reset"), ("reason", "A reason")];
    assert_eq!(admin.ask("POST", "/users/2/moderate", &form, &elsewhere).status, 403);
    assert_eq!(
        (count(&database, "resets"), count(&database, "notices"), count(&database, "acts")),
        (0, 0, 0)
    );
    // A banned user may sign in, and so may set a password.
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 5", []).expect("the schema is known");
    let path = path_of_link(&admin, 5);
    let banned = Client::signed_in_as(&site, 5);
    assert_leads_to_after_reset(&banned.post(&path, &twice(LONG)));
    // The admin is on the page of the form, signed in: it is the password of the other that changes.
    let path = path_of_link(&admin, USER);
    assert_leads_to_after_reset(&admin.post(&path, &twice(LONG)));
    assert_eq!(whoami(&admin), Some(name_of(&database, ADMIN)));
    assert_sound(&database);
}

#[test]
fn without_a_base_url_no_link_is_made_and_the_page_says_why() {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, ADMIN);
    let sentence =
        "A link to set a new password needs the site's own address, which the operator sets with --base-url";
    let html = admin.get("/users/2/moderate").html();
    assert_eq!(texts(&html, "#no_reset"), [format!("{sentence}.")]);
    assert_eq!(texts(&html, "#reset"), [""; 0]);
    let answer = ask_for_link(&admin, USER);
    assert_eq!((answer.status, errors(&answer).1), (422, vec![sentence.to_owned()]));
    assert_eq!((count(&database, "resets"), count(&database, "acts")), (0, 0));
}

#[test]
fn each_of_several_links_works_until_one_is_used_or_the_password_changes() {
    let (site, database, admin) = site();
    let guest = Client::new(&site);
    let links = [(); 3].map(|()| path_of_link(&admin, USER));
    assert_eq!(links.each_ref().map(|path| guest.get(path).status), [200; 3]);
    assert_leads_to_after_reset(&guest.post(&links[1], &twice(LONG)));
    assert_eq!(links.each_ref().map(|path| guest.get(path).status), [404; 3]);
    let path = path_of_link(&admin, USER);
    let user = Client::signed_in_as(&site, USER);
    let change = [("current_password", LONG), ("password", "another long one"), ("_method", "patch")];
    assert_eq!(user.post("/user", &change).status, 303);
    assert_eq!(guest.get(&path).status, 404);
    assert_sound(&database);
}

#[test]
fn of_fifty_requests_at_once_one_sets_the_password() {
    let (site, database, admin) = site();
    let path = path_of_link(&admin, USER);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..50)
            .map(|number| {
                let (client, path) = (Client::new(&site), &path);
                scope.spawn(move || client.post(path, &twice(&format!("correct horse {number}"))).status)
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 303 | 404 | 503)), "{statuses:?}");
    assert_sound(&database);
}

#[test]
fn a_browser_that_hides_where_a_form_comes_from_can_send_it() {
    // Without a referrer there is no origin, and over plain HTTP nothing else that tells.
    let (site, _database, admin) = site();
    let guest = Client::new(&site);
    let path = path_of_link(&admin, USER);
    assert_leads_to_after_reset(&guest.ask("POST", &path, &twice(LONG), &[("Origin", "null")]));
    assert_eq!(guest.ask("POST", "/sessions", &twice(LONG), &[("Origin", "null")]).status, 403);
}

#[test]
fn the_sign_in_page_names_the_admins_to_ask() {
    let (site, database, _) = site();
    let guest = Client::new(&site);
    let said = || texts(&guest.get("/sign_in").html(), "#forgotten").concat();
    let asked = "Forgot your password? Ask an admin for a link to set a new one: ";
    assert_eq!(said(), format!("{asked}{} admin.", name_of(&database, ADMIN)));
    database.execute("UPDATE users SET is_admin = (id <= 7)", []).expect("the schema is known");
    let html = guest.get("/sign_in").html();
    assert_eq!(attributes(&html, "#forgotten a", "href"), [1, 2, 3, 4, 5].map(|id| format!("/users/{id}")));
    let refused = guest.sign_in_with("nobody", "wrong").html();
    assert_eq!(texts(&refused, "#forgotten a").len(), 5);
    database.execute("UPDATE users SET is_admin = 0", []).expect("the schema is known");
    assert_eq!(said(), "Forgot your password? Ask the operator of this site for a link to set a new one.");
}

#[test]
fn expired_links_are_removed() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let now = Timestamp::now();
    for (user, age) in [(1, 2 * HOUR), (2, HOUR + MINUTE), (3, MINUTE)] {
        let sql = "INSERT INTO resets (user_id, maker, secret_hash, created_at) VALUES (?1, 'mail', zeroblob(32), ?2)";
        connection.execute(sql, rusqlite::params![user, now - age]).expect("the schema is known");
    }
    let _site = Site::with(0, |config| config.database = database.clone());
    eventually("they are gone", || (ids(&connection, "SELECT user_id FROM resets") == [3]).then_some(()));
}

#[test]
fn the_operator_makes_a_link_for_anybody_and_no_log_has_it() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    connection.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let name = name_of(&connection, 1);
    let path = database.to_str().expect("a text");
    let user = |more: &[&str]| run(&[&["user", "--database", path], more].concat());
    let refused = user(&["--reset", &name]);
    assert_eq!(refused.status.code(), Some(1));
    let why = "needs the site's own address, which the operator sets with --base-url";
    assert!(String::from_utf8_lossy(&refused.stderr).contains(why), "{refused:?}");
    assert_eq!(count(&connection, "acts"), 0);
    let made = user(&["--base-url", BASE_URL, "--reset", &name]);
    assert!(made.status.success(), "{made:?}");
    let link = String::from_utf8(made.stdout).expect("a text");
    let target = link.trim_end().strip_prefix(BASE_URL).expect("it begins with the address").to_owned();

    let mut command = program(&["serve", "--relax-ssl", "--slow-ms", "0", "--listen", "127.0.0.1:0"]);
    command.args(["--database", path]).env("RUST_LOG", "debug");
    let site = Program::start(command);
    let client = Client::at(site.address);
    assert_eq!(client.sign_in(&name).status, 303);
    let said = texts(&client.get("/log").html(), "#log li").concat();
    assert!(said.starts_with(&format!("The operator made a link to set a new password of {name}")), "{said}");
    assert!(said.contains("On the command line"), "{said}");
    assert!(texts(&client.get("/inbox").html(), "#notices").concat().contains("The operator made a link"));
    let guest = Client::at(site.address);
    assert_eq!(guest.get(&target).status, 200);
    assert_leads_to_after_reset(&guest.post(&target, &twice(LONG)));
    assert_eq!(client.get("/user/edit").status, 303, "the session has ended");
    assert_eq!(guest.get(&target).status, 404);
    site.await_log("GET /reset/");
    let secret = &target[target.len() - 64..];
    assert!(!site.log().contains(secret), "{}", site.log());
    assert_sound(&connection);
}

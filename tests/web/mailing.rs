//! Mail: addresses that users confirm, links by mail for forgotten passwords, and the queue, against a real server.

use std::net::TcpListener;

use lorem_news::site::config::Config;
use lorem_news::site::origin::Origin;
use lorem_news::site::smtp::Smtp;
use lorem_news::types::time::{DAY, HOUR, MINUTE, Timestamp};
use lorem_test_support::smtp::{Conduct, MailServer, Received};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const BASE_URL: &str = "https://news.example";
const ASKED: &str = "If that is a user with a confirmed address, a link is on its way by mail.";
const SENT: &str = "A mail with a link is on its way. The link confirms the address.";
const LONG: &str = "correct horse battery";
const PASSWORD: (&str, &str) = ("current_password", "password");

/// Makes the site send its mails to this server.
pub fn sends_to(config: &mut Config, url: &str) {
    config.base_url = Origin::parse(BASE_URL).ok();
    config.smtp = Some(Smtp::parse(url, None, config.base_url.as_ref()).expect("a server"));
}

fn site(server: &MailServer) -> (Site, Connection) {
    let url = server.url();
    let site = Site::with(20, |config| sends_to(config, &url));
    let database = site.database();
    (site, database)
}

/// Gives users addresses that they have confirmed: `user1@example.com` and so on.
pub fn give_addresses(database: &Connection, users: impl IntoIterator<Item = i64>) {
    for user in users {
        let sql = "INSERT INTO addresses (user_id, address, folded, confirmed_at) \
                   VALUES (?1, 'User' || ?1 || '@example.com', 'user' || ?1 || '@example.com', 1)";
        database.execute(sql, [user]).expect("the schema is known");
    }
}

/// The only link in a mail: the path.
fn path_in(mail: &Received) -> String {
    let links: Vec<&str> = mail.text.split_whitespace().filter(|word| word.starts_with("https://")).collect();
    assert_eq!(links.len(), 1, "{}", mail.text);
    links[0].strip_prefix(BASE_URL).expect("it begins with the site's address").to_owned()
}

/// Waits until the server has taken this number of mails.
pub fn taken(server: &MailServer, number: usize) -> Vec<Received> {
    eventually(&format!("{number} mails"), || {
        let received = server.received();
        (received.len() >= number).then_some(received)
    })
}

/// Waits until no mail is in the queue.
pub fn emptied(database: &Connection) {
    eventually("the queue is empty", || (waiting(database) == 0).then_some(()));
}

fn waiting(database: &Connection) -> i64 {
    number(
        database,
        "SELECT (SELECT count(*) FROM mails WHERE sent_at IS NULL) + (SELECT count(*) FROM reset_requests)",
    )
}

fn ask(client: &Client, who: &str) -> Answer {
    client.post("/reset", &[("who", who)])
}

#[test]
fn an_address_is_confirmed_by_the_button_behind_the_link_and_shown_to_its_user_alone() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    let (user, other, guest) =
        (Client::signed_in_as(&site, 2), Client::signed_in_as(&site, 3), Client::new(&site));
    assert_eq!(texts(&user.get("/user/edit").html(), "main a[href='/user/mail']"), ["E-mail"]);
    let shown = |client: &Client| {
        let html = client.get("/user/mail").html();
        (texts(&html, "#address_now").concat(), texts(&html, "#address_pending").concat())
    };
    assert_eq!(shown(&user), ("none".into(), String::new()));
    let form = [("address", "Zoe@Example.com"), PASSWORD];
    assert_done(&user, &user.post("/user/mail", &form), "/user/mail", SENT);
    assert!(shown(&user).1.starts_with("Zoe@Example.com"), "{:?}", shown(&user));
    assert_eq!(count(&database, "addresses"), 0, "nobody has confirmed it");
    let mail = taken(&server, 1).remove(0);
    assert_eq!(mail.to, ["Zoe@Example.com"]);
    assert!(mail.text.contains(&name_of(&database, 2)), "{}", mail.text);
    for header in [
        "From: \"Lorem News\" <noreply@news.example>",
        "Subject: Confirm your address for Lorem News",
        "Auto-Submitted: auto-generated",
        "Message-ID: <",
        "Date: ",
    ] {
        assert!(mail.head.contains(header), "{header}: {}", mail.head);
    }
    assert!(!mail.head.contains("List-Unsubscribe"));
    // What only looks at the link confirms nothing.
    let path = path_in(&mail);
    for method in ["GET", "HEAD"] {
        assert_eq!(guest.ask(method, &path, &[], &[]).status, 200, "{method}");
    }
    let page = guest.get(&path);
    assert_eq!(
        (page.header("Cache-Control"), page.header("Referrer-Policy")),
        (Some("no-store"), Some("no-referrer"))
    );
    assert!(texts(&page.html(), "main").concat().contains("Zoe@Example.com"));
    assert_eq!(count(&database, "addresses"), 0);
    let mut wrong = path.clone();
    wrong.replace_range(wrong.len() - 2.., if path.ends_with("00") { "11" } else { "00" });
    for path in [&wrong, "/confirm/x", "/confirm/999.0a", &path.replace("/confirm/2.", "/confirm/3.")] {
        assert_page_of_error(&guest, &guest.post(path, &[]), 404, "That link doesn't work.");
    }
    let answer = guest.ask("POST", &path, &[], &[("Origin", "null")]);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/")), "{}", answer.text());
    assert_page_of_error(&guest, &guest.post(&path, &[]), 404, "That link doesn't work.");
    assert_eq!(shown(&user), ("Zoe@Example.com".into(), String::new()));
    // Nobody else sees it anywhere.
    let page = format!("/users/{}", user.user_id);
    for client in [&other, &guest] {
        assert!(!client.get(&page).text().contains("Example.com"));
    }
    assert_eq!(shown(&other), ("none".into(), String::new()));
    // Another address counts only when it is confirmed.
    let form = [("address", "zoe@second.example"), PASSWORD];
    assert_eq!(user.htmx("POST", "/user/mail", &form).status, 200);
    assert_eq!(shown(&user).0, "Zoe@Example.com");
    let second = taken(&server, 2).remove(1);
    assert_eq!(guest.post(&path_in(&second), &[]).status, 303);
    assert_eq!(shown(&user).0, "zoe@second.example");
    for _ in 0..2 {
        let answer = user.post("/user/mail", &[("_method", "delete")]);
        assert_done(&user, &answer, "/user/mail", "Your address was removed.");
    }
    assert_eq!(shown(&user), ("none".into(), String::new()));
    assert_sound(&database);
}

#[test]
fn an_address_that_cannot_be_used_is_refused_with_its_text() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    let user = Client::signed_in_as(&site, 2);
    for (address, password, why) in [
        ("", "password", "E-mail address can't be blank"),
        ("zoe", "password", "E-mail address is not one, as name@example.com is"),
        ("zoë@example.com", "password", "E-mail address may have only letters of ASCII"),
        (&*format!("{}@example.com", "a".repeat(250)), "password", "E-mail address is too long"),
        ("zoe@example.com", "wrong", "Current password is incorrect"),
        ("zoe@example.com", "", "Current password is incorrect"),
    ] {
        let answer = user.post("/user/mail", &[("address", address), ("current_password", password)]);
        assert_eq!((answer.status, line(&answer, "address")), (422, address.to_owned()));
        assert!(errors(&answer).1.concat().contains(why), "{:?}", errors(&answer));
    }
    let guest = Client::new(&site);
    let form = [("address", "zoe@example.com"), PASSWORD];
    let answers = (guest.post("/user/mail", &form), guest.htmx("POST", "/user/mail", &form));
    assert_leads_to_sign_in(&answers.0, &answers.1, "/user/mail");
    assert_leads_to_sign_in(&guest.get("/user/mail"), &guest.htmx("GET", "/user/mail", &[]), "/user/mail");
    // A banned user removes an address, and adds none.
    give_addresses(&database, [3]);
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 3", []).expect("the schema is known");
    let banned = Client::signed_in_as(&site, 3);
    assert_eq!(banned.post("/user/mail", &form).status, 403);
    assert_eq!(banned.post("/user/mail", &[("_method", "delete")]).status, 303);
    assert_eq!(
        (count(&database, "addresses"), count(&database, "confirmations"), waiting(&database)),
        (0, 0, 0)
    );
    // Too many mails to an address, whoever asks for them.
    for user in 11..=15 {
        assert_eq!(Client::signed_in_as(&site, user).post("/user/mail", &form).status, 303);
        emptied(&database);
    }
    let answer = user.post("/user/mail", &form);
    assert_eq!(answer.status, 422);
    assert!(errors(&answer).1.concat().contains("Too many mails"), "{:?}", errors(&answer));
    assert_eq!(server.received().len(), 5);
}

#[test]
fn a_confirmation_works_for_a_day() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    let (user, guest) = (Client::signed_in_as(&site, 2), Client::new(&site));
    assert_eq!(user.post("/user/mail", &[("address", "zoe@example.com"), PASSWORD]).status, 303);
    let path = path_in(&taken(&server, 1)[0]);
    let age = |age| {
        database
            .execute("UPDATE confirmations SET created_at = ?1", [Timestamp::now() - age])
            .expect("the schema is known");
    };
    age(DAY - MINUTE);
    assert_eq!(guest.get(&path).status, 200);
    age(DAY);
    assert_eq!((guest.get(&path).status, guest.post(&path, &[]).status), (404, 404));
    assert_eq!(texts(&user.get("/user/mail").html(), "#address_pending"), [""; 0]);
}

#[test]
fn a_link_by_mail_sets_a_new_password() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    let (user, guest, name) = (Client::signed_in_as(&site, 2), Client::new(&site), name_of(&database, 2));
    give_addresses(&database, [2]);
    assert_eq!(attributes(&guest.get("/sign_in").html(), "#forgotten a", "href")[0], "/reset");
    let html = guest.get("/reset").html();
    assert_eq!(
        (texts(&html, "h1").concat(), attributes(&html, "main form", "action").concat()),
        ("Forgotten password".into(), "/reset".into())
    );
    for (number, who) in [name.as_str(), &name.to_uppercase(), " USER2@Example.com "].into_iter().enumerate()
    {
        let answer = ask(&guest, who);
        assert_eq!((answer.status, answer.header("Location")), (303, Some("/sign_in")));
        assert_eq!(notices(&guest.follow(&answer).html()), [ASKED]);
        let mail = taken(&server, number + 1).remove(number);
        assert_eq!((&mail.to[..], mail.text.contains(&name)), (&["User2@example.com".to_owned()][..], true));
        emptied(&database);
    }
    let path = path_in(&server.received()[2]);
    let stored: String = one(&database, "SELECT group_concat(quote(secret_hash)) FROM resets");
    assert!(!stored.to_lowercase().contains(&path[path.len() - 64..]), "only hashes are stored");
    assert_eq!(guest.post(&path, &[("password", LONG)]).status, 303);
    assert_eq!(whoami(&user), None, "its sessions have ended");
    assert_eq!(guest.sign_in_with(&name, LONG).status, 303);
    for mail in server.received() {
        assert_eq!(guest.get(&path_in(&mail)).status, 404, "the other links have ended");
    }
    assert_sound(&database);
}

#[test]
fn a_request_for_a_link_has_one_answer_and_few_mails() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    give_addresses(&database, [2]);
    let (guest, name) = (Client::new(&site), name_of(&database, 2));
    let whole = |who: &str| {
        let answer = ask(&guest, who);
        let mut headers = answer.headers.clone();
        headers
            .retain(|(name, _)| !["date", "x-request-id", "server-timing"].contains(&&*name.to_lowercase()));
        (answer.status, headers, answer.text().to_owned())
    };
    let known = whole(&name);
    let without_address = name_of(&database, 3);
    for who in [
        "nobody",
        "nobody@example.com",
        "user2@example.com",
        &without_address,
        "user3@example.com",
        "\u{202e}x",
    ] {
        assert_eq!(whole(who), known, "{who}");
    }
    for who in ["", "  ", &"a".repeat(255)] {
        assert_eq!(ask(&guest, who).status, 422, "{who:?}");
    }
    emptied(&database);
    for _ in 0..10 {
        assert_eq!(ask(&guest, &name).status, 303);
        emptied(&database);
    }
    assert_eq!(server.received().len(), 5, "five in a day");
    assert!(server.received().iter().all(|mail| mail.to == ["User2@example.com"]));
    // A day later there are more.
    database
        .execute("UPDATE mails SET created_at = created_at - ?1", [micros(DAY)])
        .expect("the schema is known");
    assert_eq!(ask(&guest, &name).status, 303);
    taken(&server, 6);
}

#[test]
fn without_a_mail_server_there_is_no_form_and_no_queue() {
    let site = Site::start();
    let (user, guest) = (Client::signed_in_as(&site, 2), Client::new(&site));
    assert_eq!((guest.get("/reset").status, ask(&guest, "somebody").status), (404, 404));
    assert_eq!(
        attributes(&user.get("/user/edit").html(), "main a", "href")
            .iter()
            .filter(|href| *href == "/user/mail")
            .count(),
        0
    );
    assert_eq!(texts(&user.get("/user/mail").html(), "main .empty"), ["This site sends no mail."]);
    assert_eq!(user.post("/user/mail", &[("address", "zoe@example.com"), PASSWORD]).status, 404);
    // An address from before can be removed.
    let database = site.database();
    give_addresses(&database, [2]);
    assert_eq!(user.post("/user/mail", &[("_method", "delete")]).status, 303);
    assert_eq!(count(&database, "addresses") + count(&database, "mails"), 0);
}

#[test]
fn a_dead_server_holds_up_no_request_and_gets_the_mails_when_it_lives() {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let site = Site::with(20, |config| sends_to(config, &format!("smtp://{address}")));
    let database = site.database();
    give_addresses(&database, 2..=6);
    let guest = Client::new(&site);
    for user in 2..=6 {
        assert_eq!(ask(&guest, &name_of(&database, user)).status, 303);
    }
    eventually("it was tried", || {
        (number(&database, "SELECT coalesce(max(tries), 0) FROM mails") > 0).then_some(())
    });
    assert_eq!(guest.get("/").status, 200);
    let server = MailServer::at(address, Conduct::Takes);
    let mut receivers: Vec<String> = taken(&server, 5).into_iter().flat_map(|mail| mail.to).collect();
    receivers.sort();
    assert_eq!(receivers, [2, 3, 4, 5, 6].map(|user| format!("User{user}@example.com")));
    emptied(&database);
    assert_eq!(server.received().len(), 5, "each once");
}

#[test]
fn a_server_that_is_killed_in_the_middle_gets_the_rest_after_its_restart() {
    let server = MailServer::start();
    server.set(Conduct::DiesAfter(2));
    let (address, (site, database)) = (server.address, site(&server));
    give_addresses(&database, 2..=6);
    let guest = Client::new(&site);
    for user in 2..=6 {
        assert_eq!(ask(&guest, &name_of(&database, user)).status, 303);
    }
    let first = taken(&server, 2);
    eventually("it has died", || (server.connections() == 0).then_some(()));
    drop(server);
    assert_eq!(waiting(&database), 3);
    let server = MailServer::at(address, Conduct::Takes);
    let rest = taken(&server, 3);
    emptied(&database);
    let mut receivers: Vec<String> = first.into_iter().chain(rest).flat_map(|mail| mail.to).collect();
    receivers.sort();
    assert_eq!(receivers, [2, 3, 4, 5, 6].map(|user| format!("User{user}@example.com")), "each once");
}

#[test]
fn a_mail_that_is_refused_is_dropped_and_one_that_is_put_off_is_tried_again() {
    let server = MailServer::start();
    server.set(Conduct::Refuses(550));
    let (site, database) = site(&server);
    give_addresses(&database, [2, 3, 4]);
    let guest = Client::new(&site);
    assert_eq!(ask(&guest, &name_of(&database, 2)).status, 303);
    eventually("it was asked", || (count(&database, "resets") == 1).then_some(()));
    emptied(&database);
    assert_eq!(count(&database, "mails"), 0);
    for (code, user) in [(451, 3), (554, 4)] {
        server.set(Conduct::Refuses(code));
        assert_eq!(ask(&guest, &name_of(&database, user)).status, 303);
        let tries = format!("SELECT coalesce(max(tries), 0) FROM mails WHERE user_id = {user}");
        eventually("it was put off", || (number(&database, &tries) == 1).then_some(()));
    }
    let later = |least: i64| {
        let sql = "SELECT count(*) FROM mails WHERE due_at > ?1";
        database.query_row(sql, [Timestamp::now()], |row| row.get::<_, i64>(0)).expect("an answer") >= least
    };
    assert!(later(2), "both wait");
    // Each attempt that fails makes the wait longer.
    let wait = "SELECT (due_at - created_at) / 1000000 FROM mails WHERE user_id = 3";
    let first = number(&database, wait);
    server.set(Conduct::Refuses(451));
    database
        .execute("UPDATE mails SET due_at = created_at WHERE user_id = 3", [])
        .expect("the schema is known");
    eventually("it was put off again", || {
        (number(&database, "SELECT tries FROM mails WHERE user_id = 3") == 2).then_some(())
    });
    assert!(number(&database, wait) > first + 100, "{first} {}", number(&database, wait));
    server.set(Conduct::Takes);
    database.execute("UPDATE mails SET due_at = 1", []).expect("the schema is known");
    taken(&server, 2);
    emptied(&database);
    // After some days it is dropped.
    server.set(Conduct::Refuses(451));
    database
        .execute("UPDATE mails SET created_at = 1, sent_at = NULL, due_at = 1", [])
        .expect("the schema is known");
    emptied(&database);
    assert_eq!((count(&database, "mails"), server.received().len()), (0, 2));
}

#[test]
fn a_server_that_takes_nothing_is_asked_again_soon_without_a_loss() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    give_addresses(&database, [2, 3]);
    let guest = Client::new(&site);
    for (code, user) in [(421, 2), (535, 3)] {
        server.set(Conduct::Refuses(code));
        assert_eq!(ask(&guest, &name_of(&database, user)).status, 303);
        let tries = format!("SELECT coalesce(max(tries), 0) FROM mails WHERE user_id = {user}");
        eventually("it was tried twice", || (number(&database, &tries) >= 2).then_some(()));
        server.set(Conduct::Takes);
        emptied(&database);
    }
    assert_eq!(server.received().len(), 2);
}

#[test]
fn a_server_that_hangs_holds_up_neither_requests_nor_the_end() {
    let server = MailServer::start();
    server.set(Conduct::Hangs);
    let (site, database) = site(&server);
    give_addresses(&database, [2]);
    let guest = Client::new(&site);
    assert_eq!(ask(&guest, &name_of(&database, 2)).status, 303);
    eventually("it is being sent", || (server.connections() == 1).then_some(()));
    assert_eq!((guest.get("/").status, ask(&guest, "somebody").status), (200, 303));
    // The drop waits for the end of the server's threads.
    drop(site);
    assert_eq!(number(&database, "SELECT count(*) FROM mails WHERE sent_at IS NULL"), 1, "it is sent later");
    assert_sound(&database);
}

#[test]
fn a_killed_program_sends_the_rest_after_its_restart() {
    let server = MailServer::start();
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    give_addresses(&connection, 2..=5);
    let password = "s3cret-of-the-server";
    let url = format!("smtp://me:{password}@{}", server.address);
    let file = database.with_file_name("smtp-url");
    let serve = |variable: (&str, &str)| {
        let mut command = program(&["serve", "--relax-ssl", "--no-rate-limits", "--listen", "127.0.0.1:0"]);
        command.args(["--base-url", BASE_URL, "--mail-from", "News <news@example.com>", "--database"]);
        command.arg(&database).env(variable.0, variable.1).env("RUST_LOG", "debug");
        Program::start(command)
    };
    // It has the first one, but the program does not know that.
    server.set(Conduct::TakesInSilence);
    let mut site = serve(("SMTP_URL", &server.url()));
    let guest = Client::at(site.address);
    for user in 2..=5 {
        assert_eq!(ask(&guest, &name_of(&connection, user)).status, 303);
    }
    taken(&server, 1);
    site.kill();
    server.set(Conduct::Takes);
    std::fs::write(&file, format!("{}\n", server.url())).expect("a file");
    let site = serve(("SMTP_URL_FILE", file.to_str().expect("a text")));
    let received = taken(&server, 5);
    emptied(&connection);
    let mut received_again = server.received();
    assert_eq!(received_again.len(), 5, "only that one comes twice");
    let id =
        |mail: &Received| mail.head.lines().find(|line| line.starts_with("Message-ID: ")).map(str::to_owned);
    let first = received_again.remove(0);
    let again: Vec<&Received> = received_again.iter().filter(|mail| id(mail) == id(&first)).collect();
    assert_eq!((again.len(), &again[0].to), (1, &first.to));
    let mut receivers: Vec<String> = received_again.into_iter().flat_map(|mail| mail.to).collect();
    receivers.sort();
    assert_eq!(receivers, [2, 3, 4, 5].map(|user| format!("User{user}@example.com")));
    assert!(
        received.iter().all(|mail| mail.head.contains("From: \"News\" <news@example.com>")
            || mail.head.contains("From: News <news@example.com>")),
        "{}",
        received[0].head
    );
    let secret = path_in(&received[0]);
    assert_eq!(Client::at(site.address).get(&secret).status, 200);
    assert!(!site.log().contains(&secret[secret.len() - 64..]), "{}", site.log());
    // A server that cannot be used is said without its password.
    let refused = {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--database"]);
        command.arg(&database).env("SMTP_URL", &url).output().expect("the program runs")
    };
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("SMTP_URL: mails have links: set --base-url") && !said.contains(password),
        "{said}"
    );
}

#[test]
fn a_new_password_keeps_the_address_only_if_it_came_by_mail() {
    let server = MailServer::start();
    let (site, database) = site(&server);
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    give_addresses(&database, [2, 3]);
    let (admin, guest) = (Client::signed_in_as(&site, 1), Client::new(&site));
    // A person who took over the account may have given the address.
    let form = [("act", "reset"), ("reason", "They asked by phone")];
    let link = texts(&admin.post("/users/2/moderate", &form).html(), "#link").concat();
    let path = link.strip_prefix(BASE_URL).expect("a link of the site");
    assert_eq!(guest.post(path, &[("password", LONG)]).status, 303);
    assert_eq!(ask(&guest, &name_of(&database, 3)).status, 303);
    let path = path_in(&taken(&server, 1)[0]);
    assert_eq!(guest.post(&path, &[("password", LONG)]).status, 303);
    assert_eq!(ids(&database, "SELECT user_id FROM addresses"), [3]);
    // One that is not confirmed yet is forgotten, whoever changes the password.
    let user = Client::signed_in_as(&site, 4);
    assert_eq!(user.post("/user/mail", &[("address", "zoe@example.com"), PASSWORD]).status, 303);
    let path = path_in(&taken(&server, 2)[1]);
    assert_eq!(guest.get(&path).status, 200);
    let change = [("_method", "patch"), PASSWORD, ("password", LONG)];
    assert_eq!(user.post("/user", &change).status, 303);
    assert_eq!(guest.post(&path, &[]).status, 404);
    assert_sound(&database);
}

#[test]
fn an_account_that_is_deleted_leaves_no_address_and_no_mail() {
    let server = MailServer::start();
    server.set(Conduct::Refuses(451));
    let (site, database) = site(&server);
    give_addresses(&database, [2]);
    let user = Client::signed_in_as(&site, 2);
    assert_eq!(ask(&user, &name_of(&database, 2)).status, 303);
    assert_eq!(user.post("/user/mail", &[("address", "zoe@example.com"), PASSWORD]).status, 303);
    eventually("both were tried", || {
        (number(&database, "SELECT count(*) FROM mails WHERE tries > 0") == 2).then_some(())
    });
    assert_eq!(user.post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    let left = ["addresses", "confirmations", "mails", "resets"].map(|table| count(&database, table));
    assert_eq!(left, [0; 4]);
    assert_sound(&database);
}

#[test]
fn what_was_sent_and_what_was_not_confirmed_is_removed() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let now = Timestamp::now();
    for (user, age) in [(1, 3 * DAY), (2, HOUR)] {
        let mail = "INSERT INTO mails (user_id, kind, folded, created_at, due_at, sent_at) VALUES (?1, 'reset', '', ?2, ?2, ?2)";
        let confirmation = "INSERT INTO confirmations (user_id, address, created_at) VALUES (?1, '', ?2)";
        for sql in [mail, confirmation] {
            connection.execute(sql, rusqlite::params![user, now - age]).expect("the schema is known");
        }
    }
    let _site = Site::with(0, |config| config.database = database.clone());
    eventually("they are gone", || {
        let left =
            ["mails", "confirmations"].map(|table| ids(&connection, &format!("SELECT user_id FROM {table}")));
        (left == [[2], [2]]).then_some(())
    });
}

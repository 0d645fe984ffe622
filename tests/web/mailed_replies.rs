//! Replies by mail, against a real server: at once or once a day, and how they end.

use lorem_news::types::time::{DAY, Timestamp};
use lorem_test_support::smtp::{Conduct, MailServer, Received};
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::mailing::{emptied, give_addresses, sends_to, taken};
use crate::seen::*;

const BASE_URL: &str = "https://news.example";

struct Scene {
    server: MailServer,
    site: Site,
    database: Connection,
    /// User 1, who wrote all posts and has an address.
    author: Client,
    other: Client,
}

fn scene() -> Scene {
    let server = MailServer::start();
    let site = Site::with(20, |config| sends_to(config, &server.url()));
    let database = site.database();
    database.execute("UPDATE posts SET user_id = 1", []).expect("the schema is known");
    recount(&database);
    give_addresses(&database, [1]);
    let [author, other] = [1, 2].map(|id| Client::signed_in_as(&site, id));
    Scene { server, site, database, author, other }
}

impl Scene {
    fn choose(&self, wish: &str) {
        let answer = self.author.post("/user/mail/replies", &[("replies", wish)]);
        assert_done(&self.author, &answer, "/user/mail", "Replies by mail: your choice is saved.");
        let chosen =
            attributes(&self.author.get("/user/mail").html(), "input[name=replies][checked]", "value");
        assert_eq!(chosen, [wish]);
    }

    /// Sends a comment on post 3 and returns its id.
    fn comment(&self, client: &Client, body: &str) -> i64 {
        assert_eq!(client.post("/posts/3/comments", &[("body", body)]).status, 303, "{body}");
        number(&self.database, "SELECT max(id) FROM comments")
    }

    /// Waits until the mailer has looked at all comments.
    fn followed(&self) {
        let sql = "SELECT (SELECT coalesce(max(comment_id), 0) FROM inbox) <= (SELECT comment_id FROM mail_progress)";
        eventually("the mailer has looked", || (number(&self.database, sql) == 1).then_some(()));
    }

    /// Makes the mail that waits due now.
    fn make_due(&self) {
        self.followed();
        self.database
            .execute("UPDATE mails SET due_at = 1 WHERE sent_at IS NULL", [])
            .expect("the schema is known");
    }

    fn waiting(&self) -> i64 {
        number(&self.database, "SELECT count(*) FROM mails WHERE sent_at IS NULL")
    }
}

/// The path of the link that ends the mails, by its header.
fn unsubscribe_path(mail: &Received) -> String {
    let line =
        mail.head.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).expect("the header");
    let link = line.trim_end().strip_suffix('>').expect("the end of the address");
    assert!(mail.text.contains(link), "{}", mail.text);
    link.strip_prefix(BASE_URL).expect("it begins with the site's address").to_owned()
}

#[test]
fn nobody_gets_replies_by_mail_who_has_not_chosen_them() {
    let scene = scene();
    scene.comment(&scene.other, "What do you mean?");
    scene.followed();
    emptied(&scene.database);
    // An answer from before the choice is in no mail.
    scene.choose("at_once");
    let reply = scene.comment(&scene.other, "And what about this?");
    let mail = taken(&scene.server, 1).remove(0);
    assert_eq!(mail.to, ["User1@example.com"]);
    assert!(
        mail.text.contains("> And what about this?") && !mail.text.contains("What do you mean?"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains(&format!("{BASE_URL}/comments/{reply}\r\n")), "{}", mail.text);
    let title = string(&scene.database, "SELECT title FROM posts WHERE id = 3");
    let subject = format!("{} commented on your post {title}", name_of(&scene.database, 2));
    assert!(mail.text.contains(&format!("{subject}:")), "{}", mail.text);
    assert!(mail.head.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{}", mail.head);
    assert!(mail.head.contains("Auto-Submitted: auto-generated"));
    // Without an address there is nothing to choose.
    assert_eq!(scene.other.post("/user/mail/replies", &[("replies", "daily")]).status, 404);
    assert_eq!(texts(&scene.other.get("/user/mail").html(), "#replies"), [""; 0]);
    assert_sound(&scene.database);
}

#[test]
fn replies_that_come_soon_after_a_mail_come_together_in_the_next() {
    let scene = scene();
    scene.choose("at_once");
    scene.comment(&scene.other, "The first of them");
    taken(&scene.server, 1);
    for body in ["The second of them", "The third of them"] {
        scene.comment(&scene.other, body);
    }
    scene.followed();
    assert_eq!(scene.waiting(), 1);
    let due_in =
        number(&scene.database, "SELECT (due_at - created_at) / 1000000 FROM mails WHERE sent_at IS NULL");
    assert!((1..=600).contains(&due_in), "{due_in}");
    scene.make_due();
    let mail = taken(&scene.server, 2).remove(1);
    assert!(mail.head.contains("Subject: Replies to you on Lorem News"), "{}", mail.head);
    let at = |body: &str| mail.text.find(body).unwrap_or_else(|| panic!("{body}: {}", mail.text));
    assert!(at("The second of them") < at("The third of them") && !mail.text.contains("The first"));
}

#[test]
fn a_daily_mail_is_due_at_midnight() {
    let scene = scene();
    scene.choose("daily");
    scene.comment(&scene.other, "What do you mean?");
    scene.followed();
    let due = number(&scene.database, "SELECT due_at FROM mails WHERE sent_at IS NULL");
    let day = micros(DAY);
    assert!(
        due % day == 0 && due > Timestamp::now().as_micros() && due <= Timestamp::now().as_micros() + day
    );
    let reply = scene.comment(&scene.other, "And what about this?");
    scene.make_due();
    let mail = taken(&scene.server, 1).remove(0);
    assert!(mail.text.contains("What do you mean?") && mail.text.contains(&format!("/comments/{reply}")));
    emptied(&scene.database);
    assert_eq!(scene.server.received().len(), 1);
}

#[test]
fn what_is_read_removed_deleted_muted_or_of_a_banned_user_is_not_mailed() {
    let scene = scene();
    scene.choose("daily");
    let users: Vec<Client> = (2..=8).map(|id| Client::signed_in_as(&scene.site, id)).collect();
    let secrets = [
        "Removedremark",
        "Deletedremark",
        "Bannedremark",
        "Readremark",
        "Leftremark",
        "Mutedusersremark",
        "Publicremark",
    ];
    let ids: Vec<i64> = users
        .iter()
        .zip(secrets)
        .map(|(client, body)| scene.comment(client, &format!("{body}, of course")))
        .collect();
    scene.database.execute("UPDATE users SET is_admin = (id = 10)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&scene.site, 10);
    let muted = users[0].post("/posts/4/comments", &[("body", "Mutedremark, of course")]);
    assert_eq!(muted.status, 303);
    // The post of all of them is removed as well: its title is a placeholder.
    let reason = [("act", "remove"), ("reason", "A reason")];
    assert_eq!(admin.post(&format!("/comments/{}/moderate", ids[0]), &reason).status, 303);
    assert_eq!(users[1].post(&format!("/comments/{}", ids[1]), &[("_method", "delete")]).status, 303);
    assert_eq!(admin.post("/users/4/moderate", &[("act", "ban"), ("reason", "A reason")]).status, 303);
    scene
        .database
        .execute("UPDATE inbox SET is_unread = 0 WHERE comment_id = ?1", [ids[3]])
        .expect("the schema is known");
    assert_eq!(users[4].post("/user", &[("_method", "delete"), ("password", "password")]).status, 303);
    assert_eq!(scene.author.post("/posts/4/mute", &[]).status, 303);
    assert_eq!(scene.author.post("/users/7/mute", &[]).status, 303);
    assert_eq!(admin.post("/posts/3/moderate", &reason).status, 303);
    scene.make_due();
    let mail = taken(&scene.server, 1).remove(0);
    let title = string(&scene.database, "SELECT title FROM posts WHERE id = 3");
    assert!(mail.text.contains("Publicremark") && mail.text.contains("[removed]"), "{}", mail.text);
    assert!(!mail.text.contains(&title) && !mail.head.contains(&title), "{}", mail.text);
    for secret in secrets[..6].iter().chain(&["Mutedremark"]) {
        assert!(!mail.text.contains(secret), "{secret}: {}", mail.text);
    }
    // Where nothing is left, there is no mail.
    assert_eq!(users[6].post("/posts/5/comments", &[("body", "One remark more")]).status, 303);
    let last = number(&scene.database, "SELECT max(id) FROM comments");
    assert_eq!(users[6].post(&format!("/comments/{last}"), &[("_method", "delete")]).status, 303);
    scene.make_due();
    emptied(&scene.database);
    assert_eq!(scene.server.received().len(), 1);
    assert_sound(&scene.database);
}

#[test]
fn a_mail_has_the_beginnings_of_twenty_comments() {
    let scene = scene();
    scene.choose("daily");
    let long = format!("Long remark {}", "word ".repeat(500));
    for number in 0..22 {
        scene.comment(&scene.other, &format!("Remark {number}. {long}"));
    }
    scene.make_due();
    let mail = taken(&scene.server, 1).remove(0);
    assert_eq!(mail.text.matches("> Remark").count(), 20);
    assert!(mail.text.contains("There are more in your inbox."));
    assert!(mail.text.len() < 20 * 1000, "{}", mail.text.len());
    scene.comment(&scene.other, "The last remark");
    scene.make_due();
    let mail = taken(&scene.server, 2).remove(1);
    assert_eq!(mail.text.matches("> ").count(), 1, "the others have been told of: {}", mail.text);
}

#[test]
fn a_press_in_a_mail_program_ends_them_and_a_look_at_the_link_does_not() {
    let scene = scene();
    scene.choose("at_once");
    scene.comment(&scene.other, "What do you mean?");
    let path = unsubscribe_path(&taken(&scene.server, 1)[0]);
    let wish = || string(&scene.database, "SELECT replies FROM addresses");
    let page = scene.site.get(&path);
    assert_eq!(
        (page.status, page.header("Cache-Control"), page.header("Referrer-Policy")),
        (200, Some("no-store"), Some("no-referrer"))
    );
    assert_eq!(attributes(&page.html(), "main form", "action"), [path.as_str()]);
    assert_eq!(scene.site.ask("HEAD", &path, &[]).status, 200);
    assert_eq!(wish(), "at_once");
    let wrong = path.replace("/unsubscribe/1.", "/unsubscribe/2.");
    let short = &path[..path.len() - 1];
    for path in [&*wrong, short, "/unsubscribe/x"] {
        assert_eq!((scene.site.get(path).status, scene.site.post(path).status), (404, 404), "{path}");
    }
    // As RFC 8058 has it: without cookies and origin, in either type of form, with no redirect.
    let guest = Client::new(&scene.site);
    for round in 0..3 {
        let boundary =
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        let (kind, body) = match round {
            0 => ("multipart/form-data; boundary=x", boundary),
            _ => ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        };
        let answer = guest.send(
            "POST",
            &path,
            &[("Content-Type", kind), ("Sec-Fetch-Site", "cross-site")],
            body.as_bytes(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(texts(&answer.html(), "main").concat().contains("No more replies come by mail."));
        assert_eq!(wish(), "off");
    }
    scene.comment(&scene.other, "And what about this?");
    scene.followed();
    assert_eq!(scene.waiting(), 0);
    // A button on a page, with htmx, and as a banned user.
    scene.choose("daily");
    scene.comment(&scene.other, "Are you there?");
    scene.followed();
    scene.database.execute("UPDATE users SET banned_at = 1 WHERE id = 1", []).expect("the schema is known");
    assert_eq!(scene.author.htmx("POST", &path, &[]).status, 200);
    assert_eq!((wish(), scene.waiting()), ("off".into(), 0));
}

#[test]
fn a_choice_that_is_none_is_refused_and_a_guest_is_led_to_sign_in() {
    let scene = scene();
    for form in [&[][..], &[("replies", "hourly")]] {
        let answer = scene.author.post("/user/mail/replies", form);
        assert_eq!(answer.status, 422);
        assert_eq!(
            texts(&answer.html(), "#replies .error"),
            ["Replies by mail come never, at once, or once a day"]
        );
    }
    for _ in 0..2 {
        let answer = scene.author.htmx("POST", "/user/mail/replies", &[("replies", "daily")]);
        assert_leads_htmx_to(&answer, 200, "/user/mail");
    }
    let (guest, form) = (Client::new(&scene.site), [("replies", "daily")]);
    let answers = (guest.post("/user/mail/replies", &form), guest.htmx("POST", "/user/mail/replies", &form));
    assert_leads_to_sign_in(&answers.0, &answers.1, "/user/mail");
    let elsewhere = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(scene.author.ask("POST", "/user/mail/replies", &form, &elsewhere).status, 403);
    // A removed address takes the choice along.
    scene.comment(&scene.other, "What do you mean?");
    scene.followed();
    assert_eq!(scene.waiting(), 1);
    assert_eq!(scene.author.post("/user/mail", &[("_method", "delete")]).status, 303);
    assert_eq!(scene.waiting(), 0);
}

#[test]
fn replies_survive_a_dead_server_and_comments_do_not_wait_for_it() {
    let scene = scene();
    scene.choose("at_once");
    scene.server.set(Conduct::Refuses(451));
    scene.comment(&scene.other, "What do you mean?");
    eventually("it was tried", || {
        (number(&scene.database, "SELECT coalesce(max(tries), 0) FROM mails") == 1).then_some(())
    });
    scene.comment(&scene.other, "And what about this?");
    scene.server.set(Conduct::Takes);
    scene.make_due();
    let mail = taken(&scene.server, 1).remove(0);
    assert!(
        mail.text.contains("What do you mean?") && mail.text.contains("And what about this?"),
        "{}",
        mail.text
    );
    emptied(&scene.database);
    assert_eq!(scene.server.received().len(), 1);
}

//! Moderation: admins remove, lock and ban; readers flag; the log shows every action.

use std::sync::Barrier;
use std::thread;

use lorem_news::flag;
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use lorem_news::types::id::{CommentId, UserId};
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;

use crate::client::*;
use crate::contract::walk;
use crate::harness::*;
use crate::seen::*;

const ADMIN: i64 = 1;
/// The author of the moderated post and comment.
const AUTHOR: i64 = 2;
/// A user who commented on the post and replied to the comment.
const READER: i64 = 3;
const DONE: &str = "Done. It is in the moderation log.";
const NO_ADMIN: &str = "The change you wanted was rejected. Only an admin can do this.";

/// A site where the author wrote post 3 (a link) and a comment on post 4. The reader replied to that
/// comment and commented on post 3. No other text has the words in `SECRETS`.
struct Scene {
    site: Site,
    database: Connection,
    admin: Client,
    author: Client,
    reader: Client,
    comment: i64,
    reply: i64,
}

const SECRETS: [&str; 4] =
    ["Unmistakable title", "https://secret.example/", "Unmistakable text", "Unmistakable remark"];

fn scene() -> Scene {
    scene_with(|_| {})
}

fn scene_with(change: impl FnOnce(&mut lorem_news::site::config::Config)) -> Scene {
    let site = Site::with(20, change);
    let database = site.database();
    database
        .execute_batch(&format!(
            "UPDATE users SET is_admin = 1 WHERE id = {ADMIN};
             UPDATE posts SET user_id = 10 WHERE user_id IN ({ADMIN}, {AUTHOR}, {READER});
             UPDATE comments SET user_id = 10 WHERE user_id IN ({ADMIN}, {AUTHOR}, {READER});
             UPDATE posts SET user_id = {AUTHOR}, title = 'Unmistakable title', url = 'https://secret.example/',
                 site = 'secret.example', address = 'secret.example/' WHERE id = 3;
             UPDATE descriptions SET text = 'Unmistakable text' WHERE post_id = 3;
             DELETE FROM comments WHERE post_id IN (3, 4);
             INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
                 VALUES (3, {READER}, 1, 1, 'A remark'), (4, {AUTHOR}, 1, 1, 'Unmistakable remark');
             INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, body)
                 VALUES (4, {READER}, (SELECT max(id) FROM comments), 1, 2, 2, 'A reply');
             INSERT INTO post_votes VALUES ({READER}, 3, 1), (11, 3, 1);
             INSERT INTO comment_votes SELECT {READER}, id, 1 FROM comments WHERE body = 'Unmistakable remark';"
        ))
        .expect("the schema is known");
    recount(&database);
    let comment = number(&database, "SELECT id FROM comments WHERE body = 'Unmistakable remark'");
    let reply = number(&database, "SELECT id FROM comments WHERE body = 'A reply'");
    let [admin, author, reader] = [ADMIN, AUTHOR, READER].map(|id| Client::signed_in_as(&site, id));
    Scene { site, database, admin, author, reader, comment, reply }
}

impl Scene {
    fn moderate(&self, path: &str, act: &str, reason: &str) -> Answer {
        self.admin.post(&format!("{path}/moderate"), &[("act", act), ("reason", reason)])
    }

    /// Moderates; panics unless it succeeds and the database is sound.
    fn done(&self, path: &str, act: &str) {
        let answer = self.moderate(path, act, &format!("Because of {act}"));
        assert_eq!(answer.status, 303, "{path} {act}: {}", answer.text());
        assert_sound(&self.database);
    }

    fn acts(&self) -> i64 {
        count(&self.database, "acts")
    }

    fn comment_path(&self) -> String {
        format!("/comments/{}", self.comment)
    }

    /// All rows that an action may change, except the log.
    fn rows(&self) -> String {
        let tables = [
            "SELECT group_concat(concat_ws('|', id, user_id, deleted_at, removed_at, locked_at, score, comments_count, title, url), ';') FROM posts",
            "SELECT group_concat(concat_ws('|', id, user_id, deleted_at, removed_at, score, body), ';') FROM comments",
            "SELECT group_concat(concat_ws('|', id, karma, posts_count, comments_count, banned_at, is_admin), ';') FROM users",
        ];
        tables.map(|sql| string(&self.database, sql)).concat()
    }
}

/// Panics if a page shows a part of the removed post or comment.
fn assert_silent(answer: &Answer, what: &str) {
    for secret in SECRETS {
        assert!(!answer.text().contains(secret), "{what} says {secret}");
    }
}

/// The rows of the log: the action without its age, and the reason.
fn log(answer: &Answer) -> Vec<String> {
    let html = answer.html();
    let (lines, reasons) = (texts(&html, "#log > li > p:first-child"), texts(&html, "#log > li > p + p"));
    assert_eq!(lines.len(), reasons.len());
    let line = |line: &String| line.split(" · ").next().expect("split gives one at least").to_owned();
    lines.iter().zip(reasons).map(|(text, reason)| format!("{}: {reason}", line(text))).collect()
}

#[test]
fn a_removed_post_or_comment_is_hidden_until_it_is_restored() {
    let scene = scene();
    let before = scene.rows();
    let comment = scene.comment_path();
    let pages = || {
        [
            "/".to_owned(),
            "/posts".to_owned(),
            "/posts/3".to_owned(),
            "/posts/4".to_owned(),
            "/posts/3/edit".to_owned(),
            "/posts/3/flag".to_owned(),
            format!("{comment}/edit"),
            format!("{comment}/flag"),
            comment.clone(),
            format!("/users/{AUTHOR}"),
            format!("/users/{READER}"),
            "/log".to_owned(),
        ]
    };
    assert!(scene.author.get("/posts").text().contains(SECRETS[0]));
    assert!(scene.author.get(&format!("/users/{READER}")).text().contains(SECRETS[0]));
    scene.done("/posts/3", "remove");
    scene.done(&comment, "remove");
    let guest = Client::new(&scene.site);
    for client in [&guest, &scene.author, &scene.reader, &scene.admin] {
        for path in pages() {
            assert_silent(&client.get(&path), &path);
            assert_silent(&client.htmx("GET", &path, &[]), &path);
        }
        // The author and the page title are hidden, too.
        let post = client.get("/posts/3");
        let html = post.html();
        assert_eq!((post.status, texts(&html, "h1")), (200, vec!["[removed]".to_owned()]));
        assert_eq!(texts(&html, "title"), ["[removed] · Lorem News"]);
        assert_eq!(
            texts(&html, ".prose p"),
            ["An admin removed this post: Because of remove", "Moderation log"]
        );
        assert_eq!(attributes(&html, ".prose a", "href"), ["/log"]);
        let link = format!("main a[href='/users/{AUTHOR}']");
        assert_eq!(texts(&html, &link), [""; 0]);
        let forms = texts(&html, "main form:not(#comment_list form)");
        assert_eq!(forms, [""; 0], "no form to vote, comment or change");
        // The comments of others stay.
        assert_eq!(texts(&html, "#comment_list p + p"), ["A remark"]);
        let thread = client.get("/posts/4").html();
        assert_eq!(texts(&thread, &link), [""; 0]);
        let place = format!("#comment_{}", scene.comment);
        assert_eq!(texts(&thread, &format!("{place} .empty")), ["[removed]"]);
        assert_eq!(attributes(&thread, &format!("{place} .empty a"), "href"), ["/log"]);
        assert_eq!(texts(&thread, &format!("#comment_{} p + p", scene.reply)), ["A reply"]);
        // The comment's own page, to which the log links, hides it, too.
        assert_eq!(texts(&client.get(&comment).html(), &format!("{place} .empty")), ["[removed]"]);
    }
    assert_eq!(scene.author.get("/posts/3/edit").status, 404);
    assert_eq!(scene.author.get(&format!("{comment}/edit")).status, 404);
    // An admin sees the removed text.
    for (path, secret) in [("/posts/3/moderate", SECRETS[2]), (&*format!("{comment}/moderate"), SECRETS[3])] {
        let answer = scene.admin.get(path);
        assert!(answer.text().contains(secret) && answer.text().contains("Restore"), "{path}");
    }
    assert_eq!(scene.moderate("/posts/3", "restore", "It was a mistake").status, 303);
    assert_eq!(scene.moderate(&comment, "restore", "It was a mistake").status, 303);
    assert_eq!(scene.rows(), before, "restoring brings back every row");
    assert_sound(&scene.database);
    assert!(
        guest.get("/posts").text().contains(SECRETS[0]) && guest.get("/posts/4").text().contains(SECRETS[3])
    );
}

#[test]
fn a_removed_post_or_comment_takes_no_change() {
    let scene = scene();
    scene.done("/posts/3", "remove");
    scene.done(&scene.comment_path(), "remove");
    let (before, comment) = (scene.rows(), scene.comment_path());
    for (method, path, form) in [
        ("PATCH", "/posts/3", [("title", "Another title")]),
        ("DELETE", "/posts/3", [("", "")]),
        ("POST", "/posts/3/comments", [("body", "A new remark")]),
        ("POST", "/posts/3/vote", [("", "")]),
        ("POST", "/posts/3/unvote", [("", "")]),
        ("POST", "/posts/3/flag", [("kind", "spam")]),
        ("PATCH", &comment, [("body", "Another remark")]),
        ("DELETE", &comment, [("", "")]),
        ("POST", &format!("{comment}/vote"), [("", "")]),
        ("POST", &format!("{comment}/unvote"), [("", "")]),
        ("POST", &format!("{comment}/flag"), [("kind", "spam")]),
    ] {
        for client in [&scene.author, &scene.reader] {
            assert_eq!(client.ask(method, path, &form, &[]).status, 404, "{method} {path}");
            let answer = client.htmx(method, path, &form);
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_silent(&answer, path);
        }
    }
    assert_eq!(scene.rows(), before);
    // The title stays taken: the post may be restored.
    let answer = scene.reader.post("/posts", &[("title", SECRETS[0])]);
    assert_eq!((answer.status, errors(&answer).1), (422, vec!["Title has already been taken".to_owned()]));
}

/// All actions, in a possible order.
fn all_acts(scene: &Scene) -> Vec<(String, &'static str)> {
    let mut acts = Vec::new();
    for act in ["remove", "restore", "lock", "unlock"] {
        acts.push(("/posts/3".to_owned(), act));
    }
    for act in ["remove", "restore"] {
        acts.push((scene.comment_path(), act));
    }
    for act in ["ban", "unban"] {
        acts.push((format!("/users/{AUTHOR}"), act));
    }
    acts
}

#[test]
fn only_an_admin_moderates() {
    let scene = scene();
    let guest = Client::new(&scene.site);
    let before = scene.rows();
    for (path, act) in all_acts(&scene) {
        let (address, form) = (format!("{path}/moderate"), [("act", act), ("reason", "A reason")]);
        assert_leads_to_sign_in(&guest.post(&address, &form), &guest.htmx("POST", &address, &form), &address);
        guest.set_cookie("draft", "");
        for client in [&scene.author, &scene.reader] {
            assert_page_of_error(client, &client.post(&address, &form), 403, REJECTED);
            assert_alert(&client.htmx("POST", &address, &form), 403, NO_ADMIN);
            assert_page_of_error(client, &client.get(&address), 403, CLOSED);
        }
        assert_leads_to_sign_in(&guest.get(&address), &guest.htmx("GET", &address, &[]), &address);
    }
    for client in [&guest, &scene.reader] {
        assert_eq!(client.get("/flags").status, if client.user_id == 0 { 303 } else { 403 });
        for path in ["/posts/3", "/posts/4", &format!("/users/{AUTHOR}")] {
            assert!(!client.get(path).text().contains("Moderate"), "{path}");
        }
    }
    assert_eq!((scene.rows(), scene.acts()), (before, 0));
    // The text of an admin whose session has ended is in the form after signing in.
    guest.post("/posts/3/moderate", &[("act", "lock"), ("reason", "It went too far")]);
    guest.set_cookie("session", &scene.admin.cookie("session").expect("they are signed in"));
    let html = guest.get("/posts/3/moderate").html();
    assert_eq!(attributes(&html, "#lock input[name=reason]", "value"), ["It went too far"]);
    assert_eq!(attributes(&html, "#remove input[name=reason]", "value"), [""]);
}

#[test]
fn each_action_is_done_once_and_logged_once_by_form_and_by_htmx() {
    let scene = scene();
    for by_htmx in [false, true] {
        for (path, act) in all_acts(&scene) {
            let (address, acts) = (format!("{path}/moderate"), scene.acts());
            let page = scene.admin.get(&address);
            assert_eq!(attributes(&page.html(), &format!("#{act} form"), "action"), [&*address], "{act}");
            let form = [("act", act), ("reason", "  A   good\nreason ")];
            for _ in 0..2 {
                if by_htmx {
                    assert_leads_htmx_to(&scene.admin.htmx("POST", &address, &form), 200, &path);
                } else {
                    let answer = scene.admin.post(&address, &form);
                    assert_leads_to(&answer, &path);
                }
                assert_sound(&scene.database);
                assert_eq!(scene.acts(), acts + 1, "{act}: logged once");
            }
            let mut shown = scene.admin.get(&path);
            if shown.status == 303 {
                shown = scene.admin.follow(&shown);
            }
            assert_eq!(flash(&shown), [DONE]);
            let who = name_of(&scene.database, ADMIN);
            let newest = log(&Client::new(&scene.site).get("/log"))[0].clone();
            assert!(newest.starts_with(&format!("{who} admin {}", past(act))), "{newest}");
            assert!(newest.ends_with(": A good reason"), "{newest}");
        }
    }
}

fn past(act: &str) -> String {
    match act {
        "ban" => "banned".into(),
        "unban" => "unbanned".into(),
        "dismiss" => "dismissed the flags of".into(),
        _ if act.ends_with('e') => format!("{act}d"),
        _ => format!("{act}ed"),
    }
}

#[test]
fn a_reason_is_required_and_a_refused_one_is_shown_again() {
    let scene = scene();
    let (before, long) = (scene.rows(), "a".repeat(501));
    for (reason, why) in [
        ("", "Reason can't be blank"),
        (" \u{200b} ", "Reason can't be blank"),
        ("ab", "Reason is too short (minimum is 3 characters)"),
        (&*long, "Reason is too long (maximum is 500 characters)"),
    ] {
        for (path, act) in [("/posts/3", "remove"), ("/posts/3", "lock"), ("/users/2", "ban")] {
            let address = format!("{path}/moderate");
            let form = [("act", act), ("reason", reason)];
            for answer in [scene.admin.post(&address, &form), scene.admin.htmx("POST", &address, &form)] {
                assert_eq!(answer.status, 422);
                let html = answer.html();
                assert_refused(&html, "action", &[why]);
                let typed = attributes(&html, &format!("#{act} input[name=reason]"), "value");
                assert_eq!(typed.len(), 1);
                assert_eq!(typed[0].trim(), reason.trim());
            }
        }
    }
    for act in ["", "destroy", "Remove"] {
        assert_eq!(scene.moderate("/posts/3", act, "A reason").status, 400, "{act}");
    }
    // Actions that do not fit the target, and unknown targets.
    let comment = scene.comment_path();
    for (path, act) in [
        ("/posts/3", "ban"),
        (&*comment, "lock"),
        ("/users/2", "remove"),
        ("/posts/999", "remove"),
        ("/comments/99999", "remove"),
        ("/users/999", "ban"),
    ] {
        assert_eq!(scene.moderate(path, act, "A reason").status, 404, "{path} {act}");
    }
    assert_eq!((scene.rows(), scene.acts()), (before, 0));
}

#[test]
fn a_locked_discussion_refuses_a_comment_and_shows_its_text_again() {
    let scene = scene();
    let path = "/posts/4";
    scene.done(path, "lock");
    for client in [&Client::new(&scene.site), &scene.author, &scene.reader] {
        let html = client.get(path).html();
        assert_eq!(
            texts(&html, "#comment_form"),
            ["This discussion is locked: Because of lock (Moderation log)"]
        );
        assert_eq!(attributes(&html, "textarea", "name"), [""; 0]);
    }
    let (before, form) = (scene.rows(), [("body", "Carefully\nwritten <words>")]);
    let answer = scene.reader.post("/posts/4/comments", &form);
    assert_page_of_error(&scene.reader, &answer, 403, REJECTED);
    let html = answer.html();
    assert_eq!(
        texts(&html, "main > .prose > p"),
        ["This discussion is locked: Because of lock", "Moderation log"]
    );
    assert_eq!(attributes(&html, "main > .prose a", "href"), ["/log"]);
    assert_eq!(texts(&html, "main textarea"), ["Carefully\nwritten <words>"]);
    assert_eq!(texts(&html, "label[for=typed]"), ["What you wrote (copy it to keep it)"]);
    let answer = scene.reader.htmx("POST", "/posts/4/comments", &form);
    assert_alert(
        &answer,
        403,
        &format!("{REJECTED} This discussion is locked: Because of lock (Moderation log)"),
    );
    // The form for a reply is closed, too.
    let reply = format!("{}/reply", scene.comment_path());
    assert_page_of_error(&scene.reader, &scene.reader.get(&reply), 403, CLOSED);
    let why = format!("{CLOSED} This discussion is locked: Because of lock (Moderation log)");
    assert_alert(&scene.reader.htmx("GET", &reply, &[]), 403, &why);
    let answer = scene.reader.post(&format!("{}/replies", scene.comment_path()), &form);
    assert_page_of_error(&scene.reader, &answer, 403, REJECTED);
    assert_eq!(texts(&answer.html(), "main textarea"), ["Carefully\nwritten <words>"]);
    // The lock is checked before the length of the text.
    assert_eq!(scene.reader.post("/posts/4/comments", &[("body", "no")]).status, 403);
    assert_eq!(scene.rows(), before);
    // Voting stays open, and users can change their own comments.
    assert_eq!(scene.reader.post("/posts/4/vote", &[]).status, 303);
    let own = format!("/comments/{}", scene.reply);
    assert_eq!(scene.reader.ask("PATCH", &own, &[("body", "Other words")], &[]).status, 303);
    scene.done(path, "unlock");
    assert_eq!(scene.reader.post("/posts/4/comments", &form).status, 303);
    assert_sound(&scene.database);
}

#[test]
fn a_banned_user_can_change_nothing_and_sees_the_reason() {
    let scene = scene();
    let comment = scene.comment_path();
    let own = format!("/comments/{}", scene.reply);
    let user = format!("/users/{READER}");
    // The user is signed in when the ban comes.
    scene.done(&user, "ban");
    let before = scene.rows();
    let why = "You are banned: Because of ban";
    let none: Fields = &[];
    let body: Fields = &[("body", "Some long words")];
    for (method, path, form) in [
        ("POST", "/posts", &[("title", "A new title"), ("description", "Some long words")][..]),
        ("PATCH", "/posts/3", &[("title", "A new title")]),
        ("PUT", "/posts/3", &[("title", "A new title")]),
        ("DELETE", "/posts/3", none),
        ("POST", "/posts/3/comments", body),
        ("POST", &format!("{comment}/replies"), body),
        ("POST", "/posts/3/vote", none),
        ("POST", "/posts/3/unvote", none),
        ("POST", "/posts/3/flag", &[("kind", "spam")]),
        ("POST", "/posts/3/unflag", none),
        ("POST", "/posts/3/undo", none),
        ("POST", &format!("{comment}/unflag"), none),
        ("POST", &format!("{own}/undo"), none),
        ("POST", "/posts/3/moderate", &[("act", "remove"), ("reason", "A reason")]),
        ("PATCH", &own, body),
        ("PUT", &own, body),
        ("DELETE", &own, none),
        ("POST", &format!("{comment}/vote"), none),
        ("POST", &format!("{comment}/unvote"), none),
        ("POST", &format!("{comment}/flag"), &[("kind", "spam")]),
        ("POST", &format!("{comment}/moderate"), &[("act", "remove"), ("reason", "A reason")]),
        ("POST", "/users/2/moderate", &[("act", "ban"), ("reason", "A reason")]),
        ("POST", &format!("{user}/moderate"), &[("act", "unban"), ("reason", "A reason")]),
        ("PATCH", "/user", &[("about", "Some long words")]),
        ("PUT", "/user", &[("about", "Some long words")]),
        // An unknown path is refused as well.
        ("POST", "/posts/3/shout", none),
    ] {
        let answer = scene.reader.ask(method, path, form, &[]);
        assert_page_of_error(&scene.reader, &answer, 403, REJECTED);
        let html = answer.html();
        assert_eq!(texts(&html, "main > .prose > p"), [why, "Moderation log"], "{method} {path}");
        assert_eq!(attributes(&html, "main > .prose a", "href"), ["/log"]);
        let is_text = form.iter().any(|(_, value)| *value == "Some long words");
        assert_eq!(is_text, texts(&html, "main textarea").concat().contains("Some long words"), "{path}");
        let answer = scene.reader.htmx(method, path, form);
        assert_alert(&answer, 403, &format!("{REJECTED} {why} (Moderation log)"));
    }
    for path in [
        "/posts/new",
        "/posts/3/edit",
        "/posts/3/destroy",
        "/user/edit",
        "/posts/3/flag",
        "/flags",
        &format!("{own}/edit"),
        &format!("{own}/destroy"),
    ] {
        assert_page_of_error(&scene.reader, &scene.reader.get(path), 403, CLOSED);
        assert_eq!(scene.reader.htmx("GET", path, &[]).status, 403, "{path}");
    }
    assert_eq!((scene.rows(), count(&scene.database, "flags")), (before, 0));
    // The user's page shows the ban to everyone.
    let facts = texts(&Client::new(&scene.site).get(&user).html(), ".facts dd");
    assert!(facts.contains(&"Because of ban (Moderation log)".to_owned()), "{facts:?}");
    // A banned user can read, save posts, set preferences, sign out and in, and delete their account.
    assert_eq!(scene.reader.post("/posts/3/save", none).status, 303);
    assert_eq!(scene.reader.post("/preferences", &[("theme", "dark")]).status, 303);
    for path in ["/", "/posts/3", &user, "/log", "/user/delete"] {
        assert_eq!(scene.reader.get(path).status, 200, "{path}");
    }
    // Before they write, they read the reason in place of the forms.
    for path in ["/posts/3", "/posts/4", &comment] {
        let html = scene.reader.get(path).html();
        assert_eq!(
            texts(&html, "main textarea, main a[href$='/reply'], main form[id$=form]"),
            [""; 0],
            "{path}"
        );
        let notice =
            if path.starts_with("/posts") { vec![format!("{why} (Moderation log)")] } else { vec![] };
        assert_eq!(texts(&html, "p#comment_form"), notice, "{path}");
    }
    for path in ["/posts/new", "/posts/3/flag", &format!("{comment}/flag"), &format!("{comment}/reply")] {
        let html = scene.reader.get(path).html();
        assert_eq!(texts(&html, "main > .prose > p"), [why, "Moderation log"], "{path}");
        assert_eq!(texts(&html, "main form"), [""; 0], "{path}");
    }
    // What they wrote as a guest is there to be copied, and a locked discussion says so first.
    scene.reader.set_cookie("draft", "");
    let guest = Client::new(&scene.site);
    assert_eq!(guest.post("/posts/3/comments", body).status, 303);
    let back = scene.reader.clone();
    back.set_cookie("draft", &guest.cookie("draft").expect("a draft"));
    assert_eq!(texts(&back.get("/posts/3").html(), "main textarea"), ["Some long words"]);
    scene.done("/posts/3", "lock");
    let locked = texts(&scene.reader.get("/posts/3").html(), "p#comment_form");
    assert_eq!(locked.len(), 1);
    assert!(locked[0].starts_with("This discussion is locked: "), "{locked:?}");
    scene.done("/posts/3", "unlock");
    let session = format!("/sessions/{}", scene.reader.session_id());
    assert_eq!(scene.reader.post(&session, &[("_method", "delete")]).status, 303);
    let name = name_of(&scene.database, READER);
    // A vote that a banned user cast as a guest is not counted.
    assert_eq!(scene.reader.post("/posts/5/vote", &[]).status, 303);
    assert!(scene.reader.cookie("vote").is_some());
    assert_eq!(scene.reader.sign_in(&name).status, 303);
    assert_eq!(whoami(&scene.reader), Some(name));
    assert_eq!(number(&scene.database, "SELECT score FROM posts WHERE id = 5"), 1);
    assert_eq!(scene.reader.cookie("vote"), None);
    let answer = scene.reader.post("/user", &[("_method", "delete"), ("password", "password")]);
    assert_leads_to(&answer, "/");
    assert_eq!(number(&scene.database, &format!("SELECT count(*) FROM users WHERE id = {READER}")), 0);
    assert_sound(&scene.database);
}

#[test]
fn an_unbanned_user_can_write_again_and_an_admin_cannot_be_banned() {
    let scene = scene();
    scene.done("/users/3", "ban");
    assert_eq!(scene.reader.post("/posts/4/comments", &[("body", "Some words")]).status, 403);
    scene.done("/users/3", "unban");
    assert_eq!(scene.reader.post("/posts/4/comments", &[("body", "Some words")]).status, 303);
    scene.database.execute("UPDATE users SET is_admin = 1 WHERE id = 2", []).expect("the schema is known");
    for id in [ADMIN, AUTHOR] {
        let answer = scene.moderate(&format!("/users/{id}"), "ban", "A reason");
        assert_eq!(answer.status, 422);
        assert_eq!(errors(&answer).1, ["An admin can't be banned"]);
        assert_eq!(
            texts(&answer.html(), "main > .hint"),
            [
                "An admin can't be banned, and no admin can make a link to set their password. Remove their admin role on the command line first."
            ]
        );
    }
    // A former admin cannot moderate.
    scene.database.execute("UPDATE users SET is_admin = 0 WHERE id = 1", []).expect("the schema is known");
    assert_eq!(scene.moderate("/posts/3", "remove", "A reason").status, 403);
    assert_sound(&scene.database);
}

#[test]
fn the_log_is_public_and_does_not_name_deleted_users() {
    let scene = scene();
    let guest = Client::new(&scene.site);
    assert_eq!(texts(&guest.get("/log").html(), "main .empty"), ["Nothing has been moderated yet."]);
    assert_eq!(attributes(&guest.get("/").html(), "footer a[href='/log']", "href"), ["/log"]);
    let [admin, author] = [ADMIN, AUTHOR].map(|id| name_of(&scene.database, id));
    scene.done("/posts/3", "lock");
    scene.done(&scene.comment_path(), "remove");
    scene.done(&format!("/users/{AUTHOR}"), "ban");
    let comment = scene.comment;
    let expected = [
        format!("{admin} admin banned {author}: Because of ban"),
        format!("{admin} admin removed comment #{comment}: Because of remove"),
        format!("{admin} admin locked the post Unmistakable title: Because of lock"),
    ];
    let answer = guest.get("/log");
    assert_eq!(log(&answer), expected);
    for (link, status) in attributes(&answer.html(), "#log a", "href").iter().zip([200; 6]) {
        assert_eq!(guest.get(link).status, status, "{link}");
    }
    // Both delete their accounts; the log entries stay.
    assert_leads_to(&scene.author.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_leads_to(&scene.admin.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_sound(&scene.database);
    let answer = guest.get("/log");
    assert!(!answer.text().contains(&author) && !answer.text().contains(&admin));
    assert_eq!(
        log(&answer),
        [
            "[deleted] banned [deleted]: Because of ban",
            "[deleted] removed a comment [deleted]: Because of remove",
            "[deleted] locked post #3: Because of lock",
        ]
    );
    assert_eq!(attributes(&answer.html(), "#log a", "href"), ["/posts/3"], "others commented on it");
}

#[test]
fn the_log_and_the_queue_are_read_page_by_page() {
    let scene = scene();
    for number in 0..65 {
        let act = if number % 2 == 0 { "lock" } else { "unlock" };
        assert_eq!(scene.moderate("/posts/3", act, &format!("Reason {number}")).status, 303);
    }
    let guest = Client::new(&scene.site);
    let (mut path, mut seen) = ("/log".to_owned(), Vec::new());
    loop {
        let answer = guest.get(&path);
        seen.extend(log(&answer));
        match attributes(&answer.html(), ".pager a", "href").pop() {
            Some(next) => path = format!("/log{next}"),
            None => break,
        }
    }
    let numbers: Vec<String> =
        seen.iter().map(|row| row.rsplit(' ').next().expect("a word").to_owned()).collect();
    let expected: Vec<String> = (0..65).rev().map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
    assert_eq!(guest.get("/log?after=nonsense").status, 400);

    // The most flagged case comes first, then the newest.
    let targets = ids(&scene.database, "SELECT id FROM comments WHERE post_id > 4 ORDER BY id LIMIT 40");
    for (index, id) in targets.iter().enumerate() {
        for user in 20..=20 + i64::try_from(index % 2).expect("0 or 1") {
            let new = flag::NewFlag {
                user_id: UserId::new(user),
                target: lorem_news::vote::Target::Comment(CommentId::new(*id)),
                reason: "Spam",
                now: Timestamp::from_micros(1),
            };
            let flagged = flag::sql::create(&scene.database, &new).expect("an answer");
            assert_eq!(flagged, flag::FlagOutcome::Created);
        }
    }
    let answer = scene.admin.get("/flags");
    let mut rows = attributes(&answer.html(), "#cases > li", "id");
    assert_eq!(rows.len(), 30);
    let next = attributes(&answer.html(), ".pager a", "href").concat();
    rows.extend(attributes(&scene.admin.get(&format!("/flags{next}")).html(), "#cases > li", "id"));
    let cases = ids(&scene.database, "SELECT id FROM cases ORDER BY flags_count DESC, id DESC");
    assert_eq!(rows, cases.iter().map(|id| format!("case_{id}")).collect::<Vec<_>>());
    assert_sound(&scene.database);
}

#[test]
fn a_flag_counts_once_per_user_and_waits_for_an_admin() {
    let scene = scene();
    let guest = Client::new(&scene.site);
    let comment = scene.comment_path();
    for (number, path) in [(1, "/posts/3"), (2, &*comment)] {
        let (flag, form) = (format!("{path}/flag"), [("kind", "spam"), ("words", "again and again")]);
        // A guest signs in first and finds the typed reason.
        assert_leads_to_sign_in(&guest.get(&flag), &guest.htmx("GET", &flag, &[]), &flag);
        assert_leads_to_sign_in(&guest.post(&flag, &form), &guest.htmx("POST", &flag, &form), &flag);
        let back = guest.clone();
        back.set_cookie("session", &scene.reader.cookie("session").expect("they are signed in"));
        assert_eq!(line(&back.get(&flag), "words"), "again and again");
        assert_eq!(attributes(&back.get(&flag).html(), "input[checked]", "value"), ["spam"]);
        guest.set_cookie("draft", "");
        // Users cannot flag their own posts and comments.
        assert_page_of_error(&scene.author, &scene.author.get(&flag), 403, CLOSED);
        assert_page_of_error(&scene.author, &scene.author.post(&flag, &form), 403, REJECTED);
        assert_eq!(scene.author.htmx("POST", &flag, &form).status, 403);
        assert_eq!(count(&scene.database, "flags"), number - 1);
        // A reader can flag again, which changes the reason.
        let html = scene.reader.get(&flag).html();
        assert_eq!(attributes(&html, "main form", "action"), [&*flag]);
        assert_eq!(texts(&html, "#flagged"), [""; 0]);
        let thanks = "Thank you. An admin will look at it.";
        assert_done(&scene.reader, &scene.reader.post(&flag, &form), path, thanks);
        assert_eq!(
            texts(&scene.reader.get(&flag).html(), "#flagged"),
            ["You have flagged this (Spam: again and again). Flagging it again changes the reason."]
        );
        let again = "You had flagged it before. It has the new reason now.";
        assert_done(&scene.reader, &scene.reader.post(&flag, &form), path, again);
        assert_leads_htmx_to(&scene.reader.htmx("POST", &flag, &[("words", "Not our topic")]), 200, path);
        assert_eq!((count(&scene.database, "flags"), count(&scene.database, "cases")), (number, number));
        assert_sound(&scene.database);
        let other = Client::signed_in_as(&scene.site, 20);
        assert_eq!(other.post(&flag, &[("kind", "broken-link")]).status, 303);
        assert_eq!(other.post(&flag, &[("_method", "delete")]).status, 405);
        scene.database.execute("DELETE FROM flags WHERE user_id = 20", []).expect("the schema is known");
        scene.database.execute("UPDATE cases SET flags_count = 1", []).expect("the schema is known");
    }
    let html = scene.admin.get("/flags").html();
    assert_eq!(texts(&html, "#cases > li > p:first-child").len(), 2);
    assert_eq!(texts(&html, "#cases > li .prose li"), ["Not our topic", "Not our topic"]);
    assert!(texts(&html, "#cases > li > p:first-child")[0].starts_with("1 flag · a comment by "));
    // An unknown post or comment cannot be flagged.
    for path in ["/posts/999/flag", "/comments/99999/flag"] {
        assert_eq!(scene.reader.get(path).status, 404);
        assert_eq!(scene.reader.post(path, &[("kind", "spam")]).status, 404);
    }
}

#[test]
fn a_reader_takes_a_flag_back() {
    let scene = scene();
    let (guest, other) = (Client::new(&scene.site), Client::signed_in_as(&scene.site, 20));
    let comment = scene.comment_path();
    for (noun, path, page) in [("post", "/posts/3", "/posts/3"), ("comment", &*comment, "/posts/4")] {
        let (flag, unflag, id) =
            (format!("{path}/flag"), format!("{path}/unflag"), path.rsplit('/').next().expect("a number"));
        let control = format!("#flag_{noun}_{id}");
        let shown = |client: &Client| {
            [page, path].map(|page| {
                let html = client.get(page).html();
                let (link, undo) = (format!("a{control}"), format!("#flagged_{noun}_{id} button{control}"));
                (attributes(&html, &link, "href").concat(), attributes(&html, &undo, "formaction").concat())
            })
        };
        let is_flagged = |is: bool| {
            let (link, undo) =
                if is { (String::new(), unflag.clone()) } else { (flag.clone(), String::new()) };
            [(link.clone(), undo.clone()), (link, undo)]
        };
        assert_eq!(shown(&scene.reader), is_flagged(false));
        for by_htmx in [false, true] {
            for client in [&scene.reader, &other] {
                assert_eq!(client.post(&flag, &[("kind", "spam")]).status, 303);
            }
            assert_eq!(shown(&scene.reader), is_flagged(true));
            let html = scene.reader.get(page).html();
            assert_eq!(texts(&html, &format!("#flagged_{noun}_{id}")), ["Flagged · undo"]);
            // A guest is led to sign in, and the author has no flag to take back.
            assert_leads_to_sign_in(&guest.post(&unflag, &[]), &guest.htmx("POST", &unflag, &[]), path);
            assert_leads_to(&scene.author.post(&unflag, &[]), path);
            assert_eq!(count(&scene.database, "flags"), 2);
            for _ in 0..2 {
                if by_htmx {
                    let changes = partials(&scene.reader.htmx("POST", &unflag, &[]));
                    assert_eq!(
                        places(&changes),
                        [&*format!("#flagged_{noun}_{id} outerHTML"), "#flash innerHTML"]
                    );
                    assert!(scene.reader.get(page).text().contains(&changes[0].html));
                    assert!(changes[1].html.contains("Your flag was taken back."));
                } else {
                    let said = "Your flag was taken back.";
                    assert_done(&scene.reader, &scene.reader.post(&unflag, &[]), path, said);
                }
                assert_eq!((count(&scene.database, "flags"), count(&scene.database, "cases")), (1, 1));
                assert_sound(&scene.database);
            }
            assert_eq!((shown(&scene.reader), shown(&other)), (is_flagged(false), is_flagged(true)));
            // Without a flag the case is closed.
            assert_eq!(other.htmx("POST", &unflag, &[]).status, 200);
            assert_eq!(count(&scene.database, "cases"), 0);
        }
        // The decision of an admin ends it.
        assert_eq!(scene.reader.post(&flag, &[("kind", "spam")]).status, 303);
        scene.done(path, "dismiss");
        assert_eq!(shown(&scene.reader), is_flagged(false));
        scene.done(path, "remove");
        assert_eq!(scene.reader.post(&unflag, &[]).status, 404);
        assert_eq!(scene.reader.htmx("POST", &unflag, &[]).status, 404);
    }
    assert_eq!(scene.reader.get("/posts/3/unflag").status, 405);
}

#[test]
fn flags_are_marked_on_a_page_of_many_comments() {
    let scene = scene();
    // More than one page has: each comment is read by a statement of its own.
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) \
               INSERT INTO comments (post_id, user_id, created_at, updated_at, body) SELECT 5, 10, i, i, 'One of many' FROM n";
    scene.database.execute(sql, []).expect("the schema is known");
    recount(&scene.database);
    let html = scene.reader.get("/posts/5").html();
    let first = attributes(&html, "#comment_list a[id^=flag_comment_]", "href").remove(0);
    assert_eq!(scene.reader.post(&first, &[("kind", "spam")]).status, 303);
    let html = scene.reader.get("/posts/5").html();
    let unflag = first.replace("/flag", "/unflag");
    assert_eq!(attributes(&html, "#comment_list button[id^=flag_comment_]", "formaction"), [unflag]);
}

#[test]
fn a_flag_needs_a_reason() {
    let scene = scene();
    let long = "a".repeat(301);
    for (kind, words, why) in [
        ("", "", "Reason can't be blank: choose one, or say it in your own words"),
        ("", "no", "Reason is too short (minimum is 3 characters)"),
        ("", "好", "Reason is too short (minimum is 3 characters)"),
        ("dislike", "", "Reason is none of those that can be chosen"),
        ("rude", &*long, "Reason is too long (maximum is 300 characters)"),
    ] {
        let form = [("kind", kind), ("words", words)];
        for answer in
            [scene.reader.post("/posts/3/flag", &form), scene.reader.htmx("POST", "/posts/3/flag", &form)]
        {
            assert_eq!(answer.status, 422, "{form:?}");
            assert_refused(&answer.html(), "flag", &[why]);
            assert_eq!(line(&answer, "words"), words);
        }
    }
    assert_eq!(count(&scene.database, "cases"), 0);
}

#[test]
fn a_decision_closes_the_case() {
    let scene = scene();
    let comment = scene.comment_path();
    let flag = |path: &str| {
        let answer = scene.reader.post(&format!("{path}/flag"), &[("kind", "rude")]);
        assert_eq!(answer.status, 303);
    };
    // The button in the queue dismisses the flags; the log has one entry.
    flag("/posts/3");
    let html = scene.admin.get("/flags").html();
    let action = attributes(&html, "#cases form", "action").concat();
    let reason = attributes(&html, "#cases input[name=reason]", "value").concat();
    for _ in 0..2 {
        let answer = scene.admin.post(&action, &[("act", "dismiss"), ("reason", &reason)]);
        assert_leads_to(&answer, "/flags");
        assert_eq!((count(&scene.database, "cases"), scene.acts()), (0, 1));
    }
    let admin = name_of(&scene.database, ADMIN);
    let expected = format!(
        "{admin} admin dismissed the flags of the post Unmistakable title: Reviewed; no action taken."
    );
    assert_eq!(log(&scene.reader.get("/log")), [expected]);
    assert!(scene.reader.get("/posts/3").text().contains(SECRETS[2]));
    // A case also closes when an admin removes the target, or its author deletes it or their account.
    for path in ["/posts/3", &comment] {
        flag(path);
        let cases = count(&scene.database, "cases");
        scene.done(path, "remove");
        assert_eq!(count(&scene.database, "cases"), cases - 1, "{path}");
        scene.done(path, "restore");
        flag(path);
    }
    assert_eq!(count(&scene.database, "flags"), 2);
    assert_eq!(scene.author.ask("DELETE", &comment, &[], &[]).status, 303);
    // The author may still bring the comment back, with its flag, which no admin sees meanwhile.
    assert_eq!(count(&scene.database, "flags"), 2);
    assert_eq!(texts(&scene.admin.get("/flags").html(), "#cases > li").len(), 1);
    assert_leads_to(&scene.author.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_eq!((count(&scene.database, "flags"), count(&scene.database, "cases")), (0, 0));
    assert_sound(&scene.database);
}

#[test]
fn deleting_an_account_withdraws_its_flags() {
    let scene = scene();
    let other = Client::signed_in_as(&scene.site, 20);
    for client in [&scene.reader, &other] {
        assert_eq!(client.post("/posts/3/flag", &[("kind", "rude")]).status, 303);
    }
    assert_eq!(scene.reader.post("/posts/5/flag", &[("kind", "rude")]).status, 303);
    assert_leads_to(&scene.reader.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_eq!(ids(&scene.database, "SELECT flags_count FROM cases"), [1]);
    assert_sound(&scene.database);
}

#[test]
fn flags_share_the_rate_limit_of_writes() {
    let scene = scene_with(|config| {
        config.rates = Some(RateLimits::default().with(RateLimit::Writes, Limit::per_minute(2)));
    });
    for (id, status) in [(5, 303), (6, 303), (7, 429)] {
        let answer = scene.reader.post(&format!("/posts/{id}/flag"), &[("kind", "spam"), ("words", "Words")]);
        assert_eq!(answer.status, status);
        if status == 429 {
            assert!(answer.header("Retry-After").is_some());
            assert_eq!(line(&answer, "words"), "Words");
        }
    }
}

#[test]
fn users_can_delete_their_accounts_while_their_posts_are_removed() {
    // A removed post and comment with replies and without; and a voter who deletes their account.
    let scene = scene();
    let new = scene.author.post("/posts", &[("title", "Nobody commented on it")]);
    let alone = new.header("Location").expect("it is made").to_owned();
    let answer = scene.author.post("/posts/4/comments", &[("body", "Nobody replied to it")]);
    let lonely = answer.header("Location").and_then(|to| to.rsplit('_').next()?.parse().ok());
    let lonely: i64 = lonely.expect("a comment's number");
    for path in ["/posts/3", &alone, &scene.comment_path(), &format!("/comments/{lonely}")] {
        scene.done(path, "remove");
    }
    assert_eq!(
        number(&scene.database, "SELECT karma + posts_count + comments_count FROM users WHERE id = 2"),
        0
    );
    let voter = Client::signed_in_as(&scene.site, 11);
    assert_leads_to(&voter.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_sound(&scene.database);
    assert_eq!(number(&scene.database, "SELECT score FROM posts WHERE id = 3"), 2, "one vote is left");
    assert_leads_to(&scene.author.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
    assert_sound(&scene.database);
    let left = |noun: &str, id: i64| {
        number(&scene.database, &format!("SELECT count(*) FROM {noun} WHERE id = {id}"))
    };
    assert_eq!((left("posts", 3), left("comments", scene.comment), left("comments", lonely)), (1, 1, 0));
    assert_eq!(scene.reader.get(&alone).status, 404);
    // Nothing is left to restore, and the page says so.
    assert_eq!(scene.moderate("/posts/3", "restore", "A reason").status, 404);
    let html = scene.admin.get("/posts/3/moderate").html();
    assert_eq!(texts(&html, "main .empty"), ["Its author deleted it; there is nothing left to moderate."]);
    let html = scene.admin.get("/posts/3").html();
    assert_eq!(texts(&html, "h1"), ["[deleted]"]);
    for secret in SECRETS {
        let anywhere = format!(
            "SELECT (SELECT count(*) FROM posts WHERE title = '{secret}' OR url = '{secret}') \
            + (SELECT count(*) FROM descriptions WHERE text = '{secret}') + (SELECT count(*) FROM comments WHERE body = '{secret}')"
        );
        assert_eq!(number(&scene.database, &anywhere), 0, "{secret}");
    }
}

#[test]
fn a_removed_comment_can_be_restored_after_its_reply_is_deleted() {
    let scene = scene();
    scene.done(&scene.comment_path(), "remove");
    let reply = format!("/comments/{}", scene.reply);
    assert_eq!(scene.reader.ask("DELETE", &reply, &[], &[]).status, 303);
    scene.done(&scene.comment_path(), "restore");
    assert!(scene.reader.get("/posts/4").text().contains(SECRETS[3]));
    // A removed post can be restored after its comment is deleted.
    scene.done("/posts/3", "remove");
    let remark = number(&scene.database, "SELECT id FROM comments WHERE post_id = 3");
    assert_eq!(scene.reader.ask("DELETE", &format!("/comments/{remark}"), &[], &[]).status, 303);
    scene.done("/posts/3", "restore");
    assert_sound(&scene.database);
}

#[test]
fn eight_concurrent_removals_are_one() {
    let scene = scene();
    let together = Barrier::new(8);
    let comment = scene.comment_path();
    thread::scope(|scope| {
        for _ in 0..8 {
            let (together, comment, admin) = (&together, &comment, scene.admin.clone());
            scope.spawn(move || {
                together.wait();
                for path in ["/posts/3", comment, "/users/2"] {
                    let act = if path == "/users/2" { "ban" } else { "remove" };
                    let form = [("act", act), ("reason", "A reason")];
                    assert_eq!(admin.post(&format!("{path}/moderate"), &form).status, 303);
                }
            });
        }
    });
    assert_eq!(scene.acts(), 3);
    assert_sound(&scene.database);
}

#[test]
fn links_lead_an_admin_to_every_moderation_page() {
    let scene = scene();
    // `walk` checks every page that links reach.
    scene.done(&scene.comment_path(), "remove");
    scene.done("/posts/5", "remove");
    scene.done("/posts/6", "lock");
    assert_eq!(scene.reader.post("/posts/3/flag", &[("kind", "rude")]).status, 303);
    let walked = walk(&scene.admin);
    for form in ["posts", "comments", "users"] {
        let sent_to = format!("/{form}/N/moderate None [\"account\", \"act\", \"reason\"] false");
        assert!(walked.forms.contains_key(&sent_to), "{:#?}", walked.forms.keys());
    }
    assert!(walked.pages.contains_key("/flags") && walked.pages.contains_key("/log"));
    scene.done(&scene.comment_path(), "restore");
    scene.done("/posts/3", "dismiss");
    let moderate = |path: &str| format!("main a[href='{path}/moderate']");
    for (page, path) in
        [("/posts/3", "/posts/3"), ("/posts/4", &*scene.comment_path()), ("/users/2", "/users/2")]
    {
        assert_eq!(texts(&scene.admin.get(page).html(), &moderate(path)), ["Moderate"], "{page}");
        let form = scene.admin.get(&format!("{path}/moderate")).html();
        assert_eq!(
            texts(&form, "#reason_to_lock_hint, #reason_to_ban_hint").len(),
            usize::from(path != scene.comment_path())
        );
        assert!(texts(&form, ".decision .hint").iter().all(|hint| hint == "Shown to everyone in the log."));
    }
    assert_eq!(attributes(&scene.admin.get("/").html(), "header a[href='/flags']", "href"), ["/flags"]);
    let flags = scene.admin.get("/flags").html();
    assert_eq!(texts(&flags, "main .empty"), ["Nothing is flagged."]);
    assert_eq!(texts(&flags, "header [aria-current=page]"), ["Flags"]);
    // A user sees flag links on the posts and comments of others.
    let html = scene.reader.get("/posts/4").html();
    assert_eq!(
        attributes(&html, "main a[href$='/flag']", "href"),
        ["/posts/4/flag".to_owned(), format!("{}/flag", scene.comment_path())]
    );
    assert_eq!(texts(&Client::new(&scene.site).get("/posts/4").html(), "main a[href$='/flag']"), [""; 0]);
}

#[test]
fn moderation_during_votes_and_deletions_keeps_the_counts_right() {
    let scene = scene();
    let together = Barrier::new(4);
    let comment = scene.comment_path();
    thread::scope(|scope| {
        let (together, comment, site) = (&together, &comment, &scene.site);
        let admin = scene.admin.clone();
        scope.spawn(move || {
            together.wait();
            for round in 0..15 {
                let acts =
                    if round % 2 == 0 { ["remove", "lock", "ban"] } else { ["restore", "unlock", "unban"] };
                for (path, act) in
                    [("/posts/3", acts[0]), (comment, acts[0]), ("/posts/4", acts[1]), ("/users/2", acts[2])]
                {
                    let form = [("act", act), ("reason", "A reason")];
                    let answer = admin.post(&format!("{path}/moderate"), &form);
                    assert!(matches!(answer.status, 303 | 404), "{path} {act}: {}", answer.text());
                }
            }
        });
        for user_id in [12, 13] {
            let client = Client::signed_in_as(site, user_id);
            scope.spawn(move || {
                together.wait();
                for round in 0..15 {
                    let act = ["vote", "unvote", "flag"][round % 3];
                    for path in ["/posts/3", comment] {
                        let answer = client.post(&format!("{path}/{act}"), &[("kind", "spam")]);
                        assert!(matches!(answer.status, 303 | 404), "{path} {act}: {}", answer.text());
                    }
                }
                assert_leads_to(
                    &client.post("/user", &[("_method", "delete"), ("password", "password")]),
                    "/",
                );
            });
        }
        let author = scene.author.clone();
        scope.spawn(move || {
            together.wait();
            for round in 0..5 {
                let form = [("body", &*format!("Remark {round}"))];
                let answer = author.post("/posts/4/comments", &form);
                assert!(matches!(answer.status, 303 | 403), "{}", answer.text());
            }
            assert_leads_to(&author.post("/user", &[("_method", "delete"), ("password", "password")]), "/");
        });
    });
    assert_sound(&scene.database);
    assert_eq!(number(&scene.database, "SELECT count(*) FROM users WHERE id IN (2, 12, 13)"), 0);
}

//! Removed, deleted and banned things: every route is asked by a guest, the author, another user and an admin,
//! and the answers are compared with the rule in `src/visibility`.

use std::collections::BTreeSet;

use lorem_news::auth::token;
use lorem_news::routes;
use lorem_news::search;
use lorem_news::search::Order;
use lorem_news::search::query::Query;
use lorem_news::site::origin::Origin;
use lorem_news::site::settings::Setting;
use lorem_news::types::id::UserId;
use lorem_news::types::time::{Clock, Timestamp};
use lorem_news::user::handlers::deletion;
use lorem_news::visibility::{Place, Reader, Shown, State, shown};
use rusqlite::Connection;

use crate::benchmarking::ENDPOINTS;
use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const ADMIN: i64 = 1;
/// The author of the removed and deleted posts and comments.
const AUTHOR: i64 = 2;
/// A user who commented on them.
const OTHER: i64 = 3;
const BANNED: i64 = 4;
/// The user whose account is deleted.
const LEFT: i64 = 5;

/// The posts that are removed, deleted, kept after the deletion of their author's account, and of the banned
/// user.
const REMOVED_POST: i64 = 3;
const DELETED_POST: i64 = 6;
/// A post that flags have hidden.
const FLAGGED_POST: i64 = 12;
/// A deleted post without comments.
const GONE_POST: i64 = 11;
const LEFT_POST: i64 = 7;
const BANNED_POST: i64 = 8;
/// A post that nobody hides, on which the comments are.
const OPEN_POST: i64 = 9;
/// The first of the comments, in the order of [`comments`].
const FIRST_COMMENT: i64 = 10_000;

/// The comments: id after [`FIRST_COMMENT`], post, author, parent, text.
const COMMENTS: [(i64, i64, i64, Option<i64>, &str); 14] = [
    (0, REMOVED_POST, OTHER, None, "A publicremark on it"),
    (1, OPEN_POST, AUTHOR, None, "Removedcomment, with a reply"),
    (2, OPEN_POST, OTHER, Some(1), "A publicreply to it"),
    (3, OPEN_POST, AUTHOR, None, "Removedleaf, without a reply"),
    (4, DELETED_POST, OTHER, None, "It keeps the post, too: publicremark"),
    (5, OPEN_POST, AUTHOR, None, "Deletedcomment, with a reply"),
    (6, OPEN_POST, OTHER, Some(5), "Another publicreply"),
    (7, OPEN_POST, AUTHOR, None, "Deletedleaf, without a reply"),
    (8, OPEN_POST, LEFT, None, "Leftcomment, with a reply"),
    (9, OPEN_POST, OTHER, Some(8), "A third publicreply"),
    (10, LEFT_POST, OTHER, None, "It keeps the post: publicremark"),
    (11, OPEN_POST, BANNED, None, "Bannedcomment"),
    (12, FLAGGED_POST, OTHER, None, "It is on a dead one: publicremark"),
    (13, OPEN_POST, AUTHOR, None, "Flaggedcomment"),
];

fn comment(number: i64) -> String {
    format!("/comments/{}", FIRST_COMMENT + number)
}

/// A word that only one thing has, the state of that thing, and the page on which admins see it; none: the
/// thing has no such page.
struct Secret {
    word: &'static str,
    state: State,
    moderation: Option<String>,
}

fn secrets() -> Vec<Secret> {
    let post = |id: i64| Some(format!("/posts/{id}/moderate"));
    let of_comment = |number: i64| Some(format!("{}/moderate", comment(number)));
    let mut secrets = Vec::new();
    let mut add = |state, words: &[&'static str], moderation: Option<String>| {
        secrets.extend(words.iter().map(|word| Secret { word, state, moderation: moderation.clone() }));
    };
    add(State::Removed, &["removedtitle", "removedpath", "removedtext"], post(REMOVED_POST));
    add(State::Removed, &["removedcomment"], of_comment(1));
    add(State::Removed, &["removedleaf"], of_comment(3));
    add(State::Flagged, &["flaggedtitle", "flaggedpath", "flaggedtext"], post(FLAGGED_POST));
    add(State::Flagged, &["flaggedcomment"], of_comment(13));
    add(State::Deleted, &["deletedtitle", "deletedpath", "deletedtext"], post(DELETED_POST));
    add(State::Deleted, &["gonetitle", "gonepath", "gonetext"], post(GONE_POST));
    add(State::Deleted, &["deletedcomment"], of_comment(5));
    add(State::Deleted, &["deletedleaf"], of_comment(7));
    add(State::Deleted, &["lefttitle", "leftpath", "lefttext"], post(LEFT_POST));
    add(State::Deleted, &["leftcomment"], of_comment(8));
    add(State::Deleted, &["leftname", "leftabout", "leftflag"], Some(format!("/users/{LEFT}/moderate")));
    secrets
}

struct Scene {
    site: Site,
    database: Connection,
    readers: [(Reader, Client); 4],
}

/// Makes everything, then removes, deletes and bans by the site's own means.
fn scene() -> Scene {
    let site = Site::with(20, |config| {
        config.base_url = Origin::parse("https://news.example").ok();
        config.fixed_settings = vec![(Setting::FlagsToHide, "1".to_owned())];
    });
    let database = site.database();
    write(&database);
    eventually("everything is indexed", || {
        (!search::sql::is_behind(&database).expect("an answer")).then_some(())
    });
    let readers = [
        (Reader::Guest, Client::new(&site)),
        (Reader::Author, Client::signed_in_as(&site, AUTHOR)),
        (Reader::Other, Client::signed_in_as(&site, OTHER)),
        (Reader::Admin, Client::signed_in_as(&site, ADMIN)),
    ];
    let scene = Scene { site, database, readers };
    let [author, admin] = [scene.reader(Reader::Author), scene.reader(Reader::Admin)];
    // While it is shown, every word is found, so the words are right.
    let guest = scene.reader(Reader::Guest);
    for id in [REMOVED_POST, FLAGGED_POST, DELETED_POST, LEFT_POST, GONE_POST, OPEN_POST] {
        let page = guest.get(&format!("/posts/{id}")).text().to_lowercase();
        let words = secrets().into_iter().map(|secret| secret.word).filter(|word| page.contains(word));
        assert!(words.count() >= 3, "/posts/{id}");
    }
    let moderate = |path: &str, act: &str| {
        let form = [("act", act), ("reason", "Because it is so")];
        assert_eq!(admin.post(&format!("{path}/moderate"), &form).status, 303, "{path}");
    };
    // The log has acts on things that are hidden afterwards, and one by an admin who leaves.
    for path in [REMOVED_POST, DELETED_POST, LEFT_POST, GONE_POST].map(|id| format!("/posts/{id}")) {
        moderate(&path, "lock");
    }
    moderate(&format!("/users/{LEFT}"), "ban");
    moderate(&format!("/users/{LEFT}"), "unban");
    moderate(&format!("/posts/{REMOVED_POST}"), "remove");
    moderate(&comment(1), "remove");
    moderate(&comment(3), "remove");
    for path in [format!("/posts/{FLAGGED_POST}"), comment(13)] {
        let answer = scene.reader(Reader::Other).post(&format!("{path}/flag"), &[("kind", "spam")]);
        assert_eq!(answer.status, 303, "{path}");
    }
    moderate(&format!("/users/{BANNED}"), "ban");
    for path in [format!("/posts/{DELETED_POST}"), format!("/posts/{GONE_POST}"), comment(5), comment(7)] {
        assert_eq!(author.ask("DELETE", &path, &[], &[]).status, 303, "{path}");
    }
    while deletion::destroy_some(&scene.database, UserId::new(LEFT), Timestamp::now(), 100).expect("a step") {
    }
    assert_sound(&scene.database);
    // What was deleted is still kept, only its author cannot bring it back any more.
    assert_eq!(count(&scene.database, "deletions"), 4);
    scene.database.execute("UPDATE deletions SET deleted_at = 1", []).expect("the schema is known");
    scene
}

/// Inserts the users' names, posts, comments, flags, votes and saved posts.
fn write(database: &Connection) {
    let (mut names, mut posts) = (String::new(), String::new());
    for (id, name) in [(BANNED, "Bannedname"), (LEFT, "Leftname")] {
        names += &format!(
            "UPDATE users SET screen_name = '{name}', folded_name = lower('{name}') WHERE id = {id};
             UPDATE profiles SET about = '{}about' WHERE user_id = {id};",
            &name[..name.len() - 4]
        );
    }
    for (id, author, word) in [
        (REMOVED_POST, AUTHOR, "Removed"),
        (DELETED_POST, AUTHOR, "Deleted"),
        (GONE_POST, AUTHOR, "Gone"),
        (LEFT_POST, LEFT, "Left"),
        (BANNED_POST, BANNED, "Banned"),
        (FLAGGED_POST, AUTHOR, "Flagged"),
        (OPEN_POST, OTHER, "Open"),
    ] {
        posts += &format!(
            "UPDATE posts SET user_id = {author}, title = '{word}title of {id}',
                 url = 'https://secret.example/{word}path', site = 'secret.example', address = 'secret.example/{id}'
                 WHERE id = {id};
             UPDATE descriptions SET text = '{word}text' WHERE post_id = {id};"
        );
    }
    let secret = "07".repeat(32);
    let hash = token::Secret::parse(&secret).expect("a secret").hash();
    for id in [AUTHOR, LEFT] {
        let sql = "INSERT INTO resets (id, user_id, maker, secret_hash, created_at) VALUES (?1, ?1, 'mail', ?2, ?3)";
        database.execute(sql, rusqlite::params![id, hash, Timestamp::now()]).expect("a link");
        let sql =
            "INSERT INTO confirmations (user_id, address, secret_hash, created_at) VALUES (?1, '', ?2, ?3)";
        database.execute(sql, rusqlite::params![id, hash, Timestamp::now()]).expect("a link");
    }
    let people = format!("{ADMIN}, {AUTHOR}, {OTHER}, {BANNED}, {LEFT}");
    database
        .execute_batch(&format!(
            "UPDATE users SET is_admin = 1 WHERE id = {ADMIN};
             UPDATE posts SET user_id = 10 WHERE user_id IN ({people});
             UPDATE comments SET user_id = 10 WHERE user_id IN ({people});
             DELETE FROM comments WHERE post_id IN ({REMOVED_POST}, {DELETED_POST}, {GONE_POST}, {LEFT_POST}, {BANNED_POST}, {FLAGGED_POST}, {OPEN_POST});
             {names} {posts}"
        ))
        .expect("the schema is known");
    for (number, post, author, parent, body) in COMMENTS {
        let sql = "INSERT INTO comments (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) \
                   VALUES (?1, ?2, ?3, ?4, ?4 IS NOT NULL, ?5, ?5, ?6)";
        let (id, parent, at) =
            (FIRST_COMMENT + number, parent.map(|parent| FIRST_COMMENT + parent), Timestamp::now());
        database.execute(sql, rusqlite::params![id, post, author, parent, at, body]).expect("a comment");
    }
    database
        .execute_batch(&format!(
            "INSERT INTO saved_posts SELECT {OTHER}, id, 1 FROM posts;
             INSERT INTO hidden_posts SELECT {OTHER}, id, 1 FROM posts WHERE id <> {BANNED_POST};
             INSERT INTO saved_comments SELECT {OTHER}, id, 1 FROM comments WHERE id >= {FIRST_COMMENT};
             INSERT INTO inbox (comment_id, user_id, created_at, why)
                 SELECT comments.id, users.id, 1, 'mention' FROM comments, users
                 WHERE comments.id >= {FIRST_COMMENT} AND users.id IN ({people});
             UPDATE users SET unread_count =
                 (SELECT count(*) FROM inbox WHERE user_id = users.id AND is_unread AND NOT is_hidden)
                 + (SELECT count(*) FROM notices WHERE user_id = users.id AND is_unread);
             INSERT INTO follows SELECT {OTHER}, id FROM users WHERE id <> {OTHER};
             INSERT INTO versions (post_id, created_at, title, url, text)
                 SELECT id, 1, title, url, text FROM posts JOIN descriptions ON post_id = id
                 WHERE url LIKE '%secret.example%' ORDER BY id <> {REMOVED_POST}, id;
             INSERT INTO versions (comment_id, created_at, text) SELECT id, 1, body FROM comments WHERE id >= {FIRST_COMMENT};
             UPDATE posts SET updated_at = created_at + 1 WHERE id IN (SELECT post_id FROM versions);
             UPDATE comments SET updated_at = created_at + 1 WHERE id IN (SELECT comment_id FROM versions);
             INSERT INTO inbox_feeds SELECT id, unhex('{secret}') FROM users WHERE id IN ({people});
             INSERT INTO post_votes SELECT 11, id, 1 FROM posts WHERE user_id <> 11;
             INSERT INTO cases (id, created_at, post_id, flags_count) VALUES (1, 1, {OPEN_POST}, 2), (2, 1, {LEFT_POST}, 1);
             INSERT INTO cases (id, created_at, comment_id, flags_count) VALUES (3, 1, {FIRST_COMMENT} + 1, 1);
             INSERT INTO flags VALUES (1, {LEFT}, 1, 'Leftflag'), (1, 11, 1, 'Spam'), (2, 11, 1, 'Spam'), (3, 11, 1, 'Spam');"
        ))
        .expect("the schema is known");
    recount(database);
}

impl Scene {
    fn reader(&self, wanted: Reader) -> &Client {
        &self.readers.iter().find(|(reader, _)| *reader == wanted).expect("each kind is there").1
    }
}

/// A request to a route: its pattern, method and path with the query.
type Probe = (&'static str, &'static str, String);

/// Requests to every route, about every hidden thing where the route is about one thing.
fn probes(database: &Connection) -> Vec<Probe> {
    let mut probes: Vec<Probe> = Vec::new();
    let mut add = |pattern, method, paths: &[String]| {
        probes.extend(paths.iter().map(|path| (pattern, method, path.clone())));
    };
    let fixed = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let posts = |end: &str| {
        let ids = [REMOVED_POST, FLAGGED_POST, DELETED_POST, GONE_POST, LEFT_POST, OPEN_POST];
        ids.map(|id| format!("/posts/{id}{end}")).to_vec()
    };
    let comments =
        |end: &str| (0..COMMENTS.len() as i64).map(|number| comment(number) + end).collect::<Vec<_>>();
    let users = |end: &str| (1..=5).map(|id| format!("/users/{id}{end}")).collect::<Vec<_>>();
    add("/", "GET", &fixed(&["/"]));
    add("/best", "GET", &fixed(&["/best"]));
    add("/best/:period", "GET", &["day", "week", "month", "all"].map(|period| format!("/best/{period}")));
    add("/ask", "GET", &fixed(&["/ask"]));
    add("/show", "GET", &fixed(&["/show"]));
    add("/tagged", "GET", &fixed(&["/tagged?tag=secret"]));
    add("/tags", "GET", &fixed(&["/tags"]));
    add("/from", "GET", &fixed(&["/from?site=secret.example"]));
    add("/posts", "GET", &fixed(&["/posts"]));
    add("/posts", "POST", &fixed(&["/posts"]));
    add("/posts.atom", "GET", &fixed(&["/posts.atom"]));
    add("/front.atom", "GET", &fixed(&["/front.atom"]));
    add("/posts/:file", "GET", &posts(".atom"));
    add("/users/:file", "GET", &users(".atom"));
    add("/posts/new", "GET", &fixed(&["/posts/new", "/posts/new?url=https%3A%2F%2Fsecret.example%2F"]));
    for method in ["GET", "PATCH", "PUT", "DELETE"] {
        // The open post stays as it is.
        add("/posts/:id", method, &posts("")[..if method == "GET" { 6 } else { 5 }]);
        add("/comments/:id", method, &comments("")[..if method == "GET" { COMMENTS.len() } else { 2 }]);
    }
    add("/posts/:id/edit", "GET", &posts("/edit"));
    add("/posts/:id/versions", "GET", &posts("/versions"));
    add("/comments/:id/versions", "GET", &comments("/versions"));
    let versions = ids(database, "SELECT id FROM versions ORDER BY id");
    let versions: Vec<String> = versions.iter().map(|id| format!("/versions/{id}/strike")).collect();
    add("/versions/:id/strike", "GET", &versions);
    add("/versions/:id/strike", "POST", &versions[..1]);
    add("/posts/:id/text", "GET", &posts("/text"));
    add("/posts/:id/destroy", "GET", &posts("/destroy"));
    add("/posts/:id/undo", "POST", &posts("/undo"));
    add("/posts/:id/unflag", "POST", &posts("/unflag"));
    add("/posts/:id/vouch", "POST", &posts("/vouch"));
    add("/comments/:id/vouch", "POST", &comments("/vouch"));
    add("/comments/:id/destroy", "GET", &comments("/destroy"));
    add("/comments/:id/undo", "POST", &comments("/undo"));
    add("/comments/:id/unflag", "POST", &comments("/unflag"));
    add("/posts/:id/comments", "GET", &posts("/comments"));
    add("/posts/:id/comments", "POST", &posts("/comments"));
    add("/comments/:id/reply", "GET", &comments("/reply"));
    add("/comments/:id/replies", "GET", &comments("/replies"));
    add("/comments/:id/replies", "POST", &comments("/replies"));
    add("/comments/:id/edit", "GET", &comments("/edit"));
    add("/user/data", "POST", &fixed(&["/user/data"]));
    for method in ["GET", "POST"] {
        add("/posts/:id/flag", method, &posts("/flag"));
        add("/posts/:id/moderate", method, &posts("/moderate"));
        add("/posts/:id/retitle", method, &posts("/retitle"));
        add("/posts/:id/merge", method, &posts("/merge"));
        add("/comments/:id/move", method, &comments("/move"));
        add("/comments/:id/flag", method, &comments("/flag"));
        add("/comments/:id/moderate", method, &comments("/moderate"));
        add("/users/:id/moderate", method, &users("/moderate"));
    }
    for method in ["GET", "POST"] {
        add("/user/tokens", method, &fixed(&["/user/tokens"]));
    }
    add("/user/tokens/:id", "DELETE", &fixed(&["/user/tokens/0"]));
    let at_api = |paths: Vec<String>| paths.iter().map(|path| format!("/api/site{path}")).collect::<Vec<_>>();
    for (pattern, path) in [
        ("/api/site/openapi.json", "/openapi.json"),
        ("/api/site/me", "/me"),
        ("/api/site/inbox", "/inbox"),
        ("/api/site/posts", "/posts"),
        ("/api/site/posts", "/posts?order=new"),
    ] {
        add(pattern, "GET", &at_api(vec![path.to_owned()]));
    }
    add("/api/site/posts", "POST", &fixed(&["/api/site/posts"]));
    add("/api/site/comments", "POST", &fixed(&["/api/site/comments"]));
    add("/api/site/users/:id", "GET", &at_api(users("")));
    add("/api/site/posts/:id", "GET", &at_api(posts("")));
    add("/api/site/comments/:id", "GET", &at_api(comments("")));
    for method in ["PATCH", "DELETE"] {
        add("/api/site/posts/:id", method, &at_api(posts(""))[..4]);
        add("/api/site/comments/:id", method, &at_api(comments(""))[..2]);
    }
    for method in ["PUT", "DELETE"] {
        add("/api/site/posts/:id/vote", method, &at_api(posts("/vote")));
        add("/api/site/posts/:id/save", method, &at_api(posts("/save")));
        add("/api/site/posts/:id/flag", method, &at_api(posts("/flag")));
        add("/api/site/comments/:id/vote", method, &at_api(comments("/vote")));
        add("/api/site/comments/:id/save", method, &at_api(comments("/save")));
        add("/api/site/comments/:id/flag", method, &at_api(comments("/flag")));
    }
    for (pattern, end) in [("/posts/:id/vote", "/vote"), ("/posts/:id/unvote", "/unvote")] {
        add(pattern, "POST", &posts(end));
    }
    for (pattern, end) in [("/posts/:id/save", "/save"), ("/posts/:id/unsave", "/unsave")] {
        add(pattern, "POST", &posts(end));
    }
    for (pattern, end) in [("/comments/:id/save", "/save"), ("/comments/:id/unsave", "/unsave")] {
        add(pattern, "POST", &comments(end));
    }
    for (pattern, end) in [("/posts/:id/hide", "/hide"), ("/posts/:id/unhide", "/unhide")] {
        add(pattern, "POST", &posts(end));
    }
    for (pattern, end) in [("/users/:id/mute", "/mute"), ("/users/:id/unmute", "/unmute")] {
        add(pattern, "POST", &[format!("/users/{LEFT}{end}")]);
    }
    add("/tagged/mute", "POST", &fixed(&["/tagged/mute?tag=secret"]));
    add("/tagged/unmute", "POST", &fixed(&["/tagged/unmute?tag=secret"]));
    add("/from/mute", "POST", &fixed(&["/from/mute?site=secret.example"]));
    add("/from/unmute", "POST", &fixed(&["/from/unmute?site=secret.example"]));
    for (pattern, end) in [("/posts/:id/mute", "/mute"), ("/posts/:id/unmute", "/unmute")] {
        add(pattern, "POST", &posts(end));
    }
    for method in ["GET", "POST"] {
        add("/reset/:token", method, &[AUTHOR, LEFT].map(|id| format!("/reset/{id}.{}", "07".repeat(32))));
    }
    add("/user/mail/replies", "POST", &fixed(&["/user/mail/replies"]));
    for method in ["GET", "POST"] {
        let links = [AUTHOR, LEFT].map(|id| format!("/unsubscribe/{id}.{}", "07".repeat(32)));
        add("/unsubscribe/:token", method, &links);
    }
    add("/reset", "GET", &fixed(&["/reset"]));
    add("/reset", "POST", &fixed(&["/reset"]));
    for method in ["GET", "POST", "DELETE"] {
        add("/user/mail", method, &fixed(&["/user/mail"]));
    }
    for method in ["GET", "POST"] {
        add(
            "/confirm/:token",
            method,
            &[AUTHOR, LEFT].map(|id| format!("/confirm/{id}.{}", "07".repeat(32))),
        );
    }
    add("/inbox/read", "POST", &fixed(&["/inbox/read"]));
    for method in ["GET", "PATCH", "PUT"] {
        add("/settings", method, &fixed(&["/settings"]));
    }
    add("/admin/errors/:id", "GET", &fixed(&["/admin/errors/1"]));
    for end in ["resolve", "reopen"] {
        let pattern = if end == "resolve" { "/admin/errors/:id/resolve" } else { "/admin/errors/:id/reopen" };
        add(pattern, "POST", &[format!("/admin/errors/1/{end}")]);
    }
    for method in ["POST", "DELETE"] {
        add("/admin/backup/copy", method, &fixed(&["/admin/backup/copy"]));
    }
    for method in ["GET", "POST"] {
        add("/first_admin/:secret", method, &[format!("/first_admin/{}", "07".repeat(32))]);
    }
    for method in ["POST", "DELETE"] {
        add("/settings/logo", method, &fixed(&["/settings/logo"]));
    }
    add("/logo/:file", "GET", &fixed(&["/logo/none.png"]));
    add("/accent/:file", "GET", &fixed(&["/accent/ff6600.css"]));
    add("/inbox/feed", "POST", &fixed(&["/inbox/feed"]));
    add("/inbox/:file", "GET", &[AUTHOR, OTHER].map(|id| format!("/inbox/{id}.{}.atom", "07".repeat(32))));
    for (pattern, end) in [("/comments/:id/vote", "/vote"), ("/comments/:id/unvote", "/unvote")] {
        add(pattern, "POST", &comments(end));
    }
    add("/drafts/:id", "DELETE", &fixed(&["/drafts/1"]));
    add("/users/:id", "GET", &users(""));
    add(
        "/past",
        "GET",
        &[REMOVED_POST, OPEN_POST].map(|id| {
            let day = "SELECT date(created_at / 1000000, 'unixepoch') FROM posts WHERE id =";
            format!("/past?day={}", string(database, &format!("{day} {id}")))
        }),
    );
    for (pattern, method) in [("/invitations", "GET"), ("/invitations", "POST"), ("/invitations/tree", "GET")]
    {
        add(pattern, method, &fixed(&[pattern]));
    }
    add("/invitations/:id/withdraw", "POST", &fixed(&["/invitations/1/withdraw"]));
    add("/comments", "GET", &fixed(&["/comments"]));
    add("/comments/followed", "GET", &fixed(&["/comments/followed"]));
    for (pattern, end) in [("/users/:id/follow", "/follow"), ("/users/:id/unfollow", "/unfollow")] {
        add(pattern, "POST", &[format!("/users/{LEFT}{end}")]);
    }
    add("/users/:id", "GET", &users("?comments=9223372036854775807.9223372036854775807"));
    // The beginnings of words: the answer has the query in it.
    for (pattern, path) in [("/search", "/search?q="), ("/search.atom", "/search.atom?q=")] {
        let queries = [
            "removedtitl",
            "removedtex",
            "removedcommen",
            "removedlea",
            "flaggedtitl",
            "flaggedtex",
            "flaggedcommen",
            "deletedtitl",
            "gonetitl",
            "gonetex",
            "deletedcommen",
            "lefttitl",
            "leftcommen",
            "publicremark",
            "publicreply",
            "bannedtitle",
            "site%3Asecret.example",
            "%22publicremark+on%22",
            "removedtitl+publicremark",
            "type%3Acomment+publicremark",
        ];
        add(pattern, "GET", &queries.map(|query| path.to_owned() + query));
        let by = |id| format!("{path}by%3A{}", name_of(database, id));
        add(pattern, "GET", &[AUTHOR, OTHER, BANNED].map(by));
    }
    add("/threads", "GET", &[AUTHOR, OTHER].map(|id| format!("/threads?id={}", name_of(database, id))));
    for pattern in [
        "/threads",
        "/upvoted",
        "/upvoted/comments",
        "/saved",
        "/saved/comments",
        "/hidden",
        "/muted",
        "/inbox",
        "/rules",
        "/about",
        "/privacy",
        "/manifest.json",
        "/sign_up",
        "/log",
        "/flags",
        "/dead",
        "/admin",
        "/admin/people",
        "/admin/people/banned",
        "/admin/people/admins",
        "/admin/hints",
        "/admin/errors",
        "/admin/errors/resolved",
        "/admin/backup",
        "/user",
        "/user/edit",
        "/user/delete",
        "/sign_in",
        "/signed_in",
        "/preferences",
        "/keys",
        "/robots.txt",
        "/sitemap.xml",
        "/up",
        "/metrics",
        "/status",
    ] {
        add(pattern, "GET", &fixed(&[pattern]));
    }
    // The numbers of both kinds of things.
    let posts = [REMOVED_POST, FLAGGED_POST, DELETED_POST, GONE_POST, LEFT_POST, OPEN_POST].map(|id| 2 * id);
    let comments = (0..COMMENTS.len() as i64).map(|number| 2 * (FIRST_COMMENT + number) + 1);
    let items: Vec<String> =
        posts.into_iter().chain(comments).map(|number| format!("/v0/item/{number}.json")).collect();
    add("/v0/item/:file", "GET", &items);
    let numbers = || items.iter().filter_map(|path| path.strip_prefix("/v0/item/")?.strip_suffix(".json"));
    let of = |path: &str| numbers().map(|number| format!("{path}?id={number}")).collect::<Vec<_>>();
    add("/item", "GET", &of("/item"));
    add("/edit", "GET", &of("/edit"));
    add("/edit", "POST", &of("/edit"));
    for pattern in ["/news", "/newest", "/newcomments", "/login", "/submit"] {
        add(pattern, "GET", &fixed(&[pattern]));
    }
    for pattern in ["/login", "/submit", "/r", "/xedit", "/comment", "/vote", "/fave", "/flag"] {
        add(pattern, "POST", &fixed(&[pattern]));
    }
    let trees: Vec<String> = items
        .iter()
        .map(|path| path.replace("/v0/item/", "/api/v1/items/").trim_end_matches(".json").to_owned())
        .collect();
    add("/api/v1/items/:number", "GET", &trees);
    for (pattern, path) in
        [("/api/v1/search", "/api/v1/search?"), ("/api/v1/search_by_date", "/api/v1/search_by_date?")]
    {
        // The answer has the query in it.
        let queries = [
            "query=removedtitl",
            "query=removedtex",
            "query=removedcommen",
            "query=flaggedtitl",
            "query=flaggedcommen",
            "query=deletedtitl",
            "query=gonetitl",
            "query=lefttitl",
            "query=publicremark",
            "query=secret.example",
            "tags=story",
            "tags=comment&hitsPerPage=50",
            "tags=front_page",
        ];
        add(pattern, "GET", &queries.map(|query| path.to_owned() + query));
        let tags = [REMOVED_POST, FLAGGED_POST, DELETED_POST, LEFT_POST]
            .map(|id| format!("{path}tags=story_{}", 2 * id));
        add(pattern, "GET", &tags);
    }
    let names = [AUTHOR, OTHER, BANNED].map(|id| format!("/api/v1/users/{}", name_of(database, id)));
    add("/api/v1/users/:name", "GET", &names);
    let names = [AUTHOR, OTHER, BANNED].map(|id| format!("/v0/user/{}.json", name_of(database, id)));
    add("/v0/user/:file", "GET", &names);
    for pattern in [
        "/v0/topstories.json",
        "/v0/newstories.json",
        "/v0/beststories.json",
        "/v0/askstories.json",
        "/v0/showstories.json",
        "/v0/jobstories.json",
        "/v0/maxitem.json",
        "/v0/updates.json",
    ] {
        add(pattern, "GET", &fixed(&[pattern]));
    }
    add("/users", "GET", &fixed(&["/users"]));
    add("/sessions", "GET", &fixed(&["/sessions"]));
    add("/sessions/:id", "DELETE", &fixed(&["/sessions/0"]));
    add("/:file", "GET", &fixed(&["/sitemap-1.xml"]));
    add("/assets/:name", "GET", &fixed(&["/assets/none.css"]));
    add("/:name", "GET", &fixed(&["/icon.svg"]));
    add("/benchmarking/:action", "POST", &ENDPOINTS.map(|action| format!("/benchmarking/{action}")));
    probes
}

/// Panics unless the answer shows of each secret what the rule allows the reader.
fn assert_as_ruled(answer: &Answer, secrets: &[Secret], (method, path): (&str, &str), reader: Reader) {
    let said = answer
        .headers
        .iter()
        .fold(String::from_utf8_lossy(&answer.body).to_lowercase(), |said, (name, value)| {
            said + "\n" + &name.to_lowercase() + ": " + &value.to_lowercase()
        });
    for Secret { word, state, moderation } in secrets {
        // The queue has the title of a dead post, and a dead comment.
        let is_queued = path == "/flags" && ["flaggedtitle", "flaggedcomment"].contains(word);
        let rule = match method {
            "GET" if is_queued || moderation.as_deref() == Some(path) => {
                shown(*state, Place::Moderation, reader)
            }
            "GET" if path == "/dead" => shown(*state, Place::Dead, reader),
            _ => Shown::Nothing,
        };
        let is_said = said.contains(word);
        assert_eq!(
            is_said,
            rule == Shown::Everything,
            "{reader:?} {method} {path}: {word} ({})",
            answer.status
        );
    }
}

/// The answers to a request without a script, and by htmx; at the API with the token of the reader.
fn answers(client: &Client, method: &str, path: &str) -> Vec<Answer> {
    if !path.starts_with("/api/site/") {
        return vec![client.ask(method, path, &[], &[]), client.htmx(method, path, &[])];
    }
    let bearer = format!("Bearer {}.{}", client.user_id, "07".repeat(32));
    let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    let body: &[u8] = if method == "GET" { b"" } else { br#"{"text": "Words of mine"}"# };
    let answer = client.send(method, path, &headers, body);
    assert_eq!(answer.status == 401, client.user_id == 0 && !path.ends_with(".json"), "{method} {path}");
    vec![answer]
}

#[test]
fn no_route_shows_a_removed_or_deleted_thing() {
    let scene = scene();
    for id in [AUTHOR, OTHER, ADMIN] {
        let hash = token::Secret::parse(&"07".repeat(32)).expect("a secret").hash();
        let sql = "INSERT INTO api_tokens (id, user_id, name, may_write, secret_hash, created_at) \
                   VALUES (?1, ?1, 'all', 1, ?2, 1)";
        scene.database.execute(sql, rusqlite::params![id, hash]).expect("a token");
    }
    let (secrets, probes) = (secrets(), probes(&scene.database));
    let probed: BTreeSet<&str> = probes.iter().map(|(pattern, ..)| *pattern).collect();
    let routes: BTreeSet<&str> = routes::patterns().filter(|pattern| *pattern != "none").collect();
    let unlisted: Vec<_> = routes.symmetric_difference(&probed).collect();
    assert!(unlisted.is_empty(), "each route belongs into probes(), to look for hidden words: {unlisted:?}");
    // The places that the probes look at show no word of a hidden thing, to any reader.
    for state in [State::Removed, State::Flagged, State::Deleted] {
        for place in [Place::List, Place::Page, Place::Mention, Place::Action] {
            for (reader, _) in &scene.readers {
                assert_ne!(shown(state, place, *reader), Shown::Everything);
            }
        }
    }
    // The benchmarks come last: they destroy posts and comments at random.
    let (at_random, others): (Vec<&Probe>, Vec<&Probe>) =
        probes.iter().partition(|(pattern, ..)| pattern.starts_with("/benchmarking"));
    for probes in [others, at_random] {
        for (reader, client) in &scene.readers {
            for (_, method, path) in &probes {
                let answers = answers(client, method, path);
                for answer in answers {
                    assert!(answer.status < 500, "{method} {path}: {}", answer.text());
                    assert_as_ruled(&answer, &secrets, (method, path), *reader);
                }
            }
        }
    }
    assert_sound(&scene.database);
}

#[test]
fn a_placeholder_stands_wherever_a_hidden_thing_is_mentioned() {
    let scene = scene();
    let mentions = [
        (REMOVED_POST, 0, "[removed]", State::Removed),
        (FLAGGED_POST, 12, "[flagged]", State::Flagged),
        (LEFT_POST, 10, "[deleted]", State::Deleted),
        (DELETED_POST, 4, "[deleted]", State::Deleted),
    ];
    for (reader, client) in &scene.readers {
        for (post, number, placeholder, state) in mentions {
            assert_eq!(shown(state, Place::Mention, *reader), Shown::Placeholder);
            assert_eq!(state.placeholder(), Some(placeholder));
            let page = client.get(&format!("/posts/{post}"));
            assert_eq!(texts(&page.html(), "h1"), [placeholder]);
            assert_eq!(attributes(&page.html(), "link[rel=canonical], meta[property]", "property"), [""; 0]);
            let comment_page = client.get(&comment(number)).html();
            assert_eq!(texts(&comment_page, "h1"), [format!("Comment on {placeholder}")]);
            assert_eq!(texts(&comment_page, "title"), [format!("Comment on {placeholder} · Lorem News")]);
            let to_post = format!("a[href='/posts/{post}']");
            assert_eq!(texts(&client.get(&format!("/users/{OTHER}")).html(), &to_post), [placeholder]);
            assert_eq!(texts(&client.get("/search?q=publicremark").html(), &to_post), [placeholder]);
            let title = format!("<title>{} on {placeholder}</title>", name_of(&scene.database, OTHER));
            for feed in [format!("/users/{OTHER}.atom"), "/search.atom?q=publicremark".to_owned()] {
                assert!(client.get(&feed).text().contains(&title), "{feed}");
            }
            assert_eq!(shown(state, Place::Action, *reader), Shown::Nothing);
            assert_eq!(client.get(&format!("/posts/{post}.atom")).status, 404);
        }
        // A banned user's name and texts stay; their page says why they are banned.
        for (path, word) in [
            ("/from?site=secret.example".to_owned(), "Bannedtitle"),
            ("/posts.atom".to_owned(), "Bannedname"),
            ("/search?q=bannedtitl".to_owned(), "Bannedtitle"),
            (format!("/posts/{BANNED_POST}"), "Bannedtext"),
            (format!("/posts/{BANNED_POST}"), "Bannedname"),
            (comment(11), "Bannedcomment"),
            (format!("/users/{BANNED}"), "Bannedabout"),
            (format!("/users/{BANNED}"), "Because it is so"),
            ("/log".to_owned(), "Bannedname"),
        ] {
            assert_eq!(shown(State::Banned, Place::Page, *reader), Shown::Everything);
            assert!(client.get(&path).text().contains(word), "{reader:?} {path}: {word}");
        }
    }
}

#[test]
fn a_removed_link_can_be_posted_again_and_leads_to_the_new_post() {
    let scene = scene();
    let client = scene.reader(Reader::Other);
    scene
        .database
        .execute_batch("UPDATE posts SET created_at = unixepoch() * 1000000 WHERE id = 3")
        .expect("the schema is known");
    let form = [("title", "An unknown title"), ("url", "https://secret.example/3")];
    let answer = client.post("/posts", &form);
    assert_eq!(answer.status, 303);
    assert_ne!(answer.header("Location"), Some("/posts/3"), "the removed post is not named");
    // A title stays taken, since the post may be restored.
    let taken = client.post("/posts", &[("title", "Removedtitle of 3")]);
    assert_eq!((taken.status, errors(&taken).1), (422, vec!["Title has already been taken".to_owned()]));
}

#[test]
fn search_finds_nothing_removed_before_the_index_follows() {
    let (_folder, path) = folder();
    seeded(&path, 20);
    let database = open(&path);
    write(&database);
    while search::sql::index_step(&database).expect("a step") {}
    let find = |text: &str| {
        let query = Query::parse(text).expect("a query");
        let found = search::sql::find::find(&database, &query, Order::Date, &Clock::at(Timestamp::now()));
        found.expect("an answer").expect("the author is known").matches.len()
    };
    let words = ["removedtitle", "removedtitl", "removedtext", "removedcomment", "\"removedcomment with\""];
    assert_eq!(words.map(find), [1; 5]);
    let remove = "UPDATE posts SET deleted_at = 1, removed_at = 1 WHERE id = 3;
                  UPDATE comments SET deleted_at = 1, removed_at = 1 WHERE id = 10001;";
    database.execute_batch(remove).expect("the schema is known");
    assert!(search::sql::is_behind(&database).expect("an answer"), "the index still has the words");
    assert_eq!(words.map(find), [0; 5]);
    while search::sql::index_step(&database).expect("a step") {}
    let indexed = |sql: &str| number(&database, sql);
    assert_eq!(indexed("SELECT count(*) FROM post_words WHERE post_words MATCH '\"removedtitle\"'"), 0);
    assert_eq!(
        indexed("SELECT count(*) FROM comment_words WHERE comment_words MATCH '\"removedcomment\"'"),
        0
    );
}

//! Deletions and their undo: what comes back, to whom, for how long, and what happens meanwhile.

use lorem_news::deletion::sql::burial;
use lorem_news::search;
use lorem_news::types::id::{PostId, UserId};
use lorem_news::types::time::{MINUTE, Timestamp};
use lorem_news::user::handlers::deletion;
use lorem_news::vote::{self, Target};
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const ADMIN: i64 = 1;
const AUTHOR: i64 = 2;
const OTHER: i64 = 3;
/// Two users who vote, save, look and flag.
const READERS: [i64; 2] = [11, 12];

/// A post of the author without comments, and one with a comment of the other user.
const ALONE: i64 = 3;
const DISCUSSED: i64 = 4;
/// The comments: id, post, author, parent.
const COMMENTS: [(i64, i64, i64, Option<i64>); 5] = [
    (10_000, DISCUSSED, OTHER, None),
    (10_001, 5, AUTHOR, None),
    (10_002, 5, OTHER, Some(10_001)),
    (10_003, 5, AUTHOR, Some(10_002)),
    (10_004, 5, AUTHOR, None),
];
/// Of the author: with a reply of the other user, below that reply, and alone.
const ABOVE: i64 = 10_001;
const BETWEEN: i64 = 10_002;
const BELOW: i64 = 10_003;
const LEAF: i64 = 10_004;

const TOO_LATE: &str = "It can't be brought back.";

struct Scene {
    site: Site,
    database: Connection,
    author: Client,
    other: Client,
    admin: Client,
}

fn scene() -> Scene {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(&format!(
            "UPDATE users SET is_admin = 1 WHERE id = {ADMIN};
             UPDATE posts SET user_id = 10 WHERE user_id IN ({ADMIN}, {AUTHOR}, {OTHER});
             UPDATE comments SET user_id = 10 WHERE user_id IN ({ADMIN}, {AUTHOR}, {OTHER});
             DELETE FROM comments WHERE post_id IN ({ALONE}, {DISCUSSED}, 5);
             UPDATE posts SET user_id = {AUTHOR}, title = 'Title of number ' || id, updated_at = created_at + 7,
                 url = 'https://own.example/' || id, site = 'own.example', address = 'own.example/' || id
                 WHERE id IN ({ALONE}, {DISCUSSED});
             UPDATE descriptions SET text = 'Undoabletext' WHERE post_id IN ({ALONE}, {DISCUSSED});"
        ))
        .expect("the schema is known");
    for (id, post, author, parent) in COMMENTS {
        let sql = "INSERT INTO comments (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) \
                   VALUES (?1, ?2, ?3, ?4, coalesce(1 + (SELECT depth FROM comments WHERE id = ?4), 0), ?1, ?1 + 7, \
                   'Undoableremark number ' || ?1)";
        database.execute(sql, rusqlite::params![id, post, author, parent]).expect("a comment");
    }
    let [one, two] = READERS;
    database
        .execute_batch(&format!(
            "INSERT INTO post_votes SELECT {one}, id, 1 FROM posts WHERE id IN ({ALONE}, {DISCUSSED});
             INSERT INTO post_votes SELECT {two}, id, 1 FROM posts WHERE id IN ({ALONE}, {DISCUSSED});
             INSERT INTO comment_votes SELECT {one}, id, 1 FROM comments WHERE id >= 10000;
             INSERT INTO comment_votes SELECT {two}, id, 1 FROM comments WHERE id >= 10000;
             INSERT INTO saved_posts VALUES ({one}, {ALONE}, 1), ({one}, {DISCUSSED}, 1);
             INSERT INTO visits (user_id, post_id, seen_at) VALUES ({one}, {ALONE}, 1), ({one}, {DISCUSSED}, 1);
             INSERT INTO cases (id, created_at, post_id, flags_count) VALUES (1, 1, {ALONE}, 1), (2, 1, {DISCUSSED}, 1);
             INSERT INTO cases (id, created_at, comment_id, flags_count) VALUES (3, 1, {ABOVE}, 1), (4, 1, {LEAF}, 1);
             INSERT INTO flags SELECT id, {one}, 1, 'Spam' FROM cases;"
        ))
        .expect("the schema is known");
    recount(&database);
    // The order of the front page follows the votes.
    for id in [ALONE, DISCUSSED] {
        vote::sql::recount(&database, Target::Post(PostId::new(id))).expect("it is there");
    }
    let [author, other, admin] = [AUTHOR, OTHER, ADMIN].map(|id| Client::signed_in_as(&site, id));
    Scene { site, database, author, other, admin }
}

impl Scene {
    /// Everything that a deletion could change, as one text.
    fn everything(&self) -> String {
        [
            "posts ORDER BY id",
            "descriptions ORDER BY post_id",
            "comments ORDER BY id",
            "post_votes ORDER BY user_id, post_id",
            "comment_votes ORDER BY user_id, comment_id",
            "saved_posts ORDER BY user_id, post_id",
            "visits WHERE user_id >= 10 ORDER BY user_id, post_id",
            "cases ORDER BY id",
            "flags ORDER BY case_id",
            "deletions ORDER BY id",
        ]
        .map(|rows| self.rows(rows))
        .concat()
            + &self.rows("(SELECT id, posts_count, comments_count, karma FROM users) ORDER BY id")
    }

    fn rows(&self, from: &str) -> String {
        let mut statement = self.database.prepare(&format!("SELECT * FROM {from}")).expect(from);
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row| -> rusqlite::Result<String> {
            (0..columns).map(|at| Ok(format!("{:?}|", row.get_ref(at)?))).collect()
        };
        let rows: Vec<String> =
            statement.query_map([], row).expect(from).collect::<Result<_, _>>().expect(from);
        format!("{from}\n{}\n", rows.join("\n"))
    }

    fn delete(&self, client: &Client, path: &str) {
        assert_eq!(client.ask("DELETE", path, &[], &[]).status, 303, "{path}");
        assert_sound(&self.database);
    }

    fn undo(&self, path: &str) -> Answer {
        let answer = self.author.post(&format!("{path}/undo"), &[]);
        assert_sound(&self.database);
        answer
    }

    fn status(&self, path: &str) -> u16 {
        Client::new(&self.site).get(path).status
    }

    fn kept(&self) -> i64 {
        count(&self.database, "deletions")
    }

    /// Moves all deletions into the past.
    fn wait(&self, minutes: u32) {
        let sql = "UPDATE deletions SET deleted_at = deleted_at - ?1 * 60000000";
        self.database.execute(sql, [minutes]).expect("the schema is known");
    }

    fn housekeeping(&self) -> usize {
        let cutoff = Timestamp::now() - 10 * MINUTE;
        let removed = burial::end_old(&self.database, 0, cutoff).expect("a step").removed;
        assert_sound(&self.database);
        removed
    }
}

fn post(id: i64) -> String {
    format!("/posts/{id}")
}

fn comment(id: i64) -> String {
    format!("/comments/{id}")
}

/// The address to which the button beside the notice is sent.
fn undo_button(html: &Html) -> Vec<String> {
    attributes(html, "#flash p button#undo[form=acts]", "formaction")
}

/// Everything that can be undone: its path, and where a guest sees it.
fn targets() -> [(String, String); 4] {
    [
        (post(ALONE), post(ALONE)),
        (post(DISCUSSED), post(DISCUSSED)),
        (comment(ABOVE), format!("/posts/5#comment_{ABOVE}")),
        (comment(LEAF), format!("/posts/5#comment_{LEAF}")),
    ]
}

#[test]
fn an_undo_brings_everything_back_as_it_was() {
    let scene = scene();
    let before = scene.everything();
    for (path, place) in targets() {
        let noun = if path.starts_with("/posts") { "Post" } else { "Comment" };
        let page = |client: &Client| client.get(place.split('#').next().expect("a path")).text().to_owned();
        let (guests, others) = (page(&Client::new(&scene.site)), page(&scene.other));
        for by_htmx in [false, true] {
            let deleted = scene.author.ask("DELETE", &path, &[], &[]);
            let html = scene.author.follow(&deleted).html();
            assert_eq!(notices(&html), [format!("{noun} was successfully destroyed. Undo")]);
            assert_eq!(undo_button(&html), [format!("{path}/undo")]);
            assert_ne!(scene.everything(), before);
            assert_sound(&scene.database);
            let restored = format!("{noun} was successfully restored.");
            if by_htmx {
                assert_leads_htmx_to(&scene.author.htmx("POST", &format!("{path}/undo"), &[]), 200, &place);
                assert_eq!(flash(&scene.author.get("/")), [&*restored]);
            } else {
                assert_done(&scene.author, &scene.undo(&path), &place, &restored);
            }
            assert_eq!(scene.everything(), before, "{path}");
            assert_sound(&scene.database);
            assert_eq!(
                (page(&Client::new(&scene.site)), page(&scene.other)),
                (guests.clone(), others.clone())
            );
        }
    }
}

#[test]
fn a_second_undo_changes_nothing_and_says_so_again() {
    let scene = scene();
    for (path, place) in targets() {
        scene.delete(&scene.author, &path);
        assert_done(&scene.author, &scene.undo(&path), &place, &flash_of_restored(&path));
        let once = scene.everything();
        assert_done(&scene.author, &scene.undo(&path), &place, &flash_of_restored(&path));
        assert_leads_htmx_to(&scene.author.htmx("POST", &format!("{path}/undo"), &[]), 200, &place);
        assert_eq!(scene.everything(), once);
        // It can be deleted and brought back again.
        scene.delete(&scene.author, &path);
        assert_eq!(scene.undo(&path).status, 303);
        assert_eq!(scene.everything(), once);
    }
}

fn flash_of_restored(path: &str) -> String {
    format!("{} was successfully restored.", if path.starts_with("/posts") { "Post" } else { "Comment" })
}

#[test]
fn only_the_author_undoes_a_deletion() {
    let scene = scene();
    for (path, _) in targets() {
        scene.delete(&scene.author, &path);
        let (deleted, undo) = (scene.everything(), format!("{path}/undo"));
        for client in [&scene.other, &scene.admin] {
            for _ in 0..2 {
                assert_page_of_error(client, &client.post(&undo, &[]), 404, TOO_LATE);
                assert_eq!(client.htmx("POST", &undo, &[]).status, 404);
            }
        }
        let guest = Client::new(&scene.site);
        assert_leads_to_sign_in(&guest.post(&undo, &[]), &guest.htmx("POST", &undo, &[]), "/");
        assert_eq!(guest.get(&undo).status, 405);
        assert_eq!(scene.everything(), deleted, "{path}");
        // Another account has been signed in since the page was made.
        let answer = scene.author.post(&undo, &[("account", &OTHER.to_string())]);
        assert_eq!((answer.status, scene.everything()), (409, deleted));
    }
    for path in ["/posts/999999/undo", "/comments/999999/undo"] {
        assert_page_of_error(&scene.author, &scene.author.post(path, &[]), 404, TOO_LATE);
    }
}

#[test]
fn after_ten_minutes_nothing_comes_back_and_nothing_is_kept() {
    let scene = scene();
    for (path, _) in targets() {
        scene.delete(&scene.author, &path);
    }
    assert_eq!((scene.housekeeping(), scene.kept()), (0, 4), "they can be undone");
    scene.wait(9);
    assert_eq!((scene.housekeeping(), scene.undo(&comment(LEAF)).status), (0, 303));
    scene.delete(&scene.author, &comment(LEAF));
    scene.wait(10);
    for (path, _) in targets() {
        for _ in 0..2 {
            assert_page_of_error(&scene.author, &scene.undo(&path), 404, TOO_LATE);
        }
        let again = scene.author.ask("DELETE", &path, &[], &[]);
        assert_page_of_error(&scene.author, &again, 404, "It is already deleted.");
    }
    assert_eq!((scene.housekeeping(), scene.kept()), (4, 0));
    assert_eq!([ALONE, DISCUSSED].map(|id| scene.status(&post(id))), [404, 200]);
    assert_eq!([LEAF, ABOVE].map(|id| scene.status(&comment(id))), [404, 200]);
    // The rows without a page are gone; the others have no votes and no flags.
    assert_eq!(number(&scene.database, &format!("SELECT count(*) FROM posts WHERE id = {ALONE}")), 0);
    assert_eq!(number(&scene.database, &format!("SELECT count(*) FROM comments WHERE id = {LEAF}")), 0);
    let votes = format!(
        "SELECT (SELECT count(*) FROM post_votes WHERE post_id IN ({ALONE}, {DISCUSSED})) \
         + (SELECT count(*) FROM comment_votes WHERE comment_id IN ({ABOVE}, {LEAF})) + (SELECT count(*) FROM cases)"
    );
    assert_eq!(number(&scene.database, &votes), 0);
    let text = "SELECT count(*) FROM descriptions WHERE text LIKE '%Undoable%'";
    assert_eq!(number(&scene.database, text), 0);
}

#[test]
fn an_admins_decision_makes_the_deletion_final() {
    let scene = scene();
    let removal = [("act", "remove"), ("reason", "Because of that")];
    for (path, _) in targets() {
        // Removed first: its author cannot delete it, nor bring it back.
        assert_eq!(scene.admin.post(&format!("{path}/moderate"), &removal).status, 303);
        let answer = scene.author.ask("DELETE", &path, &[], &[]);
        assert_page_of_error(&scene.author, &answer, 404, "An admin has removed it.");
        assert_page_of_error(&scene.author, &scene.undo(&path), 404, TOO_LATE);
        let restored = [("act", "restore"), ("reason", "Because of this")];
        assert_eq!(scene.admin.post(&format!("{path}/moderate"), &restored).status, 303);
        // Deleted while the admin looked at it.
        scene.delete(&scene.author, &path);
        let decided = scene.admin.post(&format!("{path}/moderate"), &removal);
        assert_done(&scene.admin, &decided, "/log", "Done. It is in the moderation log.");
        let entry = &log_of(&scene.other)[0];
        assert!(entry.ends_with(": Because of that") && !entry.contains("Title"), "{entry}");
        assert_page_of_error(&scene.author, &scene.undo(&path), 404, TOO_LATE);
        assert_eq!(scene.kept(), 0);
    }
    assert_sound(&scene.database);
}

/// The entries of the log: subject and reason.
fn log_of(client: &Client) -> Vec<String> {
    let html = client.get("/log").html();
    let (heads, reasons) =
        (texts(&html, "#log > li > p:first-child"), texts(&html, "#log > li > p:last-child"));
    heads
        .iter()
        .zip(reasons)
        .map(|(head, reason)| format!("{}: {reason}", head.split(" · ").next().unwrap_or_default()))
        .collect()
}

#[test]
fn a_post_that_shared_its_title_before_the_deletion_comes_back() {
    let scene = scene();
    let month = 31 * 86_400_000_000_i64;
    let sql = "UPDATE posts SET created_at = created_at - ?1 WHERE id = ?2";
    scene.database.execute(sql, [month, ALONE]).expect("the schema is known");
    let shared = scene.other.post("/posts", &[("title", "Title of number 3")]);
    assert!(shared.header("Location").is_some_and(|path| path != post(ALONE)), "{}", shared.text());
    scene.delete(&scene.author, &post(ALONE));
    assert_eq!(scene.undo(&post(ALONE)).status, 303);
    assert_eq!(scene.author.get(&post(ALONE)).status, 200);
}

#[test]
fn a_post_whose_title_or_address_was_taken_does_not_come_back() {
    let scene = scene();
    let sentence = "Another post has its title or its link now. Destroy that one first, if it is yours.";
    for (number, form) in [
        &[("title", "Title of number 3")][..],
        &[("title", "Another title"), ("url", "https://own.example/3")],
    ]
    .into_iter()
    .enumerate()
    {
        scene.delete(&scene.author, &post(ALONE));
        // Titles and addresses are free at once, for a second try.
        let new = scene.author.post("/posts", form);
        let path = new.header("Location").expect("a redirect").to_owned();
        assert_ne!(path, post(ALONE), "{number}");
        let deleted = scene.everything();
        let answer = scene.undo(&post(ALONE));
        assert_page_of_error(&scene.author, &answer, 403, REJECTED);
        assert!(texts(&answer.html(), "main p").concat().contains(sentence));
        assert_eq!(scene.everything(), deleted);
        // Without the new post, the old one comes back.
        scene.delete(&scene.author, &path);
        assert_eq!(scene.undo(&post(ALONE)).status, 303);
        scene.database.execute("DELETE FROM deletions", []).expect("the schema is known");
        scene
            .database
            .execute("DELETE FROM posts WHERE gone_at IS NOT NULL", [])
            .expect("the schema is known");
    }
}

#[test]
fn comments_come_and_go_between_a_deletion_and_its_undo() {
    let scene = scene();
    let before = scene.everything();
    // The comment below keeps those above; it goes, and with it they go; they come back with it.
    scene.delete(&scene.author, &comment(ABOVE));
    scene.delete(&scene.other, &comment(BETWEEN));
    assert_eq!([ABOVE, BETWEEN, BELOW].map(|id| scene.status(&comment(id))), [200; 3]);
    scene.delete(&scene.author, &comment(BELOW));
    assert_eq!([ABOVE, BETWEEN, BELOW].map(|id| scene.status(&comment(id))), [404; 3]);
    assert_leads_to(&scene.undo(&comment(BELOW)), &format!("/posts/5#comment_{BELOW}"));
    let page = scene.other.get("/posts/5").html();
    assert_eq!(texts(&page, &format!("#said_{ABOVE} p.empty, #said_{BETWEEN} p.empty")), ["[deleted]"; 2]);
    assert!(texts(&page, &format!("#said_{BELOW}")).concat().contains("Undoableremark"));
    assert_eq!(scene.undo(&comment(ABOVE)).status, 303);
    assert_eq!(scene.other.post(&format!("{}/undo", comment(BETWEEN)), &[]).status, 303);
    assert_eq!(scene.everything(), before);
    // A reply that came meanwhile stays below the comment that comes back.
    scene.delete(&scene.author, &comment(ABOVE));
    let reply = scene.other.post(&format!("{}/replies", comment(BETWEEN)), &[("body", "Meanwhile")]);
    assert_eq!((reply.status, scene.undo(&comment(ABOVE)).status), (303, 303));
    assert!(texts(&scene.other.get(&comment(ABOVE)).html(), "#comments").concat().contains("Meanwhile"));
    // A deleted comment, or post, takes no new ones.
    scene.delete(&scene.author, &comment(ABOVE));
    scene.delete(&scene.author, &post(DISCUSSED));
    for path in [format!("{}/replies", comment(ABOVE)), format!("{}/comments", post(DISCUSSED))] {
        assert!(matches!(scene.other.post(&path, &[("body", "Meanwhile")]).status, 404 | 422), "{path}");
    }
}

#[test]
fn a_deleted_post_goes_and_comes_with_its_last_comment() {
    let scene = scene();
    let (place, remark) = (post(DISCUSSED), comment(10_000));
    scene.delete(&scene.author, &place);
    assert_eq!((scene.status(&place), scene.status(&remark)), (200, 200));
    let answer = scene.other.ask("DELETE", &remark, &[], &[]);
    assert_done(&scene.other, &answer, "/posts", "Comment was successfully destroyed. Undo");
    assert_eq!((scene.status(&place), scene.status(&remark)), (404, 404));
    assert_eq!(scene.other.post(&format!("{remark}/undo"), &[]).status, 303);
    assert_eq!((scene.status(&place), scene.status(&remark)), (200, 200));
    assert_sound(&scene.database);
    // The post comes back without its comment, and the comment later.
    scene.delete(&scene.other, &remark);
    assert_eq!(scene.undo(&place).status, 303);
    assert_eq!(texts(&scene.other.get(&place).html(), "h2.comments_count"), ["0 comments"]);
    assert_eq!(scene.other.post(&format!("{remark}/undo"), &[]).status, 303);
    assert_eq!(texts(&scene.other.get(&place).html(), "h2.comments_count"), ["1 comment"]);
    // The row of the post waits for the comment, whose time ends later.
    scene.delete(&scene.author, &place);
    scene.wait(11);
    scene.delete(&scene.other, &remark);
    assert_eq!(scene.housekeeping(), 1);
    assert_eq!(scene.other.post(&format!("{remark}/undo"), &[]).status, 303);
    assert_eq!(texts(&scene.other.get(&place).html(), "h1"), ["[deleted]"]);
    scene.delete(&scene.other, &remark);
    scene.wait(11);
    assert_eq!(scene.housekeeping(), 1);
    assert_eq!(number(&scene.database, &format!("SELECT count(*) FROM posts WHERE id = {DISCUSSED}")), 0);
}

#[test]
fn accounts_leave_between_a_deletion_and_its_undo() {
    let scene = scene();
    let leave = |id: i64| {
        while deletion::destroy_some(&scene.database, UserId::new(id), Timestamp::now(), 3).expect("a step") {
        }
        assert_sound(&scene.database);
    };
    for (path, _) in targets() {
        scene.delete(&scene.author, &path);
    }
    leave(READERS[0]);
    for (path, _) in targets() {
        assert_eq!(scene.undo(&path).status, 303);
        assert!(scene.author.get(&path).text().contains("2 points"), "{path}: one of two voters has left");
        scene.delete(&scene.author, &path);
    }
    // Another user's comment can come back below a comment whose author has left.
    scene.delete(&scene.author, &comment(BELOW));
    scene.delete(&scene.other, &comment(BETWEEN));
    leave(AUTHOR);
    assert_eq!(
        number(&scene.database, &format!("SELECT count(*) FROM deletions WHERE user_id = {AUTHOR}")),
        0
    );
    assert_eq!(scene.other.post(&format!("{}/undo", comment(BETWEEN)), &[]).status, 303);
    assert_eq!([ABOVE, BETWEEN, BELOW].map(|id| scene.status(&comment(id))), [200, 200, 404]);
    assert_sound(&scene.database);
    leave(OTHER);
    assert_eq!(scene.kept(), 0);
}

#[test]
fn flags_and_feeds_and_search_follow_a_deletion_and_its_undo() {
    let scene = scene();
    let cases = || texts(&scene.admin.get("/flags").html(), "#cases > li").len();
    let feed = || scene.other.get("/users/2.atom").text().to_owned();
    let found = || {
        eventually("the index follows", || {
            (!search::sql::is_behind(&scene.database).expect("an answer")).then_some(())
        });
        ["undoabletext", "undoableremark"].map(|word| {
            let path = format!("/search?q={word}+by%3A{}", name_of(&scene.database, AUTHOR));
            texts(&scene.other.get(&path).html(), "#results > li, main ol > li").len()
        })
    };
    let (cases_before, feed_before, found_before) = (cases(), feed(), found());
    assert_eq!((cases_before, found_before), (4, [2, 3]));
    for (path, _) in targets() {
        scene.delete(&scene.author, &path);
    }
    assert_eq!((cases(), found()), (0, [0, 1]));
    assert_eq!(feed().matches("<entry>").count(), 1);
    for (path, _) in targets() {
        assert_eq!(scene.undo(&path).status, 303);
    }
    assert_eq!((cases(), feed(), found()), (cases_before, feed_before, found_before));
}

#[test]
fn the_page_asks_with_one_button_and_htmx_asks_in_place() {
    let scene = scene();
    for (path, _) in targets() {
        let (ask, before) = (format!("{path}/destroy"), scene.everything());
        let html = scene.author.get(&ask).html();
        assert_eq!(texts(&html, "main button"), ["Destroy"]);
        assert_eq!(attributes(&html, "main form", "action"), [&*path]);
        assert_eq!(attributes(&html, "main form input[name=_method]", "value"), ["delete"]);
        assert_page_of_error(&scene.other, &scene.other.get(&ask), 403, CLOSED);
        assert_eq!(scene.other.htmx("GET", &ask, &[]).status, 403);
        let guest = Client::new(&scene.site);
        assert_eq!(guest.get(&ask).status, 303);
        assert_eq!(scene.everything(), before, "asking changes nothing");
        if path.starts_with("/comments") {
            let id = path.trim_start_matches("/comments/");
            let links = scene.author.get("/posts/5").html();
            assert_eq!(attributes(&links, &format!("a#destroy_{id}"), "href"), [&*ask]);
            let changes = partials(&scene.author.htmx("GET", &ask, &[]));
            assert_eq!(places(&changes), [format!("#said_{id} outerHTML")]);
            let form = Html::parse_fragment(&changes[0].html);
            assert_eq!(texts(&form, "button, a"), ["Destroy", "Cancel"]);
            assert_eq!(attributes(&form, "form", "hx-post"), [&*path]);
        } else {
            assert_eq!(attributes(&scene.author.get(&path).html(), "main a.danger", "href"), [&*ask]);
        }
        // Back on the page of a deleted one: it is said, with the offer to undo.
        scene.delete(&scene.author, &path);
        let back = scene.author.follow(&scene.author.get(&ask)).html();
        assert!(notices(&back).concat().ends_with("was already deleted. Undo"), "{path}");
        assert_eq!(undo_button(&back), [format!("{path}/undo")]);
        assert_page_of_error(&scene.other, &scene.other.get(&ask), 404, "It is already deleted.");
    }
}

#[test]
fn what_is_gone_already_goes_from_the_page() {
    let scene = scene();
    for id in [ABOVE, LEAF] {
        scene.delete(&scene.author, &comment(id));
        let mut expected = if id == LEAF {
            vec![format!("#comment_{id} delete")]
        } else {
            vec![format!("#said_{id} outerHTML"), format!("#thread_{id} > summary > bdi innerHTML")]
        };
        expected.push("#flash innerHTML".to_owned());
        let again = scene.author.htmx("DELETE", &comment(id), &[]);
        let changes = partials(&again);
        assert_eq!((again.status, places(&changes)), (200, expected.clone()));
        assert!(changes[expected.len() - 1].html.contains(&format!("{}/undo", comment(id))));
        scene.wait(11);
        let again = scene.author.htmx("DELETE", &comment(id), &[]);
        let changes = partials(&again);
        assert_eq!((again.status, places(&changes)), (404, expected.clone()));
        assert!(changes[expected.len() - 1].html.contains("It is already deleted."));
    }
    let removal = [("act", "remove"), ("reason", "Because of that")];
    assert_eq!(scene.admin.post(&format!("{}/moderate", comment(BELOW)), &removal).status, 303);
    let changes = partials(&scene.author.htmx("DELETE", &comment(BELOW), &[]));
    let [said, author] =
        [format!("#said_{BELOW} outerHTML"), format!("#thread_{BELOW} > summary > bdi innerHTML")];
    assert_eq!(places(&changes), [said, author, "#flash innerHTML".into()]);
    assert!(changes[0].html.contains("[removed]") && changes[1].html == "[removed]");
    assert!(changes[2].html.contains("An admin has removed it."));
}

#[test]
fn a_forged_notice_shows_no_other_button() {
    let scene = scene();
    for (value, shown) in [
        ("post-destroyed.of-3", &["/posts/3/undo"][..]),
        ("comment-destroyed-before.of-7", &["/comments/7/undo"]),
        ("post-destroyed", &[]),
        ("post-destroyed.of-", &[]),
        ("post-destroyed.of-x", &[]),
        ("post-destroyed.of-0003", &[]),
        ("post-created.of-3", &[]),
    ] {
        scene.author.set_cookie("flash", value);
        let html = scene.author.get("/").html();
        assert_eq!(
            (undo_button(&html), notices(&html).len()),
            (shown.iter().map(|s| (*s).to_owned()).collect(), 1),
            "{value}"
        );
    }
}

//! Admins merge posts, and move comments with their replies.

use std::thread;

use lorem_news::deletion::sql::burial;
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;

/// A site on which user 1 is an admin. Post 2 is by user 5 and has the comments 901 by user 6, 902 by user 7 as a reply to it,
/// 903 as a reply to that, which an admin has removed, and 904; post 3 is by user 6 and has none.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    database
        .execute_batch(
            "UPDATE users SET is_admin = (id = 1);
             DELETE FROM comments WHERE post_id IN (2, 3) AND parent_id IS NOT NULL;
             DELETE FROM comments WHERE post_id IN (2, 3);
             UPDATE posts SET user_id = 5 WHERE id = 2;
             UPDATE posts SET user_id = 6 WHERE id = 3;
             INSERT INTO comments (id, post_id, user_id, parent_id, depth, created_at, updated_at, deleted_at, removed_at, body) VALUES
                 (901, 2, 6, NULL, 0, 1, 1, NULL, NULL, 'The root'), (902, 2, 7, 901, 1, 2, 2, NULL, NULL, 'The reply'),
                 (903, 2, 7, 902, 2, 3, 3, 4, 4, 'Removed'), (904, 2, 6, NULL, 0, 4, 4, NULL, NULL, 'Another')",
        )
        .expect("valid SQL");
    recount(&database);
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

const INTO_3: [(&str, &str); 2] = [("to", "/posts/3"), ("reason", "They say the same")];

/// The post, the parent and the depth of a comment.
fn place(database: &Connection, id: i64) -> (i64, Option<i64>, i64) {
    database
        .query_row("SELECT post_id, parent_id, depth FROM comments WHERE id = ?1", [id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .expect("a comment")
}

fn words(page: &Answer) -> String {
    page.html().root_element().text().collect()
}

#[test]
fn a_post_is_merged_its_comments_move_and_its_address_leads_there() {
    let (site, database, admin) = site();
    let (author, guest) = (Client::signed_in_as(&site, 5), Client::new(&site));
    for path in ["/posts/2", "/posts/3"] {
        assert_eq!(guest.get(path).status, 200, "a copy may be kept");
    }
    assert!(admin.get("/posts/2/moderate").text().contains("/posts/2/merge"));
    assert_eq!(admin.get("/posts/2/merge").status, 200);
    let merged = admin.post("/posts/2/merge", &INTO_3);
    assert_eq!((merged.status, merged.header("Location")), (303, Some("/posts/3")));
    for client in [&guest, &author, &admin] {
        let old = client.get("/posts/2");
        assert_eq!((old.status, old.header("Location")), (303, Some("/posts/3")));
    }
    let page = guest.get("/posts/3");
    assert!(["The root", "The reply", "Another"].iter().all(|body| page.text().contains(body)));
    assert!(!page.text().contains(">Removed<"));
    assert_eq!(
        [901, 902, 903].map(|id| place(&database, id)),
        [(3, None, 0), (3, Some(901), 1), (3, Some(902), 2)]
    );
    assert_eq!(number(&database, "SELECT comments_count FROM posts WHERE id = 3"), 3);
    let log = words(&guest.get("/log"));
    assert!(
        log.contains("merged") && log.contains("into post #3") && log.contains("They say the same"),
        "{log}"
    );
    let told = words(&author.get("/inbox"));
    assert!(told.contains("merged") && told.contains("into post #3"), "{told}");
    assert_eq!(guest.get("/comments/902").status, 200);
    // Twice: nothing more is changed or logged.
    assert_eq!(admin.post("/posts/2/merge", &INTO_3).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'merge'"), 1);
    // Restored, it has its page again, without the comments.
    admin.post("/posts/2/moderate", &[("act", "restore"), ("reason", "They differ")]);
    assert_eq!(guest.get("/posts/2").status, 200);
    admin.post("/posts/2/moderate", &[("act", "remove"), ("reason", "Spam after all")]);
    let removed = guest.get("/posts/2");
    assert_eq!(removed.status, 200);
    assert!(removed.text().contains("Spam after all"));
    assert_sound(&database);
}

#[test]
fn a_comment_moves_with_its_replies_and_out_of_its_thread() {
    let (site, database, admin) = site();
    let (author, guest) = (Client::signed_in_as(&site, 7), Client::new(&site));
    for path in ["/posts/2", "/posts/3"] {
        assert_eq!(guest.get(path).status, 200, "a copy may be kept");
    }
    assert!(admin.get("/comments/902/moderate").text().contains("/comments/902/move"));
    let moved = admin.post("/comments/902/move", &INTO_3);
    assert_eq!((moved.status, moved.header("Location")), (303, Some("/comments/902")));
    assert_eq!(
        [901, 902, 903].map(|id| place(&database, id)),
        [(2, None, 0), (3, None, 0), (3, Some(902), 1)]
    );
    assert!(!guest.get("/posts/2").text().contains("The reply"));
    assert!(guest.get("/posts/3").text().contains("The reply"));
    let log = words(&guest.get("/log"));
    assert!(log.contains("moved comment #902 to post #3"), "{log}");
    assert!(words(&author.get("/inbox")).contains("moved comment #902 to post #3"));
    assert_eq!(admin.post("/comments/902/move", &INTO_3).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'move'"), 1);
    // Back into the post, with htmx, as an answer to the post itself.
    let back = admin.htmx("POST", "/comments/902/move", &[("to", "2"), ("reason", "It belongs here")]);
    assert_eq!((back.status, back.header("HX-Redirect")), (200, Some("/comments/902")));
    assert_eq!(place(&database, 902), (2, None, 0));
    assert_sound(&database);
}

#[test]
fn what_stayed_only_for_a_moved_comment_goes() {
    let (site, database, admin) = site();
    let author = Client::signed_in_as(&site, 6);
    assert_eq!(author.post("/comments/901", &[("_method", "delete")]).status, 303);
    // The deletion can no longer be undone, and the comment stays for its reply.
    assert_eq!(burial::end_old(&database, 0, Timestamp::now()).expect("a step").removed, 1);
    assert!(Client::new(&site).get("/posts/2").text().contains("[deleted]"));
    assert_eq!(admin.post("/comments/902/move", &INTO_3).status, 303);
    assert_eq!(number(&database, "SELECT count(*) FROM comments WHERE id = 901"), 0);
    assert!(!Client::new(&site).get("/posts/2").text().contains("[deleted]"));
    assert_sound(&database);
}

#[test]
fn only_admins_do_and_a_guests_form_waits_for_the_sign_in() {
    let (site, database, _admin) = site();
    for path in ["/posts/2/merge", "/comments/902/move"] {
        for client in [&Client::signed_in_as(&site, 5), &Client::signed_in_as(&site, 7)] {
            assert_eq!(client.get(path).status, 403);
            assert_eq!(client.post(path, &INTO_3).status, 403);
            assert_eq!(client.htmx("POST", path, &INTO_3).status, 403);
        }
        let guest = Client::new(&site);
        assert_eq!(guest.get(path).status, 303);
        assert_eq!(guest.post(path, &INTO_3).status, 303);
        assert_eq!(Client::new(&site).htmx("POST", path, &INTO_3).status, 401);
        let name: String = database
            .query_row("SELECT screen_name FROM users WHERE id = 1", [], |row| row.get(0))
            .expect("a name");
        guest.sign_in(&name);
        let kept = guest.get(path).html();
        assert_eq!(
            [attributes(&kept, "#to", "value").concat(), attributes(&kept, "#reason", "value").concat()],
            INTO_3.map(|(_, typed)| typed)
        );
    }
    assert_eq!((place(&database, 901).0, place(&database, 902).0), (2, 2));
}

#[test]
fn a_mistake_is_shown_with_what_was_typed() {
    let (site, database, admin) = site();
    admin.post("/posts/4/moderate", &[("act", "remove"), ("reason", "Spam it is")]);
    for path in ["/posts/2/merge", "/comments/902/move"] {
        for (field, value, sentence) in [
            ("to", "", "Post can't be blank"),
            ("to", "the other one", "Post must be the number"),
            ("to", "/comments/3", "Post must be the number"),
            ("to", "99999", "Post does not exist"),
            ("to", "4", "Post does not exist"),
            ("reason", "", "Reason can't be blank"),
        ] {
            let form = INTO_3.map(|(name, typed)| (name, if name == field { value } else { typed }));
            let refused = admin.post(path, &form);
            assert_eq!(refused.status, 422, "{path}, {field}: {value}");
            assert!(
                texts(&refused.html(), "main").concat().contains(sentence),
                "{field}: {}",
                refused.text()
            );
            assert_eq!(attributes(&refused.html(), "#to", "value").concat(), form[0].1);
            assert_eq!(attributes(&refused.html(), "#reason", "value").concat(), form[1].1);
        }
    }
    let into_itself = admin.post("/posts/2/merge", &[("to", "2"), ("reason", "Itself")]);
    assert!(into_itself.status == 422 && into_itself.text().contains("Post must be another one"));
    for path in
        ["/posts/4/merge", "/posts/999/merge", "/posts/0/merge", "/comments/903/move", "/comments/99999/move"]
    {
        assert_eq!((admin.get(path).status, admin.post(path, &INTO_3).status), (404, 404), "{path}");
    }
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb IN ('merge', 'move')"), 0);
    assert_eq!(Client::new(&site).get("/posts/2").status, 200);
    assert_sound(&database);
}

#[test]
fn two_posts_merged_into_each_other_at_once_leave_one() {
    let (site, database, admin) = site();
    let other_way = [("to", "2"), ("reason", "They say the same")];
    let statuses = thread::scope(|scope| {
        let sent = [("/posts/2/merge", INTO_3), ("/posts/3/merge", other_way)];
        let sent = sent.map(|(path, form)| {
            let admin = &admin;
            scope.spawn(move || admin.post(path, &form).status)
        });
        sent.map(|sent| sent.join().expect("it is answered"))
    });
    let mut statuses = statuses.to_vec();
    statuses.sort_unstable();
    assert!(statuses == [303, 404] || statuses == [303, 422], "{statuses:?}");
    assert_eq!(number(&database, "SELECT count(*) FROM posts WHERE id IN (2, 3) AND deleted_at IS NULL"), 1);
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE verb = 'merge'"), 1);
    let shown = number(&database, "SELECT id FROM posts WHERE id IN (2, 3) AND deleted_at IS NULL");
    assert_eq!(Client::new(&site).get(&format!("/posts/{shown}")).status, 200);
    assert_sound(&database);
}

#[test]
fn what_users_typed_and_muted_goes_with_a_merged_post() {
    let (site, database, admin) = site();
    database
        .execute_batch(
            "INSERT INTO comment_drafts (user_id, post_id, body) VALUES (7, 2, 'Words to keep'), (8, 2, 'Other words'), (8, 3, 'Mine');
             INSERT INTO muted_posts (user_id, post_id) VALUES (6, 2), (7, 2), (7, 3)",
        )
        .expect("valid SQL");
    let guest = Client::new(&site);
    assert_eq!(guest.post("/posts/2/comments", &[("body", "Typed by a guest")]).status, 303);
    assert_eq!(admin.post("/posts/2/merge", &INTO_3).status, 303);
    assert_eq!(
        texts(&Client::signed_in_as(&site, 7).get("/posts/3").html(), "#body").concat().trim(),
        "Words to keep"
    );
    assert_eq!(
        texts(&Client::signed_in_as(&site, 8).get("/posts/3").html(), "#body").concat().trim(),
        "Mine"
    );
    assert_eq!(number(&database, "SELECT count(*) FROM muted_posts WHERE post_id = 3"), 2);
    // What waits where it was typed is shown there, in place of the way to the other post.
    assert!(guest.get("/posts/2").text().contains("Typed by a guest"));
    assert!(Client::signed_in_as(&site, 8).get("/posts/2").text().contains("Other words"));
    assert_eq!(Client::new(&site).get("/posts/2").status, 303);
    assert_sound(&database);
}

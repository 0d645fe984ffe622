//! Concurrent users who write, change and destroy; and a database that another process has locked.

use std::sync::Barrier;
use std::thread;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;
use crate::writing_comments::{comment_of, count_of, newest};

/// A pseudo-random generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX: https://en.wikipedia.org/wiki/Linear_congruential_generator
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).expect("it is below a usize")
    }
}

/// The id in a redirect's address: `/posts/3` or `/posts/3#comment_17`.
fn id_in(answer: &Answer, before: &str) -> Option<i64> {
    let location = answer.header("Location").or(answer.header("HX-Redirect"))?;
    location.rsplit_once(before)?.1.parse().ok()
}

/// Sends random requests as one user, also for posts and comments that others have destroyed.
fn live(site: &Site, user_id: i64, rounds: usize) {
    let mut dice = Dice(u64::try_from(user_id).expect("a number of a row"));
    let mut client = Client::signed_in_as(site, user_id);
    let (mut posts, mut comments) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (title, body) =
            (format!("Title {}", dice.below(200)), format!("Remark {} {round}", dice.below(9)));
        let post = posts.get(dice.below(posts.len().max(1))).copied().unwrap_or(1);
        let comment = comments.get(dice.below(comments.len().max(1))).copied().unwrap_or(1);
        let anyones = dice.below(60);
        let (method, path, form) = match dice.below(16) {
            0 | 1 => ("POST", "/posts".to_owned(), vec![("title", &*title), ("description", &*body)]),
            2 => ("PATCH", format!("/posts/{post}"), vec![("title", &*title)]),
            3 => ("DELETE", format!("/posts/{post}"), vec![]),
            4..=6 => ("POST", format!("/posts/{anyones}/comments"), vec![("body", &*body)]),
            7 => ("PATCH", format!("/comments/{comment}"), vec![("body", &*body)]),
            8 => ("DELETE", format!("/comments/{comment}"), vec![]),
            9 => ("DELETE", format!("/comments/{anyones}"), vec![]),
            10 => ("GET", format!("/posts/{anyones}"), vec![]),
            11 | 12 => ("POST", format!("/posts/{anyones}/vote"), vec![]),
            13 => ("POST", format!("/comments/{anyones}/vote"), vec![]),
            14 => ("POST", format!("/posts/{anyones}/unvote"), vec![]),
            _ => {
                let session = client.cookie("session").expect("a session");
                let id = session.split('.').next().expect("split gives one at least");
                assert_eq!(client.post(&format!("/sessions/{id}"), &[("_method", "delete")]).status, 303);
                client = Client::signed_in_as(site, user_id);
                continue;
            }
        };
        let by_htmx = dice.below(2) == 0;
        // A slow machine may answer with 503: nothing was written, and the request is sent again.
        let answer = eventually("the request is answered", || {
            let answer = match by_htmx {
                true => client.htmx(method, &path, &form),
                false => client.ask(method, &path, &form, &[]),
            };
            (answer.status != 503).then_some(answer)
        });
        assert!(matches!(answer.status, 200 | 303 | 403 | 404 | 422), "{method} {path}: {}", answer.text());
        if path == "/posts" {
            posts.extend(id_in(&answer, "/posts/"));
        }
        comments.extend(id_in(&answer, "#comment_"));
    }
}

#[test]
fn fifty_concurrent_users_leave_the_counts_right() {
    const PEOPLE: i64 = 50;
    let site = Site::with(40, |_| {});
    let together = Barrier::new(usize::try_from(PEOPLE).expect("a few"));
    thread::scope(|scope| {
        for user_id in 1..=PEOPLE {
            let (site, together) = (&site, &together);
            scope.spawn(move || {
                together.wait();
                live(site, user_id, 30);
            });
        }
    });
    let database = site.database();
    assert_sound(&database);
    let made =
        |table: &str| number(&database, &format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'"));
    assert!(made("posts") > 100 && made("comments") > 500, "{} {}", made("posts"), made("comments"));
    assert!(number(&database, "SELECT count(*) FROM deletions WHERE post_id > 0") > 0, "some were destroyed");
}

#[test]
fn twenty_concurrent_equal_comments_are_stored_once() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in(&site);
    let (before, together) = (count_of(&database, 3), Barrier::new(20));
    let answers: Vec<Answer> = thread::scope(|scope| {
        let sent: Vec<_> = (0..20)
            .map(|number| {
                let (client, together) = (&client, &together);
                scope.spawn(move || {
                    together.wait();
                    let form = [("body", "A nervous finger.")];
                    if number % 2 == 0 {
                        client.post("/posts/3/comments", &form)
                    } else {
                        client.htmx("POST", "/posts/3/comments", &form)
                    }
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let id = newest(&database);
    for answer in answers {
        match answer.status {
            303 => assert_eq!(answer.header("Location"), Some(&*format!("/posts/3#comment_{id}"))),
            200 => assert!(partials(&answer)[1].html.contains(&format!("id=comment_{id}>"))),
            status => panic!("{status}: {}", answer.text()),
        }
    }
    assert_eq!(count_of(&database, 3), before + 1);
    assert_sound(&database);
}

#[test]
fn of_concurrent_deletions_of_a_comment_one_succeeds() {
    let site = Site::start();
    let database = site.database();
    let client = Client::signed_in_as(&site, 5);
    for _ in 0..10 {
        let id = comment_of(&database, 5, 3, "It will go once.");
        let (path, together) = (format!("/comments/{id}"), Barrier::new(4));
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let sent: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        client.ask("DELETE", &path, &[], &[]).status
                    })
                })
                .collect();
            sent.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
        });
        statuses.sort_unstable();
        // The others read that it is deleted already.
        assert_eq!(statuses, [303; 4]);
        let held = format!("SELECT count(*) FROM deletions WHERE comment_id = {id}");
        assert_eq!(number(&database, &held), 1);
    }
    assert_sound(&database);
}

#[test]
fn a_write_during_a_lock_is_503_and_can_be_sent_again() {
    let site = Site::start();
    let client = Client::signed_in_as(&site, 5);
    let other = site.database();
    let written = || number(&other, "SELECT count(*) FROM comments WHERE body LIKE 'Sent by %'");
    other.execute_batch("BEGIN IMMEDIATE").expect("no other writer");
    let (plain, htmx) = thread::scope(|scope| {
        let plain = scope.spawn(|| client.post("/posts/3/comments", &[("body", "Sent by a form")]));
        let htmx = scope.spawn(|| client.htmx("POST", "/posts/3/comments", &[("body", "Sent by htmx")]));
        (plain.join().expect("it is answered"), htmx.join().expect("it is answered"))
    });
    for answer in [&plain, &htmx] {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
    assert!(plain.text().starts_with("<!DOCTYPE html>"));
    let html = plain.html();
    assert_eq!(texts(&html, "h1"), ["We're a little busy."]);
    assert_eq!(texts(&html, "main > p"), ["Nothing was changed. Please try again in a moment."]);
    assert_alert(&htmx, 503, "We're a little busy. Nothing was changed. Please try again in a moment.");
    other.execute_batch("ROLLBACK").expect("it had begun");
    assert_eq!(written(), 0, "a refused write was made");
    for _ in 0..2 {
        assert_eq!(client.post("/posts/3/comments", &[("body", "Sent by a form")]).status, 303);
        assert_eq!(client.htmx("POST", "/posts/3/comments", &[("body", "Sent by htmx")]).status, 200);
        assert_eq!(written(), 2);
    }
    assert_sound(&other);
}

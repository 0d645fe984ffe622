//! What enough users flag is dead, and comes back when others vouch for it; an admin's decision ends both.

use std::sync::Barrier;
use std::thread;

use lorem_news::dead::Rules;
use lorem_news::dead::sql::acts;
use lorem_news::site::config::Config;
use lorem_news::site::settings::Setting;
use lorem_news::types::id::{PostId, UserId};
use lorem_news::types::time::Timestamp;
use lorem_news::user::handlers::deletion;
use lorem_news::vote::Target;
use rusqlite::Connection;
use scraper::Html;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const ADMIN: i64 = 1;
/// The author of the post and the comment.
const AUTHOR: i64 = 2;
/// Users who flag.
const FLAGGERS: [i64; 3] = [10, 11, 12];
const POST: &str = "/posts/3";
const TITLE: &str = "Unmistakable title";
const VOUCHED: &str = "You vouch for it. It is back when enough others do.";
const BACK: &str = "It is back.";

/// A site where three flags hide a post, and the author wrote post 3 and a comment on post 4.
struct Scene {
    site: Site,
    database: Connection,
    admin: Client,
    author: Client,
    /// The path of the comment.
    comment: String,
}

fn scene() -> Scene {
    scene_with("3", |_| {})
}

fn scene_with(flags_to_hide: &str, change: impl FnOnce(&mut Config)) -> Scene {
    let site = Site::with(20, |config| {
        config.fixed_settings = vec![(Setting::FlagsToHide, flags_to_hide.to_owned())];
        change(config);
    });
    let database = site.database();
    database
        .execute_batch(&format!(
            "UPDATE users SET is_admin = (id = {ADMIN});
             UPDATE posts SET user_id = 90; UPDATE comments SET user_id = 90;
             UPDATE posts SET user_id = {AUTHOR}, title = '{TITLE}', url = 'https://dead.example/', site = 'dead.example',
                 address = 'dead.example/' WHERE id = 3;
             UPDATE descriptions SET text = 'Unmistakable text' WHERE post_id = 3;
             DELETE FROM comments WHERE post_id = 4;
             INSERT INTO comments (post_id, user_id, created_at, updated_at, body) VALUES (4, {AUTHOR}, 1, 1, 'Unmistakable remark');
             INSERT INTO post_votes VALUES (50, 3, 1);
             DELETE FROM cases; DELETE FROM acts"
        ))
        .expect("the schema is known");
    recount(&database);
    let comment = format!("/comments/{}", number(&database, "SELECT max(id) FROM comments"));
    let [admin, author] = [ADMIN, AUTHOR].map(|id| Client::signed_in_as(&site, id));
    Scene { site, database, admin, author, comment }
}

impl Scene {
    fn user(&self, id: i64) -> Client {
        Client::signed_in_as(&self.site, id)
    }

    fn flag(&self, id: i64, path: &str) -> u16 {
        self.user(id).post(&format!("{path}/flag"), &[("kind", "spam")]).status
    }

    fn vouch(&self, id: i64, path: &str) -> u16 {
        self.user(id).post(&format!("{path}/vouch"), &[]).status
    }

    fn kill(&self, path: &str) {
        for id in FLAGGERS {
            assert!(!self.is_dead(path));
            assert_eq!(self.flag(id, path), 303, "{path}");
        }
        assert!(self.is_dead(path));
        assert_sound(&self.database);
    }

    fn is_dead(&self, path: &str) -> bool {
        let placeholder = if path == POST { "h1" } else { "main .empty a" };
        texts(&self.site.get(path).html(), placeholder).contains(&"[flagged]".to_owned())
    }

    fn moderate(&self, path: &str, act: &str) -> u16 {
        self.admin.post(&format!("{path}/moderate"), &[("act", act), ("reason", "Because it is so")]).status
    }

    fn acts(&self, verb: &str) -> i64 {
        number(&self.database, &format!("SELECT count(*) FROM acts WHERE verb = '{verb}'"))
    }

    /// The lines of the log without their ages, the newest first.
    fn log(&self) -> Vec<String> {
        let lines = texts(&self.site.get("/log").html(), "#log > li > p:first-child");
        lines.iter().map(|line| line.split(" · ").next().expect("a part").to_owned()).collect()
    }

    /// What the author is told, without its age, the newest first.
    fn notices(&self) -> Vec<String> {
        let lines = texts(&self.author.get("/inbox").html(), "#notices > li > p:first-child");
        lines.iter().map(|line| line.split(" · ").next().expect("a part").replace("new ", "")).collect()
    }
}

fn vouch_path(path: &str) -> String {
    format!("{path}/vouch")
}

/// The id of the button that vouches.
fn button(path: &str) -> String {
    format!("vouch_{}", path.trim_start_matches('/').replace("s/", "_"))
}

fn buttons(html: &Html) -> Vec<String> {
    attributes(html, "#dead button[form=acts]", "formaction")
}

#[test]
fn what_enough_users_flag_is_dead_for_every_reader() {
    let scene = scene();
    let comment = scene.comment.clone();
    for path in [POST, &comment] {
        scene.kill(path);
    }
    let reader = scene.user(20);
    for client in [&scene.admin, &scene.author, &reader, &Client::new(&scene.site)] {
        for path in [POST, "/posts/4", &comment, "/", "/posts", "/comments", "/log", "/users/2"] {
            let answer = client.get(path);
            assert_eq!(answer.status, 200, "{path}");
            assert!(!answer.text().contains("Unmistakable"), "{path}");
        }
        assert!(client.get(POST).text().contains("The site hid this post: "));
        assert!(client.get(POST).text().contains("Flagged by 3 users."));
        for end in ["/edit", "/flag", "/versions"] {
            assert_ne!(client.get(&format!("{POST}{end}")).status, 200, "{end}");
        }
    }
    assert_eq!(scene.flag(20, POST), 404, "there is nothing left to flag");
    assert_eq!(scene.user(FLAGGERS[0]).post("/posts/3/unflag", &[]).status, 404);
    let item = scene.site.get("/v0/item/6.json");
    assert!(item.text().contains("\"dead\":true") && item.text().contains("[flagged]"), "{}", item.text());
    assert_eq!(number(&scene.database, &format!("SELECT karma FROM users WHERE id = {AUTHOR}")), 0);
    // The log, and what its author is told.
    let number = comment.rsplit('/').next().expect("a number");
    let hid = [format!("The site hid comment #{number}"), "The site hid post #3".to_owned()];
    assert_eq!((scene.log(), scene.notices()), (hid.to_vec(), hid.to_vec()));
    // The queue of the admins has it still, with its flags.
    let queue = scene.admin.get("/flags").html();
    assert_eq!(texts(&queue, "#cases .badge"), ["dead", "dead"]);
    assert!(scene.admin.get("/posts/3/moderate").text().contains(TITLE));
    // The page of dead things.
    let page = reader.get("/dead");
    for words in
        [TITLE, "https://dead.example/", "Unmistakable text", "Unmistakable remark", "0 of 2 vouches"]
    {
        assert!(page.text().contains(words), "{words}");
    }
    assert_eq!(buttons(&page.html()), [vouch_path(&comment), vouch_path(POST)]);
    assert_eq!(buttons(&scene.author.get("/dead").html()), [""; 0]);
    assert!(scene.author.get("/dead").text().contains("yours"));
    let flagger = scene.user(FLAGGERS[0]).get("/dead");
    assert_eq!(buttons(&flagger.html()), [""; 0]);
    assert!(flagger.text().contains("you flagged it"));
    let guest = Client::new(&scene.site);
    assert_leads_to_sign_in(&guest.get("/dead"), &guest.htmx("GET", "/dead", &[]), "/dead");
}

#[test]
fn of_fifty_flags_at_once_one_hides_it() {
    let scene = scene_with("4", |_| {});
    for path in [POST.to_owned(), scene.comment.clone()] {
        let clients: Vec<Client> = (10..60).map(|id| scene.user(id)).collect();
        let start = Barrier::new(clients.len());
        thread::scope(|scope| {
            for client in &clients {
                let (start, path) = (&start, format!("{path}/flag"));
                scope.spawn(move || {
                    start.wait();
                    let status = client.post(&path, &[("kind", "spam")]).status;
                    // After its death there is nothing to flag.
                    assert!(matches!(status, 303 | 404), "{status}");
                });
            }
        });
        assert!(scene.is_dead(&path));
        assert_sound(&scene.database);
    }
    assert_eq!((scene.acts("kill"), count(&scene.database, "verdicts")), (2, 2));
    assert_eq!((count(&scene.database, "flags"), count(&scene.database, "notices")), (8, 2));
}

#[test]
fn flags_that_do_not_count_hide_nothing() {
    let scene = scene();
    // The author's own.
    assert_eq!(scene.flag(AUTHOR, POST), 403);
    // One that is taken back.
    assert_eq!(scene.flag(10, POST), 303);
    assert_eq!(scene.user(10).post("/posts/3/unflag", &[]).status, 303);
    // One of a user who is banned afterwards, and one of a user who leaves.
    assert_eq!([scene.flag(11, POST), scene.flag(12, POST)], [303; 2]);
    assert_eq!(scene.moderate("/users/11", "ban"), 303);
    assert_eq!(scene.flag(11, POST), 403);
    while deletion::destroy_some(&scene.database, UserId::new(12), Timestamp::now(), 100).expect("a step") {}
    // Two of one user.
    assert_eq!([scene.flag(13, POST), scene.flag(13, POST), scene.flag(14, POST)], [303; 3]);
    assert!(!scene.is_dead(POST));
    assert_sound(&scene.database);
    assert_eq!(scene.flag(15, POST), 303);
    assert!(scene.is_dead(POST));
    assert_sound(&scene.database);
}

#[test]
fn flags_of_users_who_are_new_now_do_not_count() {
    let scene = scene_with("4", |_| {});
    for id in FLAGGERS {
        assert_eq!(scene.flag(id, POST), 303);
    }
    // Two of the three signed up just now, when nobody was new.
    scene
        .database
        .execute("UPDATE users SET created_at = ?1 WHERE id IN (10, 11)", [Timestamp::now()])
        .expect("the schema is known");
    let is_hidden_by = |new_user_days| {
        let rules = Rules { flags_to_hide: 3, new_user_days, now: Timestamp::now() };
        acts::hide_if_flagged(&scene.database, Target::Post(PostId::new(3)), &rules).expect("an answer");
        scene.is_dead(POST)
    };
    assert!(!is_hidden_by(7));
    // An admin is never new.
    scene
        .database
        .execute("UPDATE users SET is_admin = 1 WHERE id IN (10, 11)", [])
        .expect("the schema is known");
    assert!(is_hidden_by(7));
    assert_sound(&scene.database);
}

#[test]
fn zero_hides_nothing_and_admins_set_the_number() {
    let scene = scene_with("0", |_| {});
    for id in 10..20 {
        assert_eq!(scene.flag(id, POST), 303);
    }
    assert!(!scene.is_dead(POST));
    let site = Site::with(1, |_| {});
    site.database().execute("UPDATE users SET is_admin = (id = 1)", []).expect("valid SQL");
    let admin = Client::signed_in_as(&site, 1);
    let field = || attributes(&admin.get("/settings").html(), "#flags_to_hide", "value");
    assert_eq!(field(), ["4"]);
    for wrong in ["", "-1", "1001", "three", "1.5"] {
        let refused = admin.post("/settings", &[("_method", "patch"), ("flags_to_hide", wrong)]);
        assert_eq!(refused.status, 422, "{wrong}");
    }
    assert_eq!(admin.post("/settings", &[("_method", "patch"), ("flags_to_hide", "7")]).status, 303);
    assert_eq!(field(), ["7"]);
}

#[test]
fn two_users_who_vouch_bring_it_back_for_good() {
    let scene = scene();
    for path in [POST.to_owned(), scene.comment.clone()] {
        scene.kill(&path);
        let (first, second) = (scene.user(20), scene.user(21));
        let vouch = vouch_path(&path);
        for _ in 0..2 {
            assert_done(&first, &first.post(&vouch, &[]), "/dead", VOUCHED);
            assert!(scene.is_dead(&path), "twice by one user is once");
        }
        assert_eq!(texts(&first.get("/dead").html(), &format!("#{}", button(&path))), ["You vouch for it"]);
        assert_sound(&scene.database);
        assert_done(&second, &second.post(&vouch, &[]), &path, BACK);
        assert!(!scene.is_dead(&path));
        assert_done(&first, &first.post(&vouch, &[]), &path, BACK);
        assert_sound(&scene.database);
        // Flags do not hide it again; admins still find them.
        for id in 30..36 {
            assert_eq!(scene.flag(id, &path), 303);
        }
        assert!(!scene.is_dead(&path));
        assert_eq!(scene.vouch(22, &path), 303);
        assert_sound(&scene.database);
    }
    assert_eq!((scene.acts("kill"), scene.acts("revive")), (2, 2));
    let log = scene.log();
    assert_eq!(
        log[2..],
        [format!("The site brought back the post {TITLE}"), format!("The site hid the post {TITLE}")]
    );
    assert_eq!(scene.notices().len(), 4);
    assert_eq!(texts(&scene.admin.get("/flags").html(), "#cases .badge"), [""; 0]);
    assert_eq!(number(&scene.database, &format!("SELECT karma FROM users WHERE id = {AUTHOR}")), 1);
}

#[test]
fn with_htmx_the_button_becomes_a_link_with_its_id() {
    let scene = scene();
    for path in [POST.to_owned(), scene.comment.clone()] {
        scene.kill(&path);
        for (id, sentence) in [(20, VOUCHED), (20, VOUCHED), (21, BACK), (21, BACK)] {
            let answer = scene.user(id).htmx("POST", &vouch_path(&path), &[]);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let changes = partials(&answer);
            assert_eq!(places(&changes)[0], format!("#{} outerHTML", button(&path)));
            let html = Html::parse_fragment(&changes[0].html);
            assert_eq!(attributes(&html, &format!("a#{}", button(&path)), "href"), [&*path]);
            assert!(answer.text().contains(sentence));
            assert_eq!(scene.is_dead(&path), sentence == VOUCHED);
        }
        assert_sound(&scene.database);
    }
}

#[test]
fn a_guest_is_led_to_signing_in_and_others_are_refused() {
    let scene = scene();
    for path in [POST.to_owned(), scene.comment.clone()] {
        scene.kill(&path);
        let vouch = vouch_path(&path);
        let guest = Client::new(&scene.site);
        assert_leads_to_sign_in(&guest.post(&vouch, &[]), &guest.htmx("POST", &vouch, &[]), "/dead");
        let flagger = scene.user(FLAGGERS[0]);
        for (client, why) in [
            (&scene.author, "It is your own: others can vouch for it."),
            (&flagger, "You have flagged it: others can vouch for it."),
        ] {
            let answer = client.post(&vouch, &[]);
            assert_page_of_error(client, &answer, 403, REJECTED);
            assert!(answer.text().contains(why));
            assert_alert(&client.htmx("POST", &vouch, &[]), 403, &format!("{REJECTED} {why}"));
        }
        assert_eq!(scene.moderate("/users/40", "ban"), 303);
        let banned = scene.user(40);
        for answer in [banned.post(&vouch, &[]), banned.htmx("POST", &vouch, &[]), banned.get("/dead")] {
            assert_eq!(answer.status, 403);
        }
        assert_eq!(count(&scene.database, "vouches"), 0);
    }
    // What is not dead.
    for path in ["/posts/5", "/posts/4711", "/comments/4711"] {
        assert_eq!(scene.vouch(20, path), 404, "{path}");
    }
    assert_sound(&scene.database);
}

#[test]
fn a_new_user_cannot_vouch() {
    let scene = scene_with("3", |config| config.fixed_settings.push((Setting::NewUserDays, "3".to_owned())));
    scene.database.execute("UPDATE users SET created_at = 1", []).expect("the schema is known");
    scene.kill(POST);
    let new = Client::new(&scene.site);
    assert_eq!(new.sign_up("Newcomer").status, 303);
    for answer in [new.post("/posts/3/vouch", &[]), new.htmx("POST", "/posts/3/vouch", &[]), new.get("/dead")]
    {
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("You are new here: you can "), "{}", answer.text());
    }
    // A vouch of a user who is banned afterwards does not count.
    assert_eq!(scene.vouch(20, POST), 303);
    assert_eq!(scene.moderate("/users/20", "ban"), 303);
    assert_eq!(scene.vouch(21, POST), 303);
    assert!(scene.is_dead(POST));
    assert_eq!(scene.vouch(22, POST), 303);
    assert!(!scene.is_dead(POST));
    assert_sound(&scene.database);
}

#[test]
fn of_many_vouches_at_once_one_brings_it_back() {
    let scene = scene();
    scene.kill(POST);
    let clients: Vec<Client> = (20..40).map(|id| scene.user(id)).collect();
    let start = Barrier::new(clients.len() * 2);
    thread::scope(|scope| {
        for client in clients.iter().chain(&clients) {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                assert_eq!(client.post("/posts/3/vouch", &[]).status, 303);
            });
        }
    });
    assert!(!scene.is_dead(POST));
    assert_eq!((scene.acts("revive"), count(&scene.database, "vouches")), (1, 2));
    assert_sound(&scene.database);
}

#[test]
fn what_an_admin_decides_holds_over_flags_and_vouches() {
    // Restored, by the form or from the queue, it is never hidden by flags again.
    for act in ["restore", "dismiss"] {
        let scene = scene();
        for path in [POST.to_owned(), scene.comment.clone()] {
            scene.kill(&path);
            assert_eq!(scene.vouch(20, &path), 303);
            assert_eq!(scene.moderate(&path, act), 303);
            assert!(!scene.is_dead(&path));
            for id in 30..36 {
                assert_eq!(scene.flag(id, &path), 303);
            }
            assert!(!scene.is_dead(&path), "{act}");
            assert_sound(&scene.database);
        }
        assert_eq!((scene.acts("restore"), scene.acts("dismiss"), scene.acts("revive")), (2, 0, 0));
        assert_eq!(scene.notices().len(), 4);
    }
    let scene = scene();
    for path in [POST.to_owned(), scene.comment.clone()] {
        // Removed, it is no longer dead, and users cannot bring it back.
        scene.kill(&path);
        assert_eq!(scene.vouch(20, &path), 303);
        assert_eq!(scene.moderate(&path, "remove"), 303);
        assert!(!scene.is_dead(&path) && scene.site.get(&path).text().contains("[removed]"));
        assert_eq!(scene.vouch(21, &path), 404);
        assert!(!scene.user(21).get("/dead").text().contains("Unmistakable"));
        assert_sound(&scene.database);
        assert_eq!(scene.moderate(&path, "restore"), 303);
        for id in 30..36 {
            assert_eq!(scene.flag(id, &path), 303);
        }
        assert!(!scene.is_dead(&path));
        assert_sound(&scene.database);
    }
    // After users have brought it back, an admin can remove it.
    let scene = self::scene();
    scene.kill(POST);
    assert_eq!([scene.vouch(20, POST), scene.vouch(21, POST)], [303; 2]);
    assert_eq!(scene.moderate(POST, "remove"), 303);
    assert!(scene.site.get(POST).text().contains("An admin removed this post"));
    assert_eq!(scene.vouch(22, POST), 404);
    assert_sound(&scene.database);
    // Flags that an admin has dismissed before do not come back.
    let scene = self::scene();
    assert_eq!([scene.flag(10, POST), scene.moderate(POST, "dismiss")], [303; 2]);
    for id in 30..36 {
        assert_eq!(scene.flag(id, POST), 303);
    }
    assert!(!scene.is_dead(POST));
    assert_sound(&scene.database);
}

#[test]
fn accounts_that_leave_take_their_part_with_them() {
    let scene = scene();
    let comment = scene.comment.clone();
    assert_eq!(
        scene.user(20).post(&format!("{comment}/replies"), &[("body", "A reply that stays")]).status,
        303
    );
    assert_eq!(scene.user(20).post("/posts/3/comments", &[("body", "A remark that stays")]).status, 303);
    for path in [POST, &comment] {
        scene.kill(path);
        assert_eq!(scene.vouch(20, path), 303);
    }
    let leave = |id| {
        while deletion::destroy_some(&scene.database, UserId::new(id), Timestamp::now(), 2).expect("a step") {
        }
        assert_sound(&scene.database);
    };
    // A flag and a vouch go; it stays dead, and two others must vouch.
    leave(FLAGGERS[0]);
    leave(20);
    assert_eq!(count(&scene.database, "vouches"), 0);
    assert_eq!([scene.vouch(21, POST), scene.vouch(21, &comment)], [303; 2]);
    assert!(scene.is_dead(POST) && scene.is_dead(&comment));
    // The author goes.
    leave(AUTHOR);
    assert_eq!(number(&scene.database, "SELECT count(*) FROM verdicts WHERE is_dead = 1"), 0);
    assert_eq!(count(&scene.database, "cases"), 0);
    assert!(!scene.user(22).get("/dead").text().contains("Unmistakable"));
    assert_eq!([scene.vouch(22, POST), scene.vouch(22, &comment)], [404; 2]);
}

#[test]
fn the_page_of_dead_things_goes_on() {
    let scene = scene_with("1", |_| {});
    for id in ids(&scene.database, "SELECT id FROM comments WHERE deleted_at IS NULL ORDER BY id LIMIT 33") {
        assert_eq!(scene.flag(10, &format!("/comments/{id}")), 303);
    }
    let reader = scene.user(20);
    let first = reader.get("/dead").html();
    assert_eq!(texts(&first, "#dead > li").len(), 30);
    let next = attributes(&first, "a[rel=next]", "href").concat();
    let second = reader.get(&format!("/dead{}", next.trim_start_matches("/dead"))).html();
    assert_eq!(texts(&second, "#dead > li").len(), 3);
    assert_sound(&scene.database);
}

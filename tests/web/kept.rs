//! Copies of pages: each is what rendering the page at that moment would give, whatever is written, by whichever
//! process, and however much time passes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use horrorshow::Template;
use lorem_news::app::{self, App};
use lorem_news::auth::token::Secret;
use lorem_news::comment::{self, NewComment};
use lorem_news::draft;
use lorem_news::follow;
use lorem_news::hiding::{self, Hidden};
use lorem_news::hn_api::ItemNumber;
use lorem_news::post::{self, Content, NewPost, link};
use lorem_news::search;
use lorem_news::session::{self, NewSession};
use lorem_news::site::config::Config;
use lorem_news::types::id::{CommentId, PostId, UserId};
use lorem_news::types::time::{DAY, Timestamp};
use lorem_news::user::{self, NewUser};
use lorem_news::visit;
use lorem_news::vote::{self, Target, Vote};
use lorem_news::web::Cx;
use lorem_news::web::pieces::Pieces;
use lorem_news::web::timing::Timing;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use rouille::Request;
use rusqlite::{Connection, params};

use crate::client::*;
use crate::harness::*;
use crate::seen::name_of;

const SITES: [&str; 2] = ["example.com", "example.net"];

/// A response without what is outside the comparison.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// A site that keeps copies, and one on the same database that renders each page anew.
struct Pair {
    _folder: tempfile::TempDir,
    keeping: App,
    fresh: App,
    /// A connection that neither of them knows of.
    other: Connection,
    /// The cookie of the newest user.
    cookie: String,
}

impl Pair {
    fn new() -> Pair {
        let (folder, database) = folder();
        // Two more than a page has.
        seeded(&database, 32);
        let open = |cache_mb| {
            let config = Config::local(database.clone(), ([127, 0, 0, 1], 0).into());
            App::open(Config { cache_mb, ..config }).expect("the database opens")
        };
        let (keeping, fresh) = (open(8), open(0));
        let other = Connection::open(&database).expect("the database opens");
        let cookie = member(&keeping, &other);
        // Their reasons are shown.
        other.execute_batch("UPDATE posts SET locked_at = 1 WHERE id % 2 = 0").expect("the schema is known");
        Pair { keeping, fresh, other, cookie, _folder: folder }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> T {
        self.keeping.site.db.write(work).expect("it is written")
    }

    /// Fails where a copy differs from the page as it would be now.
    fn differing(&self, path: &str, headers: &[(&str, &str)], now: Timestamp) -> Result<(), TestCaseError> {
        let expected = ask(&self.fresh, "HEAD", path, headers, now);
        for turn in ["made", "kept"] {
            let got = ask(&self.keeping, "HEAD", path, headers, now);
            prop_assert_eq!(&got, &expected, "{} is stale ({})", path, turn);
        }
        Ok(())
    }

    /// Fails where a copy differs for a guest, or for the member, whose look is recorded first.
    fn all_differing(&self, path: &str, now: Timestamp) -> Result<(), TestCaseError> {
        self.differing(path, &[], now)?;
        let member = [("Cookie", &*self.cookie)];
        get(&self.keeping, path, &member, now);
        self.write(|_| Ok(()));
        self.differing(path, &member, now)
    }
}

/// The cookie of a session of the newest user.
fn member(app: &App, connection: &Connection) -> String {
    let secret = Secret::random();
    let new = NewSession {
        user_id: UserId::new(number(connection, "SELECT max(id) FROM users")),
        secret: &secret,
        ip_address: "::1",
        user_agent: "",
        created_at: Timestamp::now(),
    };
    let id = session::sql::create(connection, &new).expect("a session");
    format!("{}={}", app.site.cookie_names.full("session"), secret.of(id.get()))
}

fn get(app: &App, path: &str, headers: &[(&str, &str)], now: Timestamp) -> Got {
    ask(app, "GET", path, headers, now)
}

/// The whole response, also to HEAD: the server leaves out its body later.
fn ask(app: &App, method: &str, path: &str, headers: &[(&str, &str)], now: Timestamp) -> Got {
    let host = [("Host", "localhost")];
    let all = host.iter().filter(|_| !headers.iter().any(|(name, _)| *name == "Host")).chain(headers);
    let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Request::fake_http(method, path, all, Vec::new());
    let response = app::handle_at(now, &app.site, &request);
    let mut body = Vec::new();
    let (mut reader, _) = response.data.into_reader_and_size();
    std::io::Read::read_to_end(&mut reader, &mut body).expect("it is in memory");
    let headers = response.headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
    Got {
        status: response.status_code,
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Something that happens; the numbers choose a user, a post and a comment among those that there are.
#[derive(Debug, Clone, Copy)]
enum Event {
    Post(usize, Option<&'static str>),
    Comment(usize, usize, bool),
    VoteForPost(usize, usize, bool),
    VoteForComment(usize, usize),
    Change(usize, Option<&'static str>),
    ChangeText(usize),
    ReplaceText(usize),
    ChangeComment(usize),
    Delete(usize),
    DeleteComment(usize),
    DestroyComments(usize),
    Rename(usize),
    Admin(usize),
    DeleteUser(usize),
    Remove(usize),
    Lock(usize),
    Reason(usize),
    Fail(usize),
    ByAnotherProcess(usize),
    Visit(usize, usize),
    Save(usize, usize),
    SaveComment(usize, usize),
    Hide(usize, usize),
    Mute(usize, usize),
    MuteSite(usize, &'static str),
    MuteTag(usize),
    Retag(usize, bool),
    Follow(usize, usize),
    Unsave(usize),
    Draft(usize, usize),
    Flag(usize, usize),
    FlagComment(usize, usize),
    Ban(usize),
    RemoveComment(usize),
    Judge(usize),
    JudgeComment(usize),
    UndoComment(usize),
    Index,
    Nothing,
}

fn event() -> impl Strategy<Value = Event> {
    let (a, b) = (0..6_usize, 0..6_usize);
    let site = || prop::option::of(select(&SITES[..]));
    // By the member, or by another user.
    let own = prop_oneof![
        (0..2_usize, 0..3_usize).prop_map(|(user, post)| Event::Save(user, post)),
        (0..2_usize, b.clone()).prop_map(|(user, comment)| Event::SaveComment(user, comment)),
        (0..2_usize, b.clone()).prop_map(|(user, post)| Event::Hide(user, post)),
        (0..2_usize, b.clone()).prop_map(|(user, other)| Event::Mute(user, other)),
        (0..2_usize, select(&SITES[..])).prop_map(|(user, site)| Event::MuteSite(user, site)),
        (0..2_usize).prop_map(Event::MuteTag),
        (0..3_usize, any::<bool>()).prop_map(|(post, is_tagged)| Event::Retag(post, is_tagged)),
        (0..2_usize, 0..3_usize).prop_map(|(user, post)| Event::Draft(user, post)),
    ];
    let others = prop_oneof![
        (a.clone(), site()).prop_map(|(user, site)| Event::Post(user, site)),
        (a.clone(), b.clone(), any::<bool>())
            .prop_map(|(user, post, reply)| Event::Comment(user, post, reply)),
        (a.clone(), b.clone(), any::<bool>())
            .prop_map(|(user, post, cast)| Event::VoteForPost(user, post, cast)),
        (a.clone(), b.clone()).prop_map(|(user, comment)| Event::VoteForComment(user, comment)),
        (a.clone(), site()).prop_map(|(post, site)| Event::Change(post, site)),
        a.clone().prop_map(Event::ChangeText),
        a.clone().prop_map(Event::ReplaceText),
        a.clone().prop_map(Event::ChangeComment),
        a.clone().prop_map(Event::Delete),
        a.clone().prop_map(Event::DeleteComment),
        a.clone().prop_map(Event::DestroyComments),
        a.clone().prop_map(Event::Rename),
        a.clone().prop_map(Event::Admin),
        a.clone().prop_map(Event::DeleteUser),
        a.clone().prop_map(Event::Remove),
        a.clone().prop_map(Event::Lock),
        a.clone().prop_map(Event::Reason),
        a.clone().prop_map(Event::Fail),
        a.clone().prop_map(Event::ByAnotherProcess),
        (a.clone(), b.clone()).prop_map(|(user, post)| Event::Visit(user, post)),
        (a.clone(), b.clone()).prop_map(|(user, other)| Event::Follow(user, other)),
        a.clone().prop_map(Event::Unsave),
        (a.clone(), b.clone()).prop_map(|(user, post)| Event::Flag(user, post)),
        (a.clone(), b.clone()).prop_map(|(user, comment)| Event::FlagComment(user, comment)),
        a.clone().prop_map(Event::Ban),
        a.clone().prop_map(Event::RemoveComment),
        a.clone().prop_map(Event::Judge),
        a.clone().prop_map(Event::JudgeComment),
        a.clone().prop_map(Event::UndoComment),
        Just(Event::Index),
        Just(Event::Nothing),
    ];
    prop_oneof![2 => others, 1 => own]
}

/// The id of the n-th row of a table, counted around; the newest come first.
fn nth(connection: &Connection, table: &str, number: usize) -> rusqlite::Result<i64> {
    let sql = format!(
        "SELECT id FROM {table} ORDER BY id DESC LIMIT 1 OFFSET ?1 % max(1, (SELECT count(*) FROM {table}))"
    );
    Ok(connection.query_row(&sql, [i64::try_from(number).unwrap_or(0)], |row| row.get(0)).unwrap_or(0))
}

fn address(site: Option<&str>, number: i64) -> String {
    site.map_or_else(String::new, |site| format!("https://{site}/{number}"))
}

/// Hides something for a user, or shows it again if it is hidden.
fn hide(
    connection: &Connection,
    user_id: UserId,
    what: &Hidden,
    now: Timestamp,
) -> rusqlite::Result<hiding::Outcome> {
    let is_hidden = hiding::sql::has(connection, user_id, what)?;
    hiding::sql::set(connection, user_id, what, !is_hidden, now)
}

fn happen(pair: &Pair, event: Event, now: Timestamp) {
    let unique = now.as_micros();
    let work = move |connection: &Connection| -> rusqlite::Result<()> {
        // Few users, so that the member is among them.
        let user = |number| Ok::<_, rusqlite::Error>(UserId::new(nth(connection, "users", number % 5)?));
        let post = |number| Ok::<_, rusqlite::Error>(PostId::new(nth(connection, "posts", number)?));
        let comment = |number| Ok::<_, rusqlite::Error>(CommentId::new(nth(connection, "comments", number)?));
        let run = |sql: &str, id: i64| connection.execute(sql, params![id, unique]).map(drop);
        match event {
            Event::Post(by, site) => {
                let link = link::parse(&address(site, unique)).ok();
                let title = if by % 2 == 0 { format!("Post {unique}") } else { format!("Ask: post {unique}") };
                let new = NewPost {
                    user_id: user(by)?,
                    title: &title,
                    link: link.as_ref(),
                    description: "",
                    created_at: now,
                };
                post::sql::create(connection, &new)?.map(drop).unwrap_or_default();
            }
            Event::Comment(by, on, is_reply) => {
                let parent: Option<CommentId> = connection.query_row(
                    "SELECT max(id) FROM comments WHERE post_id = ?1 AND deleted_at IS NULL",
                    [post(on)?],
                    |row| row.get(0),
                )?;
                let body = format!("Comment {unique}");
                let parent_id = parent.filter(|_| is_reply);
                let new = NewComment {
                    post_id: post(on)?,
                    parent_id,
                    user_id: user(by)?,
                    body: &body,
                    created_at: now,
                };
                comment::sql::create(connection, &new)?;
            }
            Event::VoteForPost(by, on, is_cast) => {
                let vote = if is_cast { Vote::Cast } else { Vote::Withdrawn };
                vote::sql::change(connection, user(by)?, Target::Post(post(on)?), vote, now)?;
            }
            Event::VoteForComment(by, on) => {
                vote::sql::change(connection, user(by)?, Target::Comment(comment(on)?), Vote::Cast, now)?;
            }
            Event::Change(of, site) => {
                let url = address(site, unique);
                let start = ["Changed", "Ask:", "Show LN:"][of % 3];
                let content = Content { title: format!("{start} {unique}"), url, ..Content::default() };
                post::sql::update(connection, post(of)?, &Content::default(), &content, now)?;
            }
            Event::ChangeText(of) => {
                run("UPDATE descriptions SET text = 'Text ' || ?2 WHERE post_id = ?1", post(of)?.get())?
            }
            Event::ReplaceText(of) => {
                run(
                    "REPLACE INTO descriptions SELECT id, 'Other text ' || ?2 FROM posts WHERE id = ?1",
                    post(of)?.get(),
                )?;
            }
            Event::ChangeComment(of) => {
                comment::sql::update(connection, comment(of)?, &format!("Changed {unique}"), now)?;
            }
            Event::Delete(of) => post::sql::destroy(connection, post(of)?)?,
            Event::DeleteComment(of) => drop(comment::sql::destroy(connection, comment(of)?, now)?),
            Event::DestroyComments(of) => {
                run("DELETE FROM comments WHERE post_id = ?1 AND ?2 > 0", post(of)?.get())?
            }
            Event::Rename(of) => {
                run(
                    "UPDATE users SET screen_name = 'n' || ?2, folded_name = 'n' || ?2 WHERE id = ?1",
                    user(of)?.get(),
                )?;
            }
            Event::Admin(of) => {
                run("UPDATE users SET is_admin = 1 - is_admin WHERE id = ?1 AND ?2 > 0", user(of)?.get())?
            }
            Event::DeleteUser(of) => run("DELETE FROM users WHERE id = ?1 AND ?2 > 0", user(of)?.get())?,
            Event::Remove(of) => {
                run("UPDATE posts SET removed_at = ?2, deleted_at = ?2 WHERE id = ?1", post(of)?.get())?
            }
            Event::Lock(of) => run("UPDATE posts SET locked_at = ?2 WHERE id = ?1", post(of)?.get())?,
            Event::Reason(of) => run(
                "INSERT INTO acts (created_at, verb, noun, post_id, reason) VALUES (?2, 'lock', 'post', ?1, 'Reason ' || ?2)",
                post(of)?.get(),
            )?,
            Event::Fail(of) => {
                run("UPDATE posts SET title = 'Never' || ?2 WHERE id = ?1", post(of)?.get())?;
                return Err(rusqlite::Error::InvalidQuery);
            }
            Event::ByAnotherProcess(of) => {
                run("UPDATE posts SET title = 'From outside ' || ?2 WHERE id = ?1", post(of)?.get())?;
            }
            Event::Visit(by, to) => visit::sql::record(connection, user(by)?, post(to)?, now)?,
            Event::Save(by, which) => drop(connection.execute(
                "REPLACE INTO saved_posts SELECT users.id, posts.id, ?3 FROM users, posts WHERE users.id = ?1 AND posts.id = ?2",
                params![user(by)?, post(which)?, unique],
            )?),
            Event::SaveComment(by, which) => drop(connection.execute(
                "REPLACE INTO saved_comments SELECT users.id, comments.id, ?3 FROM users, comments \
                 WHERE users.id = ?1 AND comments.id = ?2",
                params![user(by)?, comment(which)?, unique],
            )?),
            Event::Hide(by, which) => drop(hide(connection, user(by)?, &Hidden::Post(post(which)?), now)?),
            Event::Mute(by, whom) => drop(hide(connection, user(by)?, &Hidden::User(user(whom)?), now)?),
            Event::MuteSite(by, site) => drop(hide(connection, user(by)?, &Hidden::Site(site.to_owned()), now)?),
            Event::MuteTag(by) => drop(hide(connection, user(by)?, &Hidden::Tag("rust".to_owned()), now)?),
            Event::Retag(of, is_tagged) => lorem_news::tag::sql::set(connection, post(of)?, if is_tagged { "rust web" } else { "" })?,
            Event::Follow(by, whom) => drop(follow::sql::set(connection, user(by)?, user(whom)?, true)?),
            Event::Unsave(by) => run("DELETE FROM saved_posts WHERE user_id = ?1 AND ?2 > 0", user(by)?.get())?,
            Event::Draft(by, on) => {
                draft::sql::keep_comment(connection, user(by)?, post(on)?, "A draft", &Content::default())?;
            }
            Event::Flag(by, which) => {
                run("INSERT INTO cases (created_at, post_id) VALUES (?2, ?1) ON CONFLICT DO NOTHING", post(which)?.get())?;
                connection.execute(
                    "REPLACE INTO flags SELECT cases.id, ?1, ?2, 'Reason' FROM cases WHERE post_id = ?3",
                    params![user(by)?, unique, post(which)?],
                )?;
            }
            Event::FlagComment(by, which) => {
                run("INSERT INTO cases (created_at, comment_id) VALUES (?2, ?1) ON CONFLICT DO NOTHING", comment(which)?.get())?;
                connection.execute(
                    "REPLACE INTO flags SELECT cases.id, ?1, ?2, 'Reason' FROM cases WHERE comment_id = ?3",
                    params![user(by)?, unique, comment(which)?],
                )?;
            }
            Event::Ban(of) => run("UPDATE users SET banned_at = iif(banned_at IS NULL, ?2, NULL) WHERE id = ?1", user(of)?.get())?,
            Event::RemoveComment(of) => {
                run("UPDATE comments SET removed_at = ?2, deleted_at = ?2 WHERE id = ?1", comment(of)?.get())?
            }
            // Of what is removed it says by whom.
            Event::Judge(of) => run(
                "INSERT INTO verdicts (created_at, post_id, is_dead) SELECT ?2, id, 1 FROM posts WHERE id = ?1 \
                 ON CONFLICT (post_id) DO UPDATE SET is_dead = 1 - is_dead",
                post(of)?.get(),
            )?,
            Event::JudgeComment(of) => run(
                "INSERT INTO verdicts (created_at, comment_id, is_dead) SELECT ?2, id, 1 FROM comments WHERE id = ?1 \
                 ON CONFLICT (comment_id) DO UPDATE SET is_dead = 1 - is_dead",
                comment(of)?.get(),
            )?,
            Event::UndoComment(of) => run(
                "UPDATE comments SET removed_at = NULL, deleted_at = NULL, gone_at = NULL WHERE id = ?1 AND ?2 > 0",
                comment(of)?.get(),
            )?,
            Event::Index => drop(search::sql::index_step(connection)?),
            Event::Nothing => {}
        }
        Ok(())
    };
    match event {
        Event::ByAnotherProcess(_) => work(&pair.other).expect("the other process writes"),
        Event::Fail(_) => drop(pair.keeping.site.db.write(work)),
        _ => pair.write(work),
    }
}

/// The pages of [`pages`]; the last eight are those of posts.
const PAGES: usize = 30;

/// The pages that are kept, of which each history looks at some.
fn pages(connection: &Connection, number: usize) -> String {
    let post = nth(connection, "posts", number / PAGES % 3).unwrap_or(0);
    match number % PAGES {
        0 => "/".to_owned(),
        1 => "/posts".to_owned(),
        2 => ["/ask", "/show", "/best"][number / 20 % 3].to_owned(),
        3 => "/best/day".to_owned(),
        4 => "/best/all".to_owned(),
        5 => format!("/from?site={}", SITES[number % 2]),
        6 => "/posts.atom".to_owned(),
        7 => "/front.atom".to_owned(),
        8 => format!("/posts/{post}.atom"),
        9 => {
            let key: i64 = connection
                .query_row("SELECT coalesce(max(hotness), 0) FROM posts", [], |row| row.get(0))
                .unwrap_or(0);
            format!("/?after={}-{post}", key - 1)
        }
        10 => "/search?q=post".to_owned(),
        11 => "/search?q=text+comment".to_owned(),
        12 => "/search.atom?q=changed".to_owned(),
        // Not kept, but made of pieces.
        15 => "/saved".to_owned(),
        13 | 14 => format!("/users/{}", nth(connection, "users", number / PAGES % 5).unwrap_or(0)),
        16 => "/comments".to_owned(),
        17 => format!("/comments?after=1-{}", nth(connection, "comments", 2).unwrap_or(0)),
        20 => "/comments/followed".to_owned(),
        21 => format!(
            "/threads?id={}",
            name_of(connection, nth(connection, "users", number / PAGES).unwrap_or(0))
        ),
        18 => "/past".to_owned(),
        19 => format!("/past?day=2027-01-{:02}", 15 + number / PAGES),
        _ => format!("/posts/{post}"),
    }
}

/// The answers for programs that are kept.
fn answers(connection: &Connection, number: usize) -> String {
    let item = |target| format!("/v0/item/{}.json", ItemNumber::of(target).get());
    let nth = |table| nth(connection, table, number / 13).unwrap_or(0);
    let list = |name: &str| format!("/v0/{name}stories.json");
    match number % 13 {
        0..=2 => item(Target::Comment(CommentId::new(nth("comments")))),
        3..=4 => item(Target::Post(PostId::new(nth("posts")))),
        5 => "/v0/updates.json".to_owned(),
        6 => "/v0/maxitem.json".to_owned(),
        7 => list(["ask", "show"][number / 13 % 2]),
        8 => list(["top", "best"][number / 13 % 2]),
        9 => "/api/v1/search?query=post&tags=(story,ask_hn)".to_owned(),
        10 => "/api/v1/search_by_date?hitsPerPage=5".to_owned(),
        11 => format!("/api/v1/items/{}", ItemNumber::of(Target::Post(PostId::new(nth("posts")))).get()),
        _ => list("new"),
    }
}

/// Lets a history happen and looks at pages after each event.
fn check(
    pair: &Pair,
    history: &[(Event, u64, Vec<usize>)],
    pages: fn(&Connection, usize) -> String,
) -> Result<(), TestCaseError> {
    // Microseconds of a whole second: ages change at fractions of it.
    let mut now = Timestamp::from_micros(1_800_000_000_000_000);
    for (event, seconds, looks) in history {
        for number in looks {
            pair.all_differing(&pages(&pair.other, *number), now)?;
        }
        now = now + Duration::from_secs(*seconds) + Duration::from_micros(1);
        happen(pair, *event, now);
        for number in looks {
            pair.all_differing(&pages(&pair.other, *number), now)?;
        }
    }
    Ok(())
}

fn history() -> impl Strategy<Value = Vec<(Event, u64, Vec<usize>)>> {
    history_of(event())
}

fn history_of(event: impl Strategy<Value = Event>) -> impl Strategy<Value = Vec<(Event, u64, Vec<usize>)>> {
    let seconds = prop_oneof![5 => Just(0_u64), 1 => 0..120_u64, 1 => Just(3600), 1 => 0..90_000_u64, 1 => Just(40 * 86_400)];
    vec((event, seconds, vec(0..6 * PAGES, 1..5)), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn a_copy_is_what_rendering_the_page_would_give(history in history()) {
        check(&Pair::new(), &history, pages)?;
    }

    #[test]
    fn an_answer_for_programs_is_what_making_it_would_give(history in history()) {
        check(&Pair::new(), &history, answers)?;
    }
}

/// A post by user 1 with votes of the next users.
fn voted_post(pair: &Pair, title: &'static str, votes: i64, created_at: Timestamp) {
    pair.write(move |connection| {
        let new = NewPost { user_id: UserId::new(1), title, link: None, description: "", created_at };
        let id = post::sql::create(connection, &new)?.expect("the title is free");
        for user in 2..2 + votes {
            vote::sql::change(connection, UserId::new(user), Target::Post(id), Vote::Cast, created_at)?;
        }
        while search::sql::index_step(connection)? {}
        Ok(())
    });
}

#[test]
fn a_list_changes_when_a_post_leaves_its_period() {
    let (pair, at) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    voted_post(&pair, "A post of a day", 1, at);
    // Its age says "1 day" before and after.
    for (now, is_there) in [
        (at + DAY - Duration::from_secs(20), true),
        (at + DAY, true),
        (at + DAY + Duration::from_micros(1), false),
    ] {
        let got = get(&pair.keeping, "/best/day", &[], now);
        assert_eq!(got.body.contains("A post of a day"), is_there, "{now:?}");
        assert_eq!(got, get(&pair.fresh, "/best/day", &[], now));
    }
}

#[test]
fn a_ranking_changes_when_two_results_change_places() {
    let (pair, at) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    // 1 / (1 + age) against 2 / (1 + age), in months: equal after 1.5 days.
    voted_post(&pair, "Zymurgy young", 0, at);
    voted_post(&pair, "Zymurgy old", 1, at - Duration::from_hours(24 * 63 / 2));
    let swap = at + Duration::from_hours(36);
    for (now, first) in [(swap - Duration::from_secs(30), "young"), (swap + Duration::from_secs(30), "old")] {
        let got = get(&pair.keeping, "/search?q=zymurgy", &[], now);
        let found: Vec<&str> = got.body.split("</mark> ").skip(1).map(|rest| &rest[..first.len()]).collect();
        assert_eq!(found.first(), Some(&first), "{now:?} {found:?}");
        assert_eq!(got, get(&pair.fresh, "/search?q=zymurgy", &[], now));
    }
}

/// The number of requests by what became of them, for a route.
fn outcomes(site: &Site, route: &str) -> [u64; 3] {
    let metrics = site.get("/metrics");
    ["hit", "miss", "pass"].map(|outcome| {
        let name = format!("lorem_news_kept_pages_total{{route=\"{route}\",outcome=\"{outcome}\"}} ");
        let value = metrics.text().lines().find_map(|line| line.strip_prefix(&*name)?.parse().ok());
        value.unwrap_or_default()
    })
}

#[test]
fn a_copy_is_for_every_guest_or_for_one_member() {
    let site = Site::start();
    let page = site.get("/");
    assert_eq!(outcomes(&site, "/"), [0, 1, 0]);
    let tag = page.header("ETag").expect("a page has one").to_owned();
    let is_copy = |headers: &[(&str, &str)], method: &str, status: u16| {
        let before = outcomes(&site, "/");
        let answer = site.ask(method, "/", headers);
        assert_eq!(answer.status, status, "{headers:?}");
        let after = outcomes(&site, "/");
        assert_eq!(after.iter().sum::<u64>(), before.iter().sum::<u64>() + 1);
        after[0] > before[0]
    };
    // Whatever does not choose another page.
    for headers in [
        &[][..],
        &[("Cookie", "session=17-0123")],
        &[("Cookie", "theme=unknown; something=else")],
        &[("User-Agent", "another"), ("Accept-Language", "de"), ("Referer", "http://localhost/")],
        &[("If-None-Match", "\"another\"")],
    ] {
        assert!(is_copy(headers, "GET", 200), "{headers:?}");
    }
    assert!(is_copy(&[("If-None-Match", &tag)], "GET", 304));
    assert!(is_copy(&[], "HEAD", 200));
    // Whatever does: each is kept for itself.
    for headers in [[("Accept-Encoding", "gzip")], [("Cookie", "theme=dark")], [("Cookie", "keys=off")]] {
        assert!(!is_copy(&headers, "GET", 200), "{headers:?}");
        assert!(is_copy(&headers, "GET", 200), "{headers:?}");
    }
    // A member's copies are for that member, in that session.
    let (client, other) = (Client::signed_in(&site), Client::signed_in_as(&site, 2));
    eventually("copies are sent again", || is_copy(&[], "GET", 200).then_some(()));
    for reader in [&client, &other] {
        let before = outcomes(&site, "/");
        let [first, second] = [(); 2].map(|()| reader.get("/").text().to_owned());
        assert!(first == second && first.contains(&format!("/users/{}", reader.user_id)));
        let after = outcomes(&site, "/");
        assert_eq!((after[0] - before[0], after[1] - before[1]), (1, 1));
    }
    // A notice and a fragment are sent once.
    let guest = Client::new(&site);
    guest.set_cookie("flash", "signed-out");
    let before = outcomes(&site, "/");
    assert!(guest.get("/").text().contains("logged out"));
    assert!(!is_copy(&[("HX-Request-Type", "partial")], "GET", 200));
    assert_eq!(outcomes(&site, "/")[2], before[2] + 2);
    // A write is seen by the next request.
    // The client was made by another connection, of which the site has to learn first.
    eventually("copies are sent again", || is_copy(&[], "GET", 200).then_some(()));
    assert_eq!(client.post("/posts", &[("title", "The newest of all")]).status, 303);
    assert!(!is_copy(&[], "GET", 200));
    assert!(site.get("/").text().contains("The newest of all"));
}

#[test]
fn the_next_session_with_a_number_does_not_get_the_copies_of_the_last() {
    let site = Site::start();
    let database = site.database();
    let mut sessions = Vec::new();
    for user_id in [1, 2] {
        // The site itself signs in, so that nothing but the page's own topics ends a copy.
        let client = Client::new(&site);
        assert_eq!(client.sign_in(&name_of(&database, user_id)).status, 303);
        sessions.push(number(&database, "SELECT max(id) FROM sessions"));
        assert_eq!(client.get("/").status, 200, "it shows the notice");
        let own = format!("class=\"self\" href=\"/users/{user_id}\"");
        for turn in ["made", "kept"] {
            assert!(client.get("/posts").text().contains(&own), "{turn} for user {user_id}");
        }
        let path = format!("/sessions/{}", sessions[sessions.len() - 1]);
        assert_eq!(client.post(&path, &[("_method", "delete")]).status, 303);
    }
    assert_eq!(sessions[0], sessions[1], "the number is given again");
    assert_eq!(outcomes(&site, "/posts"), [2, 2, 0]);
}

#[test]
fn whether_there_are_more_is_right() {
    let (pair, now) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    let more = |page: &str| get(&pair.keeping, page, &[], now).body.contains("More posts");
    for _ in 0..3 {
        let before = ["/", "/posts"].map(more);
        assert_eq!(
            before,
            ["/", "/posts"].map(|page| get(&pair.fresh, page, &[], now).body.contains("More posts"))
        );
        pair.write(|connection| {
            let oldest = connection.query_row("SELECT min(id) FROM posts", [], |row| row.get(0))?;
            post::sql::destroy(connection, PostId::new(oldest))
        });
    }
    assert_eq!(["/", "/posts"].map(more), [false, false]);
}

#[test]
fn a_feed_sets_no_cookie() {
    let site = Site::start();
    let client = Client::signed_in_as(&site, 1);
    let former = client.cookie("session").expect("a session");
    eventually("a copy is sent", || {
        let answer = site.ask("GET", "/posts.atom", &[("Cookie", &format!("session={former}; theme=dark"))]);
        assert_eq!((answer.status, answer.header("Set-Cookie")), (200, None));
        (outcomes(&site, "/posts.atom")[0] > 0).then_some(())
    });
}

#[test]
fn a_copy_is_for_its_host_and_its_scheme() {
    let (pair, now) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    for host in ["news.example", "localhost", "news.example"] {
        pair.differing("/posts/1", &[("Host", host)], now).expect("it is right");
        assert!(
            get(&pair.keeping, "/posts/1", &[("Host", host)], now).body.contains(&format!("http://{host}/"))
        );
    }
    for secure in [false, true, false] {
        let headers = vec![("Host".to_owned(), "localhost".to_owned())];
        let request = if secure {
            Request::fake_https("GET", "/posts/1", headers, Vec::new())
        } else {
            Request::fake_http("GET", "/posts/1", headers, Vec::new())
        };
        let response = app::handle_at(now, &pair.keeping.site, &request);
        let is_strict = response.headers.iter().any(|(name, _)| name == "Strict-Transport-Security");
        assert_eq!(is_strict, secure);
    }
}

#[test]
fn a_page_has_no_pieces_of_a_later_state() {
    let (pair, now) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    let site = &pair.keeping.site;
    let request = Request::fake_http("GET", "/", Vec::new(), Vec::new());
    // The row of post 1, as a page of that snapshot shows it.
    let row = |pieces: &Pieces| -> rusqlite::Result<String> {
        let rows = post::handlers::rows::of_posts(pieces, None, [PostId::new(1)].into_iter())?;
        Ok(post::views::rows(&rows, None, pieces.clock(), None).into_string().expect("it is rendered"))
    };
    let shows_later = |pieces: &Pieces| {
        assert!(row(pieces)?.contains("The title of later"));
        Ok(())
    };
    let read = |work: &dyn Fn(&Pieces) -> rusqlite::Result<()>| {
        let timing = Timing::start();
        Cx::at(now, site, &request, &timing).read_pieces(work).expect("it is read");
    };
    // The site learns of what another process has written.
    pair.write(|_| Ok(()));
    read(&|pieces| {
        let before = row(pieces)?;
        pair.write(|connection| {
            connection.execute("UPDATE posts SET title = 'The title of later' WHERE id = 1", [])
        });
        // Asked for twice, it is kept.
        for _ in 0..2 {
            read(&shows_later);
        }
        assert_eq!(row(pieces)?, before);
        Ok(())
    });
    read(&shows_later);
}

#[test]
fn the_page_of_a_user_has_the_comments_of_now() {
    let (pair, now) = (Pair::new(), Timestamp::from_micros(1_800_000_000_000_000));
    let user_id = pair.write(move |connection| {
        let new = NewUser { screen_name: "commenter", password_hash: "", about: "", created_at: now };
        Ok(user::sql::create(connection, &new)?.expect("the name is free"))
    });
    let path = format!("/users/{user_id}");
    for post_id in 1..=5 {
        // On a post that the list does not show yet.
        pair.write(move |connection| {
            let body = format!("A comment on post {post_id}");
            let post_id = PostId::new(post_id);
            let new = NewComment { post_id, parent_id: None, user_id, body: &body, created_at: now };
            comment::sql::create(connection, &new)
        });
        let page = get(&pair.keeping, &path, &[], now);
        assert!(page.body.contains(&format!("A comment on post {post_id}")), "{}", page.body);
        for _ in 0..2 {
            pair.differing(&path, &[], now).expect("it is right");
        }
    }
}

#[test]
fn without_room_nothing_is_kept() {
    let site = Site::with(20, |config| config.cache_mb = 0);
    assert_eq!(site.get("/").text(), site.get("/").text());
    let metrics = site.get("/metrics");
    for kept in ["kept_pages_bytes", "kept_pieces_bytes"] {
        assert!(!metrics.text().contains(kept), "{kept}");
    }
}

/// The triggers without which a copy is stale, in their order in `changes/sql.rs`, each with an event that needs it.
const NEEDED: [(&str, &str, Event); 14] = [
    ("posts", "INSERT", Event::Post(0, None)),
    ("posts", "UPDATE", Event::Change(0, None)),
    ("posts", "UPDATE OF hotness", Event::VoteForPost(1, 0, true)),
    ("descriptions", "UPDATE", Event::ChangeText(0)),
    ("comments", "UPDATE", Event::ChangeComment(0)),
    ("users", "UPDATE OF id", Event::Rename(0)),
    ("acts", "INSERT", Event::Reason(0)),
    ("saved_posts", "INSERT", Event::Save(0, 0)),
    ("saved_comments", "INSERT", Event::SaveComment(0, 0)),
    ("hidden_posts", "INSERT", Event::Hide(0, 0)),
    ("muted_users", "INSERT", Event::Mute(0, 1)),
    ("muted_sites", "INSERT", Event::MuteSite(0, SITES[0])),
    ("muted_tags", "INSERT", Event::MuteTag(0)),
    ("comment_drafts", "INSERT", Event::Draft(0, 0)),
];

/// The names of the temporary triggers for an event on a table.
fn triggers(pair: &Pair, table: &'static str, event: &'static str) -> Vec<String> {
    let pattern = format!("% AFTER {event}%ON main.{table} %");
    pair.write(move |connection| {
        let sql = "SELECT name, sql FROM temp.sqlite_schema WHERE type = 'trigger' AND sql LIKE ?1";
        let rows: Vec<(String, String)> = connection
            .prepare(sql)?
            .query_map([&pattern], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let of_all_columns = |sql: &str| !sql.contains(" OF ");
        let wanted = rows.into_iter().filter(|(_, sql)| event.contains(" OF") || of_all_columns(sql));
        Ok(wanted.map(|(name, _)| name).collect())
    })
}

#[test]
fn the_histories_find_a_change_that_nothing_tells() {
    for (table, event, needs) in NEEDED {
        let config = ProptestConfig {
            max_shrink_iters: 0,
            failure_persistence: None,
            ..ProptestConfig::with_cases(200)
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        // Every second event is one that needs the trigger.
        let history = history_of(prop_oneof![self::event(), Just(needs)]);
        let outcome = TestRunner::new_with_rng(config, rng).run(&history, |history| {
            let pair = Pair::new();
            let names = triggers(&pair, table, event);
            prop_assert_eq!(names.len(), 1, "{} {}", table, event);
            pair.write(move |connection| {
                connection.execute_batch(&format!("DROP TRIGGER temp.{}", names[0]))
            });
            check(&pair, &history, pages)
        });
        let is_stale = |why: &TestError<_>| why.to_string().contains(" is stale ");
        assert!(outcome.as_ref().is_err_and(is_stale), "{table}, {event}: {outcome:?}");
    }
}

#[test]
fn nobody_sees_the_state_before_what_somebody_has_seen() {
    const WRITES: usize = 300;
    let pair = Pair::new();
    let (site, now) = (&pair.keeping.site, Timestamp::from_micros(1_800_000_000_000_000));
    let (seen, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let comments = |page: &Got| -> usize {
        let number =
            page.body.split("comments_heading").nth(2).and_then(|rest| rest.split(['>', ' ']).nth(2));
        number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{}", page.body))
    };
    let before = comments(&get(&pair.keeping, "/posts/1", &[], now));
    // Guests get copies of whole pages, members pages that are made of pieces.
    let member = [("Cookie", &*pair.cookie)];
    thread::scope(|scope| {
        for headers in [&[][..], &[], &member, &member] {
            let (keeping, seen, is_over) = (&pair.keeping, &seen, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let told = seen.load(Ordering::SeqCst);
                    let found = comments(&get(keeping, "/posts/1", headers, now)) - before;
                    assert!(found >= told, "{found} comments after {told} were seen");
                    seen.fetch_max(found, Ordering::SeqCst);
                }
            });
        }
        for number in 0..WRITES {
            let body = format!("Comment {number}");
            site.db
                .write(move |connection| {
                    let new = NewComment {
                        post_id: PostId::new(1),
                        parent_id: None,
                        user_id: UserId::new(1),
                        body: &body,
                        created_at: now,
                    };
                    comment::sql::create(connection, &new)
                })
                .expect("it is written");
            seen.fetch_max(number + 1, Ordering::SeqCst);
        }
        is_over.store(true, Ordering::SeqCst);
    });
}

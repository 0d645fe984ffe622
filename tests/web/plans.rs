//! Query plans: every statement finds its rows by an index, whatever the size of the tables.

use std::cell::RefCell;
use std::collections::BTreeSet;

use lorem_news::admin::{self, Who};
use lorem_news::api_token::{self, CreateOutcome, Wish};
use lorem_news::auth::{self, token::Secret};
use lorem_news::comment::sql::Deletion;
use lorem_news::comment::sql::discussion::Discussion;
use lorem_news::comment::{self, CommentStatus, NewComment, ReplyTarget};
use lorem_news::dead;
use lorem_news::deletion::sql::burial;
use lorem_news::deletion::{self, UndoOutcome};
use lorem_news::device;
use lorem_news::draft::{self, NewDraft};
use lorem_news::feed;
use lorem_news::flag::{self, FlagOutcome, NewFlag};
use lorem_news::follow;
use lorem_news::hiding::{self, Hidden};
use lorem_news::hint;
use lorem_news::hn_api;
use lorem_news::hn_search;
use lorem_news::inbox;
use lorem_news::invitation::{self, Top, Withdrawal};
use lorem_news::mail::{self, Replies};
use lorem_news::moderation::{self, Decision, ModerationAction, Outcome, Subject};
use lorem_news::post::best::Period;
use lorem_news::post::day::Day;
use lorem_news::post::{self, Content, Holder, Holders, ListedRow, NewPost, PostKind, UpdateOutcome};
use lorem_news::reset::{self, Maker};
use lorem_news::saved::{self, SaveAction};
use lorem_news::search::query::{Kind, Query};
use lorem_news::search::{self, Order};
use lorem_news::session::{self, NewSession};
use lorem_news::site_api;
use lorem_news::site_api::sql::{KeyedRequest, Known, Made};
use lorem_news::sitemap;
use lorem_news::types::cursor::START;
use lorem_news::types::id::{CommentId, InvitationId, PostId, SessionId, UserId};
use lorem_news::types::time::{Clock, MINUTE, Timestamp};
use lorem_news::user::look_alike::ComparedName;
use lorem_news::user::sql::names;
use lorem_news::user::{self, NewUser};
use lorem_news::version;
use lorem_news::visit;
use lorem_news::vote::Target;
use lorem_news::web::Viewer;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::harness::*;

const LONG_AGO: Timestamp = Timestamp::from_micros(1);
const USER: UserId = UserId::new(1);
const POST: PostId = PostId::new(1);
const OTHER_POST: PostId = PostId::new(2);
const COMMENT: CommentId = CommentId::new(1);

thread_local!(static STATEMENTS: RefCell<BTreeSet<String>> = RefCell::default());

fn record(event: TraceEvent) {
    if let TraceEvent::Stmt(statement, _) = event {
        STATEMENTS.with_borrow_mut(|statements| statements.insert(statement.sql().into_owned()));
    }
}

/// The SQL of the statements that `work` runs, without values.
fn statements(connection: &Connection, work: impl FnOnce(&Connection)) -> BTreeSet<String> {
    STATEMENTS.take();
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(record));
    work(connection);
    connection.trace_v2(TraceEventCodes::empty(), None);
    STATEMENTS.take()
}

/// The lines of the statement's query plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let mut statement = connection.prepare(&explain).expect(sql);
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().expect(sql) {
        lines.push(row.get(3).expect("the fourth column is the text"));
    }
    lines
}

/// Whether a line of a plan reads a whole table. A query without FROM scans one constant row, and a
/// subquery, also one with a name, has its own lines; `ids` are those that the caller gives. FTS5 marks a search for words with `M` and one for a rowid with `=`; a scan
/// of its vocabulary that begins at a word has the bit 512 (`FTS5VOCAB_TERM_GE`).
fn scans(line: &str) -> bool {
    let looks_up = line.split_once(" VIRTUAL TABLE INDEX ").is_some_and(|(_, how)| {
        let number: u32 = how.split(':').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        how.ends_with(":M1") || how.ends_with(":=") || (line.contains("_terms ") && number & 512 != 0)
    });
    let is_one = line == "SCAN CONSTANT ROW"
        || line.starts_with("SCAN (subquery")
        || line == "SCAN in_inbox"
        || line.starts_with("SCAN ids VIRTUAL");
    line.starts_with("SCAN") && !is_one && !looks_up
}

fn assert_found_by_index(connection: &Connection, statements: &BTreeSet<String>) {
    for sql in statements {
        for line in plan(connection, sql) {
            assert!(!line.contains("USE TEMP B-TREE"), "{line}\n{sql}");
            assert!(!scans(&line), "{line}\n{sql}");
        }
    }
}

fn database() -> (tempfile::TempDir, Connection) {
    let (folder, path) = folder();
    seeded(&path, 50);
    (folder, open(&path))
}

fn lists(connection: &Connection) {
    post::sql::hottest(connection, START, 30).expect("the hottest");
    post::sql::newest(connection, START, 30).expect("the newest");
    post::sql::of_kind(connection, PostKind::Ask, START, 30).expect("those that ask");
    post::sql::of_user(connection, USER, START, 30).expect("a user's posts");
    post::sql::of_site(connection, "example.com", START, 30).expect("a site's posts");
    post::sql::best(connection, Period::All, &Clock::at(Timestamp::now()), START, 30)
        .expect("the best of all time");
    post::sql::best(connection, Period::Week, &Clock::at(Timestamp::now()), START, 30)
        .expect("the best of a week");
    post::sql::voted_by(connection, USER, START, 30).expect("the posts with the user's votes");
    comment::sql::lists::voted_by(connection, USER, START, 30).expect("the comments with them");
    comment::sql::lists::answered(connection, USER, START, 30).expect("the user's comments with replies");
    names::screen_name(connection, USER).expect("the user's name");
    let day = Day::of(Timestamp::now()).expect("a day");
    post::sql::past::of_day(connection, day, START, 30).expect("the posts of a day");
    post::sql::past::oldest(connection).expect("the oldest post");
    post::sql::hidden_by(connection, USER, START, 30).expect("the hidden posts");
    hiding::sql::posts_among(connection, USER, &[POST], None).expect("the hidden ones among these");
    hiding::sql::names(connection, USER).expect("the muted users");
    hiding::sql::sites(connection, USER).expect("the muted sites");
    hiding::sql::tags(connection, USER).expect("the muted tags");
    post::sql::of_tag(connection, "rust", START, 30).expect("the posts of a tag");
    post::sql::saved_by(connection, USER, START, 30).expect("the saved posts");
    post::sql::from_random(connection, 100).expect("some posts");
    post::sql::random(connection).expect("any post");
    let posts = post::sql::listed(connection, &[OTHER_POST, POST]).expect("an answer");
    assert_eq!(posts.len(), 2);
    let rows: Vec<ListedRow> = posts.into_iter().map(ListedRow::Read).collect();
    post::sql::relations(connection, USER, &rows).expect("what the user has to do with it");
    let mut whole = post::sql::find(connection, Some(USER), POST).expect("an answer").expect("a post");
    // A discussion with few comments, and one with many.
    for comments_count in [10, 10_000] {
        whole.post.comments_count = comments_count;
        let discussion = Discussion::of(connection, &whole.post, None).expect("a post's comments");
        let page = discussion.page(connection, None, START).expect("a page of them");
        let viewer = Viewer { id: USER, hides_count: 1, ..Viewer::nobody() };
        page.for_viewer(connection, Some(&viewer), &whole).expect("the user's part");
    }
    comment::sql::discussion::page_of(connection, POST, COMMENT).expect("a comment's place");
    comment::sql::replies_to(connection, COMMENT, 200).expect("the replies to a comment");
    comment::sql::new_since(connection, USER, POST, Timestamp::EPOCH, 200).expect("new comments");
    comment::sql::of_user(connection, USER, START, 30).expect("a user's comments");
    comment::sql::lists::saved_by(connection, USER, START, 30).expect("the saved comments");
    saved::sql::among(connection, USER, [COMMENT].into_iter()).expect("the saved ones among these");
    saved::sql::is_saved(connection, USER, COMMENT).expect("an answer");
    comment::sql::lists::newest(connection, START, 30).expect("the newest comments");
    comment::sql::lists::of_followed(connection, USER, START, 30).expect("those of followed users");
    follow::sql::names(connection, USER).expect("the followed users");
    follow::sql::is_followed(connection, USER, UserId::new(2)).expect("an answer");
    session::sql::of_user(connection, USER, START, 10).expect("a user's sessions");
    auth::sql::viewer(connection, &Secret::random().of(1)).expect("the viewer");
    user::sql::find(connection, USER).expect("a user");
    moderation::sql::log(connection, START, 30).expect("the log");
    flag::sql::queue(connection, START, 30).expect("the queue");
    dead::sql::list(connection, (USER, LONG_AGO), START, 30).expect("the dead");
    inbox::sql::of_user(connection, USER, START, 30).expect("an inbox");
    inbox::sql::newest(connection, USER, 30).expect("its newest comments");
    inbox::sql::unread_among(connection, USER, &[COMMENT]).expect("its unread comments");
    inbox::sql::muted(connection, USER, 30).expect("the muted discussions");
    inbox::sql::feed_secret(connection, USER).expect("the secret of its feed");
    hn_api::sql::newest(connection).expect("the newest of both kinds");
    hn_api::sql::comments_of_user(connection, USER, 100).expect("a user's comments");
    hn_api::sql::updates(connection).expect("what has changed");
    comment::sql::discussion::of_post(connection, POST).expect("the comments on a post itself");
    moderation::sql::notices(connection, USER, LONG_AGO, 10).expect("the notices");
    user::sql::admins(connection, 5).expect("the admins");
}

#[test]
fn every_list_is_read_from_an_index_in_its_order() {
    let (folder, connection) = database();
    connection.execute("UPDATE posts SET score = 2 WHERE id = 1", []).expect("the schema is known");
    visit::sql::record(&connection, USER, POST, LONG_AGO).expect("it is noted");
    connection.execute("INSERT INTO follows SELECT 1, id FROM users", []).expect("the schema is known");
    let asked = statements(&connection, lists);
    assert_eq!(asked.len(), 67, "{asked:?}");
    // With the planner's statistics and without.
    for change in ["ANALYZE", "DROP TABLE sqlite_stat1"] {
        connection.execute_batch(change).expect(change);
        // Only a new connection reads the changed statistics.
        assert_found_by_index(&open(&folder.path().join("news.sqlite3")), &asked);
    }
}

#[test]
fn every_feed_and_sitemap_is_read_from_an_index_in_its_order() {
    let (folder, connection) = database();
    let asked = statements(&connection, |connection| {
        feed::sql::hottest(connection).expect("the hottest");
        feed::sql::newest(connection).expect("the newest");
        feed::sql::of_user(connection, USER).expect("a user's");
        feed::sql::of_post(connection, POST).expect("a post's");
        for target in [Target::Post(POST), Target::Comment(COMMENT)] {
            feed::sql::entry(connection, target).expect("an answer").expect("it is there");
        }
        feed::sql::post(connection, POST).expect("a post");
        feed::sql::user(connection, USER).expect("a user");
        feed::sql::id_prefix(connection).expect("an answer");
        feed::sql::settle_id_prefix(connection, None, "urn:uuid:").expect("a prefix");
        sitemap::sql::parts(connection).expect("the parts");
        sitemap::sql::part(connection, 1).expect("a part");
    });
    assert_eq!(asked.len(), 13, "{asked:?}");
    for change in ["ANALYZE", "DROP TABLE sqlite_stat1"] {
        connection.execute_batch(change).expect(change);
        assert_found_by_index(&open(&folder.path().join("news.sqlite3")), &asked);
    }
}

#[test]
fn every_change_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        let new =
            NewPost { user_id: USER, title: "A title", link: None, description: "", created_at: LONG_AGO };
        let post_id = post::sql::create(connection, &new).expect("a post").expect("the title is free");
        let new =
            NewComment { post_id, parent_id: None, user_id: USER, body: "A body", created_at: LONG_AGO };
        let id = comment::sql::create(connection, &new).expect("a comment");
        assert!(comment::sql::update(connection, id, "Another body", LONG_AGO).expect("it is changed"));
        let content = Content { title: "Another title".into(), ..Content::default() };
        let updated = post::sql::update(connection, post_id, &Content::default(), &content, LONG_AGO)
            .expect("it is changed");
        assert_eq!(updated, UpdateOutcome::Done);
        for target in [Target::Post(post_id), Target::Comment(id)] {
            let versions = version::sql::of(connection, target).expect("its versions");
            assert_eq!(version::sql::target(connection, versions[0].id).expect("an answer"), Some(target));
            assert!(version::sql::strike(connection, versions[0].id, USER, LONG_AGO).expect("it is struck"));
            version::sql::is_answered(connection, target, Some(USER)).expect("an answer");
            version::sql::forget(connection, target).expect("they are forgotten");
        }
        comment::sql::destroy(connection, id, LONG_AGO).expect("it goes");
        let (user, _) = user::sql::sign_in_random(connection, LONG_AGO).expect("an answer").expect("a user");
        for action in [SaveAction::Save, SaveAction::Unsave, SaveAction::Save] {
            assert!(
                saved::sql::change(connection, USER, Target::Post(POST), action, LONG_AGO)
                    .expect("it is changed")
            );
            assert!(
                saved::sql::change(connection, USER, Target::Comment(COMMENT), action, LONG_AGO)
                    .expect("it is changed")
            );
        }
        assert!(saved::sql::delete_some(connection, USER, 10).expect("it is forgotten"));
        for is_muted in [true, false] {
            assert!(inbox::sql::set_muted(connection, USER, POST, is_muted).expect("it is changed"));
        }
        for what in
            [Hidden::Post(OTHER_POST), Hidden::User(UserId::new(2)), Hidden::Site("example.com".into())]
        {
            for is_hidden in [true, false] {
                hiding::sql::set(connection, USER, &what, is_hidden, LONG_AGO).expect("it is changed");
            }
        }
        hiding::sql::delete_some(connection, USER, 10).expect("they are forgotten");
        for is_followed in [true, false] {
            follow::sql::set(connection, USER, UserId::new(2), is_followed).expect("it is changed");
        }
        follow::sql::delete_some(connection, USER, 10).expect("they are forgotten");
        inbox::sql::set_feed_secret(connection, USER, &[7; 32]).expect("the feed has an address");
        inbox::sql::mark_read(connection, USER, COMMENT).expect("it is read");
        inbox::sql::mark_some_read(connection, USER, 10).expect("they are read");
        inbox::sql::delete_some(connection, USER, 10).expect("they are forgotten");
        let secret = &Secret::random();
        let new =
            NewSession { user_id: user.id, secret, ip_address: "::1", user_agent: "", created_at: LONG_AGO };
        session::sql::create(connection, &new).expect("a session");
        let pruned = session::sql::prune(connection, SessionId::new(0), Timestamp::from_micros(2))
            .expect("sessions go");
        assert_eq!(pruned.removed, 1);
    });
    assert!(asked.len() >= 12, "{asked:?}");
    assert_found_by_index(&connection, &asked);

    // Deleting a post groups its comments by author. The scan of `lost` covers the post's own comments only.
    let asked = statements(&connection, |connection| post::sql::destroy(connection, POST).expect("it goes"));
    assert!(asked.len() >= 3, "{asked:?}");
    for sql in &asked {
        for line in plan(&connection, sql) {
            assert!(!scans(&line) || line == "SCAN lost", "{line}\n{sql}");
        }
    }
}

#[test]
fn every_query_and_change_of_one_user_is_found_by_an_index() {
    let (_folder, connection) = database();
    let secret = Secret::random();
    let posts = statements(&connection, |connection| {
        assert_eq!(post::sql::author(connection, POST).expect("an answer"), Some(one_author(connection)));
        let other: String = title(connection, 2);
        let (now, holder) = (Timestamp::now(), |id| Holder { id, is_hidden: false });
        assert_eq!(
            post::sql::recent_with_title(connection, &other, now).expect("an answer"),
            Some(holder(OTHER_POST))
        );
        let link = post::link::parse("https://example.com/a").expect("a link");
        let change = |title: &str| {
            let url = link.url.clone();
            let content = Content { title: title.to_owned(), url, ..Content::default() };
            post::sql::update(connection, POST, &Content::default(), &content, now).expect("an answer")
        };
        let holders = Holders { title: Some(holder(OTHER_POST)), address: None };
        assert_eq!(change(&other), UpdateOutcome::Taken(holders));
        assert_eq!(change("Another title"), UpdateOutcome::Done);
        assert_eq!(
            post::sql::recent_with_address(connection, &link.address, now).expect("an answer"),
            Some((POST, 1))
        );
        let content = Content { title: "A title".into(), ..Content::default() };
        let holders = post::sql::holders(connection, OTHER_POST, &content, Some(&link), now);
        assert_eq!(holders.expect("an answer"), Holders { title: None, address: Some(holder(POST)) });
        assert!(post::sql::takes_comments(connection, POST).expect("an answer"));
        for now in [1, 2] {
            visit::sql::record(connection, USER, POST, Timestamp::from_micros(now)).expect("it is noted");
        }
        assert!(visit::sql::delete_some(connection, USER, 10).expect("it is forgotten"));
        // The comments of others keep the post.
        post::sql::delete_or_anonymize(connection, POST, one_author(connection), LONG_AGO)
            .expect("it is emptied");
    });
    assert!(posts.len() >= 10, "{posts:?}");
    assert_found_by_index(&connection, &posts);

    let comments = statements(&connection, |connection| {
        let new = NewComment {
            post_id: OTHER_POST,
            parent_id: None,
            user_id: USER,
            body: "A body",
            created_at: LONG_AGO,
        };
        let parent = comment::sql::create(connection, &new).expect("a comment");
        let new = NewComment { parent_id: Some(parent), ..new };
        let reply = comment::sql::create(connection, &new).expect("a reply");
        for to in [ReplyTarget::Post(OTHER_POST), ReplyTarget::Comment(parent)] {
            assert_eq!(
                comment::sql::comment_status(connection, to).expect("an answer"),
                CommentStatus::Open(OTHER_POST)
            );
        }
        assert_eq!(comment::sql::reply_count(connection, parent).expect("a number"), 1);
        assert!(comment::sql::find(connection, Some(USER), reply).expect("an answer").is_some());
        assert!(comment::sql::duplicate(connection, &new).expect("an answer").is_some());
        assert_eq!(comment::sql::author(connection, reply).expect("an answer"), Some(USER));
        comment::sql::count_on_post(connection, OTHER_POST).expect("a number");
        comment::sql::update(connection, reply, "Another body", Timestamp::from_micros(2))
            .expect("it is changed");
        let fates =
            [parent, reply].map(|id| comment::sql::destroy(connection, id, LONG_AGO).expect("it goes"));
        assert_eq!(
            fates,
            [Some(Deletion::Emptied), Some(Deletion::Removed { pruned: vec![parent], parent_id: None })]
        );
    });
    assert!(comments.len() >= 16, "{comments:?}");
    assert_found_by_index(&connection, &comments);

    let deletions = statements(&connection, |connection| {
        let now = Timestamp::now();
        let author = UserId::new(90);
        connection
            .execute(
                "UPDATE posts SET user_id = ?1, title = 'A fourth', address = 'a.example/4' WHERE id = 4",
                [author],
            )
            .expect("the schema is known");
        let id = PostId::new(4);
        assert!(post::sql::delete(connection, id, author, now).expect("it is deleted"));
        for _ in 0..2 {
            assert_eq!(
                post::sql::restore(connection, id, author, now).expect("an answer"),
                UndoOutcome::Restored
            );
        }
        let new = |parent_id| NewComment {
            post_id: id,
            parent_id,
            user_id: USER,
            body: "A body",
            created_at: LONG_AGO,
        };
        let parent = comment::sql::create(connection, &new(None)).expect("a comment");
        let reply = comment::sql::create(connection, &new(Some(parent))).expect("a reply");
        for id in [parent, reply] {
            assert!(comment::sql::delete(connection, id, USER, now).expect("it is deleted").is_some());
        }
        assert_eq!(
            comment::sql::restore(connection, reply, USER, now).expect("an answer"),
            UndoOutcome::Restored
        );
        assert_eq!(comment::sql::post_of(connection, reply).expect("an answer"), Some(id));
        assert!(comment::sql::delete(connection, reply, USER, now).expect("it is deleted").is_some());
        assert!(deletion::sql::is_held(connection, Target::Comment(reply)).expect("an answer"));
        burial::end(connection, Target::Comment(reply)).expect("it is final");
        assert_eq!(burial::end_old(connection, 0, now + MINUTE).expect("it is final").removed, 1);
        assert!(!burial::end_some(connection, USER, 10).expect("an answer"));
    });
    assert!(deletions.len() >= 25, "{deletions:?}");
    assert_found_by_index(&connection, &deletions);

    let sessions = statements(&connection, |connection| {
        let make = || {
            let (secret, created_at) = (&secret, LONG_AGO);
            let new = NewSession { user_id: USER, secret, ip_address: "::1", user_agent: "", created_at };
            user::sql::record_sign_in(connection, USER, LONG_AGO).expect("it is noted");
            session::sql::create(connection, &new).expect("a session")
        };
        let id = make();
        auth::sql::touch(connection, id, Timestamp::from_micros(2)).expect("it is noted");
        session::sql::replace(connection, &secret.clone().of(id.get())).expect("it ends");
        assert_eq!(session::sql::count(connection, USER).expect("a number"), 0);
        assert!(session::sql::destroy(connection, make(), USER).expect("it ends"));
        let kept = make();
        session::sql::replace_secret(connection, kept, &secret, Timestamp::from_micros(2))
            .expect("it is renewed");
        assert!(auth::sql::session_ban_reason(connection, kept).expect("an answer").is_some());
        make();
        session::sql::destroy_others(connection, USER, Some(kept)).expect("they end");
        assert_eq!(session::sql::count(connection, USER).expect("a number"), 1);
        assert!(session::sql::destroy_some(connection, USER, 10).expect("it ends"));
        assert_eq!(session::sql::count(connection, USER).expect("a number"), 0);
    });
    let tokens = statements(&connection, |connection| {
        let wish = Wish { name: "mine".into(), may_write: true };
        let make = || match api_token::sql::create(connection, USER, &wish, &secret, LONG_AGO) {
            Ok(CreateOutcome::Created(id)) => id,
            other => panic!("{other:?}"),
        };
        let id = make();
        assert_eq!(api_token::sql::name_of(connection, id).expect("an answer").as_deref(), Some("mine"));
        let token = secret.clone().of(id.get());
        assert!(auth::sql::api_viewer(connection, &token).expect("an answer").is_some());
        assert!(auth::sql::token_ban_reason(connection, id, USER).expect("an answer").is_some());
        auth::sql::touch_token(connection, id, LONG_AGO).expect("it is touched");
        let request = KeyedRequest { token_id: id, key: "a".into(), fingerprint: [7; 32], now: LONG_AGO };
        assert!(matches!(site_api::sql::find(connection, &request), Ok(Known::Nothing)));
        site_api::sql::begin(connection, &request).expect("it begins");
        assert!(matches!(site_api::sql::find(connection, &request), Ok(Known::Lost)));
        let answer = Made { status: 201, target: Target::Post(POST) };
        site_api::sql::finish(connection, &request, answer).expect("it is kept");
        assert!(matches!(site_api::sql::find(connection, &request), Ok(Known::Made(_))));
        let pruned = site_api::sql::prune(connection, 0, Timestamp::from_micros(2)).expect("they go");
        assert_eq!(pruned.removed, 1);
        assert!(api_token::sql::revoke(connection, id, USER).expect("it is revoked"));
        make();
        api_token::sql::revoke_all(connection, USER).expect("they are revoked");
    });
    assert!(tokens.len() >= 13, "{tokens:?}");
    assert_found_by_index(&connection, &tokens);
    let devices = statements(&connection, |connection| {
        let device = device::sql::record(connection, None, USER, LONG_AGO).expect("it is recorded");
        device::sql::record(connection, Some(&device), USER, LONG_AGO).expect("it is recorded");
        assert!(device::sql::exists(connection, &device, USER, Timestamp::EPOCH).expect("an answer"));
        device::sql::forget_others(connection, Some(&device), USER, LONG_AGO).expect("they go");
        let pruned = device::sql::prune(connection, 0, Timestamp::from_micros(2)).expect("they go");
        assert_eq!(pruned.removed, 1);
    });
    assert!(devices.len() >= 8, "{devices:?}");
    assert_found_by_index(&connection, &devices);
    assert!(sessions.len() >= 11, "{sessions:?}");
    assert_found_by_index(&connection, &sessions);

    let drafts = statements(&connection, |connection| {
        let new = NewDraft { secret: &secret, path: "/posts", form: "title=a", created_at: LONG_AGO };
        let token = secret.clone().of(draft::sql::create(connection, &new).expect("it is kept"));
        assert!(
            draft::sql::find(connection, &token, "/posts", Timestamp::EPOCH).expect("an answer").is_some()
        );
        assert!(draft::sql::exists(connection, &token, Timestamp::EPOCH).expect("an answer"));
        draft::sql::delete(connection, &token, Some("/posts")).expect("it goes");
        assert!(!draft::sql::exists(connection, &token, Timestamp::EPOCH).expect("an answer"));
        draft::sql::remove_before(connection, LONG_AGO).expect("they go");
        let form = Content { url: "https://example.com/a".into(), ..Content::default() };
        draft::sql::keep_comment(connection, USER, POST, "", &form).expect("nothing is there");
        draft::sql::keep_comment(connection, USER, POST, "A text", &form).expect("it is kept");
        assert!(draft::sql::post_of_comment(connection, USER, POST).expect("an answer").is_some());
        draft::sql::discard_posted(connection, USER, &form).expect("it has more");
        let kept = draft::sql::of_comment(connection, USER, POST).expect("an answer").expect("it is there");
        assert_eq!(draft::sql::discard(connection, USER, kept.id).expect("it goes"), Some(POST));
        let new =
            NewPost { user_id: USER, title: "A title", link: None, description: "", created_at: LONG_AGO };
        assert_eq!(post::sql::unsaid(connection, OTHER_POST, &new).expect("an answer"), "A title");
    });
    assert!(drafts.len() >= 14, "{drafts:?}");
    assert_found_by_index(&connection, &drafts);
}

#[test]
fn an_account_and_its_rows_are_found_by_an_index() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        let new = NewUser { screen_name: "Zoë", password_hash: "a hash", about: "", created_at: LONG_AGO };
        let id = user::sql::create(connection, &new).expect("an answer").expect("the name is free");
        assert_eq!(user::sql::account(connection, "zoë").expect("an answer").map(|found| found.id), Some(id));
        let [zoe, other] = ["zoë", "somebody"].map(ComparedName::of);
        let refused = |name, id| names::refusal(connection, name, id, LONG_AGO).expect("an answer").is_some();
        assert!(refused(&zoe, None) && !refused(&zoe, Some(id)) && !refused(&other, Some(id)));
        assert!(user::sql::has_password(connection, id, "a hash").expect("an answer"));
        user::sql::set_password(connection, id, "another").expect("it is changed");
        assert_eq!(user::sql::update(connection, id, "Zoe", "", LONG_AGO).expect("it is changed"), None);
        assert_eq!(names::former(connection, id, Timestamp::EPOCH).expect("the names").len(), 1);
        names::has_skeletons(connection).expect("an answer");
        user::sql::destroy(connection, id, LONG_AGO).expect("it goes");
        assert_eq!(names::prune(connection, Timestamp::from_micros(2)).expect("they go").removed, 2);
    });
    assert!(asked.len() >= 20, "{asked:?}");
    assert_found_by_index(&connection, &asked);

    // The user's own rows are grouped in `lost`, and no others.
    let author = one_author(&connection);
    let asked = statements(&connection, |connection| {
        while user::handlers::deletion::destroy_some(connection, author, LONG_AGO, 3).expect("they go") {}
    });
    assert!(asked.len() >= 10, "{asked:?}");
    for sql in &asked {
        for line in plan(&connection, sql) {
            assert!(!scans(&line) || line == "SCAN lost", "{line}\n{sql}");
        }
    }
    assert_sound(&connection);
}

#[test]
fn mail_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let secret = Secret::random();
    let now = Timestamp::now();
    connection.execute("UPDATE posts SET user_id = 1 WHERE id = 1", []).expect("the schema is known");
    let user_id = UserId::new(2);
    let answer = NewComment { post_id: POST, parent_id: None, user_id, body: "A body", created_at: now };
    let asked = statements(&connection, |connection| {
        assert!(mail::sql::ask_to_confirm(connection, USER, "a@example.com", now).expect("an answer"));
        assert!(
            mail::sql::set_confirmation_secret(connection, USER, &secret, now).expect("an answer").is_some()
        );
        let token = secret.clone().of(USER.get());
        assert!(mail::sql::confirm(connection, &token, now).expect("an answer"));
        assert!(mail::sql::addresses(connection, USER, now).expect("an answer").confirmed.is_some());
        mail::sql::request_reset(connection, "a@example.com", now).expect("it is kept");
        assert!(mail::sql::has_requests(connection).expect("an answer"));
        mail::sql::take_requests(connection, now).expect("it is taken");
        let next = mail::sql::next(connection, now).expect("an answer").expect("a mail is due");
        mail::sql::put_off(connection, &next.queued(), now).expect("it waits");
        mail::sql::mark_sent(connection, &next.queued(), now).expect("it is sent");
        assert!(mail::sql::replies::set_wish(connection, USER, Replies::AtOnce, &secret).expect("an answer"));
        assert_eq!(mail::sql::replies::wish(connection, USER).expect("an answer"), Some(Replies::AtOnce));
        let comment_id = comment::sql::create(connection, &answer).expect("a comment");
        assert!(mail::sql::replies::is_behind(connection).expect("an answer"));
        mail::sql::replies::follow(connection, now).expect("it is queued");
        assert!(mail::sql::replies::receiver(connection, USER).expect("an answer").is_some());
        assert_eq!(mail::sql::replies::items(connection, USER, now).expect("an answer").len(), 1);
        assert_eq!(mail::sql::replies::last_unread(connection, USER).expect("an answer"), comment_id.get());
        mail::sql::replies::mark_told(connection, USER, comment_id.get()).expect("it is told");
        assert!(mail::sql::replies::unsubscribe(connection, &token).expect("an answer"));
        mail::sql::prune(connection, now).expect("nothing is old");
        mail::sql::drop_mail(connection, &next.queued()).expect("it goes");
        mail::sql::forget(connection, USER).expect("it is forgotten");
    });
    assert!(asked.len() >= 20, "{}: {asked:?}", asked.len());
    for change in ["ANALYZE", "DROP TABLE sqlite_stat1"] {
        connection.execute_batch(change).expect(change);
        assert_found_by_index(&connection, &asked);
    }
}

#[test]
fn what_is_dead_is_found_by_an_index() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        let rules = dead::Rules { flags_to_hide: 2, new_user_days: 0, now: Timestamp::now() };
        for target in [Target::Post(POST), Target::Comment(COMMENT)] {
            for user_id in [90, 91] {
                let new = NewFlag { user_id: UserId::new(user_id), target, reason: "Spam", now: LONG_AGO };
                assert_eq!(flag::sql::create(connection, &new).expect("an answer"), FlagOutcome::Created);
                dead::sql::acts::hide_if_flagged(connection, target, &rules).expect("an answer");
            }
            assert!(dead::sql::is_dead(connection, target).expect("an answer"));
            let vouch = |id| dead::sql::acts::vouch(connection, UserId::new(id), target, &rules);
            assert_eq!(vouch(92).expect("an answer"), dead::Outcome::Counted);
            assert_eq!(vouch(93).expect("an answer"), dead::Outcome::Back);
        }
        assert!(dead::sql::withdraw_some(connection, UserId::new(92), 10).expect("they go"));
    });
    assert!(asked.len() >= 25, "{}: {asked:?}", asked.len());
    for change in ["ANALYZE", "DROP TABLE sqlite_stat1"] {
        connection.execute_batch(change).expect(change);
        assert_found_by_index(&connection, &asked);
    }
}

#[test]
fn moderation_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    connection.execute("UPDATE users SET is_admin = 1 WHERE id = 1", []).expect("the schema is known");
    let secret = Secret::random();
    let new = NewSession {
        user_id: USER,
        secret: &secret,
        ip_address: "::1",
        user_agent: "",
        created_at: LONG_AGO,
    };
    user::sql::record_sign_in(&connection, USER, LONG_AGO).expect("it is noted");
    let session_id = session::sql::create(&connection, &new).expect("a session");
    let asked = statements(&connection, |connection| {
        for target in [Target::Post(POST), Target::Comment(COMMENT)] {
            for user_id in [90, 91] {
                let new = NewFlag { user_id: UserId::new(user_id), target, reason: "Spam", now: LONG_AGO };
                assert_eq!(flag::sql::create(connection, &new).expect("an answer"), FlagOutcome::Created);
            }
            assert_eq!(flag::sql::reasons(connection, target).expect("a list").len(), 2);
            assert!(
                moderation::sql::subject_detail(connection, target.into(), LONG_AGO)
                    .expect("an answer")
                    .is_some()
            );
        }
        assert!(flag::sql::any_by_user(connection, UserId::new(90)).expect("an answer"));
        for target in [Target::Post(POST), Target::Comment(COMMENT)] {
            assert!(flag::sql::is_flagged(connection, UserId::new(90), target).is_ok());
            assert!(flag::sql::withdraw(connection, UserId::new(92), target).expect("an answer"));
        }
        assert!(flag::sql::withdraw_some(connection, UserId::new(90), 10).expect("they go"));
        let decide = |action, subject| {
            let new = Decision { action, subject, reason: "A reason", now: LONG_AGO };
            moderation::sql::decide_by_session(connection, session_id, &new).expect("an answer")
        };
        for subject in [Subject::Post(POST), Subject::Comment(COMMENT)] {
            for action in [ModerationAction::Dismiss, ModerationAction::Remove, ModerationAction::Restore] {
                assert_eq!(
                    (decide(action, subject), decide(action, subject)),
                    (Outcome::Done, Outcome::Unchanged)
                );
            }
        }
        for action in [ModerationAction::Lock, ModerationAction::Unlock] {
            assert_eq!(decide(action, Subject::Post(POST)), Outcome::Done);
        }
        for action in [ModerationAction::Ban, ModerationAction::Unban] {
            assert_eq!(decide(action, Subject::User(UserId::new(2))), Outcome::Done);
        }
        assert_eq!(decide(ModerationAction::Reset, Subject::User(UserId::new(2))), Outcome::Done);
        let token = reset::sql::create(connection, UserId::new(2), Maker::Admin(USER), &secret, LONG_AGO)
            .expect("a link");
        assert!(reset::sql::find(connection, &token, LONG_AGO).expect("an answer").is_some());
        reset::sql::set_password(connection, UserId::new(2), "a hash", false).expect("it is changed");
        assert!(reset::sql::find(connection, &token, LONG_AGO).expect("an answer").is_none());
        reset::sql::create(connection, USER, Maker::Mail, &secret, LONG_AGO).expect("a link");
        let pruned = reset::sql::prune(connection, 0, Timestamp::from_micros(2)).expect("they go");
        assert_eq!(pruned.removed, 1);
        let (action, subject) = (ModerationAction::Retitle, Subject::Post(POST));
        let decision = Decision { action, subject, reason: "It shouted", now: LONG_AGO };
        moderation::sql::record(connection, Some(USER), &decision).expect("it is logged");
        moderation::sql::mark_notices_read(connection, UserId::new(2)).expect("they are read");
        post::sql::lock_reason(connection, POST).expect("an answer");
        auth::sql::ban_reason(connection, UserId::new(2)).expect("an answer");
        assert!(
            moderation::sql::subject_detail(connection, Subject::User(UserId::new(2)), LONG_AGO)
                .expect("an answer")
                .is_some()
        );
        for who in [Who::All, Who::Banned, Who::Admins] {
            admin::sql::newest(connection, who, START, 10).expect("people");
        }
        assert!(!admin::sql::with_beginning(connection, "a", 10).expect("people").is_empty());
        moderation::sql::set_admin(connection, USER, false).expect("it is changed");
    });
    assert!(asked.len() >= 30, "{}: {asked:?}", asked.len());
    assert_found_by_index(&connection, &asked);
    assert_sound(&connection);
}

#[test]
fn invitations_are_found_by_an_index() {
    let (_folder, path) = folder();
    seeded(&path, 20);
    let connection = open(&path);
    let asked = statements(&connection, |connection| {
        let (now, secret) = (Timestamp::from_micros(2), Secret::random());
        let [first, second] = [(); 2].map(|()| {
            invitation::sql::create(connection, USER, &secret, now)
                .expect("an answer")
                .expect("there is room")
        });
        let found = invitation::sql::find(connection, &first, now).expect("an answer").expect("it works");
        invitation::sql::accept(connection, found.id, UserId::new(2), now).expect("it is used");
        assert_eq!(invitation::sql::find(connection, &first, now).expect("an answer"), None);
        let withdrawn =
            |id| invitation::sql::withdraw(connection, USER, InvitationId::new(id), now).expect("an answer");
        assert_eq!((withdrawn(first.id), withdrawn(second.id)), (Withdrawal::Used, Withdrawal::Done));
        assert_eq!(invitation::sql::count_open(connection, USER, now).expect("a number"), 0);
        invitation::sql::create(connection, USER, &secret, now).expect("an answer");
        assert_eq!(invitation::sql::withdraw_all(connection, USER, now).expect("a number"), 1);
        assert_eq!(invitation::sql::of_user(connection, USER, START, 10).expect("a list").rows.len(), 3);
        assert!(invitation::sql::invited(connection, UserId::new(2)).expect("an answer").is_some());
        assert_eq!(invitation::sql::invited_by(connection, USER, START, 10).expect("a list").len(), 1);
        for top in [Top::Roots, Top::InvitedBy(USER)] {
            assert_eq!(invitation::sql::tree(connection, top, START, 10).expect("a tree").rows.len(), 1);
        }
        user::sql::find_author(connection, USER).expect("an answer");
        for id in [USER, UserId::new(2)] {
            while invitation::sql::delete_some(connection, id, 10).expect("they go") {}
        }
    });
    assert!(asked.len() >= 15, "{}: {asked:?}", asked.len());
    assert_found_by_index(&connection, &asked);
    assert_sound(&connection);
}

/// The author of post 1.
fn one_author(connection: &Connection) -> UserId {
    connection.query_row("SELECT user_id FROM posts WHERE id = 1", [], |row| row.get(0)).expect("a user")
}

fn title(connection: &Connection, id: i64) -> String {
    connection.query_row("SELECT title FROM posts WHERE id = ?1", [id], |row| row.get(0)).expect("a title")
}

#[test]
fn a_title_is_looked_up_among_those_of_two_months() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        post::sql::recent_with_title(connection, "A title", Timestamp::now()).expect("an answer");
    });
    let sql = asked.first().expect("a statement");
    assert_eq!(
        plan(&connection, sql),
        ["SEARCH posts USING INDEX posts_by_month_and_title (<expr>=? AND title=?)"]
    );
}

#[test]
fn a_query_without_an_index_is_detected() {
    let (_folder, connection) = database();
    let lines = plan(&connection, "SELECT id FROM posts WHERE score > ?1 ORDER BY url");
    assert!(lines.iter().any(|line| line.starts_with("SCAN posts")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("USE TEMP B-TREE")), "{lines:?}");
}

#[test]
fn every_foreign_key_has_an_index() {
    let (_folder, connection) = database();
    let mut statement = connection
        .prepare(
            "SELECT child.name, reference.\"from\" FROM sqlite_schema AS child, \
             pragma_foreign_key_list(child.name) AS reference WHERE child.type = 'table'",
        )
        .expect("pragmas can be asked as tables");
    let references: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a list")
        .collect::<Result<_, _>>()
        .expect("names");
    assert!(references.len() >= 10, "{references:?}");
    for (table, column) in references {
        let sql = format!("DELETE FROM {table} WHERE {column} = ?1");
        assert!(plan(&connection, &sql)[0].starts_with("SEARCH"), "{table}.{column}");
    }
}

/// The site's own statements: without those of FTS5 on its tables, which it names with their schema, and
/// without the comments that mark triggers.
fn own(asked: BTreeSet<String>) -> BTreeSet<String> {
    let is_own = |sql: &String| !["'main'.", "\"main\".", "--"].iter().any(|sign| sql.contains(sign));
    asked.into_iter().filter(is_own).collect()
}

#[test]
fn the_search_index_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        let name: String = connection
            .query_row("SELECT screen_name FROM users WHERE id = 1", [], |row| row.get(0))
            .expect("a user");
        for text in ["dol", "dolor lorem", &format!("\"dolor sit\" by:{name} site:example.com")] {
            let query = Query::parse(text).expect("a search");
            let found = search::sql::find::find(connection, &query, Order::Date, &Clock::at(LONG_AGO))
                .expect("an answer");
            assert!(found.is_some(), "a user has the name");
        }
        for kind in [Kind::Post, Kind::Comment] {
            search::sql::is_rare(connection, kind, "\"dolor\"", 10).expect("an answer");
            search::sql::text(connection, kind, 1).expect("an answer").expect("a text");
            let found = search::sql::matches(connection, kind, "\"dolor\"").expect("matches");
            search::sql::hit(connection, Some(USER), &found[0].0).expect("an answer").expect("it is there");
        }
        user::sql::with_name(connection, "somebody").expect("an answer");
        hn_search::sql::newest_comments(connection).expect("comments");
        hn_search::sql::comments_of(connection, POST).expect("comments");
        hn_search::sql::story(connection, POST).expect("an answer").expect("it is there");
        let targets = [Target::Comment(COMMENT), Target::Post(POST)];
        assert_eq!(hn_search::sql::documents(connection, &targets).expect("an answer").len(), 2);
    });
    assert!(asked.iter().filter(|sql| sql.contains(" MATCH ")).count() >= 4, "{asked:?}");
    assert_found_by_index(&connection, &own(asked));

    let asked = statements(&connection, |connection| {
        comment::sql::update(connection, COMMENT, "Another body", LONG_AGO).expect("it changes");
        let new = NewPost {
            user_id: USER,
            title: "A new title",
            link: None,
            description: "",
            created_at: LONG_AGO,
        };
        let post_id = post::sql::create(connection, &new).expect("a post").expect("the title is free");
        let new =
            NewComment { post_id, parent_id: None, user_id: USER, body: "A new body", created_at: LONG_AGO };
        comment::sql::create(connection, &new).expect("a comment");
        let content = Content { title: "Another title".into(), ..Content::default() };
        post::sql::update(connection, POST, &Content::default(), &content, LONG_AGO).expect("it changes");
        assert!(search::sql::is_behind(connection).expect("an answer"));
        assert!(!search::sql::index_step(connection).expect("a step"));
        assert!(!search::sql::is_behind(connection).expect("an answer"));
    });
    assert!(asked.len() >= 20, "{asked:?}");
    let own = own(asked);
    for table in ["post_words", "comment_words"] {
        assert!(own.iter().any(|sql| sql.starts_with(&format!("INSERT INTO {table}"))), "{own:?}");
    }
    assert_found_by_index(&connection, &own);
}

/// Hints compare and sort, but only rows of which there is a fixed number: parts of the statement, not tables.
#[test]
fn hints_read_no_whole_table() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        hint::sql::mutual_votes(connection).expect("hints");
        hint::sql::shared_addresses(connection).expect("hints");
    });
    let tables = ["posts", "comments", "post_votes", "comment_votes", "users", "sessions"];
    assert_eq!(asked.len(), 2, "{asked:?}");
    for sql in &asked {
        for line in plan(&connection, sql) {
            let scanned =
                line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            // With LIMIT, in the order of the index.
            let is_limited = line.starts_with("SCAN posts USING INDEX posts_by_age");
            assert!(!tables.contains(&scanned) || is_limited, "{line}\n{sql}");
        }
    }
}

#[test]
fn sqlite_is_compiled_with_the_flags_of_the_cargo_configuration() {
    let connection = Connection::open_in_memory().expect("a database in memory opens");
    let mut statement = connection.prepare("PRAGMA compile_options").expect("SQLite knows the pragma");
    let options: BTreeSet<String> = statement
        .query_map([], |row| row.get(0))
        .expect("SQLite lists its options")
        .collect::<Result<_, _>>()
        .expect("each option is a text");
    for wanted in ["DQS=0", "DEFAULT_MEMSTATUS=0", "OMIT_SHARED_CACHE", "DEFAULT_PCACHE_INITSZ=512"] {
        assert!(options.contains(wanted), "{wanted} is missing: is .cargo/config.toml in use?");
    }
    for unwanted in ["ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR", "ENABLE_STAT4"] {
        assert!(!options.contains(unwanted), "{unwanted}");
    }
}

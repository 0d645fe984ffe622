//! Demo data: users, posts, comments, votes and moderation. Equal seeds give equal texts.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use fake::Fake;
use fake::faker::lorem::en::{Sentence, Word};
use lorem_store::Database;
use rand::rngs::StdRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

use crate::comment::NewComment;
use crate::flag::NewFlag;
use crate::moderation::{Decision, ModerationAction, Subject};
use crate::post::NewPost;
use crate::post::link::{self, NewLink};
use crate::site::hashing::HashMemory;
use crate::types::cursor::{PAGE_SIZE, START};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::{DAY, MINUTE, Timestamp};
use crate::user::{NewUser, password};
use crate::vote::{self, Target, Vote};
use crate::{comment, flag, inbox, moderation, post, search, user};

/// The password of all users of the demo.
pub const PASSWORD: &str = "password";
/// The number of users in the demo.
pub const USERS: i64 = 100;
/// The default number of posts.
pub const POSTS: u32 = 1000;
/// The fewest posts with which the demo has moderated posts.
const MIN_POSTS_TO_MODERATE: u32 = 100;
/// The users of the demo have read what is older.
const UNREAD: Duration = Duration::from_hours(12);
/// Posts between two reports of progress.
const PROGRESS_INTERVAL: u32 = 250;

/// The number of rows that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    /// Users.
    pub users: i64,
    /// Posts.
    pub posts: u32,
    /// Comments.
    pub comments: usize,
}

/// The failure of a seed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The password could not be hashed: the system provides no random numbers.
    #[error("the password of the demo cannot be hashed")]
    PasswordHash(#[from] argon2::password_hash::Error),
    /// The database refused a read or the write.
    #[error(transparent)]
    Database(#[from] lorem_store::Error),
}

struct Post {
    author: UserId,
    title: String,
    description: String,
    created_at: Timestamp,
    /// Sorted by time, the oldest first.
    comments: Vec<Comment>,
}

struct Comment {
    author: UserId,
    body: String,
    created_at: Timestamp,
}

/// Hosts of the demo's links: reserved names (RFC 2606), so that no real site gets requests from a demo.
const LINK_HOSTS: [&str; 12] = [
    "example.com",
    "www.example.org",
    "blog.example.net",
    "lorem.example",
    "ipsum.example",
    "dolor.example",
    "journal.example",
    "papers.example",
    "the-daily.example",
    "code.example/amet",
    "code.example/elit",
    "code.example/tempor",
];

/// Fills an empty database with [`USERS`] users and `posts` posts of the last week, with 5 to 15 comments
/// each. Six posts in ten are links, and a few posts have most of the votes. From 100 posts on, the first
/// user is an admin and some posts are moderated. `progress` receives the number of posts written so far.
/// `None` if the database has a user already; it is not changed then.
///
/// All is one transaction: a seed that is interrupted leaves the database empty.
///
/// # Errors
/// [`Error::PasswordHash`] and [`Error::Database`].
pub fn run(
    db: &Database,
    seed: u64,
    posts: u32,
    progress: impl Fn(u32) + Send + 'static,
) -> Result<Option<Seeded>, Error> {
    // All users share one hash: the password is public, and a hundred hashes take seconds.
    let hash = password::hash(PASSWORD, &mut HashMemory::default())?;
    let now = Timestamp::now();
    let seeded = db.write(move |connection| {
        if user::sql::any(connection)? {
            return Ok(None);
        }
        let mut text_rng = StdRng::seed_from_u64(seed);
        // Links, threads and votes have their own generator, so that the texts do not depend on them.
        let mut activity_rng = StdRng::seed_from_u64(!seed);
        let users = create_users(connection, &mut text_rng, &hash, now)?;
        let mut titles = HashSet::new();
        let mut comments = 0;
        for written in 1..=posts {
            let mut post = random_post(&mut text_rng, &users, &mut titles, now);
            post.title = titled(post.title, written);
            comments += post.comments.len();
            write(connection, &mut activity_rng, &users, &post, now)?;
            if written % PROGRESS_INTERVAL == 0 || written == posts {
                progress(written);
            }
        }
        if posts >= MIN_POSTS_TO_MODERATE {
            moderate(connection, &users, now)?;
        }
        inbox::sql::mark_older_read(connection, now - UNREAD)?;
        while search::sql::index_step(connection)? {}
        Ok(Some(Seeded { users: USERS, posts, comments }))
    })?;
    Ok(seeded)
}

fn create_users(
    connection: &Connection,
    rng: &mut StdRng,
    password_hash: &str,
    now: Timestamp,
) -> rusqlite::Result<Vec<UserId>> {
    (0..USERS)
        .map(|number| {
            let about = paragraph(rng, 1..=3);
            let screen_name = format!("{}_{number:03}", word(rng));
            let created_at = now - random_duration(rng, 8 * DAY..30 * DAY);
            let user = NewUser { screen_name: &screen_name, password_hash, about: &about, created_at };
            // The number in the name makes the name unique.
            user::sql::create(connection, &user)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
        .collect()
}

fn write(
    connection: &Connection,
    rng: &mut StdRng,
    users: &[UserId],
    post: &Post,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let link = random_link(rng, &post.title);
    let new = NewPost {
        user_id: post.author,
        title: &post.title,
        link: link.as_ref(),
        description: &post.description,
        created_at: post.created_at,
    };
    let post_id = post::sql::create(connection, &new)?.map_err(|_| rusqlite::Error::QueryReturnedNoRows)?;
    let number = popularity(rng, 2.0, 0.7);
    votes(connection, rng, users, Target::Post(post_id), number, post.created_at..now)?;
    let mut written: Vec<CommentId> = Vec::with_capacity(post.comments.len());
    // On one post in forty each comment answers the one before: a thread deeper than a page shows.
    let is_dialogue = rng.random_range(0..40) == 0;
    for Comment { author, body, created_at } in &post.comments {
        // On other posts four comments in ten answer the post, and the others an earlier comment.
        let parent_id = match written.last() {
            Some(last) if is_dialogue => Some(*last),
            Some(_) if rng.random_range(0..10) >= 4 => Some(written[rng.random_range(0..written.len())]),
            _ => None,
        };
        let (user_id, created_at) = (*author, *created_at);
        let id =
            comment::sql::create(connection, &NewComment { post_id, parent_id, user_id, body, created_at })?;
        written.push(id);
        let number = popularity(rng, 1.0, 0.5);
        votes(connection, rng, users, Target::Comment(id), number, created_at..now)?;
    }
    Ok(())
}

/// Adds flags, an admin's decisions and a comment deleted by its author, on the newest posts, which visitors
/// of the demo see first.
fn moderate(connection: &Connection, users: &[UserId], now: Timestamp) -> rusqlite::Result<()> {
    let newest = post::sql::newest(connection, START, PAGE_SIZE)?.rows;
    let newest: Vec<PostId> = newest.iter().map(|key| PostId::new(key.id)).collect();
    let mut posts = post::sql::listed(connection, &newest)?;
    // A post that loses a comment here keeps five.
    posts.retain(|post| post.comments_count > 5);
    let mut posts = posts.into_iter();
    let mut next = || posts.next().ok_or(rusqlite::Error::QueryReturnedNoRows);
    let (advertised, regretted, heated, disputed, reported) = (next()?, next()?, next()?, next()?, next()?);

    moderation::sql::set_admin(connection, users[0], true)?;
    let decide = |action, subject, reason, ago: Duration| {
        moderation::sql::decide(connection, users[0], &Decision { action, subject, reason, now: now - ago })
    };
    if let Some(id) = comment::sql::first_with_replies(connection, advertised.id)? {
        decide(ModerationAction::Remove, Subject::Comment(id), "Advertising.", 5 * MINUTE)?;
    }
    if let Some(id) = comment::sql::first_with_replies(connection, regretted.id)? {
        comment::sql::destroy(connection, id, now - 3 * MINUTE)?;
    }
    decide(
        ModerationAction::Lock,
        Subject::Post(heated.id),
        "All has been said, and some of it twice.",
        2 * MINUTE,
    )?;
    flag(connection, users, &disputed, &["Off-topic"], now - 2 * MINUTE)?;
    decide(ModerationAction::Dismiss, Subject::Post(disputed.id), "This is what the site is for.", MINUTE)?;
    flag(connection, users, &reported, &["Broken link", "Spam: It sells something."], now - MINUTE)
}

/// Flags a post once for each reason, each time as another user.
fn flag(
    connection: &Connection,
    users: &[UserId],
    post: &post::Post,
    reasons: &[&str],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let author = post.author.as_ref().map(|author| author.id);
    let readers = users.iter().rev().filter(|id| Some(**id) != author);
    for (user_id, reason) in readers.zip(reasons) {
        let (user_id, target) = (*user_id, Target::Post(post.id));
        flag::sql::create(connection, &NewFlag { user_id, target, reason, now })?;
    }
    Ok(())
}

/// A link for six posts in ten, each to another page.
fn random_link(rng: &mut StdRng, title: &str) -> Option<NewLink> {
    if rng.random_range(0..10) >= 6 {
        return None;
    }
    let (host, slug) = (LINK_HOSTS[rng.random_range(0..LINK_HOSTS.len())], title.replace(' ', "-"));
    let url = match rng.random_range(0..3) {
        0 => format!("https://{host}/{slug}"),
        1 => format!("https://{host}/articles/{slug}.html"),
        _ => format!("https://{host}/{}/{slug}", rng.random_range(2014..2025)),
    };
    link::parse(&url).ok()
}

/// A number of votes by a power law, at most 90: most posts have few, and a few have many.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It is from 0 to 90.
fn popularity(rng: &mut StdRng, scale: f64, exponent: f64) -> usize {
    let share = 1.0 - rng.random::<f64>(); // Never 0.
    (scale * (share.powf(-exponent) - 1.0)).min(90.0) as usize
}

/// Casts `number` votes of different users, each at a random time of `during`. A vote of the author
/// has no effect.
fn votes(
    connection: &Connection,
    rng: &mut StdRng,
    users: &[UserId],
    target: Target,
    number: usize,
    during: Range<Timestamp>,
) -> rusqlite::Result<()> {
    for voter in index::sample(rng, users.len(), number.min(users.len())) {
        let at = random_time(rng, during.clone());
        vote::sql::change(connection, users[voter], target, Vote::Cast, at)?;
    }
    Ok(())
}

fn random_post(rng: &mut StdRng, users: &[UserId], titles: &mut HashSet<String>, now: Timestamp) -> Post {
    let created_at = now - random_duration(rng, MINUTE..7 * DAY);
    let mut title = [word(rng), word(rng)].join(" ");
    for _ in 0..rng.random_range(0..3) {
        title = format!("{title} {}", word(rng));
    }
    while !titles.insert(title.clone()) {
        title = format!("{title} {}", word(rng));
    }
    let paragraphs: Vec<String> = (0..rng.random_range(5..=10)).map(|_| paragraph(rng, 5..=10)).collect();
    let mut comments: Vec<Comment> = (0..rng.random_range(5..=15))
        .map(|_| {
            let at = random_time(rng, created_at..now);
            Comment { author: random_user(rng, users), body: sentence(rng, 5..25), created_at: at }
        })
        .collect();
    comments.sort_by_key(|comment| comment.created_at);
    Post {
        author: random_user(rng, users),
        title,
        description: paragraphs.join("\n\n"),
        created_at,
        comments,
    }
}

/// The title of the post with this number: of fifty posts one asks, and one shows something.
fn titled(title: String, number: u32) -> String {
    match number % 50 {
        0 => format!("Ask LN: {title}?"),
        25 => format!("Show LN: {title}"),
        _ => title,
    }
}

/// A random duration, to the microsecond.
fn random_duration(rng: &mut StdRng, range: Range<Duration>) -> Duration {
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(rng.random_range(micros(range.start)..micros(range.end)))
}

/// A random time, to the microsecond.
fn random_time(rng: &mut StdRng, range: Range<Timestamp>) -> Timestamp {
    Timestamp::from_micros(rng.random_range(range.start.as_micros()..range.end.as_micros()))
}

fn random_user(rng: &mut StdRng, users: &[UserId]) -> UserId {
    users[rng.random_range(0..users.len())]
}

fn paragraph(rng: &mut StdRng, sentences: RangeInclusive<usize>) -> String {
    let sentences: Vec<String> = (0..rng.random_range(sentences)).map(|_| sentence(rng, 4..11)).collect();
    sentences.join(" ")
}

/// Words of lorem ipsum with a capital and a full stop.
fn sentence(rng: &mut StdRng, words: Range<usize>) -> String {
    let mut sentence: String = Sentence(words).fake_with_rng(rng);
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

fn word(rng: &mut StdRng) -> String {
    Word().fake_with_rng(rng)
}

//! Demo data: people, their posts and what others say about them, the same for the same seed.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

use fake::Fake;
use fake::faker::lorem::en::{Sentence, Word};
use rand::rngs::StdRng;
use rand::seq::index;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;

use crate::comment::NewComment;
use crate::flag::NewFlag;
use crate::moderation::{Decision, Subject, Verb};
use crate::post::NewPost;
use crate::post::link::{self, NewLink};
use crate::types::cursor::{PAGE_SIZE, START};
use crate::types::time::{DAY, MINUTE, Micros, now};
use crate::user::{NewUser, password};
use crate::vote::{self, Target, Vote};
use crate::{comment, flag, moderation, post, search, user};
use lorem_store::{Database, Error};

/// Everybody's password, for people who try the demo.
pub const PASSWORD: &str = "password";
/// People in the demo.
pub const USERS: i64 = 100;
/// Posts in the demo.
pub const POSTS: u32 = 1000;
/// From so many posts on there is something to moderate among them.
const EVENTFUL: u32 = 100;
/// Posts between two reports of progress.
const STEP: u32 = 250;

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    /// People.
    pub users: i64,
    /// Posts.
    pub posts: u32,
    /// Comments.
    pub comments: usize,
}

struct Post {
    author: i64,
    title: String,
    description: String,
    created_at: Micros,
    /// The oldest first.
    comments: Vec<Comment>,
}

struct Comment {
    author: i64,
    body: String,
    created_at: Micros,
}

/// Where links of the demo lead: names that are reserved (RFC 2606), so that nobody gets a visit from it.
const HOSTS: [&str; 12] = [
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

/// Fills an empty database: [`USERS`] people, `posts` posts with 5 to 15 comments each, none older
/// than a week; most posts are links, and a few of them have most of the votes. From 100 posts on the
/// first of the people is an admin, who has been at work. All or nothing: who interrupts it has an empty
/// database still. `progress` hears how many posts are written. `None`: there are people already, and
/// nothing was changed.
///
/// # Errors
/// The database's.
pub fn run(
    db: &Database,
    seed: u64,
    posts: u32,
    progress: impl Fn(u32) + Send + 'static,
) -> Result<Option<Seeded>, Error> {
    // One hash serves all: the password is the same and public, and a hundred hashes take seconds.
    let hash = password::hash(PASSWORD).map_err(|_| Error::Panicked)?;
    let now = now();
    db.write(move |connection| {
        if user::sql::any(connection)? {
            return Ok(None);
        }
        let mut rng = StdRng::seed_from_u64(seed);
        // Of their own, so that the texts do not depend on the votes.
        let mut dice = StdRng::seed_from_u64(!seed);
        let people = create_people(connection, &mut rng, &hash, now)?;
        let mut titles = HashSet::new();
        let mut comments = 0;
        for written in 1..=posts {
            let post = random_post(&mut rng, &people, &mut titles, now);
            comments += post.comments.len();
            write(connection, &mut dice, &people, &post, now)?;
            if written % STEP == 0 || written == posts {
                progress(written);
            }
        }
        if posts >= EVENTFUL {
            moderate(connection, &people, now)?;
        }
        while search::sql::index_some(connection)? {}
        Ok(Some(Seeded { users: USERS, posts, comments }))
    })
}

fn create_people(
    connection: &Connection,
    rng: &mut StdRng,
    password_hash: &str,
    now: Micros,
) -> rusqlite::Result<Vec<i64>> {
    (0..USERS)
        .map(|number| {
            let about = paragraph(rng, 1..=3);
            let screen_name = format!("{}_{number:03}", word(rng));
            let created_at = now - rng.random_range(8 * DAY..30 * DAY);
            let user = NewUser { screen_name: &screen_name, password_hash, about: &about, created_at };
            // The number in the name makes it unique.
            user::sql::create(connection, &user)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
        .collect()
}

fn write(
    connection: &Connection,
    dice: &mut StdRng,
    people: &[i64],
    post: &Post,
    now: Micros,
) -> rusqlite::Result<()> {
    let link = some_link(dice, &post.title);
    let new = NewPost {
        user_id: post.author,
        title: &post.title,
        link: link.as_ref(),
        description: &post.description,
        created_at: post.created_at,
    };
    let post_id = post::sql::create(connection, &new)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let number = popularity(dice, 2.0, 0.7);
    votes(connection, dice, people, Target::Post(post_id), number, (post.created_at, now))?;
    let mut written: Vec<i64> = Vec::with_capacity(post.comments.len());
    // On one post in forty each answers the one before, deeper than a page shows.
    let is_dialogue = dice.random_range(0..40) == 0;
    for Comment { author, body, created_at } in &post.comments {
        // Elsewhere four in ten answer the post itself, the others a comment that was there before.
        let parent_id = match written.last() {
            Some(last) if is_dialogue => Some(*last),
            Some(_) if dice.random_range(0..10) >= 4 => Some(written[dice.random_range(0..written.len())]),
            _ => None,
        };
        let (user_id, created_at) = (*author, *created_at);
        let id =
            comment::sql::create(connection, &NewComment { post_id, parent_id, user_id, body, created_at })?;
        written.push(id);
        let number = popularity(dice, 1.0, 0.5);
        votes(connection, dice, people, Target::Comment(id), number, (created_at, now))?;
    }
    Ok(())
}

/// What readers flag and an admin does, and a comment that its author took back: among the newest posts,
/// where it is met with.
fn moderate(connection: &Connection, people: &[i64], now: Micros) -> rusqlite::Result<()> {
    let mut posts = post::sql::newest(connection, 0, START, PAGE_SIZE)?.rows;
    // What is taken away here leaves each its five comments.
    posts.retain(|post| post.comments_count > 5);
    let mut posts = posts.into_iter();
    let mut next = || posts.next().ok_or(rusqlite::Error::QueryReturnedNoRows);
    let (advertised, regretted, heated, disputed, reported) = (next()?, next()?, next()?, next()?, next()?);

    moderation::sql::set_admin(connection, people[0], true)?;
    let decide = |verb, subject, reason, ago| {
        moderation::sql::decide(connection, people[0], &Decision { verb, subject, reason, now: now - ago })
    };
    if let Some(id) = comment::sql::first_answered(connection, advertised.id)? {
        decide(Verb::Remove, Subject::Comment(id), "Advertising.", 5 * MINUTE)?;
    }
    if let Some(id) = comment::sql::first_answered(connection, regretted.id)? {
        comment::sql::destroy(connection, id, now - 3 * MINUTE)?;
    }
    decide(Verb::Lock, Subject::Post(heated.id), "All has been said, and some of it twice.", 2 * MINUTE)?;
    flag(connection, people, &disputed, &["Off-topic"], now - 2 * MINUTE)?;
    decide(Verb::Dismiss, Subject::Post(disputed.id), "This is what the site is for.", MINUTE)?;
    flag(connection, people, &reported, &["Broken link", "Spam: It sells something."], now - MINUTE)
}

/// Flags a post for these reasons, each in the name of another reader.
fn flag(
    connection: &Connection,
    people: &[i64],
    post: &post::Post,
    reasons: &[&str],
    now: Micros,
) -> rusqlite::Result<()> {
    let author = post.author.as_ref().map(|author| author.id);
    let readers = people.iter().rev().filter(|id| Some(**id) != author);
    for (user_id, reason) in readers.zip(reasons) {
        let (user_id, target) = (*user_id, Target::Post(post.id));
        flag::sql::create(connection, &NewFlag { user_id, target, reason, now })?;
    }
    Ok(())
}

/// Six posts in ten are links, each to a page of its own.
fn some_link(dice: &mut StdRng, title: &str) -> Option<NewLink> {
    if dice.random_range(0..10) >= 6 {
        return None;
    }
    let (host, slug) = (HOSTS[dice.random_range(0..HOSTS.len())], title.replace(' ', "-"));
    let url = match dice.random_range(0..3) {
        0 => format!("https://{host}/{slug}"),
        1 => format!("https://{host}/articles/{slug}.html"),
        _ => format!("https://{host}/{}/{slug}", dice.random_range(2014..2025)),
    };
    link::parse(&url).ok()
}

/// How many votes something has, by a power law: most have few, and a few have many.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bounded right there
fn popularity(dice: &mut StdRng, scale: f64, exponent: f64) -> usize {
    let share = 1.0 - dice.random::<f64>(); // Never 0.
    (scale * (share.powf(-exponent) - 1.0)).min(90.0) as usize
}

/// Votes of so many different people, each at some time between these two; an author has none.
fn votes(
    connection: &Connection,
    dice: &mut StdRng,
    people: &[i64],
    target: Target,
    number: usize,
    (from, to): (Micros, Micros),
) -> rusqlite::Result<()> {
    for voter in index::sample(dice, people.len(), number.min(people.len())) {
        let at = dice.random_range(from..to);
        vote::sql::change(connection, people[voter], target, Vote::Cast, at)?;
    }
    Ok(())
}

fn random_post(rng: &mut StdRng, people: &[i64], titles: &mut HashSet<String>, now: Micros) -> Post {
    let created_at = now - rng.random_range(MINUTE..7 * DAY);
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
            let at = rng.random_range(created_at..now);
            Comment { author: someone(rng, people), body: sentence(rng, 5..25), created_at: at }
        })
        .collect();
    comments.sort_by_key(|comment| comment.created_at);
    Post { author: someone(rng, people), title, description: paragraphs.join("\n\n"), created_at, comments }
}

fn someone(rng: &mut StdRng, people: &[i64]) -> i64 {
    people[rng.random_range(0..people.len())]
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

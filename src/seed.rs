//! Demo data: people, their posts and what others say about them, the same for the same seed.

use std::collections::HashSet;

use fake::Fake;
use fake::faker::lorem::en::{Paragraph, Sentence, Word};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::comment::NewComment;
use crate::db::{Db, Error};
use crate::post::NewPost;
use crate::ui::time::{DAY, MINUTE, Micros, now};
use crate::user::{NewUser, password};
use crate::{comment, post, user};

/// Everybody's password, for people who try the demo.
pub const PASSWORD: &str = "password";
/// People in the demo.
pub const USERS: i64 = 100;
/// Posts in the demo.
pub const POSTS: usize = 1000;
/// Posts that are written in one transaction.
const BATCH: usize = 250;

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    /// People.
    pub users: i64,
    /// Posts.
    pub posts: usize,
    /// Comments.
    pub comments: usize,
}

struct Post {
    author: i64,
    title: String,
    description: String,
    created_at: Micros,
    comments: Vec<(i64, String, Micros)>,
}

/// Fills an empty database: [`USERS`] people, `posts` posts with 5 to 15 comments each, none older
/// than a week. `progress` hears how many posts are written. `None`: there are people already, and
/// nothing was changed.
///
/// # Errors
/// The database's.
pub fn run(db: &Db, seed: u64, posts: usize, progress: impl Fn(usize)) -> Result<Option<Seeded>, Error> {
    if db.read(user::sql::any)? {
        return Ok(None);
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let now = now();
    // One hash serves all: the password is the same and public, and a hundred hashes take seconds.
    let hash = password::hash(PASSWORD).map_err(|_| Error::Panicked)?;
    let people: Vec<(String, String, Micros)> = (0..USERS)
        .map(|number| {
            let about = Paragraph(1..4).fake_with_rng::<String, _>(&mut rng);
            (format!("{}_{number:03}", word(&mut rng)), about, now - rng.random_range(8 * DAY..30 * DAY))
        })
        .collect();
    let written = db.write(move |connection| {
        people
            .iter()
            .map(|(screen_name, about, created_at)| {
                let user = NewUser { screen_name, password_hash: &hash, about, created_at: *created_at };
                user::sql::create(connection, &user)
            })
            .collect::<rusqlite::Result<Vec<i64>>>()
    })?;
    let mut titles = HashSet::with_capacity(posts);
    let mut seeded = Seeded { users: USERS, posts: 0, comments: 0 };
    while seeded.posts < posts {
        let batch: Vec<Post> = (0..BATCH.min(posts - seeded.posts))
            .map(|_| random_post(&mut rng, &written, &mut titles, now))
            .collect();
        seeded.posts += batch.len();
        seeded.comments += batch.iter().map(|post| post.comments.len()).sum::<usize>();
        db.write(move |connection| batch.iter().try_for_each(|post| write(connection, post)))?;
        progress(seeded.posts);
    }
    Ok(Some(seeded))
}

fn write(connection: &rusqlite::Connection, post: &Post) -> rusqlite::Result<()> {
    let new = NewPost {
        user_id: post.author,
        title: &post.title,
        description: &post.description,
        created_at: post.created_at,
    };
    let post_id = post::sql::create(connection, &new)?;
    for (user_id, body, created_at) in &post.comments {
        let comment = NewComment { post_id, user_id: *user_id, body, created_at: *created_at };
        comment::sql::create(connection, &comment)?;
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
    let paragraphs: Vec<String> =
        (0..rng.random_range(5..=10)).map(|_| Paragraph(5..11).fake_with_rng(rng)).collect();
    let comments = (0..rng.random_range(5..=15))
        .map(|_| {
            let at = rng.random_range(created_at..now);
            (someone(rng, people), Sentence(5..25).fake_with_rng(rng), at)
        })
        .collect();
    Post { author: someone(rng, people), title, description: paragraphs.join("\n\n"), created_at, comments }
}

fn someone(rng: &mut StdRng, people: &[i64]) -> i64 {
    people[rng.random_range(0..people.len())]
}

fn word(rng: &mut StdRng) -> String {
    Word().fake_with_rng(rng)
}

//! The SQL of the import. Each batch is one transaction, after which all counters and indexes are right.

mod users;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::item::{self, Item, Kind, Line, Standing, Story};
use super::{Batch, Counts, FileProgress, Parsed};
use crate::hn_api::ItemNumber;
use crate::moving;
use crate::post::PostKind;
use crate::rank;
use crate::search::query::Kind as SearchKind;
use crate::search::sql::BulkIndexer;
use crate::tag;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::vote::Target;

/// The most items, and the most users, of which the ids are remembered. Beyond it all are forgotten, and read anew.
const MAX_REMEMBERED: usize = 200_000;

/// Where an imported item is.
#[derive(Debug, Clone, Copy)]
struct Place {
    post_id: PostId,
    /// `None`: it is the post itself.
    comment_id: Option<CommentId>,
    /// That of a reply to it.
    depth: i64,
}

/// What is remembered from batch to batch.
#[derive(Debug, Default)]
pub struct Memory {
    places: HashMap<i64, Place>,
    users: HashMap<String, Option<UserId>>,
    /// `PRAGMA data_version`: another one after another connection has written.
    version: i64,
    /// Whether a batch has begun and not been committed: what it has noted may not be in the database.
    pub is_dirty: bool,
    /// All imported users share it. Nobody knows the password.
    password_hash: String,
}

impl Memory {
    /// Nothing, but for the password hash of the users to make.
    pub fn new(password_hash: String) -> Memory {
        Memory { password_hash, ..Memory::default() }
    }
}

/// How far a file with this fingerprint has been read.
pub fn progress(connection: &Connection, fingerprint: &[u8; 32]) -> rusqlite::Result<Option<FileProgress>> {
    connection
        .prepare_cached("SELECT position, lines, bad_lines, tail FROM imported_files WHERE fingerprint = ?1")?
        .query_row([fingerprint], |row| {
            Ok(FileProgress {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                lines: row.get::<_, i64>(1)?.cast_unsigned(),
                bad_lines: row.get::<_, i64>(2)?.cast_unsigned(),
                tail: row.get(3)?,
            })
        })
        .optional()
}

/// The number of comments whose parents have not come.
pub fn orphans(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM waiting_items WHERE NOT is_deleted";
    connection.query_row(sql, [], |row| row.get(0)).map(i64::cast_unsigned)
}

/// Gives the query planner its statistics.
pub fn analyze(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA analysis_limit = 1000; ANALYZE")
}

/// Writes a batch.
pub fn write(connection: &Connection, memory: &mut Memory, batch: &Batch) -> rusqlite::Result<Counts> {
    let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    let is_full = memory.places.len() > MAX_REMEMBERED || memory.users.len() > MAX_REMEMBERED;
    if memory.is_dirty || memory.version != version || is_full {
        memory.places.clear();
        memory.users.clear();
    }
    (memory.is_dirty, memory.version) = (true, version);
    let mut transaction = Transaction {
        connection,
        memory,
        posts: BulkIndexer::begin(connection, SearchKind::Post)?,
        comments: BulkIndexer::begin(connection, SearchKind::Comment)?,
        post_counts: HashMap::new(),
        user_counts: HashMap::new(),
        counts: Counts::default(),
        now: Timestamp::now(),
    };
    for Parsed { line, text } in &batch.lines {
        match line {
            Line::Item(item) => transaction.item(item, text)?,
            Line::Person(person) => transaction.person(person)?,
            Line::Unknown => transaction.counts.unknown += 1,
        }
    }
    let counts = transaction.end()?;
    if let Some((fingerprint, progress)) = &batch.progress {
        save_progress(connection, fingerprint, progress)?;
    }
    Ok(counts)
}

fn save_progress(
    connection: &Connection,
    fingerprint: &[u8; 32],
    progress: &FileProgress,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO imported_files (fingerprint, position, lines, bad_lines, tail) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT DO UPDATE SET position = ?2, lines = ?3, bad_lines = ?4, tail = ?5";
    let [position, lines, bad_lines] =
        [progress.position, progress.lines, progress.bad_lines].map(u64::cast_signed);
    let values = params![fingerprint, position, lines, bad_lines, progress.tail];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

#[derive(Default)]
struct UserCounts {
    posts: i64,
    comments: i64,
    karma: i64,
    /// The time of the oldest item.
    oldest: Option<Timestamp>,
}

struct Transaction<'t> {
    connection: &'t Connection,
    memory: &'t mut Memory,
    posts: BulkIndexer,
    comments: BulkIndexer,
    post_counts: HashMap<PostId, i64>,
    user_counts: HashMap<UserId, UserCounts>,
    counts: Counts,
    now: Timestamp,
}

impl Transaction<'_> {
    /// Inserts an item, and those that waited for it; or lets it wait.
    fn item(&mut self, item: &Item, text: &str) -> rusqlite::Result<()> {
        if self.is_known(item.number)? {
            self.counts.known += 1;
            return Ok(());
        }
        let placed = item.standing != Standing::Deleted && self.place(item)?;
        if !placed {
            return self.wait(item, text);
        }
        self.arrived_below(item.number)
    }

    fn is_known(&self, number: i64) -> rusqlite::Result<bool> {
        if self.memory.places.contains_key(&number) {
            return Ok(true);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM imported_items WHERE number = ?1)";
        self.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0))
    }

    fn wait(&mut self, item: &Item, line: &str) -> rusqlite::Result<()> {
        let parent = if let Kind::Comment(parent) = item.kind { parent } else { 0 };
        let is_deleted = item.standing == Standing::Deleted;
        let sql = "INSERT INTO waiting_items (number, parent, is_deleted, line) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT DO UPDATE SET parent = ?2, is_deleted = ?3, line = ?4";
        self.connection.prepare_cached(sql)?.execute(params![item.number, parent, is_deleted, line])?;
        if is_deleted {
            self.counts.deleted += 1;
            // Comments that came before it may wait for it.
            if self.has_living_below(item.number)? && self.place_waiting(item.number)?.is_some() {
                self.arrived_below(item.number)?;
            }
        }
        Ok(())
    }

    /// Inserts what waited for an item that has just been inserted.
    fn arrived_below(&mut self, number: i64) -> rusqlite::Result<()> {
        let mut arrived = vec![number];
        while let Some(number) = arrived.pop() {
            for (child, is_deleted, line) in self.waiting_for(number)? {
                if is_deleted && !self.has_living_below(child)? {
                    continue;
                }
                let Some(item) = reread(&line, self.now) else { continue };
                if self.place(&item)? {
                    self.stop_waiting(child)?;
                    arrived.push(child);
                }
            }
        }
        Ok(())
    }

    fn stop_waiting(&self, number: i64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM waiting_items WHERE number = ?1";
        self.connection.prepare_cached(sql)?.execute([number]).map(drop)
    }

    fn waiting_for(&self, number: i64) -> rusqlite::Result<Vec<(i64, bool, String)>> {
        let sql = "SELECT number, is_deleted, line FROM waiting_items WHERE parent = ?1 ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    }

    /// Whether a comment that is not deleted waits somewhere below a waiting item.
    fn has_living_below(&self, number: i64) -> rusqlite::Result<bool> {
        let sql = "WITH RECURSIVE below (number, is_deleted) AS ( \
                     SELECT number, is_deleted FROM waiting_items WHERE parent = ?1 \
                     UNION SELECT waiting.number, waiting.is_deleted FROM below \
                       JOIN waiting_items AS waiting ON waiting.parent = below.number) \
                   SELECT EXISTS (SELECT 1 FROM below WHERE NOT is_deleted)";
        self.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0))
    }

    /// Where an item is; `None`: it is not there, or no page shows it.
    fn place_of(&mut self, number: i64) -> rusqlite::Result<Option<Place>> {
        if let Some(place) = self.memory.places.get(&number) {
            return Ok(Some(*place));
        }
        let sql = "SELECT item FROM imported_items WHERE number = ?1";
        let item: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?;
        let place = match item.map(|item| ItemNumber::new(item).target()) {
            Some(Target::Post(mut id)) => {
                // Comments on a post that was merged go where the others are.
                while let Some(into) = moving::sql::merged_into(self.connection, id)? {
                    id = into;
                }
                let sql = "SELECT id FROM posts WHERE id = ?1 AND gone_at IS NULL";
                let found =
                    self.connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
                found.map(|post_id| Place { post_id, comment_id: None, depth: 0 })
            }
            Some(Target::Comment(id)) => {
                let sql = "SELECT comments.post_id, depth + 1 FROM comments JOIN posts ON posts.id = comments.post_id \
                           WHERE comments.id = ?1 AND comments.gone_at IS NULL AND posts.gone_at IS NULL";
                let read = |row: &rusqlite::Row| {
                    Ok(Place { post_id: row.get(0)?, comment_id: Some(id), depth: row.get(1)? })
                };
                self.connection.prepare_cached(sql)?.query_row([id], read).optional()?
            }
            None => None,
        };
        if let Some(place) = place {
            self.memory.places.insert(number, place);
        }
        Ok(place)
    }

    /// Inserts a waiting, deleted item below which a comment comes, with those above it.
    fn place_waiting(&mut self, number: i64) -> rusqlite::Result<Option<Place>> {
        let mut chain = Vec::new();
        let mut next = number;
        while next != 0 && self.place_of(next)?.is_none() {
            let sql = "SELECT line FROM waiting_items WHERE number = ?1 AND is_deleted";
            let line: Option<String> =
                self.connection.prepare_cached(sql)?.query_row([next], |row| row.get(0)).optional()?;
            let Some(item) = line.and_then(|line| reread(&line, self.now)) else {
                return Ok(None);
            };
            next = if let Kind::Comment(parent) = item.kind { parent } else { 0 };
            if chain.iter().any(|above: &Item| above.number == item.number) {
                return Ok(None);
            }
            chain.push(item);
        }
        for item in chain.iter().rev() {
            self.insert(item)?;
            self.stop_waiting(item.number)?;
        }
        self.place_of(number)
    }

    /// Inserts an item if its parent is there; whether it was.
    fn place(&mut self, item: &Item) -> rusqlite::Result<bool> {
        if let Kind::Comment(parent) = item.kind
            && self.place_of(parent)?.is_none()
            && self.place_waiting(parent)?.is_none()
        {
            return Ok(false);
        }
        self.insert(item)?;
        Ok(true)
    }

    fn insert(&mut self, item: &Item) -> rusqlite::Result<()> {
        let author = match &item.by {
            Some(by) if item.standing != Standing::Deleted => self.user(by, item)?,
            _ => None,
        };
        // The author of a removed post may have deleted the account here.
        let standing = match item.standing {
            Standing::Dead if author.is_none() => Standing::Deleted,
            standing => standing,
        };
        self.counts.changed += u64::from(item.is_changed);
        match &item.kind {
            Kind::Story(story) => self.insert_post(item, story, author, standing),
            Kind::Comment(parent) => match self.place_of(*parent)? {
                Some(parent) => self.insert_comment(item, parent, author, standing),
                None => Ok(()), // The callers have seen that it is there.
            },
        }
    }

    fn insert_post(
        &mut self,
        item: &Item,
        story: &Story,
        author: Option<UserId>,
        standing: Standing,
    ) -> rusqlite::Result<()> {
        let is_deleted = standing == Standing::Deleted;
        let link = story.link.as_ref().filter(|_| !is_deleted);
        let score = if is_deleted { 1 } else { story.score };
        let title = (!is_deleted).then_some(&story.title);
        let [deleted_at, removed_at] = hidden_since(standing, item.time);
        let sql = "INSERT INTO posts (user_id, created_at, updated_at, deleted_at, removed_at, score, hotness, title, \
                   url, site, address, kind) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        self.connection.prepare_cached(sql)?.execute(params![
            author,
            item.time,
            deleted_at,
            removed_at,
            score,
            rank::hotness(score, item.time),
            title,
            link.map(|link| &link.url),
            link.map(|link| &link.site),
            link.map(|link| &link.address),
            title.and_then(|title| PostKind::of(title)),
        ])?;
        let post_id = PostId::new(self.connection.last_insert_rowid());
        let text = if is_deleted { "" } else { &item.text };
        self.connection
            .prepare_cached("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?
            .execute(params![post_id, text])?;
        if !is_deleted && !story.tags.is_empty() {
            tag::sql::set(self.connection, post_id, &story.tags)?;
        }
        if score > 1 {
            self.connection
                .prepare_cached("INSERT INTO imported_points (post_id, points) VALUES (?1, ?2)")?
                .execute(params![post_id, score - 1])?;
        }
        self.note(item.number, Place { post_id, comment_id: None, depth: 0 })?;
        let site = link.map(|link| link.site.as_str());
        let words = if standing == Standing::Present { &item.words } else { "" };
        self.posts.add(self.connection, post_id.get(), (author, site), words)?;
        self.counts.posts += 1;
        if let Some(author) = author.filter(|_| standing == Standing::Present) {
            let counts = self.user_counts.entry(author).or_default();
            counts.posts += 1;
            counts.karma += score - 1;
        }
        Ok(())
    }

    fn insert_comment(
        &mut self,
        item: &Item,
        parent: Place,
        author: Option<UserId>,
        standing: Standing,
    ) -> rusqlite::Result<()> {
        let Place { post_id, comment_id: parent_id, depth } = parent;
        let [deleted_at, removed_at] = hidden_since(standing, item.time);
        let body = if standing == Standing::Deleted { "" } else { &item.text };
        let sql = "INSERT INTO comments (post_id, user_id, parent_id, depth, created_at, updated_at, deleted_at, \
                   removed_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)";
        self.connection
            .prepare_cached(sql)?
            .execute(params![post_id, author, parent_id, depth, item.time, deleted_at, removed_at, body])?;
        let id = CommentId::new(self.connection.last_insert_rowid());
        self.note(item.number, Place { post_id, comment_id: Some(id), depth: depth + 1 })?;
        let words = if standing == Standing::Present { &item.words } else { "" };
        self.comments.add(self.connection, id.get(), (author, None), words)?;
        self.counts.comments += 1;
        if standing == Standing::Present {
            *self.post_counts.entry(post_id).or_default() += 1;
            if let Some(author) = author {
                self.user_counts.entry(author).or_default().comments += 1;
            }
        }
        Ok(())
    }

    /// Keeps where an item is.
    fn note(&mut self, number: i64, place: Place) -> rusqlite::Result<()> {
        let target = place.comment_id.map_or(Target::Post(place.post_id), Target::Comment);
        self.connection
            .prepare_cached("INSERT INTO imported_items (number, item) VALUES (?1, ?2)")?
            .execute(params![number, ItemNumber::of(target).get()])?;
        self.memory.places.insert(number, place);
        Ok(())
    }

    /// Adds what was counted to the rows.
    fn end(self) -> rusqlite::Result<Counts> {
        let connection = self.connection;
        self.posts.end(connection)?;
        self.comments.end(connection)?;
        let mut posts = connection
            .prepare_cached("UPDATE posts SET comments_count = comments_count + ?2 WHERE id = ?1")?;
        for (id, number) in &self.post_counts {
            posts.execute(params![id, number])?;
        }
        let mut users = connection.prepare_cached(
            "UPDATE users SET posts_count = posts_count + ?2, comments_count = comments_count + ?3, \
             karma = karma + ?4, created_at = min(created_at, coalesce(?5, created_at)) WHERE id = ?1",
        )?;
        for (id, UserCounts { posts, comments, karma, oldest }) in &self.user_counts {
            users.execute(params![id, posts, comments, karma, oldest])?;
        }
        Ok(self.counts)
    }
}

/// The times `deleted_at` and `removed_at` of a row.
fn hidden_since(standing: Standing, time: Timestamp) -> [Option<Timestamp>; 2] {
    match standing {
        Standing::Present => [None, None],
        Standing::Dead => [Some(time), Some(time)],
        Standing::Deleted => [Some(time), None],
    }
}

/// An item that has waited. It was understood before it did.
fn reread(line: &str, now: Timestamp) -> Option<Item> {
    match item::parse(line, now) {
        Ok(Line::Item(item)) => Some(*item),
        _ => None,
    }
}

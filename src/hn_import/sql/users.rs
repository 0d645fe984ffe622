//! The users of imported items.

use rusqlite::{OptionalExtension, params};

use super::super::item::{Item, Person};
use super::Transaction;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user::{self, NewUser, name};

/// The numbers that are tried behind a name that is taken.
const MAX_SUFFIX: u32 = 9;

impl Transaction<'_> {
    /// The user of a name, who is made at the first item; `None`: the account was deleted here.
    pub(super) fn user(&mut self, by: &str, item: &Item) -> rusqlite::Result<Option<UserId>> {
        let id = match self.known_user(by)? {
            Some(known) => known,
            None => Some(self.create_user(by, item.time, "")?),
        };
        if let Some(id) = id {
            self.note_time(id, item.time);
        }
        Ok(id)
    }

    /// A user has been there since their first item, or since before it.
    fn note_time(&mut self, id: UserId, time: Timestamp) {
        let oldest = &mut self.user_counts.entry(id).or_default().oldest;
        *oldest = Some(oldest.map_or(time, |oldest| oldest.min(time)));
    }

    fn known_user(&mut self, by: &str) -> rusqlite::Result<Option<Option<UserId>>> {
        if let Some(id) = self.memory.users.get(by) {
            return Ok(Some(*id));
        }
        let sql = "SELECT user_id FROM imported_users WHERE name = ?1";
        let found: Option<Option<UserId>> =
            self.connection.prepare_cached(sql)?.query_row([by], |row| row.get(0)).optional()?;
        if let Some(id) = found {
            self.memory.users.insert(by.to_owned(), id);
        }
        Ok(found)
    }

    /// Makes a user with this name, or with a number behind it where it is taken here: a name is a person's, and two
    /// names that differ in case alone are one here.
    fn create_user(&mut self, by: &str, created_at: Timestamp, about: &str) -> rusqlite::Result<UserId> {
        let length = by.chars().count();
        let is_possible = (name::MIN_LENGTH..=name::MAX_LENGTH).contains(&length)
            && !name::has_invisible(by)
            && by.split_whitespace().collect::<Vec<_>>().join(" ") == by;
        let beginning: String = by.chars().take(name::MAX_LENGTH - 2).collect();
        let numbered = (2..=MAX_SUFFIX).map(|number| format!("{beginning}-{number}"));
        let candidates = std::iter::once(by.to_owned()).chain(numbered).filter(|_| is_possible);
        let next = "SELECT coalesce(max(id), 0) + 1 FROM users";
        let next: i64 = self.connection.prepare_cached(next)?.query_row([], |row| row.get(0))?;
        let hash = self.memory.password_hash.clone();
        for candidate in candidates.chain((next..).take(1_000).map(|number| format!("hn-{number}"))) {
            let user = NewUser { screen_name: &candidate, password_hash: &hash, about, created_at };
            if let Some(id) = user::sql::create(self.connection, &user)? {
                self.connection
                    .prepare_cached("INSERT INTO imported_users (name, user_id) VALUES (?1, ?2)")?
                    .execute(params![by, id])?;
                self.memory.users.insert(by.to_owned(), Some(id));
                self.counts.users += 1;
                self.counts.renamed += u64::from(candidate != by);
                return Ok(id);
            }
        }
        Err(rusqlite::Error::QueryReturnedNoRows)
    }

    /// Makes a user, or gives the text and the time to one whom an item made.
    pub(super) fn person(&mut self, person: &Person) -> rusqlite::Result<()> {
        let Some(known) = self.known_user(&person.name)? else {
            return self.create_user(&person.name, person.created_at, &person.about).map(drop);
        };
        if let Some(id) = known {
            let sql = "UPDATE profiles SET about = ?2 WHERE user_id = ?1 AND about = ''";
            self.connection.prepare_cached(sql)?.execute(params![id, person.about])?;
            self.note_time(id, person.created_at);
        }
        self.counts.known += 1;
        Ok(())
    }
}

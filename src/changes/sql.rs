//! The triggers that tell [`Changes`] what the writer changes. They are temporary: they belong to the writer's connection
//! and are not in the database.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use super::{Changes, Topic, hash_of_site};
use crate::types::id::UserId;

/// The tables of which a kept page shows all rows and columns: what each change of a row tells, and the column with the
/// number for it; empty: it needs none.
const TOLD: &[(&str, &str, &str)] = &[
    ("descriptions", "tell_post", "post_id"),
    ("post_votes", "tell_member", "user_id"),
    ("comment_votes", "tell_member", "user_id"),
    ("visits", "tell_member", "user_id"),
    ("saved_posts", "tell_member", "user_id"),
    ("saved_comments", "tell_member", "user_id"),
    ("hidden_posts", "tell_member", "user_id"),
    ("muted_users", "tell_member", "user_id"),
    ("muted_sites", "tell_member", "user_id"),
    ("muted_tags", "tell_member", "user_id"),
    ("flags", "tell_member", "user_id"),
    ("comment_drafts", "tell_member", "user_id"),
    ("acts", "tell_whole", ""),
    ("verdicts", "tell_whole", ""),
    ("settings", "tell_whole", ""),
    ("logo", "tell_whole", ""),
    ("search_progress", "tell_public", ""),
    ("stale_posts", "tell_public", ""),
    ("stale_comments", "tell_public", ""),
];

/// The other tables that a kept page is made of: the events that change such a page, and what they tell.
const OTHERS: &[(&str, &str, &str)] = &[
    ("comments", "INSERT", "tell_post(new.post_id), tell_author(new.user_id)"),
    ("comments", "DELETE", "tell_post(old.post_id), tell_author(old.user_id)"),
    ("comments", "UPDATE", "tell_post(new.post_id)"),
    ("comments", "UPDATE OF post_id", "tell_post(old.post_id)"),
    // What a list of comments shows of one is told by its post, which the list shows as well.
    (
        "comments",
        "UPDATE OF user_id, created_at, deleted_at",
        "tell_author(old.user_id), tell_author(new.user_id)",
    ),
    (
        "posts",
        "INSERT",
        "tell_post(new.id), tell_move(new.hotness, new.created_at, new.score, new.site, new.kind)",
    ),
    (
        "posts",
        "DELETE",
        "tell_post(old.id), tell_move(old.hotness, old.created_at, old.score, old.site, old.kind)",
    ),
    ("posts", "UPDATE", "tell_post(new.id)"),
    ("posts", "UPDATE OF id", "tell_post(old.id)"),
    (
        "posts",
        "UPDATE OF hotness, created_at, score, site, kind, tags, deleted_at, gone_at",
        "tell_move(old.hotness, old.created_at, old.score, old.site, old.kind), \
         tell_move(new.hotness, new.created_at, new.score, new.site, new.kind)",
    ),
    ("users", "DELETE", "tell_whole()"),
    ("users", "INSERT", "tell_public()"),
    ("users", "UPDATE OF unread_count", "tell_member(new.id)"),
    ("users", "UPDATE OF id, screen_name, folded_name, is_admin, banned_at", "tell_whole()"),
];

/// The table, the event and what it tells of all triggers. A row that gets another number tells both.
fn triggers() -> impl Iterator<Item = (&'static str, String, String)> {
    let of_table = |&(table, tell, column): &(&'static str, &str, &str)| {
        let call = |row: &str| {
            if column.is_empty() { format!("{tell}()") } else { format!("{tell}({row}.{column})") }
        };
        let events = [("INSERT", "new"), ("DELETE", "old"), ("UPDATE", "new")];
        let events = events.map(|(event, row)| (table, event.to_owned(), call(row)));
        let renumbered = (!column.is_empty()).then(|| (table, format!("UPDATE OF {column}"), call("old")));
        events.into_iter().chain(renumbered)
    };
    let others = OTHERS.iter().map(|&(table, event, what)| (table, event.to_owned(), what.to_owned()));
    TOLD.iter().flat_map(of_table).chain(others)
}

/// The tables of which no kept page shows anything, and why.
#[cfg(test)]
const UNSEEN: &[(&str, &str)] = &[
    ("api_answers", "no page shows them"),
    ("api_tokens", "for their user, on a page that is not kept"),
    ("addresses", "for their user, on a page that is not kept"),
    ("cases", "for admins; the flags of a case go with it"),
    ("confirmations", "for their user, on a page that is not kept"),
    ("deleted_names", "no page shows them"),
    ("deletions", "for their author"),
    ("devices", "no page shows them"),
    ("drafts", "for the guest with their cookie, whose pages are not kept"),
    ("inbox", "on the inbox, which is not kept; the number of unread rows is in `users`"),
    ("inbox_feeds", "on the inbox, which is not kept"),
    ("invitations", "on users' own pages and on pages of invitations, which are not kept"),
    ("invitation_roots", "on the tree of invitations, which is not kept"),
    ("mail_progress", "no page shows it"),
    ("mails", "no page shows them"),
    ("muted_posts", "on the inbox, which is not kept"),
    ("follows", "on users' own pages and on the comments of followed users, which are not kept"),
    ("post_tags", "on the page of a tag, which is not kept; the tags of a post are in its row"),
    ("notices", "on the inbox, which is not kept; the number of unread rows is in `users`"),
    ("reset_requests", "no page shows them"),
    ("resets", "no page shows them"),
    ("imported_files", "no page shows them"),
    ("imported_items", "no page shows them"),
    ("imported_points", "the score of the post has them"),
    ("imported_users", "no page shows them"),
    ("waiting_items", "no page shows them"),
    ("feed_ids", "settled and read before the site is served"),
    ("former_names", "on users' own pages, which are not kept"),
    ("name_rules", "no page shows them"),
    ("name_skeletons", "no page shows them"),
    ("profiles", "on users' own pages, which are not kept"),
    ("replica", "on the status page, which is not kept"),
    ("sentinels", "no page shows them"),
    ("sessions", "each request looks for its own"),
    ("vouches", "on the page of dead things, which is not kept"),
    ("versions", "on pages of their own, which are not kept; that a thing was edited is in its row"),
];

/// Tells `changes` what this connection changes from now on.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn watch(connection: &Connection, changes: &Arc<Changes>) -> rusqlite::Result<()> {
    // Without it no trigger sees the row that a REPLACE removes.
    connection.pragma_update(None, "recursive_triggers", true)?;
    tell(connection, changes, "tell_whole", 0, |changes, _| {
        changes.touch(Topic::Whole);
        Ok(())
    })?;
    tell(connection, changes, "tell_public", 0, |changes, _| {
        changes.touch(Topic::Public);
        Ok(())
    })?;
    tell(connection, changes, "tell_post", 1, |changes, context| {
        changes.touch(Topic::Post(context.get(0)?));
        Ok(())
    })?;
    tell(connection, changes, "tell_member", 1, |changes, context| {
        changes.touch(Topic::Member(context.get(0)?));
        Ok(())
    })?;
    tell(connection, changes, "tell_author", 1, |changes, context| {
        changes.touch(Topic::Comments);
        // NULL where the author's account is deleted: nobody's page lists it.
        if let Some(id) = context.get::<Option<UserId>>(0)? {
            changes.touch(Topic::Author(id));
        }
        Ok(())
    })?;
    tell(connection, changes, "tell_move", 5, |changes, context| {
        changes.move_post([context.get(0)?, context.get(1)?, context.get(2)?]);
        if let Some(site) = context.get_raw(3).as_str_or_null().ok().flatten() {
            changes.touch(Topic::Site(hash_of_site(site)));
        }
        if let Some(kind) = context.get::<Option<i64>>(4)? {
            changes.touch(Topic::Kind(kind));
        }
        Ok(())
    })?;
    for (number, (table, event, what)) in triggers().enumerate() {
        connection.execute_batch(&format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS tell_{number} AFTER {event} ON main.{table} BEGIN SELECT {what}; END"
        ))?;
    }
    Ok(())
}

fn tell(
    connection: &Connection,
    changes: &Arc<Changes>,
    name: &str,
    arguments: i32,
    work: fn(&Changes, &Context) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let changes = Arc::clone(changes);
    connection.create_scalar_function(name, arguments, FunctionFlags::SQLITE_UTF8, move |context| {
        work(&changes, context).map(|()| true) // A function has a value.
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SCHEMA;
    use crate::types::id::PostId;

    /// An empty database, of whose changes the second value learns.
    fn watched() -> (Connection, Arc<Changes>) {
        let connection = Connection::open_in_memory().expect("a database");
        for migration in SCHEMA.migrations {
            connection.execute_batch(migration).expect("it migrates");
        }
        let changes = Arc::new(Changes::default());
        watch(&connection, &changes).expect("the triggers are made");
        (connection, changes)
    }

    /// The names of the ordinary tables of the schema; FTS5 keeps its own.
    fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'";
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }

    #[test]
    fn each_table_tells_or_is_unseen() {
        let (connection, _) = watched();
        let tables = tables(&connection).expect("an answer");
        let told: Vec<&str> = triggers().map(|(table, ..)| table).collect();
        for table in &tables {
            let is_unseen = UNSEEN.iter().any(|(unseen, why)| unseen == table && !why.is_empty());
            assert!(told.contains(&&**table) != is_unseen, "{table}");
        }
        let named = told.iter().chain(UNSEEN.iter().map(|(table, _)| table));
        for table in named {
            assert!(tables.iter().any(|known| known == table), "{table} is no table");
        }
    }

    #[test]
    fn a_transaction_tells_what_it_changes() {
        let (connection, changes) = watched();
        let shown = |topics: &[Topic]| crate::changes::Shown::of(topics, None);
        let post = |id| shown(&[Topic::Post(PostId::new(id))]);
        let [member, author] = [Topic::Member, Topic::Author].map(|topic| shown(&[topic(UserId::new(1))]));
        let comments = shown(&[Topic::Comments]);
        let pages = [shown(&[]), shown(&[Topic::Public]), post(1), post(2), member, author, comments];
        let commit = |sql: &str| {
            use lorem_store::CommitObserver;
            let since = changes.since_now();
            connection.execute_batch(sql).expect("valid SQL");
            changes.committing();
            changes.committed();
            pages.each_ref().map(|page| changes.has_none(page, &since))
        };
        commit(
            "INSERT INTO users (id, screen_name, created_at, updated_at) VALUES (1, 'a', 0, 0);
             INSERT INTO posts (id, user_id, created_at, updated_at, hotness, title) VALUES (1, 1, 0, 0, 0, 'One'), (2, 1, 0, 0, 0, 'Two');
             INSERT INTO descriptions VALUES (1, ''), (2, '');
             INSERT INTO comments (id, post_id, user_id, created_at, updated_at, body) VALUES (1, 1, 1, 0, 0, 'Body')",
        );
        for (sql, expected) in [
            ("UPDATE posts SET score = 2 WHERE id = 1", [true, false, false, true, true, true, true]),
            ("UPDATE comments SET body = 'New'", [true, false, false, true, true, true, true]),
            ("UPDATE comments SET deleted_at = 1", [true, false, false, true, true, false, false]),
            ("REPLACE INTO descriptions VALUES (2, 'New')", [true, false, true, false, true, true, true]),
            ("UPDATE users SET last_seen_at = 1, karma = 5", [true, true, true, true, true, true, true]),
            ("INSERT INTO visits VALUES (1, 1, 1, 1)", [true, true, true, true, false, true, true]),
            ("UPDATE users SET is_admin = 1", [false, false, false, false, false, false, false]),
            ("DELETE FROM comments", [true, false, false, true, true, false, false]),
            ("DELETE FROM users", [false, false, false, false, false, false, false]),
        ] {
            assert_eq!(commit(sql), expected, "{sql}");
        }
    }
}

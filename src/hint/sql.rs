//! What hints are made of. Each query looks at a fixed number of rows, so that it takes as long on a large site.

use rusqlite::{Connection, params};

use super::{
    MAX_HINTS, MAX_NAMES, MAX_SESSIONS, MAX_TARGETS, MIN_MUTUAL_VOTES, MutualVotes, SharedAddress, Votes,
};
use crate::sql::{Columns, row};
use crate::user;
use crate::user::sql::author_columns;

macro_rules! votes_columns {
    ($of:literal) => {
        concat!(author_columns!($of), ", ", $of, "_votes, ", $of, "_all")
    };
}

row! {
    /// Two users who vote for each other.
    fn mutual() -> MutualVotes, columns mutual_columns {
        one: votes_columns!("one") => votes,
        other: votes_columns!("other") => votes,
    }
}

fn votes(columns: &mut Columns) -> rusqlite::Result<Votes> {
    Ok(Votes { author: user::sql::author(columns)?, for_other: columns.read()?, all: columns.read()? })
}

/// Users who vote for each other, among the newest posts and comments: those first of whose votes the largest share goes to
/// the other, by the smaller share of the two. A user who votes for many has a small share, however often they meet.
///
/// # Errors
/// SQLite's.
pub fn mutual_votes(connection: &Connection) -> rusqlite::Result<Vec<MutualVotes>> {
    let sql = concat!(
        "WITH newest_posts AS MATERIALIZED ( \
             SELECT id, user_id FROM posts WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT ?1), \
         newest_comments AS MATERIALIZED ( \
             SELECT id, user_id FROM comments WHERE id > (SELECT max(id) FROM comments) - ?1), \
         cast_votes (voter, author) AS ( \
             SELECT post_votes.user_id, newest_posts.user_id FROM newest_posts \
             CROSS JOIN post_votes ON post_votes.post_id = newest_posts.id \
             UNION ALL SELECT comment_votes.user_id, newest_comments.user_id FROM newest_comments \
             CROSS JOIN comment_votes ON comment_votes.comment_id = newest_comments.id), \
         pairs AS MATERIALIZED (SELECT voter, author, count(*) AS votes FROM cast_votes \
             WHERE author IS NOT NULL AND voter <> author GROUP BY voter, author), \
         totals AS MATERIALIZED (SELECT voter, sum(votes) AS votes FROM pairs GROUP BY voter), \
         mutual AS MATERIALIZED (SELECT there.voter AS one_id, back.voter AS other_id, \
             there.votes AS one_votes, back.votes AS other_votes, \
             ones.votes AS one_all, others.votes AS other_all \
             FROM pairs AS there JOIN pairs AS back ON back.voter = there.author AND back.author = there.voter \
             JOIN totals AS ones ON ones.voter = there.voter JOIN totals AS others ON others.voter = back.voter \
             WHERE there.voter < back.voter AND there.votes >= ?2 AND back.votes >= ?2 \
             ORDER BY min(1.0 * there.votes / ones.votes, 1.0 * back.votes / others.votes) DESC, \
                      there.votes + back.votes DESC LIMIT ?3) \
         SELECT ",
        mutual_columns!(),
        " FROM mutual CROSS JOIN users AS one ON one.id = one_id CROSS JOIN users AS other ON other.id = other_id"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![MAX_TARGETS, MIN_MUTUAL_VOTES, MAX_HINTS], |row| mutual(&mut Columns::of(row)))?;
    rows.collect()
}

/// Users who have signed in from one address, among the newest sessions; the largest groups first.
///
/// # Errors
/// SQLite's.
pub fn shared_addresses(connection: &Connection) -> rusqlite::Result<Vec<SharedAddress>> {
    let sql = concat!(
        "WITH newest AS MATERIALIZED (SELECT user_id, ip_address FROM sessions \
             WHERE id > (SELECT max(id) FROM sessions) - ?1), \
         shared AS MATERIALIZED (SELECT ip_address, count(DISTINCT user_id) AS number FROM newest \
             GROUP BY ip_address HAVING number > 1 ORDER BY number DESC, ip_address LIMIT ?2) \
         SELECT DISTINCT shared.number, shared.ip_address, ",
        author_columns!("users"),
        " FROM shared JOIN newest ON newest.ip_address = shared.ip_address \
         CROSS JOIN users ON users.id = newest.user_id ORDER BY shared.number DESC, shared.ip_address, users.id"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![MAX_SESSIONS, MAX_HINTS])?;
    let (mut groups, mut last) = (Vec::<SharedAddress>::new(), None);
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of(row);
        let (_, address): (i64, String) = (columns.read()?, columns.read()?);
        if last.as_ref() != Some(&address) {
            groups.push(SharedAddress::default());
            last = Some(address);
        }
        let author = user::sql::author(&mut columns)?;
        if let (Some(group), Some(author)) = (groups.last_mut(), author) {
            if group.authors.len() < MAX_NAMES { group.authors.push(author) } else { group.more += 1 }
        }
    }
    Ok(groups)
}

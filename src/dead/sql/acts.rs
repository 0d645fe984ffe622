//! SQL of the acts of the site: each in the transaction of the flag or the vouch that causes it.

use rusqlite::Connection;

use super::{add_vouch, author_of, counting_flags, counting_vouches, declare_dead, settle, verdict};
use crate::dead::{Outcome, Rules, VOUCHES, reason};
use crate::flag;
use crate::moderation::{self, ModerationAction};
use crate::types::id::UserId;
use crate::vote::Target;

/// Hides a post or comment that enough users in good standing have flagged, unless users or an admin have decided about
/// it before.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn hide_if_flagged(connection: &Connection, target: Target, rules: &Rules) -> rusqlite::Result<()> {
    let Rules { flags_to_hide, now, .. } = *rules;
    if flags_to_hide == 0 || verdict(connection, target)?.is_some() {
        return Ok(());
    }
    if counting_flags(connection, target, rules.newest_old_user(), flags_to_hide)? < flags_to_hide {
        return Ok(());
    }
    // The verdict first: a trigger keeps the flags of what is dead.
    declare_dead(connection, target, now)?;
    let reason = reason("Flagged", flags_to_hide);
    moderation::sql::act_by_site(connection, ModerationAction::Kill, target, &reason, now)
}

/// Stores that a user vouches for a dead post or comment, and shows it again when enough do. Its flags stay for the
/// admins.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn vouch(
    connection: &Connection,
    user_id: UserId,
    target: Target,
    rules: &Rules,
) -> rusqlite::Result<Outcome> {
    let Some((verdict_id, is_dead)) = verdict(connection, target)? else {
        return Ok(Outcome::NotFound);
    };
    if !is_dead {
        // Users have brought it back, or an admin has decided.
        let is_shown = flag::sql::author_of(connection, target)?.is_some();
        return Ok(if is_shown { Outcome::Back } else { Outcome::NotFound });
    }
    if author_of(connection, target)? == Some(user_id) {
        return Ok(Outcome::OwnContent);
    }
    if flag::sql::is_flagged(connection, user_id, target)? {
        return Ok(Outcome::HasFlagged);
    }
    add_vouch(connection, verdict_id, user_id, rules.now)?;
    if counting_vouches(connection, verdict_id, rules.newest_old_user(), VOUCHES)? < VOUCHES {
        return Ok(Outcome::Counted);
    }
    settle(connection, target, rules.now)?;
    let reason = reason("Vouched for", VOUCHES);
    moderation::sql::act_by_site(connection, ModerationAction::Revive, target, &reason, rules.now)?;
    Ok(Outcome::Back)
}

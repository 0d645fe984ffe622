//! The rule about removed, deleted and banned things: the part that each place shows to each reader. SQL
//! ([`sql`]), views and handlers follow it. `docs/usage.md` has it as a table, which a test compares, and
//! `tests/web/hidden.rs` looks for hidden words behind every route.

pub mod sql;

/// Stands for the title or text of a post or comment that was deleted, and for the name of a deleted account.
pub const DELETED: &str = "[deleted]";
/// Stands for the title or text of a post or comment that an admin removed.
pub const REMOVED: &str = "[removed]";
/// Stands for the title or text of a post or comment that flags of users have hidden.
pub const FLAGGED: &str = "[flagged]";

/// The one by whom a post or comment was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    /// An admin.
    Admin,
    /// Users, by their flags: it is dead ([`crate::dead`]).
    Flags,
}

/// The state of a post, a comment or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Neither removed nor deleted; a post may be locked.
    Present,
    /// An admin has removed it. Author, text and votes stay in its row, so that it can be restored.
    Removed,
    /// Flags of users have hidden it. It is kept as a removed one is; users and admins can bring it back.
    Flagged,
    /// Its author has deleted it, or their account. A row without author and text stays where others
    /// replied.
    Deleted,
    /// An account that an admin has banned, and its posts and comments: a ban ends writing. An admin removes
    /// texts that should not be read.
    Banned,
}

/// A place that shows a post, a comment or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Lists of posts and comments, search results, feeds and sitemaps.
    List,
    /// The page of its own with title, description and link preview; a comment's place in its discussion.
    Page,
    /// Its title or its author's name where something else names it: `on TITLE`, `by NAME`, the log.
    Mention,
    /// The forms to edit it, to flag it or to reply to it, the feed of its own, and every change to it.
    Action,
    /// The page of what flags have hidden, which only users in good standing can open.
    Dead,
    /// The pages on which admins decide, which no other reader can open.
    Moderation,
}

/// A reader, by their relation to the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A client that is not signed in.
    Guest,
    /// The author of the post or comment, or the user of the account.
    Author,
    /// Another user.
    Other,
    /// An admin.
    Admin,
}

/// The part that a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Title, link, text and author.
    Everything,
    /// [`REMOVED`], [`FLAGGED`] or [`DELETED`] in place of title, link, text and author; of a removed post also the reason.
    Placeholder,
    /// Nothing: no row in a list; 404 for a page.
    Nothing,
}

/// The rule.
#[must_use]
pub const fn shown(state: State, place: Place, reader: Reader) -> Shown {
    match (state, place, reader) {
        (_, Place::Moderation, Reader::Guest | Reader::Author | Reader::Other) => Shown::Nothing,
        (_, Place::Dead, Reader::Guest) => Shown::Nothing,
        (State::Flagged, Place::Dead, _) => Shown::Everything,
        (_, Place::Dead, _) => Shown::Nothing,
        (State::Present | State::Banned, _, _) => Shown::Everything,
        (State::Removed | State::Flagged, Place::Moderation, Reader::Admin) => Shown::Everything,
        (_, Place::Page | Place::Mention | Place::Moderation, _) => Shown::Placeholder,
        (_, Place::List | Place::Action, _) => Shown::Nothing,
    }
}

impl State {
    /// The state of a post or comment by its column `deleted_at` and by the one who removed it.
    #[must_use]
    pub const fn of(is_deleted: bool, remover: Option<Remover>) -> State {
        match (is_deleted, remover) {
            (_, Some(Remover::Admin)) => State::Removed,
            (_, Some(Remover::Flags)) => State::Flagged,
            (true, None) => State::Deleted,
            (false, None) => State::Present,
        }
    }

    /// The text in place of title, text and name, wherever the rule shows a placeholder; `None`: it is shown
    /// itself.
    #[must_use]
    pub const fn placeholder(self) -> Option<&'static str> {
        match self {
            State::Present | State::Banned => None,
            State::Removed => Some(REMOVED),
            State::Flagged => Some(FLAGGED),
            State::Deleted => Some(DELETED),
        }
    }

    /// Whether its own page hides it. The page is one for all readers.
    #[must_use]
    pub const fn is_hidden(self) -> bool {
        !matches!(shown(self, Place::Page, Reader::Guest), Shown::Everything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 4] = [State::Removed, State::Flagged, State::Deleted, State::Banned];
    const READERS: [Reader; 4] = [Reader::Guest, Reader::Author, Reader::Other, Reader::Admin];
    /// The places with the beginnings of their rows in the table.
    const PLACES: [(Place, &str); 6] = [
        (Place::List, "lists"),
        (Place::Page, "its page"),
        (Place::Mention, "mentions"),
        (Place::Action, "actions"),
        (Place::Dead, "the page `/dead`"),
        (Place::Moderation, "moderation"),
    ];

    /// The word with which a cell of the table begins.
    fn word(shown: Shown, state: State) -> &'static str {
        match shown {
            Shown::Everything => "everything",
            Shown::Placeholder => state.placeholder().expect("a hidden thing has a placeholder"),
            Shown::Nothing => "nothing",
        }
    }

    #[test]
    fn the_table_in_the_documentation_is_the_rule() {
        let documentation = include_str!("../../docs/usage.md");
        for (place, name) in PLACES {
            // Only these two distinguish their readers.
            let reader = match place {
                Place::Moderation => Reader::Admin,
                Place::Dead => Reader::Other,
                _ => Reader::Guest,
            };
            for state in STATES {
                let others = READERS.map(|reader| shown(state, place, reader));
                assert!(
                    matches!(place, Place::Moderation | Place::Dead)
                        || others.iter().all(|other| *other == others[0]),
                    "{place:?}"
                );
            }
            let row = documentation.lines().find(|line| line.starts_with(&format!("| {name}")));
            let row = row.unwrap_or_else(|| panic!("docs/usage.md has no row for {name}"));
            let cells: Vec<&str> = row
                .split('|')
                .map(|cell| cell.trim().trim_start_matches('`'))
                .skip(2)
                .take(STATES.len())
                .collect();
            for (state, cell) in STATES.into_iter().zip(cells) {
                let word = word(shown(state, place, reader), state);
                assert!(cell.starts_with(word), "{name}, {state:?}: the rule says {word}, the table {cell}");
            }
        }
    }

    #[test]
    fn a_removed_thing_stays_removed_whatever_else_it_is() {
        assert_eq!(State::of(true, Some(Remover::Admin)), State::Removed);
        assert_eq!(State::of(true, Some(Remover::Flags)), State::Flagged);
        assert_eq!(State::of(true, None), State::Deleted);
        assert_eq!(State::of(false, None), State::Present);
        let states = [State::Present, State::Banned, State::Removed, State::Flagged, State::Deleted];
        assert_eq!(states.map(State::is_hidden), [false, false, true, true, true]);
    }
}

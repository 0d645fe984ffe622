//! What each commit changes, for copies of pages that are never stale.
//!
//! Commits have numbers. Before a commit can be read, each [`Topic`] that it changes gets its number; after it, and
//! before its callers are answered, the number is that of the last whole commit. A page that was made after whole commit
//! N is right as long as each of its topics has a number of at most N. The reasons are in
//! `docs/decisions/0030-exact-copies.md`.
//!
//! What a commit changes comes from triggers ([`sql::watch`]), not from what the code remembers to say. A change that is
//! rolled back counts all the same: a page is made anew, and nothing worse.

pub mod sql;

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lorem_store::CommitObserver;

use crate::types::id::{PostId, UserId};

/// Something that pages show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What any page may show: names, admins, the reasons of moderation.
    Whole,
    /// Everything that a guest can see.
    Public,
    /// A post with its text and its comments, and what lists show of it.
    Post(PostId),
    /// The links to a site, by [`hash_of_site`].
    Site(u64),
    /// The posts of a kind, by its number, as their list orders them.
    Kind(i64),
    /// What a user alone sees of themselves: votes, visits, saved posts, flags, drafts.
    Member(UserId),
    /// The comments of a user, as the user's page lists them.
    Author(UserId),
    /// Which comments there are on the site, and their authors.
    Comments,
}

/// The hash of a site's name, for [`Topic::Site`].
#[must_use]
pub fn hash_of_site(site: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    site.hash(&mut hasher);
    hasher.finish()
}

/// An order of lists of posts. It indexes the keys of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// That of the front page.
    Hotness,
    /// Newest first.
    Age,
    /// Most points first.
    Points,
}

/// The sort keys of a post, in the order of [`Order`].
type Keys = [i64; 3];

/// The posts between two sort keys, inclusive: a page of a list changes when one comes or goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The list's order.
    pub order: Order,
    /// The least key.
    pub least: i64,
    /// The greatest key.
    pub greatest: i64,
}

/// What a page shows: topics, by their positions, and the window of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    positions: Vec<usize>,
    window: Option<Window>,
}

impl Shown {
    /// The bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Shown>() + size_of_val(&*self.positions)
    }

    /// Of a page that shows these topics, [`Topic::Whole`] and the window.
    #[must_use]
    pub fn of(topics: &[Topic], window: Option<Window>) -> Shown {
        let topics = topics.iter().chain([&Topic::Whole]);
        Shown { positions: topics.map(|topic| position(*topic)).collect(), window }
    }
}

/// The numbers of topics. Topics with one hash share a number, which costs a page made anew.
const NUMBERS: usize = 16 * 1024;
/// The moves of posts within lists that are remembered: a page that was not asked for in the meantime is made anew.
const MAX_MOVES: usize = 4096;
/// The topics that a transaction changes, and the moves, that are told apart; beyond them it changes everything.
const MAX_PENDING: usize = 4096;

/// What has changed when.
pub struct Changes {
    /// By [`position`]: the number of the last commit that changed the topic.
    numbers: Box<[AtomicU64]>,
    /// The number of the last commit that may have changed everything.
    everything: AtomicU64,
    /// The number of the last whole commit.
    whole: AtomicU64,
    /// The number of the last commit that moved a post.
    moved: AtomicU64,
    moves: Mutex<Moves>,
    /// What the writer's transaction has changed so far.
    pending: Mutex<Pending>,
}

/// The last moves of posts, the oldest first.
#[derive(Default)]
struct Moves {
    last: VecDeque<(u64, Keys)>,
    /// The number of the last commit whose moves are forgotten.
    forgotten: u64,
}

struct Pending {
    positions: Vec<usize>,
    /// Whether a position is among them.
    are_pending: Box<[bool]>,
    moves: Vec<Keys>,
    /// Whether something is changed that a guest can see.
    is_public: bool,
    is_too_much: bool,
}

impl Default for Pending {
    fn default() -> Pending {
        let are_pending = vec![false; NUMBERS].into();
        Pending {
            positions: Vec::new(),
            are_pending,
            moves: Vec::new(),
            is_public: false,
            is_too_much: false,
        }
    }
}

/// The moment since which nothing that a page shows may have changed.
#[derive(Debug)]
pub struct Since {
    /// The number of the last whole commit before the page's snapshot began.
    made: u64,
    /// The number of the last commit whose moves were compared with the page's window.
    compared: AtomicU64,
}

impl Clone for Since {
    fn clone(&self) -> Since {
        Since { made: self.made, compared: AtomicU64::new(self.compared.load(Ordering::SeqCst)) }
    }
}

impl Since {
    fn commit(number: u64) -> Since {
        Since { made: number, compared: AtomicU64::new(number) }
    }
}

impl Default for Changes {
    fn default() -> Changes {
        Changes {
            numbers: (0..NUMBERS).map(|_| AtomicU64::new(0)).collect(),
            everything: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            moves: Mutex::default(),
            pending: Mutex::default(),
        }
    }
}

impl Changes {
    /// This moment, for a page whose snapshot begins after it: the page shows all commits up to it.
    #[must_use]
    pub fn since_now(&self) -> Since {
        Since::commit(self.whole.load(Ordering::SeqCst))
    }

    /// The number of the last commit that may have changed a topic.
    #[must_use]
    pub fn number(&self, topic: Topic) -> u64 {
        self.numbers[position(topic)].load(Ordering::SeqCst)
    }

    /// Whether a page that shows this is as it would be if it were made now. False also while a change to it is being
    /// committed.
    #[must_use]
    pub fn has_none(&self, shown: &Shown, since: &Since) -> bool {
        self.has_none_after(since.made, shown)
            && shown.window.is_none_or(|window| self.is_unmoved(window, &since.compared))
    }

    /// Whether a piece that shows this is what the caller's snapshot gives. The snapshot has begun, and began after
    /// `before`. A piece that is right now, but was made from a later snapshot, is not. A piece has no window.
    #[must_use]
    pub fn has_none_in(&self, before: &Since, shown: &Shown, since: &Since) -> bool {
        self.has_none_after(since.made.min(before.made), shown)
    }

    fn has_none_after(&self, number: u64, shown: &Shown) -> bool {
        let is_old = |position: &usize| self.numbers[*position].load(Ordering::SeqCst) <= number;
        self.everything.load(Ordering::SeqCst) <= number && shown.positions.iter().all(is_old)
    }

    /// Whether no post has come into the window, or gone, since commit `compared`, which becomes the last one.
    fn is_unmoved(&self, window: Window, compared: &AtomicU64) -> bool {
        let before = compared.load(Ordering::SeqCst);
        if self.moved.load(Ordering::SeqCst) <= before {
            return true;
        }
        let moves = lock(&self.moves);
        if moves.forgotten > before {
            return false;
        }
        let is_in = |keys: &Keys| (window.least..=window.greatest).contains(&keys[window.order as usize]);
        let is_unmoved =
            !moves.last.iter().rev().take_while(|(number, _)| *number > before).any(|(_, keys)| is_in(keys));
        if let Some((last, _)) = moves.last.back().filter(|_| is_unmoved) {
            compared.fetch_max(*last, Ordering::SeqCst);
        }
        is_unmoved
    }

    /// The writer's transaction changes a topic.
    fn touch(&self, topic: Topic) {
        let position = position(topic);
        let mut pending = lock(&self.pending);
        pending.is_public |= !matches!(topic, Topic::Member(_));
        if pending.are_pending[position] {
            return;
        }
        if pending.positions.len() >= MAX_PENDING {
            pending.is_too_much = true;
        } else {
            pending.are_pending[position] = true;
            pending.positions.push(position);
        }
    }

    /// The writer's transaction adds a post with these keys to the lists, or takes it out.
    fn move_post(&self, keys: Keys) {
        let mut pending = lock(&self.pending);
        if pending.moves.len() >= MAX_PENDING {
            pending.is_too_much = true;
        } else {
            pending.moves.push(keys);
        }
    }

    fn next(&self) -> u64 {
        self.whole.load(Ordering::SeqCst) + 1
    }
}

impl CommitObserver for Changes {
    fn committing(&self) {
        let number = self.next();
        let mut pending = lock(&self.pending);
        if pending.is_too_much {
            self.everything.store(number, Ordering::SeqCst);
            pending.is_too_much = false;
        }
        if pending.is_public || !pending.moves.is_empty() {
            pending.is_public = false;
            self.numbers[position(Topic::Public)].store(number, Ordering::SeqCst);
        }
        let Pending { positions, are_pending, .. } = &mut *pending;
        for position in positions.drain(..) {
            are_pending[position] = false;
            self.numbers[position].store(number, Ordering::SeqCst);
        }
        if pending.moves.is_empty() {
            return;
        }
        let mut moves = lock(&self.moves);
        for keys in pending.moves.drain(..) {
            if moves.last.len() == MAX_MOVES
                && let Some((forgotten, _)) = moves.last.pop_front()
            {
                moves.forgotten = forgotten;
            }
            moves.last.push_back((number, keys));
        }
        self.moved.store(number, Ordering::SeqCst);
    }

    fn committed(&self) {
        self.whole.fetch_add(1, Ordering::SeqCst);
    }

    fn overtaken(&self) {
        self.everything.store(self.next(), Ordering::SeqCst);
        self.whole.fetch_add(1, Ordering::SeqCst);
    }
}

/// The position of a topic's number.
fn position(topic: Topic) -> usize {
    match topic {
        Topic::Whole => 0,
        Topic::Public => 1,
        Topic::Comments => 2,
        Topic::Post(id) => mixed(1, id.get().cast_unsigned()),
        Topic::Site(hash) => mixed(2, hash),
        Topic::Member(id) => mixed(3, id.get().cast_unsigned()),
        Topic::Author(id) => mixed(4, id.get().cast_unsigned()),
        Topic::Kind(number) => mixed(5, number.cast_unsigned()),
    }
}

/// The topics of which there is one each: they share their numbers with none.
const FIXED: usize = 3;

/// A position for a number of a kind: neighbours are far from each other (Knuth's multiplicative hashing, with the golden
/// ratio). Nobody gains from topics that meet.
fn mixed(kind: u64, number: u64) -> usize {
    let mixed = (number ^ (kind << 60)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    FIXED + usize::try_from(mixed).unwrap_or_default() % (NUMBERS - FIXED)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code panics while it holds a lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Window = Window { order: Order::Age, least: 10, greatest: 20 };

    fn page() -> Shown {
        Shown::of(&[Topic::Post(PostId::new(1))], Some(ALL))
    }

    fn commit(changes: &Changes, work: impl FnOnce(&Changes)) {
        work(changes);
        changes.committing();
        changes.committed();
    }

    #[test]
    fn a_page_is_not_right_while_a_change_to_it_is_committed_and_afterwards() {
        let changes = Changes::default();
        let (page, before) = (page(), changes.since_now());
        changes.touch(Topic::Post(PostId::new(1)));
        assert!(changes.has_none(&page, &before), "nobody can read it yet");
        changes.committing();
        // One that begins now may read either state.
        let meanwhile = changes.since_now();
        assert!(!changes.has_none(&page, &before) && !changes.has_none(&page, &meanwhile));
        changes.committed();
        assert!(!changes.has_none(&page, &before) && !changes.has_none(&page, &meanwhile));
        assert!(changes.has_none(&page, &changes.since_now()));
        commit(&changes, |changes| changes.touch(Topic::Post(PostId::new(2))));
        assert!(changes.has_none(&page, &Since::commit(1)), "it is another post");
    }

    #[test]
    fn a_snapshot_has_no_pieces_of_a_later_one() {
        let (changes, piece) = (Changes::default(), Shown::of(&[Topic::Post(PostId::new(1))], None));
        let (before, change) =
            (changes.since_now(), |changes: &Changes| changes.touch(Topic::Post(PostId::new(1))));
        assert!(changes.has_none_in(&before, &piece, &before));
        commit(&changes, change);
        let after = changes.since_now();
        assert!(!changes.has_none_in(&before, &piece, &after), "the snapshot is older");
        assert!(!changes.has_none_in(&after, &piece, &before), "the piece is older");
        assert!(changes.has_none_in(&after, &piece, &after));
        commit(&changes, |changes| changes.touch(Topic::Post(PostId::new(2))));
        assert!(changes.has_none_in(&changes.since_now(), &piece, &after), "another post is no matter");
    }

    #[test]
    fn a_list_changes_where_a_post_comes_or_goes() {
        let changes = Changes::default();
        for (key, is_right) in [(9, true), (21, true), (10, false), (20, false), (15, false)] {
            let since = changes.since_now();
            commit(&changes, |changes| changes.move_post([15, key, 15]));
            assert_eq!(changes.has_none(&page(), &since), is_right, "{key}");
            // What was compared is not compared again.
            assert_eq!(since.compared.load(Ordering::SeqCst) == changes.since_now().made, is_right);
        }
    }

    #[test]
    fn what_is_forgotten_or_too_much_or_by_another_process_changes_everything() {
        let changes = Changes::default();
        let since = changes.since_now();
        for _ in 0..=MAX_MOVES {
            commit(&changes, |changes| changes.move_post([0; 3]));
        }
        assert!(!changes.has_none(&page(), &since));
        assert!(changes.has_none(&page(), &changes.since_now()));

        for id in [PostId::new(5), PostId::new(6)] {
            let since = changes.since_now();
            commit(&changes, |changes| {
                for other in 0..2 * i64::try_from(MAX_PENDING).expect("a small number") {
                    changes.touch(Topic::Post(PostId::new(1_000_000 + other)));
                }
            });
            assert!(!changes.has_none(&Shown::of(&[Topic::Post(id)], None), &since));
        }
        let since = changes.since_now();
        changes.overtaken();
        assert!(!changes.has_none(&page(), &since) && changes.has_none(&page(), &changes.since_now()));
    }
}

//! Posts.

pub mod best;
pub mod day;
pub mod handlers;
pub mod kind;
pub mod link;
pub mod sql;
pub mod views;

use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;

pub use self::kind::PostKind;
use self::link::NewLink;
use crate::html::text::Rendered;
use crate::markup::cut::{Beginning, beginning};
use crate::tag;
use crate::text::{self, is_blank};
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::visibility::{Remover, State};
use crate::visit::Visit;
use crate::web::form::{Errors, Form};

/// A post as all readers see it in lists.
#[derive(Debug, Clone)]
pub struct Post {
    /// The primary key, which is also in the URL of the post's page.
    pub id: PostId,
    /// On one line, which no other post gets for 30 days; a placeholder for a post that is hidden.
    pub title: SmolStr,
    /// The time of posting.
    pub created_at: Timestamp,
    /// The number of its comments, without deleted and removed ones.
    pub comments_count: i64,
    /// The points: 1 for the author and 1 for each vote.
    pub score: i64,
    /// `None` for a text post.
    pub link: Option<Link>,
    /// Its tags, with a space between.
    pub tags: SmolStr,
    /// `None` when the author's account was deleted.
    pub author: Option<Author>,
}

/// What a viewer has to do with a post: nothing, by default, as a guest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Relation {
    /// Whether the viewer has voted for it.
    pub is_voted: bool,
    /// The number of other users' comments since the viewer's previous visit, counted up to
    /// [`MANY_NEW`](crate::visit::MANY_NEW); 0 for a viewer without an earlier visit.
    pub new_comments: i64,
    /// Whether one of the new comments is younger than the viewer's last look at the post.
    pub has_unseen: bool,
    /// The viewer's visit; `None`: the viewer has not looked at its page.
    pub visit: Option<Visit>,
    /// Whether the viewer has hidden it; `None`: it stands where it cannot be hidden.
    pub is_hidden: Option<bool>,
}

/// A post in a list for a viewer.
#[derive(Debug, Clone)]
pub struct ListedPost {
    /// The part for all readers.
    pub row: ListedRow,
    /// The viewer's part.
    pub relation: Relation,
}

/// The part of a post in a list that is for all readers.
#[derive(Debug, Clone)]
pub enum ListedRow {
    /// It was read, and is rendered with the list.
    Read(Post),
    /// It is kept.
    Kept(Arc<Row>),
}

impl ListedRow {
    /// The post's id.
    #[must_use]
    pub fn id(&self) -> PostId {
        match self {
            ListedRow::Read(post) => post.id,
            ListedRow::Kept(row) => row.id,
        }
    }

    /// The author; `None` when the author's account was deleted.
    #[must_use]
    pub fn author(&self) -> Option<&Author> {
        match self {
            ListedRow::Read(post) => post.author.as_ref(),
            ListedRow::Kept(row) => row.author.as_ref(),
        }
    }
}

/// A post in a list as it is kept for all readers.
#[derive(Debug)]
pub struct Row {
    /// The primary key.
    pub id: PostId,
    /// `None` when the author's account was deleted.
    pub author: Option<Author>,
    /// The arrow before it, not pressed; its title and its points; the name of its author; its age and the number of its
    /// comments.
    pub html: Rendered,
    /// Where the title begins in it, the name of the author, and the age.
    pub parts: [usize; 3],
}

/// The link of a post in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The URL as the author gave it.
    pub url: String,
    /// The site to show behind the title, see [`NewLink::site`].
    pub site: SmolStr,
}

/// A post on its own page.
#[derive(Debug, Clone)]
pub struct PostDetail {
    /// The part that lists show, too.
    pub post: Post,
    /// The text, in the markup of [`crate::markup`]; may be empty.
    pub description: Arc<str>,
    /// The time of its last change by its author, or of its deletion; `None`: it is as it was created.
    pub edited_at: Option<Timestamp>,
    /// Whether its author, title and text are hidden: an admin has removed it, or its author has deleted it, or
    /// their account, and the post stays for its comments.
    pub is_deleted: bool,
    /// The reason in the log, if the post was removed.
    pub removed: Option<String>,
    /// The one who removed it, if it was.
    pub remover: Option<Remover>,
    /// The admin's reason, if the post was locked against new comments.
    pub locked: Option<String>,
    /// The viewer's part. Other users' comments after its visit's `new_since` are new to the viewer.
    pub relation: Relation,
    /// Whether the viewer has saved it.
    pub is_saved: bool,
    /// Whether the viewer has flagged it, and no admin has decided about it since.
    pub is_flagged: bool,
    /// What its page shows to all readers alike; `None`: it is rendered with the page.
    pub html: Option<Arc<DetailHtml>>,
}

/// What the page of a post shows to all readers alike.
#[derive(Debug)]
pub struct DetailHtml {
    /// The description for link previews, a text.
    pub preview: String,
    /// The text as far as it is shown above the comments, and the link to the rest.
    pub text: Rendered,
}

impl PostDetail {
    /// Whether it accepts comments: it is neither deleted nor locked. [`sql::takes_comments`] asks the
    /// database.
    #[must_use]
    pub fn takes_comments(&self) -> bool {
        !self.is_deleted && self.locked.is_none()
    }

    /// The text as far as it is shown above the comments.
    #[must_use]
    pub fn shown_text(&self) -> Beginning<'_> {
        beginning(&self.description, MAX_SHOWN_TEXT_BYTES)
    }

    /// Whether it is hidden, and why.
    #[must_use]
    pub fn state(&self) -> State {
        State::of(self.is_deleted, self.remover)
    }
}

/// The most bytes of a post's rendered text above the comments: half as much again as the longest text in Latin
/// letters.
pub const MAX_SHOWN_TEXT_BYTES: usize = 96 * 1024;

/// The fields of the form for a post.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// On one line; no other post has got it within [`REPOST_WINDOW`].
    pub title: String,
    /// Empty for a text post.
    pub url: String,
    /// The text, in the markup of [`crate::markup`]; may be empty.
    pub description: String,
    /// The tags, with a space between ([`crate::tag`]).
    pub tags: String,
    /// Whether the user wants the link posted although another post has its address.
    pub is_repost: bool,
}

/// An address cannot be posted again within this time, unless the user insists: the request votes for the existing
/// post instead. Nor can another post get a title within this time of its last use.
pub const REPOST_WINDOW: Duration = Duration::from_hours(30 * 24);

/// The least [length](text::length_of_words) of a title.
const MIN_TITLE_CHARS: usize = 5;
/// The most characters of a title.
pub const MAX_TITLE_CHARS: usize = 255;
/// The most characters of a text: more than readers want, and quick to render.
pub const MAX_TEXT_CHARS: usize = 65_536;

/// The name of the form field that says that a link is to be posted although another post has its address.
pub const REPOST: &str = "repost";

impl Content {
    /// The names of the form fields.
    pub const FIELDS: [&str; 5] = ["title", "url", "description", "tags", REPOST];

    /// The content from a form; a field that the form lacks is taken from `before`.
    #[must_use]
    pub fn of(form: &Form, before: Content) -> Content {
        Content {
            title: form.get("title").map_or(before.title, |_| form.line("title")),
            url: form.get("url").map_or(before.url, |_| form.line("url")),
            description: form.get("description").map_or(before.description, |_| form.text("description")),
            tags: form.get("tags").map_or(before.tags, tag::normalized),
            is_repost: form.get(REPOST).is_some(),
        }
    }

    /// The content that the query string of the form for a new post prefills. `text` is another name of the
    /// description. A title that is too long, as some pages have, is cut.
    #[must_use]
    pub fn suggested(form: &Form) -> Content {
        let Content { title, url, description, tags, .. } = Content::of(form, Content::default());
        let description = if description.is_empty() { form.text("text") } else { description };
        let title = title.chars().take(MAX_TITLE_CHARS).collect();
        Content { title, url, description, tags, is_repost: false }
    }

    /// This content with the fields in which it does not differ from `before` taken from `present`: what a form that was
    /// made from `before` changes of a post that has changed since.
    #[must_use]
    pub fn rebased(&self, before: &Content, present: Content) -> Content {
        let field = |of: fn(&Content) -> &String, present: String| {
            if of(self) == of(before) { present } else { of(self).clone() }
        };
        Content {
            title: field(|content| &content.title, present.title),
            url: field(|content| &content.url, present.url),
            description: field(|content| &content.description, present.description),
            tags: field(|content| &content.tags, present.tags),
            is_repost: self.is_repost,
        }
    }

    /// Whether all fields are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.url.is_empty() && self.description.is_empty()
    }

    /// The link; `None` for a text post.
    ///
    /// # Errors
    /// A sentence for the form that says what is wrong with the URL, see [`link::parse`].
    pub fn link(&self) -> Result<Option<NewLink>, &'static str> {
        if is_blank(&self.url) { Ok(None) } else { link::parse(&self.url).map(Some) }
    }

    /// The errors that show without the database.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        if is_blank(&self.title) {
            errors.add("title", "Title can't be blank");
        } else if text::length_of_words(&self.title) < MIN_TITLE_CHARS {
            errors.add("title", "Title is too short (minimum is 5 characters)");
        } else if self.title.chars().count() > MAX_TITLE_CHARS {
            errors.add("title", "Title is too long (maximum is 255 characters)");
        }
        if let Err(sentence) = self.link() {
            errors.add("url", sentence);
        }
        errors.append(self.check_text());
        errors
    }

    /// The errors of the text.
    #[must_use]
    pub fn check_text(&self) -> Errors {
        let mut errors = Errors::default();
        if self.description.chars().count() > MAX_TEXT_CHARS {
            errors.add("description", "Description is too long (maximum is 65536 characters)");
        }
        errors
    }
}

/// Whether the author of a post may change its title and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TitleRule {
    /// At any time: the post is new, or the author is an admin.
    Free,
    /// Until this time.
    Until(Timestamp),
    /// No more. The number of hours in which it was possible.
    Over(u32),
}

impl TitleRule {
    /// The rule for a post of this time, at `now`, for an author who may change its title for `hours` hours.
    #[must_use]
    pub fn of(created_at: Timestamp, now: Timestamp, hours: u32) -> TitleRule {
        let end = created_at + Duration::from_hours(hours.into());
        if now < end { TitleRule::Until(end) } else { TitleRule::Over(hours) }
    }

    /// The errors of a change of `before` that it does not allow.
    #[must_use]
    pub fn check(self, before: &Content, requested: &Content) -> Errors {
        let mut errors = Errors::default();
        let TitleRule::Over(hours) = self else { return errors };
        let end = match hours {
            0 => "can't be changed after posting".to_owned(),
            1 => "can be changed for an hour after posting".to_owned(),
            hours => format!("can be changed for {hours} hours after posting"),
        };
        if requested.title != before.title {
            errors.add("title", format!("Title {end}"));
        }
        if requested.url != before.url {
            errors.add("url", format!("URL {end}"));
        }
        errors
    }
}

/// A post that has a title or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub id: PostId,
    /// Whether it is removed or deleted: nobody is told which post had the title.
    pub is_hidden: bool,
}

/// The posts that keep another one from getting a title or an address, since they got it within [`REPOST_WINDOW`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holders {
    /// The post that has the title.
    pub title: Option<Holder>,
    /// The post that has the address.
    pub address: Option<Holder>,
}

impl Holders {
    /// The errors of the form.
    #[must_use]
    pub fn errors(self) -> Errors {
        let mut errors = Errors::default();
        if self.address.is_some() {
            errors.add("url", "URL has been posted in the last 30 days");
        }
        if self.title.is_some() {
            errors.add("title", "Title has already been taken");
        }
        errors
    }
}

/// A post to insert.
pub struct NewPost<'p> {
    /// The author.
    pub user_id: UserId,
    /// On one line; no other post has got it within [`REPOST_WINDOW`].
    pub title: &'p str,
    /// `None` for a text post.
    pub link: Option<&'p NewLink>,
    /// May be empty.
    pub description: &'p str,
    /// The time of posting.
    pub created_at: Timestamp,
}

/// The outcome of a change to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The post was changed.
    Done,
    /// The post is as requested already.
    Unchanged,
    /// The post is not there, or no longer.
    NotFound,
    /// Refused: these other posts have the title or the address.
    Taken(Holders),
}

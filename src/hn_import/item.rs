//! A line of the API's JSON as a row for this site.

use serde_json::Value;

use super::html::{decoded, to_markup};
use crate::comment;
use crate::post::link::{self, NewLink};
use crate::post::{MAX_TEXT_CHARS, MAX_TITLE_CHARS};
use crate::search::words::for_each_token;
use crate::tag::{self, MAX_TAGS};
use crate::text::is_blank;
use crate::types::time::Timestamp;

/// The state that an item brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everybody sees it.
    Present,
    /// It was killed: here an admin has removed it.
    Dead,
    /// Its author has deleted it, or it has no text.
    Deleted,
}

/// A story, job or poll: a post.
#[derive(Debug, Clone)]
pub struct Story {
    /// At most [`MAX_TITLE_CHARS`] characters on one line.
    pub title: String,
    /// `None` for a text post, and for a URL that this site does not accept, which then begins the text.
    pub link: Option<NewLink>,
    /// At least 1.
    pub score: i64,
    /// The tags, with a space between: a field of this site's exports.
    pub tags: String,
}

/// The kinds of items that this site has.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A post.
    Story(Story),
    /// A comment, with its parent's number.
    Comment(i64),
}

/// An item of Hacker News.
#[derive(Debug, Clone)]
pub struct Item {
    /// At Hacker News.
    pub number: i64,
    /// Its author's name there; `None`: it has none.
    pub by: Option<String>,
    /// The time of posting.
    pub time: Timestamp,
    /// What it is.
    pub kind: Kind,
    /// The text in this site's markup.
    pub text: String,
    /// Whether it is shown.
    pub standing: Standing,
    /// Whether a title or text was cut, or a URL was moved into the text.
    pub is_changed: bool,
    /// The tokens for the search, a blank after each.
    pub words: String,
}

/// A user of Hacker News.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name there.
    pub name: String,
    /// The time of signing up.
    pub created_at: Timestamp,
    /// In this site's markup.
    pub about: String,
}

/// What a line has.
#[derive(Debug, Clone)]
pub enum Line {
    /// A post or comment.
    Item(Box<Item>),
    /// A user.
    Person(Person),
    /// Something that this site does not have: the option of a poll, or `null`.
    Unknown,
}

/// Reads a line.
///
/// # Errors
/// The reason for which it cannot be read, as an end of a sentence.
pub fn parse(line: &str, now: Timestamp) -> Result<Line, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("it is no JSON: {error}"))?;
    if value.is_null() {
        return Ok(Line::Unknown);
    }
    if let Some(name) = value["id"].as_str() {
        return person(name, &value, now).map(Line::Person);
    }
    let number = value["id"].as_i64().filter(|number| *number > 0).ok_or("it has no id")?;
    let is_deleted = value["deleted"] == true;
    let kind = match value["type"].as_str() {
        Some("story" | "job" | "poll") => {
            Kind::Story(Story { title: String::new(), link: None, score: 1, tags: tags(&value) })
        }
        Some("comment") => {
            Kind::Comment(value["parent"].as_i64().filter(|parent| *parent > 0).ok_or("it has no parent")?)
        }
        Some("pollopt") => return Ok(Line::Unknown),
        _ => return Err("it has no type that is known".to_owned()),
    };
    if matches!(kind, Kind::Comment(parent) if parent == number) {
        return Err("it is its own parent".to_owned());
    }
    let by = value["by"].as_str().filter(|by| !by.is_empty()).map(str::to_owned);
    let standing = if is_deleted {
        Standing::Deleted
    } else if value["dead"] == true {
        Standing::Dead
    } else {
        Standing::Present
    };
    let mut item = Item {
        number,
        by,
        time: time(&value["time"], now)?,
        kind,
        text: text(&value),
        standing,
        is_changed: false,
        words: String::new(),
    };
    item.complete(&value);
    Ok(Line::Item(Box::new(item)))
}

fn person(name: &str, value: &Value, now: Timestamp) -> Result<Person, String> {
    let about = value["source"]
        .as_str()
        .map_or_else(|| to_markup(value["about"].as_str().unwrap_or_default()), str::to_owned);
    let about = about.chars().take(crate::user::MAX_ABOUT_CHARS).collect();
    Ok(Person { name: name.to_owned(), created_at: time(&value["created"], now)?, about })
}

/// The text: its markup in `source`, as this site exports it, or else the HTML in `text`.
fn text(value: &Value) -> String {
    match value["source"].as_str() {
        Some(source) => source.to_owned(),
        None => to_markup(value["text"].as_str().unwrap_or_default()),
    }
}

/// The tags that a post can have.
fn tags(value: &Value) -> String {
    let named = value["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    tag::normalized(
        &named.filter(|tag| tag::parse(tag).is_some()).take(MAX_TAGS).collect::<Vec<_>>().join(" "),
    )
}

fn time(seconds: &Value, now: Timestamp) -> Result<Timestamp, String> {
    let seconds = seconds.as_i64().filter(|seconds| *seconds >= 0).ok_or("it has no time")?;
    let time = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    if time > now { Err("its time is in the future".to_owned()) } else { Ok(time) }
}

impl Item {
    fn complete(&mut self, value: &Value) {
        let max = match &mut self.kind {
            Kind::Story(story) => {
                let title = decoded(value["title"].as_str().unwrap_or_default());
                story.title = title.split_whitespace().collect::<Vec<_>>().join(" ");
                self.is_changed |= cut(&mut story.title, MAX_TITLE_CHARS);
                story.score = value["score"].as_i64().unwrap_or(1).max(1);
                if let Some(url) = value["url"].as_str().filter(|url| !url.is_empty()) {
                    match link::parse(url) {
                        Ok(link) => story.link = Some(link),
                        Err(_) => {
                            self.text = format!("{url}\n\n{}", self.text).trim_end().to_owned();
                            self.is_changed = true;
                        }
                    }
                }
                MAX_TEXT_CHARS
            }
            Kind::Comment(_) => comment::MAX_LENGTH,
        };
        self.is_changed |= cut(&mut self.text, max);
        let has_words = match &self.kind {
            Kind::Story(story) => !is_blank(&story.title),
            Kind::Comment(_) => !is_blank(&self.text),
        };
        // A removed post or comment has an author, to whom it can be given back.
        if !has_words || (self.standing == Standing::Dead && self.by.is_none()) {
            self.standing = Standing::Deleted;
        }
        if self.standing == Standing::Present {
            self.find_words();
        }
    }

    /// Finds the tokens here, on the thread that reads, while another one writes.
    fn find_words(&mut self) {
        let words = &mut self.words;
        let mut push = |word: &str| {
            words.push_str(word);
            words.push(' ');
        };
        if let Kind::Story(story) = &self.kind {
            for_each_token(&story.title, &mut push);
        }
        for_each_token(&self.text, &mut push);
    }
}

/// Cuts a text to at most `max` characters, the last of which is "…" then; whether it was longer.
fn cut(text: &mut String, max: usize) -> bool {
    if text.len() <= max || text.chars().count() <= max {
        return false;
    }
    if let Some((at, _)) = text.char_indices().nth(max - 1) {
        text.truncate(at);
        text.push('…');
    }
    true
}

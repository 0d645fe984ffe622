//! The parameters of a search: `query`, `tags`, `numericFilters`, `page` and `hitsPerPage`.

use crate::hn_api::ItemNumber;
use crate::search::query::Kind;
use crate::types::id::number_from_path;
use crate::user::name;

/// The hits on a page, unless the search asks for another number.
pub const HITS_PER_PAGE: usize = 20;
/// The most hits on a page; a search that asks for more gets these.
pub const MAX_HITS_PER_PAGE: usize = 50;
/// The most tags of a search, and the most conditions on numbers.
pub const MAX_CONDITIONS: usize = 32;

/// A search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The words; may be blank.
    pub text: String,
    /// A hit has a tag of each of these lists.
    pub tags: Vec<Vec<Tag>>,
    /// A hit fulfils all these conditions.
    pub conditions: Vec<Condition>,
    /// The number of the page, from 0.
    pub page: usize,
    /// The hits on a page.
    pub hits_per_page: usize,
}

/// A tag of posts or comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag {
    /// All posts.
    Story,
    /// All comments.
    Comment,
    /// The posts that ask.
    Ask,
    /// The posts that show something.
    Show,
    /// The posts of the front page.
    FrontPage,
    /// What the user with this name has written, see [`name::folded`].
    Author(String),
    /// The post with this number and its comments.
    OfStory(ItemNumber),
    /// What this site does not have: polls and jobs.
    Absent,
}

/// A condition on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The number that is compared.
    pub field: Field,
    /// How it is compared.
    pub comparison: Comparison,
    /// The number with which it is compared.
    pub number: i64,
}

/// A number of a post or comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The time of its creation, in seconds since 1970.
    CreatedAt,
    /// Its points.
    Points,
    /// The number of its comments.
    Comments,
}

/// A comparison of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Comparison {
    /// All, with their signs; the sign that is the beginning of another comes after it.
    const EACH: [(&'static str, Comparison); 6] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("!=", Comparison::Unequal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ];

    /// Whether it holds for two numbers.
    #[must_use]
    pub fn holds(self, one: i64, other: i64) -> bool {
        match self {
            Comparison::Less => one < other,
            Comparison::LessOrEqual => one <= other,
            Comparison::Equal => one == other,
            Comparison::Unequal => one != other,
            Comparison::GreaterOrEqual => one >= other,
            Comparison::Greater => one > other,
        }
    }
}

impl Parameters {
    /// Parses a query string.
    ///
    /// # Errors
    /// A sentence that says which parameter is wrong.
    pub fn parse(query: &str) -> Result<Parameters, String> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
            .map_err(|_| "The query string is not well-formed.".to_owned())?;
        let mut parameters = Parameters { hits_per_page: HITS_PER_PAGE, ..Parameters::default() };
        for (name, value) in pairs {
            match &*name {
                "query" => parameters.text = value,
                "tags" => parameters.tags = tags(&value)?,
                "numericFilters" => parameters.conditions = conditions(&value)?,
                "page" => parameters.page = number(&name, &value)?,
                "hitsPerPage" => parameters.hits_per_page = number(&name, &value)?.min(MAX_HITS_PER_PAGE),
                // Algolia has dozens more, of which programs send some.
                _ => {}
            }
        }
        Ok(parameters)
    }

    /// Whether the tags allow a hit of this kind.
    #[must_use]
    pub fn allows(&self, kind: Kind) -> bool {
        self.tags.iter().all(|any| any.iter().any(|tag| tag.allows(kind)))
    }

    /// The first value that `required` finds in a tag that each hit must have.
    pub fn required<T>(&self, required: impl Fn(&Tag) -> Option<T>) -> Option<T> {
        self.tags.iter().find_map(|any| match &any[..] {
            [tag] => required(tag),
            _ => None,
        })
    }

    /// The second before which all hits were created, as far as the conditions say so.
    #[must_use]
    pub fn created_before(&self) -> Option<i64> {
        let bounds = self.conditions.iter().filter_map(|condition| match condition {
            Condition { field: Field::CreatedAt, comparison, number } => match comparison {
                Comparison::Less => Some(*number),
                Comparison::LessOrEqual | Comparison::Equal => Some(number.saturating_add(1)),
                _ => None,
            },
            _ => None,
        });
        bounds.min()
    }
}

impl Tag {
    /// Whether something of this kind can have the tag.
    fn allows(&self, kind: Kind) -> bool {
        match self {
            Tag::Story | Tag::Ask | Tag::Show | Tag::FrontPage => kind == Kind::Post,
            Tag::Comment => kind == Kind::Comment,
            Tag::Author(_) | Tag::OfStory(_) => true,
            Tag::Absent => false,
        }
    }

    fn parse(text: &str) -> Result<Tag, String> {
        let story = |number: &str| number_from_path(number).map(ItemNumber::new).map(Tag::OfStory);
        let tag = match text {
            "story" => Some(Tag::Story),
            "comment" => Some(Tag::Comment),
            "ask_hn" => Some(Tag::Ask),
            "show_hn" => Some(Tag::Show),
            "front_page" => Some(Tag::FrontPage),
            "poll" | "pollopt" | "job" | "launch_hn" => Some(Tag::Absent),
            _ => match text.split_once('_') {
                Some(("author", author)) => Some(Tag::Author(name::folded(author))),
                Some(("story", number)) => story(number),
                _ => None,
            },
        };
        tag.ok_or_else(|| format!("tags: {text:?} is no tag."))
    }
}

/// Parses `author_pg,(story,poll)`: all of the parts, and any of those in parentheses.
fn tags(text: &str) -> Result<Vec<Vec<Tag>>, String> {
    let mut all: Vec<Vec<Tag>> = Vec::new();
    let (mut is_inside, mut number) = (false, 0);
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let begins = part.starts_with('(');
        let ends = part.ends_with(')');
        if (begins && is_inside) || (ends && !begins && !is_inside) {
            return Err("tags: the parentheses do not match.".to_owned());
        }
        number += 1;
        if number > MAX_CONDITIONS {
            return Err(format!("tags: there are more than {MAX_CONDITIONS}."));
        }
        let tag = Tag::parse(part.trim_start_matches('(').trim_end_matches(')').trim())?;
        match all.last_mut() {
            Some(any) if is_inside => any.push(tag),
            _ => all.push(vec![tag]),
        }
        is_inside = (is_inside || begins) && !ends;
    }
    if is_inside { Err("tags: a parenthesis is not closed.".to_owned()) } else { Ok(all) }
}

/// Parses `created_at_i>1700000000,points>=10`: all of them.
fn conditions(text: &str) -> Result<Vec<Condition>, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > MAX_CONDITIONS {
        return Err(format!("numericFilters: there are more than {MAX_CONDITIONS}."));
    }
    parts.into_iter().map(condition).collect()
}

fn condition(text: &str) -> Result<Condition, String> {
    let wrong = || format!("numericFilters: {text:?} is not understood.");
    let at = text.find(['<', '>', '=', '!']).ok_or_else(wrong)?;
    let (name, rest) = text.split_at(at);
    let signs = Comparison::EACH.iter();
    let found = signs.filter_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?))).next();
    let (comparison, number) = found.ok_or_else(wrong)?;
    let field = match name.trim() {
        "created_at_i" => Field::CreatedAt,
        "points" => Field::Points,
        "num_comments" => Field::Comments,
        _ => return Err(wrong()),
    };
    Ok(Condition { field, comparison, number: number.trim().parse().map_err(|_| wrong())? })
}

fn number(name: &str, value: &str) -> Result<usize, String> {
    value.parse().map_err(|_| format!("{name}: {value:?} is not a whole number."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_comma_means_and_and_parentheses_mean_or() {
        let author = || Tag::Author("pg".to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("story", vec![vec![Tag::Story]]),
            ("author_PG,(story,poll)", vec![vec![author()], vec![Tag::Story, Tag::Absent]]),
            ("(story, comment) , author_pg", vec![vec![Tag::Story, Tag::Comment], vec![author()]]),
            ("(story),(comment)", vec![vec![Tag::Story], vec![Tag::Comment]]),
            ("comment,story_14", vec![vec![Tag::Comment], vec![Tag::OfStory(ItemNumber::new(14))]]),
            ("author_a_b", vec![vec![Tag::Author("a_b".to_owned())]]),
        ] {
            assert_eq!(tags(text), Ok(expected), "{text}");
        }
        for wrong in [
            "stories",
            "story_",
            "story_x",
            "story_014",
            "(story",
            "story)",
            "((story))x",
            "(a,(b))",
            "(story,(comment))",
        ] {
            assert!(tags(wrong).is_err(), "{wrong}");
        }
        assert!(tags(&vec!["story"; MAX_CONDITIONS].join(",")).is_ok());
        assert!(tags(&vec!["story"; MAX_CONDITIONS + 1].join(",")).is_err());
    }

    #[test]
    fn a_condition_compares_a_number() {
        let condition = |field, comparison, number| Condition { field, comparison, number };
        assert_eq!(
            conditions("created_at_i>=5,points< 7, num_comments != -1"),
            Ok(vec![
                condition(Field::CreatedAt, Comparison::GreaterOrEqual, 5),
                condition(Field::Points, Comparison::Less, 7),
                condition(Field::Comments, Comparison::Unequal, -1),
            ])
        );
        for wrong in
            ["points", "points>", "points>x", "points=>5", "karma>5", ">5", "points>1.5", "points>>5"]
        {
            assert!(conditions(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_search_has_defaults_and_limits() {
        let parse = |query: &str| Parameters::parse(query);
        let empty = parse("").expect("nothing is needed");
        assert_eq!((empty.page, empty.hits_per_page, &*empty.text), (0, HITS_PER_PAGE, ""));
        let search = parse("query=a+b&hitsPerPage=1000&page=3&typoTolerance=false").expect("it is valid");
        assert_eq!((search.page, search.hits_per_page, &*search.text), (3, MAX_HITS_PER_PAGE, "a b"));
        for wrong in ["page=-1", "page=x", "hitsPerPage=", "tags=x", "numericFilters=x", "page=1.5"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let bounded = parse("numericFilters=created_at_i<9,created_at_i<=7,points<2").expect("it is valid");
        assert_eq!((bounded.created_before(), empty.created_before()), (Some(8), None));
    }

    proptest! {
        #[test]
        fn any_query_string_is_read_or_refused(query in "(query|tags|numericFilters|page|hitsPerPage|&|=|%|[(),<>!_a-z0-9]){0,20}") {
            if let Ok(parameters) = Parameters::parse(&query) {
                prop_assert!(parameters.hits_per_page <= MAX_HITS_PER_PAGE);
                prop_assert!(parameters.tags.iter().all(|any| !any.is_empty()));
            }
        }
    }
}

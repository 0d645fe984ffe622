//! The parameters of the search API: any query string is read or refused, within its limits, and what narrows a search
//! beforehand leaves out no hit.

use lorem_news::hn_search::Document;
use lorem_news::hn_search::parameters::{Field, MAX_CONDITIONS, MAX_HITS_PER_PAGE, Parameters};
use lorem_news::post::PostKind;
use lorem_news::search::query::Kind;
use lorem_news::types::id::{CommentId, PostId};
use lorem_news::types::time::Timestamp;
use lorem_news::vote::Target;

/// `input` is a query string.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Ok(parameters) = Parameters::parse(&text) else { return };
    assert!(parameters.hits_per_page <= MAX_HITS_PER_PAGE, "{parameters:?}");
    assert!(parameters.tags.iter().all(|any| !any.is_empty()), "{parameters:?}");
    assert!(parameters.tags.iter().flatten().count() <= MAX_CONDITIONS, "{parameters:?}");
    assert!(parameters.conditions.len() <= MAX_CONDITIONS, "{parameters:?}");
    let times = parameters.conditions.iter().filter(|condition| condition.field == Field::CreatedAt);
    let mut times: Vec<i64> = times
        .flat_map(|time| [time.number.saturating_sub(1), time.number, time.number.saturating_add(1)])
        .collect();
    times.push(0);
    // A time in microseconds, as the database has it.
    times.retain(|second| second.checked_mul(1_000_000).is_some());
    for second in times {
        for document in documents(second) {
            assert_reached(&parameters, &document);
        }
    }
}

/// Posts and comments of each kind, created at this second.
fn documents(second: i64) -> Vec<Document> {
    let document = |target, kind, is_on_front_page| Document {
        target,
        created_at: Timestamp::from_micros(second * 1_000_000),
        score: 5,
        author: Some("ann".into()),
        story: PostId::new(7),
        comments_count: 2,
        kind,
        is_on_front_page,
    };
    let post = Target::Post(PostId::new(7));
    vec![
        document(post, None, false),
        document(post, Some(PostKind::Ask), true),
        document(post, Some(PostKind::Show), false),
        document(Target::Comment(CommentId::new(3)), None, false),
    ]
}

/// Panics if a search would leave out a hit: by its kind, by its time, or by a tag that each hit must have.
fn assert_reached(parameters: &Parameters, document: &Document) {
    let has_tags = parameters.tags.iter().all(|any| any.iter().any(|tag| document.has(tag)));
    let fulfils = parameters.conditions.iter().all(|condition| document.fulfils(condition));
    if !(has_tags && fulfils) {
        return;
    }
    let kind = match document.target {
        Target::Post(_) => Kind::Post,
        Target::Comment(_) => Kind::Comment,
    };
    assert!(parameters.allows(kind), "{parameters:?} finds {document:?}");
    let second = document.created_at.unix_seconds();
    assert!(parameters.created_before().is_none_or(|before| second < before), "{parameters:?}: {second}");
    let missing = parameters.required(|tag| (!document.has(tag)).then(|| tag.clone()));
    assert_eq!(missing, None, "{document:?}");
}

//! Any search is parsed or refused, and never causes an error in SQLite.

use lorem_news::comment::{self, NewComment};
use lorem_news::post::{self, NewPost, link};
use lorem_news::schema::SCHEMA;
use lorem_news::search::query::{MAX_LENGTH, MAX_WORDS, Query};
use lorem_news::search::words::folded;
use lorem_news::search::{self, MAX_BLOCKS, MAX_MATCHES, Order, ROWS_PER_BLOCK, excerpt};
use lorem_news::types::time::{Clock, Timestamp};
use lorem_news::user::{self, NewUser};
use lorem_store::migrate;
use rusqlite::Connection;

thread_local! {
    static SITE: Connection = site();
}

/// `input` is the text of a search.
pub fn holds(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Ok(mut query) = Query::parse(&text) else {
        return;
    };
    let words: Vec<&String> = query.terms.iter().flat_map(|term| &term.tokens).collect();
    assert!(text.chars().count() <= MAX_LENGTH && words.len() <= MAX_WORDS, "{query:?}");
    assert!(!words.is_empty() || query.by.is_some() || query.site.is_some(), "{query:?}");
    for word in words {
        assert!(!word.is_empty() && folded(word) == *word && !word.contains(['"', ' ', '\0']), "{word:?}");
    }
    assert!(query.terms.iter().all(|term| !term.words.is_empty()), "{query:?}");
    SITE.with(|site| {
        let answer = |query: &Query, order| match search::sql::find::find(
            site,
            query,
            order,
            &Clock::at(Timestamp::from_micros(1)),
        ) {
            Ok(found) => found,
            Err(why) => panic!("{query:?}: {why}"),
        };
        let _ = answer(&query, Order::Relevance);
        // A search by an author uses an existing user.
        query.by = query.by.take().map(|_| "Zoë".to_owned());
        let found = answer(&query, Order::Date).expect("the user exists");
        assert!(found.matches.len() <= MAX_MATCHES as usize, "{query:?}");
    });
    if let Some(part) = excerpt::matching_excerpt(&text, &query) {
        assert!(text.contains(part.text), "{part:?}");
    }
}

/// A site with more posts than a search looks through.
fn site() -> Connection {
    let mut site = Connection::open_in_memory().expect("a database");
    migrate::run(&mut site, &SCHEMA).expect("all tables");
    site.execute_batch("BEGIN").expect("a transaction");
    let zoe = NewUser {
        screen_name: "Zoë",
        password_hash: "none",
        about: "",
        created_at: Timestamp::from_micros(1),
    };
    let user_id = user::sql::create(&site, &zoe).expect("an answer").expect("the name is free");
    let link = link::parse("https://www.example.com/a").expect("a link");
    let post = |title: &str, description: &str| {
        let link = Some(&link).filter(|_| title.len().is_multiple_of(2));
        let new = NewPost { user_id, title, link, description, created_at: Timestamp::from_micros(1) };
        post::sql::create(&site, &new).expect("an answer").expect("the title is free")
    };
    let first = post("First lorem", "Crème brûlée, 한글, don't-stop; lorem dolor amet");
    for number in 0..MAX_MATCHES + 1 {
        post(&format!("big cat {number}"), "lorem");
    }
    let body = "lorem ipsum, dolores 3.14";
    let new =
        NewComment { post_id: first, parent_id: None, user_id, body, created_at: Timestamp::from_micros(1) };
    comment::sql::create(&site, &new).expect("a comment");
    while search::sql::index_step(&site).expect("a step") {}
    // Beyond this id, a search for a frequent word looks at the newest blocks only.
    let far = "UPDATE sqlite_sequence SET seq = ?1 WHERE name IN ('posts', 'comments')";
    site.execute(far, [ROWS_PER_BLOCK * MAX_BLOCKS]).expect("a number");
    post("The last lorem", "lorem ipsum");
    while search::sql::index_step(&site).expect("a step") {}
    site.execute_batch("COMMIT").expect("it is written");
    site
}

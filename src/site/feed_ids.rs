//! The ids of feeds and of their entries, which never change (RFC 4287 §4.2.6), whatever address the site
//! has (`docs/decisions/0024-feed-ids.md`).

use std::fmt;

use uuid::{Builder, Uuid};

use super::origin::Origin;
use crate::replica::Identity;

/// The prefix of all ids, which the database stores as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedIds {
    /// An origin such as `https://news.example`: an id is the URL that it makes with a path.
    Urls(String),
    /// The database's identity as a UUID: an id is the UUID that RFC 9562 §5.5 makes of it and a path. The
    /// path cannot follow the prefix, since nothing may follow the digits of a `urn:uuid:` (RFC 9562 §4).
    Uuids(Uuid),
}

impl FeedIds {
    /// The ids that are URLs below an origin.
    #[must_use]
    pub fn below(origin: &Origin) -> FeedIds {
        FeedIds::Urls(origin.to_string())
    }

    /// The ids of the database with this identity. Its random bits become a UUID of version 4.
    #[must_use]
    pub fn of_database(identity: Identity) -> FeedIds {
        FeedIds::Uuids(Builder::from_random_bytes(identity).into_uuid())
    }

    /// The ids with a prefix that [`Display`](fmt::Display) wrote.
    #[must_use]
    pub fn parse(prefix: &str) -> FeedIds {
        let uuid = prefix.strip_prefix("urn:uuid:").and_then(|digits| Uuid::parse_str(digits).ok());
        uuid.map_or_else(|| FeedIds::Urls(prefix.to_owned()), FeedIds::Uuids)
    }

    /// The id of the feed or entry at a path of the site, with its query.
    #[must_use]
    pub fn id(&self, path: &str) -> String {
        match self {
            FeedIds::Urls(origin) => format!("{origin}{path}"),
            FeedIds::Uuids(namespace) => Uuid::new_v5(namespace, path.as_bytes()).urn().to_string(),
        }
    }
}

/// The prefix: `https://news.example`, or `urn:uuid:` and the digits of a UUID.
impl fmt::Display for FeedIds {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            FeedIds::Urls(origin) => f.write_str(origin),
            FeedIds::Uuids(uuid) => uuid.urn().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_the_stored_prefix_and_the_path() {
        let urls = FeedIds::below(&Origin::parse("https://news.example/").expect("an origin"));
        assert_eq!(urls.id("/posts/1"), "https://news.example/posts/1");
        // The UUIDs come from another implementation: Python's uuid.uuid5.
        let uuids = FeedIds::of_database([7; 16]);
        assert_eq!(uuids.to_string(), "urn:uuid:07070707-0707-4707-8707-070707070707");
        assert_eq!(uuids.id("/posts/1"), "urn:uuid:218fa021-c079-577d-b9f1-4ba21255f2c2");
        assert_eq!(uuids.id("/search.atom?q=a+b"), "urn:uuid:1f53aad8-2c4c-5d3d-b1eb-b8340446f25e");
        for ids in [urls, uuids] {
            assert_eq!(FeedIds::parse(&ids.to_string()), ids);
        }
    }
}

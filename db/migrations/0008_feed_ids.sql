-- The ids of feeds and of their entries, which never change (RFC 4287 §4.2.6): one row.
CREATE TABLE feed_ids (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    -- 1: the database had users before this table, so feed readers may know its feeds' URLs as ids.
    is_older INTEGER NOT NULL CHECK (is_older IN (0, 1)),
    -- The prefix of all ids: an origin such as `https://news.example`, or `urn:uuid:` and the database's
    -- identity as a UUID (src/site/feed_ids.rs). NULL until the first start of the server, which settles it.
    prefix   TEXT
) STRICT;
INSERT INTO feed_ids (only, is_older)
    VALUES (1, EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users'));

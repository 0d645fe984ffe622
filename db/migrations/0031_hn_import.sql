-- What `lorem-news import hn` has read (docs/decisions: the import of Hacker News items).

-- The items of Hacker News that are here: a second import skips them. `item` is the number here, twice the id of a post,
-- or twice the id of a comment and 1. There is no reference: ids are never given again, and what was deleted here does
-- not come back with a second import.
CREATE TABLE imported_items (
    number INTEGER PRIMARY KEY,  -- at Hacker News
    item   INTEGER NOT NULL
) STRICT;

-- The people who wrote them. NULL: the account was deleted here, and no import makes it anew.
CREATE TABLE imported_users (
    name    TEXT    PRIMARY KEY NOT NULL,  -- at Hacker News, where case counts
    user_id INTEGER REFERENCES users ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_users_by_user ON imported_users (user_id) WHERE user_id IS NOT NULL;

-- The points of an imported post beyond its author's own, which no voter here has given. A post's `score` is
-- 1 + these + the number of its votes.
CREATE TABLE imported_points (
    post_id INTEGER PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    points  INTEGER NOT NULL CHECK (points > 0)
) STRICT;

-- Items that wait: comments whose parents have not come yet, and deleted items, which are only wanted once a comment
-- below them is there.
CREATE TABLE waiting_items (
    number     INTEGER PRIMARY KEY,  -- at Hacker News
    parent     INTEGER NOT NULL,     -- its parent's number there; 0: it is a story
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    line       TEXT    NOT NULL      -- the item's JSON
) STRICT;
CREATE INDEX waiting_items_by_parent ON waiting_items (parent);

-- How far a file has been read, so that an import that was stopped goes on there.
CREATE TABLE imported_files (
    fingerprint BLOB    PRIMARY KEY NOT NULL CHECK (length(fingerprint) = 32),  -- SHA-256 of its beginning
    position    INTEGER NOT NULL,                                      -- bytes
    lines       INTEGER NOT NULL,
    bad_lines   INTEGER NOT NULL,
    tail        BLOB    NOT NULL CHECK (length(tail) = 32)             -- SHA-256 of the bytes before the position
) STRICT, WITHOUT ROWID;

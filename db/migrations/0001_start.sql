-- The schema of Lorem News.
--
-- Times are whole microseconds since 1970, UTC. Counters are columns, changed in the transaction
-- that changes what they count.
--
-- Rows that lists show are narrow: long texts that only one page shows have tables of their own.
-- After every write a reader begins with an empty page cache, so the pages that a list touches are
-- what it costs: forty posts share a page instead of one (docs/decisions/0005-narrow-rows.md).

-- People. `screen_name` is unique whatever its case. AUTOINCREMENT, here and below: an id in
-- somebody's link or bookmark never means someone else later.
CREATE TABLE users (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    screen_name    TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    last_seen_at   INTEGER,                     -- set at each sign-in
    posts_count    INTEGER NOT NULL DEFAULT 0,
    comments_count INTEGER NOT NULL DEFAULT 0,
    sessions_count INTEGER NOT NULL DEFAULT 0,
    karma          INTEGER NOT NULL DEFAULT 0   -- votes of others for what one wrote
) STRICT;

-- What only a person's own page and their sign-in read: every user has one.
CREATE TABLE profiles (
    user_id       INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    password_hash TEXT    NOT NULL,             -- argon2id, as a PHC string
    about         TEXT    NOT NULL DEFAULT ''
) STRICT;

-- Sign-ins. The cookie is `id.secret`: the row is found by its number, so a sign-in appends to the
-- table instead of writing a random page of an index over tokens. Only the secret's SHA-256 is here.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,              -- touched at most once a day
    secret_hash  BLOB    NOT NULL CHECK (length(secret_hash) = 32),
    ip_address   TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id, id);

-- What people post. An author who left leaves `user_id` empty. A post to which others replied is
-- kept as `[deleted]` by `deleted_at`. `hotness` orders the front page; only a vote changes it
-- (docs/decisions/0003-stored-hotness.md).
CREATE TABLE posts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id        INTEGER REFERENCES users ON DELETE SET NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    score          INTEGER NOT NULL DEFAULT 1,  -- the author's own voice and everyone's vote
    hotness        INTEGER NOT NULL,
    comments_count INTEGER NOT NULL DEFAULT 0,
    title          TEXT    NOT NULL UNIQUE,
    url            TEXT
) STRICT;
CREATE INDEX posts_by_hotness ON posts (hotness, id);
CREATE INDEX posts_by_age     ON posts (created_at, id);
CREATE INDEX posts_of_user    ON posts (user_id, created_at, id);

-- The text of a post, which only its own page shows: every post has one, perhaps empty.
CREATE TABLE descriptions (
    post_id INTEGER PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    text    TEXT    NOT NULL
) STRICT;

-- Comments, and replies to comments: `depth` is 0 for those on the post itself, else the parent's
-- plus 1. A comment to which others replied is kept as `[deleted]` by `deleted_at`.
CREATE TABLE comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id    INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    user_id    INTEGER REFERENCES users ON DELETE SET NULL,
    parent_id  INTEGER REFERENCES comments,        -- a comment with replies cannot be deleted
    depth      INTEGER NOT NULL DEFAULT 0 CHECK (depth >= 0 AND (depth = 0) = (parent_id IS NULL)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    score      INTEGER NOT NULL DEFAULT 1,
    body       TEXT    NOT NULL
) STRICT;
CREATE INDEX comments_of_post ON comments (post_id, created_at, id);
CREATE INDEX comments_of_user ON comments (user_id, created_at, id);
-- Most comments answer the post itself: they take no room here.
CREATE INDEX replies_of_comment ON comments (parent_id) WHERE parent_id IS NOT NULL;

-- Votes. The key is the rule: one vote a user and target, however often and from wherever it is sent.
CREATE TABLE post_votes (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_of_post ON post_votes (post_id);

CREATE TABLE comment_votes (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, comment_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_of_comment ON comment_votes (comment_id);

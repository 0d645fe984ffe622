-- A title is taken for 30 days from when a post got it, no longer for ever: `posts.title` loses its UNIQUE, for which SQLite needs the table
-- anew. The posts keep their ids, and the number of the last id is kept, too. Foreign keys are not enforced in a
-- migration, so that the table that goes takes no comment along.
CREATE TABLE new_posts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id        INTEGER REFERENCES users ON DELETE SET NULL,  -- NULL: the author has left
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,                     -- it stays as `[deleted]`, for its comments
    score          INTEGER NOT NULL DEFAULT 1,  -- the author's own voice and everyone's vote
    hotness        INTEGER NOT NULL,            -- orders the front page; only a vote changes it
    comments_count INTEGER NOT NULL DEFAULT 0,
    title          TEXT,                        -- NULL: deleted
    url            TEXT,                        -- url, site and address are there, or none is
    site           TEXT,
    address        TEXT,
    removed_at     INTEGER,                     -- an admin has removed it; `deleted_at` is set, too
    locked_at      INTEGER,                     -- an admin has locked its discussion
    retitled_at    INTEGER,                     -- its title was changed; NULL: it has its first
    CONSTRAINT titled CHECK (title IS NOT NULL OR deleted_at IS NOT NULL)
) STRICT;
INSERT INTO new_posts (id, user_id, created_at, updated_at, deleted_at, score, hotness, comments_count, title, url,
                       site, address, removed_at, locked_at)
    SELECT id, user_id, created_at, updated_at, deleted_at, score, hotness, comments_count, title, url,
           site, address, removed_at, locked_at
    FROM posts ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'new_posts';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_posts', seq FROM sqlite_sequence WHERE name = 'posts';
DROP TABLE posts;
ALTER TABLE new_posts RENAME TO posts;

-- The titles of each 30 days: the transaction of a new post looks its title up in the present and the former. A new
-- title goes where those of the last weeks are, which are in the cache, and not anywhere among all titles.
CREATE INDEX posts_by_month_and_title ON posts (coalesce(retitled_at, created_at) / 2592000000000, title);

-- As before.
CREATE INDEX posts_by_hotness ON posts (hotness, id) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_age ON posts (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX posts_of_user ON posts (user_id, created_at, id);
CREATE INDEX posts_of_site ON posts (site, created_at, id) WHERE site IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX posts_by_address ON posts (address, created_at) WHERE address IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX posts_by_score ON posts (score, id) WHERE score > 1 AND deleted_at IS NULL;
CREATE INDEX posts_by_day_and_score ON posts (created_at / 86400000000, score, id)
    WHERE score > 1 AND deleted_at IS NULL;

CREATE TRIGGER post_changed AFTER UPDATE OF title, site, user_id, deleted_at ON posts BEGIN
    INSERT INTO stale_posts VALUES (old.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER post_removed AFTER DELETE ON posts BEGIN
    INSERT INTO stale_posts VALUES (old.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER posts_close_case AFTER UPDATE OF deleted_at ON posts WHEN new.deleted_at IS NOT NULL
BEGIN
    DELETE FROM cases WHERE post_id = new.id;
END;

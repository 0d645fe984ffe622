-- For ten minutes after a deletion its author can undo it (docs/decisions/0029-undo.md).

-- What the rows of deleted posts and comments have lost, and is given back by an undo: kept nowhere else, read by the
-- undo alone. Housekeeping removes it after ten minutes, within an hour. Votes, flags, visits and saves stay with the
-- row of the post or comment meanwhile.
CREATE TABLE deletions (
    id         INTEGER PRIMARY KEY,                                   -- grows with deleted_at
    deleted_at INTEGER NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,   -- the author
    post_id    INTEGER UNIQUE REFERENCES posts ON DELETE CASCADE,
    comment_id INTEGER UNIQUE REFERENCES comments ON DELETE CASCADE,
    updated_at INTEGER NOT NULL,                                      -- of the row before the deletion
    title      TEXT,                                                  -- title and link: of a post
    url        TEXT,
    site       TEXT,
    address    TEXT,
    text       TEXT    NOT NULL,                                      -- of the description, or of the comment
    CHECK ((post_id IS NULL) <> (comment_id IS NULL))
) STRICT;
CREATE INDEX deletions_of_user ON deletions (user_id);                -- all go with the account

-- The time since when the deleted post or comment is on no page: nothing is left below it that a page shows. NULL: a
-- page shows it, perhaps as `[deleted]`. Such a row stays only while it, or a comment below it, can come back.
ALTER TABLE posts ADD COLUMN gone_at INTEGER;
ALTER TABLE comments ADD COLUMN gone_at INTEGER;

-- A deletion that can be undone keeps the flags: else an author could shake them off by deleting and undoing.
DROP TRIGGER posts_close_case;
CREATE TRIGGER posts_close_case AFTER UPDATE OF deleted_at ON posts
WHEN new.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deletions WHERE post_id = new.id)
BEGIN
    DELETE FROM cases WHERE post_id = new.id;
END;
DROP TRIGGER comments_close_case;
CREATE TRIGGER comments_close_case AFTER UPDATE OF deleted_at ON comments
WHEN new.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deletions WHERE comment_id = new.id)
BEGIN
    DELETE FROM cases WHERE comment_id = new.id;
END;

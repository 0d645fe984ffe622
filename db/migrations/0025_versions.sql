-- What a post or comment was before each edit: written by the edit, never by the creation. The present one is in its own
-- row, with `updated_at` as the time since when. At most 20 a thing: beyond it the second oldest goes.
CREATE TABLE versions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order of the edits, and never given again: it is in an address
    post_id    INTEGER REFERENCES posts ON DELETE CASCADE,
    comment_id INTEGER REFERENCES comments ON DELETE CASCADE,
    created_at INTEGER NOT NULL,                   -- since when it was shown
    title      TEXT,                               -- title and link: of a post
    url        TEXT,
    text       TEXT    NOT NULL,                   -- empty once it is struck
    struck_at  INTEGER,                            -- by its author or an admin, since it held private data
    struck_by  INTEGER REFERENCES users ON DELETE SET NULL,
    CHECK ((post_id IS NULL) <> (comment_id IS NULL))
) STRICT;
CREATE INDEX versions_of_post ON versions (post_id, id) WHERE post_id IS NOT NULL;
CREATE INDEX versions_of_comment ON versions (comment_id, id) WHERE comment_id IS NOT NULL;
CREATE INDEX versions_struck_by ON versions (struck_by) WHERE struck_by IS NOT NULL;  -- for the deletion of an account

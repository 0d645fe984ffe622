-- What a user typed for a new post of a link that another post has: it waits in that post's comment form until the
-- user sends or discards it. One for a user and post. There is no reference to the post, since the text outlives it.
CREATE TABLE comment_drafts (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- a form names it: another text has another id
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX comment_drafts_of_user ON comment_drafts (user_id, post_id);

-- The comments that a user wants to find again, as `saved_posts` has posts.
CREATE TABLE saved_comments (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, comment_id)
) STRICT, WITHOUT ROWID;
-- The list, last saved first.
CREATE INDEX saved_comments_by_age ON saved_comments (user_id, created_at, comment_id);
-- For the deletion of a comment.
CREATE INDEX saves_of_comment ON saved_comments (comment_id);

-- The inbox anew, with another CHECK: SQLite opens a temporary table for each row that it compares with three values of
-- an IN (findings/check-in-list.sh), and a comment writes a row here.
DROP TRIGGER comment_hidden;

CREATE TABLE new_inbox (
    comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at INTEGER NOT NULL,  -- that of the comment
    why        TEXT    NOT NULL CHECK (why = 'post' OR why = 'comment' OR why = 'mention'),  -- a reply to one's post or comment, or a mention
    is_unread  INTEGER NOT NULL DEFAULT 1 CHECK (is_unread IN (0, 1)),
    is_hidden  INTEGER NOT NULL DEFAULT 0 CHECK (is_hidden IN (0, 1)),
    PRIMARY KEY (comment_id, user_id)  -- in the order of time, so that a batch of comments changes one page
) STRICT, WITHOUT ROWID;
INSERT INTO new_inbox SELECT comment_id, user_id, created_at, why, is_unread, is_hidden FROM inbox;
DROP TABLE inbox;
ALTER TABLE new_inbox RENAME TO inbox;
-- For the inbox of a user, and for the deletion of an account.
CREATE INDEX inbox_of_user ON inbox (user_id, created_at, comment_id);
-- The unread ones, which a page with one of them marks as read.
CREATE INDEX inbox_unread ON inbox (user_id, comment_id) WHERE is_unread AND NOT is_hidden;

CREATE TRIGGER inbox_added AFTER INSERT ON inbox WHEN new.is_unread AND NOT new.is_hidden BEGIN
    UPDATE users SET unread_count = unread_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER inbox_removed AFTER DELETE ON inbox WHEN old.is_unread AND NOT old.is_hidden BEGIN
    UPDATE users SET unread_count = unread_count - 1 WHERE id = old.user_id;
END;
CREATE TRIGGER inbox_changed AFTER UPDATE OF is_unread, is_hidden ON inbox
WHEN (old.is_unread AND NOT old.is_hidden) <> (new.is_unread AND NOT new.is_hidden) BEGIN
    UPDATE users SET unread_count = unread_count + iif(new.is_unread AND NOT new.is_hidden, 1, -1) WHERE id = new.user_id;
END;
CREATE TRIGGER comment_hidden AFTER UPDATE OF deleted_at ON comments
WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
    UPDATE inbox SET is_hidden = new.deleted_at IS NOT NULL WHERE comment_id = new.id;
END;

-- What users keep for themselves about posts and comments, anew with row ids: SQLite opens a temporary table at each
-- deletion of a row to which a table WITHOUT ROWID refers with ON DELETE CASCADE (findings/cascade-without-rowid.sh), and
-- a post goes with hundreds of comments.
CREATE TABLE new_muted_posts (
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    PRIMARY KEY (user_id, post_id)
) STRICT;
INSERT INTO new_muted_posts SELECT user_id, post_id FROM muted_posts;
DROP TABLE muted_posts;
ALTER TABLE new_muted_posts RENAME TO muted_posts;
CREATE INDEX muted_posts_of_post ON muted_posts (post_id);

CREATE TABLE new_saved_comments (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, comment_id)
) STRICT;
INSERT INTO new_saved_comments SELECT user_id, comment_id, created_at FROM saved_comments;
DROP TABLE saved_comments;
ALTER TABLE new_saved_comments RENAME TO saved_comments;
-- The list, last saved first.
CREATE INDEX saved_comments_by_age ON saved_comments (user_id, created_at, comment_id);
-- For the deletion of a comment.
CREATE INDEX saves_of_comment ON saved_comments (comment_id);

CREATE TABLE new_hidden_posts (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) STRICT;
INSERT INTO new_hidden_posts SELECT user_id, post_id, created_at FROM hidden_posts;
DROP TABLE hidden_posts;
ALTER TABLE new_hidden_posts RENAME TO hidden_posts;
-- The list, last hidden first.
CREATE INDEX hidden_posts_by_age ON hidden_posts (user_id, created_at, post_id);
-- For the deletion of a post.
CREATE INDEX hides_of_post ON hidden_posts (post_id);
CREATE TRIGGER post_hidden AFTER INSERT ON hidden_posts BEGIN
    UPDATE users SET hides_count = hides_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER post_unhidden AFTER DELETE ON hidden_posts BEGIN
    UPDATE users SET hides_count = hides_count - 1 WHERE id = old.user_id;
END;

-- Who is answered by a comment: the author of the post or comment that it replies to, and the users that it mentions
-- by name. A comment that is deleted or removed is hidden here, and comes back with it.
CREATE TABLE inbox (
    comment_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at INTEGER NOT NULL,  -- that of the comment
    why        TEXT    NOT NULL CHECK (why IN ('post', 'comment', 'mention')),  -- a reply to one's post or comment, or a mention
    is_unread  INTEGER NOT NULL DEFAULT 1 CHECK (is_unread IN (0, 1)),
    is_hidden  INTEGER NOT NULL DEFAULT 0 CHECK (is_hidden IN (0, 1)),
    PRIMARY KEY (comment_id, user_id)  -- in the order of time, so that a batch of comments changes one page
) STRICT, WITHOUT ROWID;
-- For the inbox of a user, and for the deletion of an account.
CREATE INDEX inbox_of_user ON inbox (user_id, created_at, comment_id);
-- The unread ones, which a page with one of them marks as read.
CREATE INDEX inbox_unread ON inbox (user_id, comment_id) WHERE is_unread AND NOT is_hidden;

-- The discussions about which a user wants to hear nothing.
CREATE TABLE muted_posts (
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    PRIMARY KEY (user_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX muted_posts_of_post ON muted_posts (post_id);

-- The secret in the address of a user's feed of the inbox: 32 random bytes. It is stored as it is, since the address is
-- shown again; the comments that it leads to are public.
CREATE TABLE inbox_feeds (
    user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret  BLOB    NOT NULL CHECK (length(secret) = 32)
) STRICT;

-- The number of unread rows of `inbox` that are not hidden: every page shows it, and the row of the viewer is read for
-- every page. The triggers keep it.
ALTER TABLE users ADD COLUMN unread_count INTEGER NOT NULL DEFAULT 0;

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

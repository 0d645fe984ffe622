-- The tags of a post, in their order with a space between; NULL: none.
ALTER TABLE posts ADD COLUMN tags TEXT;

-- The posts of a tag.
CREATE TABLE post_tags (
    tag     TEXT    NOT NULL,
    post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    PRIMARY KEY (tag, post_id)
) STRICT;
-- For the deletion of a post.
CREATE INDEX tags_of_post ON post_tags (post_id);

-- The tags whose posts a user does not want to see.
CREATE TABLE muted_tags (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    tag        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, tag)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tag_muted AFTER INSERT ON muted_tags BEGIN
    UPDATE users SET hides_count = hides_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER tag_unmuted AFTER DELETE ON muted_tags BEGIN
    UPDATE users SET hides_count = hides_count - 1 WHERE id = old.user_id;
END;

-- What was typed for a post of a link that another post has.
ALTER TABLE comment_drafts ADD COLUMN typed_tags TEXT;

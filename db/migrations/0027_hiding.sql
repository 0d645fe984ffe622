-- What a user does not want to see: posts, whatever certain users write, and the links to certain sites. Nobody else is
-- told.
CREATE TABLE hidden_posts (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) STRICT, WITHOUT ROWID;
-- The list, last hidden first.
CREATE INDEX hidden_posts_by_age ON hidden_posts (user_id, created_at, post_id);
-- For the deletion of a post.
CREATE INDEX hides_of_post ON hidden_posts (post_id);

CREATE TABLE muted_users (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    muted_id   INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, muted_id)
) STRICT, WITHOUT ROWID;
-- For the deletion of an account.
CREATE INDEX mutes_of_user ON muted_users (muted_id);

CREATE TABLE muted_sites (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    site       TEXT    NOT NULL,  -- as in `posts`
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, site)
) STRICT, WITHOUT ROWID;

-- The number of rows of these tables: the row of the viewer is read for every page, and most users hide nothing, so that
-- their pages ask for nothing more. The triggers keep it.
ALTER TABLE users ADD COLUMN hides_count INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER post_hidden AFTER INSERT ON hidden_posts BEGIN
    UPDATE users SET hides_count = hides_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER post_unhidden AFTER DELETE ON hidden_posts BEGIN
    UPDATE users SET hides_count = hides_count - 1 WHERE id = old.user_id;
END;
CREATE TRIGGER user_muted AFTER INSERT ON muted_users BEGIN
    UPDATE users SET hides_count = hides_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER user_unmuted AFTER DELETE ON muted_users BEGIN
    UPDATE users SET hides_count = hides_count - 1 WHERE id = old.user_id;
END;
CREATE TRIGGER site_muted AFTER INSERT ON muted_sites BEGIN
    UPDATE users SET hides_count = hides_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER site_unmuted AFTER DELETE ON muted_sites BEGIN
    UPDATE users SET hides_count = hides_count - 1 WHERE id = old.user_id;
END;

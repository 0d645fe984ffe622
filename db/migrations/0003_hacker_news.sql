-- What a link, a vote and a reader need.

-- A link's `site` is the domain that stands behind its title and leads to `/from`; `address` is its URL
-- as it is compared, so that the same page is not posted twice (src/post/link.rs). All three of url,
-- site and address are there, or none is.
ALTER TABLE posts ADD COLUMN site TEXT;
ALTER TABLE posts ADD COLUMN address TEXT;
CREATE INDEX posts_of_site ON posts (site, created_at, id) WHERE site IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX posts_by_address ON posts (address, created_at) WHERE address IS NOT NULL AND deleted_at IS NULL;

-- The best of all time, and of each day (of 24 hours, UTC): those of a week are found in eight days'
-- lists, whatever the number of its posts. Nobody has voted for most posts, so they take no room here,
-- and a new post costs nothing.
CREATE INDEX posts_by_score ON posts (score, id) WHERE score > 1 AND deleted_at IS NULL;
CREATE INDEX posts_by_day_and_score ON posts (created_at / 86400000000, score, id)
    WHERE score > 1 AND deleted_at IS NULL;

-- When someone last looked at a post's comments: what was said since is new to them.
CREATE TABLE visits (
    user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX visits_of_post ON visits (post_id);

-- What someone wants to find again.
CREATE TABLE saved_posts (
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id    INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_posts_by_age ON saved_posts (user_id, created_at, post_id);
CREATE INDEX saves_of_post ON saved_posts (post_id);

-- What people who sign up, write and leave need.

-- A name as it is compared: NOCASE knows only the case of ASCII letters, and "Zoë" must not be able to
-- sign up beside "ZOË". Filled by the program (src/user/name.rs); the names there so far are ASCII.
ALTER TABLE users ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
UPDATE users SET folded_name = lower(screen_name);
CREATE UNIQUE INDEX users_by_folded_name ON users (folded_name);

-- A post that stays as `[deleted]`, because others commented on it, has no title any more.
ALTER TABLE posts ALTER COLUMN title DROP NOT NULL;
ALTER TABLE posts ADD CONSTRAINT titled CHECK (title IS NOT NULL OR deleted_at IS NOT NULL);

-- No list shows such posts, and none steps over them.
DROP INDEX posts_by_hotness;
DROP INDEX posts_by_age;
CREATE INDEX posts_by_hotness ON posts (hotness, id) WHERE deleted_at IS NULL;
CREATE INDEX posts_by_age ON posts (created_at, id) WHERE deleted_at IS NULL;

-- What someone wrote who turned out not to be signed in, kept until they are: at most for an hour,
-- and no more of them than the disk can bear (src/draft/mod.rs). Found by a cookie that is made as a
-- session's is. `path` is where the form was sent to, `form` its texts, URL-encoded.
CREATE TABLE drafts (
    id          INTEGER PRIMARY KEY,
    created_at  INTEGER NOT NULL,
    secret_hash BLOB    NOT NULL CHECK (length(secret_hash) = 32),
    path        TEXT    NOT NULL,
    form        TEXT    NOT NULL
) STRICT;
CREATE INDEX drafts_by_age ON drafts (created_at);

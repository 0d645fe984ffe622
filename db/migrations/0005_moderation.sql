-- What is moderated, in the open.

-- Admins are made on the command line, and cannot be banned while they are.
ALTER TABLE users ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN banned_at INTEGER;

-- What an admin has removed has `deleted_at` too, so that no list shows it. Unlike what its author took
-- back it keeps its author and its words: it can be restored. Its votes wait with it.
ALTER TABLE posts ADD COLUMN removed_at INTEGER;
ALTER TABLE posts ADD COLUMN locked_at INTEGER;
ALTER TABLE comments ADD COLUMN removed_at INTEGER;

-- The log: what admins did, why, and to what. It outlives both the admin and the target, without naming
-- who has left. `noun` says what the target was when it is gone.
CREATE TABLE acts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at INTEGER NOT NULL,
    admin_id   INTEGER REFERENCES users ON DELETE SET NULL,
    verb       TEXT    NOT NULL CHECK (verb IN ('remove', 'restore', 'lock', 'unlock', 'ban', 'unban', 'dismiss')),
    noun       TEXT    NOT NULL CHECK (noun IN ('post', 'comment', 'user')),
    post_id    INTEGER REFERENCES posts ON DELETE SET NULL,
    comment_id INTEGER REFERENCES comments ON DELETE SET NULL,
    user_id    INTEGER REFERENCES users ON DELETE SET NULL,
    reason     TEXT    NOT NULL
) STRICT;
CREATE INDEX acts_of_admin ON acts (admin_id) WHERE admin_id IS NOT NULL;
-- These also find the last reason that was given for a verb.
CREATE INDEX acts_on_post ON acts (post_id, verb, id) WHERE post_id IS NOT NULL;
CREATE INDEX acts_on_comment ON acts (comment_id, verb, id) WHERE comment_id IS NOT NULL;
CREATE INDEX acts_on_user ON acts (user_id, verb, id) WHERE user_id IS NOT NULL;

-- What readers have flagged and no admin has decided yet. Deciding removes it, with its flags.
CREATE TABLE cases (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at  INTEGER NOT NULL,
    post_id     INTEGER UNIQUE REFERENCES posts ON DELETE CASCADE,
    comment_id  INTEGER UNIQUE REFERENCES comments ON DELETE CASCADE,
    flags_count INTEGER NOT NULL DEFAULT 0,
    CHECK ((post_id IS NULL) <> (comment_id IS NULL))
) STRICT;
CREATE INDEX cases_by_flags ON cases (flags_count, id);

-- One a user and case: the key is the rule.
CREATE TABLE flags (
    case_id    INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    PRIMARY KEY (case_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX flags_of_user ON flags (user_id);

-- Whoever takes it away, its author or an admin: there is nothing left to decide.
CREATE TRIGGER posts_close_case AFTER UPDATE OF deleted_at ON posts WHEN new.deleted_at IS NOT NULL
BEGIN
    DELETE FROM cases WHERE post_id = new.id;
END;
CREATE TRIGGER comments_close_case AFTER UPDATE OF deleted_at ON comments WHEN new.deleted_at IS NOT NULL
BEGIN
    DELETE FROM cases WHERE comment_id = new.id;
END;

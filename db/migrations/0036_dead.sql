-- Flags hide a post or comment by themselves, and users bring it back (docs/decisions/0045-dead.md).

-- Whether flags may still hide a post or comment. Without a row they may. The row outlasts the case.
CREATE TABLE verdicts (
    id         INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    post_id    INTEGER UNIQUE REFERENCES posts ON DELETE CASCADE,
    comment_id INTEGER UNIQUE REFERENCES comments ON DELETE CASCADE,
    is_dead    INTEGER NOT NULL CHECK (is_dead IN (0, 1)),  -- 1: flags have hidden it; 0: users or an admin have decided, and flags hide it no more
    CHECK ((post_id IS NULL) <> (comment_id IS NULL))
) STRICT;
-- The page of dead things.
CREATE INDEX verdicts_dead ON verdicts (id) WHERE is_dead = 1;

-- The users who want a dead thing back. They stay when it is back.
CREATE TABLE vouches (
    verdict_id INTEGER NOT NULL REFERENCES verdicts ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (verdict_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX vouches_of_user ON vouches (user_id);

-- The case of a dead thing stays, with its flags: an admin has not decided about it, and a user who flagged it cannot
-- vouch for it.
DROP TRIGGER posts_close_case;
CREATE TRIGGER posts_close_case AFTER UPDATE OF deleted_at ON posts
WHEN new.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deletions WHERE post_id = new.id)
    AND (new.removed_at IS NULL OR NOT EXISTS (SELECT 1 FROM verdicts WHERE post_id = new.id AND is_dead = 1))
BEGIN
    DELETE FROM cases WHERE post_id = new.id;
    -- Its author has deleted the account.
    DELETE FROM verdicts WHERE post_id = new.id AND is_dead = 1;
END;
DROP TRIGGER comments_close_case;
CREATE TRIGGER comments_close_case AFTER UPDATE OF deleted_at ON comments
WHEN new.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deletions WHERE comment_id = new.id)
    AND (new.removed_at IS NULL OR NOT EXISTS (SELECT 1 FROM verdicts WHERE comment_id = new.id AND is_dead = 1))
BEGIN
    DELETE FROM cases WHERE comment_id = new.id;
    DELETE FROM verdicts WHERE comment_id = new.id AND is_dead = 1;
END;

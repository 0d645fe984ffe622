-- Links with which members invite others to sign up, and who invited whom (docs/decisions/0044-invitations.md). A link is
-- open until it is used, withdrawn, or 14 days old. The row of a used one stays: it is an edge of the tree.
CREATE TABLE invitations (
    id           INTEGER PRIMARY KEY,
    inviter_id   INTEGER REFERENCES users ON DELETE SET NULL,        -- NULL: the account was deleted
    secret_hash  BLOB    NOT NULL CHECK (length(secret_hash) = 32),  -- SHA-256 of the secret in the link
    created_at   INTEGER NOT NULL,
    used_at      INTEGER,
    invited_id   INTEGER UNIQUE REFERENCES users ON DELETE SET NULL, -- NULL once the account of the invited user is deleted
    withdrawn_at INTEGER,
    CHECK (used_at IS NULL OR withdrawn_at IS NULL),
    CHECK (invited_id IS NULL OR used_at IS NOT NULL)
) STRICT;
CREATE INDEX invitations_made ON invitations (inviter_id, id) WHERE inviter_id IS NOT NULL;
CREATE INDEX invitations_used ON invitations (inviter_id, invited_id) WHERE invited_id IS NOT NULL;

-- The users at whom the tree begins: those who invited a user and were not invited, or whose inviter's account was
-- deleted. They follow from the table above, by a search of all of it.
CREATE TABLE invitation_roots (
    user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE
) STRICT;
CREATE TRIGGER invitation_used AFTER UPDATE OF invited_id ON invitations
    WHEN old.invited_id IS NULL AND new.invited_id IS NOT NULL BEGIN
    INSERT OR IGNORE INTO invitation_roots SELECT new.inviter_id WHERE new.inviter_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM invitations WHERE invited_id = new.inviter_id AND inviter_id IS NOT NULL);
END;
CREATE TRIGGER inviter_left AFTER UPDATE OF inviter_id ON invitations
    WHEN old.inviter_id IS NOT NULL AND new.inviter_id IS NULL AND new.invited_id IS NOT NULL BEGIN
    INSERT OR IGNORE INTO invitation_roots VALUES (new.invited_id);
END;

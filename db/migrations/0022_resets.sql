-- One-time links with which a person who has forgotten their password sets another one
-- (docs/decisions/0033-reset-links.md). A row goes when its link or another one of the user is used, when the
-- password is changed, or an hour after it was made.
CREATE TABLE resets (
    id          INTEGER PRIMARY KEY,                                -- grows with created_at
    user_id     INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    maker       TEXT    NOT NULL CHECK (maker IN ('admin', 'operator', 'mail')),
    admin_id    INTEGER REFERENCES users ON DELETE CASCADE,         -- the admin who made it
    secret_hash BLOB    NOT NULL CHECK (length(secret_hash) = 32),  -- SHA-256 of the secret in the link
    created_at  INTEGER NOT NULL,
    CHECK ((maker = 'admin') = (admin_id IS NOT NULL))
) STRICT;
CREATE INDEX resets_of_user ON resets (user_id);
CREATE INDEX resets_of_admin ON resets (admin_id) WHERE admin_id IS NOT NULL;

-- The log gets a verb for such a link, and says when the operator acted, on the command line. The verbs are those of
-- `ModerationAction::code`: a CHECK that lists them would need the table anew for each new one, as here.
CREATE TABLE new_acts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at     INTEGER NOT NULL,
    admin_id       INTEGER REFERENCES users ON DELETE SET NULL,
    verb           TEXT    NOT NULL,
    noun           TEXT    NOT NULL CHECK (noun IN ('post', 'comment', 'user', 'site')),
    post_id        INTEGER REFERENCES posts ON DELETE SET NULL,
    comment_id     INTEGER REFERENCES comments ON DELETE SET NULL,
    user_id        INTEGER REFERENCES users ON DELETE SET NULL,
    reason         TEXT    NOT NULL,
    is_by_operator INTEGER NOT NULL DEFAULT 0 CHECK (is_by_operator IN (0, 1))
) STRICT;
INSERT INTO new_acts (id, created_at, admin_id, verb, noun, post_id, comment_id, user_id, reason)
    SELECT id, created_at, admin_id, verb, noun, post_id, comment_id, user_id, reason FROM acts ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'new_acts';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_acts', seq FROM sqlite_sequence WHERE name = 'acts';
DROP TABLE acts;
ALTER TABLE new_acts RENAME TO acts;
CREATE INDEX acts_of_admin ON acts (admin_id) WHERE admin_id IS NOT NULL;
-- These also find the last reason that was given for a verb.
CREATE INDEX acts_on_post ON acts (post_id, verb, id) WHERE post_id IS NOT NULL;
CREATE INDEX acts_on_comment ON acts (comment_id, verb, id) WHERE comment_id IS NOT NULL;
CREATE INDEX acts_on_user ON acts (user_id, verb, id) WHERE user_id IS NOT NULL;

-- What was done about a user's account and is told to them in the inbox.
CREATE TABLE notices (
    act_id    INTEGER PRIMARY KEY REFERENCES acts ON DELETE CASCADE,
    user_id   INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    is_unread INTEGER NOT NULL DEFAULT 1 CHECK (is_unread IN (0, 1))
) STRICT;
CREATE INDEX notices_of_user ON notices (user_id, act_id);
-- They count among the unread ones.
CREATE TRIGGER notice_added AFTER INSERT ON notices WHEN new.is_unread BEGIN
    UPDATE users SET unread_count = unread_count + 1 WHERE id = new.user_id;
END;
CREATE TRIGGER notice_removed AFTER DELETE ON notices WHEN old.is_unread BEGIN
    UPDATE users SET unread_count = unread_count - 1 WHERE id = old.user_id;
END;
CREATE TRIGGER notice_changed AFTER UPDATE OF is_unread ON notices WHEN old.is_unread <> new.is_unread BEGIN
    UPDATE users SET unread_count = unread_count + iif(new.is_unread, 1, -1) WHERE id = new.user_id;
END;

-- The sign-in page names the admins: a person who cannot sign in asks one of them for such a link.
CREATE INDEX users_admins ON users (is_admin) WHERE is_admin = 1;

-- Names that look alike, and names that were left.

-- Each user's name in the form in which two names look alike (src/user/look_alike.rs). Users from before may
-- share one; a new name may not have that of another. A table of its own, since lists read `users` and compare
-- no names (docs/decisions/0005-narrow-rows.md). Written with the name; the start of the program fills it for
-- users from before.
CREATE TABLE name_skeletons (
    user_id  INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    skeleton TEXT    NOT NULL
) STRICT;
CREATE INDEX name_skeletons_by_text ON name_skeletons (skeleton);

-- The names that users gave up for others. For a year no other user gets one, and the user may take it back; the
-- profile shows it for 30 days, to admins for the year. The rows of the last 30 days also count a user's
-- changes of name. Housekeeping removes rows after the year.
CREATE TABLE former_names (
    id          INTEGER PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    left_at     INTEGER NOT NULL,
    screen_name TEXT    NOT NULL,
    folded_name TEXT    NOT NULL,
    skeleton    TEXT    NOT NULL
) STRICT;
CREATE INDEX former_names_of_user ON former_names (user_id, left_at);
CREATE INDEX former_names_by_folded_name ON former_names (folded_name);
CREATE INDEX former_names_by_skeleton ON former_names (skeleton);
CREATE INDEX former_names_by_age ON former_names (left_at);

-- The names of deleted accounts, kept back for a year too, as hashes: SHA-256 of `name_rules.hash_key` and the
-- folded name, and of the key and the skeleton.
CREATE TABLE deleted_names (
    hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    left_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_names_by_age ON deleted_names (left_at);

-- One row. `hash_key` is random, so that the hashes of two databases cannot be compared, and none be looked up
-- in a list made before. `skeleton_version` is that of the rules by which `name_skeletons` was filled; 0: not
-- yet.
CREATE TABLE name_rules (
    only             INTEGER PRIMARY KEY CHECK (only = 1),
    hash_key         BLOB    NOT NULL CHECK (length(hash_key) = 32),
    skeleton_version INTEGER NOT NULL
) STRICT;
INSERT INTO name_rules (only, hash_key, skeleton_version)
    SELECT 1, randomblob(32), iif(EXISTS (SELECT 1 FROM users), 0, 1);

-- What the database knows of its own replica (src/replica/mod.rs): one row.
CREATE TABLE replica (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    identity    BLOB    NOT NULL CHECK (length(identity) = 16),  -- no other database has it, all copies of this one do
    place       TEXT,                                            -- where it is known to be replicated to, as a URL
    beat_at     INTEGER,                                         -- written where nobody else writes: is it copied?
    verified_at INTEGER,                                         -- when the replica was last tried
    fault       TEXT                                             -- what was wrong with it then; nothing: all was well
) STRICT;
INSERT INTO replica (only, identity) VALUES (1, randomblob(16));

-- What a verification writes here it must find in the replica; then it is removed.
CREATE TABLE sentinels (
    id         BLOB    PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

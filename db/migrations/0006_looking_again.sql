-- What is new to a reader stays marked while they go on reading, over as many pages as it takes. So there
-- are two moments: `looked_at`, when they looked last, and `seen_at`, when they looked last before this
-- visit (src/visit/sql.rs says when one ends).
ALTER TABLE visits ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
UPDATE visits SET looked_at = seen_at;

-- Posts that ask, and posts that show something one has made, by the words before the first colon of the title: `Ask HN:`,
-- `show:`. Set with the title (src/post/kind.rs). 1: ask; 2: show; NULL: all other posts, and deleted ones, which have no
-- title.
ALTER TABLE posts ADD COLUMN kind INTEGER CHECK (kind IN (1, 2));

-- Titles have one blank between words. The kind is the first word; another word may stand between it and the colon.
UPDATE posts SET kind = 1 WHERE ltrim(title) LIKE 'ask:%'
    OR ltrim(title) LIKE 'ask %:%' AND instr(substr(ltrim(title), 5, instr(ltrim(title), ':') - 5), ' ') = 0;
UPDATE posts SET kind = 2 WHERE ltrim(title) LIKE 'show:%'
    OR ltrim(title) LIKE 'show %:%' AND instr(substr(ltrim(title), 6, instr(ltrim(title), ':') - 6), ' ') = 0;

-- The lists of both, hottest first. All other posts take no room here, and cost nothing.
CREATE INDEX posts_by_kind ON posts (kind, hotness, id) WHERE kind IS NOT NULL AND deleted_at IS NULL;

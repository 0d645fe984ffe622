-- The post into which a post was merged, or to which a comment was moved.
ALTER TABLE acts ADD COLUMN to_post_id INTEGER REFERENCES posts ON DELETE SET NULL;
-- For the deletion of that post.
CREATE INDEX acts_to_post ON acts (to_post_id) WHERE to_post_id IS NOT NULL;

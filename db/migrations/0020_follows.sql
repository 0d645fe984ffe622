-- Who follows whom: the comments of the followed user come into a list of the follower's own. Nobody is told.
CREATE TABLE follows (
    user_id     INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    followed_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, followed_id)
) STRICT, WITHOUT ROWID;
-- For the deletion of an account.
CREATE INDEX follows_of_followed ON follows (followed_id);

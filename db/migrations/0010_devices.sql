-- Browsers in which a user has signed in before. Attempts to sign in as that user have a rate limit of their own
-- there, so that others' wrong passwords cannot keep the user out (docs/decisions/0028-devices.md). A browser of
-- several users has a row for each.
CREATE TABLE devices (
    id          INTEGER PRIMARY KEY,                                -- a sign-in inserts the row anew: ids grow with used_at
    user_id     INTEGER NOT NULL REFERENCES users (id),
    secret_hash BLOB    NOT NULL CHECK (length(secret_hash) = 32),  -- SHA-256 of the secret in the browser's cookie
    used_at     INTEGER NOT NULL                                    -- the user's last sign-in in this browser
) STRICT;
CREATE INDEX devices_of_user ON devices (user_id, id);                        -- the newest stay; all go with the account
CREATE UNIQUE INDEX devices_by_secret ON devices (secret_hash, user_id);      -- an attempt to sign in

-- The tokens with which programs of a user call the site's own API (docs/decisions/0046-api.md). A row goes when its user
-- revokes it, changes their password, signs out everywhere else, or deletes the account.
CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,                  -- in the token, and never given again
    user_id      INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    name         TEXT    NOT NULL CHECK (name <> ''),                -- what the user calls it
    may_write    INTEGER NOT NULL CHECK (may_write IN (0, 1)),       -- 0: it only reads
    secret_hash  BLOB    NOT NULL CHECK (length(secret_hash) = 32),  -- SHA-256 of the secret in the token
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER                                             -- at most an hour behind; NULL: never
) STRICT;
-- A form that is sent twice makes one token.
CREATE UNIQUE INDEX api_tokens_of_user ON api_tokens (user_id, name);

-- What a token has made by its idempotency keys, for a day. A row is inserted by the transaction that makes it, so that it is
-- made once; what it is follows. NULL: the server stopped in between. The answer is rendered anew, as the thing is then.
CREATE TABLE api_answers (
    id          INTEGER PRIMARY KEY,                                 -- grows with created_at
    token_id    INTEGER NOT NULL REFERENCES api_tokens ON DELETE CASCADE,
    key         TEXT    NOT NULL,                                    -- the Idempotency-Key header
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),   -- SHA-256 of method, path and body
    created_at  INTEGER NOT NULL,
    status      INTEGER,
    location    TEXT                                                 -- the address of what was made, or voted for
) STRICT;
CREATE UNIQUE INDEX api_answers_of_token ON api_answers (token_id, key);

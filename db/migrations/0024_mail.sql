-- Mail, where the operator gives a mail server (docs/decisions/0035-mail.md).

-- The address of a user, shown to them alone. It is here once they have confirmed it: no other mail goes to an address
-- that nobody has confirmed.
CREATE TABLE addresses (
    user_id      INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    address      TEXT    NOT NULL,
    folded       TEXT    NOT NULL,  -- in lower case, as a person types it who has forgotten their password
    confirmed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX addresses_by_folded ON addresses (folded, user_id);

-- The address that a user wants to have, for a day.
CREATE TABLE confirmations (
    user_id     INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    address     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    secret_hash BLOB             CHECK (length(secret_hash) = 32)  -- of the secret in the mail; NULL until it is sent
) STRICT;
CREATE INDEX confirmations_by_age ON confirmations (created_at);

-- The queue: what is to be sent, without its text. The job writes the text when it sends the mail, so that no secret of a
-- link is in the database, and nothing is sent that was removed meanwhile. What is sent stays for two days, for the limits.
CREATE TABLE mails (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('confirmation', 'reset', 'replies')),
    folded     TEXT    NOT NULL,            -- the address to which it was to go, in lower case
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,            -- not before
    tries      INTEGER NOT NULL DEFAULT 0,  -- that failed
    sent_at    INTEGER                      -- NULL: it waits
) STRICT;
CREATE INDEX mails_due ON mails (due_at, id) WHERE sent_at IS NULL;
CREATE UNIQUE INDEX mails_waiting ON mails (user_id, kind) WHERE sent_at IS NULL;
CREATE INDEX mails_sent ON mails (sent_at) WHERE sent_at IS NOT NULL;
-- How many a user caused, and how many went to an address.
CREATE INDEX mails_of_user ON mails (user_id, kind, created_at);
CREATE INDEX mails_to ON mails (folded, kind, created_at);

-- What people typed who have forgotten their password: a name or an address, in lower case. The job looks for the user, so
-- that the answer to the form cannot depend on whether there is one.
CREATE TABLE reset_requests (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    typed      TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

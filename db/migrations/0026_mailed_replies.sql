-- What comes into the inbox, by mail: at once, once a day, or, without the user's wish, not at all.
ALTER TABLE addresses ADD COLUMN replies TEXT NOT NULL DEFAULT 'off' CHECK (replies IN ('off', 'at_once', 'daily'));
-- The last comment that a mail has told the user of, or that was there before they wanted mails.
ALTER TABLE addresses ADD COLUMN told_id INTEGER NOT NULL DEFAULT 0;
-- The secret in the link that ends these mails: 32 random bytes. It is stored as it is, since each mail has it; it does
-- nothing else.
ALTER TABLE addresses ADD COLUMN unsubscribe BLOB CHECK (length(unsubscribe) = 32);

-- How far the mailer has looked for comments in inboxes. So a comment writes nothing more than before.
CREATE TABLE mail_progress (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    comment_id INTEGER NOT NULL
) STRICT;
INSERT INTO mail_progress SELECT 1, coalesce(max(id), 0) FROM comments;

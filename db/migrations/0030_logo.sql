-- The site's logo, an image that an admin has uploaded. One row, or none. `hash` is in its address: the first half of
-- its SHA-256, in hexadecimal digits.
CREATE TABLE logo (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    hash   TEXT    NOT NULL,
    kind   TEXT    NOT NULL CHECK (kind IN ('png', 'webp', 'jpg')),
    width  INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes  BLOB    NOT NULL CHECK (length(bytes) <= 65536)
) STRICT;

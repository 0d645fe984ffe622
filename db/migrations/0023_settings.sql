-- What admins have set on the page of settings. A setting without a row has its default (src/site/settings/).
CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

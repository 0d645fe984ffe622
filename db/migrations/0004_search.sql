-- What search needs (docs/decisions/0012-search.md): the words of posts and comments, each with the numbers of the
-- rows that have it, and nothing else of the texts. `words` is made by the program (src/search/sql.rs),
-- one space apart, without case and accents, so that the tokenizer has nothing to decide. `prefix`
-- answers for the first three letters of a word.
CREATE VIRTUAL TABLE post_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, prefix = '3', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE comment_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, prefix = '3', tokenize = 'ascii'
);

-- The same by word: how one that has been begun may end.
CREATE VIRTUAL TABLE post_terms USING fts5vocab (post_words, instance);
CREATE VIRTUAL TABLE comment_terms USING fts5vocab (comment_words, instance);

-- Whose words are in it already: all up to these numbers, but for those below. Who posts or comments
-- does not wait for that and pays nothing for it. On a site that has posts it begins with the first.
CREATE TABLE search_progress (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    posts    INTEGER NOT NULL,
    comments INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress VALUES (1, 0, 0);

-- What was changed or removed since its words were taken.
CREATE TABLE stale_posts (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE stale_comments (id INTEGER PRIMARY KEY) STRICT;

CREATE TRIGGER post_changed AFTER UPDATE OF title, site, user_id, deleted_at ON posts BEGIN
    INSERT INTO stale_posts VALUES (old.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER post_removed AFTER DELETE ON posts BEGIN
    INSERT INTO stale_posts VALUES (old.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER description_changed AFTER UPDATE OF text ON descriptions BEGIN
    INSERT INTO stale_posts VALUES (old.post_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER comment_changed AFTER UPDATE OF body, user_id, deleted_at ON comments BEGIN
    INSERT INTO stale_comments VALUES (old.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER comment_removed AFTER DELETE ON comments BEGIN
    INSERT INTO stale_comments VALUES (old.id) ON CONFLICT DO NOTHING;
END;

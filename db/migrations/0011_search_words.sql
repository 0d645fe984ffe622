-- The index has words of signs (C++), letters of scripts without blanks, and hosts that several sites share. Posts and
-- comments up to these ids were indexed without them, and are indexed anew, from the newest on, while the site is
-- served; 0: all are done. Those that are not indexed yet count as well, for their addresses. The addresses of links, by which a pasted address finds its post, are computed anew in the
-- same steps. A later change of the rules for words or addresses sets the columns again.
ALTER TABLE search_progress ADD COLUMN old_posts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE search_progress ADD COLUMN old_comments INTEGER NOT NULL DEFAULT 0;
UPDATE search_progress SET old_posts = (SELECT coalesce(max(id), 0) FROM posts),
    old_comments = (SELECT coalesce(max(id), 0) FROM comments);

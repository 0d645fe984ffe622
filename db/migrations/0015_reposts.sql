-- The form for a post from which the draft of a comment is: it is shown again to a user who posts the link anyway. NULL
-- in a draft of a former version.
ALTER TABLE comment_drafts ADD COLUMN typed_title TEXT;
ALTER TABLE comment_drafts ADD COLUMN typed_url   TEXT;
ALTER TABLE comment_drafts ADD COLUMN typed_text  TEXT;

-- The banned users, few among all users, for the list of them and their number.
CREATE INDEX users_banned ON users (id) WHERE banned_at IS NOT NULL;

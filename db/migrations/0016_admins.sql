-- The admins, few among all users: a list reads them once, since `is_admin` stands behind the texts of each user's row.
CREATE INDEX users_admins ON users (is_admin) WHERE is_admin = 1;

-- Rows of lists are kept, with the badges of admins: no list looks for the admins any more.
DROP INDEX users_admins;

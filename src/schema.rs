//! The database's schema: `db/migrations/`, embedded, and the mark by which a database is ours.

use lorem_store::Schema;

/// Marks a database as ours (`PRAGMA application_id`): "LNws".
pub const APPLICATION_ID: i32 = 0x4c4e_7773;

// `MIGRATIONS`: the files of db/migrations in the order of their names, listed by build.rs.
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// What [`lorem_store::Database::open`] is given.
pub const SCHEMA: Schema = Schema { application_id: APPLICATION_ID, migrations: &MIGRATIONS };

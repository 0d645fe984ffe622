//! The database's schema: the embedded files of `db/migrations/`, and the application id.

use lorem_store::Schema;

/// Marks a database as this program's (`PRAGMA application_id`): "LNws".
pub const APPLICATION_ID: i32 = 0x4c4e_7773;

// `MIGRATIONS`: the files of db/migrations in the order of their names, listed by build.rs.
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// The schema for [`lorem_store::Database::open`].
pub const SCHEMA: Schema = Schema { application_id: APPLICATION_ID, migrations: &MIGRATIONS };

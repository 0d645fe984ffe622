//! The SQL of the settings.

use rusqlite::{Connection, params};

use super::{Setting, Settings};

/// The settings as they are.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn read(connection: &Connection) -> rusqlite::Result<Settings> {
    let mut statement = connection.prepare_cached("SELECT name, value FROM settings")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    // A later version may have more settings.
    let known = rows.into_iter().filter_map(|(name, value)| Some((Setting::from_code(&name)?, value)));
    Ok(Settings::default().with(known))
}

/// Sets a setting. One with its default keeps no row, so that a later version may have a better default.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn set(connection: &Connection, setting: Setting, value: &str) -> rusqlite::Result<()> {
    if value == setting.default() {
        connection.prepare_cached("DELETE FROM settings WHERE name = ?1")?.execute([setting.code()])?;
    } else {
        let sql = "INSERT INTO settings (name, value) VALUES (?1, ?2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        connection.prepare_cached(sql)?.execute(params![setting.code(), value])?;
    }
    Ok(())
}

//! The SQL of the settings.

use rusqlite::{Connection, OptionalExtension, params};

use super::logo::{Kind, Logo, LogoFile};
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
    Ok(Settings { logo: logo(connection)?, ..Settings::default().with(known) })
}

fn logo(connection: &Connection) -> rusqlite::Result<Option<Logo>> {
    let sql = "SELECT hash, kind, width, height FROM logo WHERE only = 1";
    let found = connection.prepare_cached(sql)?.query_row([], |row| {
        let kind = Kind::of(row.get_ref(1)?.as_str()?);
        Ok(kind.map(|kind| (row.get(0), kind, row.get(2), row.get(3))))
    });
    let Some((hash, kind, width, height)) = found.optional()?.flatten() else { return Ok(None) };
    Ok(Some(Logo { hash: hash?, kind, width: width?, height: height? }))
}

/// The bytes of the logo with this hash; `None`: it is another one now.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn logo_bytes(connection: &Connection, hash: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM logo WHERE only = 1 AND hash = ?1";
    connection.prepare_cached(sql)?.query_row([hash], |row| row.get(0)).optional()
}

/// Sets the logo, or removes it. Returns whether that changed something.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn set_logo(connection: &Connection, file: Option<&LogoFile>) -> rusqlite::Result<bool> {
    let Some(LogoFile { logo, bytes }) = file else {
        return Ok(connection.prepare_cached("DELETE FROM logo WHERE only = 1")?.execute([])? > 0);
    };
    let sql = "INSERT INTO logo (only, hash, kind, width, height, bytes) VALUES (1, ?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (only) DO UPDATE SET hash = excluded.hash, kind = excluded.kind, width = excluded.width, \
               height = excluded.height, bytes = excluded.bytes WHERE hash <> excluded.hash";
    let values = params![logo.hash, logo.kind.ending(), logo.width, logo.height, bytes];
    Ok(connection.prepare_cached(sql)?.execute(values)? > 0)
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

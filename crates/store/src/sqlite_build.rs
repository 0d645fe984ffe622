//! How the bundled SQLite was compiled. The options come from `.cargo/config.toml`, which Cargo reads only where it is
//! started: a build from another folder lacks them, and works, but slower and with looser rules.

use rusqlite::Connection;

/// The options that `.cargo/config.toml` sets and that SQLite lists.
const WANTED: [&str; 6] = [
    "DQS=0",
    "DEFAULT_MEMSTATUS=0",
    "DEFAULT_PCACHE_INITSZ=512",
    "LIKE_DOESNT_MATCH_BLOBS",
    "OMIT_DEPRECATED",
    "OMIT_SHARED_CACHE",
];
/// The options that it takes away.
const UNWANTED: [&str; 3] = ["ENABLE_API_ARMOR", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_STAT4"];

/// The options of this SQLite, without their prefix `SQLITE_`, in the order of their names.
///
/// # Errors
/// [`rusqlite::Error`] when no database in memory can be opened.
pub fn compile_options() -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open_in_memory()?;
    connection.prepare("PRAGMA compile_options")?.query_map([], |row| row.get(0))?.collect()
}

/// Those of `options` that differ from `.cargo/config.toml`: the missing ones, and with `-` in front those that should not
/// be there.
#[must_use]
pub fn deviations(options: &[String]) -> Vec<String> {
    let has = |name: &str| options.iter().any(|option| option == name);
    let missing = WANTED.iter().filter(|name| !has(name)).map(|name| (*name).to_owned());
    let unwanted = UNWANTED.iter().filter(|name| has(name)).map(|name| format!("-{name}"));
    missing.chain(unwanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_sqlite_is_compiled_as_the_configuration_says() {
        let options = compile_options().expect("SQLite lists its options");
        assert_eq!(deviations(&options), Vec::<String>::new(), "is .cargo/config.toml in use?");
    }

    #[test]
    fn a_deviation_is_named() {
        let mut options: Vec<String> = WANTED[1..].iter().map(|&name| name.to_owned()).collect();
        options.push("ENABLE_STAT4".to_owned());
        assert_eq!(deviations(&options), ["DQS=0", "-ENABLE_STAT4"]);
    }
}

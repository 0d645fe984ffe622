//! Compresses the static files with the best level, and lists the migrations.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    compress_static_files(&out)?;
    list_migrations(&out)?;
    say_target();
    warn_of_missing_flags();
    Ok(())
}

/// The target triple, for `lorem-news version`.
fn say_target() {
    println!("cargo::rustc-env=TARGET={}", env::var("TARGET").expect("cargo sets it"));
}

/// Cargo reads `.cargo/config.toml` where it is started, so that `cargo install --path` from another folder compiles SQLite
/// with the crate's own options.
fn warn_of_missing_flags() {
    println!("cargo::rerun-if-env-changed=LIBSQLITE3_FLAGS");
    if !env::var("LIBSQLITE3_FLAGS").is_ok_and(|flags| flags.contains("-DSQLITE_DQS=0")) {
        println!(
            "cargo::warning=SQLite is compiled without the options of .cargo/config.toml: start cargo in the project's folder"
        );
    }
}

fn compress_static_files(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed=static");
    for path in files("static")? {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let file = fs::File::create(out.join(name + ".gz"))?;
        let mut encoder = GzEncoder::new(file, Compression::best());
        encoder.write_all(&fs::read(&path)?)?;
        encoder.finish()?;
    }
    Ok(())
}

/// Writes `migrations.rs`: an array of the contents of `db/migrations/*.sql`.
///
/// # Errors
/// A gap in the files' numbers, or two files with the same number.
fn list_migrations(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed=db/migrations");
    let mut migrations = files("db/migrations")?;
    migrations.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let mut list = String::new();
    for (number, path) in (1..).zip(&migrations) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(&format!("{number:04}_")) {
            return Err(io::Error::other(format!("{} should be migration {number:04}", path.display())));
        }
        let path = format!("/{}", path.display());
        writeln!(list, "    include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?})),")
            .map_err(io::Error::other)?;
    }
    let doc =
        "/// The migrations in order; `PRAGMA user_version` is the number of those that a database has had.";
    let count = migrations.len();
    fs::write(
        out.join("migrations.rs"),
        format!("{doc}\npub const MIGRATIONS: [&str; {count}] = [\n{list}];\n"),
    )
}

/// The entries of a folder in the order of their names.
fn files(folder: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

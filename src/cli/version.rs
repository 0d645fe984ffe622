//! `lorem-news version`: what the program is made of.

use anyhow::Result;
use clap::Args;
use lorem_store::sqlite_build;
use serde_json::json;

use super::output;
use crate::schema::SCHEMA;

/// The kind of machine for which the program was compiled, from build.rs.
const TARGET: &str = env!("TARGET");

#[derive(Args, Debug)]
pub(crate) struct VersionOptions {
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl VersionOptions {
    pub(crate) fn run(&self) -> Result<()> {
        let (name, version, schema) =
            (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), SCHEMA.migrations.len());
        let sqlite = lorem_store::rusqlite::version();
        if !self.json {
            output::line(format_args!("{name} {version}, schema {schema}, SQLite {sqlite}, for {TARGET}"));
            return Ok(());
        }
        let options = sqlite_build::compile_options()?;
        output::line(json!({
            "name": name,
            "version": version,
            "schema": schema,
            "target": TARGET,
            "sqlite": {
                "version": sqlite,
                "compile_options": options,
                "deviations": sqlite_build::deviations(&options),
            },
        }));
        Ok(())
    }
}

/// Warns of an SQLite that is compiled in another way than the project's: the program was built in another folder.
pub(crate) fn warn_of_deviations() {
    match sqlite_build::compile_options().map(|options| sqlite_build::deviations(&options)) {
        Ok(deviations) if deviations.is_empty() => {}
        Ok(deviations) => log::warn!(
            "SQLite is compiled with other options than the project's: {}; build the program in the project's folder",
            deviations.join(", ")
        ),
        Err(error) => log::warn!("SQLite does not say how it is compiled: {error}"),
    }
}

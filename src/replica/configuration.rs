//! Litestream's configuration file.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use super::folder::ignore_not_found;
use super::location::Location;
use super::settings::Settings;

/// Writes the configuration that replicates `database`, as JSON: it is YAML in which nothing needs quoting.
/// The access key is not in it; Litestream finds it in its environment. `socket`: the control socket, if
/// Litestream is to have one.
///
/// - `monitor-interval` and `sync-interval` together bound the loss with the whole machine; setting one alone
///   has no effect. The cost of copying depends on the number of copies, not on the bytes written.
/// - The replica keeps a week of history and a snapshot a day.
/// - Litestream writes to our log, so it logs errors only. At its end it must not fail because the log's
///   reader is gone.
///
/// # Errors
/// The operating system's error; a path is not UTF-8, as YAML must be.
pub fn write(file: &Path, database: &Path, settings: &Settings, socket: Option<&Path>) -> Result<()> {
    let mut replica = match &settings.location {
        Location::Folder(folder) => json!({ "type": "file", "path": utf8(folder)? }),
        Location::Bucket { bucket, path, endpoint, region } => {
            let mut replica = json!({ "type": "s3", "bucket": bucket, "path": path, "region": region });
            if let Some(endpoint) = endpoint {
                replica["endpoint"] = json!(endpoint);
                replica["force-path-style"] = json!(true);
            }
            replica
        }
    };
    let interval = format!("{}ms", settings.sync_every.as_millis());
    replica["sync-interval"] = json!(interval);
    let mut configuration = json!({
        "logging": { "level": "error", "type": "text", "stderr": true },
        "shutdown-sync-timeout": "15s",
        "snapshot": { "interval": "24h", "retention": "168h" },
        "levels": [{ "interval": "30s" }, { "interval": "5m" }, { "interval": "1h" }],
        "dbs": [{
            "path": utf8(database)?,
            "monitor-interval": interval,
            "busy-timeout": "5s",
            "replica": replica,
        }],
    });
    if let Some(socket) = socket {
        configuration["socket"] = json!({ "enabled": true, "path": utf8(socket)?, "permissions": 0o600 });
    }
    ignore_not_found(fs::remove_file(file))?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    Ok(file.write_all(configuration.to_string().as_bytes())?)
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("Litestream takes no path like {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_configuration_has_the_measured_values_and_no_secret() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("litestream.yml");
        let settings = Settings::for_test("a secret");
        write(&file, Path::new("/a \"b\"/${HOME}"), &settings, Some(Path::new("/s"))).expect("it is written");
        assert_eq!(fs::metadata(&file).expect("it exists").mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).expect("a text");
        assert!(!text.contains("secret"));
        let written: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let database = &written["dbs"][0];
        assert_eq!(database["path"], "/a \"b\"/${HOME}");
        assert_eq!(
            (&database["monitor-interval"], &database["replica"]["sync-interval"]),
            (&json!("250ms"), &json!("250ms"))
        );
        assert_eq!(database["replica"]["force-path-style"], true);
        assert_eq!(written["socket"]["permissions"], 0o600);
        write(&file, Path::new("/a"), &settings, None).expect("it is replaced");
        assert!(!fs::read_to_string(&file).expect("a text").contains("socket"));
    }
}

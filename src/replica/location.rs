//! Where a replica is: a folder or a bucket.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use url::Url;

use crate::file_mode::FileMode;

/// The region of a store that has none.
const DEFAULT_REGION: &str = "us-east-1";

/// The folder that Litestream creates in the folder of a replica.
const LITESTREAM_FOLDER: &str = "ltx";

/// The location of a replica. It is displayed as the URL that `--replica` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A path in a bucket of an S3-compatible store.
    Bucket {
        /// The bucket's name.
        bucket: String,
        /// The path in it, without slashes at either end.
        path: String,
        /// The store's address with its scheme; `None`: Amazon's.
        endpoint: Option<String>,
        /// The store's region.
        region: String,
    },
}

impl Location {
    /// Reads `s3://BUCKET/PATH` or `file:///FOLDER`. A bucket without a path gets `default_path`. `endpoint`
    /// and `region` apply to a bucket, as in [`Location::bucket`].
    ///
    /// # Errors
    /// The URL has another form, or one of [`Location::bucket`]'s.
    pub fn parse(
        url: &str,
        default_path: &str,
        endpoint: Option<&str>,
        region: Option<&str>,
    ) -> Result<Location> {
        let parsed = Url::parse(url).ok();
        let is_plain = |parsed: &&Url| {
            parsed.query().is_none() && parsed.fragment().is_none() && parsed.username().is_empty()
        };
        if let Some(parsed) = parsed.as_ref().filter(is_plain) {
            match parsed.scheme() {
                "file" => {
                    let folder = parsed.to_file_path().ok();
                    if let Some(folder) =
                        folder.filter(|folder| folder.parent().is_some() && folder.to_str().is_some())
                    {
                        return Ok(Location::Folder(folder));
                    }
                }
                "s3" if parsed.port().is_none() && parsed.password().is_none() => {
                    // From the text, not from the parsed URL: a bucket's name is not a host's, and a path has
                    // nothing to decode.
                    let rest = url.get("s3://".len()..).unwrap_or_default();
                    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
                    let path = path.trim_matches('/');
                    let path = if path.is_empty() { default_path } else { path };
                    return Location::bucket(bucket, path, endpoint, region);
                }
                _ => {}
            }
        }
        bail!("a replica is s3://BUCKET/PATH or file:///FOLDER, not {url}")
    }

    /// A path in a bucket. `endpoint` may lack its scheme: then it is `http` for this machine and `https` for
    /// any other. `region`: `us-east-1` if `None`.
    ///
    /// # Errors
    /// The bucket's name or the endpoint is malformed.
    pub fn bucket(
        bucket: &str,
        path: &str,
        endpoint: Option<&str>,
        region: Option<&str>,
    ) -> Result<Location> {
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; other stores allow
        // capitals and underscores, too.
        let is_name =
            bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        ensure!(is_name && (3..=63).contains(&bucket.len()), "{bucket:?} is no name of a bucket");
        Ok(Location::Bucket {
            bucket: bucket.to_owned(),
            path: path.to_owned(),
            endpoint: endpoint.map(with_scheme).transpose()?,
            region: region.unwrap_or(DEFAULT_REGION).to_owned(),
        })
    }

    /// Tightens a folder's files. A folder that has files of others beside the replica is left as it is, and only
    /// what Litestream created in it is tightened.
    pub fn tighten(&self, mode: FileMode) {
        let Location::Folder(folder) = self else { return };
        let Ok(folder) = folder.canonicalize() else { return };
        let replica = folder.join(LITESTREAM_FOLDER);
        let mut entries = folder.read_dir().into_iter().flatten().flatten();
        let is_shared = entries.any(|entry| entry.path() != replica);
        mode.tighten_tree(if is_shared { &replica } else { &folder });
    }

    /// Whether it is a folder on the disk that holds `database`: losing that disk loses both.
    #[must_use]
    pub fn is_on_disk_of(&self, database: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Location::Folder(folder) = self else { return false };
        // A folder that is missing will be created on the disk of its nearest ancestor.
        let device =
            |path: &Path| path.ancestors().find_map(|path| path.metadata().ok()).map(|data| data.dev());
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        device(folder).is_some_and(|disk| device(&database) == Some(disk))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Location::Folder(folder) => write!(f, "file://{}", folder.display()),
            Location::Bucket { bucket, path, .. } => write!(f, "s3://{bucket}/{path}"),
        }
    }
}

fn with_scheme(endpoint: &str) -> Result<String> {
    let is_local = ["localhost", "127.", "[::1]"].iter().any(|start| endpoint.starts_with(start));
    let url = match endpoint.contains("://") {
        true => endpoint.to_owned(),
        false if is_local => format!("http://{endpoint}"),
        false => format!("https://{endpoint}"),
    };
    let is_address = |parsed: &Url| {
        matches!(parsed.scheme(), "http" | "https")
            && parsed.has_host()
            && parsed.username().is_empty()
            && parsed.password().is_none()
    };
    // The message does not repeat it: it may hold a secret.
    ensure!(
        Url::parse(&url).is_ok_and(|parsed| is_address(&parsed)),
        "LITESTREAM_REPLICA_ENDPOINT is no address such as https://s3.example"
    );
    Ok(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Location> {
        Location::parse(url, "news.sqlite3", None, None)
    }

    fn displayed(url: &str) -> String {
        parse(url).expect(url).to_string()
    }

    #[test]
    fn a_location_is_a_bucket_or_a_folder() {
        assert_eq!(displayed("s3://railsconf-2024/news"), "s3://railsconf-2024/news");
        assert_eq!(displayed("s3://railsconf-2024/a/b%20c/"), "s3://railsconf-2024/a/b%20c");
        assert_eq!(displayed("s3://railsconf-2024"), "s3://railsconf-2024/news.sqlite3");
        assert_eq!(displayed("file:///var/replica"), "file:///var/replica");
        assert_eq!(parse("file:///a%20b").expect("a folder"), Location::Folder("/a b".into()));
        for url in [
            "",
            "news",
            "s3:",
            "s3://",
            "s3:///path",
            "s3://a/b",
            "s3://me:secret@bucket/path",
            "s3://bucket:1/path",
            "s3://bucket/path?endpoint=x",
            "file://",
            "file:///",
            "file://host/path",
            "file:///a?b",
            "http://a/b",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_endpoint_gets_a_scheme() {
        for (endpoint, url) in [
            ("http://10.0.0.1:9000/", "http://10.0.0.1:9000"),
            ("localhost:9000", "http://localhost:9000"),
            ("127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("s3.example", "https://s3.example"),
        ] {
            assert_eq!(with_scheme(endpoint).expect(endpoint), url);
        }
        for wrong in ["ftp://a", "https://me:secret@s3.example", "https://"] {
            assert!(!with_scheme(wrong).expect_err(wrong).to_string().contains("secret"));
        }
    }
}

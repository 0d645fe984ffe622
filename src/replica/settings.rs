//! The operator's settings for the replica.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::binary::LitestreamBinary;
use super::location::Location;

/// The command line's and the environment's values, unchecked.
#[derive(Default, Clone)]
pub struct RawSettings {
    /// `s3://BUCKET/PATH` or `file:///FOLDER`.
    pub url: Option<String>,
    /// The bucket, where it is named without a URL.
    pub bucket: Option<String>,
    /// The store's address; `None`: Amazon's.
    pub endpoint: Option<String>,
    /// The store's region.
    pub region: Option<String>,
    /// The id of the store's access key.
    pub access_key_id: Option<String>,
    /// The secret of the store's access key.
    pub secret_access_key: Option<String>,
}

/// Checked settings. Whether the location can be reached is not known yet.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The replica's location.
    pub location: Location,
    /// The access key for a bucket.
    pub credentials: Option<Credentials>,
    /// The program that copies.
    pub litestream: LitestreamBinary,
    /// The longest time that a write waits to be copied.
    pub sync_every: Duration,
    /// The time between two verifications; `None`: the server starts none by itself.
    pub verify_every: Option<Duration>,
}

/// An access key of a store. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's id.
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: String,
}

impl RawSettings {
    /// The replica's location; `None`: no replica is wanted. A bucket without a path gets the name of the
    /// `database` file.
    ///
    /// # Errors
    /// [`Location::parse`]'s and [`Location::bucket`]'s; both a URL and a bucket are given.
    pub fn location(&self, database: &Path) -> Result<Option<Location>> {
        let name = database.file_name().and_then(|name| name.to_str()).unwrap_or("database");
        let (endpoint, region) = (self.endpoint.as_deref(), self.region.as_deref());
        match (&self.url, &self.bucket) {
            (Some(_), Some(_)) => {
                bail!("REPLICA and LITESTREAM_REPLICA_BUCKET both say where the replica is: one is enough")
            }
            (Some(url), None) => Location::parse(url, name, endpoint, region).map(Some),
            (None, Some(bucket)) => Location::bucket(bucket, name, endpoint, region).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The access key that `location` needs; `None` for a folder.
    ///
    /// # Errors
    /// A bucket's id or secret is missing.
    pub fn credentials(&self, location: &Location) -> Result<Option<Credentials>> {
        if let Location::Folder(_) = location {
            return Ok(None);
        }
        let access_key_id = self.access_key_id.clone().with_context(|| {
            format!("{location} needs LITESTREAM_ACCESS_KEY_ID, or LITESTREAM_ACCESS_KEY_ID_FILE")
        })?;
        let secret_access_key = self.secret_access_key.clone().with_context(|| {
            format!("{location} needs LITESTREAM_SECRET_ACCESS_KEY, or LITESTREAM_SECRET_ACCESS_KEY_FILE")
        })?;
        Ok(Some(Credentials { access_key_id, secret_access_key }))
    }
}

impl Settings {
    /// Litestream's whole environment: the variables in which it looks for the access key.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        let Some(credentials) = &self.credentials else { return Vec::new() };
        vec![
            ("LITESTREAM_ACCESS_KEY_ID", &*credentials.access_key_id),
            ("LITESTREAM_SECRET_ACCESS_KEY", &*credentials.secret_access_key),
        ]
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

#[cfg(test)]
impl Settings {
    /// A bucket of a store that does not exist, with this secret.
    pub(crate) fn for_test(secret: &str) -> Settings {
        let endpoint = Some("http://127.0.0.1:1");
        let location = Location::bucket("news", "db", endpoint, None).expect("a location");
        let credentials = Some(Credentials { access_key_id: "key".into(), secret_access_key: secret.into() });
        let litestream = LitestreamBinary::unchecked("/nowhere".into());
        Settings {
            location,
            credentials,
            litestream,
            sync_every: Duration::from_millis(250),
            verify_every: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_given_by_a_url_or_a_bucket_or_not_at_all() {
        let bucket = RawSettings { bucket: Some("railsconf-2024".into()), ..RawSettings::default() };
        let named = bucket.location(Path::new("db/news.sqlite3")).expect("a bucket").expect("a location");
        assert_eq!(named.to_string(), "s3://railsconf-2024/news.sqlite3");
        let both = RawSettings { url: Some("file:///a".into()), ..bucket };
        assert!(both.location(Path::new("a")).is_err());
        let url = RawSettings { bucket: None, ..both };
        let folder = url.location(Path::new("a")).expect("a folder").expect("a location");
        assert_eq!(folder, Location::Folder("/a".into()));
        assert_eq!(RawSettings::default().location(Path::new("a")).expect("it is valid"), None);
    }

    #[test]
    fn a_bucket_needs_both_parts_of_a_key_and_a_folder_none() {
        let bucket = Location::bucket("railsconf-2024", "news", None, None).expect("a location");
        let (id, secret) = (Some("key".to_owned()), Some("a secret".to_owned()));
        let credentials = |id: &Option<String>, secret: &Option<String>, location: &Location| {
            let (access_key_id, secret_access_key) = (id.clone(), secret.clone());
            RawSettings { access_key_id, secret_access_key, ..RawSettings::default() }.credentials(location)
        };
        let both = credentials(&id, &secret, &bucket).expect("both").expect("both");
        assert!(!format!("{both:?}").contains("secret"));
        let message = |result: Result<_>| result.expect_err("a part is missing").to_string();
        assert!(message(credentials(&id, &None, &bucket)).contains("LITESTREAM_SECRET_ACCESS_KEY_FILE"));
        assert!(message(credentials(&None, &secret, &bucket)).contains("LITESTREAM_ACCESS_KEY_ID_FILE"));
        let folder = Location::Folder("/a".into());
        assert_eq!(credentials(&None, &None, &folder).expect("none is needed"), None);
    }
}

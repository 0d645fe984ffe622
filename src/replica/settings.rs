//! Where the replica is and how it is reached, as the operator said it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::litestream::Litestream;

/// The region of stores that have none.
const REGION: &str = "us-east-1";

/// What the command line and the environment say, as it stands there.
#[derive(Default, Clone)]
pub struct Given {
    /// `s3://BUCKET/PATH` or `file:///FOLDER`.
    pub url: Option<String>,
    /// The bucket instead of the URL.
    pub bucket: Option<String>,
    /// The store's address; nothing: Amazon's.
    pub endpoint: Option<String>,
    /// The store's region.
    pub region: Option<String>,
    /// Who asks the store.
    pub access_key_id: Option<String>,
    /// How they prove it.
    pub secret_access_key: Option<String>,
}

/// A replica that can be reached as far as that can be told without reaching for it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is.
    pub place: Place,
    /// For a bucket.
    pub keys: Option<Keys>,
    /// Who copies.
    pub litestream: Litestream,
    /// How long what was written may wait to be copied.
    pub sync_every: Duration,
    /// Between two verifications; `None`: there are none but those that somebody asks for.
    pub verify_every: Option<Duration>,
}

/// Where a replica is kept. It is shown as the URL that `--replica` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // As in `Given`.
pub enum Place {
    Folder(PathBuf),
    Bucket { bucket: String, path: String, endpoint: Option<String>, region: String },
}

/// What a store asks for. The secret is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Keys {
    pub id: String,
    pub secret: String,
}

impl Settings {
    /// All that Litestream finds in its environment. It looks for the keys there by itself.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        let keys = self.keys.iter();
        keys.flat_map(|keys| {
            [("LITESTREAM_ACCESS_KEY_ID", &*keys.id), ("LITESTREAM_SECRET_ACCESS_KEY", &*keys.secret)]
        })
        .collect()
    }
}

impl Place {
    /// What was given, for a database whose file has this name; `None`: there is to be no replica.
    ///
    /// # Errors
    /// A sentence about what does not fit.
    pub fn of(given: &Given, database: &Path) -> Result<Option<Place>, String> {
        let name = database.file_name().and_then(|name| name.to_str()).unwrap_or("database");
        match (&given.url, &given.bucket) {
            (Some(_), Some(_)) => {
                Err("REPLICA and LITESTREAM_REPLICA_BUCKET both say where the replica is: one is enough"
                    .into())
            }
            (Some(url), None) => Place::at(url, name, given).map(Some),
            (None, Some(bucket)) => Place::bucket(bucket, name, given).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn at(url: &str, name: &str, given: &Given) -> Result<Place, String> {
        let shape = || format!("a replica is s3://BUCKET/PATH or file:///FOLDER, not {url}");
        let parsed = Url::parse(url).map_err(|_| shape())?;
        let is_plain =
            parsed.query().is_none() && parsed.fragment().is_none() && parsed.username().is_empty();
        match parsed.scheme() {
            "file" if is_plain => match parsed.to_file_path() {
                Ok(folder) if folder.parent().is_some() && folder.to_str().is_some() => {
                    Ok(Place::Folder(folder))
                }
                _ => Err(shape()),
            },
            "s3" if is_plain && parsed.port().is_none() && parsed.password().is_none() => {
                // As it stands there: a bucket's name is no host's, and a path has nothing to decode.
                let rest = url.get("s3://".len()..).unwrap_or_default();
                let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
                let path = path.trim_matches('/');
                Place::bucket(bucket, if path.is_empty() { name } else { path }, given)
            }
            _ => Err(shape()),
        }
    }

    fn bucket(bucket: &str, path: &str, given: &Given) -> Result<Place, String> {
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and what others allow.
        let is_name =
            bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if !is_name || !(3..=63).contains(&bucket.len()) {
            return Err(format!("{bucket:?} is no name of a bucket"));
        }
        let endpoint = given.endpoint.as_deref().map(endpoint).transpose()?;
        let region = given.region.clone().unwrap_or_else(|| REGION.to_owned());
        Ok(Place::Bucket { bucket: bucket.to_owned(), path: path.to_owned(), endpoint, region })
    }

    /// Whether the folder is on the disk that the database is on: who loses that disk loses both.
    #[must_use]
    pub fn is_on_the_disk_of(&self, database: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Place::Folder(folder) = self else { return false };
        // What is not there yet is made where its nearest ancestor is.
        let device =
            |path: &Path| path.ancestors().find_map(|path| path.metadata().ok()).map(|data| data.dev());
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        device(folder).is_some_and(|disk| device(&database) == Some(disk))
    }
}

/// With its scheme: without one it is http on this machine and https elsewhere.
fn endpoint(given: &str) -> Result<String, String> {
    let is_here = ["localhost", "127.", "[::1]"].iter().any(|start| given.starts_with(start));
    let whole = match given.contains("://") {
        true => given.to_owned(),
        false if is_here => format!("http://{given}"),
        false => format!("https://{given}"),
    };
    match Url::parse(&whole) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none() =>
        {
            Ok(whole.trim_end_matches('/').to_owned())
        }
        // It may hold a secret: it is not repeated.
        _ => Err("LITESTREAM_REPLICA_ENDPOINT is no address such as https://s3.example".to_owned()),
    }
}

impl Keys {
    /// Those that were given, if `place` needs any.
    ///
    /// # Errors
    /// A sentence about what is missing.
    pub fn of(given: &Given, place: &Place) -> Result<Option<Keys>, String> {
        if let Place::Folder(_) = place {
            return Ok(None);
        }
        match (given.access_key_id.clone(), given.secret_access_key.clone()) {
            (Some(id), Some(secret)) => Ok(Some(Keys { id, secret })),
            (None, _) => {
                Err(format!("{place} needs LITESTREAM_ACCESS_KEY_ID, or LITESTREAM_ACCESS_KEY_ID_FILE"))
            }
            (_, None) => Err(format!(
                "{place} needs LITESTREAM_SECRET_ACCESS_KEY, or LITESTREAM_SECRET_ACCESS_KEY_FILE"
            )),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Place::Folder(folder) => write!(f, "file://{}", folder.display()),
            Place::Bucket { bucket, path, .. } => write!(f, "s3://{bucket}/{path}"),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What `replica env` shows of it: nothing but the first letters of what is to be secret.
#[must_use]
pub fn masked(secret: &str) -> String {
    // Of a short one the first letters would be half of it.
    let shown = if secret.chars().count() >= 16 { 4 } else { 0 };
    secret.chars().take(shown).chain("********".chars()).collect()
}

/// A time such as `30s`, `10m`, `24h` or `7d`; `None` for `off` and nothing at all.
///
/// # Errors
/// A sentence, when it is none.
pub fn interval(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" || text == "0" {
        return Ok(None);
    }
    let wrong = || format!("{text:?} is no time such as 30s, 10m, 24h or 7d, and not off");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let time = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    let time = Duration::try_from(time).map_err(|_| wrong())?;
    const MOST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    match time {
        Duration::ZERO => Ok(None),
        time if time > MOST => Err(format!("{text} is more than a year")),
        time => Ok(Some(time)),
    }
}

/// The same from 100 ms, below which Litestream does little else than look, to 30 s, beyond which a copy that is
/// late cannot be told from one that failed.
///
/// # Errors
/// A sentence, when it is none of these.
pub fn sync_interval(text: &str) -> Result<Duration, String> {
    match interval(text)? {
        Some(time) if (Duration::from_millis(100)..=Duration::from_secs(30)).contains(&time) => Ok(time),
        _ => Err(format!("{text:?} is not from 100ms to 30s")),
    }
}

#[cfg(test)]
impl Settings {
    /// Of a bucket that is nowhere, with this secret.
    pub(super) fn of_bucket(secret: &str) -> Settings {
        let endpoint = Some("http://127.0.0.1:1".into());
        let place =
            Place::Bucket { bucket: "news".into(), path: "db".into(), endpoint, region: REGION.into() };
        let keys = Some(Keys { id: "key".into(), secret: secret.into() });
        let (litestream, sync_every) = (Litestream::at("/nowhere".into()), Duration::from_millis(250));
        Settings { place, keys, litestream, sync_every, verify_every: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Result<Option<Place>, String> {
        Place::of(&Given { url: Some(url.to_owned()), ..Given::default() }, Path::new("db/news.sqlite3"))
    }

    fn shown(url: &str) -> String {
        place(url).expect(url).expect(url).to_string()
    }

    #[test]
    fn a_place_is_a_bucket_or_a_folder() {
        assert_eq!(shown("s3://railsconf-2024/news"), "s3://railsconf-2024/news");
        assert_eq!(shown("s3://railsconf-2024/a/b%20c/"), "s3://railsconf-2024/a/b%20c");
        assert_eq!(shown("s3://railsconf-2024"), "s3://railsconf-2024/news.sqlite3");
        assert_eq!(shown("file:///var/replica"), "file:///var/replica");
        assert_eq!(place("file:///a%20b"), Ok(Some(Place::Folder("/a b".into()))));
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
            assert!(place(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_bucket_can_be_named_instead_and_nothing_is_no_replica() {
        let bucket = Given { bucket: Some("railsconf-2024".into()), ..Given::default() };
        let named = Place::of(&bucket, Path::new("db/news.sqlite3")).expect("a bucket").expect("a place");
        assert_eq!(named.to_string(), "s3://railsconf-2024/news.sqlite3");
        let both = Given { url: Some("file:///a".into()), ..bucket };
        assert!(Place::of(&both, Path::new("a")).is_err());
        assert_eq!(Place::of(&Given::default(), Path::new("a")), Ok(None));
    }

    #[test]
    fn an_endpoint_has_a_scheme() {
        for (given, whole) in [
            ("http://10.0.0.1:9000/", "http://10.0.0.1:9000"),
            ("localhost:9000", "http://localhost:9000"),
            ("127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("s3.example", "https://s3.example"),
        ] {
            assert_eq!(endpoint(given).as_deref(), Ok(whole));
        }
        for wrong in ["ftp://a", "https://me:secret@s3.example", "https://"] {
            assert!(!endpoint(wrong).expect_err(wrong).contains("secret"));
        }
    }

    #[test]
    fn a_bucket_needs_both_keys_and_a_folder_none() {
        let (id, secret) = (Some("key".to_owned()), Some("a secret".to_owned()));
        let bucket = place("s3://railsconf-2024/news").expect("a place").expect("a place");
        let keys = |access_key_id: &Option<String>, secret_access_key: &Option<String>, place: &Place| {
            let (access_key_id, secret_access_key) = (access_key_id.clone(), secret_access_key.clone());
            Keys::of(&Given { access_key_id, secret_access_key, ..Given::default() }, place)
        };
        let both = keys(&id, &secret, &bucket).expect("both").expect("both");
        assert!(!format!("{both:?}").contains("secret"));
        assert!(keys(&id, &None, &bucket).expect_err("one").contains("LITESTREAM_SECRET_ACCESS_KEY_FILE"));
        assert!(keys(&None, &secret, &bucket).expect_err("one").contains("LITESTREAM_ACCESS_KEY_ID_FILE"));
        assert_eq!(keys(&None, &None, &Place::Folder("/a".into())), Ok(None));
    }

    #[test]
    fn a_secret_is_shown_as_its_first_letters_at_most() {
        assert_eq!(masked("minioadmin"), "********");
        assert_eq!(masked("wJalrXUtnFEMI/K7MDENG"), "wJal********");
    }

    #[test]
    fn times_are_written_as_people_do() {
        let seconds = |text: &str| interval(text).expect(text).map(|time| time.as_secs());
        assert_eq!(seconds("30s"), Some(30));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("7d"), Some(7 * 86_400));
        for never in ["off", "0", "0s"] {
            assert_eq!(interval(never), Ok(None), "{never}");
        }
        for wrong in ["", "soon", "10", "-1h", "1000d"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
        assert_eq!(sync_interval("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["off", "10ms", "31s", "1"] {
            assert!(sync_interval(wrong).is_err(), "{wrong}");
        }
    }
}

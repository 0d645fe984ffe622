//! Titles of linked pages, fetched a limited number at a time.

use std::time::Duration;

use super::semaphore::Semaphore;
use crate::page_title::{AddressPolicy, FetchError, Fetcher};

/// The most titles that are fetched at once. A thread waits for each, up to two seconds.
const MAX_AT_ONCE: usize = 4;
/// The time for which a request waits for its turn. Beyond it there is no title.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Fetches titles for requests.
pub struct PageTitles {
    fetcher: Fetcher,
    permits: Semaphore,
}

impl PageTitles {
    /// Titles from pages at the addresses that `policy` permits.
    #[must_use]
    pub fn new(policy: AddressPolicy) -> PageTitles {
        PageTitles { fetcher: Fetcher::new(policy), permits: Semaphore::new(MAX_AT_ONCE, MAX_WAIT) }
    }

    /// The title of the page at `url`; `None`: too many others are fetched.
    ///
    /// # Errors
    /// [`FetchError`]
    pub fn fetch(&self, url: &str) -> Result<Option<String>, FetchError> {
        let Some(_permit) = self.permits.acquire() else { return Ok(None) };
        self.fetcher.title(url).map(Some)
    }
}

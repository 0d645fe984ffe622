//! The requests with an idempotency key that are being answered: a second one with the key of a first is refused meanwhile.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::types::id::ApiTokenId;

/// The keys of the requests that are being answered, at most one for each connection.
#[derive(Default)]
pub struct InFlight(Mutex<HashSet<(ApiTokenId, String)>>);

/// A request that is being answered, until it is dropped.
pub struct Answering<'f> {
    all: &'f InFlight,
    key: (ApiTokenId, String),
}

impl InFlight {
    /// Notes a request; `None`: one with its key is being answered.
    #[must_use]
    pub fn begin(&self, token_id: ApiTokenId, key: &str) -> Option<Answering<'_>> {
        let key = (token_id, key.to_owned());
        let is_new = self.lock().insert(key.clone());
        is_new.then(|| Answering { all: self, key })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(ApiTokenId, String)>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_in_flight_for_one_request_at_a_time() {
        let (all, token) = (InFlight::default(), ApiTokenId::new(1));
        let first = all.begin(token, "a").expect("the first");
        // A refused one does not end the first.
        assert!(all.begin(token, "a").is_none() && all.begin(token, "a").is_none());
        assert!(all.begin(token, "b").is_some() && all.begin(ApiTokenId::new(2), "a").is_some());
        drop(first);
        assert!(all.begin(token, "a").is_some());
    }
}

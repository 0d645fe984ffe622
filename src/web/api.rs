//! What a request of the site's own API keeps beside what the request of a page has.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rusqlite::Connection;

use super::form::Errors;
use super::paths;
use crate::site::limiter::Quota;

/// Runs in the transaction of a write that has changed something.
pub type Beside = Arc<dyn Fn(&Connection) -> rusqlite::Result<()> + Send + Sync>;

/// What a request of the API keeps. Nothing, for other requests.
#[derive(Default)]
pub struct ApiState {
    refused: RefCell<Option<Errors>>,
    beside: RefCell<Option<Beside>>,
    /// What is left of the requests that the token's user may send.
    pub quota: Cell<Option<Quota>>,
}

/// Whether a path is that of an address of the API: no cookie counts there.
#[must_use]
pub fn is_of(path: &str) -> bool {
    path.strip_prefix(paths::API).is_some_and(|rest| rest.starts_with('/'))
}

impl ApiState {
    /// Remembers the errors of a refused form, which the API says in its own words.
    pub fn refuse(&self, errors: &Errors) {
        self.refused.replace(Some(errors.clone()));
    }

    /// The errors of the last form that was refused.
    pub fn take_refused(&self) -> Option<Errors> {
        self.refused.take()
    }

    /// What the next writes run in their transaction, if they change something.
    pub fn set_beside(&self, beside: Option<Beside>) {
        self.beside.replace(beside);
    }

    /// What a write runs in its transaction, if it changes something.
    #[must_use]
    pub fn beside(&self) -> Option<Beside> {
        self.beside.borrow().clone()
    }

    /// Gives a handler that runs within this request what its writes run.
    pub(super) fn lend(&self, inner: &ApiState) {
        inner.set_beside(self.beside());
    }

    /// Takes what that handler has refused.
    pub(super) fn take_from(&self, inner: &ApiState) {
        self.refused.replace(inner.take_refused());
    }
}

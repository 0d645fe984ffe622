//! The settings in memory, since every page shows some.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Setting, Settings, sql};
use crate::changes::{Changes, Shown, Since};

/// The settings that were read last, and when.
pub struct KeptSettings {
    last: Mutex<Option<(Arc<Settings>, Since)>>,
    /// The settings that the operator has fixed by flags or variables.
    fixed: Vec<(Setting, String)>,
    shown: Shown,
}

impl KeptSettings {
    /// None are read yet.
    #[must_use]
    pub fn new(fixed: Vec<(Setting, String)>) -> KeptSettings {
        KeptSettings { last: Mutex::default(), fixed, shown: Shown::of(&[], None) }
    }

    /// Whether the operator has fixed a setting.
    #[must_use]
    pub fn is_fixed(&self, setting: Setting) -> bool {
        self.fixed.iter().any(|(fixed, _)| *fixed == setting)
    }

    /// The settings of now, by `read` where they may have changed. Where they cannot be read, those of before.
    pub fn get<E>(
        &self,
        changes: &Changes,
        read: impl FnOnce(fn(&rusqlite::Connection) -> rusqlite::Result<Settings>) -> Result<Settings, E>,
    ) -> Arc<Settings> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((settings, since)) = &last
            && changes.has_none(&self.shown, since)
        {
            return Arc::clone(settings);
        }
        let since = changes.since_now();
        match read(sql::read) {
            Ok(settings) => {
                let settings = Arc::new(settings.with(self.fixed.iter().cloned()));
                let kept = Some((Arc::clone(&settings), since));
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = kept;
                settings
            }
            Err(_) => last.map_or_else(Arc::default, |(settings, _)| settings),
        }
    }

    /// The settings that were read last, for a page that must not read.
    pub fn last(&self) -> Arc<Settings> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map_or_else(Arc::default, |(settings, _)| Arc::clone(settings))
    }

    /// The settings have changed: for a server that keeps no copies of pages, and so is not told what changes.
    pub fn forget(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

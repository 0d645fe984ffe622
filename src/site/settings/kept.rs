//! The settings in memory, since every page shows some.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::logo::LogoFile;
use super::{Setting, Settings, sql};
use crate::changes::{Changes, Shown, Since};

/// The settings that were read last.
pub struct KeptSettings {
    last: Mutex<Last>,
    /// The settings that the operator has fixed by flags or variables.
    fixed: Vec<(Setting, String)>,
    fixed_logo: Option<LogoFile>,
    shown: Shown,
}

struct Last {
    settings: Arc<Settings>,
    /// The moment before they were read; `None`: they were not read yet, or have changed.
    since: Option<Since>,
    /// How often they were forgotten.
    forgotten: u64,
}

impl KeptSettings {
    /// None are read yet.
    #[must_use]
    pub fn new(fixed: Vec<(Setting, String)>, fixed_logo: Option<LogoFile>) -> KeptSettings {
        let settings = Settings::default().with(fixed.iter().cloned());
        let logo = fixed_logo.as_ref().map(|file| file.logo.clone());
        let settings = Arc::new(Settings { logo, ..settings });
        let last = Mutex::new(Last { settings, since: None, forgotten: 0 });
        KeptSettings { last, fixed, fixed_logo, shown: Shown::of(&[], None) }
    }

    /// The logo that the operator has fixed.
    #[must_use]
    pub fn fixed_logo(&self) -> Option<&LogoFile> {
        self.fixed_logo.as_ref()
    }

    /// Whether the operator has fixed a setting.
    #[must_use]
    pub fn is_fixed(&self, setting: Setting) -> bool {
        self.fixed.iter().any(|(fixed, _)| *fixed == setting)
    }

    /// The settings of now, by `read` where they may have changed.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn get<E>(
        &self,
        changes: &Changes,
        read: impl FnOnce(fn(&Connection) -> rusqlite::Result<Settings>) -> Result<Settings, E>,
    ) -> Result<Arc<Settings>, E> {
        let forgotten = {
            let last = self.lock();
            if last.since.as_ref().is_some_and(|since| changes.has_none(&self.shown, since)) {
                return Ok(Arc::clone(&last.settings));
            }
            last.forgotten
        };
        let since = changes.since_now();
        let mut settings = read(sql::read)?.with(self.fixed.iter().cloned());
        if let Some(fixed) = &self.fixed_logo {
            settings.logo = Some(fixed.logo.clone());
        }
        let settings = Arc::new(settings);
        let mut last = self.lock();
        // What was read before a change that has ended meanwhile is of before.
        if last.forgotten == forgotten {
            (last.settings, last.since) = (Arc::clone(&settings), Some(since));
        }
        Ok(settings)
    }

    /// The settings that were read last, for a page that must not read or cannot.
    #[must_use]
    pub fn last(&self) -> Arc<Settings> {
        Arc::clone(&self.lock().settings)
    }

    /// The settings have changed: for a server that keeps no copies of pages, and so is not told what changes.
    pub fn forget(&self) {
        let mut last = self.lock();
        last.forgotten += 1;
        last.since = None;
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        // No code panics while it holds the lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The reader's preferences, in two cookies: they work for guests, and need no read of the database.

use std::time::Duration;

use super::Cx;
use super::cookie::{self, Cookie, FormerCookie, Header};
use crate::types::time::DAY;

/// The names of the cookies.
const THEME: &str = "theme";
const KEYS: &str = "keys";
/// A year.
const MAX_AGE: Duration = DAY.saturating_mul(365);

/// The reader's preferences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The colours of pages.
    pub theme: Theme,
    /// Whether pages have keyboard shortcuts.
    pub keys: Keys,
}

/// The colours of pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Those of the reader's system.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Keyboard shortcuts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keys {
    /// `static/keys.js` is on each page.
    #[default]
    On,
    /// No page has it.
    Off,
}

impl Preferences {
    /// The preferences in the request's cookies; an unknown value counts as the default.
    #[must_use]
    pub fn of(cx: &Cx) -> Preferences {
        let (mut theme, mut keys): (Option<Cookie>, Option<Cookie>) = (None, None);
        for cookie in cookie::all(cx) {
            let chosen = match cookie.name {
                THEME => &mut theme,
                KEYS => &mut keys,
                _ => continue,
            };
            // The present name wins, in any order of the two.
            if chosen.is_none() || !cookie.is_former {
                *chosen = Some(cookie);
            }
        }
        for cookie in [theme, keys].into_iter().flatten() {
            cookie::take(cx, cookie, MAX_AGE, FormerCookie::Kept);
        }
        Preferences {
            theme: theme.and_then(|cookie| Theme::named(cookie.value)).unwrap_or_default(),
            keys: keys.and_then(|cookie| Keys::named(cookie.value)).unwrap_or_default(),
        }
    }

    /// `Set-Cookie` for both. It deletes the cookie of a default value, unless there is one of the former name,
    /// which would count then.
    #[must_use]
    pub fn cookies(self, cx: &Cx) -> [Header; 2] {
        let kept = |name, value, is_default| {
            let has_former = || cookie::all(cx).any(|cookie| cookie.name == name && cookie.is_former);
            if is_default && !has_former() {
                cookie::clear(cx, name)
            } else {
                cookie::set(cx, name, value, MAX_AGE)
            }
        };
        [
            kept(THEME, self.theme.name(), self.theme == Theme::default()),
            kept(KEYS, self.keys.name(), self.keys == Keys::default()),
        ]
    }
}

impl Theme {
    /// All themes, in the order of the form.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// Its name in forms, in the cookie, and in the page's `data-theme`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

impl Keys {
    /// Both choices, in the order of the form.
    pub const ALL: [Keys; 2] = [Keys::On, Keys::Off];

    /// Its name in forms and in the cookie.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Keys::On => "on",
            Keys::Off => "off",
        }
    }

    /// The choice of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Keys> {
        Keys::ALL.into_iter().find(|keys| keys.name() == name)
    }
}

//! How somebody wants to read, kept by their browser in two cookies: it works for guests, and nothing is
//! looked up for it.

use super::Cx;
use super::cookie::{self, Header};

/// So many seconds a browser keeps a choice: a year.
const MAX_AGE: u32 = 31_536_000;

/// What somebody has chosen; from the start, nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// In which colours.
    pub theme: Theme,
    /// Whether single keys do something.
    pub keys: Keys,
}

/// The colours of pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Those that the reader's system asks for.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Reading by keyboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keys {
    /// `static/keys.js` is on each page.
    #[default]
    On,
    /// It is on none.
    Off,
}

impl Preferences {
    /// What the request's cookies ask for. What is none of ours asks for nothing.
    #[must_use]
    pub fn of(cx: &Cx) -> Preferences {
        let mut chosen = Preferences::default();
        for (name, value) in cookie::all(cx) {
            match name {
                "theme" => chosen.theme = Theme::named(value).unwrap_or_default(),
                "keys" => chosen.keys = Keys::named(value).unwrap_or_default(),
                _ => {}
            }
        }
        chosen
    }

    /// `Set-Cookie` for both. What needs no cookie leaves none behind.
    #[must_use]
    pub fn cookies(self, cx: &Cx) -> [Header; 2] {
        let kept = |name, value, is_default| {
            if is_default { cookie::clear(cx, name) } else { cookie::set(cx, name, value, MAX_AGE) }
        };
        [
            kept("theme", self.theme.name(), self.theme == Theme::default()),
            kept("keys", self.keys.name(), self.keys == Keys::default()),
        ]
    }
}

impl Theme {
    /// All, in the order in which they are offered.
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

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

impl Keys {
    /// Both, in the order in which they are offered.
    pub const ALL: [Keys; 2] = [Keys::On, Keys::Off];

    /// Its name in forms and in the cookie.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Keys::On => "on",
            Keys::Off => "off",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Keys> {
        Keys::ALL.into_iter().find(|keys| keys.name() == name)
    }
}

//! Views of the preferences and of the keyboard shortcuts.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::ui::choice::{Choice, choices};
use crate::ui::field::{self, Place};
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;
use crate::web::preferences::{Keys, Preferences, Theme};

/// The preferences form. After it the client goes to `return_to`, or with `None` back to the form.
pub fn edit<'f>(
    account: Account,
    present: Preferences,
    return_to: Option<&'f str>,
    errors: &'f Errors,
) -> impl Render + 'f {
    let theme = |theme: Theme| match theme {
        Theme::System => "System",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    };
    let keys = |keys: Keys| match keys {
        Keys::On => "On",
        Keys::Off => "Off",
    };
    let themes = Theme::ALL.map(|one| Choice::new(one.name(), theme(one), one == present.theme));
    let both = Keys::ALL.map(|one| Choice::new(one.name(), keys(one), one == present.keys));
    owned_html! {
        form(method="post", action=paths::PREFERENCES) {
            : account;
            : field::errors(errors, "choice", &[place("theme", THEME), place("keys", KEYS)]);
            : choices("theme", THEME, themes, errors);
            : choices("keys", KEYS, both, errors);
            @ if let Some(return_to) = return_to { input(type="hidden", name="return_to", value=return_to); }
            button(class="button") { : "Save preferences" }
        }
        p(class="hint") {
            : "Saved in this browser only. "; a(href=paths::KEYS) { : "What the keys do" } : "."
        }
    }
}

const THEME: &str = "Theme";
const KEYS: &str = "Keyboard shortcuts";

fn place(name: &'static str, label: &'static str) -> Place<'static> {
    Place { name, label, id: name }
}

/// The page about keyboard shortcuts. `static/keys.js` fetches the element with the id `keys` and shows it on
/// any page.
pub fn keys(account: Account, keys: Keys) -> impl Render {
    let other = if keys == Keys::On { Keys::Off } else { Keys::On };
    owned_html! {
        noscript { p(class="hint") { : "They need JavaScript, which this browser does not run here." } }
        div(id="keys") {
            dl(class="facts") {
                dt { kbd { : "j" } } dd { : "goes to the next post or comment." }
                dt { kbd { : "k" } } dd { : "goes to the previous one." }
                dt { kbd { : "o" } } dd { : "opens it." }
                dt { kbd { : "u" } } dd { : "upvotes it, or takes the vote back." }
                dt { kbd { : "?" } } dd { : "shows this list." }
            }
            p(class="hint") { : "In a text, on or off:" }
            dl(class="facts") {
                dt { kbd { : "Ctrl" } : " "; kbd { : "Enter" } } dd { : "sends it; on a Mac Command and Enter." }
                dt { kbd { : "Esc" } } dd { : "closes a form in place. What was typed is there when it is opened again." }
            }
            p(class="hint") {
                : Raw(if keys == Keys::On {
                    "They are ignored while you type or hold Ctrl, Alt or Command."
                } else {
                    "They are turned off: no other key does anything."
                })
            }
            form(method="post", action=paths::PREFERENCES) {
                : account;
                input(type="hidden", name="keys", value=other.name());
                button(class="button") { : Raw(if other == Keys::Off { "Turn them off" } else { "Turn them on" }) }
            }
        }
    }
}

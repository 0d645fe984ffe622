//! Reading preferences: the pages on which they are set. The preferences themselves are in
//! [`web::preferences`](crate::web::preferences), since every page depends on them.

pub mod handlers;
pub mod views;

use crate::web::form::{Errors, Form};
use crate::web::preferences::{Keys, Preferences, Theme};

/// The preferences in a form; a field that it lacks keeps its `present` value.
///
/// # Errors
/// An error for each field with an unknown value.
pub fn from_form(form: &Form, present: Preferences) -> Result<Preferences, Errors> {
    let mut errors = Errors::default();
    let theme = form.get("theme").map_or(Some(present.theme), Theme::named);
    if theme.is_none() {
        errors.add("theme", "Theme must be system, light or dark");
    }
    let keys = form.get("keys").map_or(Some(present.keys), Keys::named);
    if keys.is_none() {
        errors.add("keys", "Keys must be on or off");
    }
    match (theme, keys) {
        (Some(theme), Some(keys)) => Ok(Preferences { theme, keys }),
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_changes_only_the_preferences_that_it_has() {
        let present = Preferences { theme: Theme::Dark, keys: Keys::Off };
        for (body, theme, keys) in [
            ("", Theme::Dark, Keys::Off),
            ("theme=light", Theme::Light, Keys::Off),
            ("keys=on", Theme::Dark, Keys::On),
            ("keys=on&theme=system", Theme::System, Keys::On),
        ] {
            let form = Form::parse(body.as_bytes()).expect("it is well-formed");
            assert_eq!(from_form(&form, present), Ok(Preferences { theme, keys }), "{body}");
        }
        for (body, wrong) in [
            ("theme=", 1),
            ("theme=Dark", 1),
            ("theme=dark&keys=", 1),
            ("keys=true", 1),
            ("theme=pink&keys=1", 2),
            ("theme=dark%22%3E", 1),
        ] {
            let form = Form::parse(body.as_bytes()).expect("it is well-formed");
            let refused = from_form(&form, present).expect_err(body);
            assert_eq!(refused.sentences().len(), wrong, "{body}");
        }
    }
}

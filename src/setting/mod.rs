//! The page on which admins set the site's name, look and texts, and the pages with these texts.

pub mod handlers;
pub mod views;

use crate::site::settings::{Accent, CLOSED, INVITED, OPEN, Setting, Settings};
use crate::tag;
use crate::text::is_blank;
use crate::web::form::{Errors, Form};

/// The fields of the form, in the order of [`Setting::ALL`], and the version.
const FIELDS: [&str; Setting::ALL.len() + 1] = {
    let mut fields = [VERSION; Setting::ALL.len() + 1];
    let mut at = 0;
    while at < Setting::ALL.len() {
        fields[at] = Setting::ALL[at].code();
        at += 1;
    }
    fields
};

/// The field with the [version](Settings::version) of the settings for which the form was made.
const VERSION: &str = "version";

/// The most characters of the site's name: with more it has no room in the header of a phone.
const MAX_NAME_CHARS: usize = 30;
/// The most characters of the tagline.
const MAX_TAGLINE_CHARS: usize = 80;
/// The most days in which a user counts as new.
const MAX_NEW_USER_DAYS: u32 = 365;
/// The most flags that hide a post or comment.
const MAX_FLAGS_TO_HIDE: u32 = 1_000;
/// The most bytes of the footer: it is on each page.
const MAX_FOOTER_BYTES: usize = 1_000;
/// The most bytes of the text of a page: the form has three of them.
const MAX_TEXT_BYTES: usize = 20_000;

/// The settings that the form asks for; a field that is not sent stays as it is.
fn requested(form: &Form, present: &Settings) -> Settings {
    let typed = Setting::ALL.into_iter().filter(|setting| form.get(setting.code()).is_some());
    present.with(typed.map(|setting| {
        let value = if setting.is_line() {
            form.line(setting.code())
        } else {
            form.text(setting.code()).trim_end().to_owned()
        };
        (setting, if is_blank(&value) { String::new() } else { value })
    }))
}

/// The mistakes in the settings.
fn check(settings: &Settings) -> Errors {
    let mut errors = Errors::default();
    let value = |setting| settings.get(setting);
    let chars = |setting| value(setting).chars().count();
    if value(Setting::Name).is_empty() {
        errors.add("name", "Name can't be blank");
    } else if chars(Setting::Name) > MAX_NAME_CHARS {
        errors.add("name", "Name is too long (maximum is 30 characters)");
    }
    if chars(Setting::Tagline) > MAX_TAGLINE_CHARS {
        errors.add("tagline", "Tagline is too long (maximum is 80 characters)");
    }
    if !value(Setting::Accent).is_empty() && settings.accent().is_none() {
        errors.add("accent", "Accent colour is a # and six digits, such as #ff6600");
    }
    if ![OPEN, INVITED, CLOSED].contains(&value(Setting::SignUp)) {
        errors.add("sign_up", "Choose one of the three");
    }
    let days = value(Setting::NewUserDays);
    if !days.parse().is_ok_and(|days: u32| days <= MAX_NEW_USER_DAYS) {
        errors.add("new_user_days", "Days of a new user are a number from 0 to 365");
    }
    if let Some(sentence) = tag::mistake(value(Setting::Tags)) {
        errors.add("tags", sentence);
    }
    let flags = value(Setting::FlagsToHide);
    if !flags.parse().is_ok_and(|flags: u32| flags <= MAX_FLAGS_TO_HIDE) {
        errors.add("flags_to_hide", "Flags that hide are a number from 0 to 1,000");
    }
    if value(Setting::Footer).len() > MAX_FOOTER_BYTES {
        errors.add("footer", "Footer is too long (maximum is 1,000 bytes)");
    }
    for (setting, sentence) in [
        (Setting::Rules, "Rules are too long (maximum is 20,000 bytes)"),
        (Setting::About, "About is too long (maximum is 20,000 bytes)"),
        (Setting::Privacy, "Privacy is too long (maximum is 20,000 bytes)"),
    ] {
        if value(setting).len() > MAX_TEXT_BYTES {
            errors.add(setting.code(), sentence);
        }
    }
    errors
}

/// The mistakes in settings that the operator fixes: sentences.
#[must_use]
pub fn mistakes(fixed: &[(Setting, String)]) -> Vec<String> {
    check(&Settings::default().with(fixed.iter().cloned())).sentences().map(str::to_owned).collect()
}

/// Whether the form was made for other settings than these.
fn is_of_before(form: &Form, present: &Settings) -> bool {
    let version: Option<u64> = form.get(VERSION).and_then(|version| version.parse().ok());
    version.is_some_and(|version| version != present.version())
}

/// The settings in which the two differ.
fn differences<'s>(old: &'s Settings, new: &'s Settings) -> impl Iterator<Item = Setting> + 's {
    Setting::ALL.into_iter().filter(|setting| old.get(*setting) != new.get(*setting))
}

/// The address of an accent's stylesheet leads to this colour.
fn accent_of(file: &str) -> Option<Accent> {
    Accent::from_digits(file.strip_suffix(".css")?)
}

//! The form with the settings, and the site's own pages.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::VERSION;
use crate::markup::{FORMATTING, Markup};
use crate::site::settings::{CLOSED, INVITED, OPEN, Setting, Settings};
use crate::ui::button;
use crate::ui::choice::{Choice, choices};
use crate::ui::field::{self, Field, Place};
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

/// The contents of the form.
#[derive(Clone, Copy)]
pub struct SettingsForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// The settings as they stand in the form.
    pub typed: &'f Settings,
    /// The version of the settings for which the form is made.
    pub version: u64,
    /// The mistakes in it.
    pub errors: &'f Errors,
}

/// The form. A setting that the operator has fixed stands there without a field.
pub fn edit<'f>(form: &SettingsForm<'f>, is_fixed: &dyn Fn(Setting) -> bool) -> impl Render + use<'f> {
    let SettingsForm { account, typed, version, errors } = *form;
    let settings = Setting::ALL.map(|setting| (setting, is_fixed(setting)));
    let places = Setting::ALL.map(|setting| Place {
        name: setting.code(),
        label: setting.label(),
        id: setting.code(),
    });
    owned_html! {
        form(method="post", action=paths::SETTINGS) {
            : account;
            : button::method_override("patch");
            input(type="hidden", name=VERSION, value=version);
            : field::errors(errors, "form", &places);
            @ for (setting, is_fixed) in settings {
                @ if is_fixed { : fixed(setting, typed.get(setting)) } else { : input(setting, typed.get(setting), errors) }
            }
            button(class="button") { : "Save settings" }
        }
    }
}

fn input<'f>(setting: Setting, value: &'f str, errors: &'f Errors) -> impl Render + 'f {
    let field =
        Field::new(setting.code(), setting.label(), value, errors).autocomplete("off").hint(hint(setting));
    let sign_up = [
        Choice::new(OPEN, "Everybody can sign up", value == OPEN),
        Choice::new(INVITED, "People whom a member invites can sign up", value == INVITED),
        Choice::new(CLOSED, "Nobody can sign up", value == CLOSED),
    ];
    owned_html! {
        @ if setting == Setting::SignUp { : choices(setting.code(), setting.label(), sign_up, errors) }
        else if setting.is_line() { : field::line(field) }
        else { : field::area(field) }
    }
}

fn hint(setting: Setting) -> &'static str {
    match setting {
        Setting::Name => "In the header, in titles and feeds.",
        Setting::Tagline => "A few words beside the name, where there is room.",
        Setting::Accent => "Behind the name, such as #ff6600. Leave empty for black and white.",
        Setting::SignUp => "",
        Setting::NewUserDays => {
            "For this number of days after signing up, a user can post two links a day, and neither vote, flag nor invite people. 0: no limit."
        }
        Setting::Tags => {
            "At most 50 words, with commas between, of which a post can have three. One that is taken away stays on the posts that have it. Leave empty for none."
        }
        Setting::FlagsToHide => {
            "A post or comment that this number of users have flagged is hidden until others vouch for it or an admin decides. 0: never."
        }
        Setting::Footer => FORMATTING,
        Setting::Rules | Setting::About | Setting::Privacy => {
            "A page of its own, with a link in the footer, unless it is empty."
        }
    }
}

/// A setting that the form cannot change.
fn fixed(setting: Setting, value: &str) -> impl Render + '_ {
    owned_html! {
        div(class="field", id=setting.code()) {
            p { : setting.label(); : ": "; bdi { : value } }
            p(class="hint") { : "A flag or variable of the server has set this; it cannot be changed here." }
        }
    }
}

/// A page of the site's own.
pub fn text(text: &str) -> impl Render + '_ {
    owned_html! { div(class="prose") { : Markup(text) } }
}

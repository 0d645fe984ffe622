//! The form for the logo, below that of the settings.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::site::settings::logo::Logo;
use crate::ui::button;
use crate::web::account::{self, Account};
use crate::web::form::Errors;
use crate::web::paths;

/// The name of the field with the file.
pub const FILE: &str = "logo";
/// The name of the field with the account, see [`account`].
pub const ACCOUNT: &str = account::FIELD;

/// The form. A logo that the operator has fixed stands there without a field.
pub fn form<'f>(
    account: Account,
    logo: Option<&'f Logo>,
    is_fixed: bool,
    errors: &'f Errors,
) -> impl Render + 'f {
    owned_html! {
        h2(class="section", id="logo_heading") { : "Logo" }
        @ if let Some(logo) = logo {
            p(id="present_logo") { img(src=paths::logo(logo), alt="The present logo", width=logo.width_at(48), height="48"); }
        }
        @ if is_fixed {
            p(class="hint") { : "A flag or variable of the server has set this; it cannot be changed here." }
        } else {
            form(method="post", action=paths::SET_LOGO, enctype="multipart/form-data") {
                : account;
                div(class="field") {
                    label(for=FILE) { : "Image" }
                    input(
                        type="file", id=FILE, name=FILE, accept="image/png,image/webp,image/jpeg",
                        aria-invalid?=is_wrong(errors).then_some("true"),
                        aria-describedby=if is_wrong(errors) { "logo_hint logo_errors" } else { "logo_hint" }
                    );
                    p(class="hint", id="logo_hint") { : "A PNG, WebP or JPEG of at most 64 KB. It stands beside the name, 24 pixels high; a square one is the icon of the site as well." }
                    @ if is_wrong(errors) {
                        div(class="error", id="logo_errors", role="alert") { @ for sentence in errors.of(FILE) { p { : sentence } } }
                    }
                }
                button(class="button", id="save_logo") { : "Save logo" }
            }
            @ if logo.is_some() {
                div(class="actions") {
                    form(method="post", action=paths::SET_LOGO) {
                        : account;
                        : button::method_override("delete");
                        button(class="button", id="remove_logo") { : "Remove the logo" }
                    }
                }
            }
        }
    }
}

fn is_wrong(errors: &Errors) -> bool {
    errors.of(FILE).next().is_some()
}

//! The HTML of the page of tokens.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{ApiToken, Wish};
use crate::html::text::{Id, Text};
use crate::ui::button;
use crate::ui::choice::{Choice, choices};
use crate::ui::field::{self, Field};
use crate::ui::time::DateAndTime;
use crate::web::account::Account;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::paths;

/// What the page shows.
#[derive(Clone, Copy)]
pub struct Content<'p> {
    /// The viewer's tokens.
    pub tokens: &'p [ApiToken],
    /// The token that was just made: its text is shown this once.
    pub made: Option<&'p str>,
    /// What the form has.
    pub wish: &'p Wish,
    /// What is wrong with it.
    pub errors: &'p Errors,
}

/// The page: the token that was just made, the form for another one, and the list.
pub fn page<'p>(account: Account, content: Content<'p>) -> impl Render + 'p {
    let Content { tokens, made, wish, errors } = content;
    let name =
        Field::new("name", "Name", &wish.name, errors).hint("What the token is for. 50 characters at most.");
    let password =
        Field::new("current_password", "Current password", "", errors).autocomplete("current-password");
    owned_html! {
        @ if let Some(made) = made {
            : field::line(
                Field::new("token", "The new token", made, &NO_ERRORS)
                    .hint("Copy it now: it is not shown again.")
                    .autocomplete("off")
                    .readonly(true)
                    .focused()
            );
        }
        div(class="prose") {
            p {
                : "A program with a token reads, and if you allow it writes, in your name by the ";
                a(href=paths::API_DOCUMENT) { : "API" }
                : ". Give it to nobody else. A new password, and signing out everywhere else, revoke all tokens.";
            }
        }
        form(method="post", action=paths::API_TOKENS) {
            : account;
            : field::errors(errors, "token", &[name, password].map(Field::place));
            : field::line(name);
            : choices(
                "scope",
                "What it may do",
                [
                    Choice::new("read", "Read", !wish.may_write),
                    Choice::new("write", "Read and write", wish.may_write),
                ],
                errors,
            );
            : field::password(password);
            button(class="button") { : "Make a token" }
        }
        @ if !tokens.is_empty() {
            h2(class="section") { : "Your tokens" }
            ul(class="sessions", id="tokens") {
                @ for token in tokens {
                    li(id=Id("token_", token.id.get())) {
                        span { : Text(&token.name); : " "; span(class="badge") { : Raw(if token.may_write { "writes" } else { "reads" }) } }
                        span {
                            @ if let Some(at) = token.last_used_at { : "used "; : DateAndTime(at) } else { : "never used" }
                        }
                        : button::delete(account, paths::api_token(token.id), "link danger", "Revoke");
                    }
                }
            }
        }
    }
}

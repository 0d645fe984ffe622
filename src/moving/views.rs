//! The form with which an admin merges a post or moves a comment.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Request, action, path};
use crate::ui::field::{self, Field};
use crate::vote::Target;
use crate::web::account::Account;
use crate::web::form::Errors;

/// The page with the form.
pub fn form<'f>(
    account: Account,
    target: Target,
    request: &'f Request,
    errors: &'f Errors,
) -> impl Render + 'f {
    let (label, what) = match target {
        Target::Post(_) => (
            "Merge into post",
            "All comments go to that post, and the address of this one leads there. Restoring this post brings it back \
             without the comments, which can be moved one by one.",
        ),
        Target::Comment(_) => (
            "Move to post",
            "The comment goes to that post with all replies to it, and answers the post itself. The number of the present \
             post takes it out of its thread.",
        ),
    };
    let to = Field::new("to", label, &request.to, errors)
        .autocomplete("off")
        .hint("The number or the address of a post.");
    let reason = Field::new("reason", "Reason", &request.reason, errors)
        .autocomplete("off")
        .hint("Shown to everyone in the log, and told to the author.");
    owned_html! {
        form(method="post", action=path(target)) {
            : account;
            : field::errors(errors, "action", &[to, reason].map(Field::place));
            p(class="hint") { : what }
            : field::line(to);
            : field::line(reason);
            button(class="button") { : action(target).button_label() }
        }
    }
}

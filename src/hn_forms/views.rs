//! Pages for programs that read them by simple patterns: nothing stands between `<body>` and the answer, and a page has
//! one form.

use horrorshow::prelude::*;
use horrorshow::{html, owned_html};

use super::SUBMIT_PAGE;
use crate::hn_api::ItemNumber;
use crate::html::text::Text;
use crate::web::paths;

fn document(title: &str, body: impl Render) -> String {
    let page = html! {
        : horrorshow::helper::doctype::HTML;
        html(lang="en") {
            head {
                meta(charset="utf-8");
                meta(name="viewport", content="width=device-width, initial-scale=1");
                title { : title }
            }
            body { : body }
        }
    };
    page.into_string().unwrap_or_default()
}

/// A page that says one sentence.
#[must_use]
pub fn said(sentence: &str) -> String {
    document(
        sentence,
        owned_html! {
            : Text(sentence);
            p { a(href=paths::SIGN_IN) { : "Sign in" } }
        },
    )
}

/// The form for a new post.
#[must_use]
pub fn submit(fnid: &str) -> String {
    document(
        "Submit",
        owned_html! {
            main {
                h1 { : "Submit" }
                form(method="post", action=paths::HN_R) {
                    input(type="hidden", name="fnid", value=fnid);
                    input(type="hidden", name="fnop", value=SUBMIT_PAGE);
                    p { label { : "Title "; input(type="text", name="title", required) } }
                    p { label { : "URL "; input(type="url", name="url") } }
                    p { label { : "Text "; textarea(name="text", rows="4") {} } }
                    p { button { : "Submit" } }
                }
            }
        },
    )
}

/// The form for changing a comment or the text of a post.
#[must_use]
pub fn edit(hmac: &str, item: ItemNumber, text: &str) -> String {
    document(
        "Edit",
        owned_html! {
            main {
                h1 { : "Edit" }
                form(method="post", action=paths::HN_XEDIT) {
                    input(type="hidden", name="hmac", value=hmac);
                    input(type="hidden", name="id", value=item.get());
                    p { label { : "Text "; textarea(name="text", rows="8") { : Text(text) } } }
                    p { button { : "Update" } }
                }
            }
        },
    )
}

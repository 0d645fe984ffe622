//! Pages about how one wants to read. They write nothing: a browser keeps what is chosen.

use super::{chosen, views};
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS, local_path};
use crate::web::preferences::Preferences;
use crate::web::{Cx, Result, paths, reply};

/// `GET /preferences`.
///
/// # Errors
/// The database's, when asking who asks.
pub fn edit(cx: &Cx) -> Result {
    let html = page(cx, cx.referrer().unwrap_or_default(), &NO_ERRORS)?;
    Ok(reply::page(cx, html))
}

/// `POST /preferences`: by anybody; then back to the page that they came from.
///
/// # Errors
/// The form's; the database's, when asking who asks. What is no choice is told in the form.
pub fn update(cx: &Cx) -> Result {
    let form = cx.form()?;
    let return_to = form.get("return_to").and_then(local_path);
    let wanted = match chosen(form, Preferences::of(cx)) {
        Ok(wanted) => wanted,
        Err(errors) => {
            let html = page(cx, return_to.unwrap_or_default(), &errors)?;
            return Ok(reply::refused(cx, html, &errors));
        }
    };
    let location = return_to.or(cx.referrer()).unwrap_or(paths::PREFERENCES);
    let mut response = reply::done(cx, location, Flash::PreferencesSaved);
    response.headers.extend(wanted.cookies(cx));
    Ok(response)
}

fn page(cx: &Cx, return_to: &str, errors: &Errors) -> Result<String> {
    // Who came from this very page sees what they have chosen when they are there again.
    let return_to = local_path(return_to).filter(|page| !page.starts_with(paths::PREFERENCES));
    let page = Page::with_form(cx, "Preferences", errors)?;
    Ok(layout::render(&page, views::edit(page.preferences, return_to, errors))?)
}

/// `GET /keys`: what they do, and the switch.
///
/// # Errors
/// The database's, when asking who asks.
pub fn keys(cx: &Cx) -> Result {
    let page = Page { description: "Reading Lorem News by keyboard.", ..Page::new(cx, "Keys")? };
    Ok(reply::page(cx, layout::render(&page, views::keys(page.preferences.keys))?))
}

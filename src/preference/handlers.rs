//! Requests about reading preferences. They write nothing to the database: cookies keep the preferences.

use super::{from_form, views};
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS, local_path};
use crate::web::preferences::Preferences;
use crate::web::{Cx, Result, paths, reply};

/// `GET /preferences`: the form.
///
/// # Errors
/// [`Unavailable`](crate::web::Error::Unavailable) or [`Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn edit(cx: &Cx) -> Result {
    let html = page(cx, cx.referrer().unwrap_or_default(), &NO_ERRORS)?;
    Ok(reply::page(cx, html))
}

/// `POST /preferences`, also by guests: sets the cookies and leads back to the page that the client came
/// from. Errors in the form are shown with it.
///
/// # Errors
/// Those of [`Cx::form`]; [`Unavailable`](crate::web::Error::Unavailable) or
/// [`Internal`](crate::web::Error::Internal) when the database fails.
pub fn update(cx: &Cx) -> Result {
    let form = cx.form()?;
    let return_to = form.get("return_to").and_then(local_path);
    let preferences = match from_form(form, Preferences::of(cx)) {
        Ok(preferences) => preferences,
        Err(errors) => {
            let html = page(cx, return_to.unwrap_or_default(), &errors)?;
            return Ok(reply::refused(cx, html, &errors));
        }
    };
    let location = return_to.or(cx.referrer()).unwrap_or(paths::PREFERENCES);
    let mut response = reply::done(cx, location, Flash::PreferencesSaved);
    response.headers.extend(preferences.cookies(cx));
    Ok(response)
}

fn page(cx: &Cx, return_to: &str, errors: &Errors) -> Result<String> {
    // Without a page to return to, the form leads to itself and shows the saved preferences.
    let return_to = local_path(return_to).filter(|page| !page.starts_with(paths::PREFERENCES));
    let description = "How this browser shows the site: light or dark, and keys.";
    let page = Page { description, ..Page::with_form(cx, "Preferences", errors)? };
    Ok(layout::render(&page, views::edit(page.account(), page.preferences, return_to, errors))?)
}

/// `GET /keys`: the keyboard shortcuts, and the form that turns them on and off.
///
/// # Errors
/// [`Unavailable`](crate::web::Error::Unavailable) or [`Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn keys(cx: &Cx) -> Result {
    let page = Page { description: "Reading the site by keyboard.", ..Page::new(cx, "Keys")? };
    Ok(reply::page(cx, layout::render(&page, views::keys(page.account(), page.preferences.keys))?))
}

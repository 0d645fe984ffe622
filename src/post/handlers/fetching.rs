//! Filling in the title of a new post from the page that it links to. Nothing is stored.

use super::super::views::{FETCH_TITLE, PostForm};
use super::super::{Content, MAX_TITLE_CHARS};
use crate::page_title::FetchError;
use crate::site::limiter::Action;
use crate::site::page_titles::PageTitles;
use crate::web::form::{Errors, Form};
use crate::web::{Cx, Result, Viewer, reply};

/// The fetcher, if the operator allows it and the form asks for a title.
pub(super) fn wanted<'c>(cx: &'c Cx, form: &Form) -> Option<&'c PageTitles> {
    cx.site.page_titles.as_ref().filter(|_| form.get(FETCH_TITLE).is_some())
}

/// Answers the form with the title of the page at its URL, or with the reason for which there is none; `render` renders
/// the page with the form.
///
/// # Errors
/// Those of `render`.
pub(super) fn title(
    cx: &Cx,
    viewer: &Viewer,
    titles: &PageTitles,
    form: &PostForm,
    render: impl Fn(&PostForm) -> Result<String>,
) -> Result {
    let mut errors = Errors::default();
    let link = match form.content.link() {
        Ok(Some(link)) => Some(link),
        Ok(None) => {
            errors.add("url", "URL can't be blank");
            None
        }
        Err(sentence) => {
            errors.add("url", sentence);
            None
        }
    };
    let mut errors = cx.or_refused(errors, Action::TitleFetchBy(viewer.id));
    let mut content = form.content.clone();
    if let Some(link) = link.filter(|_| errors.is_empty()) {
        cx.release_permit(); // The other host may take its time.
        match titles.fetch(&link.url) {
            Ok(Some(title)) => {
                content = Content { title: title.chars().take(MAX_TITLE_CHARS).collect(), ..content }
            }
            Ok(None) => errors.add("url", "Too many titles are being fetched. Try again in a moment"),
            Err(error) => {
                log::debug!("no title of {}: {error}", link.site);
                errors.add("url", sentence(&error));
            }
        }
    }
    let html = render(&PostForm { content: &content, errors: &errors, ..*form })?;
    Ok(if errors.is_empty() { reply::html(cx, html) } else { reply::refused(cx, html, &errors) })
}

/// What the user is told. It does not tell a host that refuses from one that is not there.
fn sentence(error: &FetchError) -> &'static str {
    match error {
        FetchError::NoPage(_) => "The title could not be fetched from this page",
        FetchError::NotHtml(..) | FetchError::NoTitle => "This page has no title",
    }
}

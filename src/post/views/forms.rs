//! The forms for a new post and for changing one.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::super::{Content, Holder, Holders, MAX_SHOWN_TEXT_BYTES, REPOST, TitleRule};
use crate::html::text::Isolated;
use crate::markup::FORMATTING;
use crate::tag;
use crate::types::id::PostId;
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::preview;
use crate::ui::time::DateAndTime;
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

/// The form for a post.
#[derive(Clone, Copy)]
pub struct PostForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// What the user has typed.
    pub content: &'f Content,
    /// The mistakes in it.
    pub errors: &'f Errors,
    /// The posts that have the title or the address.
    pub holders: Holders,
    /// Whether the text is shown above the fields, too.
    pub is_previewed: bool,
    /// Whether the title and the link can be changed.
    pub title: TitleRule,
    /// The tags of the site; without any there is no field for them.
    pub all_tags: &'f str,
}

/// The name of the button that fills in the title from the page at the URL.
pub const FETCH_TITLE: &str = "fetch_title";

/// The id of the place of the preview. A page has one form for a post.
pub const PREVIEW: &str = "preview";

/// The page for a new post, with the bookmarklet, when its URL is known, and the site's name on it.
/// `fetches_titles`: with a button that fills in the title from the page at the URL.
pub fn new<'f>(
    form: PostForm<'f>,
    fetches_titles: bool,
    bookmarklet: Option<(&'f str, &'f str)>,
) -> impl Render + 'f {
    owned_html! {
        form(method="post", action=paths::POSTS) {
            : form.account;
            : fields(form);
            div(class="actions") {
                button(class="button") { : "Create Post" }
                : preview::button(PREVIEW, Some(paths::POSTS.to_owned()));
                @ if fetches_titles {
                    button(class="button", id=FETCH_TITLE, name=FETCH_TITLE, value="1") { : "Fetch the title" }
                }
            }
        }
        @ if let Some((href, site_name)) = bookmarklet {
            p(class="hint") {
                : "Drag this to your bookmarks bar. It opens this form, filled in with the page you are on: ";
                a(href=href) { : "Post to "; : Isolated(site_name) }
            }
        }
    }
}

/// The page for editing a post.
pub fn edit<'f>(id: PostId, form: PostForm<'f>) -> impl Render + 'f {
    owned_html! {
        form(method="post", action=paths::post(id)) {
            : form.account;
            : button::method_override("patch");
            : fields(form);
            div(class="actions") {
                button(class="button") { : "Update Post" }
                : preview::button(PREVIEW, Some(paths::post(id).to_string()));
                a(class="button", href=paths::post(id)) { : "Show this post" }
            }
        }
    }
}

/// The form in which an admin changes the title and the link of a post.
#[derive(Clone, Copy)]
pub struct RetitlingForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// What the admin has typed.
    pub content: &'f Content,
    /// The reason, for the log.
    pub reason: &'f str,
    /// The posts that have the title or the address.
    pub holders: Holders,
    /// The mistakes in it.
    pub errors: &'f Errors,
}

/// The page with that form.
pub fn retitle<'f>(id: PostId, form: RetitlingForm<'f>) -> impl Render + 'f {
    let RetitlingForm { account, content, reason, holders, errors } = form;
    let title = Field::new("title", "Title", &content.title, errors).autocomplete("off");
    let url = Field::new("url", "URL", &content.url, errors).autocomplete("off").hint(URL_HINT);
    let reason = Field::new("reason", "Reason", reason, errors)
        .autocomplete("off")
        .hint("Shown to everyone in the log, and told to the author.");
    owned_html! {
        form(method="post", action=paths::retitle_post(id)) {
            : account;
            : field::errors(errors, "action", &[title, url, reason].map(Field::place));
            p(class="hint") { : "What it was stays among the earlier versions of the post, where it can be struck." }
            : field::line(title);
            : holder(holders.title, "Show the post with this title");
            : field::line(url);
            : holder(holders.address, "Show the post with this URL");
            @ if content.is_repost || holders.address.is_some() { : repost(content.is_repost) }
            : field::line(reason);
            button(class="button") { : "Change title" }
        }
    }
}

/// The preview of a post's text in place, or the mistakes in it.
pub fn preview<'f>(form: &PostForm<'f>) -> impl Render + use<'f> {
    let PostForm { content, errors, is_previewed, .. } = *form;
    owned_html! {
        @ if is_previewed { : preview::shown(&content.description, MAX_SHOWN_TEXT_BYTES) }
        @ for sentence in errors.sentences() { p(class="alert") { : sentence } }
    }
}

const URL_HINT: &str = "Leave empty for a text post.";

fn fields<'f>(form: PostForm<'f>) -> impl Render + 'f {
    let PostForm { content, errors, holders, is_previewed, title: rule, all_tags, .. } = form;
    let is_over = matches!(rule, TitleRule::Over(_));
    let Content { title, url, description: text, tags, is_repost } = content;
    let title = Field::new("title", "Title", title, errors).autocomplete("off").readonly(is_over);
    let url = Field::new("url", "URL", url, errors).autocomplete("off").readonly(is_over);
    let url = if is_over { url } else { url.hint(URL_HINT) };
    let description = Field::new("description", "Description", text, errors).hint(FORMATTING);
    let has_tags = tag::each(all_tags).next().is_some() || !tags.is_empty();
    let tags = Field::new("tags", "Tags", tags, errors).autocomplete("off");
    owned_html! {
        : field::errors(errors, "post", &[title, url, description, tags].map(Field::place));
        : preview::place(PREVIEW, is_previewed.then_some(&**text), MAX_SHOWN_TEXT_BYTES);
        @ match rule {
            TitleRule::Free => {}
            TitleRule::Until(end) => {
                p(class="hint", id="title_rule") { : "Title and URL can be changed until "; : DateAndTime(end); : "." }
            }
            TitleRule::Over(_) => {
                p(class="hint", id="title_rule") { : "Title and URL can't be changed any more. The description can." }
            }
        }
        : field::line(title);
        : holder(holders.title, "Show the post with this title");
        : field::line(url);
        : holder(holders.address, "Show the post with this URL");
        @ if *is_repost || holders.address.is_some() { : repost(*is_repost) }
        : field::area(description);
        @ if has_tags {
            : field::line(tags);
            p(class="hint", id="all_tags") {
                : "At most three of:";
                @ for tag in tag::each(all_tags) { : " "; bdi { : tag } }
            }
        }
    }
}

/// The choice to post a link that another post has.
fn repost(is_chosen: bool) -> impl Render {
    owned_html! {
        div(class="choice") {
            input(type="checkbox", id=REPOST, name=REPOST, value="1", checked?=is_chosen);
            label(for=REPOST) { : "Post it anyway, even if another post has this URL" }
        }
    }
}

/// The link to the post that has what a field asks for, below the field.
fn holder(holder: Option<Holder>, text: &'static str) -> impl Render {
    let shown = holder.filter(|holder| !holder.is_hidden);
    owned_html! { @ if let Some(Holder { id, .. }) = shown { p(class="hint") { a(href=paths::post(id)) { : text } } } }
}

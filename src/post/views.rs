//! How posts look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Content, Link, MANY_NEW, Post, Whole};
use crate::comment::views::CommentForm;
use crate::comment::{self, Comment};
use crate::markup::{FORMATTING, Markup};
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::pager::{self, Slice};
use crate::ui::text::Text;
use crate::ui::time::{Age, Micros};
use crate::user;
use crate::vote::{self, Target};
use crate::web::cx::Viewer;
use crate::web::form::Errors;
use crate::web::{Cx, paths};

/// The way out of a post.
pub const BACK_TO_POSTS: (&str, &str) = (paths::POSTS, "← Back to posts");

/// The way to a post of one's own.
pub const NEW_POST: (&str, &str) = (paths::NEW_POST, "+ New post");

/// A page of a list, with the way to the next.
pub fn list<'p>(cx: &'p Cx, viewer: Option<&'p Viewer>, posts: &'p Slice<Post>) -> impl Render + 'p {
    owned_html! {
        : rows(&posts.rows, viewer, cx.now);
        : pager::more(posts.next, "after", "");
    }
}

/// Posts, one below the other.
pub fn rows<'p>(posts: &'p [Post], viewer: Option<&'p Viewer>, now: Micros) -> impl Render + 'p {
    owned_html! {
        @ if posts.is_empty() {
            p(class="empty") { : "No posts yet… Want to be the first?" }
        } else {
            ol(class="posts", id="posts") {
                @ for post in posts { : row(post, true, viewer, now) }
            }
        }
    }
}

/// A post in a list; on its author's own page without their name.
pub fn row<'p>(
    post: &'p Post,
    with_author: bool,
    viewer: Option<&'p Viewer>,
    now: Micros,
) -> impl Render + 'p {
    owned_html! {
        li {
            : vote::views::arrow_for(Target::Post(post.id), post.is_voted, post.author.as_ref(), viewer);
            : title(post);
            p {
                : vote::views::score(Target::Post(post.id), post.score);
                @ if with_author { : " "; : user::views::by(post.author.as_ref(), viewer) }
                : " · "; : Age { at: post.created_at, now }; : " ago · ";
                a(href=paths::post(post.id)) { : comment::views::count(post.comments_count) }
                @ if post.new_comments > 0 { : " · "; : new_comments(post.new_comments) }
            }
            @ if with_author && user::is_own(post.author.as_ref(), viewer) { : actions(post.id) }
        }
    }
}

/// A post's title, which leads to what it links to, else to the post.
fn title(post: &Post) -> impl Render + '_ {
    owned_html! {
        @ if let Some(link) = &post.link {
            a(href=&link.url, rel=LINK_REL) { : Text(&post.title) }
            : " "; : site(link);
        } else {
            a(href=paths::post(post.id)) { : Text(&post.title) }
        }
    }
}

/// What somebody has linked to says nothing of us: it gets no credit with search engines.
const LINK_REL: &str = "nofollow ugc noopener";

/// Where a link leads, behind its title.
fn site(link: &Link) -> impl Render + '_ {
    owned_html! { span(class="site") { : "("; : Text(&link.site); : ")" } }
}

/// `3 new`.
fn new_comments(number: i64) -> impl Render {
    owned_html! {
        strong {
            : Raw(itoa::Buffer::new().format(number.min(MANY_NEW - 1)));
            : Raw(if number < MANY_NEW { " new" } else { "+ new" });
        }
    }
}

/// What its author can do with a post.
fn actions(id: i64) -> impl Render {
    owned_html! {
        div(class="actions") {
            a(class="button", href=paths::edit_post(id)) { : "Edit" }
            : button::delete(paths::post(id), "button danger", "Destroy");
        }
    }
}

/// A post with its comments, and the form for another one.
pub fn show<'p>(
    cx: &'p Cx,
    viewer: Option<&'p Viewer>,
    whole: &'p Whole,
    comments: &'p Slice<Comment>,
    form: &'p CommentForm,
) -> impl Render + 'p {
    let Whole { post, description, is_deleted } = whole;
    owned_html! {
        div(class="byline") {
            : vote::views::arrow_for(Target::Post(post.id), post.is_voted, post.author.as_ref(), viewer);
            @ if !is_deleted { : vote::views::score(Target::Post(post.id), post.score); : " " }
            : user::views::by(post.author.as_ref(), viewer); : " · ";
            : Age { at: post.created_at, now: cx.now }; : " ago · ";
            a(href="#comments", class="comments_count") { : comment::views::count(post.comments_count) }
        }
        div(class="prose") { : Markup(description) }
        @ if user::is_own(post.author.as_ref(), viewer) { : actions(post.id) }
        section(id="comments", class="discussion", aria-labelledby="comments_heading") {
            h2(id="comments_heading", class="comments_count") { : comment::views::count(post.comments_count) }
            @ if !is_deleted { : comment::views::form(post.id, form) }
            : comment::views::list(&comments.rows, viewer, cx.now);
            : pager::more(comments.next, "comments", "#comments");
        }
    }
}

/// The page for a new post.
pub fn new<'f>(content: &'f Content, errors: &'f Errors) -> impl Render + 'f {
    owned_html! {
        form(method="post", action=paths::POSTS) {
            : fields(content, errors);
            button(class="button") { : "Create Post" }
        }
    }
}

/// The page for changing a post.
pub fn edit<'f>(id: i64, content: &'f Content, errors: &'f Errors) -> impl Render + 'f {
    owned_html! {
        form(method="post", action=paths::post(id)) {
            : button::means("patch");
            : fields(content, errors);
            div(class="actions") {
                button(class="button") { : "Update Post" }
                a(class="button", href=paths::post(id)) { : "Show this post" }
            }
        }
    }
}

fn fields<'f>(content: &'f Content, errors: &'f Errors) -> impl Render + 'f {
    let Content { title, description } = content;
    owned_html! {
        : field::errors(errors, "post");
        : field::line(Field::new("title", "Title", title, errors).autocomplete("off"));
        : field::area(Field::new("description", "Description", description, errors).hint(FORMATTING));
    }
}

//! Every address of the site. Views and redirects ask here; the router matches the same shapes.

use std::fmt;

use horrorshow::{Render, TemplateBuffer};

/// The front page.
pub const FRONT: &str = "/";
/// The newest posts.
pub const POSTS: &str = "/posts";
/// The web app's manifest.
pub const MANIFEST: &str = "/manifest.json";

/// An address with a number in it. It renders without an allocation: a list has two a row.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    before: &'static str,
    id: i64,
    after: &'static str,
}

/// A post and its comments.
#[must_use]
pub fn post(id: i64) -> Path {
    Path { before: "/posts/", id, after: "" }
}

/// A post, at its comments.
#[must_use]
pub fn comments(post_id: i64) -> Path {
    Path { before: "/posts/", id: post_id, after: "#comments" }
}

/// Someone's page.
#[must_use]
pub fn user(id: i64) -> Path {
    Path { before: "/users/", id, after: "" }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}{}", self.before, self.id, self.after)
    }
}

impl Render for Path {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.before);
        out.write_raw(itoa::Buffer::new().format(self.id));
        out.write_raw(self.after);
    }
}

render_by_reference!(Path);

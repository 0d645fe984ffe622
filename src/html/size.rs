//! The bounds on the sizes of answers, whatever is stored.
//!
//! A client that reads slowly makes the server keep its answer, so the size of an answer is memory that a
//! stranger can take. Ordinary pages have a tenth of these sizes. The reasons are in decision 27.

/// The most bytes of a page.
pub const MAX_PAGE_BYTES: usize = 512 * 1024;

/// The most bytes of a fragment for htmx, and of a feed.
pub const MAX_FRAGMENT_BYTES: usize = 256 * 1024;

/// The most bytes of a form's values on a page that has only the form.
pub const MAX_FORM_BYTES: usize = 400 * 1024;

/// The most bytes of a comment's form, which also stands on the page of a post, below its text.
pub const MAX_COMMENT_FORM_BYTES: usize = 352 * 1024;

/// The most bytes of a form in a fragment.
pub const MAX_FORM_IN_PLACE_BYTES: usize = 240 * 1024;

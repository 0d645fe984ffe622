//! The HTML of the search page.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::excerpt::{highlighted, highlighted_excerpt, leading_excerpt, matching_excerpt};
use super::query::{Query, QueryError};
use super::{Hit, MAX_PAGES, Order, Outcome, PAGE_SIZE, Refusal, Results};
use crate::comment::OwnComment;
use crate::html::text::{DOT, Id, Isolated};
use crate::post::{self, PostDetail, link};
use crate::types::time::Clock;
use crate::ui::time::Age;
use crate::user::{self, Author};
use crate::vote::{self, Target};
use crate::web::Viewer;
use crate::web::paths;

/// The page. With htmx the results follow the typing; without, the button loads them as a page.
pub fn show<'p>(results: &'p Results, viewer: Option<&'p Viewer>, clock: &'p Clock) -> impl Render + 'p {
    owned_html! {
        : form(results);
        p(id="found", class="hint", role="status") { : summary(results) }
        div(id="results") { : self::results(results, viewer, clock) }
    }
}

fn form(results: &Results) -> impl Render + '_ {
    let Results { text, order, .. } = results;
    owned_html! {
        form(
            id="search_form", class="search", role="search", method="get", action=paths::SEARCH,
            hx-get=paths::SEARCH, hx-sync="this:replace", hx-replace-url="true",
            hx-trigger="input changed delay:300ms"
        ) {
            div(class="field") {
                label(for="q") { : "Words in posts and comments" }
                input(
                    type="search", id="q", name="q", value=text, dir="auto", maxlength=link::MAX_BYTES, autocomplete="off",
                    autocapitalize="none", spellcheck="false", aria-describedby="search_help",
                    autofocus?=text.is_empty().then_some("")
                );
            }
            @ if *order == Order::Date { input(type="hidden", name="order", value="date"); }
            button(class="button", id="search_button") { : "Search" }
            p(id="search_help", class="hint") {
                : "Use \"quotes\" for an exact phrase; "; code { : "by:name" } : ", ";
                code { : "site:example.com" } : ", "; code { : "type:post" } : " and ";
                code { : "type:comment" } : " narrow the search."
            }
        }
    }
}

/// The number of results, or the reason for which nothing was searched.
pub fn summary(results: &Results) -> impl Render + '_ {
    owned_html! {
        @ if let Some(outcome) = &results.outcome {
            @ match outcome {
                Ok(outcome) => { : number(outcome) }
                Err(Refusal::UnknownAuthor(name)) => { : "Nobody here is called "; : Isolated(name); : "." }
                Err(Refusal::InvalidQuery(error)) => { : error_text(*error) }
            }
        }
    }
}

fn number(outcome: &Outcome) -> impl Render + '_ {
    let found = &outcome.found;
    let number = found.matches.len();
    let short = outcome.query.short_last_word.as_deref().filter(|_| number == 0);
    owned_html! {
        @ if let Some(short) = short {
            : "No results with “"; : Isolated(short); : "” as a whole word. ";
            : "Keep typing: from three letters on, beginnings of words are found too."
        } else if found.is_more {
            : "More than 1,000 results; only the newest 1,000 are ranked."
        } else {
            @ if number == 0 { : "No results" } else { : itoa::Buffer::new().format(number) }
            @ if number == 1 { : " result" } else if number > 1 { : " results" }
            @ if found.is_partial {
                : " among the newest: each of these words is in too many to look through all";
            }
            : "."
        }
        @ if !outcome.query.left_out.is_empty() { : left_out(&outcome.query.left_out) }
        @ if found.is_rebuilding { : " The index is being rebuilt: older posts and comments may be missing." }
    }
}

/// The sentence on the parts of a query that have no word.
fn left_out(parts: &[String]) -> impl Render + '_ {
    owned_html! {
        @ for part in parts { : " “"; : Isolated(part); : "”" }
        @ if parts.len() == 1 { : " was" } else { : " were" }
        : " left out: search looks for letters and digits."
    }
}

/// The message for an invalid query.
pub fn error_text(error: QueryError) -> &'static str {
    match error {
        QueryError::Empty => "Type at least one word (letters or digits).",
        QueryError::TooLong => "That search is too long: at most 200 characters and 16 words.",
        QueryError::UnknownType => "Use type:post or type:comment.",
    }
}

/// The results, with links to the orders, the feed and the next page.
pub fn results<'r>(results: &'r Results, viewer: Option<&'r Viewer>, clock: &'r Clock) -> impl Render + 'r {
    owned_html! {
        @ if let Some(Ok(outcome)) = &results.outcome {
            @ if !outcome.found.matches.is_empty() {
                : orders(results);
                ol(class="posts found", start=outcome.page * PAGE_SIZE + 1) {
                    @ for hit in &outcome.hits { : row(hit, &outcome.query, viewer, clock) }
                }
                : pager(results, outcome);
            }
        }
    }
}

fn orders(results: &Results) -> impl Render + '_ {
    let to = |order| paths::search(&results.text, order == Order::Date, 1);
    owned_html! {
        nav(class="orders", aria-label="Order and feed") {
            @ for (order, name) in [(Order::Relevance, "Best first"), (Order::Date, "Newest first")] {
                @ if order == results.order {
                    a(href=to(order), aria-current="true") { : name }
                } else {
                    a(href=to(order)) { : name }
                }
                : " ";
            }
            a(href=paths::search_feed(&results.text)) { : "Feed" }
        }
    }
}

fn pager<'r>(results: &'r Results, outcome: &'r Outcome) -> impl Render + 'r {
    let shown = (outcome.page + 1) * PAGE_SIZE;
    let is_last = outcome.found.matches.len() <= shown || outcome.page + 1 == MAX_PAGES;
    let next = paths::search(&results.text, results.order == Order::Date, outcome.page + 2);
    owned_html! {
        @ if !is_last {
            nav(class="pager", aria-label="Pages") { a(rel="next", href=&next) { : "More results" } }
        }
    }
}

fn row<'r>(hit: &'r Hit, query: &'r Query, viewer: Option<&'r Viewer>, clock: &'r Clock) -> impl Render + 'r {
    owned_html! {
        @ match hit {
            Hit::Post(detail) => { : self::post(detail, query, viewer, clock) }
            Hit::Comment { comment, author } => { : self::comment(comment, author.as_ref(), query, viewer, clock) }
        }
    }
}

/// A post as lists show it, with the excerpt that matches.
fn post<'r>(
    detail: &'r PostDetail,
    query: &'r Query,
    viewer: Option<&'r Viewer>,
    clock: &'r Clock,
) -> impl Render + 'r {
    let PostDetail { post, description, relation, .. } = detail;
    owned_html! {
        li(id=Id("post_", post.id.get())) {
            : vote::views::arrow_for(Target::Post(post.id), relation.is_voted, post.author.as_ref(), viewer);
            : post::views::title(post, highlighted(&post.title, query));
            : post::views::facts(post, relation, viewer, clock);
            @ if let Some(part) = matching_excerpt(description, query) {
                blockquote(dir="auto") { : highlighted_excerpt(part, query) }
            }
        }
    }
}

/// A comment: its excerpt, author, age and post.
fn comment<'r>(
    comment: &'r OwnComment,
    author: Option<&'r Author>,
    query: &'r Query,
    viewer: Option<&'r Viewer>,
    clock: &'r Clock,
) -> impl Render + 'r {
    let part = matching_excerpt(&comment.body, query).unwrap_or_else(|| leading_excerpt(&comment.body));
    owned_html! {
        li(id=Id("comment_", comment.id.get())) {
            blockquote(dir="auto") { : highlighted_excerpt(part, query) }
            p {
                a(href=paths::comment(comment.id)) { : "Comment" } : " ";
                : user::views::author::by(author, viewer); : DOT;
                : Age { at: comment.created_at, clock }; : " ago"; : DOT; : "on ";
                a(href=paths::post(comment.post_id)) { : Isolated(&comment.post_title) }
            }
        }
    }
}

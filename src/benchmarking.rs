//! The ten endpoints for load tests: `POST /benchmarking/…`. Each does what its namesake in the seed app does. A
//! call signs in a random user, with a session in the database, runs one operation as that user, and answers
//! with the page that the user would see. They are off by default, because they let anyone write without an
//! account.

use std::sync::Arc;

use rand::RngExt;
use rusqlite::Connection;
use uuid::Uuid;

use crate::auth;
use crate::auth::token::Secret;
use crate::comment::views::CommentForm;
use crate::comment::{self, NewComment, Thread};
use crate::post::{self, NewPost, PostDetail};
use crate::session::handlers::sign_in::SignIn;
use crate::types::cursor::START;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page};
use crate::user;
use crate::user::handlers::ListCursors;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::{Cx, Error, Result, reply};

/// Posts on the page of `posts_index`.
const INDEX_POSTS: u32 = 100;

/// The endpoints' names.
pub const ENDPOINTS: [&str; 10] = [
    "read_heavy",
    "write_heavy",
    "balanced",
    "post_create",
    "comment_create",
    "post_destroy",
    "comment_destroy",
    "post_show",
    "posts_index",
    "user_show",
];

/// The operation that one call runs as its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    PostCreate,
    CommentCreate,
    PostDestroy,
    CommentDestroy,
    PostShow,
    PostsIndex,
    UserShow,
}

use Operation::{CommentCreate, CommentDestroy, PostCreate, PostDestroy, PostShow, PostsIndex, UserShow};

/// In the order of the weights below.
const OPERATIONS: [Operation; 7] =
    [PostCreate, CommentCreate, PostDestroy, CommentDestroy, PostShow, PostsIndex, UserShow];
// The seed app's weights, in percent.
const READ_HEAVY: [u32; 7] = [10, 10, 2, 3, 25, 25, 25];
const WRITE_HEAVY: [u32; 7] = [25, 25, 5, 20, 5, 15, 5];
const BALANCED: [u32; 7] = [17, 17, 5, 11, 17, 17, 16];

impl Operation {
    /// The operation of an endpoint, or one at random if the endpoint mixes them; `None` for an unknown endpoint.
    fn of(endpoint: &str) -> Option<Operation> {
        Some(match endpoint {
            "read_heavy" => weighted_random(&READ_HEAVY),
            "write_heavy" => weighted_random(&WRITE_HEAVY),
            "balanced" => weighted_random(&BALANCED),
            "post_create" => PostCreate,
            "comment_create" => CommentCreate,
            "post_destroy" => PostDestroy,
            "comment_destroy" => CommentDestroy,
            "post_show" => PostShow,
            "posts_index" => PostsIndex,
            "user_show" => UserShow,
            _ => return None,
        })
    }
}

fn weighted_random(weights: &[u32; 7]) -> Operation {
    let mut at = rand::rng().random_range(0..weights.iter().sum());
    for (operation, weight) in OPERATIONS.into_iter().zip(weights) {
        if at < *weight {
            return operation;
        }
        at -= weight;
    }
    PostShow
}

/// A call before its transaction, in which the writer signs the user in and runs the operation.
struct PreparedCall {
    operation: Operation,
    sign_in: SignIn,
    /// The title of the new post, or the body of the new comment.
    text: String,
    description: String,
    now: Timestamp,
}

/// The result of a call's transaction.
struct Outcome {
    viewer: Viewer,
    content: Content,
}

/// The content of the page that answers a call.
enum Content {
    /// The new post, as the transaction has read it: the page needs nothing more from the database.
    NewPost(Box<PostDetail>),
    /// A post: the one that the comment belongs to, or a random one.
    Post(PostId),
    /// The page of the user for `user_show`, the list of posts for the other operations.
    Default,
}

/// `POST /benchmarking/:endpoint`. A database without users or posts gives an empty list.
///
/// # Errors
/// [`Error::NotFound`] for an unknown endpoint; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn run(cx: &Cx, endpoint: &str) -> Result {
    let call = PreparedCall::new(cx, Operation::of(endpoint).ok_or(Error::NotFound)?);
    let (operation, secret) = call.for_answer();
    let outcome = cx.write(move |connection| call.write(connection))?;
    CommittedCall { operation, secret, outcome }.answer(cx)
}

/// Runs the transactions of `number` calls as one write with one commit: the cost of a call without HTTP and
/// without waiting for the disk (`bench/programs/in_process.rs`).
///
/// # Errors
/// [`Error::NotFound`] for an unknown endpoint; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn write_batch(cx: &Cx, endpoint: &str, number: usize) -> Result<Vec<CommittedCall>> {
    let call = || Ok(PreparedCall::new(cx, Operation::of(endpoint).ok_or(Error::NotFound)?));
    let calls: Vec<PreparedCall> = (0..number).map(|_| call()).collect::<Result<_>>()?;
    let for_answers: Vec<(Operation, Secret)> = calls.iter().map(PreparedCall::for_answer).collect();
    let outcomes: Vec<Option<Outcome>> =
        cx.write(move |connection| calls.iter().map(|call| call.write(connection)).collect())?;
    let committed = for_answers.into_iter().zip(outcomes);
    Ok(committed.map(|((operation, secret), outcome)| CommittedCall { operation, secret, outcome }).collect())
}

/// A call after its transaction, before its answer is rendered.
pub struct CommittedCall {
    operation: Operation,
    secret: Secret,
    /// `None` if the database has no user to sign in.
    outcome: Option<Outcome>,
}

impl CommittedCall {
    /// Renders the answer, with the cookie of the session.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
    pub fn answer(self, cx: &Cx) -> Result {
        let Some(Outcome { viewer, content }) = self.outcome else {
            return Ok(reply::html(cx, index(cx)?));
        };
        let token = self.secret.of(viewer.session_id.get());
        let cx = Cx::new(cx.site, cx.request, cx.timing).signed_in_as(viewer);
        let mut response = page(&cx, self.operation, &content)?;
        response.headers.push(auth::set_cookie(&cx, &token));
        Ok(response)
    }
}

impl PreparedCall {
    fn new(cx: &Cx, operation: Operation) -> PreparedCall {
        let text = match operation {
            PostCreate => format!("Post {}", Uuid::new_v4()),
            CommentCreate => format!("Comment {}", Uuid::new_v4()),
            _ => String::new(),
        };
        PreparedCall {
            operation,
            sign_in: SignIn::of(cx),
            text,
            description: if operation == PostCreate { headers(cx) } else { String::new() },
            now: cx.now,
        }
    }

    /// The parts that the answer needs, while the writer owns the call.
    fn for_answer(&self) -> (Operation, Secret) {
        (self.operation, self.sign_in.secret.clone())
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<Option<Outcome>> {
        let Some((user, [unread_count, hides_count])) = user::sql::sign_in_random(connection, self.now)?
        else {
            return Ok(None);
        };
        let session_id = self.sign_in.insert(connection, user.id)?;
        let content = self.run(connection, user.id)?;
        let user::Author { id, screen_name, is_admin } = user;
        let screen_name = screen_name.into();
        let viewer = Viewer {
            id,
            screen_name,
            session_id,
            grant: None,
            unread_count,
            hides_count,
            is_admin,
            is_banned: false,
        };
        Ok(Some(Outcome { viewer, content }))
    }

    fn run(&self, connection: &Connection, user_id: UserId) -> rusqlite::Result<Content> {
        let created_at = self.now;
        match self.operation {
            PostCreate => {
                let (title, description) = (&self.text, &self.description);
                let post = NewPost { user_id, title, link: None, description, created_at };
                let Ok(id) = post::sql::create(connection, &post)? else { return Ok(Content::Default) };
                // Its author has nothing to do with it yet: no vote, no visit.
                let detail = post::sql::find_shared(connection, id)?;
                Ok(detail.map_or(Content::Default, |detail| Content::NewPost(Box::new(detail))))
            }
            CommentCreate => {
                let Some(post_id) = post::sql::random(connection)? else { return Ok(Content::Default) };
                let comment = NewComment { post_id, parent_id: None, user_id, body: &self.text, created_at };
                comment::sql::create(connection, &comment)?;
                Ok(Content::Post(post_id))
            }
            PostDestroy => {
                if let Some(id) = post::sql::random(connection)? {
                    post::sql::destroy(connection, id)?;
                }
                Ok(Content::Default)
            }
            CommentDestroy => {
                let Some((id, post_id)) = comment::sql::random_leaf(connection)? else {
                    return Ok(Content::Default);
                };
                comment::sql::destroy(connection, id, self.now)?;
                Ok(Content::Post(post_id))
            }
            // The lookup is cheapest here: the writer has these pages in its cache, and a reader would read them again.
            PostShow => Ok(post::sql::random(connection)?.map_or(Content::Default, Content::Post)),
            PostsIndex | UserShow => Ok(Content::Default),
        }
    }
}

fn page(cx: &Cx, operation: Operation, content: &Content) -> Result {
    let empty = CommentForm::of(Account::of(None), "");
    let html = match (operation, content) {
        (_, Content::NewPost(detail)) => {
            Some(post::handlers::render(cx, detail, (&Thread::default(), START), &empty)?)
        }
        (_, Content::Post(id)) => post::handlers::page(cx, *id, START, &empty)?,
        (UserShow, Content::Default) => match auth::viewer_id(cx)? {
            Some(id) => {
                user::handlers::page(cx, id, &ListCursors { posts: START, comments: START, sessions: START })?
            }
            None => None,
        },
        (_, Content::Default) => None,
    };
    // Another call may have destroyed the post since.
    let html = html.map_or_else(|| index(cx), Ok)?;
    Ok(reply::html(cx, html))
}

/// The page with [`INDEX_POSTS`] posts from a random one on, by id.
fn index(cx: &Cx) -> Result<String> {
    let viewer_id = auth::viewer_id(cx)?;
    let posts = cx.read_pieces(|pieces| {
        let ids = post::sql::from_random(pieces.connection(), INDEX_POSTS)?;
        post::handlers::rows::of_posts(pieces, viewer_id, ids.into_iter())
    })?;
    let (viewer, settings) = (auth::viewer(cx)?, Arc::clone(cx.settings()));
    let page = Page { heading: "Recent posts", viewer, ..Page::of(settings) };
    Ok(layout::render(&page, post::views::rows(&posts, page.viewer, &cx.clock, None))?)
}

/// The request's headers as lines, with CGI's names (RFC 3875), without those that carry credentials.
fn headers(cx: &Cx) -> String {
    let mut text = format!("REQUEST_METHOD: {}\nREQUEST_PATH: {}", cx.request.method(), cx.path());
    for (name, value) in cx.request.headers() {
        if ["Cookie", "Authorization", "Proxy-Authorization"]
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
        {
            continue;
        }
        let name = name.to_ascii_uppercase().replace('-', "_");
        text += &format!("\nHTTP_{name}: {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_mixture_are_percentages_of_all_operations() {
        for weights in [READ_HEAVY, WRITE_HEAVY, BALANCED] {
            assert_eq!(weights.iter().sum::<u32>(), 100);
            let mut missing: Vec<Operation> = OPERATIONS.to_vec();
            for _ in 0..100_000 {
                let operation = weighted_random(&weights);
                missing.retain(|other| *other != operation);
            }
            assert_eq!(missing, []);
        }
    }

    #[test]
    fn only_endpoints_have_an_operation() {
        assert_eq!(ENDPOINTS.iter().find(|endpoint| Operation::of(endpoint).is_none()), None);
        assert_eq!(Operation::of("post_update"), None);
    }

    #[test]
    fn a_generated_title_ends_with_a_random_uuid() {
        let uuid = Uuid::new_v4().to_string();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }
}

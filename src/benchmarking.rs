//! The ten endpoints that load tests call: `POST /benchmarking/…`, each doing what the seed app's
//! does. A call signs in a random user, for real, then acts as they would, and answers with the page
//! they would see. Off unless asked for: anyone can write here without an account.

use rand::RngExt;
use rusqlite::Connection;

use crate::auth;
use crate::auth::token::Secret;
use crate::comment::views::CommentForm;
use crate::comment::{self, NewComment, Thread};
use crate::post::{self, NewPost, PostDetail};
use crate::session::handlers::sign_in::SignIn;
use crate::types::cursor::START;
use crate::types::time::Micros;
use crate::ui::layout::{self, Page};
use crate::user;
use crate::user::handlers::Places;
use crate::web::Viewer;
use crate::web::{Cx, Error, Result, reply};

/// Posts that `posts_index` shows.
const INDEX: u32 = 100;

/// Their names.
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

/// What one call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    PostCreate,
    CommentCreate,
    PostDestroy,
    CommentDestroy,
    PostShow,
    PostsIndex,
    UserShow,
}

use Action::{CommentCreate, CommentDestroy, PostCreate, PostDestroy, PostShow, PostsIndex, UserShow};

/// In the order of the weights below.
const ACTIONS: [Action; 7] =
    [PostCreate, CommentCreate, PostDestroy, CommentDestroy, PostShow, PostsIndex, UserShow];
/// The seed's, in hundredths.
const READ_HEAVY: [u32; 7] = [10, 10, 2, 3, 25, 25, 25];
const WRITE_HEAVY: [u32; 7] = [25, 25, 5, 20, 5, 15, 5];
const BALANCED: [u32; 7] = [17, 17, 5, 11, 17, 17, 16];

impl Action {
    /// The action of an endpoint; for a mixture, one of its actions by chance.
    fn of(endpoint: &str) -> Option<Action> {
        Some(match endpoint {
            "read_heavy" => one_of(&READ_HEAVY),
            "write_heavy" => one_of(&WRITE_HEAVY),
            "balanced" => one_of(&BALANCED),
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

fn one_of(weights: &[u32; 7]) -> Action {
    let mut at = rand::rng().random_range(0..weights.iter().sum());
    for (action, weight) in ACTIONS.into_iter().zip(weights) {
        if at < *weight {
            return action;
        }
        at -= weight;
    }
    PostShow
}

/// One call's sign-in and what it writes, all in one job for the writer.
struct Call {
    action: Action,
    sign_in: SignIn,
    /// The title of a post, or the body of a comment, to be made.
    text: String,
    description: String,
    now: Micros,
}

/// What a call has done.
struct Done {
    viewer: Viewer,
    shown: Shown,
}

/// What a call has left to be shown.
enum Shown {
    /// The post that it made, and its text: there is nothing more to read.
    New(Box<PostDetail>),
    /// A post: the one that it commented on, or any.
    Post(i64),
    /// What the action says, whatever it did.
    Any,
}

/// `POST /benchmarking/:endpoint`. An emptied table, even that of the users, gives an empty page.
///
/// # Errors
/// [`Error::NotFound`] for an unknown endpoint; the database's.
pub fn run(cx: &Cx, endpoint: &str) -> Result {
    let call = Call::new(cx, Action::of(endpoint).ok_or(Error::NotFound)?);
    let (action, secret) = call.plan();
    let done = cx.write(move |connection| call.write(connection))?;
    Acted { action, secret, done }.answer(cx)
}

/// What so many calls write, by one write, and so with one commit: a call without HTTP and without waiting
/// for the disk (`bench/programs/in_process.rs`).
///
/// # Errors
/// As there.
pub fn write_together(cx: &Cx, endpoint: &str, number: usize) -> Result<Vec<Acted>> {
    let call = || Ok(Call::new(cx, Action::of(endpoint).ok_or(Error::NotFound)?));
    let calls: Vec<Call> = (0..number).map(|_| call()).collect::<Result<_>>()?;
    let plans: Vec<(Action, Secret)> = calls.iter().map(Call::plan).collect();
    let done: Vec<Option<Done>> =
        cx.write(move |connection| calls.iter().map(|call| call.write(connection)).collect())?;
    Ok(plans.into_iter().zip(done).map(|((action, secret), done)| Acted { action, secret, done }).collect())
}

/// A call that has written what it writes.
pub struct Acted {
    action: Action,
    secret: Secret,
    /// `None`: there is nobody to sign in.
    done: Option<Done>,
}

impl Acted {
    /// The page that it is answered with.
    ///
    /// # Errors
    /// The database's.
    pub fn answer(self, cx: &Cx) -> Result {
        let Some(done) = self.done else {
            return Ok(reply::html(cx, index(cx)?));
        };
        let token = self.secret.of(done.viewer.session_id);
        let cx = Cx::new(cx.site, cx.request, cx.timing).signed_in_as(done.viewer);
        let mut response = page(&cx, self.action, &done.shown)?;
        response.headers.push(auth::set_cookie(&cx, &token));
        Ok(response)
    }
}

impl Call {
    fn new(cx: &Cx, action: Action) -> Call {
        let text = match action {
            PostCreate => format!("Post {}", uuid()),
            CommentCreate => format!("Comment {}", uuid()),
            _ => String::new(),
        };
        Call {
            action,
            sign_in: SignIn::of(cx),
            text,
            description: if action == PostCreate { headers(cx) } else { String::new() },
            now: cx.now,
        }
    }

    /// What is left of it when the writer has it.
    fn plan(&self) -> (Action, Secret) {
        (self.action, self.sign_in.secret.clone())
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<Option<Done>> {
        let Some(user) = user::sql::sign_in_random(connection, self.now)? else {
            return Ok(None);
        };
        let session_id = self.sign_in.insert(connection, user.id)?;
        let shown = self.act(connection, user.id)?;
        let user::Author { id, screen_name } = user;
        let screen_name = screen_name.into();
        let viewer = Viewer { id, screen_name, session_id, is_admin: false, is_banned: false };
        Ok(Some(Done { viewer, shown }))
    }

    fn act(&self, connection: &Connection, user_id: i64) -> rusqlite::Result<Shown> {
        let created_at = self.now;
        match self.action {
            PostCreate => {
                let (title, description) = (&self.text, &self.description);
                let post = NewPost { user_id, title, link: None, description, created_at };
                let Some(id) = post::sql::create(connection, &post)? else { return Ok(Shown::Any) };
                let detail = post::sql::find(connection, user_id, id)?;
                Ok(detail.map_or(Shown::Any, |detail| Shown::New(Box::new(detail))))
            }
            CommentCreate => {
                let Some(post_id) = post::sql::random(connection)? else { return Ok(Shown::Any) };
                let comment = NewComment { post_id, parent_id: None, user_id, body: &self.text, created_at };
                comment::sql::create(connection, &comment)?;
                Ok(Shown::Post(post_id))
            }
            PostDestroy => {
                if let Some(id) = post::sql::random(connection)? {
                    post::sql::destroy(connection, id)?;
                }
                Ok(Shown::Any)
            }
            CommentDestroy => {
                let Some((id, post_id)) = comment::sql::random_leaf(connection)? else {
                    return Ok(Shown::Any);
                };
                comment::sql::destroy(connection, id, self.now)?;
                Ok(Shown::Post(post_id))
            }
            // Here it costs the least: the writer has the pages that this looks at, a reader would read them anew.
            PostShow => Ok(post::sql::random(connection)?.map_or(Shown::Any, Shown::Post)),
            PostsIndex | UserShow => Ok(Shown::Any),
        }
    }
}

fn page(cx: &Cx, action: Action, shown: &Shown) -> Result {
    let empty = CommentForm::of("");
    let html = match (action, shown) {
        (_, Shown::New(detail)) => Some(post::handlers::render(cx, detail, &Thread::default(), &empty)?),
        (_, Shown::Post(id)) => post::handlers::page(cx, *id, START, &empty)?,
        (UserShow, Shown::Any) => {
            let id = auth::viewer(cx)?.map_or(0, |viewer| viewer.id);
            user::handlers::page(cx, id, &Places { posts: START, comments: START, sessions: START })?
        }
        (_, Shown::Any) => None,
    };
    // What was to be shown may be gone, destroyed by another call a moment ago.
    let html = html.map_or_else(|| index(cx), Ok)?;
    Ok(reply::html(cx, html))
}

/// A hundred posts from a random one on, in the order of their numbers.
fn index(cx: &Cx) -> Result<String> {
    let viewer_id = auth::viewer_id(cx)?;
    let posts = cx.read(|connection| post::sql::some(connection, viewer_id, INDEX))?;
    let page = Page { heading: "Recent posts", viewer: auth::viewer(cx)?, ..Page::default() };
    Ok(layout::render(&page, post::views::rows(&posts, page.viewer, cx.now))?)
}

/// The request's headers as lines, named as CGI names them; what signs someone in is left out.
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

/// A random UUID (RFC 9562, version 4).
fn uuid() -> String {
    let bits: u128 = rand::random();
    let bits = bits & !(0xf000 << 64) & !(0xc000 << 48) | (0x4000 << 64) | (0x8000 << 48);
    let digits = format!("{bits:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mixture_is_whole_and_reaches_every_action() {
        for weights in [READ_HEAVY, WRITE_HEAVY, BALANCED] {
            assert_eq!(weights.iter().sum::<u32>(), 100);
            let mut missing: Vec<Action> = ACTIONS.to_vec();
            for _ in 0..100_000 {
                let action = one_of(&weights);
                missing.retain(|other| *other != action);
            }
            assert_eq!(missing, []);
        }
    }

    #[test]
    fn each_endpoint_does_something_and_no_other_name_does() {
        assert_eq!(ENDPOINTS.iter().find(|endpoint| Action::of(endpoint).is_none()), None);
        assert_eq!(Action::of("post_update"), None);
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let uuid = uuid();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }
}

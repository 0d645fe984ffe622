//! The OpenAPI document: a table of the operations, and the schemas of what goes in and comes out.

use std::sync::OnceLock;

use utoipa::openapi::header::Header;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, Required,
    Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::{
    CommentChange, Discussion, InboxPage, MAX_KEY_BYTES, Me, NewComment, NewFlag, NewPost, PostChange,
    PostPage, Problem, Thread, User,
};
use crate::web::paths;

/// The name of the way in which a request says who sends it.
const TOKEN: &str = "token";

/// An operation of the API.
struct Row {
    method: HttpMethod,
    /// Its name.
    name: &'static str,
    /// The path below that of the API.
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    /// The schema of the body; `""`: there is none.
    body: &'static str,
    /// The answers of status 2xx, each with the schema of its body.
    answers: &'static [(u16, &'static str)],
    /// The problems beside those that each operation has.
    problems: &'static [u16],
    /// The query parameters.
    query: &'static [&'static str],
}

macro_rules! row {
    ($method:ident $path:literal $id:literal $summary:literal, $body:literal => $answers:expr, $problems:expr, $query:expr) => {
        Row {
            method: HttpMethod::$method,
            name: stringify!($method),
            path: $path,
            id: $id,
            summary: $summary,
            body: $body,
            answers: &$answers,
            problems: &$problems,
            query: &$query,
        }
    };
}

/// The operations, in the order of the table of routes.
const ROWS: &[Row] = &[
    row!(Get "me" "getMe" "The user of the token", "" => [(200, "Me")], [], []),
    row!(Get "inbox" "getInbox" "A page of the inbox, the newest first", "" => [(200, "InboxPage")], [400], ["after"]),
    row!(Get "users/{id}" "getUser" "A user", "" => [(200, "User")], [404], []),
    row!(Get "posts" "getPosts" "A page of the front page, or of the newest posts", "" => [(200, "PostPage")], [400], ["after", "order"]),
    row!(Post "posts" "createPost" "Post; 200 where it is a vote for a post that has the link", "NewPost" => [(201, "Post"), (200, "Post")], [400, 403, 409, 413, 415, 422], []),
    row!(Get "posts/{id}" "getPost" "A post with a page of its comments", "" => [(200, "Discussion")], [400, 404], ["after"]),
    row!(Patch "posts/{id}" "updatePost" "Change a post of yours", "PostChange" => [(200, "Post")], [400, 403, 404, 413, 415, 422], []),
    row!(Delete "posts/{id}" "deletePost" "Delete a post of yours", "" => [(204, "")], [403, 404], []),
    row!(Put "posts/{id}/vote" "voteForPost" "Vote for a post", "" => [(204, "")], [403, 404], []),
    row!(Delete "posts/{id}/vote" "unvotePost" "Take your vote back", "" => [(204, "")], [403, 404], []),
    row!(Put "posts/{id}/save" "savePost" "Save a post", "" => [(204, "")], [403, 404], []),
    row!(Delete "posts/{id}/save" "unsavePost" "Save it no longer", "" => [(204, "")], [403, 404], []),
    row!(Put "posts/{id}/flag" "flagPost" "Tell the admins of a post", "NewFlag" => [(204, "")], [400, 403, 404, 413, 415, 422], []),
    row!(Delete "posts/{id}/flag" "unflagPost" "Take your flag back", "" => [(204, "")], [403, 404], []),
    row!(Post "comments" "createComment" "Comment on a post, or reply to a comment", "NewComment" => [(201, "Comment")], [400, 403, 404, 409, 413, 415, 422], []),
    row!(Get "comments/{id}" "getComment" "A comment with a page of the replies to it", "" => [(200, "Thread")], [400, 404], ["after"]),
    row!(Patch "comments/{id}" "updateComment" "Change a comment of yours", "CommentChange" => [(200, "Comment")], [400, 403, 404, 413, 415, 422], []),
    row!(Delete "comments/{id}" "deleteComment" "Delete a comment of yours", "" => [(204, "")], [403, 404], []),
    row!(Put "comments/{id}/vote" "voteForComment" "Vote for a comment", "" => [(204, "")], [403, 404], []),
    row!(Delete "comments/{id}/vote" "unvoteComment" "Take your vote back", "" => [(204, "")], [403, 404], []),
    row!(Put "comments/{id}/save" "saveComment" "Save a comment", "" => [(204, "")], [403, 404], []),
    row!(Delete "comments/{id}/save" "unsaveComment" "Save it no longer", "" => [(204, "")], [403, 404], []),
    row!(Put "comments/{id}/flag" "flagComment" "Tell the admins of a comment", "NewFlag" => [(204, "")], [400, 403, 404, 413, 415, 422], []),
    row!(Delete "comments/{id}/flag" "unflagComment" "Take your flag back", "" => [(204, "")], [403, 404], []),
];

/// The text of the document.
///
/// # Errors
/// [`serde_json::Error`] where it cannot be written as JSON, which no value of ours causes.
pub fn text() -> Result<String, serde_json::Error> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text.clone());
    }
    let text = serde_json::to_string(&document())?;
    Ok(TEXT.get_or_init(|| text).clone())
}

fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for row in ROWS {
        let path = format!("{}/{}", paths::API, row.path);
        paths = paths.path(path, PathItem::new(row.method.clone(), operation(row)));
    }
    let info = InfoBuilder::new()
        .title("The site's own API")
        .version("1")
        .description(Some(
            "Requests have the header `Authorization: Bearer TOKEN`; a page of the profile makes tokens. Texts are in the \
             site's markup. All rules of the pages hold.",
        ))
        .build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components())).build()
}

fn components() -> Components {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of a user."));
    let mut all = ComponentsBuilder::new().security_scheme(TOKEN, SecurityScheme::Http(scheme.build()));
    let mut schemas = Vec::new();
    add::<Me>(&mut schemas);
    add::<User>(&mut schemas);
    add::<PostPage>(&mut schemas);
    add::<Discussion>(&mut schemas);
    add::<Thread>(&mut schemas);
    add::<InboxPage>(&mut schemas);
    add::<Problem>(&mut schemas);
    add::<NewPost>(&mut schemas);
    add::<PostChange>(&mut schemas);
    add::<NewComment>(&mut schemas);
    add::<CommentChange>(&mut schemas);
    add::<NewFlag>(&mut schemas);
    for (name, schema) in schemas {
        all = all.schema(name, schema);
    }
    all.build()
}

type Named = (String, utoipa::openapi::RefOr<utoipa::openapi::Schema>);

/// Adds a schema, and those that it refers to.
fn add<T: ToSchema + PartialSchema>(schemas: &mut Vec<Named>) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
}

fn operation(row: &Row) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(row.id))
        .summary(Some(row.summary))
        .security(SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, []));
    if row.path.contains("{id}") {
        operation = operation.parameter(number("id"));
    }
    for name in row.query {
        operation = operation.parameter(query(name));
    }
    if row.method == HttpMethod::Post {
        operation = operation.parameter(idempotency_key());
    }
    if !row.body.is_empty() {
        let body = RequestBodyBuilder::new().required(Some(Required::True));
        operation = operation.request_body(Some(body.content("application/json", content(row.body)).build()));
    }
    for (status, schema) in row.answers {
        operation = operation.response(status.to_string(), answer(*status, schema));
    }
    for status in [401, 429, 500, 503].iter().chain(row.problems) {
        operation = operation.response(status.to_string(), problem(*status));
    }
    operation.build()
}

fn content(schema: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(schema)))
}

fn answer(status: u16, schema: &str) -> Response {
    let response = ResponseBuilder::new().description(match status {
        201 => "It is made.",
        204 => "It is done.",
        _ => "Here it is.",
    });
    let response = if status == 201 { with_links(response, schema) } else { response };
    let response =
        response.header("RateLimit", Header::default()).header("RateLimit-Policy", Header::default());
    if schema.is_empty() {
        response.build()
    } else {
        response.content("application/json", content(schema)).build()
    }
}

/// What can be done with the thing that was made, by its number.
fn with_links(response: ResponseBuilder, schema: &str) -> ResponseBuilder {
    let operations = ["get", "update", "delete"].map(|verb| format!("{verb}{schema}"));
    operations.into_iter().fold(response.header("Location", Header::default()), |response, operation| {
        let link = LinkBuilder::new().operation_id(operation.clone()).parameter("id", "$response.body#/id");
        response.link(operation, link.build())
    })
}

fn problem(status: u16) -> Response {
    let response = ResponseBuilder::new().description(match status {
        400 => "The request cannot be read.",
        401 => "No token, or a wrong one.",
        403 => "The token only reads, or the user may not do this.",
        404 => "There is no such thing.",
        409 => "The key is in use by a request that is being answered.",
        413 => "It is too long.",
        415 => "The body is no JSON.",
        422 => "The body has mistakes, or the key was used for another request.",
        429 => "Too many requests or changes.",
        503 => "The site is busy.",
        _ => "An error of the site.",
    });
    let response = match status {
        401 => response.header("WWW-Authenticate", Header::default()),
        429 | 503 => response.header("Retry-After", Header::default()),
        _ => response,
    };
    response.content("application/problem+json", content("Problem")).build()
}

fn number(name: &str) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("Its number"))
        .schema(Some(schema))
        .build()
}

fn query(name: &str) -> Parameter {
    let (schema, description) = if name == "order" {
        let orders = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["hot", "new"]));
        (orders, "The order; hot, as on the front page, unless it is named")
    } else {
        let cursor =
            ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{1,18}-[0-9]{1,18}$"));
        (cursor, "The value of `next` of the page before")
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(MAX_KEY_BYTES))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("The same key within a day gets the first answer, and makes nothing new"))
        .schema(Some(schema))
        .build()
}

/// The method and the path of each operation, as the table of routes has them.
#[must_use]
pub fn operations() -> Vec<(String, String)> {
    let method = |row: &Row| row.name.to_uppercase();
    ROWS.iter()
        .map(|row| (method(row), format!("{}/{}", paths::API, row.path.replace("{id}", ":id"))))
        .collect()
}

//! The site in this process, the real program as a child process, databases with known rows, and a raw HTTP
//! client.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lorem_http::{Drained, Options, Server, Stopper};
use lorem_news::app::{self, App};
use lorem_news::post::PostKind;
use lorem_news::schema::{APPLICATION_ID, MIGRATIONS, SCHEMA};
use lorem_news::site::config::Config;
use lorem_news::site::cookie_names::CookieNames;
use lorem_news::{search, seed};
use lorem_store::Database;
use rusqlite::Connection;
use tempfile::TempDir;

/// The time after which a test fails that waits for an event. No test that passes takes as long.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Calls `ask` until it returns a value. Panics with `what` after [`TIMEOUT`].
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    eventually_or(|| what.to_owned(), ask)
}

/// Calls `ask` until it returns a value. After [`TIMEOUT`] it panics with the result of `what`, called then.
pub fn eventually_or<T>(what: impl Fn() -> String, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < TIMEOUT, "timed out: {}", what());
        thread::sleep(Duration::from_millis(5));
    }
}

/// Creates a database with the demo's hundred users and `posts` posts, and closes it.
pub fn seeded(database: &Path, posts: u32) {
    let db = Database::open(database, &SCHEMA).expect("a new database opens");
    seed::run(&db, 7, posts, |_| {}).expect("an empty database is seeded");
    db.close().expect("it closes");
    // No links, votes, replies or deleted comments: a test creates those that it looks at, and counts from
    // zero.
    let connection = open(database);
    connection
        .execute_batch(
            "UPDATE posts SET url = NULL, site = NULL, address = NULL, score = 1, hotness = created_at;
             UPDATE comments SET score = 1, parent_id = NULL, depth = 0;
             DELETE FROM comments WHERE deleted_at IS NOT NULL;
             DELETE FROM post_votes;
             DELETE FROM comment_votes;
             DELETE FROM inbox;
             UPDATE users SET karma = 0;",
        )
        .expect("the schema is known");
    // The search index is complete, so the indexer has no work while a test runs.
    while search::sql::index_step(&connection).expect("a step") {}
}

/// A second connection to a database, as another program would open it.
pub fn open(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("the database opens");
    connection.busy_timeout(TIMEOUT).expect("a timeout can be set");
    connection.pragma_update(None, "foreign_keys", true).expect("a pragma can be set");
    connection
}

/// Makes a database as the version of the program left it that had only the first `migrations`.
pub fn older_database(path: &Path, migrations: usize) -> Connection {
    let connection = Connection::open(path).expect("a new database opens");
    for migration in &MIGRATIONS[..migrations] {
        connection.execute_batch(migration).expect("the schema of that version");
    }
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {migrations};"
        ))
        .expect("pragmas can be set");
    connection
}

/// Every file and folder below a folder. What another process removes meanwhile may be missing.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
        };
        for entry in entries {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

/// Microseconds, as the database counts them.
pub fn micros(duration: Duration) -> i64 {
    duration.as_micros().try_into().expect("it fits an i64")
}

/// The single number that a query returns.
pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Panics unless each post has the kind that its title tells.
fn assert_kinds(connection: &Connection) {
    let mut statement = connection.prepare("SELECT id, title, kind FROM posts").expect("the schema is known");
    let mut rows = statement.query([]).expect("the posts");
    while let Some(row) = rows.next().expect("a post") {
        let title: Option<String> = row.get(1).expect("a text");
        let kind = title.as_deref().and_then(PostKind::of);
        assert_eq!(
            row.get::<_, Option<PostKind>>(2),
            Ok(kind),
            "post {:?} is {title:?}",
            row.get::<_, i64>(0)
        );
    }
}

/// Panics unless the database passes SQLite's checks, has no dangling reference, and has counters equal to
/// the rows that they count.
pub fn assert_sound(connection: &Connection) {
    // FTS5 caches the structure of its index, and only a query makes it look for changes by another
    // connection. Without one, the check would miss lost entries (SQLite 3.53.2).
    number(connection, "SELECT (SELECT count(*) FROM post_words) + (SELECT count(*) FROM comment_words)");
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("the database can be checked");
    assert_eq!(integrity, "ok");
    assert_eq!(number(connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0, "dangling references");
    assert_kinds(connection);
    for (counter, sql) in [
        (
            "posts.comments_count",
            "SELECT count(*) FROM posts WHERE comments_count <> \
             (SELECT count(*) FROM comments WHERE post_id = posts.id AND deleted_at IS NULL)",
        ),
        (
            "users.posts_count",
            "SELECT count(*) FROM users WHERE posts_count <> \
             (SELECT count(*) FROM posts WHERE user_id = users.id AND deleted_at IS NULL)",
        ),
        (
            "users.comments_count",
            "SELECT count(*) FROM users WHERE comments_count <> \
             (SELECT count(*) FROM comments WHERE user_id = users.id AND deleted_at IS NULL)",
        ),
        (
            "users.sessions_count",
            "SELECT count(*) FROM users WHERE sessions_count <> \
             (SELECT count(*) FROM sessions WHERE user_id = users.id)",
        ),
        (
            "users.unread_count",
            "SELECT count(*) FROM users WHERE unread_count <> \
             (SELECT count(*) FROM inbox WHERE user_id = users.id AND is_unread AND NOT is_hidden) \
             + (SELECT count(*) FROM notices WHERE user_id = users.id AND is_unread)",
        ),
        (
            "users.hides_count",
            "SELECT count(*) FROM users WHERE hides_count <> \
             (SELECT count(*) FROM hidden_posts WHERE user_id = users.id) \
             + (SELECT count(*) FROM muted_users WHERE user_id = users.id) \
             + (SELECT count(*) FROM muted_sites WHERE user_id = users.id) \
             + (SELECT count(*) FROM muted_tags WHERE user_id = users.id)",
        ),
        (
            "post_tags",
            "SELECT count(*) FROM posts WHERE coalesce((SELECT sum(length(tag) + 1) - 1 FROM post_tags \
             WHERE post_id = posts.id), 0) <> length(coalesce(tags, ''))",
        ),
        (
            "hidden rows of inboxes",
            "SELECT count(*) FROM inbox JOIN comments ON comments.id = comment_id \
             WHERE is_hidden <> (deleted_at IS NOT NULL)",
        ),
        (
            "posts.score",
            "SELECT count(*) FROM posts WHERE score <> 1 + (SELECT count(*) FROM post_votes WHERE post_id = posts.id) \
             + coalesce((SELECT points FROM imported_points WHERE post_id = posts.id), 0)",
        ),
        (
            "comments.score",
            "SELECT count(*) FROM comments WHERE score <> \
             1 + (SELECT count(*) FROM comment_votes WHERE comment_id = comments.id)",
        ),
        (
            "users.karma",
            "SELECT count(*) FROM users WHERE karma <> \
             (SELECT coalesce(sum(score - 1), 0) FROM posts WHERE user_id = users.id AND deleted_at IS NULL) \
             + (SELECT coalesce(sum(score - 1), 0) FROM comments WHERE user_id = users.id AND deleted_at IS NULL)",
        ),
        (
            "votes for the voter's own post or comment",
            "SELECT (SELECT count(*) FROM post_votes JOIN posts ON posts.id = post_id WHERE posts.user_id = post_votes.user_id) \
             + (SELECT count(*) FROM comment_votes JOIN comments ON comments.id = comment_id \
                WHERE comments.user_id = comment_votes.user_id)",
        ),
        (
            "emptied posts",
            "SELECT count(*) FROM posts WHERE (title IS NULL) <> (deleted_at IS NOT NULL AND removed_at IS NULL)",
        ),
        (
            "removed posts and comments",
            "SELECT (SELECT count(*) FROM posts WHERE removed_at IS NOT NULL AND (deleted_at IS NULL OR user_id IS NULL)) \
             + (SELECT count(*) FROM comments WHERE removed_at IS NOT NULL AND (deleted_at IS NULL OR user_id IS NULL))",
        ),
        (
            "cases.flags_count",
            "SELECT count(*) FROM cases WHERE flags_count = 0 \
             OR flags_count <> (SELECT count(*) FROM flags WHERE case_id = cases.id)",
        ),
        (
            "cases of a deleted post or comment",
            "SELECT count(*) FROM cases LEFT JOIN posts ON posts.id = cases.post_id \
             LEFT JOIN comments ON comments.id = cases.comment_id \
             WHERE (posts.deleted_at IS NOT NULL OR comments.deleted_at IS NOT NULL) \
             AND NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.post_id = posts.id OR d.comment_id = comments.id) \
             AND NOT EXISTS (SELECT 1 FROM verdicts AS v WHERE v.is_dead = 1 AND (v.post_id = posts.id OR v.comment_id = comments.id))",
        ),
        (
            "dead posts and comments that are not removed",
            "SELECT count(*) FROM verdicts LEFT JOIN posts ON posts.id = verdicts.post_id \
             LEFT JOIN comments ON comments.id = verdicts.comment_id \
             WHERE is_dead = 1 AND coalesce(posts.removed_at, comments.removed_at) IS NULL",
        ),
        (
            "vouches for the user's own post or comment",
            "SELECT count(*) FROM vouches JOIN verdicts ON verdicts.id = verdict_id LEFT JOIN posts ON posts.id = verdicts.post_id \
             LEFT JOIN comments ON comments.id = verdicts.comment_id \
             WHERE vouches.user_id = coalesce(posts.user_id, comments.user_id)",
        ),
        ("banned admins", "SELECT count(*) FROM users WHERE is_admin AND banned_at IS NOT NULL"),
        (
            "emptied comments",
            "SELECT count(*) FROM comments AS c WHERE deleted_at IS NOT NULL AND removed_at IS NULL AND (body <> '' OR user_id IS NOT NULL \
             OR (gone_at IS NULL) <> EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id AND gone_at IS NULL))",
        ),
        (
            "deleted posts on a page without comments, or on none with comments",
            "SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL AND removed_at IS NULL AND \
             (gone_at IS NULL) <> EXISTS (SELECT 1 FROM comments WHERE post_id = posts.id AND gone_at IS NULL)",
        ),
        (
            "rows that nothing brings back",
            "SELECT (SELECT count(*) FROM comments AS c WHERE gone_at IS NOT NULL AND (deleted_at IS NULL OR removed_at IS NOT NULL \
               OR NOT EXISTS (SELECT 1 FROM deletions WHERE comment_id = c.id) AND NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id))) \
             + (SELECT count(*) FROM posts AS p WHERE gone_at IS NOT NULL AND (deleted_at IS NULL OR removed_at IS NOT NULL \
               OR NOT EXISTS (SELECT 1 FROM deletions WHERE post_id = p.id) AND NOT EXISTS (SELECT 1 FROM comments WHERE post_id = p.id)))",
        ),
        (
            "deletions of what is not deleted",
            "SELECT count(*) FROM deletions AS d LEFT JOIN posts ON posts.id = d.post_id LEFT JOIN comments ON comments.id = d.comment_id \
             WHERE coalesce(posts.deleted_at, comments.deleted_at) IS NULL OR coalesce(posts.removed_at, comments.removed_at) IS NOT NULL",
        ),
        (
            "users at whom the tree of invitations does not begin",
            "SELECT count(*) FROM users WHERE NOT EXISTS (SELECT 1 FROM invitation_roots WHERE user_id = users.id) \
             AND NOT EXISTS (SELECT 1 FROM invitations WHERE invited_id = users.id AND inviter_id IS NOT NULL) \
             AND EXISTS (SELECT 1 FROM invitations WHERE invited_id = users.id OR inviter_id = users.id AND invited_id IS NOT NULL)",
        ),
        (
            "users at whom the tree of invitations begins and who were invited",
            "SELECT count(*) FROM invitation_roots JOIN invitations ON invited_id = user_id WHERE inviter_id IS NOT NULL",
        ),
        (
            "invitations of nobody",
            "SELECT count(*) FROM invitations WHERE inviter_id IS NULL AND invited_id IS NULL",
        ),
        ("descriptions", "SELECT (SELECT count(*) FROM posts) - (SELECT count(*) FROM descriptions)"),
    ] {
        assert_eq!(number(connection, sql), 0, "{counter}: rows that break the rule");
    }
}

/// The numbers that a query returns, in its order.
pub fn ids(connection: &Connection, sql: &str) -> Vec<i64> {
    let mut statement = connection.prepare(sql).expect(sql);
    statement.query_map([], |row| row.get(0)).expect(sql).collect::<Result<_, _>>().expect(sql)
}

/// Recomputes the counters after a test has changed rows.
pub fn recount(connection: &Connection) {
    connection
        .execute_batch(
            "UPDATE posts SET comments_count = (SELECT count(*) FROM comments WHERE post_id = posts.id AND deleted_at IS NULL),
                 score = 1 + (SELECT count(*) FROM post_votes WHERE post_id = posts.id)
                     + coalesce((SELECT points FROM imported_points WHERE post_id = posts.id), 0);
             UPDATE comments SET score = 1 + (SELECT count(*) FROM comment_votes WHERE comment_id = comments.id);
             UPDATE users SET posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id AND deleted_at IS NULL),
                 comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id AND deleted_at IS NULL),
                 sessions_count = (SELECT count(*) FROM sessions WHERE user_id = users.id),
                 karma = (SELECT coalesce(sum(score - 1), 0) FROM posts WHERE user_id = users.id AND deleted_at IS NULL)
                     + (SELECT coalesce(sum(score - 1), 0) FROM comments WHERE user_id = users.id AND deleted_at IS NULL);",
        )
        .expect("the schema is known");
    assert_sound(connection);
}

/// The configuration of `lorem-news demo` on a free port. Sessions live for a hundred years, since tests
/// create old ones.
pub fn config(database: &Path) -> Config {
    let local = Config::local(database.to_owned(), ([127, 0, 0, 1], 0).into());
    Config { session_days: 36_500, server_timing: true, ..local }
}

/// The whole site in this process. Dropping it stops the server.
pub struct Site {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// The folder of the database.
    pub folder: TempDir,
    /// The names of its cookies.
    pub cookie_names: CookieNames,
    stopper: Stopper,
    thread: Option<JoinHandle<Drained>>,
}

impl Site {
    /// Starts the demo site with 20 posts.
    pub fn start() -> Site {
        Site::with(20, |_| {})
    }

    /// Starts a site without users and posts.
    pub fn empty() -> Site {
        Site::with(0, |_| {})
    }

    /// Starts the demo site with `posts` posts (0: without users, too) and a configuration that `change` has
    /// adapted.
    pub fn with(posts: u32, change: impl FnOnce(&mut Config)) -> Site {
        let (folder, database) = folder();
        let mut config = config(&database);
        change(&mut config);
        if posts > 0 {
            seeded(&config.database, posts);
        }
        let server = app::bind(&config).expect("port 0 is free");
        let (address, stopper) = (server.address(), server.stopper());
        let app = App::open(config).expect("the database opens");
        let cookie_names = app.site.cookie_names.clone();
        let thread = thread::spawn(move || app::serve(server, app).expect("the database closes"));
        Site { address, folder, cookie_names, stopper, thread: Some(thread) }
    }

    /// A second connection to the site's database.
    pub fn database(&self) -> Connection {
        open(&self.folder.path().join("news.sqlite3"))
    }

    /// Sends a GET request.
    pub fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[])
    }

    /// Sends a POST request without a body.
    pub fn post(&self, path: &str) -> Answer {
        ask(self.address, "POST", path, &[])
    }

    /// Sends a request without a body.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, method, path, headers)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("dropped once").expect("the server stops without a panic");
        }
    }
}

/// The HTTP server without the site, with any handler. Dropping it stops the server.
pub struct BareServer {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// Stops the server.
    pub stopper: Stopper,
    /// Receives the result of the drain when the server has stopped.
    pub drained: Receiver<Drained>,
}

impl BareServer {
    /// Starts a server on a free port.
    pub fn start<H>(options: Options, handler: H) -> BareServer
    where
        H: Fn(&rouille::Request) -> rouille::Response + Send + Sync + 'static,
    {
        let server = Server::bind("127.0.0.1:0", options).expect("port 0 is free");
        let (address, stopper) = (server.address(), server.stopper());
        let (sender, drained) = channel();
        thread::spawn(move || sender.send(server.run(handler)));
        BareServer { address, stopper, drained }
    }

    /// Opens a connection.
    pub fn connect(&self) -> Raw {
        Raw::connect(self.address)
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// The real program as a running server. Dropping it kills the process.
pub struct Program {
    /// The address on which it listens.
    pub address: SocketAddr,
    child: Child,
    lines: Mutex<Receiver<String>>,
    log: Arc<Mutex<String>>,
    log_reader: JoinHandle<()>,
}

impl Program {
    /// Starts `lorem-news serve --benchmarking --relax-ssl` on the database, with more arguments and no access
    /// log.
    pub fn serve(database: &Path, more: &[&str]) -> Program {
        let mut command = program(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"]);
        command.arg("--database").arg(database).args(more).env("RUST_LOG", "info,access=off");
        Program::start(command)
    }

    /// Starts the command and waits until it prints its address.
    pub fn start(mut command: Command) -> Program {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, written) = (child.stderr.take().expect("the stream is piped"), Arc::clone(&log));
        let log_reader = thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = written.lock().expect("nothing panics with the lock held");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("the stream is piped");
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let line = lines.recv_timeout(TIMEOUT).unwrap_or_default();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let (address_of_none, lines) = (([127, 0, 0, 1], 0).into(), Mutex::new(lines));
        let mut program = Program { address: address_of_none, child, lines, log, log_reader };
        program.address = address.unwrap_or_else(|| panic!("{line:?} is no address\n{}", program.log()));
        program
    }

    /// The next line that it prints after its address.
    pub fn line(&self) -> String {
        let lines = self.lines.lock().expect("nothing panics with the lock held");
        lines.recv_timeout(TIMEOUT).unwrap_or_else(|_| panic!("it prints nothing more\n{}", self.log()))
    }

    /// The lines that it has written to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("nothing panics with the lock held").clone()
    }

    /// Waits until its log contains `text`. Another thread reads the log, so a line can arrive late.
    pub fn await_log(&self, text: &str) {
        let why = || format!("{text:?} is not in\n{}", self.log());
        eventually_or(why, || self.log().contains(text).then_some(()));
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(sent.success(), "{kill}");
    }

    /// Kills it, and waits until it has ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("it is a child of this process");
    }

    /// Waits until it has ended and its log is read to the end.
    pub fn exit(&mut self) -> ExitStatus {
        let wait = || self.child.try_wait().expect("it is a child of this process");
        let status = eventually("the program ends", wait);
        eventually("its log ends", || self.log_reader.is_finished().then_some(()));
        status
    }

    /// The resident memory, in KiB.
    pub fn resident(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("the process runs");
        let line =
            status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line of /proc/PID/status");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
    }

    /// Sends a GET request.
    pub fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[])
    }

    /// Sends a POST request without a body.
    pub fn post(&self, path: &str) -> Answer {
        ask(self.address, "POST", path, &[])
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command of the program with these arguments and an empty environment.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(own_program());
    command.env_clear().args(arguments);
    command
}

/// A command of the program about a database, in an empty environment.
pub fn on(database: &Path, arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    command.arg("--database").arg(database);
    command
}

/// Runs the program with these arguments until it ends.
pub fn run(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program starts")
}

/// An HTTP response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The names and values of the headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body; empty for a response to HEAD.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1.as_str())
    }

    /// The body as text. Panics when it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// Whether it has `Connection: close`.
    pub fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The session cookie that it sets: `id.secret`.
    pub fn session(&self) -> &str {
        self.cookie("session").expect("a session cookie")
    }

    /// The value of a cookie that it sets, by its name without the letters of the database.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.iter().filter(|header| header.0.eq_ignore_ascii_case("Set-Cookie"));
        let pairs = cookies.filter_map(|header| header.1.split(';').next()?.split_once('='));
        pairs.filter(|(full, _)| without_letters(full) == name).map(|(_, value)| value).next()
    }

    /// The id of the session that its cookie names.
    pub fn session_id(&self) -> i64 {
        self.session().split('.').next().and_then(|id| id.parse().ok()).expect("a session id")
    }

    /// The body as a parsed HTML page.
    pub fn html(&self) -> scraper::Html {
        scraper::Html::parse_document(self.text())
    }
}

/// A cookie's name without the eight letters of the database.
pub fn without_letters(full: &str) -> &str {
    match full.rsplit_once('_') {
        Some((name, letters)) if letters.len() == 8 => name,
        _ => full,
    }
}

/// The texts of all elements that match the selector. A no-break space counts as a space.
pub fn texts(html: &scraper::Html, selector: &str) -> Vec<String> {
    let selector = scraper::Selector::parse(selector).expect("a selector");
    html.select(&selector).map(|element| element.text().collect::<String>().replace('\u{a0}', " ")).collect()
}

/// The values of an attribute of all elements that match the selector and have it.
pub fn attributes(html: &scraper::Html, selector: &str, name: &str) -> Vec<String> {
    let selector = scraper::Selector::parse(selector).expect("a selector");
    html.select(&selector).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
}

/// Sends a request without a body on a new connection.
pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut raw = Raw::connect(address);
    raw.ask(method, path, headers);
    if method == "HEAD" { raw.head() } else { raw.answer() }
}

/// A client on one TCP connection that sends any bytes.
pub struct Raw {
    /// The connection.
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    /// Opens a connection. Reads and writes fail after [`TIMEOUT`].
    pub fn connect(address: SocketAddr) -> Raw {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout can be set");
        stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("an option can be set");
        Raw { stream, received: Vec::new() }
    }

    /// Sends bytes. Panics when the server has closed the connection.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server receives");
    }

    /// Sends bytes to a server that may have closed the connection.
    ///
    /// # Errors
    /// Any error of the write.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends the head of a request with a `Host` header, and no body.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host()));
    }

    /// The address of the server.
    pub fn host(&self) -> SocketAddr {
        self.stream.peer_addr().expect("the connection is open")
    }

    /// Closes the sending half of the connection; receiving still works.
    pub fn end(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Receives the next response with its body. Panics when there is none.
    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("a response")
    }

    /// Receives the next response with its body.
    ///
    /// # Errors
    /// `UnexpectedEof` when the server closes before the response is complete, and any other error of the read.
    pub fn try_answer(&mut self) -> std::io::Result<Answer> {
        let mut answer = self.try_head()?;
        let bodiless = answer.status < 200 || matches!(answer.status, 204 | 304);
        if !bodiless {
            let length = answer.header("Content-Length").and_then(|length| length.parse().ok());
            let length: usize = length.unwrap_or_else(|| panic!("no Content-Length: {answer:?}"));
            while self.received.len() < length {
                self.receive()?;
            }
            answer.body = self.received.drain(..length).collect();
        }
        Ok(answer)
    }

    /// Receives the next response to a HEAD request, which has no body.
    pub fn head(&mut self) -> Answer {
        self.try_head().expect("a response")
    }

    fn try_head(&mut self) -> std::io::Result<Answer> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            self.receive()?;
        };
        let head: Vec<u8> = self.received.drain(..end + 4).collect();
        let head = std::str::from_utf8(&head[..end]).expect("a head is text");
        let mut lines = head.split("\r\n");
        let status = lines.next().expect("split gives one at least");
        let status = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {head:?}"));
        let headers = lines
            .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?} in {head:?}")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Answer { status, headers, body: Vec::new() })
    }

    fn receive(&mut self) -> std::io::Result<()> {
        let mut bytes = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.received.extend_from_slice(&bytes[..read]);
                    return Ok(());
                }
                // The system does not resume a read with a timeout after a signal.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Receives the next server-sent event: its name, and its data in one line.
    pub fn event(&mut self) -> (String, String) {
        let end = loop {
            if let Some(end) = self.received.windows(2).position(|bytes| bytes == b"\n\n") {
                break end;
            }
            self.receive().expect("an event");
        };
        let event: Vec<u8> = self.received.drain(..end + 2).collect();
        let event = std::str::from_utf8(&event[..end]).expect("an event is text");
        let parts = event.strip_prefix("event: ").and_then(|rest| rest.split_once("\ndata: "));
        let (name, data) = parts.unwrap_or_else(|| panic!("no event: {event:?}"));
        (name.to_owned(), data.to_owned())
    }

    /// Receives all bytes until the server closes the connection.
    ///
    /// # Errors
    /// A reset by the server, and any other error of the read.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.received);
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// Panics unless the server closes the connection and sends nothing more.
    pub fn assert_closed(&mut self) {
        let rest = self.rest().expect("a close, not a reset");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

/// A new temporary folder, and the path of a database in it, which does not exist yet.
pub fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("news.sqlite3");
    (folder, database)
}

/// The built program: cargo puts it into the parent of the tests' folder.
fn own_program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let folder = test.ancestors().nth(2).expect("target/debug/deps/TEST");
    folder.join(format!("lorem-news{}", std::env::consts::EXE_SUFFIX))
}

//! What the tests share: a site in this process, the program as a process of its own, and a client
//! that says exactly what it is told to.

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
use lorem_news::schema::SCHEMA;
use lorem_news::site::config::Config;
use lorem_news::{search, seed};
use lorem_store::Database;
use rusqlite::Connection;
use tempfile::TempDir;

/// After so long something that must happen has not happened. No test is as slow as this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until there is an answer; panics with `what` when there is none for [`PATIENCE`].
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    eventually_or(|| what.to_owned(), ask)
}

/// The same; what is said in the end is only known then.
pub fn eventually_or<T>(what: impl Fn() -> String, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "in vain: {}", what());
        thread::sleep(Duration::from_millis(5));
    }
}

/// A database with the demo's hundred people and so many posts, closed again.
pub fn seeded(database: &Path, posts: u32) {
    let db = Database::open(database, &SCHEMA).expect("a new database opens");
    seed::run(&db, 7, posts, |_| {}).expect("an empty database is seeded");
    db.close().expect("it closes");
    // Without its links, votes, replies and what was taken away: a test makes those that it looks at, and
    // counts from nothing.
    let connection = open(database);
    connection
        .execute_batch(
            "UPDATE posts SET url = NULL, site = NULL, address = NULL, score = 1, hotness = created_at;
             UPDATE comments SET score = 1, parent_id = NULL, depth = 0;
             DELETE FROM comments WHERE deleted_at IS NOT NULL;
             DELETE FROM post_votes;
             DELETE FROM comment_votes;
             UPDATE users SET karma = 0;",
        )
        .expect("the schema is known");
    // The index of words has followed: nothing is left to be done beside what a test does.
    while search::sql::index_some(&connection).expect("a step") {}
}

/// A connection of another program to the same database.
pub fn open(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("the database opens");
    connection.busy_timeout(PATIENCE).expect("a time-out can be set");
    connection.pragma_update(None, "foreign_keys", true).expect("a pragma can be set");
    connection
}

/// The single number that a query gives.
pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Panics unless the file is sound, all its references lead somewhere, and all counters are what
/// counting gives.
pub fn assert_sound(connection: &Connection) {
    // FTS5 remembers where its words are, and only a query makes it look whether others have moved them:
    // the check alone would miss what is not there any more (SQLite 3.53.2).
    number(connection, "SELECT (SELECT count(*) FROM post_words) + (SELECT count(*) FROM comment_words)");
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("the database can be checked");
    assert_eq!(integrity, "ok");
    assert_eq!(number(connection, "SELECT count(*) FROM pragma_foreign_key_check"), 0, "lost references");
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
            "posts.score",
            "SELECT count(*) FROM posts WHERE score <> 1 + (SELECT count(*) FROM post_votes WHERE post_id = posts.id)",
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
            "votes for one's own",
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
            "cases of what is gone",
            "SELECT count(*) FROM cases LEFT JOIN posts ON posts.id = cases.post_id \
             LEFT JOIN comments ON comments.id = cases.comment_id \
             WHERE posts.deleted_at IS NOT NULL OR comments.deleted_at IS NOT NULL",
        ),
        ("banned admins", "SELECT count(*) FROM users WHERE is_admin AND banned_at IS NOT NULL"),
        (
            "emptied comments",
            "SELECT count(*) FROM comments AS c WHERE deleted_at IS NOT NULL AND removed_at IS NULL AND (body <> '' OR user_id IS NOT NULL \
             OR NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id))",
        ),
        ("descriptions", "SELECT (SELECT count(*) FROM posts) - (SELECT count(*) FROM descriptions)"),
    ] {
        assert_eq!(number(connection, sql), 0, "{counter} is not what counting gives");
    }
}

pub fn ids(connection: &Connection, sql: &str) -> Vec<i64> {
    let mut statement = connection.prepare(sql).expect(sql);
    statement.query_map([], |row| row.get(0)).expect(sql).collect::<Result<_, _>>().expect(sql)
}

/// Makes the counters what counting gives, after a test has moved rows about.
pub fn recount(connection: &Connection) {
    connection
        .execute_batch(
            "UPDATE posts SET comments_count = (SELECT count(*) FROM comments WHERE post_id = posts.id AND deleted_at IS NULL),
                 score = 1 + (SELECT count(*) FROM post_votes WHERE post_id = posts.id);
             UPDATE comments SET score = 1 + (SELECT count(*) FROM comment_votes WHERE comment_id = comments.id);
             UPDATE users SET posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id),
                 comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id),
                 sessions_count = (SELECT count(*) FROM sessions WHERE user_id = users.id),
                 karma = (SELECT coalesce(sum(score - 1), 0) FROM posts WHERE user_id = users.id)
                     + (SELECT coalesce(sum(score - 1), 0) FROM comments WHERE user_id = users.id);",
        )
        .expect("the schema is known");
    assert_sound(connection);
}

/// As `lorem-news demo` has it, on a port that is free. Sessions are kept however old they are: tests
/// make old ones.
pub fn config(database: &Path) -> Config {
    let local = Config::local(database.to_owned(), ([127, 0, 0, 1], 0).into());
    Config { session_days: 36_500, server_timing: true, ..local }
}

/// The whole site in this process. It stops when it is dropped.
pub struct Site {
    pub address: SocketAddr,
    pub folder: TempDir,
    stopper: Stopper,
    thread: Option<JoinHandle<Drained>>,
}

impl Site {
    /// As `lorem-news demo` would serve it, with 20 posts.
    pub fn start() -> Site {
        Site::with(20, |_| {})
    }

    /// The same without people and posts.
    pub fn empty() -> Site {
        Site::with(0, |_| {})
    }

    /// With so many posts (0: not even people) and the configuration changed by `change`.
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
        let thread = thread::spawn(move || app::serve(server, app).expect("the database closes"));
        Site { address, folder, stopper, thread: Some(thread) }
    }

    /// Another program's connection to the site's database.
    pub fn database(&self) -> Connection {
        open(&self.folder.path().join("news.sqlite3"))
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[])
    }

    pub fn post(&self, path: &str) -> Answer {
        ask(self.address, "POST", path, &[])
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address, method, path, headers)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("dropped once").expect("the server ends in peace");
        }
    }
}

/// The server without the site: it serves a closure.
pub struct Bare {
    pub address: SocketAddr,
    pub stopper: Stopper,
    /// Gets how the server's end went.
    pub drained: Receiver<Drained>,
}

impl Bare {
    pub fn start<H>(options: Options, handler: H) -> Bare
    where
        H: Fn(&rouille::Request) -> rouille::Response + Send + Sync + 'static,
    {
        let server = Server::bind("127.0.0.1:0", options).expect("port 0 is free");
        let (address, stopper) = (server.address(), server.stopper());
        let (sender, drained) = channel();
        thread::spawn(move || sender.send(server.run(handler)));
        Bare { address, stopper, drained }
    }

    pub fn connect(&self) -> Raw {
        Raw::connect(self.address)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// The real program, serving. It is killed when it is dropped.
pub struct Program {
    pub address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Program {
    /// `lorem-news serve --benchmarking --relax-ssl` on the database, with more arguments
    /// and no access log.
    pub fn serve(database: &Path, more: &[&str]) -> Program {
        let mut command = program(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"]);
        command.arg("--database").arg(database).args(more).env("RUST_LOG", "info,access=off");
        Program::start(command)
    }

    /// Runs the command and waits until it says where it listens.
    pub fn start(mut command: Command) -> Program {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, written) = (child.stderr.take().expect("it is piped"), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = written.lock().expect("nothing panics while it is held");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("it is piped");
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let line = lines.recv_timeout(PATIENCE).unwrap_or_default();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let mut program = Program { address: ([127, 0, 0, 1], 0).into(), child, log };
        program.address = address.unwrap_or_else(|| panic!("{line:?} is no address\n{}", program.log()));
        program
    }

    /// What it has written to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("nothing panics while it is held").clone()
    }

    /// Waits until it has written `text` there: what it says arrives by another thread.
    pub fn await_log(&self, text: &str) {
        let why = || format!("{text:?} is not in\n{}", self.log());
        eventually_or(why, || self.log().contains(text).then_some(()));
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(sent.success(), "{kill}");
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it was started here");
    }

    /// Waits for its end.
    pub fn exit(&mut self) -> ExitStatus {
        eventually("the program ends", || self.child.try_wait().expect("it was started here"))
    }

    /// Memory in use, in KiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it is running");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux says it");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
    }

    pub fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[])
    }

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

/// The program with these arguments, and nothing in its environment that could change what it does.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(own_program());
    command.env_clear().args(arguments);
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program starts")
}

/// A response, taken apart.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// Whether it announces the end of the connection.
    pub fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The session cookie that it sets, `id.secret`.
    pub fn session(&self) -> &str {
        let cookie = self.header("Set-Cookie").expect("a cookie is set");
        cookie.strip_prefix("session=").and_then(|rest| rest.split(';').next()).expect("a session cookie")
    }

    /// The number of the session row.
    pub fn session_id(&self) -> i64 {
        self.session().split('.').next().and_then(|id| id.parse().ok()).expect("a row's number")
    }

    pub fn html(&self) -> scraper::Html {
        scraper::Html::parse_document(self.text())
    }
}

/// The texts of all elements that the selector finds. A space at which no line is broken is a space.
pub fn texts(html: &scraper::Html, selector: &str) -> Vec<String> {
    let selector = scraper::Selector::parse(selector).expect("a selector");
    html.select(&selector).map(|element| element.text().collect::<String>().replace('\u{a0}', " ")).collect()
}

/// The values of an attribute of all elements that the selector finds.
pub fn attributes(html: &scraper::Html, selector: &str, name: &str) -> Vec<String> {
    let selector = scraper::Selector::parse(selector).expect("a selector");
    html.select(&selector).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
}

/// One request on a connection of its own.
pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut raw = Raw::connect(address);
    raw.ask(method, path, headers);
    if method == "HEAD" { raw.head() } else { raw.answer() }
}

/// A client that sends the bytes it is told to.
pub struct Raw {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    pub fn connect(address: SocketAddr) -> Raw {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time-out can be set");
        stream.set_nodelay(true).expect("an option can be set");
        Raw { stream, received: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes it");
    }

    /// As [`Raw::send`], to a server that may have closed.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// A request with a Host header and no body.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host()));
    }

    pub fn host(&self) -> SocketAddr {
        self.stream.peer_addr().expect("it is connected")
    }

    /// Says that no more will be sent, and goes on reading.
    pub fn end(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("it is connected");
    }

    /// The next response with its body.
    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("an answer")
    }

    /// The same; `UnexpectedEof` when the server closes before it is whole.
    pub fn try_answer(&mut self) -> std::io::Result<Answer> {
        let mut answer = self.try_head()?;
        let bodiless = answer.status < 200 || matches!(answer.status, 204 | 304);
        if !bodiless {
            let length = answer.header("Content-Length").and_then(|length| length.parse().ok());
            let length: usize = length.unwrap_or_else(|| panic!("no length: {answer:?}"));
            while self.received.len() < length {
                self.receive()?;
            }
            answer.body = self.received.drain(..length).collect();
        }
        Ok(answer)
    }

    /// The next response to a HEAD: what follows is not its body.
    pub fn head(&mut self) -> Answer {
        self.try_head().expect("an answer")
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
                // A read with a time-out is not resumed by the system after a signal.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What comes until the server closes in peace: a reset is an error.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = std::mem::take(&mut self.received);
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// Panics unless the server closes without another word.
    pub fn assert_closed(&mut self) {
        let rest = self.rest().expect("a close, not a reset");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

/// A folder of its own with the place for a database in it.
pub fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("news.sqlite3");
    (folder, database)
}

/// The built program: cargo puts it into the folder above the tests'.
fn own_program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let folder = test.ancestors().nth(2).expect("target/debug/deps/TEST");
    folder.join(format!("lorem-news{}", std::env::consts::EXE_SUFFIX))
}

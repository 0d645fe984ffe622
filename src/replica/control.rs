//! Speaks with the Litestream that runs, over its control socket.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, SockAddr, Socket, Type};

use super::folder::Folder;

/// An answer has no more bytes than this.
const LONGEST: usize = 64 * 1024;
/// It waits somewhat longer than Litestream does, so that it is Litestream that says why.
const SLACK: Duration = Duration::from_secs(2);

/// Why it is not known how far the replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Nobody can be asked.
    NotRunning,
    /// Nobody answers in time.
    Silent,
    /// Litestream says why.
    Said(String),
    /// It was cut off, or is not understood.
    Unclear(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::NotRunning => f.write_str("Litestream does not run"),
            Error::Silent => f.write_str("Litestream does not answer"),
            Error::Said(why) => write!(f, "Litestream says: {why}"),
            Error::Unclear(why) => write!(f, "Litestream cannot be asked: {why}"),
        }
    }
}

/// How far the replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Litestream's number of the newest transaction in the database.
    pub local: u64,
    /// And of the newest in the replica.
    pub replicated: u64,
}

/// Returns when all that has been written until now is in the replica.
///
/// # Errors
/// Nobody answers, or not within `patience`, or Litestream says why not.
pub fn sync(folder: &Folder, patience: Duration) -> Result<Position, Error> {
    let path = folder.database().to_string_lossy();
    let body = json!({ "path": path, "wait": true, "timeout": patience.as_secs().max(1) });
    let answer = ask(&folder.socket(), "/sync", &body, patience + SLACK)?;
    let number = |name: &str| answer[name].as_u64().ok_or_else(|| Error::Unclear(answer.to_string()));
    Ok(Position { local: number("txid")?, replicated: number("replicated_txid")? })
}

fn ask(socket: &Path, path: &str, body: &Value, patience: Duration) -> Result<Value, Error> {
    let answer = exchange(socket, path, &body.to_string(), patience).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Error::NotRunning,
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Silent,
        _ => Error::Unclear(error.to_string()),
    })?;
    let unclear = |what: &str| Error::Unclear(format!("its answer is no {what}"));
    let (status, body) = parse(&answer).ok_or_else(|| unclear("HTTP"))?;
    let body: Value = serde_json::from_slice(body).map_err(|_| unclear("JSON"))?;
    match (status, body["error"].as_str()) {
        (200, None) => Ok(body),
        (_, Some(error)) => Err(Error::Said(error.to_owned())),
        (status, None) => Err(Error::Unclear(format!("its answer has status {status}"))),
    }
}

/// HTTP/1.0: an answer ends with its connection, and never comes in pieces.
fn exchange(socket: &Path, path: &str, body: &str, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let connection = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    connection.connect_timeout(&SockAddr::unix(socket)?, patience)?;
    let mut connection = UnixStream::from(OwnedFd::from(connection));
    connection.set_write_timeout(Some(patience))?;
    let length = body.len();
    connection.write_all(
        format!("POST {path} HTTP/1.0\r\nHost: litestream\r\nContent-Length: {length}\r\n\r\n{body}")
            .as_bytes(),
    )?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || answer.len() > LONGEST {
            return Err(io::ErrorKind::TimedOut.into());
        }
        connection.set_read_timeout(Some(left))?;
        match connection.read(&mut part) {
            Ok(0) => return Ok(answer),
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The status and the body of an answer.
fn parse(answer: &[u8]) -> Option<(u16, &[u8])> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    match head.parse(answer).ok()? {
        httparse::Status::Complete(length) => Some((head.code?, &answer[length..])),
        httparse::Status::Partial => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// What is understood of an answer.
    fn understood(answer: &'static str) -> Result<Value, Error> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let mut asked = [0; 1024];
            let length = client.read(&mut asked).expect("a request");
            client.write_all(answer.as_bytes()).expect("it listens");
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let said = ask(&socket, "/sync", &json!({ "wait": true }), Duration::from_secs(30));
        let asked = server.join().expect("no panic");
        assert!(
            asked.starts_with("POST /sync HTTP/1.0\r\n") && asked.ends_with("{\"wait\":true}"),
            "{asked}"
        );
        said
    }

    #[test]
    fn answers_and_refusals_are_understood() {
        assert_eq!(understood("HTTP/1.0 200 OK\r\n\r\n{\"txid\":7}").expect("an answer")["txid"], 7);
        let refused = understood("HTTP/1.0 500 No\r\nA: b\r\n\r\n{\"error\":\"no store\"}");
        assert_eq!(refused, Err(Error::Said("no store".into())));
        for wrong in
            ["", "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.0 404 No\r\n\r\n{}", "SSH-2.0\r\n"]
        {
            assert!(matches!(understood(wrong), Err(Error::Unclear(_))), "{wrong:?}");
        }
    }

    #[test]
    fn nobody_and_somebody_who_is_silent_are_told_apart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let ask = || ask(&socket, "/sync", &json!({}), Duration::from_millis(50)).expect_err("no answer");
        assert_eq!(ask(), Error::NotRunning);
        let _listener = UnixListener::bind(&socket).expect("a socket");
        assert_eq!(ask(), Error::Silent);
    }
}

//! A client for the control socket of a running Litestream.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, SockAddr, Socket, Type};

use super::folder::Folder;

/// The limit on a whole response, head and body.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// How much longer the client waits than Litestream, so that the error is Litestream's, with its reason.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(2);

/// The failure of a request to Litestream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No process listens on the socket.
    #[error("Litestream does not run")]
    NotRunning,
    /// The response did not come in time.
    #[error("Litestream does not answer")]
    TimedOut,
    /// Litestream reports an error.
    #[error("Litestream says: {0}")]
    Reported(String),
    /// The connection broke, or the response is malformed.
    #[error("Litestream cannot be asked: {0}")]
    Malformed(String),
}

/// How far the replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Litestream's number of the newest transaction in the database.
    pub local: u64,
    /// Litestream's number of the newest transaction in the replica.
    pub replicated: u64,
}

/// Has Litestream copy every write up to now, and waits until it has (a barrier).
///
/// # Errors
/// No response within `timeout` and a margin of 2 s, or Litestream reports an error.
pub fn sync(folder: &Folder, timeout: Duration) -> Result<Position, ControlError> {
    let path = folder.database().to_string_lossy();
    let body = json!({ "path": path, "wait": true, "timeout": timeout.as_secs().max(1) });
    let response = post(&folder.socket(), "/sync", &body, timeout + TIMEOUT_MARGIN)?;
    let number =
        |name: &str| response[name].as_u64().ok_or_else(|| ControlError::Malformed(response.to_string()));
    Ok(Position { local: number("txid")?, replicated: number("replicated_txid")? })
}

fn post(socket: &Path, path: &str, body: &Value, timeout: Duration) -> Result<Value, ControlError> {
    let response =
        exchange(socket, path, &body.to_string(), timeout).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NotRunning,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ControlError::TimedOut,
            _ => ControlError::Malformed(error.to_string()),
        })?;
    let malformed = |format: &str| ControlError::Malformed(format!("its answer is no {format}"));
    let (status, body) = parse(&response).ok_or_else(|| malformed("HTTP"))?;
    let body: Value = serde_json::from_slice(body).map_err(|_| malformed("JSON"))?;
    match (status, body["error"].as_str()) {
        (200, None) => Ok(body),
        (_, Some(error)) => Err(ControlError::Reported(error.to_owned())),
        (status, None) => Err(ControlError::Malformed(format!("its answer has status {status}"))),
    }
}

/// Sends a request and reads the response in HTTP/1.0, where a response ends with the connection and is never
/// chunked.
fn exchange(socket: &Path, path: &str, body: &str, timeout: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + timeout;
    let connection = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    connection.connect_timeout(&SockAddr::unix(socket)?, timeout)?;
    let mut connection = UnixStream::from(OwnedFd::from(connection));
    connection.set_write_timeout(Some(timeout))?;
    let length = body.len();
    connection.write_all(
        format!("POST {path} HTTP/1.0\r\nHost: litestream\r\nContent-Length: {length}\r\n\r\n{body}")
            .as_bytes(),
    )?;
    let (mut response, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || response.len() > MAX_RESPONSE_BYTES {
            return Err(io::ErrorKind::TimedOut.into());
        }
        connection.set_read_timeout(Some(left))?;
        match connection.read(&mut buffer) {
            Ok(0) => return Ok(response),
            Ok(read) => response.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The status and the body of a response.
fn parse(response: &[u8]) -> Option<(u16, &[u8])> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    match head.parse(response).ok()? {
        httparse::Status::Complete(length) => Some((head.code?, &response[length..])),
        httparse::Status::Partial => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// The result of a request that gets this response.
    fn result_of(response: &'static str) -> Result<Value, ControlError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let mut buffer = [0; 1024];
            let length = client.read(&mut buffer).expect("a request");
            client.write_all(response.as_bytes()).expect("the client reads");
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        });
        let result = post(&socket, "/sync", &json!({ "wait": true }), Duration::from_secs(30));
        let request = server.join().expect("no panic");
        assert!(
            request.starts_with("POST /sync HTTP/1.0\r\n") && request.ends_with("{\"wait\":true}"),
            "{request}"
        );
        result
    }

    #[test]
    fn responses_and_errors_are_parsed() {
        assert_eq!(result_of("HTTP/1.0 200 OK\r\n\r\n{\"txid\":7}").expect("a response")["txid"], 7);
        let refused = result_of("HTTP/1.0 500 No\r\nA: b\r\n\r\n{\"error\":\"no store\"}");
        assert_eq!(refused, Err(ControlError::Reported("no store".into())));
        for wrong in
            ["", "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.0 404 No\r\n\r\n{}", "SSH-2.0\r\n"]
        {
            assert!(matches!(result_of(wrong), Err(ControlError::Malformed(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_missing_and_a_silent_litestream_are_told_apart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let error = || {
            post(&socket, "/sync", &json!({}), Duration::from_millis(50)).expect_err("there is no response")
        };
        assert_eq!(error(), ControlError::NotRunning);
        let _listener = UnixListener::bind(&socket).expect("a socket");
        assert_eq!(error(), ControlError::TimedOut);
    }
}

//! A mail server for tests. The protocol is that of the crate mailin; the server takes, refuses, hangs and dies as a test
//! wants it.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use mailin::{Action, Handler, Response, SessionBuilder, response};

/// A mail that a server has taken.
#[derive(Debug, Clone)]
pub struct Received {
    /// The receivers.
    pub to: Vec<String>,
    /// The head, with one header on each line.
    pub head: String,
    /// The text.
    pub text: String,
}

/// What a server does with the mails that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// It takes them.
    Takes,
    /// It answers each receiver with this code.
    Refuses(u16),
    /// It takes this number of them, reads the next one, and dies without an answer.
    DiesAfter(usize),
    /// It reads them and never answers.
    Hangs,
    /// It takes them and never answers.
    TakesInSilence,
}

/// A mail server in this process. Dropping it ends all its connections.
pub struct MailServer {
    /// The address on which it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    conduct: Mutex<Conduct>,
    received: Mutex<Vec<Received>>,
    /// The open connections; `None`: the server is dead.
    connections: Mutex<Option<Vec<TcpStream>>>,
    address: SocketAddr,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics with the lock held")
}

impl Shared {
    /// What is done with a mail that has come.
    fn next_conduct(&self) -> Conduct {
        let mut conduct = lock(&self.conduct);
        let now = *conduct;
        if let Conduct::DiesAfter(left) = &mut *conduct {
            *left = left.saturating_sub(1);
        }
        now
    }

    /// Ends all connections and wakes the thread that accepts.
    fn die(&self) {
        for connection in lock(&self.connections).take().into_iter().flatten() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
    }
}

impl MailServer {
    /// Starts a server on a free port that takes all mails.
    pub fn start() -> MailServer {
        MailServer::at(([127, 0, 0, 1], 0).into(), Conduct::Takes)
    }

    /// Starts a server at an address.
    pub fn at(address: SocketAddr, conduct: Conduct) -> MailServer {
        let listener = TcpListener::bind(address).expect("the port is free");
        let address = listener.local_addr().expect("it listens");
        let shared = Arc::new(Shared {
            conduct: Mutex::new(conduct),
            received: Mutex::default(),
            connections: Mutex::new(Some(Vec::new())),
            address,
        });
        let accepting = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(connections) = &mut *lock(&accepting.connections) else { break };
                connections.push(stream.try_clone().expect("a descriptor"));
                let shared = Arc::clone(&accepting);
                thread::spawn(move || {
                    serve(&stream, &shared);
                    // The list has a copy, which would keep it open.
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        MailServer { address, shared, thread: Some(thread) }
    }

    /// The URL of the server.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Changes what it does with further mails.
    pub fn set(&self, conduct: Conduct) {
        *lock(&self.shared.conduct) = conduct;
    }

    /// The mails that it has taken.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// The number of connections that were made, while it lives.
    pub fn connections(&self) -> usize {
        lock(&self.shared.connections).as_ref().map_or(0, Vec::len)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.shared.die();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The part of a session that is not the protocol.
struct Inbound<'s> {
    shared: &'s Shared,
    to: Vec<String>,
    data: Vec<u8>,
}

impl Handler for Inbound<'_> {
    fn mail(&mut self, _: IpAddr, _: &str, _: &str) -> Response {
        self.to.clear();
        self.data.clear();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.to.push(to.to_owned());
        match *lock(&self.shared.conduct) {
            Conduct::Refuses(code) => Response::custom(code, "Not this one".to_owned()),
            _ => response::OK,
        }
    }

    fn data(&mut self, data: &[u8]) -> std::io::Result<()> {
        self.data.extend_from_slice(data);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let conduct = self.shared.next_conduct();
        match conduct {
            Conduct::DiesAfter(0) => {
                self.shared.die();
                return response::NO_SERVICE;
            }
            Conduct::Hangs => hang(),
            _ => {}
        }
        let message = String::from_utf8_lossy(&self.data).into_owned();
        let (head, body) = message.split_once("\r\n\r\n").expect("a message has a head");
        let head = head.replace("\r\n ", " ");
        let is_quoted = head.contains("Content-Transfer-Encoding: quoted-printable");
        let text = if is_quoted { unquoted(body) } else { body.to_owned() };
        lock(&self.shared.received).push(Received { to: self.to.clone(), head, text });
        if conduct == Conduct::TakesInSilence {
            hang();
        }
        response::OK
    }
}

/// Never returns: the thread ends with the process.
fn hang() -> ! {
    loop {
        thread::park();
    }
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let Ok(peer) = stream.peer_addr() else { return };
    let inbound = Inbound { shared, to: Vec::new(), data: Vec::new() };
    let mut session = SessionBuilder::new("mail.example").build(peer.ip(), inbound);
    let mut answer = session.greeting();
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut bytes = Vec::new();
        if answer.action != Action::NoReply {
            answer.write_to(&mut bytes).expect("memory is written to");
        }
        if writer.write_all(&bytes).is_err() || answer.action == Action::Close {
            return;
        }
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => answer = session.process(&line),
            _ => return,
        }
    }
}

/// The text of a quoted-printable body (RFC 2045 §6.7).
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

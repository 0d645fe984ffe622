//! The hostile clients. Each function lasts until it is over, and returns the number of connections that it opened.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use socket2::{Domain, Socket, Type};

/// Clients that read a byte a second.
const SLOW_READERS: usize = 1_100;
/// Clients that do not read.
const NON_READERS: usize = 200;
/// Half bodies a second, and those that are open at once at most.
const HALF_BODIES_A_SECOND: u32 = 1_400;
const OPEN_HALF_BODIES: usize = 3_000;
/// Bytes of the receive buffer, and of a segment: the server has to wait for these clients soon.
const RECEIVE_BUFFER_BYTES: usize = 2048;
const SEGMENT_BYTES: u32 = 1400;
/// Time to connect: the server's backlog may be full.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A client with a narrow window that has sent these requests. `None`: it could not connect.
fn narrow(address: SocketAddr, requests: &str) -> Option<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).ok()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).ok()?;
    socket.set_tcp_mss(SEGMENT_BYTES).ok()?;
    socket.connect_timeout(&address.into(), CONNECT_TIMEOUT).ok()?;
    let mut stream = TcpStream::from(socket);
    stream.write_all(requests.as_bytes()).ok()?;
    stream.set_nonblocking(true).ok()?;
    Some(stream)
}

/// Whether the server has reset the connection; reported once. Bytes that arrived before can still be read.
fn is_reset(stream: &TcpStream) -> bool {
    stream.take_error().map_or(true, |error| error.is_some())
}

/// Ask for the file twice and read a byte a second. A client that the server closes connects again.
pub fn slow_readers(address: SocketAddr, asset: &str, over: &AtomicBool) -> Result<usize> {
    let requests = format!("GET {asset} HTTP/1.1\r\nHost: {address}\r\n\r\n").repeat(2);
    let mut readers: Vec<Option<TcpStream>> = (0..SLOW_READERS).map(|_| None).collect();
    let mut connections = 0;
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        for reader in &mut readers {
            let is_open = reader.as_mut().is_some_and(|stream| match stream.read(&mut [0]) {
                Ok(read) => read > 0 && !is_reset(stream),
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            });
            if !is_open {
                *reader = narrow(address, &requests);
                connections += usize::from(reader.is_some());
            }
            if over.load(Ordering::Relaxed) {
                break;
            }
        }
        pause(Duration::from_secs(1).saturating_sub(began.elapsed()), over);
    }
    Ok(connections)
}

/// Ask for the long page and do not read it. A client that the server closes connects again.
pub fn unread_pages(address: SocketAddr, over: &AtomicBool) -> Result<usize> {
    let request = format!("GET /posts/1 HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut clients: Vec<Option<TcpStream>> = (0..NON_READERS).map(|_| None).collect();
    let mut connections = 0;
    while !over.load(Ordering::Relaxed) {
        for client in &mut clients {
            let is_open = client.as_ref().is_some_and(|stream| !is_reset(stream));
            if !is_open {
                *client = narrow(address, &request);
                connections += usize::from(client.is_some());
            }
        }
        pause(Duration::from_secs(1), over);
    }
    Ok(connections)
}

/// Announce 100,000 bytes and send one, at a constant rate.
pub fn half_bodies(address: SocketAddr, over: &AtomicBool) -> Result<usize> {
    let request =
        format!("POST /sessions HTTP/1.1\r\nHost: {address}\r\nContent-Length: 100000\r\n\r\nx").into_bytes();
    let mut open = VecDeque::new();
    let began = Instant::now();
    let mut connections = 0;
    for number in 1.. {
        let sent = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)
            .and_then(|mut stream| stream.write_all(&request).map(|()| stream));
        if let Ok(stream) = sent {
            open.push_back(stream);
            connections += 1;
        }
        if open.len() > OPEN_HALF_BODIES {
            open.pop_front();
        }
        pause((Duration::from_secs(1) * number / HALF_BODIES_A_SECOND).saturating_sub(began.elapsed()), over);
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(connections)
}

/// Waits for this time, or until it is over.
fn pause(time: Duration, over: &AtomicBool) {
    const STEP: Duration = Duration::from_millis(20);
    let began = Instant::now();
    while began.elapsed() < time && !over.load(Ordering::Relaxed) {
        thread::sleep(time.saturating_sub(began.elapsed()).min(STEP));
    }
}

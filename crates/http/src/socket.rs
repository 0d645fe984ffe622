//! What the standard library does not offer on a stream: bytes at once, and a reset.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::SockRef;

/// Sends as many of the bytes as the system takes at once, possibly none, and returns their number.
///
/// # Errors
/// Those of the connection, such as a reset by the client.
pub(crate) fn send_now(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match send(stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            sent => return sent,
        }
    }
}

/// Receives the bytes that have arrived, without waiting for more.
///
/// # Errors
/// `WouldBlock` when there are none, and those of the connection.
pub(crate) fn receive_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(stream, buffer, RecvFlags::DONTWAIT)?.1)
}

/// Makes the system wake a waiting writer, and take its next bytes, already when fewer than `bytes` are unsent.
/// Otherwise it waits until a third of its buffer is free, which can be a megabyte: a client that reads without a
/// pause would seem to stand still for seconds. Without effect where the system does not know it.
pub(crate) fn limit_unsent(stream: &TcpStream, bytes: u32) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = SockRef::from(stream).set_tcp_notsent_lowat(bytes);
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = (stream, bytes);
}

/// Makes the close of the stream a reset, which drops the bytes that the client has not read. Otherwise the
/// system would keep them, and offer them to the client, for minutes after the connection was closed.
pub(crate) fn reset_on_close(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// The network by which a peer's connections are counted: an IPv4 address, or the /64 of an IPv6 address, which
/// is the size of one customer's network (RFC 6177).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_its_first_64_bits() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
        ] {
            let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
            assert_eq!(network(parse(address)), parse(expected));
        }
    }
}

//! Tells newcomers that the house is full, without holding up the accept loop.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// One thread that answers 503 and closes, a few at a time; more than it can hold are just closed.
pub(super) struct Refuser {
    queue: Option<SyncSender<TcpStream>>,
}

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nRetry-After: 2\r\nConnection: close\r\n\r\nAll connections are in use. Try again in a moment";

impl Refuser {
    pub(super) fn start() -> Refuser {
        let (sender, newcomers) = sync_channel::<TcpStream>(64);
        let spawned = thread::Builder::new().name("refuser".into()).spawn(move || {
            for newcomer in newcomers {
                let _ = tell(newcomer);
            }
        });
        if let Err(error) = &spawned {
            log::error!("no thread for the refuser: {error}");
        }
        Refuser { queue: spawned.is_ok().then_some(sender) }
    }

    pub(super) fn refuse(&self, newcomer: TcpStream) {
        if let Some(queue) = &self.queue {
            let _ = queue.try_send(newcomer);
        }
    }
}

/// The request is read as far as it has come: closing over unread bytes would reset the connection
/// and could take the answer with it.
fn tell(mut newcomer: TcpStream) -> std::io::Result<()> {
    newcomer.set_write_timeout(Some(Duration::from_millis(100)))?;
    newcomer.set_read_timeout(Some(Duration::from_millis(50)))?;
    newcomer.write_all(ANSWER)?;
    newcomer.shutdown(Shutdown::Write)?;
    let mut scrap = [0; 4096];
    for _ in 0..16 {
        if newcomer.read(&mut scrap)? == 0 {
            break;
        }
    }
    Ok(())
}

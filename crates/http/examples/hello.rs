//! Serves a greeting until SIGTERM or Ctrl-C, then answers the requests that were sent and ends.
//!
//!     cargo run -p lorem-http --example hello
//!     curl http://127.0.0.1:8080/reader

use std::error::Error;
use std::thread;

use lorem_http::{Limits, Options, Server};
use rouille::{Request, Response};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> Result<(), Box<dyn Error>> {
    let limits = Limits { max_connections: 256, ..Limits::default() };
    let server = Server::bind("127.0.0.1:8080", Options { limits, ..Options::default() })?;
    println!("http://{}", server.address());

    let stopper = server.stopper();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for _ in signals.forever() {
            stopper.stop();
        }
    });

    let stats = server.stats();
    let drained = server.run(greet);
    println!("{} connections cut, {} requests malformed", drained.aborted, stats.malformed_requests());
    Ok(())
}

fn greet(request: &Request) -> Response {
    match (request.method(), &*request.url()) {
        ("GET" | "HEAD", "/") => Response::text("Hello\n"),
        ("GET" | "HEAD", path) => Response::text(format!("Hello, {}\n", path.trim_start_matches('/'))),
        _ => Response::text("GET only\n").with_status_code(405).with_additional_header("Allow", "GET, HEAD"),
    }
}

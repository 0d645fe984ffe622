//! DevTools over a connection of one's own to each tab. (`headless_chrome` starts the browser and knows
//! the words; but it has one connection for all, on which each call waits a tenth of a second.)

use std::net::TcpStream;

use headless_chrome::protocol::cdp::types::Method;
use serde::Serialize;
use serde_json::Value;
use tungstenite::{Message, WebSocket};

use crate::harness::PATIENCE;

/// A connection to a tab, or to the browser as a whole.
pub struct Wire {
    socket: WebSocket<TcpStream>,
    calls: u32,
    told: Told,
}

/// What a browser has told about the pages that it showed.
#[derive(Default)]
pub struct Told {
    /// Errors and warnings, what the security policy stopped, and what moved while a page was loaded.
    pub faults: Vec<String>,
    /// The addresses of all pages.
    pub addresses: Vec<String>,
    /// The last thing that it was asked to say: everything before it has been heard.
    pub word: String,
}

impl Wire {
    pub fn connect(address: &str) -> Wire {
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).expect("an address");
        let stream = TcpStream::connect(host).expect("the browser listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        stream.set_nodelay(true).expect("an option can be set");
        let (socket, _) = tungstenite::client(address, stream).expect("the browser speaks DevTools");
        Wire { socket, calls: 0, told: Told::default() }
    }

    /// Says it and hears what is told until the answer comes; an error is the browser's refusal.
    pub fn call<M: Method + Serialize>(&mut self, method: M) -> Result<M::ReturnObject, String> {
        self.calls += 1;
        let id = self.calls;
        let call = serde_json::to_string(&method.to_method_call(id)).expect("it is JSON");
        self.socket.send(Message::text(call)).expect("the browser listens");
        loop {
            let message = self.socket.read().expect("the browser answers");
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text).expect("it is JSON");
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    return Err(error.to_string());
                }
                return serde_json::from_value(message["result"].take()).map_err(|error| error.to_string());
            }
            self.told.hear(&message);
        }
    }

    pub fn told(&mut self) -> &mut Told {
        &mut self.told
    }
}

impl Told {
    fn hear(&mut self, event: &Value) {
        let params = &event["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match event["method"].as_str().unwrap_or_default() {
            "Log.entryAdded" => {
                let entry = &params["entry"];
                if entry["level"] == "warning" || entry["level"] == "error" {
                    self.faults.push(format!("{} {}", text(&entry["text"]), text(&entry["url"])));
                }
            }
            "Runtime.exceptionThrown" => self.faults.push(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => {
                let words = params["args"].as_array().map(Vec::as_slice).unwrap_or_default();
                let said: Vec<String> = words.iter().map(|word| text(&word["value"])).collect();
                match params["type"].as_str().unwrap_or_default() {
                    "error" | "warning" | "assert" => self.faults.push(said.join(" ")),
                    "debug" => self.word = said.join(" "),
                    _ => {}
                }
            }
            "Page.frameNavigated" => self.addresses.push(text(&params["frame"]["url"])),
            _ => {}
        }
    }
}

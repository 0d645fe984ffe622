//! A DevTools connection for each tab. `headless_chrome` starts the browser and defines the protocol's types, but its
//! own connection is shared by all tabs, and each call on it waits a tenth of a second.

use std::net::TcpStream;

use headless_chrome::protocol::cdp::types::Method;
use serde::Serialize;
use serde_json::Value;
use tungstenite::{Message, WebSocket};

use crate::harness::TIMEOUT;

/// A DevTools connection to a tab, or to the whole browser.
pub struct DevTools {
    socket: WebSocket<TcpStream>,
    calls: u32,
    events: Events,
}

/// The events that the browser has reported for the pages of a tab.
#[derive(Default)]
pub struct Events {
    /// Errors, warnings, violations of the security policy, and layout shifts while a page loaded.
    pub faults: Vec<String>,
    /// The addresses of all pages so far.
    pub addresses: Vec<String>,
    /// The last debug message of a page. Every earlier event has been received.
    pub debug_message: String,
    /// The ids of the requests, or of their answers, that the browser holds back.
    pub held: Vec<String>,
    /// The number of pages that came back out of the browser's back/forward cache.
    pub restored: usize,
}

impl DevTools {
    /// Connects to a WebSocket address.
    pub fn connect(address: &str) -> DevTools {
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).expect("an address");
        let stream = TcpStream::connect(host).expect("the browser listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("an option can be set");
        let (socket, _) = tungstenite::client(address, stream).expect("the browser speaks DevTools");
        DevTools { socket, calls: 0, events: Events::default() }
    }

    /// Calls a method, and records events until the response. An error is the browser's message.
    pub fn call<M: Method + Serialize>(&mut self, method: M) -> Result<M::ReturnObject, String> {
        self.calls += 1;
        let id = self.calls;
        let call = serde_json::to_string(&method.to_method_call(id)).expect("valid JSON");
        self.socket.send(Message::text(call)).expect("the browser listens");
        loop {
            let message = self.socket.read().expect("the browser answers");
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text).expect("valid JSON");
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    return Err(error.to_string());
                }
                return serde_json::from_value(message["result"].take()).map_err(|error| error.to_string());
            }
            self.events.record(&message);
        }
    }

    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }
}

impl Events {
    fn record(&mut self, event: &Value) {
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
                let message: Vec<String> = words.iter().map(|word| text(&word["value"])).collect();
                match params["type"].as_str().unwrap_or_default() {
                    "error" | "warning" | "assert" => self.faults.push(message.join(" ")),
                    "debug" => self.debug_message = message.join(" "),
                    _ => {}
                }
            }
            "Fetch.requestPaused" => self.held.push(text(&params["requestId"])),
            "Page.frameNavigated" => {
                self.addresses.push(text(&params["frame"]["url"]));
                self.restored += usize::from(params["type"] == "BackForwardCacheRestore");
            }
            _ => {}
        }
    }
}

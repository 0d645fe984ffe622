#![no_main]

#[path = "../../tests/properties/http.rs"]
mod http;

libfuzzer_sys::fuzz_target!(|input: &[u8]| http::holds(input));

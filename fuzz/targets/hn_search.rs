#![no_main]

#[path = "../../tests/properties/hn_search.rs"]
mod hn_search;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hn_search::holds(input));

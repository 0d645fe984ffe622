#![no_main]

#[path = "../../tests/properties/search.rs"]
mod search;

libfuzzer_sys::fuzz_target!(|input: &[u8]| search::holds(input));

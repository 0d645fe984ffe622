#![no_main]

#[path = "../../tests/properties/link.rs"]
mod link;

libfuzzer_sys::fuzz_target!(|input: &[u8]| link::holds(input));

#![no_main]

#[path = "../../tests/properties/return_to.rs"]
mod return_to;

libfuzzer_sys::fuzz_target!(|input: &[u8]| return_to::holds(input));

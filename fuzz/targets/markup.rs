#![no_main]

#[path = "../../tests/properties/markup.rs"]
mod markup;

libfuzzer_sys::fuzz_target!(|input: &[u8]| markup::holds(input));

#![no_main]

#[path = "../../tests/properties/form.rs"]
mod form;

libfuzzer_sys::fuzz_target!(|input: &[u8]| form::holds(input));

//! See `bowline_fuzz::bodies::form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bowline_fuzz::bodies::form(data));

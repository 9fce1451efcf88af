//! See `bowline_fuzz::bodies::workspace`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bowline_fuzz::bodies::workspace(data));

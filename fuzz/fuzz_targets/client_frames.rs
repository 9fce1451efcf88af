//! See `bowline_fuzz::frames::client`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bowline_fuzz::frames::client(data));

//! See `bowline_fuzz::frames::server`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bowline_fuzz::frames::server(data));

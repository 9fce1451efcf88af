//! See `bowline_fuzz::screen::screen`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bowline_fuzz::screen::screen(data));

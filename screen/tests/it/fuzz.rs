//! What `fuzz/` feeds to the screen, without a fuzzer.

#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[allow(unreachable_pub, reason = "`fuzz/` has it from a library")]
#[path = "../../../fuzz/src/screen.rs"]
mod target;

#[test]
fn streams_from_the_corpus_and_changed_ones() {
    replay::replay("screen", 5_000, target::screen);
}

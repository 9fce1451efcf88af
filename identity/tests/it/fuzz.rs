//! What `fuzz/` feeds to the mergers, without a fuzzer.

#[allow(unreachable_pub, reason = "`fuzz/` has it from a library")]
#[path = "../../../fuzz/src/mergers.rs"]
mod mergers;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn files_of_tools_from_the_corpus_and_changed_ones() {
    replay::replay("mergers", 10_000, mergers::merge);
}

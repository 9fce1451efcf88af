//! What `fuzz/` feeds to the decoder, without a fuzzer.

#[allow(unreachable_pub, reason = "`fuzz/` has it from a library")]
#[path = "../../../fuzz/src/frames.rs"]
mod frames;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn client_frames_from_the_corpus_and_changed_ones() {
    replay::replay("client_frames", 20_000, frames::client);
}

#[test]
fn server_frames_from_the_corpus_and_changed_ones() {
    replay::replay("server_frames", 20_000, frames::server);
}

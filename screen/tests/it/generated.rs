//! Streams nobody recorded: whatever the grammar comes up with, cut, resized and probed.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::grammar;
use crate::proof::{Afterwards, Depth, Proof, Tally};
use crate::settings;

const STREAMS: usize = 400;

/// Other seeds find other things: `BOWLINE_ORACLE_SEED`.
fn check(name: &str, depth: Depth, afterwards: Afterwards, streams: usize) {
    let seed = settings::seed();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes(seed));
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = grammar::stream();
    let mut tally = Tally::default();
    for number in 0..streams * settings::times() {
        let stream = strategy
            .new_tree(&mut runner)
            .expect("the grammar rejects nothing")
            .current();
        let proof = Proof {
            depth,
            afterwards,
            seed: seed.wrapping_add(number as u64),
        };
        tally.add(proof.expect(&stream, &format!("{name}, stream {number}")));
    }
    println!("{name}: {tally:?}");
    assert!(
        tally.thrown * 100 <= tally.streams,
        "xterm.js threw so often that little is compared: {tally:?}"
    );
}

fn seed_bytes(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

#[test]
fn a_snapshot_and_the_rest_equal_the_whole() {
    check("whole history", Depth::All, Afterwards::Nothing, STREAMS);
}

#[test]
fn hidden_state_is_in_the_snapshot() {
    check("probed", Depth::All, Afterwards::Probes, STREAMS);
}

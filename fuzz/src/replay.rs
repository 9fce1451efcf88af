//! Runs a target without a fuzzer: over every file of its corpus, and over a bounded number of changed ones, the same in
//! every run. For the main workspace's tests.

use std::path::Path;

/// Feeds it with the corpus of `name` and `changed` files made from it.
pub(crate) fn replay(name: &str, changed: usize, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(name);
    let mut seeds: Vec<Vec<u8>> = std::fs::read_dir(&folder)
        .expect("the corpus is there")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    assert!(!seeds.is_empty(), "{name} has no corpus");
    // As a folder lists them in any order.
    seeds.sort();
    for seed in &seeds {
        target(seed);
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..changed {
        let mut data = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(6) {
            change(&mut data, &seeds, &mut dice);
        }
        target(&data);
    }
}

fn change(data: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(data.len() + 1);
    match dice.below(5) {
        0 => data.insert(at, dice.byte()),
        1 => data.truncate(at.max(1)),
        2 => {
            // The end of another one.
            let other = &seeds[dice.below(seeds.len())];
            let from = dice.below(other.len() + 1);
            data.truncate(at);
            data.extend_from_slice(&other[from..]);
        }
        3 if at < data.len() => data[at] ^= 1 << dice.below(8),
        _ if at < data.len() => data[at] = dice.byte(),
        _ => {}
    }
    data.truncate(4096);
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound.max(1) as u64).expect("it is below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes()[0]
    }
}

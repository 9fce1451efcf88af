//! What real programs wrote: every recording, cut at random places and resized in between.

use std::path::{Path, PathBuf};

use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings};

use crate::dice::Dice;
use crate::proof::{Afterwards, Depth, Proof, Tally};
use crate::settings;
use crate::stream::{Step, Stream};

const CUTS: usize = 12;
const ROUNDS: usize = 3;
const LONG_SESSION: usize = 5;

/// A recording is its bytes; its name ends with its size.
struct Recording {
    name: String,
    size: Size,
    bytes: Vec<u8>,
}

fn recordings() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut paths: Vec<PathBuf> = folder
        .read_dir()
        .expect("the recordings are in the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "raw"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 16, "recordings are missing: {paths:?}");
    paths.iter().map(|path| recording(path)).collect()
}

fn recording(path: &Path) -> Recording {
    let name = path
        .file_stem()
        .expect("a file")
        .to_string_lossy()
        .into_owned();
    let size = name
        .rsplit_once('-')
        .and_then(|(_, size)| size.split_once('x'))
        .and_then(|(cols, rows)| Some((cols.parse().ok()?, rows.parse().ok()?)));
    let Some((cols, rows)) = size else {
        panic!("{name} does not end with a size");
    };
    let bytes = std::fs::read(path).expect("a readable recording");
    assert!(!bytes.is_empty(), "{name} is empty");
    Recording {
        name,
        size: Size { cols, rows },
        bytes,
    }
}

/// The bytes with cuts at random places, and resizes if `resized`.
fn cut(recording: &Recording, dice: &mut Dice, resized: bool) -> Stream {
    let mut places: Vec<usize> = (0..CUTS)
        .map(|_| dice.below(recording.bytes.len() + 1))
        .collect();
    places.push(recording.bytes.len());
    places.sort_unstable();
    let mut steps = Vec::new();
    let mut from = 0;
    for place in places {
        steps.push(Step::Bytes(recording.bytes[from..place].to_vec()));
        if resized && dice.one_in(2) {
            let size = Size {
                cols: u16::try_from(20 + dice.below(140)).expect("small"),
                rows: u16::try_from(2 + dice.below(50)).expect("small"),
            };
            steps.push(Step::Resize(size));
        }
        steps.push(Step::Cut);
        from = place;
    }
    Stream {
        size: recording.size,
        scrollback: [1000, 10_000, 40, 1][dice.below(4)],
        steps,
    }
}

/// All recordings of 80 columns one after the other, again and again, with cuts where the history is long. That of bash
/// empties it.
fn long_session(dice: &mut Dice) -> Stream {
    let size = Size { cols: 80, rows: 24 };
    let mut steps = Vec::new();
    for round in 0..LONG_SESSION {
        for recording in recordings()
            .into_iter()
            .filter(|it| it.size == size && !it.name.starts_with("bash"))
        {
            let middle = dice.below(recording.bytes.len());
            let (before, after) = recording.bytes.split_at(middle);
            steps.push(Step::Bytes(before.to_vec()));
            if round + 1 == LONG_SESSION && dice.one_in(2) {
                steps.push(Step::Cut);
            }
            steps.push(Step::Bytes(after.to_vec()));
        }
    }
    steps.push(Step::Cut);
    Stream {
        size,
        scrollback: 10_000,
        steps,
    }
}

fn check(resized: bool, depth: Depth) {
    let mut tally = Tally::default();
    for recording in recordings() {
        for round in 0..ROUNDS * settings::times() {
            let seed = settings::seed().wrapping_add(round as u64);
            let stream = cut(&recording, &mut Dice::new(seed), resized);
            let proof = Proof {
                depth,
                afterwards: Afterwards::Probes,
                seed,
            };
            tally.add(proof.expect(&stream, &recording.name));
        }
    }
    assert_eq!(tally.thrown, 0, "no recording makes xterm.js throw");
    println!("recordings: {tally:?}");
}

#[test]
fn recordings_cut_anywhere_go_on_as_if_they_were_not() {
    check(false, Depth::All);
}

#[test]
fn recordings_resized_and_cut_anywhere_go_on_too() {
    check(true, Depth::All);
}

/// A snapshot of so many lines is one of the whole, shortened at the top.
#[test]
fn a_part_of_the_history_is_its_end() {
    let session = long_session(&mut Dice::new(0));
    let mut screen = Screen::new(session.size, Settings::default());
    for step in &session.steps {
        if let Step::Bytes(bytes) = step {
            screen.feed(bytes);
        }
    }
    let lines = screen.text(History::All).lines().count();
    assert!(lines > 1100, "the session is no longer long: {lines} lines");

    let mut tally = Tally::default();
    for round in 0..settings::times() {
        for lines in [1000, 100, 0] {
            let seed = settings::seed().wrapping_add(round as u64);
            let stream = long_session(&mut Dice::new(seed));
            let proof = Proof {
                depth: Depth::Lines(lines),
                afterwards: Afterwards::Nothing,
                seed,
            };
            tally.add(proof.expect(&stream, &format!("{lines} lines of a long session")));
        }
    }
    println!("parts of a history: {tally:?}");
}

//! The machine judged on recordings of real programs, against labels written by hand
//! (`tests/status/README.md`). Prints precision and recall, and holds them above a floor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bowline_protocol::frame::{Activity, Size};
use bowline_screen::{Screen, Settings};

use super::tests::Play;
use super::{Focus, Foreground, Reads, Sign, Status, Waits};

/// How often both are asked, milliseconds.
const STEP: u64 = 100;
/// After a change of the label the machine may still say what was before: silence is only known once it
/// has lasted.
const GRACE: u64 = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Running,
    Idle,
    Attention,
}

/// Least precision and recall of each, by time. What is missed is known: a silent command inside the
/// user's own tmux, and programs that redraw more rarely than silence is taken for rest.
const FLOORS: [(State, f64, f64); 3] = [
    (State::Running, 0.9, 0.84),
    (State::Idle, 0.84, 0.9),
    (State::Attention, 0.9, 0.9),
];
/// … and of calls for attention, each counted once.
const CALLS_FLOOR: (f64, f64) = (0.9, 0.9);

impl From<Activity> for State {
    fn from(activity: Activity) -> Self {
        match activity {
            Activity::Running => Self::Running,
            Activity::Idle => Self::Idle,
            Activity::NeedsAttention(_) => Self::Attention,
        }
    }
}

/// What happened in a recording.
enum Happened {
    Output(String),
    Input,
    Focus(Focus),
    Foreground(Foreground),
    End,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/status")
}

/// A text in JSON, from behind its first quote; gives what stands behind it too.
fn text(json: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = json.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (text, &json[at + 1..]),
            '\\' => text.push(match characters.next().expect("an escape").1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).expect("four digits");
                    char::from_u32(code).expect("no half of a pair: the recorder writes others raw")
                }
                other => other,
            }),
            other => text.push(other),
        }
    }
    panic!("the text does not end: {json}");
}

fn recorded(name: &str) -> Vec<(u64, Happened)> {
    let path = folder().join("recordings").join(format!("{name}.jsonl"));
    let lines = fs::read_to_string(path).expect("a recording");
    let read = |line: &str| {
        let line = line.strip_prefix('[').expect("a list");
        let (time, rest) = line.split_once(", \"").expect("a time");
        let time = time.parse().expect("milliseconds");
        let (kind, rest) = text(rest);
        let words = rest.trim_start_matches(", ").trim_end_matches(']');
        let happened = match kind.as_str() {
            "o" => Happened::Output(text(&words[1..]).0),
            "i" => Happened::Input,
            "focus" if words == "true" => Happened::Focus(Focus::Somebody),
            "focus" => Happened::Focus(Focus::Nobody),
            "foreground" => {
                let (reads, rest) = text(&words[1..]);
                let (waits, _) = text(&rest[3..]);
                Happened::Foreground(Foreground {
                    reads: match reads.as_str() {
                        "keys" => Reads::Keys,
                        "secret" => Reads::Secret,
                        _ => Reads::Lines,
                    },
                    waits: match waits.as_str() {
                        "terminal" => Waits::ForTerminal,
                        "other" => Waits::ForOther,
                        _ => Waits::Unknown,
                    },
                })
            }
            "end" => Happened::End,
            other => panic!("{other} is not recorded"),
        };
        (time, happened)
    };
    lines.lines().map(read).collect()
}

/// When each state begins.
fn labels(name: &str) -> Vec<(u64, State)> {
    let lines = fs::read_to_string(folder().join("labels").join(name)).expect("labels");
    let read = |line: &str| {
        let (time, state) = line.split_once(' ').expect("a time and a state");
        let seconds: f64 = time.parse().expect("seconds");
        let state = match state {
            "running" => State::Running,
            "idle" => State::Idle,
            "attention" => State::Attention,
            other => panic!("{other} is no state"),
        };
        ((seconds * 1000.0) as u64, state)
    };
    lines.lines().map(read).collect()
}

/// What the machine says at every step.
fn replay(name: &str) -> Vec<State> {
    let mut play = Play {
        status: Status::default(),
        now: 0,
        foreground: Foreground::default(),
    };
    let size = Size { cols: 80, rows: 24 };
    let mut screen = Screen::new(
        size,
        Settings {
            scrollback: 0,
            ..Settings::default()
        },
    );
    let mut said = Vec::new();
    for (time, happened) in recorded(name) {
        while said.len() as u64 * STEP < time {
            play.until(said.len() as u64 * STEP);
            said.push(play.status.activity().into());
        }
        play.until(time);
        let status = &mut play.status;
        let _ = match happened {
            Happened::Output(text) => {
                screen.feed(text.as_bytes());
                let _ = status.output(time);
                for sign in screen.take_signals().into_iter().filter_map(Sign::of) {
                    let _ = status.sign(time, sign);
                }
                continue;
            }
            Happened::Input => status.input(time),
            Happened::Focus(focus) => status.focus(time, focus),
            Happened::Foreground(foreground) => {
                play.foreground = foreground;
                continue;
            }
            Happened::End => break,
        };
    }
    said
}

/// Right and wrong answers for one state.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    right: u32,
    /// Said, and not so.
    false_alarms: u32,
    /// So, and not said.
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.false_alarms)
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.right + self.missed)
    }
}

/// Compares step by step.
fn judge(said: &[State], labels: &[(u64, State)], scores: &mut BTreeMap<State, Score>) {
    for (step, &said) in said.iter().enumerate() {
        let time = step as u64 * STEP;
        let present = labels.iter().rposition(|(at, _)| *at <= time);
        let present = present.expect("labels begin at 0");
        let (since, label) = labels[present];
        let before = present.checked_sub(1).map(|before| labels[before].1);
        if said == label {
            scores.entry(label).or_default().right += 1;
        } else if time >= since + GRACE || Some(said) != before {
            scores.entry(label).or_default().missed += 1;
            scores.entry(said).or_default().false_alarms += 1;
        }
    }
}

/// Compares calls for attention: each once, however long it lasts.
fn judge_calls(said: &[State], labels: &[(u64, State)], calls: &mut Score) {
    let end = said.len() as u64 * STEP;
    let spans: Vec<(u64, u64)> = labels
        .iter()
        .enumerate()
        .filter(|(_, (_, state))| *state == State::Attention)
        .map(|(at, (since, _))| (*since, labels.get(at + 1).map_or(end, |next| next.0)))
        .collect();
    let calling = |from: u64, to: u64| {
        let steps = (from / STEP) as usize..(to / STEP) as usize;
        said.get(steps)
            .is_some_and(|said| said.contains(&State::Attention))
    };
    for (from, to) in &spans {
        match calling(*from, *to) {
            true => calls.right += 1,
            false => calls.missed += 1,
        }
    }
    let mut since = None;
    for step in 0..=said.len() {
        let calls_now = said.get(step) == Some(&State::Attention);
        match (since, calls_now) {
            (None, true) => since = Some(step as u64 * STEP),
            (Some(from), false) => {
                let to = step as u64 * STEP;
                if !spans
                    .iter()
                    .any(|(since, until)| from < *until && to > *since)
                {
                    calls.false_alarms += 1;
                }
                since = None;
            }
            _ => {}
        }
    }
}

#[test]
fn recordings_are_judged_as_people_do() {
    let mut scores = BTreeMap::new();
    let mut calls = Score::default();
    let mut names: Vec<String> = fs::read_dir(folder().join("labels"))
        .expect("labels")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    assert!(names.len() >= 20, "{names:?}");
    println!(
        "{:20} {:>8} {:>8} {:>8}",
        "recording", "steps", "wrong", "calls"
    );
    for name in &names {
        let (said, labels) = (replay(name), labels(name));
        let mut own = BTreeMap::new();
        judge(&said, &labels, &mut own);
        let wrong: u32 = own.values().map(|score| score.missed).sum();
        let mut own_calls = Score::default();
        judge_calls(&said, &labels, &mut own_calls);
        let Score {
            right,
            false_alarms,
            missed,
        } = own_calls;
        println!(
            "{name:20} {:8} {wrong:8} {right} right, {false_alarms} false, {missed} missed",
            said.len()
        );
        for (state, score) in own {
            let all: &mut Score = scores.entry(state).or_default();
            all.right += score.right;
            all.false_alarms += score.false_alarms;
            all.missed += score.missed;
        }
        calls.right += right;
        calls.false_alarms += false_alarms;
        calls.missed += missed;
    }
    println!(
        "{:20} {:>9} {:>9}",
        "state (by time)", "precision", "recall"
    );
    for (state, least_precision, least_recall) in FLOORS {
        let score = scores[&state];
        let (precision, recall) = (score.precision(), score.recall());
        println!("{:20} {precision:9.3} {recall:9.3}", format!("{state:?}"));
        let holds = precision >= least_precision && recall >= least_recall;
        assert!(holds, "{state:?}: {score:?}");
    }
    let (precision, recall) = (calls.precision(), calls.recall());
    println!("{:20} {precision:9.3} {recall:9.3}", "calls");
    let holds = precision >= CALLS_FLOOR.0 && recall >= CALLS_FLOOR.1;
    assert!(holds, "{calls:?}");
}

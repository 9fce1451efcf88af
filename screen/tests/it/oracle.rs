//! The conversation with `end2end/oracle/oracle.mjs`: scripts over numbered xterm.js terminals. Must not know
//! what is tested.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use bowline_protocol::frame::Size;

/// How a comparison treats the addresses of links: see `forgottenLink` in `end2end/oracle/allowed.mjs`.
#[derive(Clone, Copy)]
pub(crate) enum Links {
    /// The copy has just been made and may have lost none.
    Exact,
    /// Time has gone by, and xterm.js forgets.
    Known,
}

/// What a script came to.
pub(crate) enum Outcome {
    /// Everything was carried out; what was asked for, in order.
    Done(Vec<Vec<u8>>),
    /// A comparison found this.
    Different(String),
    /// xterm.js itself threw: there is nothing to compare with.
    Threw,
}

/// One of the two terminals of a test's thread: tests share the oracle, not its terminals.
#[derive(Clone, Copy)]
pub(crate) enum Terminal {
    /// Fed everything.
    Raw,
    /// Fed a snapshot and what came after it.
    Copy,
}

impl Terminal {
    fn slot(self) -> u8 {
        static THREADS: AtomicU8 = AtomicU8::new(0);
        thread_local! {
            static FIRST: u8 = THREADS.fetch_add(2, Ordering::Relaxed);
        }
        FIRST.with(|first| first + u8::from(matches!(self, Self::Copy)))
    }
}

/// Commands for the oracle, to be run in one go.
pub(crate) struct Script(Vec<u8>);

impl Script {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn terminal(&mut self, slot: Terminal, size: Size, scrollback: usize) -> &mut Self {
        self.command(b'n', slot).size(size).number(scrollback)
    }

    pub(crate) fn write(&mut self, slot: Terminal, bytes: &[u8]) -> &mut Self {
        self.command(b'w', slot).block(bytes)
    }

    pub(crate) fn resize(&mut self, slot: Terminal, size: Size) -> &mut Self {
        self.command(b'r', slot).size(size)
    }

    /// As the page does before it writes a snapshot.
    pub(crate) fn reset(&mut self, slot: Terminal) -> &mut Self {
        self.command(b'R', slot)
    }

    /// Compares two terminals with at most `history` lines above the screen.
    pub(crate) fn compare(
        &mut self,
        slot: Terminal,
        other: Terminal,
        links: Links,
        history: usize,
    ) -> &mut Self {
        self.command(b'=', slot);
        self.0
            .extend([other.slot(), u8::from(matches!(links, Links::Exact))]);
        self.number(history)
    }

    /// Asks for what a terminal has answered.
    pub(crate) fn take_answers(&mut self, slot: Terminal) -> &mut Self {
        self.command(b'd', slot)
    }

    /// Asks for the text of the active screen.
    pub(crate) fn text(&mut self, slot: Terminal, history: usize) -> &mut Self {
        self.command(b't', slot).number(history)
    }

    /// Runs the commands in the one oracle of this process.
    pub(crate) fn run(&self) -> Outcome {
        static ORACLE: OnceLock<Mutex<Oracle>> = OnceLock::new();
        ORACLE
            .get_or_init(|| Mutex::new(Oracle::start()))
            .lock()
            // A panicking test leaves no half conversation behind: it panics outside of `ask`.
            .unwrap_or_else(PoisonError::into_inner)
            .ask(&self.0)
    }

    fn command(&mut self, letter: u8, slot: Terminal) -> &mut Self {
        self.0.extend([letter, slot.slot()]);
        self
    }

    fn size(&mut self, size: Size) -> &mut Self {
        self.0.extend(size.cols.to_le_bytes());
        self.0.extend(size.rows.to_le_bytes());
        self
    }

    fn number(&mut self, number: usize) -> &mut Self {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.extend(number.to_le_bytes());
        self
    }

    fn block(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len()).0.extend(bytes);
        self
    }
}

/// The process. It ends with its standard input, that is, with this process.
struct Oracle {
    _process: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Oracle {
    fn start() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/oracle/oracle.mjs");
        let mut process = Command::new("node")
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle needs node, and `npm ci` in the repository's root");
        let input = process.stdin.take().expect("it was asked for");
        let output = process.stdout.take().expect("it was asked for");
        let mut oracle = Self {
            _process: process,
            input,
            output,
        };
        let mut table = Script::new();
        table
            .command(b'T', Terminal::Raw)
            .block(&bowline_screen::width::table());
        assert!(matches!(oracle.ask(&table.0), Outcome::Done(_)));
        oracle
    }

    fn ask(&mut self, script: &[u8]) -> Outcome {
        let length = u32::try_from(script.len()).expect("scripts are small");
        let sent = self
            .input
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.input.write_all(script));
        sent.expect("the oracle listens: see its error above");
        let frame = self.block();
        let (kind, rest) = frame.split_first().expect("an answer has a kind");
        match kind {
            0 => Outcome::Done(blocks(rest)),
            1 => Outcome::Different(String::from_utf8_lossy(rest).into_owned()),
            2 => Outcome::Threw,
            _ => panic!("the oracle failed: {}", String::from_utf8_lossy(rest)),
        }
    }

    fn block(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.output
            .read_exact(&mut length)
            .expect("the oracle answers: see its error above");
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        self.output
            .read_exact(&mut bytes)
            .expect("an answer is whole");
        bytes
    }
}

fn blocks(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (block, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        found.push(block.to_vec());
        rest = after;
    }
    found
}

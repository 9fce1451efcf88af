//! The proof itself, for one stream: xterm.js fed everything equals xterm.js fed a snapshot and the rest, at
//! every cut; and the emulator answers as xterm.js does. Must not know where streams come from.

use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings, Signal, Snapshot};

use crate::dice::Dice;
use crate::oracle::{Links, Outcome, Script, Terminal};
use crate::stream::{Step, Stream};

const RAW: Terminal = Terminal::Raw;
const COPY: Terminal = Terminal::Copy;

/// How much history a snapshot is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Depth {
    All,
    Lines(usize),
}

impl Depth {
    fn history(self) -> History {
        match self {
            Self::All => History::All,
            Self::Lines(lines) => History::Lines(lines),
        }
    }

    fn lines(self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::Lines(lines) => lines,
        }
    }
}

/// What becomes of a copy and its original after the last byte.
#[derive(Clone, Copy)]
pub(crate) enum Afterwards {
    /// They are compared as they are.
    Nothing,
    /// They are fed what brings hidden state to light, and resized.
    Probes,
}

pub(crate) struct Proof {
    pub(crate) depth: Depth,
    pub(crate) afterwards: Afterwards,
    /// Decides how the emulator's bytes are cut into pieces, and in what state the copy's terminal is reset.
    pub(crate) seed: u64,
}

/// How often something was compared, to be printed.
#[derive(Default, Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) streams: usize,
    pub(crate) cuts: usize,
    /// xterm.js threw an exception of its own, so that there is nothing to compare with.
    pub(crate) thrown: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.streams += other.streams;
        self.cuts += other.cuts;
        self.thrown += other.thrown;
    }
}

enum Stop {
    Different(String),
    Threw,
}

impl Proof {
    /// Goes through the stream; an error is the difference and where it was found.
    pub(crate) fn check(&self, stream: &Stream) -> Result<Tally, String> {
        let mut run = Run::new(self, stream);
        let mut tally = Tally {
            streams: 1,
            ..Tally::default()
        };
        match run.whole(stream, &mut tally) {
            Ok(()) => Ok(tally),
            Err(Stop::Different(found)) => Err(found),
            Err(Stop::Threw) => {
                tally.thrown += 1;
                Ok(tally)
            }
        }
    }

    /// As `check`, and a failure is shown with the shortest stream near this one that fails, too.
    #[track_caller]
    pub(crate) fn expect(&self, stream: &Stream, name: &str) -> Tally {
        match self.check(stream) {
            Ok(tally) => tally,
            Err(found) => {
                let short = stream.minimise(|shorter| self.check(shorter).is_err());
                let found_short = self.check(&short).err().unwrap_or(found);
                panic!("{name} (seed {}):\n{short:?}{found_short}", self.seed);
            }
        }
    }
}

struct Run<'a> {
    proof: &'a Proof,
    dice: Dice,
    screen: Screen,
    script: Script,
    scrollback: usize,
    /// There is a copy, made at an earlier cut.
    copied: bool,
    fed: Vec<u8>,
    replies: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(proof: &'a Proof, stream: &Stream) -> Self {
        let mut script = Script::new();
        script.terminal(RAW, stream.size, stream.scrollback);
        Self {
            proof,
            dice: Dice::new(proof.seed),
            screen: Screen::new(
                stream.size,
                Settings {
                    scrollback: stream.scrollback,
                    // As the oracle's terminals are set.
                    cursor_blink: false,
                },
            ),
            script,
            scrollback: stream.scrollback,
            copied: false,
            fed: Vec::new(),
            replies: Vec::new(),
        }
    }

    fn whole(&mut self, stream: &Stream, tally: &mut Tally) -> Result<(), Stop> {
        for step in stream.joined() {
            match step {
                Step::Bytes(bytes) => self.feed(&bytes),
                Step::Resize(size) => self.resize(size),
                Step::Cut => {
                    self.cut()?;
                    tally.cuts += 1;
                }
            }
        }
        self.compare("after the last byte")?;
        if self.copied && matches!(self.proof.afterwards, Afterwards::Probes) {
            self.probe()?;
        }
        Ok(())
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.script.write(RAW, bytes);
        if self.copied {
            self.script.write(COPY, bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            // Often the whole, else small pieces: cuts fall inside sequences and characters.
            let most = if self.dice.one_in(3) { 7 } else { 4096 };
            let (piece, after) = rest.split_at(self.dice.below(most).max(1).min(rest.len()));
            self.screen.feed(piece);
            rest = after;
        }
        self.fed.extend(bytes);
        for signal in self.screen.take_signals() {
            if let Signal::Reply(reply) = signal
                && answered_by_xterm(&reply)
            {
                self.replies.extend(reply);
            }
        }
    }

    fn resize(&mut self, size: Size) {
        self.script.resize(RAW, size);
        if self.copied {
            self.script.resize(COPY, size);
        }
        self.screen.resize(size);
        self.feed(AFTER_RESIZE);
    }

    /// Compares the copy of the last cut, and makes a new one.
    fn cut(&mut self) -> Result<(), Stop> {
        self.compare("since the cut before")?;
        let Snapshot { bytes, behind } = self.screen.snapshot(self.proof.depth.history());
        self.script
            .terminal(COPY, self.screen.size(), self.scrollback);
        if self.dice.one_in(2) {
            // A terminal that was in use is reset, not made anew.
            self.script
                .write(COPY, USED[self.dice.below(USED.len())])
                .reset(COPY);
        }
        self.script
            .take_answers(COPY)
            .write(COPY, &bytes)
            .take_answers(COPY);
        self.copied = true;
        let Some(behind) = self.fed.len().checked_sub(behind) else {
            return Err(self.different(&format!(
                "a snapshot {behind} bytes behind is before the beginning"
            )));
        };
        self.script
            .write(COPY, &self.fed[behind..])
            .compare(RAW, COPY, Links::Exact, self.proof.depth.lines())
            .text(RAW, self.proof.depth.lines());
        let text = self.screen.text(self.proof.depth.history());
        let outputs = self.run(&format!("snapshot {}", bytes.escape_ascii()))?;
        if !outputs[1].is_empty() {
            return Err(self.different(&format!(
                "the snapshot is answered {}\nsnapshot {}",
                outputs[1].escape_ascii(),
                bytes.escape_ascii()
            )));
        }
        if outputs[2] != text.as_bytes() {
            return Err(self.different(&format!(
                "the text is\n{}\nbut told as\n{text}",
                String::from_utf8_lossy(&outputs[2])
            )));
        }
        self.answers(&outputs[3])
    }

    /// Compares original and copy, and what all three answered since the last comparison.
    fn compare(&mut self, what: &str) -> Result<(), Stop> {
        if self.copied {
            self.script
                .compare(RAW, COPY, Links::Known, self.proof.depth.lines());
        }
        let outputs = self.run(what)?;
        if self.copied && outputs[0] != outputs[1] {
            return Err(self.different(&format!(
                "the original answers {}\nthe copy answers     {}\n{what}",
                outputs[0].escape_ascii(),
                outputs[1].escape_ascii()
            )));
        }
        self.answers(&outputs[0])
    }

    /// Runs the script, followed by taking what original and copy have answered.
    fn run(&mut self, what: &str) -> Result<Vec<Vec<u8>>, Stop> {
        let mut script = std::mem::replace(&mut self.script, Script::new());
        script.take_answers(RAW);
        if self.copied {
            script.take_answers(COPY);
        }
        match script.run() {
            Outcome::Done(outputs) => Ok(outputs),
            Outcome::Different(found) => Err(self.different(&format!(
                "left: fed everything, right: the copy\n{found}\n{what}"
            ))),
            Outcome::Threw => Err(Stop::Threw),
        }
    }

    fn different(&self, what: &str) -> Stop {
        Stop::Different(format!("at byte {}: {what}", self.fed.len()))
    }

    /// What xterm.js answered is what the emulator answered.
    fn answers(&mut self, by_xterm: &[u8]) -> Result<(), Stop> {
        let replies = std::mem::take(&mut self.replies);
        if by_xterm == replies {
            return Ok(());
        }
        Err(self.different(&format!(
            "xterm.js answers {}\nthe emulator     {}",
            by_xterm.escape_ascii(),
            replies.escape_ascii()
        )))
    }

    /// Feeds original, copy and emulator the same bytes, which bring hidden state to light, and compares.
    fn probe(&mut self) -> Result<(), Stop> {
        for probe in PROBES {
            self.feed(probe);
            self.compare(&format!("probe {}", probe.escape_ascii()))?;
        }
        let Size { cols, rows } = self.screen.size();
        if matches!(self.proof.depth, Depth::All) {
            for (cols, rows) in [(cols + 7, rows), (cols.max(6) - 3, rows + 2), (cols, rows)] {
                let size = Size { cols, rows };
                self.resize(size);
                self.compare(&format!("probe resize {cols}x{rows}"))?;
            }
        }
        self.feed(LAST_PROBE);
        self.compare("the last probe")
    }
}

/// XTVERSION is answered by us only, and colours by xterm.js only where there is a theme, in a browser.
fn answered_by_xterm(reply: &[u8]) -> bool {
    !reply.starts_with(b"\x1bP>|") && !reply.starts_with(b"\x1b]")
}

/// NUL does nothing but end what the next character might join. That a mark printed after a resize joins whatever the
/// resize brought in front of the cursor is beyond what can be written.
const AFTER_RESIZE: &[u8] = b"\0";

/// What a page's terminal may have been through before it is reset and gets a snapshot.
const USED: [&[u8]; 4] = [
    b"\x1b[?1049h\x1b[5;7r\x1b[?6h\x1b[1;31;44mhello\x1b(0qqq\x1b7\x1b[?25l\x1b[4h\x1b[?1003;1006;2004;1h\x1b=",
    b"\x1b]2;old title\x07\x1b]8;;http://old.example/\x07\x1b[4:3;58;5;3mlinked\r\n\x1b[3g\x1b[5 q\x1b[?2026h\x1b]4;7;#123456\x07\x1b]11;#000\x07",
    b"text\r\n\x1b[20h\x1b[?12h\x1b[?7l\x1b[?45h\x1b)0\x0e\x1b[1\"q\x1b[38;2;1;2",
    b"\x1b[2J\x1b[2;3r\x1b[?47h\x1b[?45h\xf0\x9f\x1b]52;c;unfinished",
];

/// Fed to both at the end, one by one. The first ends whatever sequence is pending by finishing it.
const PROBES: [&[u8]; 15] = [
    "\u{301}".as_bytes(),
    b"A\x1b[5n\x1b[6n",
    "e\u{301}\u{1f468}\u{200d}\u{1f467}".as_bytes(),
    b"\tT\t\x1b[2ZU\x1b[3I",
    b"q`~#[\x0eq`#\x0fq\x1bnq\x1boq\x1b}\x0f",
    b"\x1b[K\x1b[2X\x1b[?1K\x1b[@",
    b"\x1b8R\x1b[J",
    b"\x1b[6n\x1b[?6n\x1bP$qr\x1b\\\x1bP$q\"q\x1b\\\x1b[?6$p\x1b[4$p\x1b[20$p\x1b[?7$p\x1b[?45$p\x1b[?2026$p\x1b[?12$p",
    b"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    b"\x08\x08B\x1b[1;1HO\x1bM\x1bMP",
    b"\x1b[999;999H\n\nS\x1bD\x1bD\x1b[L\x1b[2M",
    b"\x1b[?1049h1\x1b8\x1b[?1049l2",
    b"\x1b[?47h3\x1b[?47l4\x1b[?1048l5",
    b"\x1b[23;0t\x1b[?J\x1b[b",
    b"\x1b[!p\x1b[3;3Hsoft\x1b8D\x1b[S\x1b[T\x1b[2;1H",
];

const LAST_PROBE: &[u8] = b"\x1b[?6l\x1b[r\x1b[0m\x1b[1;1Hlast\t|\r\n\n\n\n\n\n\n\nwhat\tis\tleft";

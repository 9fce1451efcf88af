//! Output without its questions. What a program asks of its terminal (who are you, where is the cursor, which
//! colour) the session's own screen has answered; asked again of the terminal here, the answer would be typed
//! a second time. Answers can't be told from keys (that for the cursor is also Shift+F3), questions can from
//! everything else: so it is the questions that don't pass. Pictures (APC) are left out too: terminals answer
//! them, and no page shows them.

/// A string that is longer than this without its end is no question, and passes from here on, bytes.
const STRING_MAX: usize = 4096;
/// The same for a control sequence.
const SEQUENCE_MAX: usize = 256;

const BELL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;
/// Asks for the answerback.
const ENQ: u8 = 0x05;
/// First byte of a control character of the upper half (U+0080 … U+009F).
const UPPER: u8 = 0xc2;

/// What a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A system command.
    Command,
    /// Device control.
    Device,
    /// APC, PM, SOS.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    /// Behind [`UPPER`].
    Upper,
    Escape,
    Csi,
    String(Kind),
    /// Behind an ESC in a string: it ends in any case.
    StringEscape(Kind),
    /// Behind [`UPPER`] in a string.
    StringUpper(Kind),
}

/// What becomes of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Fate {
    /// That shows when it is whole.
    #[default]
    Open,
    /// It is too long for a question: it passes as it comes.
    Passes,
}

/// Takes questions out of output, wherever that is cut.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    state: State,
    fate: Fate,
    /// The sequence that has begun and not ended.
    held: Vec<u8>,
    coloured: bool,
}

impl Quiet {
    /// Output goes on from somewhere else, on a terminal that has been reset.
    pub(super) fn restart(&mut self) {
        *self = Self {
            coloured: self.coloured,
            ..Self::default()
        };
    }

    /// Whether colours of the terminal itself were changed.
    pub(super) fn has_coloured(&self) -> bool {
        self.coloured
    }

    /// Appends to `out` what of the output may be written now.
    pub(super) fn pass(&mut self, output: &[u8], out: &mut Vec<u8>) {
        for &byte in output {
            self.byte(byte, out);
        }
        if self.fate == Fate::Passes {
            out.append(&mut self.held);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.state {
            State::Ground => match byte {
                ESC => self.hold(byte, State::Escape),
                UPPER => self.hold(byte, State::Upper),
                ENQ => {}
                _ => out.push(byte),
            },
            State::Upper => match byte {
                0x9b => self.hold(byte, State::Csi),
                0x9d => self.hold(byte, State::String(Kind::Command)),
                0x90 => self.hold(byte, State::String(Kind::Device)),
                0x98 | 0x9e | 0x9f => self.hold(byte, State::String(Kind::Other)),
                // DECID.
                0x9a => self.drop_held(),
                ESC => self.begin_anew(out),
                _ => self.release_with(byte, out),
            },
            State::Escape => match byte {
                b'[' => self.hold(byte, State::Csi),
                b']' => self.hold(byte, State::String(Kind::Command)),
                b'P' => self.hold(byte, State::String(Kind::Device)),
                b'X' | b'^' | b'_' => self.hold(byte, State::String(Kind::Other)),
                // DECID.
                b'Z' if self.held == [ESC] => self.drop_held(),
                // Intermediates, or what is carried out on the way.
                0x20..=0x2f => self.hold(byte, State::Escape),
                ESC => self.begin_anew(out),
                _ => self.release_with(byte, out),
            },
            State::Csi => match byte {
                ESC => self.begin_anew(out),
                CAN | SUB => self.release_with(byte, out),
                // Carried out on the way.
                0..0x20 => {
                    if byte != ENQ {
                        self.hold(byte, State::Csi);
                    }
                }
                0x40..=0x7e => {
                    if asks(&self.held, byte) {
                        self.drop_held();
                    } else {
                        self.release_with(byte, out);
                    }
                }
                _ if self.held.len() >= SEQUENCE_MAX => self.release_with(byte, out),
                _ => self.hold(byte, State::Csi),
            },
            State::String(kind) => match byte {
                BELL if kind == Kind::Command => self.end_string(kind, byte, out),
                CAN | SUB => self.release_with(byte, out),
                ESC => self.hold(byte, State::StringEscape(kind)),
                UPPER => self.hold(byte, State::StringUpper(kind)),
                _ => self.hold_string(byte, kind),
            },
            State::StringEscape(kind) => {
                if byte == b'\\' {
                    self.end_string(kind, byte, out);
                } else {
                    // Broken off by another sequence.
                    self.held.pop();
                    self.end_string_before(kind, out);
                    self.hold(ESC, State::Escape);
                    self.byte(byte, out);
                }
            }
            State::StringUpper(kind) => {
                if byte == 0x9c {
                    self.end_string(kind, byte, out);
                } else {
                    if kind == Kind::Other {
                        self.held.pop();
                    }
                    self.state = State::String(kind);
                    self.byte(byte, out);
                }
            }
        }
    }

    fn hold(&mut self, byte: u8, state: State) {
        self.held.push(byte);
        self.state = state;
    }

    fn hold_string(&mut self, byte: u8, kind: Kind) {
        if kind == Kind::Other {
            // Its end is looked for, the rest is of no use.
            return;
        }
        self.hold(byte, State::String(kind));
        if self.held.len() > STRING_MAX && self.fate == Fate::Open {
            self.coloured |= kind == Kind::Command && sets_colour(body(&self.held));
            self.fate = Fate::Passes;
        }
    }

    fn drop_held(&mut self) {
        self.held.clear();
        self.state = State::Ground;
        self.fate = Fate::Open;
    }

    fn release_with(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.held.push(byte);
        out.append(&mut self.held);
        self.drop_held();
    }

    /// An ESC ends what was under way and begins a sequence.
    fn begin_anew(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        self.drop_held();
        self.hold(ESC, State::Escape);
    }

    fn end_string(&mut self, kind: Kind, last: u8, out: &mut Vec<u8>) {
        self.held.push(last);
        self.end_string_before(kind, out);
    }

    /// The string ends with what is held.
    fn end_string_before(&mut self, kind: Kind, out: &mut Vec<u8>) {
        let body = body(&self.held);
        let is_open = self.fate == Fate::Open;
        let drops = match kind {
            Kind::Command => is_open && body.split(|&byte| byte == b';').any(|part| part == b"?"),
            Kind::Device => is_open && (body.starts_with(b"$q") || body.starts_with(b"+q")),
            Kind::Other => true,
        };
        if !drops {
            self.coloured |= is_open && kind == Kind::Command && sets_colour(body);
            out.append(&mut self.held);
        }
        self.drop_held();
    }
}

/// What a string says, without its beginning and its end.
fn body(held: &[u8]) -> &[u8] {
    let inner = held.get(2..).unwrap_or_default();
    let ends: [&[u8]; 3] = [b"\x1b\\", b"\x07", b"\xc2\x9c"];
    let stripped = ends.iter().find_map(|end| inner.strip_suffix(*end));
    stripped.unwrap_or(inner)
}

/// Whether a system command changes colours that a reset leaves.
fn sets_colour(body: &[u8]) -> bool {
    let number = body.split(|&byte| byte == b';').next();
    matches!(
        number,
        Some(b"4" | b"5" | b"10" | b"11" | b"12" | b"17" | b"19")
    )
}

/// Whether a control sequence, of which the final byte is `last`, has an answer.
fn asks(held: &[u8], last: u8) -> bool {
    let said = held.get(2..).unwrap_or_default();
    let (prefix, said) = match said.split_first() {
        Some((&prefix @ (b'<' | b'=' | b'>' | b'?'), rest)) => (Some(prefix), rest),
        _ => (None, said),
    };
    let parameters = said
        .iter()
        .take_while(|byte| (0x30..=0x3f).contains(*byte))
        .count();
    let (parameters, intermediates) = said.split_at(parameters);
    let first = parameters
        .split(|&byte| byte == b';')
        .next()
        .and_then(|first| std::str::from_utf8(first).ok())
        .and_then(|first| first.parse::<u32>().ok())
        .unwrap_or(0);
    match (prefix, intermediates, last) {
        // DA, DSR, XTVERSION, and the keyboard's state.
        (_, b"", b'c') | (None | Some(b'?'), b"", b'n') | (Some(b'>'), b"", b'q') => true,
        (Some(b'?'), b"", b'u' | b'm') => true,
        // DECRQM, DECRQPSR, DECRQTSR, DECRQCRA, DECREQTPARM, DECRQUPSS.
        (_, b"$", b'p') | (None, b"$", b'w' | b'u') | (None, b"*", b'y') => true,
        (None, b"", b'x') | (None, b"&", b'u') => true,
        // XTSMGRAPHICS.
        (Some(b'?'), b"", b'S') => true,
        // Of the window's operations those that report.
        (None, b"", b't') => matches!(first, 11 | 13..=16 | 18..=21),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes, whole and byte by byte alike.
    fn passed(output: &[u8]) -> Vec<u8> {
        let mut whole = Vec::new();
        Quiet::default().pass(output, &mut whole);
        let (mut quiet, mut pieces) = (Quiet::default(), Vec::new());
        for byte in output {
            quiet.pass(&[*byte], &mut pieces);
        }
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn questions_do_not_pass() {
        let questions: [&[u8]; 24] = [
            b"\x1b[c",
            b"\x1b[0c",
            b"\x1b[>c",
            b"\x1b[=c",
            b"\x1bZ",
            b"\x1b[5n",
            b"\x1b[6n",
            b"\x1b[?6n",
            b"\x1b[>q",
            b"\x1b[>0q",
            b"\x1b[?u",
            b"\x1b[?2026$p",
            b"\x1b[4$p",
            b"\x1b[18t",
            b"\x1b[14;2t",
            b"\x1b]10;?\x07",
            b"\x1b]4;1;?\x1b\\",
            b"\x1b]52;c;?\x07",
            b"\x1bP$qm\x1b\\",
            b"\x1bP+q544e\x1b\\",
            b"\x1b_Gi=1,a=q;AAAA\x1b\\",
            b"\x05",
            b"\xc2\x9b6n",
            b"\xc2\x9d11;?\xc2\x9c",
        ];
        for question in questions {
            let output = [b"a", question, b"b"].concat();
            assert_eq!(passed(&output), b"ab", "{}", question.escape_ascii());
        }
    }

    #[test]
    fn everything_else_passes_as_it_is() {
        let long = [b"\x1b]52;c;", &b"A".repeat(3 * STRING_MAX)[..], b"\x07"].concat();
        let sixel = [b"\x1bPq#0", &b"~".repeat(3 * STRING_MAX)[..], b"\x1b\\"].concat();
        let others: [&[u8]; 18] = [
            b"plain \xc3\xa4 \xc2\xa9 \xe2\x82\xac\r\n\t",
            b"\x1b[1;31mred\x1b[m",
            b"\x1b[>4;2m\x1b[>1u\x1b[<u\x1b[=1;1u\x1b[u",
            b"\x1b[>4n\x1b[2 q\x1b[!p\x1b[1;2r\x1b[8;24;80t\x1b[22;0t",
            b"\x1b[?1049h\x1b[?2004h\x1b[2S",
            b"\x1b(B\x1b)0\x1b=\x1b>\x1b7\x1b8\x1b%G",
            b"\x1b]0;title?\x07",
            b"\x1b]8;;http://x/?a;b\x1b\\link\x1b]8;;\x1b\\",
            b"\x1b]4;1;#ff0000\x07",
            b"\x1b[1\x1b[2m",
            b"\x1b[12\x18x",
            b"\x1b]0;broken\x1b[3m",
            b"\x1b]0;broken\x1b]0;whole\x07",
            b"\x1b\x1b[m",
            b"\x1b[2\nm",
            b"\x1bPpassed\x1b\\",
            &long,
            &sixel,
        ];
        for other in others {
            assert_eq!(passed(other), other, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn what_has_not_ended_waits() {
        let (mut quiet, mut out) = (Quiet::default(), Vec::new());
        quiet.pass(b"a\x1b[6", &mut out);
        assert_eq!(out, b"a");
        quiet.pass(b"1mb", &mut out);
        assert_eq!(out, b"a\x1b[61mb");
        quiet.pass(b"\x1b]0;half", &mut out);
        quiet.restart();
        quiet.pass(b"c", &mut out);
        assert_eq!(out, b"a\x1b[61mbc");
    }

    #[test]
    fn a_change_of_colours_is_remembered() {
        let colours = |output: &[u8]| {
            let mut quiet = Quiet::default();
            quiet.pass(output, &mut Vec::new());
            quiet.restart();
            quiet.has_coloured()
        };
        assert!(colours(b"\x1b]11;#000000\x07"));
        assert!(colours(b"\x1b]4;1;red\x1b\\"));
        assert!(!colours(b"\x1b]11;?\x07\x1b]0;4;5\x07\x1b[4m"));
    }
}

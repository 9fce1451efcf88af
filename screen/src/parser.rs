//! The parser of control sequences: DEC's states (as Paul Williams drew them, with the extensions of today)
//! over code points. Knows where sequences begin and end; what they mean, its [`Handler`] knows.

use crate::params::Params;
use crate::utf8::{Front, front};

/// Most bytes of an OSC or DCS string that are kept; a longer one is left out as a whole. A hyperlink, a
/// title or a notification is far shorter, and pictures are the page's affair.
const STRING_MAX: usize = 64 * 1024;

/// Most bytes of a sequence that are kept to be said again: more than 32 parameters of ten digits.
const SEQUENCE_MAX: usize = 1024;

/// What the parser finds, in order.
pub(crate) trait Handler {
    /// Characters come until [`Handler::printed`].
    fn prints(&mut self);
    /// Printable ASCII.
    fn print_ascii(&mut self, text: &[u8]);
    /// Any other character.
    fn print(&mut self, code: u32);
    /// No more characters.
    fn printed(&mut self);
    /// A control character.
    fn execute(&mut self, code: u8);
    /// A control sequence: prefix, intermediates and final byte in one number.
    fn csi(&mut self, ident: u32, params: &Params);
    /// An escape sequence: intermediates and final byte in one number.
    fn esc(&mut self, ident: u32);
    /// An operating system command.
    fn osc(&mut self, command: &[u8]);
    /// A device control string.
    fn dcs(&mut self, ident: u32, data: &[u8]);
    /// A string was broken off or is not understood.
    fn ended(&mut self);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    CsiEntry,
    CsiParam,
    CsiIntermediate,
    CsiIgnore,
    /// SOS, PM and APC: read over.
    Ignored,
    Osc,
    DcsEntry,
    DcsParam,
    DcsIgnore,
    DcsIntermediate,
    Dcs,
}

/// Where in a sequence the stream is.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    state: State,
    params: Params,
    collected: u32,
    string: Vec<u8>,
    string_is_whole: bool,
    /// Identity of the device control string that is coming in.
    hooked: u32,
    /// Bytes of an unfinished character.
    tail: [u8; 4],
    tail_len: usize,
    /// What was said of the present sequence, to be said again to an emulator that takes over here.
    unfinished: Vec<u8>,
}

impl Parser {
    /// Bytes of a character whose end has not come.
    pub(crate) fn unfinished_character(&self) -> usize {
        self.tail_len
    }

    /// What brings a reset emulator into the same sequence, up to the unfinished character.
    pub(crate) fn unfinished_sequence(&self) -> Vec<u8> {
        match self.state {
            State::Ground => Vec::new(),
            State::Ignored => b"\x1b_".to_vec(),
            // A command without a number is read over up to its end.
            State::Osc if !self.string_is_whole => b"\x1b]x".to_vec(),
            State::Osc => [b"\x1b]", self.string.as_slice()].concat(),
            // What it is for is not known here, or too long ago: read over up to its end.
            State::Dcs if !self.string_is_whole => b"\x1bP9z".to_vec(),
            _ => self.unfinished.clone(),
        }
    }

    /// Reads bytes, cut anywhere.
    pub(crate) fn advance(&mut self, handler: &mut impl Handler, mut bytes: &[u8]) {
        while self.tail_len > 0 && !bytes.is_empty() {
            let before = self.tail_len;
            let more = bytes.len().min(4 - before);
            self.tail[before..before + more].copy_from_slice(&bytes[..more]);
            let joined = self.tail;
            match front(&joined[..before + more]) {
                Front::Unfinished => {
                    self.tail_len = before + more;
                    return;
                }
                Front::Code(code, len) => {
                    self.tail_len = 0;
                    bytes = &bytes[len - before..];
                    self.character(handler, code, &joined[..len]);
                }
                Front::Nothing(len) if len >= before => {
                    self.tail_len = 0;
                    bytes = &bytes[len - before..];
                }
                Front::Nothing(len) => {
                    self.tail.copy_within(len..before, 0);
                    self.tail_len = before - len;
                }
            }
        }
        while let Some(&first) = bytes.first() {
            if self.state == State::Ground && (first >= 0x80 || (0x20..0x7f).contains(&first)) {
                bytes = self.ground(handler, bytes);
            } else if self.state == State::Ground && first != 0x1b {
                if first < 0x20 {
                    handler.execute(first);
                }
                bytes = &bytes[1..];
            } else if matches!(self.state, State::CsiEntry | State::CsiParam)
                && (b'0'..=b';').contains(&first)
            {
                bytes = self.csi_params(bytes);
            } else if first < 0x80 {
                self.byte(handler, first);
                bytes = &bytes[1..];
            } else {
                bytes = self.beyond_ascii(handler, bytes);
            }
        }
    }

    /// Prints what can be printed at the front.
    fn ground<'a>(&mut self, handler: &mut impl Handler, mut bytes: &'a [u8]) -> &'a [u8] {
        // Bytes that mean nothing don't begin a text.
        let mut has_begun = false;
        let mut begin = |handler: &mut _| {
            if !has_begun {
                Handler::prints(handler);
                has_begun = true;
            }
        };
        loop {
            let ascii = bytes
                .iter()
                .position(|byte| !(0x20..0x7f).contains(byte))
                .unwrap_or(bytes.len());
            if ascii > 0 {
                begin(handler);
                handler.print_ascii(&bytes[..ascii]);
                bytes = &bytes[ascii..];
            }
            if !matches!(bytes.first(), Some(0x80..)) {
                break;
            }
            match front(bytes) {
                Front::Code(code, len) if code >= 0xa0 => {
                    begin(handler);
                    handler.print(code);
                    bytes = &bytes[len..];
                }
                Front::Nothing(len) => bytes = &bytes[len..],
                Front::Code(..) => {
                    if has_begun {
                        handler.printed();
                    }
                    return self.beyond_ascii(handler, bytes);
                }
                Front::Unfinished => {
                    self.keep_tail(bytes);
                    bytes = &[];
                }
            }
        }
        if has_begun {
            handler.printed();
        }
        bytes
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        self.tail[..bytes.len()].copy_from_slice(bytes);
        self.tail_len = bytes.len();
    }

    fn beyond_ascii<'a>(&mut self, handler: &mut impl Handler, bytes: &'a [u8]) -> &'a [u8] {
        match front(bytes) {
            Front::Code(code, len) => {
                self.character(handler, code, &bytes[..len]);
                &bytes[len..]
            }
            Front::Nothing(len) => &bytes[len..],
            Front::Unfinished => {
                self.keep_tail(bytes);
                &[]
            }
        }
    }

    /// A code point beyond ASCII (or, put together from a tail, any).
    fn character(&mut self, handler: &mut impl Handler, code: u32, bytes: &[u8]) {
        match (u8::try_from(code), self.state) {
            (Ok(ascii @ ..0x80), _) => self.byte(handler, ascii),
            (Ok(c1 @ 0x80..0xa0), _) => self.c1(handler, c1),
            (_, State::Ground) => {
                handler.prints();
                handler.print(code);
                handler.printed();
            }
            (_, State::Osc | State::Dcs) => self.put(bytes),
            (_, State::CsiIgnore | State::DcsIgnore) => {}
            // No sequence has such a character.
            _ => self.state = State::Ground,
        }
    }

    fn begin(&mut self, introducer: &[u8]) {
        self.params.clear();
        self.collected = 0;
        self.unfinished.clear();
        self.unfinished.extend_from_slice(introducer);
    }

    fn begin_string(&mut self) {
        self.string.clear();
        self.string_is_whole = true;
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.string.len() + bytes.len() > STRING_MAX {
            self.string_is_whole = false;
            self.string = Vec::new();
        }
        if self.string_is_whole {
            self.string.extend_from_slice(bytes);
            if self.state == State::Dcs {
                self.unfinished.extend_from_slice(bytes);
            }
        }
    }

    /// A control character of the upper half: the same wherever it stands.
    fn c1(&mut self, handler: &mut impl Handler, code: u8) {
        match code {
            0x90 => {
                self.begin(b"\x1bP");
                self.state = State::DcsEntry;
            }
            0x9b => {
                self.begin(b"\x1b[");
                self.state = State::CsiEntry;
            }
            0x9d => {
                self.begin_string();
                self.state = State::Osc;
            }
            0x98 | 0x9e | 0x9f => self.state = State::Ignored,
            0x9c => {
                match self.state {
                    State::Osc => self.end_osc(handler),
                    State::Dcs => self.end_dcs(handler),
                    _ => {}
                }
                self.state = State::Ground;
            }
            _ => {
                handler.execute(code);
                self.state = State::Ground;
            }
        }
    }

    fn end_osc(&mut self, handler: &mut impl Handler) {
        if self.string_is_whole {
            handler.osc(&self.string);
        } else {
            handler.ended();
        }
        self.string = Vec::new();
        self.params.clear();
        self.collected = 0;
    }

    fn end_dcs(&mut self, handler: &mut impl Handler) {
        if self.string_is_whole {
            handler.dcs(self.hooked, &self.string);
        } else {
            handler.ended();
        }
        self.string = Vec::new();
        self.params.clear();
        self.collected = 0;
    }

    /// One byte of ASCII.
    fn byte(&mut self, handler: &mut impl Handler, byte: u8) {
        match byte {
            0x1b => {
                match self.state {
                    State::Osc => self.end_osc(handler),
                    State::Dcs => self.end_dcs(handler),
                    _ => {}
                }
                self.begin(b"\x1b");
                self.state = State::Escape;
            }
            // CAN and SUB break a sequence off.
            0x18 | 0x1a => {
                match self.state {
                    State::Osc | State::Dcs => handler.ended(),
                    _ => handler.execute(byte),
                }
                self.state = State::Ground;
            }
            _ => self.in_state(handler, byte),
        }
    }

    fn in_state(&mut self, handler: &mut impl Handler, byte: u8) {
        match (self.state, byte) {
            (State::Ground, 0x20..0x7f) => {
                handler.prints();
                handler.print_ascii(&[byte]);
                handler.printed();
            }
            (
                State::Ground
                | State::Escape
                | State::EscapeIntermediate
                | State::CsiEntry
                | State::CsiParam
                | State::CsiIntermediate
                | State::CsiIgnore,
                ..0x20,
            ) => handler.execute(byte),
            (State::Ground, _) | (State::Ignored, _) | (State::DcsIgnore, _) => {}
            (State::Osc, 0x07) => {
                self.end_osc(handler);
                self.state = State::Ground;
            }
            (State::Osc, ..0x20) => {}
            (State::Osc, _) => self.put(&[byte]),
            (State::Dcs, 0x7f) => {}
            (State::Dcs, _) => self.put(&[byte]),
            (_, 0x7f) | (State::DcsEntry | State::DcsParam | State::DcsIntermediate, ..0x20) => {}
            _ => {
                // What comes after so many can't change a sequence any more.
                if self.unfinished.len() < SEQUENCE_MAX {
                    self.unfinished.push(byte);
                }
                self.sequence(handler, byte);
            }
        }
    }

    /// A printable byte of an escape, control or device control sequence.
    fn sequence(&mut self, handler: &mut impl Handler, byte: u8) {
        let is_dcs = matches!(
            self.state,
            State::DcsEntry | State::DcsParam | State::DcsIntermediate
        );
        self.state = match (self.state, byte) {
            (State::Escape, b'[') => {
                self.begin(b"\x1b[");
                State::CsiEntry
            }
            (State::Escape, b']') => {
                self.begin_string();
                State::Osc
            }
            (State::Escape, b'P') => {
                self.begin(b"\x1bP");
                State::DcsEntry
            }
            (State::Escape, b'X' | b'^' | b'_') => State::Ignored,
            (State::Escape | State::EscapeIntermediate, 0x20..0x30) => {
                self.collect(byte);
                State::EscapeIntermediate
            }
            (State::Escape | State::EscapeIntermediate, _) => {
                handler.esc(self.collected << 8 | u32::from(byte));
                State::Ground
            }
            (State::CsiIgnore, 0x40..) => State::Ground,
            (State::CsiIgnore, _) => State::CsiIgnore,
            (State::CsiEntry | State::CsiParam, b'0'..=b';') => {
                self.param(byte);
                State::CsiParam
            }
            (State::DcsEntry | State::DcsParam, b'0'..=b';') => {
                self.param(byte);
                State::DcsParam
            }
            (State::CsiEntry, b'<'..=b'?') => {
                self.collect(byte);
                State::CsiParam
            }
            (State::DcsEntry, b'<'..=b'?') => {
                self.collect(byte);
                State::DcsParam
            }
            (_, 0x20..0x30) => {
                self.collect(byte);
                if is_dcs {
                    State::DcsIntermediate
                } else {
                    State::CsiIntermediate
                }
            }
            (_, 0x30..0x40) if is_dcs => State::DcsIgnore,
            (_, 0x30..0x40) => State::CsiIgnore,
            _ if is_dcs => {
                self.hooked = self.collected << 8 | u32::from(byte);
                self.begin_string();
                State::Dcs
            }
            _ => {
                handler.csi(self.collected << 8 | u32::from(byte), &self.params);
                State::Ground
            }
        };
    }

    /// Reads parameters at the front.
    fn csi_params<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let len = bytes
            .iter()
            .position(|byte| !(b'0'..=b';').contains(byte))
            .unwrap_or(bytes.len());
        let (params, rest) = bytes.split_at(len);
        let room = SEQUENCE_MAX.saturating_sub(self.unfinished.len());
        self.unfinished.extend_from_slice(&params[..len.min(room)]);
        for &byte in params {
            self.param(byte);
        }
        self.state = State::CsiParam;
        rest
    }

    fn collect(&mut self, byte: u8) {
        self.collected = self.collected << 8 | u32::from(byte);
    }

    fn param(&mut self, byte: u8) {
        match byte {
            b';' => self.params.next(),
            b':' => self.params.next_sub(),
            _ => self.params.digit(byte - b'0'),
        }
    }
}

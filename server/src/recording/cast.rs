//! A recording in the format asciicast v2: a header, and a line for each piece of output and each size, with the
//! seconds since the beginning. Pure.
//!
//! It begins with the oldest byte kept. If there was something before, it begins behind the end of a line, on a
//! terminal that is reset: what the lost bytes had set (colours, the alternate screen, half a sequence) would
//! else be missing from everything behind them.

use bowline_terminal::Size;
use bowline_terminal::log::Recorded;
use serde_json::{Value, json};

/// A full reset (RIS).
const RESET: &str = "\u{1b}c";

/// What the header says beside the size.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    /// The session's start, milliseconds of Unix time.
    pub(super) started_ms: u64,
    pub(super) title: String,
    /// The value of `SHELL`.
    pub(super) shell: String,
    /// What times count from.
    pub(super) origin: Origin,
}

/// What times count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Origin {
    /// The session's start, if its first byte is kept; else the first one that is.
    #[default]
    Start,
    /// The first byte, whatever it is.
    FirstByte,
}

/// Writes a recording piece by piece.
#[derive(Debug)]
pub(super) struct Cast {
    about: About,
    /// Milliseconds after the session's start that are 0 here; `None` = nothing is written yet.
    base_ms: Option<u64>,
    last_ms: u64,
    size: Size,
    /// Where the next piece should begin.
    next: u64,
    /// The beginning of a character.
    held: Vec<u8>,
    out: String,
}

/// Something that happens at an offset.
enum Mark {
    At(u64),
    Size(u64, Size),
}

impl Cast {
    pub(super) fn new(about: About) -> Self {
        Self {
            about,
            base_ms: None,
            last_ms: 0,
            size: Size::default(),
            next: 0,
            held: Vec::new(),
            out: String::new(),
        }
    }

    /// The lines of the next piece.
    pub(super) fn add(&mut self, piece: &Recorded, bytes: &[u8]) -> String {
        let is_whole = piece.offset == self.next;
        let skipped = if is_whole { 0 } else { clean_start(bytes) };
        let start = piece.offset + skipped as u64;
        let before = |mark: &&(u64, u64)| mark.0 <= start;
        let arrived = piece.arrivals.iter().take_while(before).last();
        let mut now_ms = arrived.map_or(self.last_ms, |(_, at_ms)| *at_ms);
        let earlier = piece.resizes.iter().take_while(|mark| mark.offset <= start);
        let size = earlier.last().map_or(piece.size, |mark| mark.size);
        if self.base_ms.is_none() {
            self.header(size, now_ms, is_whole);
        }
        if !is_whole {
            self.held.clear();
            self.event(now_ms, 'o', RESET);
        }
        if size != self.size {
            self.resize(now_ms, size);
        }

        let mut marks: Vec<(u64, Mark)> = Vec::new();
        let resizes = piece.resizes.iter().filter(|mark| mark.offset > start);
        marks.extend(resizes.map(|mark| (mark.offset, Mark::Size(mark.at_ms, mark.size))));
        let arrivals = piece.arrivals.iter().filter(|(offset, _)| *offset > start);
        marks.extend(arrivals.map(|(offset, at_ms)| (*offset, Mark::At(*at_ms))));
        // Stable: a size comes before the bytes that know it.
        marks.sort_by_key(|(offset, _)| *offset);

        let mut rest = &bytes[skipped..];
        let mut at = start;
        for (offset, mark) in marks {
            let length = usize::try_from(offset - at).unwrap_or(usize::MAX);
            let (text, behind) = rest.split_at(length.min(rest.len()));
            self.text(now_ms, text);
            (rest, at) = (behind, offset);
            match mark {
                Mark::At(at_ms) => now_ms = at_ms,
                Mark::Size(at_ms, size) => self.resize(at_ms, size),
            }
        }
        self.text(now_ms, rest);
        self.next = piece.next_offset;
        std::mem::take(&mut self.out)
    }

    /// The lines behind the last piece.
    pub(super) fn finish(mut self) -> String {
        if self.base_ms.is_none() {
            self.header(self.size, 0, true);
        }
        if !self.held.is_empty() {
            self.event(self.last_ms, 'o', "\u{fffd}");
        }
        self.out
    }

    fn header(&mut self, size: Size, now_ms: u64, is_whole: bool) {
        let base_ms = match self.about.origin {
            Origin::Start if is_whole => 0,
            _ => now_ms,
        };
        (self.base_ms, self.last_ms, self.size) = (Some(base_ms), base_ms, size);
        let header = json!({
            "version": 2,
            "width": size.cols,
            "height": size.rows,
            "timestamp": (self.about.started_ms + base_ms) / 1000,
            "title": self.about.title,
            "env": {"TERM": "xterm-256color", "SHELL": self.about.shell},
        });
        self.out.push_str(&header.to_string());
        self.out.push('\n');
    }

    fn resize(&mut self, at_ms: u64, size: Size) {
        if size != self.size {
            self.size = size;
            self.event(at_ms, 'r', &format!("{}x{}", size.cols, size.rows));
        }
    }

    /// Output: whole characters, and U+FFFD for what is none.
    fn text(&mut self, at_ms: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let is_begun = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if chunks.peek().is_none() && is_begun {
                self.held = invalid.to_vec();
            } else {
                text.push('\u{fffd}');
            }
        }
        if !text.is_empty() {
            self.event(at_ms, 'o', &text);
        }
    }

    /// Times never go back: where several bytes share a time, a size in between has a later one.
    fn event(&mut self, at_ms: u64, kind: char, text: &str) {
        self.last_ms = self.last_ms.max(at_ms);
        let ms = self.last_ms - self.base_ms.unwrap_or(0).min(self.last_ms);
        let text = Value::from(text);
        let (seconds, fraction) = (ms / 1000, ms % 1000);
        let line = format!("[{seconds}.{fraction:03}, \"{kind}\", {text}]\n");
        self.out.push_str(&line);
    }
}

/// So many bytes are left out where something is missing before them: the rest of a line, or where there is no
/// end of one, the rest of a character.
fn clean_start(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(newline) => newline + 1,
        None => {
            let torn = bytes.iter().take_while(|byte| **byte & 0xc0 == 0x80);
            torn.take(3).count()
        }
    }
}

#[cfg(test)]
mod tests {
    use bowline_terminal::log::OutputLog;
    use bowline_terminal::{LogId, Size};
    use bytes::Bytes;

    use super::*;

    const START_MS: u64 = 1_700_000_000_000;

    fn size(cols: u16) -> Size {
        Size { cols, rows: 24 }
    }

    fn log(capacity: usize) -> OutputLog {
        OutputLog::new(LogId::from_bytes([7; 16]), capacity, size(80))
    }

    fn about(origin: Origin) -> About {
        About {
            started_ms: START_MS,
            title: "a \"title\"".to_owned(),
            shell: "/bin/zsh".to_owned(),
            origin,
        }
    }

    /// The header and the events of a log that is read in pieces of so many bytes.
    fn cast(log: &OutputLog, max: usize, origin: Origin) -> (Value, Vec<(f64, String, String)>) {
        let mut cast = Cast::new(about(origin));
        let mut text = String::new();
        let mut from = None;
        while from.is_none_or(|from| from < log.end()) {
            let (piece, bytes) = log.recorded(from, max);
            text.push_str(&cast.add(&piece, &bytes));
            from = Some(piece.next_offset);
        }
        text.push_str(&cast.finish());
        let mut lines = text.lines();
        let header = serde_json::from_str(lines.next().unwrap()).unwrap();
        let events = lines.map(|line| serde_json::from_str(line).unwrap());
        (header, events.collect())
    }

    fn event(at: f64, kind: &str, text: &str) -> (f64, String, String) {
        (at, kind.to_owned(), text.to_owned())
    }

    #[test]
    fn output_and_sizes_have_their_times() {
        let mut log = log(1024);
        log.append(Bytes::from_static(b"one\r\n"), 40);
        log.resize(size(100), 1500);
        log.append(Bytes::from_static(b"\x1b[1mtwo"), 61_234);
        log.resize(size(90), 70_000);
        let (header, events) = cast(&log, 1000, Origin::Start);
        let expected = json!({
            "version": 2, "width": 80, "height": 24, "timestamp": START_MS / 1000,
            "title": "a \"title\"", "env": {"TERM": "xterm-256color", "SHELL": "/bin/zsh"},
        });
        assert_eq!(header, expected);
        let expected = [
            event(0.04, "o", "one\r\n"),
            event(1.5, "r", "100x24"),
            event(61.234, "o", "\u{1b}[1mtwo"),
            event(70.0, "r", "90x24"),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn characters_are_joined_over_pieces_and_rubbish_is_marked() {
        let mut log = log(1024);
        let text = "a😀€".as_bytes();
        log.append(Bytes::copy_from_slice(&text[..3]), 0);
        log.append(Bytes::copy_from_slice(&text[3..]), 100);
        log.append(Bytes::from_static(b"\xff\xe2\x82x\xf0\x9f"), 200);
        for max in 1..20 {
            let (_, events) = cast(&log, max, Origin::Start);
            let all: String = events.iter().map(|(_, _, text)| text.as_str()).collect();
            assert_eq!(all, "a😀€\u{fffd}\u{fffd}x\u{fffd}", "{max}");
            assert!(events.is_sorted_by_key(|(at, ..)| *at));
        }
    }

    #[test]
    fn without_its_head_it_begins_behind_a_line_on_a_reset_terminal() {
        let mut log = log(12);
        log.append(Bytes::from_static(b"lost\x1b[31"), 0);
        log.resize(size(90), 2000);
        log.append(Bytes::from_static(b"m half\nwhol"), 3000);
        log.resize(size(100), 4500);
        let (header, events) = cast(&log, 1000, Origin::Start);
        assert_eq!(header["width"], 90);
        assert_eq!(header["timestamp"], START_MS / 1000 + 3);
        let expected = [
            event(0.0, "o", RESET),
            event(0.0, "o", "whol"),
            event(1.5, "r", "100x24"),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn where_no_line_ends_it_begins_with_a_whole_character() {
        let mut log = log(3);
        log.append(Bytes::from_static("a".as_bytes()), 0);
        log.append(Bytes::from_static("€x".as_bytes()), 10);
        let (_, events) = cast(&log, 1000, Origin::Start);
        assert_eq!(events, [event(0.0, "o", RESET), event(0.0, "o", "x")]);
    }

    #[test]
    fn a_gap_on_the_way_is_a_new_beginning() {
        let mut log = log(8);
        let mut cast = Cast::new(about(Origin::Start));
        log.append(Bytes::from_static(b"abcd"), 0);
        let (piece, bytes) = log.recorded(None, 2);
        let mut text = cast.add(&piece, &bytes);
        log.resize(size(90), 5);
        log.append(Bytes::from_static(b"e\nfghijk"), 1000);
        let (piece, bytes) = log.recorded(Some(piece.next_offset), 100);
        text.push_str(&cast.add(&piece, &bytes));
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected = [
            r#"[0.000, "o", "ab"]"#,
            r#"[1.000, "o", "\u001bc"]"#,
            r#"[1.000, "r", "90x24"]"#,
            r#"[1.000, "o", "fghijk"]"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_session_that_said_nothing_has_a_header_and_sizes() {
        let mut log = log(8);
        log.resize(size(90), 5);
        let (header, events) = cast(&log, 100, Origin::Start);
        assert_eq!((&header["width"], events.len()), (&json!(90), 0));
    }

    #[test]
    fn of_a_lost_session_only_its_screen_is_left_and_nobody_waits_for_it() {
        let mut log = log(100);
        log.append(Bytes::from_static(b"the screen"), 86_400_000);
        let (header, events) = cast(&log, 100, Origin::FirstByte);
        assert_eq!(header["timestamp"], START_MS / 1000 + 86_400);
        assert_eq!(events, [event(0.0, "o", "the screen")]);
    }
}

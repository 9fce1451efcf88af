//! The screen: whatever a program prints, wherever it is cut and however the terminal is resized, a snapshot recreates the
//! screen it was taken of. The first three bytes say how large the terminal is and where it is cut.

use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings};

const SETTINGS: Settings = Settings {
    scrollback: 100,
    cursor_blink: true,
};

/// Prints it.
pub fn screen(data: &[u8]) {
    let Some((&[cols, rows, cut], stream)) = data.split_first_chunk::<3>() else {
        return;
    };
    let size = |cols: u8, rows: u8| Size {
        cols: 2 + u16::from(cols % 60),
        rows: 1 + u16::from(rows % 20),
    };
    let cut = stream.len() * usize::from(cut) / 256;
    let (first, second) = stream.split_at(cut);

    let mut whole = Screen::new(size(cols, rows), SETTINGS);
    whole.feed(stream);
    let mut pieces = Screen::new(size(cols, rows), SETTINGS);
    pieces.feed(first);
    copies(&mut pieces, Sameness::Letters);
    pieces.feed(second);
    let (one, other) = (whole.snapshot(History::All), pieces.snapshot(History::All));
    assert_eq!(
        text(&one.bytes),
        text(&other.bytes),
        "it matters where it is cut"
    );
    copies(&mut pieces, Sameness::Letters);

    pieces.resize(size(rows, cols));
    copies(&mut pieces, Sameness::Cursor);
    pieces.feed(first);
    copies(&mut pieces, Sameness::Cursor);
}

/// What of a copy must be as in the original.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sameness {
    /// Also every letter.
    Letters,
    /// The cursor alone. A line that a resize wrapped anew may end early, and no bytes make such a one.
    Cursor,
}

/// A screen made from the snapshot of another is like it, and exactly like one made from its own. Exactly like the original
/// it need not be: halves of wide characters that were written over, for one, look like blanks and become some. What is
/// alike there is the oracle's (`screen/tests/it`).
fn copies(original: &mut Screen, sameness: Sameness) {
    let mut copy = copy(original);
    if sameness == Sameness::Letters {
        assert_eq!(letters(original), letters(&mut copy));
    }
    assert_eq!(original.cursor(), copy.cursor());
    assert_eq!(original.title(), copy.title());
    let mut again = self::copy(&mut copy);
    let (one, other) = (copy.snapshot(History::All), again.snapshot(History::All));
    assert_eq!(
        text(&one.bytes),
        text(&other.bytes),
        "a copy's copy differs"
    );
}

fn copy(of: &mut Screen) -> Screen {
    let taken = of.snapshot(History::All);
    let mut copy = Screen::new(of.size(), SETTINGS);
    copy.feed(&taken.bytes);
    copy
}

/// Without blanks: what was left free in front of a wide character that did not fit is one in a copy.
fn letters(screen: &mut Screen) -> String {
    screen.text(History::All).split_whitespace().collect()
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

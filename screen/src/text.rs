//! A screen as plain text, for scripts and people.

use crate::cell::Content;
use crate::row::Row;
use crate::styles::Styles;
use crate::{History, Screen};

impl Screen {
    /// The text of the screen shown and of as much above it, lines that were wrapped joined again, without
    /// blanks at the end of lines or empty lines at the end.
    pub fn text(&mut self, history: History) -> String {
        let lines_above = match history {
            History::None => 0,
            History::Lines(lines) => lines,
            History::All => usize::MAX,
        };
        let cols = self.emulator.cols;
        let styles = &mut self.emulator.styles;
        let buffer = match self.emulator.shown {
            crate::buffer::Kind::Normal => &mut self.emulator.normal,
            crate::buffer::Kind::Alternate => &mut self.emulator.alternate,
        };
        let kept = buffer.history.len();
        let mut lines: Vec<String> = Vec::new();
        for at in kept - kept.min(lines_above)..kept {
            let row = buffer.history.get(at, styles);
            append(&mut lines, &row, styles, cols);
        }
        for row in &buffer.rows {
            append(&mut lines, row, styles, cols);
        }
        for line in &mut lines {
            line.truncate(line.trim_end_matches(' ').len());
        }
        let end = lines.iter().rposition(|line| !line.is_empty());
        lines.truncate(end.map_or(0, |last| last + 1));
        lines.join("\n")
    }
}

/// Adds a row, to the line above if it continues that.
fn append(lines: &mut Vec<String>, row: &Row, styles: &Styles, cols: usize) {
    if !row.wrapped || lines.is_empty() {
        lines.push(String::new());
    }
    let Some(line) = lines.last_mut() else { return };
    let len = row.trimmed_len().min(cols);
    let mut at = 0;
    while at < len {
        let cell = row.get(at);
        match cell.content() {
            Content::Char(char) => line.push(char),
            Content::Cluster(number) => line.push_str(styles.cluster(number)),
            Content::Nothing => line.push(' '),
        }
        at += cell.width().max(1) as usize;
    }
}

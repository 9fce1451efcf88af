//! A row as bytes: text as UTF-8, looks only where they change, erased stretches as counts. A line of plain
//! text takes one byte a cell. What a row refers to by number is written out, but for hyperlinks.
//!
//! Bytes below 0x20 are tags (no cell holds a control character); everything else is a character in a cell.

use crate::cell::{Cell, Content, EXTENDED, Extended, Look};
use crate::row::{Row, Written};
use crate::styles::Styles;

/// First byte of a row that continues the one above.
pub(crate) const WRAPPED: u8 = 1;
/// First byte of one that does not.
pub(crate) const NOT_WRAPPED: u8 = 0;

/// The next character takes two cells.
const WIDE: u8 = 0x01;
/// A count of empty cells follows.
const EMPTY: u8 = 0x02;
/// A look follows: foreground, background.
const LOOK: u8 = 0x03;
/// A look follows: foreground, background, underline, its colour, link.
const EXTENDED_LOOK: u8 = 0x04;
/// The default look again.
const PLAIN: u8 = 0x05;
/// A cluster follows: width, length, text.
const CLUSTER: u8 = 0x06;
/// The second half of a wide character, alone.
const HALF: u8 = 0x07;
/// A wide character's first half, alone: the next character's second half is missing.
const WIDE_ALONE: u8 = 0x08;

/// Appends a row's bytes.
pub(crate) fn pack(row: &Row, styles: &Styles, out: &mut Vec<u8>) {
    out.push(if row.wrapped { WRAPPED } else { NOT_WRAPPED });
    match row.written() {
        Written::Text(text, look) => pack_text(text, look, styles, out),
        Written::Cells(cells) => pack_cells(cells, styles, out),
    }
}

fn pack_text(mut text: &[u8], look: Look, styles: &Styles, out: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    if look != Look::default() {
        pack_look(look, styles, out);
    }
    // Nearly always there is no gap, and this looks at many bytes at a time.
    if !text.contains(&0) {
        out.extend_from_slice(text);
        return;
    }
    loop {
        let letters = text.iter().position(|&letter| letter == 0);
        let (letters, rest) = text.split_at(letters.unwrap_or(text.len()));
        out.extend_from_slice(letters);
        if rest.is_empty() {
            return;
        }
        let letters = rest.iter().position(|&letter| letter != 0);
        let (empty, rest) = rest.split_at(letters.unwrap_or(rest.len()));
        out.push(EMPTY);
        pack_count(empty.len(), out);
        text = rest;
    }
}

fn pack_cells(cells: &[Cell], styles: &Styles, out: &mut Vec<u8>) {
    out.reserve(cells.len());
    let mut look = Look::default();
    let mut at = 0;
    while at < cells.len() {
        let cell = cells[at];
        if cell.look != look {
            look = cell.look;
            pack_look(look, styles, out);
        }
        if let Some(byte) = cell.letter().filter(|&letter| letter != 0) {
            out.push(byte);
            at += 1;
            continue;
        }
        let halves = cells
            .get(at + 1)
            .is_some_and(|next| next.width() == 0 && !next.has_content() && next.look == look);
        match cell.content() {
            Content::Nothing if cell.width() == 0 => out.push(HALF),
            Content::Nothing => {
                let run = cells[at..].iter().take_while(|&&next| next == cell).count();
                out.push(EMPTY);
                pack_count(run, out);
                at += run;
                continue;
            }
            Content::Char(char) => {
                match (cell.width(), halves) {
                    (2, true) => out.push(WIDE),
                    (2, false) => out.push(WIDE_ALONE),
                    _ => {}
                }
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Content::Cluster(number) => {
                match (cell.width(), halves) {
                    (2, true) => out.push(WIDE),
                    (2, false) => out.push(WIDE_ALONE),
                    _ => {}
                }
                let text = styles.cluster(number);
                out.push(CLUSTER);
                pack_count(text.len(), out);
                out.extend_from_slice(text.as_bytes());
            }
        }
        at += if cell.width() == 2 && halves { 2 } else { 1 };
    }
}

fn pack_look(look: Look, styles: &Styles, out: &mut Vec<u8>) {
    if look == Look::default() {
        out.push(PLAIN);
        return;
    }
    let extended = (look.bg & EXTENDED != 0).then(|| styles.extended(look.extended));
    out.push(if extended.is_some() {
        EXTENDED_LOOK
    } else {
        LOOK
    });
    out.extend_from_slice(&look.fg.to_le_bytes());
    out.extend_from_slice(&look.bg.to_le_bytes());
    if let Some(extended) = extended {
        out.push(extended.underline);
        out.extend_from_slice(&extended.underline_colour.to_le_bytes());
        out.extend_from_slice(&extended.link.to_le_bytes());
    }
}

/// Seven bits at a time, least first.
fn pack_count(mut count: usize, out: &mut Vec<u8>) {
    loop {
        let low = (count & 0x7f) as u8;
        count >>= 7;
        if count == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Reads what [`pack`] wrote.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn number(&mut self) -> u32 {
        match self.bytes.split_first_chunk::<4>() {
            Some((number, rest)) => {
                self.bytes = rest;
                u32::from_le_bytes(*number)
            }
            None => 0,
        }
    }

    fn count(&mut self) -> usize {
        let mut count = 0;
        let mut shift = 0;
        while let Some(byte) = self.byte() {
            count |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        count
    }

    fn text(&mut self, len: usize) -> &'a str {
        let (text, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn char(&mut self, first: u8) -> char {
        let len = match first {
            ..0x80 => return first.into(),
            0x80..0xe0 => 1,
            0xe0..0xf0 => 2,
            _ => 3,
        };
        let mut bytes = [first, 0, 0, 0];
        let (more, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        self.bytes = rest;
        bytes[1..=more.len()].copy_from_slice(more);
        std::str::from_utf8(&bytes[..=more.len()])
            .ok()
            .and_then(|text| text.chars().next())
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The row of some bytes.
pub(crate) fn unpack(bytes: &[u8], styles: &mut Styles) -> Row {
    let mut reader = Reader { bytes };
    let wrapped = reader.byte() == Some(WRAPPED);
    let mut cells = Vec::with_capacity(bytes.len());
    let mut look = Look::default();
    let mut width = 1;
    let mut has_half = false;
    while let Some(tag) = reader.byte() {
        match tag {
            WIDE => (width, has_half) = (2, true),
            WIDE_ALONE => (width, has_half) = (2, false),
            EMPTY => cells.extend(std::iter::repeat_n(Cell::empty(look), reader.count())),
            LOOK | EXTENDED_LOOK => {
                look.fg = reader.number();
                look.bg = reader.number();
                look.extended = 0;
                if tag == EXTENDED_LOOK {
                    let extended = Extended {
                        underline: reader.byte().unwrap_or_default(),
                        underline_colour: reader.number(),
                        link: reader.number(),
                    };
                    look.extended = styles.extended_number(extended);
                }
            }
            PLAIN => look = Look::default(),
            HALF => cells.push(Cell::behind_wide(look)),
            _ => {
                cells.push(if tag == CLUSTER {
                    let len = reader.count();
                    let number = styles.cluster_number(reader.text(len));
                    Cell::cluster(number, width, look)
                } else {
                    Cell::char(reader.char(tag).into(), width, look)
                });
                if has_half {
                    cells.push(Cell::behind_wide(look));
                }
                (width, has_half) = (1, false);
            }
        }
    }
    Row::from_cells(cells, wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_as_it_was() {
        let mut styles = Styles::default();
        let red = Look {
            fg: 0x0100_0001,
            ..Look::default()
        };
        let curly = Look {
            bg: EXTENDED,
            extended: styles.extended_number(Extended {
                underline: 3,
                underline_colour: 0x0300_ff00,
                link: 7,
            }),
            ..Look::default()
        };
        let cluster = styles.cluster_number("e\u{301}");
        let cells = vec![
            Cell::char('a'.into(), 1, red),
            Cell::BLANK,
            Cell::BLANK,
            Cell::char('日'.into(), 2, curly),
            Cell::behind_wide(curly),
            Cell::cluster(cluster, 1, Look::default()),
            Cell::char('💥'.into(), 2, red),
            Cell::empty(red),
            Cell::behind_wide(Look::default()),
        ];
        let row = Row::from_cells(cells.clone(), true);
        let mut bytes = Vec::new();
        pack(&row, &styles, &mut bytes);
        let back = unpack(&bytes, &mut styles);
        let back_cells: Vec<Cell> = (0..cells.len()).map(|at| back.get(at)).collect();
        assert_eq!(back_cells, cells);
        assert!(back.wrapped);
    }

    #[test]
    fn letters_come_back_as_they_were() {
        let mut styles = Styles::default();
        let red = Look {
            fg: 0x0100_0001,
            ..Look::default()
        };
        for look in [Look::default(), red] {
            let mut row = Row::default();
            row.write_ascii(0, b"some  text", look);
            row.erase(80, 2, 4, Cell::empty(look));
            row.erase(80, 8, 90, Cell::BLANK);
            let mut bytes = Vec::new();
            pack(&row, &styles, &mut bytes);
            let back = unpack(&bytes, &mut styles);
            for at in 0..20 {
                assert_eq!(back.get(at), row.get(at), "{at}");
            }
        }
    }

    #[test]
    fn plain_text_takes_a_byte_a_cell() {
        let mut row = Row::default();
        row.write_ascii(0, &[b'x'; 150], Look::default());
        let mut bytes = Vec::new();
        pack(&row, &Styles::default(), &mut bytes);
        assert_eq!(bytes.len(), 151);
    }
}

//! Operating system commands: titles, links, colours, and what shells and programs announce.

use super::{Emulator, TITLES_MAX};
use crate::colour;
use crate::params::Params;
use crate::signal::{Progress, PromptMark, Signal};
use crate::styles::Link;

/// Longest title, directory or notification that is told on, bytes.
const TEXT_MAX: usize = bowline_protocol::limits::TEXT;

/// The special colours in the order of OSC 10, 11, 12.
const SPECIAL: usize = 3;

impl Emulator {
    pub(super) fn command(&mut self, command: &[u8]) {
        let Ok(command) = std::str::from_utf8(command) else {
            return;
        };
        let (number, data) = command.split_once(';').unwrap_or((command, ""));
        let Ok(number) = number.parse::<u32>() else {
            return;
        };
        match number {
            0 | 2 => self.set_title(data),
            4 => self.indexed_colours(data),
            7 => self.cwd(data),
            8 => self.hyperlink(data),
            9 => self.iterm(data),
            10..=12 => self.special_colours(data, number as usize - 10),
            99 => self.kitty_notification(data),
            104 => self.restore_indexed(data),
            110..=112 => self.palette.special[number as usize - 110] = None,
            133 => self.prompt(data),
            777 => self.urxvt(data),
            7777 => {
                if let Some(status) = data.strip_prefix("bowline;status=") {
                    self.signals.push(Signal::Status(clipped(status)));
                }
            }
            _ => {}
        }
    }

    fn set_title(&mut self, title: &str) {
        self.title = clipped(title);
        self.signals.push(Signal::Title(self.title.clone()));
    }

    /// The title stack. Other window operations are not for a terminal in a page.
    pub(super) fn window(&mut self, params: &Params) {
        let is_title = matches!(params.get(1), 0 | 2);
        match params.get(0) {
            22 if is_title => {
                self.titles.push_back(self.title.clone());
                if self.titles.len() > TITLES_MAX {
                    self.titles.pop_front();
                }
            }
            23 if is_title => {
                if let Some(title) = self.titles.pop_back() {
                    self.set_title(&title);
                }
            }
            _ => {}
        }
    }

    fn hyperlink(&mut self, data: &str) {
        let Some((params, uri)) = data.split_once(';') else {
            return;
        };
        let params = params.trim();
        if uri.is_empty() {
            if params.is_empty() {
                self.pen.extended.link = 0;
                self.update_extended();
            }
            return;
        }
        let id = params
            .split(':')
            .find_map(|param| param.strip_prefix("id="))
            .filter(|id| !id.is_empty());
        self.pen.extended.link = self.styles.link_number(Link {
            id: id.map(str::to_owned),
            uri: uri.to_owned(),
        });
        self.update_extended();
    }

    fn indexed_colours(&mut self, data: &str) {
        let mut slots = data.split(';');
        while let (Some(index), Some(spec)) = (slots.next(), slots.next()) {
            let Some(index) = palette_index(index) else {
                continue;
            };
            if spec == "?" {
                let set = self.palette.indexed.get(&index).copied();
                let ours = colour::indexed(index, &self.sixteen);
                let colour = colour::specification(set.unwrap_or(ours));
                self.reply(format!("\x1b]4;{index};{colour}\x1b\\"));
            } else if let Some(colour) = colour::parse(spec) {
                self.palette.indexed.insert(index, colour);
            }
        }
    }

    fn restore_indexed(&mut self, data: &str) {
        if data.is_empty() {
            self.palette.indexed.clear();
        }
        for index in data.split(';').filter_map(palette_index) {
            self.palette.indexed.remove(&index);
        }
    }

    fn special_colours(&mut self, data: &str, first: usize) {
        for (slot, spec) in data.split(';').enumerate() {
            let at = first + slot;
            if at >= SPECIAL {
                break;
            }
            if spec == "?" {
                let colour = colour::specification(self.special_colour(at));
                self.reply(format!("\x1b]{};{colour}\x1b\\", at + 10));
            } else if let Some(colour) = colour::parse(spec) {
                self.palette.special[at] = Some(colour);
            }
        }
    }

    /// What the program set, else the viewer's, else xterm.js's.
    fn special_colour(&self, at: usize) -> u32 {
        self.palette.special[at].unwrap_or(match (self.colours, at) {
            (Some(colours), 0) => colours.foreground,
            (Some(colours), 1) => colours.background,
            (Some(colours), _) => colours.cursor,
            (None, 1) => 0,
            (None, _) => 0xff_ffff,
        })
    }

    /// OSC 7: `file://host/path`.
    fn cwd(&mut self, data: &str) {
        let Some((_, path)) = data
            .strip_prefix("file://")
            .and_then(|rest| rest.find('/').map(|at| rest.split_at(at)))
        else {
            return;
        };
        let path = percent_decoded(path);
        if path.len() <= TEXT_MAX {
            self.signals.push(Signal::Cwd(path));
        }
    }

    /// OSC 9: a notification, or with 4 the progress of a task.
    fn iterm(&mut self, data: &str) {
        let mut parts = data.split(';');
        if parts.next() != Some("4") {
            self.notify(None, data);
            return;
        }
        let state = parts.next().unwrap_or_default();
        let percent = parts.next().and_then(|percent| percent.parse::<u8>().ok());
        let percent = percent.unwrap_or(0).min(100);
        let progress = match state {
            "0" => Progress::None,
            "1" => Progress::Normal(percent),
            "2" => Progress::Error(percent),
            "3" => Progress::Indeterminate,
            "4" => Progress::Paused(percent),
            _ => return,
        };
        self.signals.push(Signal::Progress(progress));
    }

    /// OSC 99 without its chunks and buttons: the text.
    fn kitty_notification(&mut self, data: &str) {
        let (meta, body) = data.split_once(';').unwrap_or(("", data));
        let is = |key: &str, value: &str| {
            meta.split(':')
                .any(|pair| pair.split_once('=') == Some((key, value)))
        };
        // Only text in the clear; queries, icons and close requests are not notifications.
        let has_other_payload = meta
            .split(':')
            .any(|pair| pair.starts_with("p=") && !matches!(pair, "p=title" | "p=body"));
        if !body.is_empty() && !is("e", "1") && !has_other_payload {
            self.notify(None, body);
        }
    }

    /// OSC 777;notify;title;body.
    fn urxvt(&mut self, data: &str) {
        let mut parts = data.splitn(3, ';');
        if parts.next() == Some("notify") {
            let title = parts.next().unwrap_or_default();
            let body = parts.next().unwrap_or_default();
            self.notify(Some(title), body);
        }
    }

    fn notify(&mut self, title: Option<&str>, body: &str) {
        self.signals.push(Signal::Notification {
            title: title.map(clipped),
            body: clipped(body),
        });
    }

    /// OSC 133.
    fn prompt(&mut self, data: &str) {
        let mut parts = data.split(';');
        let mark = match parts.next() {
            Some("A") => PromptMark::PromptStart,
            Some("B") => PromptMark::CommandStart,
            Some("C") => PromptMark::OutputStart,
            Some("D") => PromptMark::CommandEnd {
                status: parts.next().and_then(|status| status.parse().ok()),
            },
            _ => return,
        };
        self.signals.push(Signal::Prompt(mark));
    }
}

fn palette_index(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// As much of a text as is told on.
fn clipped(text: &str) -> String {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| more.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

//! Files on their way to the server, and what is typed when they are there. Sending is the browser's
//! (`components::files`).

use leptos::prelude::*;
use serde::Deserialize;

use crate::text;

/// Most files that wait at once; more are told and left out.
pub(crate) const MOST: usize = 50;

/// A file on its way, or waiting for those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Unique on this page.
    pub(crate) id: u32,
    /// Its name here.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// So many are sent.
    pub(crate) sent: u64,
}

impl Upload {
    /// How far it is.
    pub(crate) fn words(&self) -> String {
        match self.sent {
            0 => format!("{} to send", text::bytes(self.bytes)),
            sent => {
                let sent = sent.min(self.bytes);
                format!("{} of {}", text::bytes(sent), text::bytes(self.bytes))
            }
        }
    }
}

/// All of them, oldest first. Part of the desk.
#[derive(Clone, Copy)]
pub(crate) struct Uploads {
    list: RwSignal<Vec<Upload>>,
    last: StoredValue<u32>,
    /// Most bytes of a file that the server takes, where it told.
    limit: Option<u64>,
}

impl Uploads {
    /// None.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            last: StoredValue::new(0),
            limit,
        }
    }

    /// All of them, tracked.
    pub(crate) fn list(self) -> Vec<Upload> {
        self.list.get()
    }

    /// How many more there may be.
    pub(crate) fn room(self) -> usize {
        MOST.saturating_sub(self.list.with_untracked(Vec::len))
    }

    /// Why a file is not sent at all, if it is not.
    pub(crate) fn refusal(self, name: &str, bytes: u64) -> Option<String> {
        refusal(name, bytes, self.limit?)
    }

    /// One more. Answers its id.
    pub(crate) fn add(self, name: String, bytes: u64) -> u32 {
        self.last.update_value(|last| *last += 1);
        let id = self.last.get_value();
        let sent = 0;
        self.list.update(|list| {
            list.push(Upload {
                id,
                name,
                bytes,
                sent,
            });
        });
        id
    }

    /// So much of it is sent.
    pub(crate) fn sent(self, id: u32, sent: u64) {
        self.list.update(|list| {
            if let Some(upload) = list.iter_mut().find(|upload| upload.id == id) {
                upload.sent = sent;
            }
        });
    }

    /// It is there, or given up.
    pub(crate) fn remove(self, id: u32) {
        self.list
            .update(|list| list.retain(|upload| upload.id != id));
    }
}

fn refusal(name: &str, bytes: u64, limit: u64) -> Option<String> {
    (bytes > limit).then(|| {
        let (bytes, limit) = (text::binary(bytes), text::binary(limit));
        format!(
            "\u{201c}{name}\u{201d} was not uploaded: it has {bytes}, and at most {limit} may be uploaded \
             (--upload-limit)."
        )
    })
}

/// The answer of `POST /api/upload`, as far as it matters here.
#[derive(Deserialize)]
struct Stored {
    path: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Problem,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
}

/// Where the server put a file, or why it did not.
pub(crate) fn answer(status: u16, body: &str) -> Result<String, String> {
    if status == 0 {
        return Err("the connection was lost".to_owned());
    }
    if status == 200 {
        let stored = crate::json::read::<Stored>(body);
        return stored
            .map(|stored| stored.path)
            .map_err(|_| "the server\u{2019}s answer was not understood".to_owned());
    }
    Err(match (crate::json::read::<Refused>(body), status) {
        (Ok(refused), _) => refused.error.message,
        (Err(_), 413) => "it is larger than the server takes".to_owned(),
        (Err(_), status) => format!("the server answered {status}"),
    })
}

/// A path as a shell takes it for one word.
pub(crate) fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// A moment by the user's clock: (year, month, day) and (hour, minute, second).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The day.
    pub(crate) date: (u32, u32, u32),
    /// The time.
    pub(crate) time: (u32, u32, u32),
}

/// The name of a file about a tab: `build-20260131-235959.txt`. Only what every system takes in a name.
pub(crate) fn file_name(tab: &str, at: Stamp, ending: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let words: String = tab.chars().map(plain).collect();
    let words: Vec<_> = words.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(60).collect();
    let name = if name.is_empty() { "terminal" } else { &name };
    let ((year, month, day), (hour, minute, second)) = (at.date, at.time);
    format!("{name}-{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_tab() {
        let at = Stamp {
            date: (2026, 1, 31),
            time: (3, 4, 5),
        };
        assert_eq!(
            file_name("my / build!", at, "txt"),
            "my-build-20260131-030405.txt"
        );
        assert_eq!(file_name("..", at, "cast"), "terminal-20260131-030405.cast");
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_size_and_the_limit() {
        assert_eq!(refusal("a", 1_024, 1_024), None);
        assert_eq!(
            refusal("film.mkv", (32 << 20) + 1, 32 << 20).as_deref(),
            Some(
                "\u{201c}film.mkv\u{201d} was not uploaded: it has 32.1 MiB, and at most 32 MiB may be uploaded \
                 (--upload-limit)."
            )
        );
        assert!(refusal("b", 600, 512).is_some_and(|why| why.contains("600 bytes")));
    }

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(
            quoted("/home/me/uploads/1a_x.png"),
            "/home/me/uploads/1a_x.png"
        );
        assert_eq!(quoted("/a b/c"), "'/a b/c'");
        assert_eq!(quoted("/it's"), r"'/it'\''s'");
        assert_eq!(quoted("/$(rm)"), "'/$(rm)'");
        assert_eq!(quoted("/~x"), "'/~x'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_servers_words_are_told() {
        assert_eq!(
            answer(200, r#"{"path":"/u/x","name":"x","bytes":1}"#).as_deref(),
            Ok("/u/x")
        );
        let refused = r#"{"error":{"code":"too_large","message":"32 MiB at most"}}"#;
        assert_eq!(answer(413, refused), Err("32 MiB at most".to_owned()));
        assert_eq!(
            answer(502, "<html>"),
            Err("the server answered 502".to_owned())
        );
        assert!(answer(0, "").is_err() && answer(200, "<html>").is_err());
    }

    #[test]
    fn uploads_are_counted_and_go() {
        let owner = Owner::new();
        owner.with(|| {
            let uploads = Uploads::new(Some(32 << 20));
            let one = uploads.add("one".to_owned(), 2_000_000);
            let two = uploads.add("two".to_owned(), 1);
            uploads.sent(one, 500_000);
            assert_eq!(uploads.room(), MOST - 2);
            assert_eq!(uploads.list()[0].words(), "500 KB of 2.0 MB");
            uploads.remove(one);
            assert_eq!(uploads.list()[0].id, two);
        });
    }
}

//! Which sessions are worth a notification of the system: those that begin to need somebody while nobody looks
//! at the page, each once until somebody has looked. Pure.
//!
//! Looking at the page forgets everything that was notified; what calls at that moment has been seen and stays
//! silent until the next look. So a reconnect, which says every state anew, repeats nothing.

use std::collections::BTreeSet;

use bowline_protocol::SessionId;

use crate::functions::sessions::{AttentionReply, SessionRow, State};
use crate::text;

/// Most characters of a program's own words.
const WORDS: usize = 200;

/// Whether somebody looks at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looking {
    /// It is in front and has the keyboard.
    Here,
    /// Something else is.
    Elsewhere,
}

/// What is said of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// Which.
    pub(crate) session: SessionId,
    /// Why somebody should look.
    pub(crate) why: AttentionReply,
}

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// The list was looked at before: what called then is no news.
    begun: bool,
    said: BTreeSet<SessionId>,
}

impl Notices {
    /// Looks through all sessions. Answers what to say.
    pub(crate) fn look(&mut self, rows: &[SessionRow], looking: Looking) -> Vec<Note> {
        let calls = rows.iter().filter_map(|row| {
            let why = row
                .attention
                .filter(|_| row.state == State::NeedsAttention)?;
            let session = row.session_id;
            Some(Note { session, why })
        });
        if looking == Looking::Here || !self.begun {
            self.begun = true;
            self.said = calls.map(|note| note.session).collect();
            return Vec::new();
        }
        calls
            .filter(|note| self.said.insert(note.session))
            .collect()
    }
}

/// What stands below a notification's title: the words that the program sent, else why it calls.
pub(crate) fn body(why: AttentionReply, sent: Option<&str>) -> String {
    let sent = sent.filter(|_| why == AttentionReply::Notification);
    match sent.map(text::printable) {
        Some(words) if !words.trim().is_empty() => words.trim().chars().take(WORDS).collect(),
        _ => format!("This session {}.", text::attention(why)),
    }
}

/// What the system lets the page do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Show notifications.
    Given,
    /// It was not asked yet.
    Unasked,
    /// It said no.
    Denied,
    /// There are none, or not on a page like this.
    Missing,
}

impl Leave {
    /// What the settings say of it, where that is worth a word.
    pub(crate) fn problem(self) -> Option<&'static str> {
        match self {
            Self::Given | Self::Unasked => None,
            Self::Denied => Some(
                "The browser doesn\u{2019}t let this page show notifications. Allow them in the address bar, then \
                 turn this on again.",
            ),
            Self::Missing => Some(
                "This browser shows no notifications for this page: it wants one that comes by https or from \
                 localhost.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::known::tests::row;

    fn calling(id: u8) -> SessionRow {
        SessionRow {
            state: State::NeedsAttention,
            attention: Some(AttentionReply::Waiting),
            ..row(id)
        }
    }

    fn said(notes: &[Note]) -> Vec<SessionId> {
        notes.iter().map(|note| note.session).collect()
    }

    #[test]
    fn what_begins_while_nobody_looks_is_said_once() {
        let mut notices = Notices::default();
        assert!(
            notices
                .look(&[row(1), row(2)], Looking::Elsewhere)
                .is_empty()
        );
        let one = calling(1).session_id;
        assert_eq!(
            said(&notices.look(&[calling(1), row(2)], Looking::Elsewhere)),
            [one]
        );
        // It flaps, as after a reconnect or at a second bell.
        assert!(
            notices
                .look(&[row(1), row(2)], Looking::Elsewhere)
                .is_empty()
        );
        assert!(
            notices
                .look(&[calling(1), row(2)], Looking::Elsewhere)
                .is_empty()
        );
        // Somebody looked, and it was done.
        assert!(notices.look(&[row(1), row(2)], Looking::Here).is_empty());
        assert_eq!(
            said(&notices.look(&[calling(1)], Looking::Elsewhere)),
            [one]
        );
    }

    #[test]
    fn what_was_there_or_seen_is_no_news() {
        let mut notices = Notices::default();
        // A page that was opened behind others.
        assert!(notices.look(&[calling(1)], Looking::Elsewhere).is_empty());
        assert!(
            notices
                .look(&[calling(1), calling(2)], Looking::Here)
                .is_empty()
        );
        assert!(
            notices
                .look(&[calling(1), calling(2)], Looking::Elsewhere)
                .is_empty()
        );
    }

    #[test]
    fn only_the_words_that_a_program_sent_are_repeated() {
        let waits = "This session waits for you.";
        assert_eq!(body(AttentionReply::Waiting, Some("secret")), waits);
        let sent = Some(" tests \u{202e}failed ");
        assert_eq!(body(AttentionReply::Notification, sent), "tests failed");
        let none = "This session has a notification.";
        assert_eq!(body(AttentionReply::Notification, Some("\u{7}")), none);
        let long = "x".repeat(900);
        assert_eq!(body(AttentionReply::Notification, Some(&long)).len(), WORDS);
    }
}

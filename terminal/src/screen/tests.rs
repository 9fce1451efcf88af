//! Faults in an emulator, as tests make them, and what they cost.

use std::sync::Arc;
use std::time::Duration;

use bowline_protocol::frame::Event;
use bowline_protocol::ids::SessionId;
use bowline_screen::History;

use super::{ScreenFormat, Trail};
use crate::lock;
use crate::session::Session;
use crate::status::Told;
use crate::{ApiInput, CreateSession, Options, Sessions};

/// Faults that are still to come.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Bytes with this one in them fail …
    at: u8,
    /// … so many times.
    feeds: u32,
    /// So many looks at the screen fail.
    looks: u32,
}

impl Faults {
    pub(super) fn fed(&mut self, bytes: &[u8]) {
        if self.feeds > 0 && bytes.contains(&self.at) {
            self.feeds -= 1;
            panic!("a fault that a test wants");
        }
    }

    pub(super) fn looked(&mut self) {
        if self.looks > 0 {
            self.looks -= 1;
            panic!("a fault that a test wants");
        }
    }
}

/// More than one slice, with a bell before a fault and a notification behind it.
const SAYS: &str = "read x; seq 1 20000; printf '\\a\\006'; seq 20001 20020; printf '\\033]9;look\\a'; \
                    seq 20021 20100; printf the-; printf end; read x; echo and-''more; read x";
const FAULT: u8 = 0x06;

struct Watched {
    sessions: Sessions,
    session: Arc<Session>,
}

impl Watched {
    /// A session that will say [`SAYS`] once it is told to.
    async fn new(sessions: &Sessions) -> Self {
        let command = ["bash", "--norc", "-c", SAYS];
        let created = sessions.create(CreateSession {
            command: Some(command.map(str::to_owned).to_vec()),
            ..CreateSession::default()
        });
        let id: SessionId = created.await.expect("a session").session;
        Self {
            session: sessions.find(id).expect("it runs"),
            sessions: sessions.clone(),
        }
    }

    fn trail(&self) -> &Trail {
        self.session.trail()
    }

    fn fail(&self, faults: Faults) {
        lock(&self.trail().follower).faults = faults;
    }

    /// Lets it speak, and gives its whole text once it has.
    async fn speak(&self) -> String {
        self.speak_until("the-end").await;
        self.text().await
    }

    /// Tells it to go on, and waits until it has said this.
    async fn speak_until(&self, end: &str) {
        let handle = self.sessions.get(self.session.id).expect("it runs");
        let typed = ApiInput {
            client: None,
            position: None,
            bytes: "\n".into(),
        };
        handle.input(typed).await.expect("taken");
        let mut from = 0;
        let mut said = String::new();
        while !said.contains(end) {
            handle.wait_output(from, Duration::from_secs(30)).await;
            let read = handle.read(Some(from), usize::MAX);
            assert!(read.next_offset > from, "it says nothing more");
            from = read.next_offset;
            said.push_str(&String::from_utf8_lossy(&read.bytes));
        }
    }

    async fn text(&self) -> String {
        let handle = self.sessions.get(self.session.id).expect("it runs");
        let shot = handle.screen(ScreenFormat::Text, History::All);
        let shot = tokio::time::timeout(Duration::from_secs(30), shot).await;
        shot.expect("in time").expect("a screen").content
    }

    fn calls(&self) -> usize {
        let mut calls = 0;
        Told::default().tell(&self.session.shared().status, |event| {
            let is_call = matches!(event, Event::Bell { .. } | Event::Notification { .. });
            calls += usize::from(is_call);
        });
        calls
    }
}

fn numbers(text: &str) -> Vec<u32> {
    let numbers = text.split_ascii_whitespace();
    numbers.filter_map(|word| word.parse().ok()).collect()
}

#[tokio::test]
async fn a_screen_that_fails_once_is_made_again_from_the_log() {
    let sessions = Sessions::new(Options::default());
    let harmed = Watched::new(&sessions).await;
    let other = Watched::new(&sessions).await;
    harmed.fail(Faults {
        at: FAULT,
        feeds: 1,
        looks: 0,
    });
    let (text, expected) = tokio::join!(harmed.speak(), other.speak());
    assert_eq!(lock(&harmed.trail().follower).faults.feeds, 0, "it failed");
    assert!(numbers(&expected).len() > 5000);
    assert_eq!(text, expected);
    // What stands in the piece that failed may be lost, but nothing is heard twice.
    assert!(harmed.calls() <= 2, "{}", harmed.calls());
    assert_eq!(other.calls(), 2);
}

#[tokio::test]
async fn what_fails_again_is_left_out_and_no_more() {
    let sessions = Sessions::new(Options::default());
    let harmed = Watched::new(&sessions).await;
    let other = Watched::new(&sessions).await;
    harmed.fail(Faults {
        at: FAULT,
        feeds: 2,
        looks: 0,
    });
    let (text, expected) = tokio::join!(harmed.speak(), other.speak());
    assert_eq!(lock(&harmed.trail().follower).faults.feeds, 0, "it failed");
    let (text, expected) = (numbers(&text), numbers(&expected));
    assert_eq!(text.last(), expected.last());
    // A piece of 256 bytes holds 37 of these numbers.
    let lost = expected.len() - text.len();
    assert!(lost <= 40, "{lost} lines are lost");
    assert!(text.len() > 5000, "{} lines are there", text.len());
}

#[tokio::test]
async fn a_screen_that_fails_wherever_it_is_fed_starts_empty_and_goes_on() {
    let sessions = Sessions::new(Options::default());
    let harmed = Watched::new(&sessions).await;
    harmed.fail(Faults {
        at: b'7',
        feeds: 8,
        looks: 0,
    });
    let text = harmed.speak().await;
    assert!(numbers(&text).len() < 20_100, "something is lost");
    harmed.speak_until("and-more").await;
    let text = harmed.text().await;
    assert!(text.contains("and-more"), "{text}");
}

#[tokio::test]
async fn a_look_that_fails_is_answered_from_the_screen_made_again() {
    let sessions = Sessions::new(Options::default());
    let harmed = Watched::new(&sessions).await;
    let before = harmed.speak().await;
    harmed.fail(Faults {
        at: 0,
        feeds: 0,
        looks: 1,
    });
    let handle = sessions.get(harmed.session.id).expect("it runs");
    let shot = handle.screen(ScreenFormat::Ansi, History::All).await;
    let shot = shot.expect("a screen");
    assert_eq!(lock(&harmed.trail().follower).faults.looks, 0, "it failed");
    assert!(shot.content.contains("20100"), "{}", shot.content);
    assert_eq!(harmed.text().await, before);
    assert_eq!(harmed.calls(), 2);
    // Failing at once again, it shows nothing rather than nothing for ever.
    harmed.fail(Faults {
        at: 0,
        feeds: 0,
        looks: 1,
    });
    let shot = handle.screen(ScreenFormat::Ansi, History::All).await;
    assert!(!shot.expect("a screen").content.contains("20100"));
}

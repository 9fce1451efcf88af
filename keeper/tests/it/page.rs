//! A page without a browser: it knows sessions byte by byte, answers what it is told, and comes back when its
//! link is cut.

use std::collections::{BTreeMap, VecDeque};

use bowline_keeper::{Host, LinkIn, LinkOut};
use bowline_protocol::codec::{BatchReader, BatchWriter};
use bowline_protocol::frame::{ClientFrame, Event, Exit, Mode, ServerFrame, Size};
use bowline_protocol::ids::{ClientId, Generation, LogPosition, SessionId};
use bowline_protocol::input::InputSender;
use bowline_protocol::limits::{INPUT_WINDOW, VERSION};
use bytes::Bytes;

use crate::support::soon;

/// What a page knows of a session.
pub(crate) struct Seen {
    position: Option<LogPosition>,
    /// From its first byte on.
    pub(crate) bytes: Vec<u8>,
    pub(crate) exit: Option<Exit>,
    pub(crate) input: InputSender,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            position: None,
            bytes: Vec::new(),
            exit: None,
            input: InputSender::new(INPUT_WINDOW),
        }
    }
}

/// Whether what is said arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Whole,
    Cut,
}

pub(crate) struct Page {
    host: Host,
    client: ClientId,
    generation: Generation,
    upward: LinkIn,
    downward: LinkOut,
    state: Link,
    /// Received while something was sent.
    told: VecDeque<Bytes>,
    pub(crate) known: BTreeMap<SessionId, Seen>,
}

impl Page {
    pub(crate) async fn new(host: &Host, number: u8) -> Self {
        let (client, generation) = (ClientId::from_bytes([number; 16]), Generation(1));
        let link = host.connect(client, generation).await;
        let (upward, downward) = link.expect("a link");
        let mut page = Self {
            host: host.clone(),
            client,
            generation,
            upward,
            downward,
            state: Link::Whole,
            told: VecDeque::new(),
            known: BTreeMap::new(),
        };
        page.greet().await;
        page
    }

    /// Says hello, and what it knows of its sessions.
    async fn greet(&mut self) {
        let mut frames = vec![ClientFrame::Hello {
            client: self.client,
            generation: self.generation,
            versions: vec![VERSION],
            proof: None,
        }];
        for (session, seen) in &mut self.known {
            seen.input.pause();
            frames.push(attach(*session, seen.position));
        }
        self.say(&frames).await;
    }

    async fn say(&mut self, frames: &[ClientFrame]) {
        let mut writer = BatchWriter::default();
        frames.iter().for_each(|frame| writer.push(frame));
        self.send(writer.take()).await;
    }

    async fn send(&mut self, batch: Bytes) {
        if batch.is_empty() {
            return;
        }
        let sending = self.upward.receive(batch);
        tokio::pin!(sending);
        let taken = async {
            loop {
                tokio::select! {
                    biased;
                    _ = &mut sending => return,
                    told = self.downward.next_batch() => match told {
                        Ok(batch) => self.told.push_back(batch),
                        Err(_) => {
                            self.state = Link::Cut;
                            return;
                        }
                    },
                }
            }
        };
        soon("what is said to be taken", taken).await;
    }

    /// What it is told next; `None` when its link is cut.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(batch) = self.told.pop_front() {
            return Some(batch);
        }
        match self.state {
            Link::Whole => self.downward.next_batch().await.ok(),
            Link::Cut => None,
        }
    }

    pub(crate) async fn attach(&mut self, session: SessionId) {
        self.known.insert(session, Seen::default());
        self.say(&[attach(session, None)]).await;
        self.until(session, "attached", |seen| seen.position.is_some())
            .await;
    }

    /// Comes back by another server, with all that it knows.
    pub(crate) async fn move_to(&mut self, host: &Host) {
        self.host = host.clone();
        self.reconnect().await;
    }

    async fn reconnect(&mut self) {
        self.generation = self.generation.next();
        let connecting = async {
            loop {
                // None while the keeper becomes another program.
                if let Ok(link) = self.host.connect(self.client, self.generation).await {
                    return link;
                }
                tokio::task::yield_now().await;
            }
        };
        (self.upward, self.downward) = soon("a link", connecting).await;
        self.state = Link::Whole;
        self.told.clear();
        self.greet().await;
    }

    /// Takes what it is told until its link is cut.
    pub(crate) async fn until_cut(&mut self) {
        soon("the cut", async {
            while let Some(batch) = self.next().await {
                self.take(batch).await;
            }
        })
        .await;
    }

    /// Takes what it is told, and comes back when it is cut off, until a session is as expected.
    pub(crate) async fn until(
        &mut self,
        session: SessionId,
        what: &str,
        mut expected: impl FnMut(&Seen) -> bool,
    ) {
        soon(what, async {
            while !expected(&self.known[&session]) {
                match self.next().await {
                    Some(batch) => self.take(batch).await,
                    None => self.reconnect().await,
                }
            }
        })
        .await;
    }

    async fn take(&mut self, batch: Bytes) {
        let mut answers = BatchWriter::default();
        for framed in BatchReader::<ServerFrame>::new(batch) {
            let framed = framed.expect("the keeper's frames are well formed");
            match framed.frame {
                ServerFrame::Attached {
                    session,
                    from,
                    input,
                    ..
                } => {
                    let seen = self.known.entry(session).or_default();
                    let known = seen.position.map_or(0, |position| position.offset);
                    assert_eq!(from.offset, known, "a gap or a repetition");
                    assert_eq!(seen.input.resume(input), 0, "input is lost");
                    seen.position = Some(from);
                }
                ServerFrame::Output { session, offset } => {
                    let seen = self.known.entry(session).or_default();
                    let position = seen.position.as_mut().expect("output of what is attached");
                    assert_eq!(offset, position.offset, "a gap or a repetition");
                    seen.bytes.extend_from_slice(&framed.payload);
                    position.offset += framed.payload.len() as u64;
                    answers.push(&ClientFrame::Ack {
                        session,
                        received: position.offset,
                        parsed: position.offset,
                    });
                }
                ServerFrame::Gap { .. } | ServerFrame::Snapshot { .. } => panic!("{framed:?}"),
                ServerFrame::InputAck { session, position } => {
                    let seen = self.known.entry(session).or_default();
                    seen.input.ack(position);
                }
                ServerFrame::InputRefused {
                    session, expected, ..
                } => {
                    let seen = self.known.entry(session).or_default();
                    seen.input.rewind(expected);
                }
                ServerFrame::Event {
                    session,
                    event: Event::Exited { exit, .. },
                } => self.known.entry(session).or_default().exit = Some(exit),
                _ => {}
            }
        }
        self.send(answers.take()).await;
        self.send_input().await;
    }

    async fn send_input(&mut self) {
        let mut writer = BatchWriter::default();
        for (&session, seen) in &mut self.known {
            let Some(position) = seen.position else {
                continue;
            };
            while let Some(piece) = seen.input.next_piece() {
                let frame = ClientFrame::Input {
                    session,
                    log: position.log,
                    position: piece.position,
                    more: piece.more,
                };
                writer.push_parts(&frame, &[piece.bytes]);
            }
        }
        self.send(writer.take()).await;
    }

    /// Types. What the window leaves waits until the keeper has written.
    pub(crate) async fn type_in(&mut self, session: SessionId, bytes: impl Into<Bytes>) {
        let seen = self.known.get_mut(&session).expect("it is attached");
        seen.input.push(bytes.into());
        self.send_input().await;
    }

    /// Waits until a session printed a text.
    pub(crate) async fn sees(&mut self, session: SessionId, text: &str) {
        let mut searched = 0;
        self.until(session, &format!("{text:?}"), |seen| {
            let mut windows = seen.bytes[searched..].windows(text.len());
            let found = windows.any(|window| window == text.as_bytes());
            searched = seen.bytes.len().saturating_sub(text.len());
            found
        })
        .await;
    }

    pub(crate) async fn exit_of(&mut self, session: SessionId) -> Exit {
        self.until(session, "its end", |seen| seen.exit.is_some())
            .await;
        self.known[&session].exit.expect("it ended")
    }

    /// All that a session printed.
    pub(crate) fn bytes(&self, session: SessionId) -> &[u8] {
        &self.known[&session].bytes
    }
}

fn attach(session: SessionId, from: Option<LogPosition>) -> ClientFrame {
    ClientFrame::Attach {
        session,
        from,
        mode: Mode::Log,
        size: Size::default(),
    }
}

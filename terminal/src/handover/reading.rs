//! Reads a handed-over state: sessions one after the other, each whole or with what is wrong with it. One that is
//! unusable never takes another with it.

use std::collections::VecDeque;
use std::io::Read;

use bowline_protocol::ids::SessionId;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::handover::record::{Record, RecordReader};
use crate::handover::state::Kind;
use crate::handover::{HandOverError, PIECE, Preamble, ScreenHead, SessionHead, VERSION};
use crate::input::{CarriedInput, InputQueue};
use crate::log::OutputLog;

/// A session as it was read.
pub(crate) struct CarriedSession {
    pub(crate) head: SessionHead,
    pub(crate) log: OutputLog,
    pub(crate) input: InputQueue,
    /// Without it the screen is made from the log.
    pub(crate) screen: Option<(ScreenHead, Vec<u8>)>,
}

/// What a state holds.
pub(crate) enum Item {
    Session(Box<CarriedSession>),
    /// One that can't be used.
    Unusable {
        session: SessionId,
        why: &'static str,
    },
}

/// A session whose parts are still coming.
struct Parts {
    head: SessionHead,
    input: Option<(CarriedInput, Bytes)>,
    arrivals: Vec<u8>,
    log: Vec<Bytes>,
    screen: Option<(ScreenHead, Vec<u8>)>,
    /// The first thing that is wrong with it.
    fault: Option<&'static str>,
}

/// Whether the state goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Follows,
    /// Its end was read.
    Ended,
}

pub(crate) struct StateReader<R: Read> {
    records: RecordReader<R>,
    open: Option<Parts>,
    /// Read and not given yet: two at most.
    ready: VecDeque<Item>,
    rest: Rest,
}

impl<R: Read> StateReader<R> {
    /// Reads the preamble.
    pub(crate) fn new(from: R) -> Result<Self, HandOverError> {
        let mut records = RecordReader::new(from);
        let record = records.next()?.ok_or(HandOverError::Truncated)?;
        let kind = kind_of(&record)?;
        if kind != "bowline-sessions" {
            return Err(HandOverError::Malformed("it does not begin as one"));
        }
        let preamble = head::<Preamble>(&record);
        let preamble = preamble.ok_or(HandOverError::Malformed("it has no version"))?;
        match preamble.version {
            0 => Err(HandOverError::Malformed("it has no version")),
            1..=VERSION => Ok(Self {
                records,
                open: None,
                ready: VecDeque::new(),
                rest: Rest::Follows,
            }),
            newer => Err(HandOverError::Newer(newer)),
        }
    }

    /// The next session; `None` at the end. Behind an error come those sessions that are whole in spite of it.
    pub(crate) fn next(&mut self) -> Result<Option<Item>, HandOverError> {
        while self.rest == Rest::Follows && self.ready.is_empty() {
            let record = match self.records.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Err(self.break_off(HandOverError::Truncated)),
                Err(error) => return Err(self.break_off(error)),
            };
            let kind = match kind_of(&record) {
                Ok(kind) => kind,
                Err(error) => return Err(self.break_off(error)),
            };
            match kind.as_str() {
                "end" => self.rest = Rest::Ended,
                "session" => {
                    self.ready.extend(self.open.take().map(Parts::close));
                    match head::<SessionHead>(&record) {
                        Some(head) => self.open = Some(Parts::new(head)),
                        // What follows of it finds no session and goes with it.
                        None => self.ready.push_back(unreadable(&record)?),
                    }
                }
                _ => {
                    if let Some(open) = &mut self.open {
                        open.add(&kind, record);
                    }
                }
            }
        }
        let last = || self.open.take().map(Parts::close);
        Ok(self.ready.pop_front().or_else(last))
    }

    /// Nothing more can be read.
    fn break_off(&mut self, error: HandOverError) -> HandOverError {
        self.rest = Rest::Ended;
        error
    }
}

impl Parts {
    fn new(head: SessionHead) -> Self {
        Self {
            head,
            input: None,
            arrivals: Vec::new(),
            log: Vec::new(),
            screen: None,
            fault: None,
        }
    }

    fn add(&mut self, kind: &str, record: Record) {
        match kind {
            "input" => match head::<CarriedInput>(&record) {
                Some(input) => self.input = Some((input, record.body)),
                None => self.fault = self.fault.or(Some("its input can't be read")),
            },
            "arrivals" => self.arrivals.extend_from_slice(&record.body),
            "log" => self.log.push(record.body),
            "screen" => match head::<ScreenHead>(&record) {
                Some(part) => self.add_screen(&part, &record.body),
                None => self.screen = None,
            },
            // Of a later version.
            _ => {}
        }
    }

    fn add_screen(&mut self, part: &ScreenHead, body: &[u8]) {
        let (head, bytes) = self
            .screen
            .get_or_insert_with(|| (part.clone(), Vec::with_capacity(PIECE)));
        head.left = part.left;
        bytes.extend_from_slice(body);
    }

    fn close(self) -> Item {
        let session = self.head.id;
        match self.put_together() {
            Ok(carried) => Item::Session(Box::new(carried)),
            Err(why) => Item::Unusable { session, why },
        }
    }

    fn put_together(self) -> Result<CarriedSession, &'static str> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let log = OutputLog::take_up(&self.head.log, &self.arrivals, self.log);
        let log = log.ok_or("its log contradicts itself")?;
        let (input, waiting) = self.input.ok_or("its input is missing")?;
        let input = InputQueue::take_up(input, waiting);
        let input = input.ok_or("its input contradicts itself")?;
        self.head.size.checked().ok_or("its size is impossible")?;
        let is_usable = |head: &ScreenHead| {
            head.left == 0 && head.size.checked().is_some() && head.next_mark <= log.marks_end()
        };
        let screen = self.screen.filter(|(head, _)| is_usable(head));
        Ok(CarriedSession {
            head: self.head,
            log,
            input,
            screen,
        })
    }
}

/// A session of which nothing is known but its id.
fn unreadable(record: &Record) -> Result<Item, HandOverError> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: SessionId,
    }
    let named = head::<Named>(record);
    let named = named.ok_or(HandOverError::Malformed("a session has no id"))?;
    Ok(Item::Unusable {
        session: named.id,
        why: "a field of it is missing or means something else",
    })
}

fn kind_of(record: &Record) -> Result<String, HandOverError> {
    let kind = head::<Kind>(record).map(|head| head.kind);
    kind.ok_or(HandOverError::Malformed("a record has no kind"))
}

fn head<T: DeserializeOwned>(record: &Record) -> Option<T> {
    serde_json::from_slice(&record.head).ok()
}

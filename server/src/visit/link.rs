//! The transports of an attached terminal: each a connection to whoever keeps the sessions, carried by a task
//! of its own. Batches pass unread.

use bowline_keeper::Visit;
use bowline_protocol::{ClientId, Generation};
use bowline_terminal::LinkError;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Batches that wait to be sent; then whoever sends waits. The other direction goes on meanwhile.
const OUTGOING_MAX: usize = 16;
/// Batches that came and wait to be looked at; then the other end waits.
const INCOMING_MAX: usize = 4;

/// What a transport has to tell.
#[derive(Debug)]
pub(super) enum News {
    Opened,
    Batch(Bytes),
    /// The last of each.
    Closed(LinkError),
}

/// What all transports told, in order.
pub(super) type Told = mpsc::Receiver<(Generation, News)>;

/// Opens transports, one at a time.
pub(super) struct Links {
    visit: Visit,
    client: ClientId,
    news: mpsc::Sender<(Generation, News)>,
    current: Option<Current>,
}

struct Current {
    outgoing: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Drop for Current {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Links {
    /// None is open yet.
    pub(super) fn new(visit: Visit, client: ClientId) -> (Self, Told) {
        let (news, told) = mpsc::channel(INCOMING_MAX);
        let links = Self {
            visit,
            client,
            news,
            current: None,
        };
        (links, told)
    }

    /// Opens the next one; the last one ends.
    pub(super) fn open(&mut self, generation: Generation) {
        let (outgoing, to_send) = mpsc::channel(OUTGOING_MAX);
        let (visit, client, news) = (self.visit.clone(), self.client, self.news.clone());
        let task = tokio::spawn(async move {
            let speaker = Speaker { generation, news };
            let why = carry(&visit, client, &speaker, to_send).await;
            speaker.tell(News::Closed(why)).await;
        });
        self.current = Some(Current { outgoing, task });
    }

    /// Sends on the open one. One that has failed loses it, and tells.
    pub(super) async fn send(&mut self, batch: Bytes) {
        if let Some(current) = &self.current {
            let _ = current.outgoing.send(batch).await;
        }
    }

    /// Ends the open one.
    pub(super) fn close(&mut self) {
        self.current = None;
    }
}

/// Says what one of them has to tell.
struct Speaker {
    generation: Generation,
    news: mpsc::Sender<(Generation, News)>,
}

impl Speaker {
    async fn tell(&self, news: News) {
        // If nobody listens any more, this ends with the program.
        let _ = self.news.send((self.generation, news)).await;
    }
}

async fn carry(
    visit: &Visit,
    client: ClientId,
    speaker: &Speaker,
    mut to_send: mpsc::Receiver<Bytes>,
) -> LinkError {
    let (mut upward, mut downward) = match visit.link(client, speaker.generation).await {
        Ok(halves) => halves,
        Err(error) => return error,
    };
    speaker.tell(News::Opened).await;
    let reading = async {
        loop {
            match downward.next_batch().await {
                Ok(batch) => speaker.tell(News::Batch(batch)).await,
                Err(error) => return error,
            }
        }
    };
    let writing = async {
        while let Some(batch) = to_send.recv().await {
            if let Err(error) = upward.receive(batch).await {
                return error;
            }
        }
        LinkError::Closed
    };
    // Side by side: neither waits for the other.
    tokio::select! {
        why = reading => why,
        why = writing => why,
    }
}

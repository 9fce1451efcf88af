//! A request's body on its way: passed on as it comes, counted, and kept as long as it is small, so that the same request
//! can be made once more.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Why a body ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// Its sender went away, or sends what is no body.
    #[error("the request's body broke off")]
    Off,
    /// It is larger than any may be.
    #[error("the request's body is too large")]
    TooLarge,
    /// It is being sent again.
    #[error("the request is being made once more")]
    Superseded,
}

/// A body, and what has come of it. Each time that it is to be sent is an [`Attempt`]; only the last one gets on.
pub(crate) struct Source<B> {
    state: Arc<Mutex<State<B>>>,
    size: Option<u64>,
}

struct State<B> {
    incoming: B,
    kept: Kept,
    size: u64,
    most: u64,
    has_ended: bool,
    broken: Option<Broken>,
    attempt: usize,
}

/// What has come so far; nothing any more once that was too much.
struct Kept {
    chunks: Option<Vec<Bytes>>,
    size: usize,
    most: usize,
}

impl Kept {
    fn add(&mut self, chunk: &Bytes) {
        self.size = self.size.saturating_add(chunk.len());
        if self.size > self.most {
            self.chunks = None;
        } else if let Some(chunks) = &mut self.chunks {
            chunks.push(chunk.clone());
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Source<B> {
    /// Of which at most `most` bytes are passed on, and `kept` kept.
    pub(crate) fn new(incoming: B, most: u64, kept: usize) -> Self {
        let size = incoming.size_hint().exact();
        let kept = Kept {
            chunks: Some(Vec::new()),
            size: 0,
            most: kept,
        };
        let state = State {
            has_ended: incoming.is_end_stream(),
            incoming,
            kept,
            size: 0,
            most,
            broken: None,
            attempt: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            size,
        }
    }

    /// The body from its beginning, and no attempt before it any more. None when that is not there any more.
    pub(crate) fn again(&self) -> Option<Attempt<B>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.kept.chunks.is_none() || state.broken.is_some() {
            return None;
        }
        state.attempt += 1;
        Some(Attempt {
            state: self.state.clone(),
            number: state.attempt,
            next: 0,
            left: self.size,
        })
    }

    /// What went wrong with it.
    pub(crate) fn broken(&self) -> Option<Broken> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.broken
    }
}

/// A body as one request sends it.
pub(crate) struct Attempt<B> {
    state: Arc<Mutex<State<B>>>,
    number: usize,
    /// Which of the kept chunks is next.
    next: usize,
    left: Option<u64>,
}

impl<B> State<B> {
    fn chunk(&self, number: usize) -> Option<Bytes> {
        self.kept.chunks.as_ref()?.get(number).cloned()
    }
}

impl<B: Body<Data = Bytes> + Unpin> State<B> {
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            if let Some(broken) = self.broken {
                return Poll::Ready(Some(Err(broken)));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => self.has_ended = true,
                Poll::Ready(Some(Err(_))) => self.broken = Some(Broken::Off),
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are between two ends of a connection.
                    let Ok(chunk) = frame.into_data() else {
                        continue;
                    };
                    self.size = self.size.saturating_add(chunk.len() as u64);
                    if self.size > self.most {
                        self.broken = Some(Broken::TooLarge);
                        continue;
                    }
                    self.kept.add(&chunk);
                    return Poll::Ready(Some(Ok(chunk)));
                }
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Attempt<B> {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let shared = self.state.clone();
        let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if state.attempt != self.number {
            return Poll::Ready(Some(Err(Broken::Superseded)));
        }
        let chunk = match state.chunk(self.next) {
            Some(chunk) => Some(Ok(chunk)),
            None => std::task::ready!(state.poll_incoming(cx)),
        };
        if let Some(Ok(chunk)) = &chunk {
            self.next += 1;
            self.left = self
                .left
                .map(|left| left.saturating_sub(chunk.len() as u64));
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.has_ended && state.chunk(self.next).is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test that unwraps says enough by failing"
    )]

    use http_body_util::{BodyExt as _, Full, combinators::BoxBody};

    use super::*;

    fn full(text: &'static str) -> Full<Bytes> {
        Full::new(Bytes::from_static(text.as_bytes()))
    }

    async fn text<B: Body<Data = Bytes> + Unpin>(attempt: Attempt<B>) -> Result<Bytes, Broken> {
        Ok(attempt.collect().await?.to_bytes())
    }

    #[tokio::test]
    async fn a_body_is_sent_again_from_its_beginning() {
        let source = Source::new(full("all of it"), 100, 100);
        let first = source.again().unwrap();
        assert_eq!(first.size_hint().exact(), Some(9));
        assert_eq!(text(first).await.unwrap(), "all of it");
        let second = source.again().unwrap();
        assert_eq!(second.size_hint().exact(), Some(9));
        assert!(!second.is_end_stream());
        assert_eq!(text(second).await.unwrap(), "all of it");
    }

    #[tokio::test]
    async fn an_attempt_ends_when_the_next_begins() {
        let source = Source::new(full("x"), 100, 100);
        let (first, second) = (source.again().unwrap(), source.again().unwrap());
        assert_eq!(text(first).await, Err(Broken::Superseded));
        assert_eq!(text(second).await.unwrap(), "x");
    }

    #[tokio::test]
    async fn what_is_not_kept_is_passed_on_once() {
        let source = Source::new(full("too much to keep"), 100, 3);
        assert_eq!(
            text(source.again().unwrap()).await.unwrap(),
            "too much to keep"
        );
        assert!(source.again().is_none());
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_cut_off_and_not_sent_again() {
        let source = Source::new(full("far too large"), 4, 100);
        assert_eq!(text(source.again().unwrap()).await, Err(Broken::TooLarge));
        assert_eq!(source.broken(), Some(Broken::TooLarge));
        assert!(source.again().is_none());
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_known_for_it() {
        let broken: BoxBody<Bytes, &str> = full("x")
            .map_err(|never| match never {})
            .with_trailers(async { Some(Err("gone")) })
            .boxed();
        let source = Source::new(broken, 100, 100);
        assert_eq!(text(source.again().unwrap()).await, Err(Broken::Off));
        assert_eq!(source.broken(), Some(Broken::Off));
    }
}

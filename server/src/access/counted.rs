//! A body whose bytes are counted while they pass. Nothing of it is looked into.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::Line;

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Request,
    Answer,
}

/// A body on its way. The line is told when both bodies of a request have gone.
#[derive(Debug)]
pub(super) struct Counted {
    body: Body,
    of: Of,
    line: Arc<Line>,
}

impl Counted {
    pub(super) fn request(body: Body, line: Arc<Line>) -> Self {
        let of = Of::Request;
        Self { body, of, line }
    }

    pub(super) fn answer(body: Body, line: Arc<Line>) -> Self {
        let of = Of::Answer;
        Self { body, of, line }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                match self.of {
                    Of::Request => self.line.came(length),
                    Of::Answer => self.line.went(length),
                }
                if self.of == Of::Answer && self.body.is_end_stream() {
                    self.line.sent();
                }
            }
            Poll::Ready(None) if self.of == Of::Answer => self.line.sent(),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.of == Of::Answer && self.body.is_end_stream() {
            self.line.sent();
        }
    }
}

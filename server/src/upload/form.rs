//! A form as it comes in: its fields one after the other, the content of each in pieces. Never more of it is in
//! memory than what came at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bowline_app::error::AppError;
use futures_util::{StreamExt as _, stream};

use crate::request;

/// What a form may have beside its file: boundaries, heads of fields, other fields, bytes.
const BESIDE: u64 = 1024 * 1024;
/// How much of a file that is refused is still read and thrown away, as a multiple of the limit.
const DRAIN: u64 = 16;

/// A form that is being read.
pub(crate) struct Form {
    fields: multer::Multipart<'static>,
    open: Option<multer::Field<'static>>,
    meter: Arc<Meter>,
    announced: u64,
    limit: u64,
}

/// What is said of a field before its content.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) name: Option<String>,
    pub(crate) file_name: Option<String>,
}

/// How much was read, and may be.
#[derive(Debug, Default)]
struct Meter {
    read: AtomicU64,
    bound: AtomicU64,
}

/// What of a form was handed on last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Piece,
}

impl Meter {
    fn allow(&self, more: u64) {
        let read = self.read.load(Ordering::Relaxed);
        self.bound
            .store(read.saturating_add(more), Ordering::Relaxed);
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        let read = self.read.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if read > self.bound.load(Ordering::Relaxed) {
            return Err(io::Error::other(
                "more than a form may have beside its file",
            ));
        }
        Ok(())
    }
}

impl Form {
    /// Begins to read; `limit` is how large a file may be.
    pub(crate) fn open(request: Request, limit: u64) -> Result<Self, AppError> {
        let header = |name| request.headers().get(name)?.to_str().ok();
        let boundary = header(CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind).ok());
        let boundary = boundary.ok_or_else(|| {
            AppError::malformed("a file is sent as a form: multipart/form-data with a boundary")
        })?;
        let announced = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let announced = announced.unwrap_or(0);
        let meter = Arc::new(Meter::default());
        let whole = (request.into_body().into_data_stream(), Before::Nothing);
        let body = stream::unfold(whole, {
            let meter = meter.clone();
            move |(mut whole, before)| {
                let meter = meter.clone();
                async move {
                    // The parser takes all that is there into memory: let there be one piece at a time. And it
                    // overlooks a piece that comes with the end.
                    if before == Before::Piece {
                        tokio::task::yield_now().await;
                    }
                    let piece = whole.next().await?.map_err(io::Error::other);
                    let counted = |piece: Bytes| meter.count(piece.len()).map(|()| piece);
                    Some((piece.and_then(counted), (whole, Before::Piece)))
                }
            }
        });
        Ok(Self {
            fields: multer::Multipart::new(body, boundary),
            open: None,
            meter,
            announced,
            limit,
        })
    }

    /// Whether its sender says that it is larger than any form with a file that is allowed.
    pub(crate) fn is_announced_too_large(&self) -> bool {
        self.announced > self.limit.saturating_add(BESIDE)
    }

    /// The next field; what was not read of the one before is skipped.
    pub(crate) async fn field(&mut self) -> Result<Option<Head>, AppError> {
        self.meter.allow(BESIDE);
        self.open = None;
        self.open = self
            .fields
            .next_field()
            .await
            .map_err(|error| broken(&error))?;
        Ok(self.open.as_ref().map(|field| Head {
            name: field.name().map(str::to_owned),
            file_name: field.file_name().map(unescaped),
        }))
    }

    /// The next piece of the field. Whoever asks sees to it that there is an end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, AppError> {
        self.meter.allow(u64::MAX);
        match &mut self.open {
            Some(field) => field.chunk().await.map_err(|error| broken(&error)),
            None => Ok(None),
        }
    }

    /// Reads the rest and throws it away, as far as there is sense in that.
    pub(crate) async fn drain(&mut self) {
        self.meter.allow(self.limit.saturating_mul(DRAIN));
        self.open = None;
        while let Ok(Some(_)) = self.fields.next_field().await {}
    }
}

/// Browsers write quotes and ends of lines in a name so.
fn unescaped(name: &str) -> String {
    let quoted = name.replace("%22", "\"");
    quoted.replace("%0D", "\r").replace("%0A", "\n")
}

fn broken(error: &multer::Error) -> AppError {
    let early = || AppError::malformed(format!("the form ended early, or is none: {error}"));
    request::unread(error, early)
}

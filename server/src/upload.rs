//! `POST /api/upload`: a file of a form goes into the uploads folder, streamed, under a name that nothing has.
//! The form is read on the pages' thread and the file written on another, so that no key waits. Who may do it is
//! the gate's, what a name may be is `file_name`'s.

pub(crate) mod form;
mod part;
mod room;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Json, Response};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::functions::upload::{FIELD, UploadReply};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use self::form::Form;
use self::part::{Kept, Part};
use self::room::{Full, Room, Share};
use crate::audit::Actor;
use crate::gate::{Asked, Pass};
use crate::router::Shared;
use crate::{answer, audit, file_name};

/// Files that are taken in at a time; further ones wait, unread.
const AT_A_TIME: usize = 16;
/// Pieces read and not yet written, per file; each is what the network gave at once, at most some hundred KiB.
const PIECES: usize = 4;
/// How long the rest of a file that is refused is read and thrown away: who still sends it would else not come
/// to read why.
const DRAIN: Duration = Duration::from_secs(30);

/// The uploads folder, and how much a file may be.
#[derive(Debug)]
pub(crate) struct Uploads {
    folder: PathBuf,
    limit: u64,
    quota: u64,
    room: Arc<Room>,
    places: Semaphore,
}

/// A file that is in the folder, unless nobody hears of it.
struct Stored {
    kept: Kept,
    reply: UploadReply,
}

impl Uploads {
    /// Removes what broken uploads of an earlier server left.
    pub(crate) fn open(folder: PathBuf, limit: u64, quota: u64) -> Self {
        if let Err(error) = part::sweep(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "leftovers of uploads stay");
        }
        Self {
            folder,
            limit,
            quota,
            room: Room::new(quota),
            places: Semaphore::new(AT_A_TIME),
        }
    }

    /// Takes in the form's file.
    async fn take(&self, form: &mut Form) -> Result<Stored, AppError> {
        let _place = self.places.acquire().await;
        let (writer, name) = loop {
            let Some(field) = form.field().await? else {
                return Err(AppError::malformed(format!(
                    "the form has no file: send it as the field {FIELD}"
                )));
            };
            if field.name.as_deref() == Some(FIELD) {
                let name = file_name::clean(&field.file_name.unwrap_or_default());
                break (Writer::start(self.folder.clone(), self.room.clone()), name);
            }
        };
        let mut bytes = 0;
        while let Some(piece) = form.piece().await? {
            bytes += piece.len() as u64;
            if bytes > self.limit {
                return Err(too_large(self.limit));
            }
            if writer.pieces.send(piece).await.is_err() {
                // It says why when it is asked.
                break;
            }
        }
        let (part, share) = writer.finish().await.map_err(|error| self.error(&error))?;
        // Only the end of the form tells that it came whole.
        while let Some(field) = form.field().await? {
            if field.name.as_deref() == Some(FIELD) {
                return Err(AppError::malformed(
                    "one file at a time: the form has several",
                ));
            }
        }
        let kept = {
            let name = name.clone();
            let keeping = spawn_blocking(move || share.keep(|| part.keep(&name)));
            let kept = keeping.await.unwrap_or_else(|error| Err(error.into()));
            kept.map_err(|error| self.error(&error))?
        };
        let path = self.folder.join(&kept.name);
        let Ok(path) = path.into_os_string().into_string() else {
            kept.remove();
            return Err(AppError::new(
                ErrorCode::Storage,
                "the path of the uploads folder is no text: choose another one with --uploads-dir",
            ));
        };
        Ok(Stored {
            kept,
            reply: UploadReply { path, name, bytes },
        })
    }

    /// Why a file can't be stored.
    fn error(&self, error: &io::Error) -> AppError {
        let folder = self.folder.display();
        let is_quota = error.get_ref().is_some_and(|error| error.is::<Full>());
        let message = match error.kind() {
            _ if is_quota => format!(
                "the uploads folder {folder} has no room for this: remove files there, or allow more than {} in all \
                 (--uploads-quota)",
                crate::config::size::written(self.quota)
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!(
                    "the disk of the uploads folder {folder} is full: make room there and try again"
                )
            }
            _ => format!(
                "the file cannot be stored in the uploads folder {folder}: {error}. Choose another one with \
                 --uploads-dir if that stays so"
            ),
        };
        AppError::new(ErrorCode::Storage, message)
    }
}

/// `POST /api/upload`.
pub(crate) async fn upload(
    State(shared): State<Shared>,
    Extension(pass): Extension<Pass>,
    request: Request,
) -> Response {
    let (answer, answered) = oneshot::channel();
    let asked = Asked::new(request.headers(), request.extensions());
    let actor = shared.gate.actor(asked, pass.who());
    let receiving = receive(shared.uploads, (pass, actor), request, answer);
    shared.renderer.beside(receiving);
    match answered.await {
        Ok(Ok(reply)) => Json(reply).into_response(),
        Ok(Err(error)) => answer::json(&error),
        Err(_) => answer::json(&AppError::new(
            ErrorCode::Internal,
            "the upload failed; the server's log says more",
        )),
    }
}

/// Reads a form to its end, whatever becomes of its file.
async fn receive(
    uploads: Arc<Uploads>,
    (pass, actor): (Pass, Actor),
    request: Request,
    answer: oneshot::Sender<Result<UploadReply, AppError>>,
) {
    let limit = uploads.limit;
    let mut form = match Form::open(request, limit) {
        Ok(form) => form,
        Err(error) => {
            let _ = answer.send(Err(error));
            return;
        }
    };
    let taken = if form.is_announced_too_large() {
        Err(too_large(limit))
    } else {
        tokio::select! {
            taken = uploads.take(&mut form) => taken,
            () = pass.ended() => Err(AppError::new(ErrorCode::Unauthenticated, "logged out")),
        }
    };
    match taken {
        Ok(Stored { kept, reply }) => {
            let bytes = reply.bytes;
            if answer.send(Ok(reply)).is_ok() {
                audit::upload(&actor, kept.number(), bytes);
            } else {
                // Whoever sent it has gone, and would send it again.
                kept.remove();
            }
        }
        Err(error) => {
            let drains = matches!(error.code(), ErrorCode::TooLarge | ErrorCode::Storage);
            let is_heard = answer.send(Err(error)).is_ok();
            if drains && is_heard {
                let _ = timeout(DRAIN, form.drain()).await;
            }
        }
    }
}

fn too_large(limit: u64) -> AppError {
    AppError::new(
        ErrorCode::TooLarge,
        format!(
            "the file is larger than {}, the most that may be uploaded (--upload-limit)",
            crate::config::size::written(limit)
        ),
    )
}

/// Writes a file on a thread of its own. Dropped before its end, the file goes.
struct Writer {
    pieces: mpsc::Sender<Bytes>,
    writing: JoinHandle<io::Result<(Part, Share)>>,
}

impl Writer {
    fn start(folder: PathBuf, room: Arc<Room>) -> Self {
        let (pieces, mut coming) = mpsc::channel::<Bytes>(PIECES);
        let writing = spawn_blocking(move || {
            let mut part = Part::begin(&folder)?;
            let mut share = room.begin(part.folder())?;
            while let Some(piece) = coming.blocking_recv() {
                share.take(piece.len() as u64, part.folder())?;
                part.write(&piece)?;
            }
            Ok((part, share))
        });
        Self { pieces, writing }
    }

    async fn finish(self) -> io::Result<(Part, Share)> {
        drop(self.pieces);
        self.writing.await?
    }
}

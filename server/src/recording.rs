//! `GET /api/session/recording`: a session's output as a recording, made from its log piece by piece and sent as it
//! is made, on the pages' thread. What is in it is `cast`'s.

mod cast;

use std::io;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bowline_app::error::{AppError, ErrorCode};
use bowline_keeper::Host;
use bowline_terminal::{Exit, Recording, SessionId};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::mpsc;

use self::cast::{About, Cast, Origin};
use crate::access;
use crate::gate::Pass;
use crate::router::Shared;
use crate::{answer, file_name};

/// Output asked for at a time, bytes: what is in memory of a recording is a few times as much.
const PIECE: usize = 64 * 1024;
/// Pieces that are made before one is taken.
const AHEAD: usize = 1;

/// What is asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    session_id: SessionId,
}

/// Lines of a recording, or why there are no more.
type Lines = io::Result<Bytes>;

/// `GET /api/session/recording`.
pub(crate) async fn recording(
    State(shared): State<Shared>,
    Extension(pass): Extension<Pass>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let host = shared.context.host;
    let begun = async {
        let Query(Asked { session_id }) =
            asked.map_err(|rejection| AppError::malformed(rejection.body_text()))?;
        let first = host.recording(session_id, None, PIECE).await?;
        let is_lost = first.exit == Some(Exit::Lost);
        if is_lost && first.piece.end == 0 {
            return Err(AppError::new(
                ErrorCode::Gone,
                "nothing was kept of what this session printed: it ended with the machine",
            ));
        }
        Ok((session_id, first))
    };
    let (session, first) = match begun.await {
        Ok(begun) => begun,
        Err(error) => return answer::json(&error),
    };
    // A label may be a path.
    let label = first.label.replace(['/', '\\'], "-");
    let name = file_name::clean(&format!("{label}.cast"));
    let (lines, coming) = mpsc::channel(AHEAD);
    shared.renderer.beside(async move {
        tokio::select! {
            () = write(host, session, first, &lines) => {}
            () = lines.closed() => {}
            () = pass.ended() => broken_off(&lines, "logged out").await,
        }
    });
    let body = stream::unfold(coming, async |mut coming| {
        let lines: Lines = coming.recv().await?;
        Some((lines, coming))
    });
    let headers = [
        (CONTENT_TYPE, "application/x-asciicast".to_owned()),
        (CONTENT_DISPOSITION, file_name::attachment(&name)),
    ];
    let mut response = (headers, Body::from_stream(body)).into_response();
    response.extensions_mut().insert(access::About(session));
    response
}

/// Writes what there is of a session now; what it says meanwhile is not part of it.
async fn write(host: Host, session: SessionId, first: Recording, lines: &mpsc::Sender<Lines>) {
    let until = first.piece.end;
    let mut cast = Cast::new(About {
        started_ms: first.started_ms,
        title: first.title.clone(),
        shell: first.shell.clone(),
        origin: match first.exit {
            Some(Exit::Lost) => Origin::FirstByte,
            _ => Origin::Start,
        },
    });
    let mut part = first;
    loop {
        let next = part.piece.next_offset;
        let written = cast.add(&part.piece, &part.bytes);
        if lines.send(Ok(written.into())).await.is_err() || next >= until {
            break;
        }
        let max = PIECE.min(usize::try_from(until - next).unwrap_or(PIECE));
        part = match host.recording(session, Some(next), max).await {
            Ok(part) if part.piece.next_offset > next => part,
            Ok(_) => break,
            // An end of the answer in good order would say that this is all.
            Err(failure) => return broken_off(lines, &failure.to_string()).await,
        };
    }
    let _ = lines.send(Ok(cast.finish().into())).await;
}

async fn broken_off(lines: &mpsc::Sender<Lines>, why: &str) {
    tracing::debug!(why, "a recording breaks off");
    let _ = lines.send(Err(io::Error::other(why.to_owned()))).await;
}

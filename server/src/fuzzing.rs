//! What the server reads of bodies by itself, open to `fuzz/` and to tests: no part of the library.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use futures_util::stream;

use crate::upload::form::{Form, Head};

#[cfg(test)]
#[path = "../../fuzz/src/replay.rs"]
mod replay;

/// Largest file of the forms here.
const LIMIT: u64 = 1 << 20;

/// A form, whole or broken: reading it ends, gives no more than came, and the same however it is cut. The first byte says
/// how; the boundary is `edge`.
pub fn form(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without drivers");
    let whole = runtime.block_on(read(body, body.len().max(1)));
    let pieces = runtime.block_on(read(body, usize::from(*cut).max(1)));
    assert_eq!(whole, pieces, "it matters where it is cut");
    let bytes: usize = whole.iter().flatten().map(|field| field.2.len()).sum();
    assert!(bytes <= body.len(), "more came out than in");
}

type Field = (Option<String>, Option<String>, Vec<u8>);

/// Every field with its content; `None` for a form that is none.
async fn read(body: &[u8], piece: usize) -> Option<Vec<Field>> {
    let pieces: Vec<Result<_, std::io::Error>> =
        body.chunks(piece).map(|piece| Ok(piece.to_vec())).collect();
    let request = Request::post("/")
        .header(CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from_stream(stream::iter(pieces)))
        .ok()?;
    let mut form = Form::open(request, LIMIT).ok()?;
    let mut fields = Vec::new();
    while let Some(Head { name, file_name }) = form.field().await.ok()? {
        let mut content = Vec::new();
        while let Some(piece) = form.piece().await.ok()? {
            content.extend_from_slice(&piece);
        }
        fields.push((name, file_name, content));
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_from_the_corpus_and_changed_ones() {
        replay::replay("form", 3000, form);
    }
}

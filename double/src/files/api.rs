//! Files of the workspace by HTTP.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::{Import, allow, allow_change, path};
use crate::answer::{Answer, Fields, Refusal, is_type};
use crate::caller::Caller;
use crate::{Shared, lock};

/// What stands behind the question mark.
type Asked = Query<HashMap<String, String>>;

fn asked_path(asked: &HashMap<String, String>) -> Result<String, Refusal> {
    let missing = || Refusal::invalid("Missing required field: path");
    path(asked.get("path").ok_or_else(missing)?)
}

/// `POST /api/2.0/workspace/mkdirs`
pub(crate) async fn mkdirs(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    fields: Fields,
) -> Answer {
    let path = path(fields.text("path")?)?;
    let mut world = lock(&shared);
    allow_change(&caller.who, &path)?;
    let now = world.clock.now_ms();
    world.files.mkdirs(&path, now)?;
    Ok(Json(json!({})))
}

/// `POST /api/2.0/workspace/import`, as JSON or as a form with the file in it.
pub(crate) async fn import(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let import = if is_type(&headers, "multipart/form-data") {
        of_form(&headers, bytes).await?
    } else {
        of_json(&Fields::parse(&headers, &bytes)?)?
    };
    allow_change(&caller.who, &import.path)?;
    let mut world = lock(&shared);
    let now = world.clock.now_ms();
    world.files.import(import, now)?;
    Ok(Json(json!({})))
}

fn of_json(fields: &Fields) -> Result<Import, Refusal> {
    let path = path(fields.text("path")?)?;
    let content = fields.some_text("content")?.unwrap_or_default();
    let bytes = BASE64_STANDARD.decode(content);
    Ok(Import {
        path,
        format: fields.some_text("format")?.unwrap_or("SOURCE").to_owned(),
        language: fields.some_text("language")?.map(str::to_owned),
        overwrite: fields.flag("overwrite")?,
        bytes: bytes.map_err(|_| Refusal::invalid("content is no base64"))?,
    })
}

async fn of_form(headers: &HeaderMap, bytes: Bytes) -> Result<Import, Refusal> {
    let broken = |_| Refusal::invalid("the form makes no sense");
    let said = headers.get(header::CONTENT_TYPE);
    let said = said.and_then(|said| said.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(said).map_err(broken)?;
    let whole = futures_util::stream::iter([Ok::<Bytes, std::io::Error>(bytes)]);
    let mut form = multer::Multipart::new(whole, boundary);
    let (mut texts, mut content) = (HashMap::new(), None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name().map(str::to_owned) {
            Some(name) if name == "content" => {
                content = Some(field.bytes().await.map_err(broken)?.to_vec());
            }
            Some(name) => {
                texts.insert(name, field.text().await.map_err(broken)?);
            }
            None => return Err(Refusal::invalid("a field of the form has no name")),
        }
    }
    let overwrite = match texts.get("overwrite").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::invalid("overwrite is true or false")),
    };
    let missing = || Refusal::invalid("Missing required field: content");
    Ok(Import {
        path: asked_path(&texts)?,
        format: texts
            .remove("format")
            .unwrap_or_else(|| "SOURCE".to_owned()),
        language: texts.remove("language"),
        overwrite,
        bytes: content.ok_or_else(missing)?,
    })
}

/// `GET /api/2.0/workspace/export`
pub(crate) async fn export(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    Query(asked): Asked,
) -> Result<Response, Refusal> {
    let path = asked_path(&asked)?;
    allow(&caller.who, &path)?;
    let world = lock(&shared);
    let format = asked.get("format").map_or("SOURCE", String::as_str);
    let (bytes, ending) = world.files.export(&path, format)?;
    if asked.get("direct_download").map(String::as_str) == Some("true") {
        let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
        return Ok((kind, bytes).into_response());
    }
    let content = BASE64_STANDARD.encode(bytes);
    Ok(Json(json!({ "content": content, "file_type": ending })).into_response())
}

/// `GET /api/2.0/workspace/list`
pub(crate) async fn list(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    Query(asked): Asked,
) -> Answer {
    let path = asked_path(&asked)?;
    allow(&caller.who, &path)?;
    let objects = lock(&shared).files.list(&path)?;
    // Of an empty folder nothing is said at all.
    Ok(Json(match objects.is_empty() {
        true => json!({}),
        false => json!({ "objects": objects }),
    }))
}

/// `GET /api/2.0/workspace/get-status`
pub(crate) async fn status(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    Query(asked): Asked,
) -> Answer {
    let path = asked_path(&asked)?;
    allow(&caller.who, &path)?;
    Ok(Json(lock(&shared).files.status(&path)?))
}

/// `POST /api/2.0/workspace/delete`
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    fields: Fields,
) -> Answer {
    let path = path(fields.text("path")?)?;
    allow_change(&caller.who, &path)?;
    let is_recursive = fields.flag("recursive")?;
    lock(&shared).files.delete(&path, is_recursive)?;
    Ok(Json(json!({})))
}

//! The model APIs of the serving endpoints: Anthropic's Messages, OpenAI's Responses and chat completions, Google's Gemini,
//! whole or as a stream. The one model there is says which token it was asked by, by the token's id, so that whoever looks
//! at a terminal sees it. Forms: the four APIs' references, as the clients of Claude Code 2.1, Codex 0.169, Gemini CLI 0.61
//! and OpenCode 1.18 read them.

use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::Shared;
use crate::answer::{Fields, Refusal};
use crate::caller::Caller;

/// Their paths, as `Endpoints` of `bowline-identity` has them without a gateway.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/serving-endpoints/anthropic/v1/messages", post(messages))
        .route("/serving-endpoints/responses", post(responses))
        .route("/serving-endpoints/chat/completions", post(chat))
        .route(
            "/serving-endpoints/google/v1beta/models/{call}",
            post(gemini),
        )
}

/// What the model says.
fn words(caller: &Caller) -> String {
    format!("asked by {}", caller.0.id)
}

/// Models that are served here have such names.
fn check_model(name: &str) -> Result<(), Refusal> {
    let known = name.starts_with("databricks-");
    known.then_some(()).ok_or_else(|| {
        let message = format!("Endpoint with name '{name}' does not exist.");
        Refusal::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", &message)
    })
}

/// Events of a stream, each with its name if it has one.
fn stream(events: &[(Option<&str>, Value)]) -> Response {
    let text: String = events
        .iter()
        .map(|(name, data)| {
            let name = name.map(|name| format!("event: {name}\n"));
            format!("{}data: {data}\n\n", name.unwrap_or_default())
        })
        .collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response()
}

/// A stream whose events are named as their `type` says.
fn typed_stream(events: &[Value]) -> Response {
    let events: Vec<_> = events
        .iter()
        .map(|event| (event["type"].as_str(), event.clone()))
        .collect();
    stream(&events)
}

/// `POST /serving-endpoints/anthropic/v1/messages`
async fn messages(caller: Caller, headers: HeaderMap, fields: Fields) -> Result<Response, Refusal> {
    if !headers.contains_key("anthropic-version") {
        return Err(Refusal::invalid("anthropic-version: header is required"));
    }
    let model = fields.text("model")?;
    check_model(model)?;
    let most = fields.some_number("max_tokens")?;
    most.ok_or_else(|| Refusal::invalid("max_tokens: Field required"))?;
    let text = words(&caller);
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": model,
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": { "input_tokens": 1, "output_tokens": 1 },
    });
    if !fields.flag("stream")? {
        let mut whole = message;
        whole["content"] = json!([{ "type": "text", "text": text }]);
        whole["stop_reason"] = json!("end_turn");
        return Ok(Json(whole).into_response());
    }
    Ok(typed_stream(&[
        json!({ "type": "message_start", "message": message }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({
            "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": 1 },
        }),
        json!({ "type": "message_stop" }),
    ]))
}

/// `POST /serving-endpoints/responses`
async fn responses(caller: Caller, fields: Fields) -> Result<Response, Refusal> {
    check_model(fields.text("model")?)?;
    let text = words(&caller);
    let item = |status, content: Value| json!({ "type": "message", "role": "assistant", "id": "msg_1", "status": status, "content": content });
    let part = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
    let whole = json!({
        "id": "resp_1", "object": "response", "status": "completed", "output": [item("completed", part.clone())],
        "usage": {
            "input_tokens": 1, "input_tokens_details": null,
            "output_tokens": 1, "output_tokens_details": null, "total_tokens": 2,
        },
    });
    if !fields.flag("stream")? {
        return Ok(Json(whole).into_response());
    }
    Ok(typed_stream(&[
        json!({ "type": "response.created", "response": { "id": "resp_1" } }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": item("in_progress", json!([])) }),
        json!({
            "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0,
            "content_index": 0, "delta": text,
        }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item("completed", part) }),
        json!({ "type": "response.completed", "response": whole }),
    ]))
}

/// `POST /serving-endpoints/chat/completions`
async fn chat(caller: Caller, fields: Fields) -> Result<Response, Refusal> {
    let model = fields.text("model")?;
    check_model(model)?;
    let text = words(&caller);
    let part = |kind, name: &str, said: Value, end: Value| {
        json!({
            "id": "chat_1", "object": kind, "created": 1, "model": model,
            "choices": [{ "index": 0, name: said, "finish_reason": end }],
        })
    };
    if !fields.flag("stream")? {
        let message = json!({ "role": "assistant", "content": text });
        let whole = part("chat.completion", "message", message, json!("stop"));
        return Ok(Json(whole).into_response());
    }
    let kind = "chat.completion.chunk";
    let delta = json!({ "role": "assistant", "content": text });
    let mut answer = String::new();
    for event in [
        part(kind, "delta", delta, Value::Null).to_string(),
        part(kind, "delta", json!({}), json!("stop")).to_string(),
        "[DONE]".to_owned(),
    ] {
        answer += &format!("data: {event}\n\n");
    }
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], answer).into_response())
}

/// `POST /serving-endpoints/google/v1beta/models/NAME:VERB`
async fn gemini(caller: Caller, Path(call): Path<String>, _: Fields) -> Result<Response, Refusal> {
    let (model, verb) = call.split_once(':').unwrap_or((&*call, ""));
    check_model(model)?;
    let whole = json!({
        "candidates": [{
            "content": { "role": "model", "parts": [{ "text": words(&caller) }] },
            "finishReason": "STOP", "index": 0,
        }],
        "usageMetadata": { "promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2 },
        "modelVersion": model,
    });
    match verb {
        "generateContent" => Ok(Json(whole).into_response()),
        "streamGenerateContent" => Ok(stream(&[(None, whole)])),
        "countTokens" => Ok(Json(json!({ "totalTokens": 1 })).into_response()),
        _ => Err(Refusal::missing(&format!("models have no {verb}"))),
    }
}

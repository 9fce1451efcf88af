//! People's tokens: made with an end, listed, revoked.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Fields, Refusal};
use crate::caller::Caller;
use crate::world::{Kind, Minting, Token};
use crate::{Shared, lock};

/// The longest that a token lives, and what it lives if nobody says.
const LONGEST: i64 = 730 * 24 * 60 * 60;
/// As many as somebody may have.
const QUOTA: usize = 600;

fn info(token: &Token) -> Value {
    json!({
        "token_id": token.id,
        "creation_time": token.made_ms,
        "expiry_time": token.until_ms.map_or(json!(-1), Value::from),
        "comment": token.comment,
    })
}

/// `POST /api/2.0/token/create`
pub(crate) async fn create(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    fields: Fields,
) -> Answer {
    let mut world = lock(&shared);
    match world.minting {
        Minting::Allowed => {}
        Minting::Forbidden => {
            return Err(Refusal::forbidden(
                "User does not have permission to use tokens.",
            ));
        }
        Minting::Off => {
            let message = "Tokens are disabled for this organization";
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "FEATURE_DISABLED",
                message,
            ));
        }
    }
    let comment = fields.some_text("comment")?.unwrap_or_default().to_owned();
    let life = fields.some_number("lifetime_seconds")?.unwrap_or(LONGEST);
    let life = match u64::try_from(life) {
        Ok(seconds) if seconds > 0 && life <= LONGEST => Duration::from_secs(seconds),
        _ => {
            return Err(Refusal::invalid(&format!(
                "lifetime_seconds must be between 1 and {LONGEST}"
            )));
        }
    };
    let now = world.clock.now_ms();
    let is_living = |token: &Token| token.until_ms.is_none_or(|until| until > now);
    let living = world.tokens.values().filter(|token| is_living(token));
    if living.filter(|token| token.who == caller.who).count() >= QUOTA {
        let message = "The limit of tokens is reached";
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "QUOTA_EXCEEDED",
            message,
        ));
    }
    let (shown, _) = world.make(&caller.who, Kind::Personal, life);
    let made = world.tokens.get_mut(&shown);
    let made = made.expect("it was just made");
    made.comment = comment;
    Ok(Json(
        json!({ "token_value": shown, "token_info": info(made) }),
    ))
}

/// `GET /api/2.0/token/list`
pub(crate) async fn list(State(shared): State<Shared>, Caller(caller): Caller) -> Answer {
    let world = lock(&shared);
    let own = world
        .tokens
        .values()
        .filter(|token| token.kind == Kind::Personal && token.who == caller.who);
    let mut infos: Vec<Value> = own.map(info).collect();
    infos.sort_by_key(|info| info["creation_time"].as_u64());
    Ok(Json(json!({ "token_infos": infos })))
}

/// `POST /api/2.0/token/delete`
pub(crate) async fn delete(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    fields: Fields,
) -> Answer {
    let mut world = lock(&shared);
    let id = fields.text("token_id")?;
    let own = world.tokens.iter().find(|(_, token)| {
        token.id == id && token.kind == Kind::Personal && token.who == caller.who
    });
    let Some(shown) = own.map(|(shown, _)| shown.clone()) else {
        return Err(Refusal::missing(&format!("Token {id} does not exist")));
    };
    world.tokens.remove(&shown);
    world.revoked.push(id.to_owned());
    Ok(Json(json!({})))
}

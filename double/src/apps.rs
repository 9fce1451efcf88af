//! Apps: who made them, which they themselves and who made them may ask.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::caller::Caller;
use crate::{Shared, lock};

/// `GET /api/2.0/apps/{name}`
pub(crate) async fn get(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Caller(caller): Caller,
) -> Answer {
    let world = lock(&shared);
    let Some(creator) = world.apps.get(&name) else {
        let message = format!("App with name {name} does not exist or is deleted.");
        return Err(Refusal::missing(&message));
    };
    let is_app = world.principals.contains_key(&caller.who);
    if !is_app && caller.who != *creator {
        let message = format!("User does not have permission to view the app {name}.");
        return Err(Refusal::forbidden(&message));
    }
    Ok(Json(json!({
        "name": name,
        "creator": creator,
        "url": format!("{}apps/{name}", world.root),
        "app_status": { "state": "RUNNING", "message": "App is running" },
        "compute_status": { "state": "ACTIVE" },
    })))
}

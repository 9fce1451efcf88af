//! People and groups, as SCIM has them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::caller::Caller;
use crate::world::World;
use crate::{Shared, lock};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// An answer of SCIM's own type.
fn scim(value: Value) -> Response {
    let kind = "application/scim+json; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], Json(value)).into_response()
}

/// `GET /api/2.0/preview/scim/v2/Me`
pub(crate) async fn me(State(shared): State<Shared>, Caller(caller): Caller) -> Response {
    let mut world = lock(&shared);
    let person = world.person(&caller.who).clone();
    let named = person.groups.iter();
    let groups: Vec<Value> = named
        .filter_map(|name| Some((name, world.groups.get(name)?)))
        .map(|(name, id)| {
            let place = format!("Groups/{id}");
            json!({ "display": name, "value": id, "type": "direct", "$ref": place })
        })
        .collect();
    scim(json!({
        "schemas": [USER],
        "id": person.id,
        "userName": caller.who,
        "displayName": person.display_name,
        "active": true,
        "emails": [{ "type": "work", "value": caller.who, "primary": true }],
        "groups": groups,
    }))
}

fn group(world: &World, name: &str, id: &str) -> Value {
    let people = world.people.iter();
    let members: Vec<Value> = people
        .filter(|(_, person)| person.groups.iter().any(|group| group == name))
        .map(|(who, person)| json!({ "display": who, "value": person.id }))
        .collect();
    json!({ "schemas": [GROUP], "id": id, "displayName": name, "members": members })
}

/// `GET /api/2.0/preview/scim/v2/Groups`
pub(crate) async fn groups(
    State(shared): State<Shared>,
    _: Caller,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let world = lock(&shared);
    let wrong = |detail| Err(Refusal::scim(StatusCode::BAD_REQUEST, detail));
    let name = match asked.get("filter").map(|filter| filter.split_once(" eq ")) {
        None => None,
        Some(Some(("displayName", name))) => Some(name.trim_matches('"')),
        Some(_) => return wrong("this filter is not supported"),
    };
    let number = |what: &str, left_out: usize| match asked.get(what) {
        None => Ok(left_out),
        Some(text) => text.parse::<usize>(),
    };
    let (Ok(start), Ok(count)) = (number("startIndex", 1), number("count", 100)) else {
        return wrong("startIndex and count are numbers");
    };
    let found: Vec<Value> = world
        .groups
        .iter()
        .filter(|(known, _)| name.is_none_or(|name| name == *known))
        .map(|(name, id)| group(&world, name, id))
        .collect();
    let page: Vec<&Value> = found
        .iter()
        .skip(start.saturating_sub(1))
        .take(count)
        .collect();
    Ok(scim(json!({
        "schemas": [LIST],
        "totalResults": found.len(),
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    })))
}

/// `GET /api/2.0/preview/scim/v2/Groups/{id}`
pub(crate) async fn one_group(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    _: Caller,
) -> Result<Response, Refusal> {
    let world = lock(&shared);
    match world.groups.iter().find(|(_, known)| **known == id) {
        Some((name, id)) => Ok(scim(group(&world, name, id))),
        None => {
            let detail = format!("Group with id {id} not found.");
            Err(Refusal::scim(StatusCode::NOT_FOUND, &detail))
        }
    }
}

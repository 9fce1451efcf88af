//! Gemini CLI: `~/.gemini/.env`, `settings.json` and `trustedFolders.json`. Formats: its "Configuration", "Authentication"
//! and "Trusted Folders"; looked at with 0.61.0. It knows no helper, so it has a literal key. It sends it as
//! `Authorization: Bearer` if told so by a value that must stand without quotes, and reads no `.env` in folders that
//! aren't trusted.

use super::Settings;
use super::broker::Api;
use super::dotenv::Dotenv;
use super::json::{Json, Value};
use super::left::Left;
use super::models::is_replaceable;

const BASE_URL: &str = "GOOGLE_GEMINI_BASE_URL";
const KEY: &str = "GEMINI_API_KEY";
const MECHANISM: &str = "GEMINI_API_KEY_AUTH_MECHANISM";

pub(super) fn env(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let mut env = Dotenv::read(old);
    match env.get(BASE_URL).filter(|url| !url.is_empty()) {
        Some(url) if !with.knows(url) => {
            return Err(Left::Elsewhere { key: BASE_URL });
        }
        // Without it, a key is one for Google itself.
        None if env.get(KEY).is_some_and(|key| !key.is_empty()) => {
            return Err(Left::Elsewhere { key: KEY });
        }
        _ => {}
    }
    let way = with.way(Api::Gemini, env.get(BASE_URL));
    env.set(BASE_URL, &way.url);
    env.set(MECHANISM, "bearer");
    env.set(KEY, way.key.expose());
    Ok(env.write())
}

pub(super) fn settings(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let json = Json::read(old)?;
    // Where releases before 0.3 have it.
    if !json.has(&["selectedAuthType"]) {
        let kind = Value::Text("gemini-api-key");
        json.set_if_absent(&["security", "auth", "selectedType"], &kind)?;
    }
    let path = ["model", "name"];
    let has = json.text(&path);
    let is_replaced = has.is_some() || !json.has(&path);
    // A text is a model of the releases before.
    let is_old = json.text(&["model"]).is_some();
    if !is_old && is_replaced && is_replaceable(has.as_deref(), &with.models.former.gemini) {
        json.set(&path, &Value::Text(&with.models.gemini.model))?;
    }
    Ok(json.write())
}

/// What the user says of a folder stays.
pub(super) fn trusted(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let json = Json::read(old)?;
    for folder in &with.trusted {
        json.set_if_absent(&[folder.as_str()], &Value::Text("TRUST_FOLDER"))?;
    }
    Ok(json.write())
}

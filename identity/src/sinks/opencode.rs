//! OpenCode: `~/.config/opencode/opencode.json` (or `opencode.jsonc`) and `~/.local/share/opencode/auth.json`. Formats: its
//! "Config", "Providers" and "Models"; looked at with 1.18.33, which knows a provider `databricks` by itself but asks its
//! address of the environment: then the address is all that it needs, and models that it doesn't know. It knows no helper, so
//! `auth.json` has a literal token; a key beside the address, as for the broker, goes before it.

use serde_json::json;

use super::Settings;
use super::broker::{Api, By, is_brokers};
use super::json::{Json, Value};
use super::left::Left;

const PROVIDER: &str = "databricks";
const BASE_URL: &[&str] = &["provider", PROVIDER, "options", "baseURL"];
const API_KEY: &[&str] = &["provider", PROVIDER, "options", "apiKey"];

pub(super) fn config(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let json = Json::read(old)?;
    let has = json.text(BASE_URL);
    if has.as_deref().is_some_and(|url| !with.knows(url)) {
        let key = "provider.databricks.options.baseURL";
        return Err(Left::Elsewhere { key });
    }
    json.set_if_absent(
        &["$schema"],
        &Value::Text("https://opencode.ai/config.json"),
    )?;
    let provider = |key| ["provider", PROVIDER, key];
    for (key, value) in [("npm", "@ai-sdk/openai-compatible"), ("name", "Databricks")] {
        if with.opencode_knows.is_empty() {
            json.set_if_absent(&provider(key), &Value::Text(value))?;
        } else if json.text(&provider(key)).as_deref() == Some(value) {
            json.remove(&provider(key));
        }
    }
    let was_brokers = has.as_deref().is_some_and(is_brokers);
    // A token here would go before the one that is kept fresh; one named by a variable is as old as the shell.
    let is_ours =
        |key: &str| was_brokers || key.starts_with("dapi") || key == "{env:DATABRICKS_TOKEN}";
    let key = json.text(API_KEY);
    let is_users = json.has(API_KEY) && !key.as_deref().is_some_and(is_ours);
    let way = match is_users {
        true => with.straight(Api::Chat, has.as_deref()),
        false => with.way(Api::Chat, has.as_deref()),
    };
    json.set(BASE_URL, &Value::Text(&way.url))?;
    match way.by {
        By::Secret => json.set(API_KEY, &Value::Text(way.key.expose()))?,
        By::Token if is_users => {}
        By::Token => json.remove(API_KEY),
    }
    for model in &with.models.offered {
        let path = ["provider", PROVIDER, "models", &model.id];
        if with.opencode_knows.contains(&model.id) {
            // Written before it was asked.
            let limit = json!({"context": model.context, "output": model.output});
            if json.value(&path) == Some(json!({"name": model.name, "limit": limit})) {
                json.remove(&path);
            }
            continue;
        }
        if json.has(&path) {
            continue;
        }
        let [provider, name, models, id] = path;
        let at = |key| [provider, name, models, id, key];
        json.set(&at("name"), &Value::Text(&model.name))?;
        let limit = |key| [provider, name, models, id, "limit", key];
        json.set(&limit("context"), &Value::Number(model.context))?;
        json.set(&limit("output"), &Value::Number(model.output))?;
    }
    let models = provider("models");
    if json.value(&models) == Some(json!({})) && !with.opencode_knows.is_empty() {
        json.remove(&models);
    }
    let start = format!("{PROVIDER}/{}", with.models.opencode.model);
    json.set_if_absent(&["model"], &Value::Text(&start))?;
    Ok(json.write())
}

pub(super) fn auth(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let json = Json::read(old)?;
    json.set(&[PROVIDER, "type"], &Value::Text("api"))?;
    json.set(&[PROVIDER, "key"], &Value::Text(with.token().expose()))?;
    Ok(json.write())
}

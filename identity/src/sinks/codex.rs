//! Codex: `~/.codex/config.toml` and `~/.codex/.env`. Format: its "Configuration Reference", and `model-provider-info` of
//! its sources; looked at with 0.169.0. A provider's `auth` names a command that prints the token; Codex runs it again after
//! a time and on 401, and refuses it beside `env_key`, `experimental_bearer_token` and `requires_openai_auth`.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

use super::Settings;
use super::broker::Api;
use super::dotenv::Dotenv;
use super::left::Left;
use super::models::is_replaceable;
use super::text::{Style, missing_end};

const FORMAT: &str = "TOML";
const PROVIDER: &str = "databricks";
/// What `auth` does not go together with.
const RIVALS: [&str; 4] = [
    "env_key",
    "env_key_instructions",
    "experimental_bearer_token",
    "requires_openai_auth",
];

pub(super) fn config(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let (style, body) = Style::of(old.unwrap_or_default());
    if body.starts_with('\u{feff}') {
        // A second mark, which the parser would drop.
        return Err(Left::unreadable_at(FORMAT, 1));
    }
    let mut document: DocumentMut = body.parse().map_err(|err: toml_edit::TomlError| {
        let before = err.span().and_then(|span| body.get(..span.start));
        match before {
            Some(before) => Left::unreadable_at(FORMAT, before.matches('\n').count() + 1),
            None => Left::unreadable(FORMAT),
        }
    })?;
    // Comments alone stay in front. Line ends that are not all of one kind get it, as the parser does it too.
    let mut before = String::new();
    if document.is_empty() {
        document = DocumentMut::new();
        before = format!("{body}{}", missing_end(body, style)).replace("\r\n", "\n");
    }
    let has_tables_alone =
        !document.is_empty() && document.iter().all(|(_, item)| !item.is_value());
    set_provider(&mut document, with)?;
    set_start(&mut document, with);
    if has_tables_alone {
        space_out(&mut document);
    }
    Ok(style.restore(&format!("{before}{document}")))
}

/// Codex reads it at its start and hands it to nobody else. Nothing of ours belongs there: a token that an older set-up
/// left is taken out, since it would only grow stale.
pub(super) fn env(old: Option<&str>, _: &Settings) -> Result<String, Left> {
    let mut env = Dotenv::read(old);
    let key = "OPENAI_API_KEY";
    if env.get(key).is_some_and(|token| token.starts_with("dapi")) {
        env.remove(key);
    }
    Ok(env.write())
}

fn set_provider(document: &mut DocumentMut, with: &Settings) -> Result<(), Left> {
    let bad = || Left::unreadable(FORMAT);
    let providers = document.entry("model_providers").or_insert_with(|| {
        let mut table = Table::new();
        // No header of its own.
        table.set_implicit(true);
        Item::Table(table)
    });
    let providers = providers.as_table_like_mut().ok_or_else(bad)?;
    let provider = providers
        .entry(PROVIDER)
        .or_insert_with(|| Item::Table(Table::new()));
    let provider = provider.as_table_like_mut().ok_or_else(bad)?;
    let is_ours = provider
        .get("auth")
        .and_then(|auth| auth.get("command"))
        .and_then(Item::as_str);
    let is_ours = is_ours == Some(with.bowline.name());
    let url = provider.get("base_url").and_then(Item::as_str);
    if url.is_some_and(|url| !is_ours && !with.knows(url)) {
        let key = "model_providers.databricks.base_url";
        return Err(Left::Elsewhere { key });
    }
    let way = with.way(Api::Responses, url);
    for rival in RIVALS {
        provider.remove(rival);
    }
    if !provider.contains_key("name") {
        provider.insert("name", value("Databricks"));
    }
    set(provider, "base_url", way.url.into());
    set(provider, "wire_api", "responses".into());
    let auth = provider
        .entry("auth")
        .or_insert_with(|| Item::Table(Table::new()));
    let auth = auth.as_table_like_mut().ok_or_else(bad)?;
    set(auth, "command", with.bowline.name().into());
    let arguments = way.by.words().iter().copied();
    set(auth, "args", Value::Array(Array::from_iter(arguments)));
    if !auth.contains_key("refresh_interval_ms") {
        let refresh = i64::try_from(with.refresh().as_millis()).unwrap_or(i64::MAX);
        auth.insert("refresh_interval_ms", value(refresh));
    }
    Ok(())
}

/// What Codex starts with, unless the user says otherwise.
fn set_start(document: &mut DocumentMut, with: &Settings) {
    let provider = document.get("model_provider").and_then(Item::as_str);
    match provider {
        None if document.contains_key("model_provider") || document.contains_key("profile") => {
            return;
        }
        // A model that is named without a provider is one of OpenAI's.
        None if document.contains_key("model") => return,
        None => {
            document.insert("model_provider", value(PROVIDER));
        }
        Some(PROVIDER) => {}
        Some(_) => return,
    }
    let model = document.get("model").and_then(Item::as_str);
    if is_replaceable(model, &with.models.former.codex) {
        set(
            document.as_table_mut(),
            "model",
            with.models.codex.model.as_str().into(),
        );
    }
    if !document.contains_key("web_search") {
        // The workspace has none.
        document.insert("web_search", value("disabled"));
    }
}

/// Sets values at the top apart from the comments that the first table has above it.
fn space_out(document: &mut DocumentMut) {
    let values = document.iter().filter(|(_, item)| item.is_value());
    let last = values.last().map(|(key, _)| key.to_owned());
    let last = last.and_then(|key| document.get_mut(&key)?.as_value_mut());
    if let Some(last) = last {
        last.decor_mut().set_suffix("\n");
    }
}

/// Sets a value; the space and the comment around it stay.
fn set(table: &mut dyn TableLike, key: &str, fresh: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(has) if is_same(has, &fresh) => {}
        Some(has) => {
            let decor = has.decor().clone();
            *has = fresh;
            *has.decor_mut() = decor;
        }
        None => {
            table.insert(key, Item::Value(fresh));
        }
    }
}

/// Whether two values say the same, however they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.value() == other.value(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        _ => false,
    }
}

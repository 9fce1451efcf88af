//! Claude Code: `~/.claude/settings.json` and `~/.claude.json`. Formats: "Settings", "Environment variables" and "LLM
//! gateway" of its documentation; looked at with 2.1.330. It asks `apiKeyHelper` for the token, sends what it prints as
//! `Authorization: Bearer`, and asks again after a time and on 401; what it has it uses until the answer is there, old or not.
//! `ANTHROPIC_AUTH_TOKEN` and `ANTHROPIC_API_KEY` would
//! go before the helper.

use serde::Deserialize;

use super::Settings;
use super::broker::{Api, By};
use super::json::{Json, Value};
use super::left::Left;
use super::models::is_replaceable;

const HELPER: &[&str] = &["apiKeyHelper"];
const BASE_URL: &[&str] = &["env", "ANTHROPIC_BASE_URL"];
const HEADERS: &[&str] = &["env", "ANTHROPIC_CUSTOM_HEADERS"];
/// What tells the workspace that a coding agent asks.
const HEADER: &str = "x-databricks-use-coding-agent-mode: true";
/// Literal credentials.
const LITERALS: [&[&str]; 2] = [
    &["env", "ANTHROPIC_AUTH_TOKEN"],
    &["env", "ANTHROPIC_API_KEY"],
];
/// Other providers.
const PROVIDERS: [&[&str]; 3] = [
    &["env", "CLAUDE_CODE_USE_BEDROCK"],
    &["env", "CLAUDE_CODE_USE_VERTEX"],
    &["env", "CLAUDE_CODE_USE_FOUNDRY"],
];

pub(super) fn settings(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let json = Json::read(old)?;
    leave_others(&json, with)?;
    let way = with.way(Api::Messages, json.text(BASE_URL).as_deref());
    let helper = with.bowline.call(way.by.words());
    json.set(HELPER, &Value::Text(&helper))?;
    json.set(BASE_URL, &Value::Text(&way.url))?;
    for literal in LITERALS {
        json.remove(literal);
    }
    set_headers(&json)?;
    set_models(&json, with)?;
    let refresh = with.refresh().as_millis().to_string();
    let ttl = ["env", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"];
    json.set_if_absent(&ttl, &Value::Text(&refresh))?;
    // The gateway refuses fields of features under test.
    let betas = ["env", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"];
    json.set_if_absent(&betas, &Value::Text("1"))?;
    Ok(json.write())
}

/// Of the file that grows with every project.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    has_completed_onboarding: bool,
}

/// Its first-run questions are answered; everything else in that file is its own.
pub(super) fn state(old: Option<&str>, _: &Settings) -> Result<String, Left> {
    let old = old.unwrap_or_default();
    // After its first run it is so, and then the file may be large.
    if serde_json::from_str(old).is_ok_and(|state: State| state.has_completed_onboarding) {
        return Ok(old.to_owned());
    }
    let old = Some(old);
    let json = Json::read(old)?;
    json.set(&["hasCompletedOnboarding"], &Value::True)?;
    Ok(json.write())
}

fn leave_others(json: &Json, with: &Settings) -> Result<(), Left> {
    if PROVIDERS.iter().any(|path| json.has(path)) {
        let key = "env.CLAUDE_CODE_USE_…";
        return Err(Left::Elsewhere { key });
    }
    let has_helper = json.text(HELPER);
    let ours = [By::Token, By::Secret].map(|by| with.bowline.call(by.words()));
    let is_ours = has_helper.as_ref().is_some_and(|has| ours.contains(has));
    match json.text(BASE_URL) {
        Some(url) if is_ours || with.knows(&url) => Ok(()),
        None if json.has(BASE_URL) => Err(Left::unreadable("JSON")),
        Some(_) => {
            let key = "env.ANTHROPIC_BASE_URL";
            Err(Left::Elsewhere { key })
        }
        // Without it these are for Anthropic itself.
        None if has_helper.is_some() && !is_ours => {
            let key = "apiKeyHelper";
            Err(Left::Elsewhere { key })
        }
        None if !is_ours && LITERALS.iter().any(|path| json.has(path)) => {
            let key = "env.ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY";
            Err(Left::Elsewhere { key })
        }
        None => Ok(()),
    }
}

/// One a line; those of the user's stay.
fn set_headers(json: &Json) -> Result<(), Left> {
    let has = json.text(HEADERS).unwrap_or_default();
    let name = HEADER.split(':').next().unwrap_or_default();
    let is_it = |line: &str| {
        line.split(':')
            .next()
            .is_some_and(|has| has.trim().eq_ignore_ascii_case(name))
    };
    if has.lines().any(is_it) {
        return Ok(());
    }
    let all = match has.trim_end() {
        "" => HEADER.to_owned(),
        has => format!("{has}\n{HEADER}"),
    };
    json.set(HEADERS, &Value::Text(&all))
}

fn set_models(json: &Json, with: &Settings) -> Result<(), Left> {
    let (models, former) = (&with.models.claude, &with.models.former.claude);
    for (name, model) in [
        ("ANTHROPIC_MODEL", &models.model),
        ("ANTHROPIC_DEFAULT_OPUS_MODEL", &models.opus),
        ("ANTHROPIC_DEFAULT_SONNET_MODEL", &models.sonnet),
        ("ANTHROPIC_DEFAULT_HAIKU_MODEL", &models.haiku),
    ] {
        let path = ["env", name];
        // What is chosen in the tool stands at `model`, and the variable would go before it.
        let is_chosen = name == "ANTHROPIC_MODEL" && json.has(&["model"]);
        let is_replaced = match json.text(&path) {
            None => !json.has(&path) && !is_chosen,
            has => is_replaceable(has.as_deref(), former),
        };
        if is_replaced {
            json.set(&path, &Value::Text(model))?;
        }
    }
    Ok(())
}

//! Hermes: `~/.hermes/config.yaml`. Format: "Configuration" of its documentation and `cli-config.yaml.example`; looked at
//! with 0.19.0, which knows no helper (later sources have `key_cmd`), so it has a literal key, once for each endpoint.
//!
//! A file with the mark was written here and is kept up to date; of any other only the key is.

use super::Settings;
use super::broker::{Api, is_brokers};
use super::left::Left;
use super::yaml::{Change, Mapping, Yaml, written};

const MARK: &str =
    "# Written by Bowline: as long as this line stands, it keeps the endpoints up to date too.";
const URL: &str = "base_url";
const KEY: &str = "api_key";

pub(super) fn merge(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let yaml = Yaml::read(old)?;
    if yaml.is_empty() {
        let old = old.unwrap_or_default();
        let end = if old.is_empty() || old.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let text = format!("{old}{end}{}", fresh(with));
        return Yaml::read(Some(&text)).map(|_| text);
    }
    let is_marked = yaml.lines().any(|line| line.trim_end() == MARK);
    let mut changes = Vec::new();
    for mapping in yaml.mappings() {
        let Some(has) = mapping.get(URL).filter(|_| is_endpoint(mapping)) else {
            continue;
        };
        let is_written_here =
            is_marked && matches!(mapping.path[0].as_str(), "model" | "fallback_providers");
        if !is_written_here && !with.knows(has) {
            continue;
        }
        // A variable is the user's way to say it.
        let is_users = mapping.get(KEY).is_some_and(|key| key.starts_with("${"));
        let is_kept = is_written_here || is_brokers(has);
        let way = match is_kept && !is_users {
            true => with.way(Api::Chat, Some(has)),
            false => with.straight(Api::Chat, Some(has)),
        };
        let change = |key, value: String| Change {
            path: mapping.path.clone(),
            key,
            value,
            behind: URL,
        };
        if is_kept {
            changes.push(change(URL, way.url));
        }
        if !is_users {
            changes.push(change(KEY, way.key.expose().to_owned()));
        }
    }
    if changes.is_empty() {
        return Err(Left::Elsewhere { key: "model" });
    }
    yaml.change(&changes)
}

/// Where Hermes keeps endpoints.
fn is_endpoint(mapping: &Mapping) -> bool {
    let path: Vec<&str> = mapping.path.iter().map(String::as_str).collect();
    let one = ["model", "fallback_model"];
    let many = [
        "fallback_providers",
        "custom_providers",
        "providers",
        "auxiliary",
    ];
    match path[..] {
        [name] => one.contains(&name),
        [name, _] => many.contains(&name),
        _ => false,
    }
}

fn fresh(with: &Settings) -> String {
    let way = with.way(Api::Chat, None);
    let (url, key) = (written(&way.url), written(way.key.expose()));
    let models = &with.models.hermes;
    let (model, fallback) = (written(&models.model), written(&models.fallback));
    let servers = servers(with);
    format!(
        "{MARK}\n\
         model:\n  default: {model}\n  provider: custom\n  base_url: {url}\n  api_key: {key}\n\n\
         # Taken when the first is overloaded or does not answer.\n\
         fallback_providers:\n  - provider: custom\n    model: {fallback}\n    base_url: {url}\n    api_key: {key}\n{servers}"
    )
}

/// Seconds that a server of tools has to answer: the first one that is slow would hold everything up.
const PATIENCE: u32 = 60;

fn servers(with: &Settings) -> String {
    let mut text = String::new();
    for (name, url) in &with.hermes_servers {
        let head = if text.is_empty() {
            "\nmcp_servers:\n"
        } else {
            ""
        };
        let (name, url) = (written(name), written(url));
        text += &format!(
            "{head}  {name}:\n    url: {url}\n    timeout: {PATIENCE}\n    connect_timeout: {PATIENCE}\n"
        );
    }
    text
}

//! Which agents npm installs: data (`data/agents.toml`), embedded. And which version of one is wanted.

use serde::Deserialize;

const DATA: &str = include_str!("../../data/agents.toml");

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agents {
    pub(super) node: Node,
    pub(super) agent: Vec<Agent>,
}

/// What they run on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    /// The oldest major version with which all of them start.
    pub(super) least: u32,
}

/// One agent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    /// The name of its step, and of its folder.
    pub(super) id: String,
    /// For people.
    pub(super) label: String,
    /// Its name in the registry.
    pub(super) package: String,
    /// The program.
    pub(super) binary: String,
    /// What is started in its place, and starts it.
    pub(super) wrapper: Option<Wrapper>,
}

/// A script in front of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wrapper {
    /// Of OpenCode.
    OpenCode,
}

impl Wrapper {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::OpenCode => include_str!("../../data/opencode.sh"),
        }
    }
}

/// The data does not have the form that it should.
#[derive(Debug, thiserror::Error)]
#[error("the list of agents is damaged: {0}")]
pub struct Damaged(#[from] toml::de::Error);

impl Agents {
    pub(super) fn embedded() -> Result<Self, Damaged> {
        Ok(toml::from_str(DATA)?)
    }
}

/// Which version is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What the registry has under a tag.
    Tagged(String),
    /// This one.
    Exactly(String),
}

/// No version.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no version: give one such as 2.1.0, or a tag such as latest")]
pub struct BadVersion(String);

impl Wanted {
    /// The latest unless something else is said.
    pub(super) fn new(said: Option<&str>) -> Result<Self, BadVersion> {
        let said = said.map(str::trim).filter(|said| !said.is_empty());
        let said = said.unwrap_or("latest");
        match (
            is_version(said),
            said.starts_with(|c: char| c.is_ascii_alphabetic()),
        ) {
            (true, _) => Ok(Self::Exactly(said.to_owned())),
            (_, true) if is_fit(said) => Ok(Self::Tagged(said.to_owned())),
            _ => Err(BadVersion(said.to_owned())),
        }
    }
}

fn is_fit(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._+".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(is_fit)
}

/// Whether it is one whole version, and so a name of a folder: `1.2.3`, `1.2.3-beta.4`.
pub(super) fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts = numbers.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let count = parts.clone().count();
    is_fit(text) && count == 3 && parts.all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_is_readable() {
        let agents = Agents::embedded().unwrap();
        let names: Vec<&str> = agents.agent.iter().map(|agent| &*agent.binary).collect();
        assert_eq!(names, ["claude", "codex", "gemini", "opencode"]);
    }

    #[test]
    fn a_version_is_exact_or_a_tag_and_never_a_path() {
        let exactly = |text: &str| Wanted::Exactly(text.to_owned());
        assert_eq!(Wanted::new(Some("1.2.3")).unwrap(), exactly("1.2.3"));
        assert_eq!(
            Wanted::new(Some("1.2.3-rc.1")).unwrap(),
            exactly("1.2.3-rc.1")
        );
        let latest = Wanted::Tagged("latest".to_owned());
        assert_eq!(Wanted::new(None).unwrap(), latest);
        assert_eq!(Wanted::new(Some(" ")).unwrap(), latest);
        for bad in [
            "../x",
            "1.2",
            "^1.0.0",
            "1.2.3/..",
            "-1.0.0",
            "git+https://x",
            "1..2",
            ".",
        ] {
            assert!(Wanted::new(Some(bad)).is_err(), "{bad}");
        }
    }
}

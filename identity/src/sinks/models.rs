//! Names and limits of the models that tools are pointed at. Data (`data/models.toml`), embedded; settings may name others.

use std::mem::replace;

use serde::Deserialize;

use super::Tool;

const DATA: &str = include_str!("../../data/models.toml");

/// What tools start with, and what they offer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// Claude Code.
    pub claude: Claude,
    /// Codex.
    pub codex: Start,
    /// Gemini.
    pub gemini: Start,
    /// OpenCode.
    pub opencode: Start,
    /// Hermes.
    pub hermes: Hermes,
    /// What stood there before.
    pub former: Former,
    /// What OpenCode offers.
    pub offered: Vec<Offered>,
}

/// One model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Its name.
    pub model: String,
}

/// Claude Code asks for models by size.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claude {
    /// What it starts with.
    pub model: String,
    /// The large one.
    pub opus: String,
    /// The middle one.
    pub sonnet: String,
    /// The small one.
    pub haiku: String,
}

/// Hermes goes on with another one when the first is overloaded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hermes {
    /// What it starts with.
    pub model: String,
    /// The other.
    pub fallback: String,
}

/// Names that are replaced.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// In Claude Code's file.
    pub claude: Vec<String>,
    /// In Codex's.
    pub codex: Vec<String>,
    /// In Gemini's.
    pub gemini: Vec<String>,
}

/// A model with its limits, in tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offered {
    /// The name of its endpoint.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it can take in.
    pub context: u64,
    /// What it can answer.
    pub output: u64,
}

/// The data does not have the form that it should.
#[derive(Debug, thiserror::Error)]
#[error("the list of models is damaged: {0}")]
pub struct Damaged(#[from] toml::de::Error);

/// What any model can do of which nothing else is known, in tokens.
const CONTEXT: u64 = 200_000;
const OUTPUT: u64 = 8_192;

impl Models {
    /// Those of this release.
    pub fn embedded() -> Result<Self, Damaged> {
        Ok(toml::from_str(DATA)?)
    }

    /// Another model for a tool to start with. What it would have started with is replaced in its file.
    pub fn choose(&mut self, tool: Tool, model: &str) {
        let model = model.to_owned();
        let former = &mut self.former;
        match tool {
            Tool::Claude => former.claude.push(replace(&mut self.claude.model, model)),
            Tool::Codex => former.codex.push(replace(&mut self.codex.model, model)),
            Tool::Gemini => former.gemini.push(replace(&mut self.gemini.model, model)),
            Tool::Hermes => self.hermes.model = model,
            Tool::OpenCode => {
                if !self.offered.iter().any(|offered| offered.id == model) {
                    self.offered.push(Offered {
                        id: model.clone(),
                        name: model.clone(),
                        context: CONTEXT,
                        output: OUTPUT,
                    });
                }
                self.opencode.model = model;
            }
            Tool::Databricks | Tool::Git => {}
        }
    }
}

/// Whether a name may be put in the place of what a file has.
pub(super) fn is_replaceable(has: Option<&str>, former: &[String]) -> bool {
    has.is_none_or(|has| former.iter().any(|name| name == has))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_is_readable_and_offers_what_opencode_starts_with() {
        let models = Models::embedded().unwrap();
        let start = &models.opencode.model;
        assert!(models.offered.iter().any(|offered| offered.id == *start));
        assert!(
            models
                .offered
                .iter()
                .all(|offered| offered.output <= offered.context)
        );
    }

    #[test]
    fn another_model_takes_the_place_of_what_a_tool_would_have_started_with() {
        let mut models = Models::embedded().unwrap();
        let before = models.codex.model.clone();
        models.choose(Tool::Codex, "mine");
        assert_eq!(models.codex.model, "mine");
        assert!(is_replaceable(Some(&before), &models.former.codex));
        models.choose(Tool::OpenCode, "mine");
        assert!(models.offered.iter().any(|offered| offered.id == "mine"));
    }

    #[test]
    fn no_name_in_use_is_replaced() {
        let models = Models::embedded().unwrap();
        let claude = &models.claude;
        for name in [&claude.model, &claude.opus, &claude.sonnet, &claude.haiku] {
            assert!(!models.former.claude.contains(name), "{name}");
        }
        assert!(!models.former.codex.contains(&models.codex.model));
        assert!(!models.former.gemini.contains(&models.gemini.model));
    }
}

//! What is wanted of set-up: a name for the usual choices, or a list of steps.

use std::convert::Infallible;
use std::str::FromStr;

use crate::graph::StepId;

/// What is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// Nothing: the home stays as it is.
    Minimal,
    /// Agents, and the shell files by which they are found.
    Agents,
    /// The same where a Databricks workspace is at hand.
    Databricks,
    /// Exactly these.
    Steps(Vec<StepId>),
}

impl FromStr for Profile {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.trim() {
            "" | "minimal" => Self::Minimal,
            "agents" => Self::Agents,
            "databricks" => Self::Databricks,
            list => {
                let names = list.split(',').map(str::trim);
                Self::Steps(
                    names
                        .filter(|name| !name.is_empty())
                        .map(StepId::new)
                        .collect(),
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_name_or_a_list_of_steps() {
        let of = |text: &str| text.parse::<Profile>().unwrap();
        assert_eq!(of(""), Profile::Minimal);
        assert_eq!(of(" agents "), Profile::Agents);
        let steps = ["codex", "shell"].map(StepId::new).to_vec();
        assert_eq!(of("codex, shell,"), Profile::Steps(steps));
    }
}

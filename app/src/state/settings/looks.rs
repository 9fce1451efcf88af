//! Colours: the part of the settings about themes.

use serde::{Deserialize, Serialize};

use crate::theme::Theme;

/// Colours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Looks {
    /// Dark, light, or as the system has it.
    pub(crate) theme: Theme,
}

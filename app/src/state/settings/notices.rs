//! What the user likes about notifications.

use serde::{Deserialize, Serialize};

/// The group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NoticeTaste {
    /// Notifications of the system, when a session begins to call and nobody looks.
    pub(crate) desktop: bool,
}

//! What of a project is in a store, written down there beside it: by it is known what changed, what was removed, and what
//! somebody else put there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::hash::Hash;
use crate::place::Place;
use crate::store::{Store, StoreError};

/// Its name in the project's folder of the store.
pub(super) const NAME: &str = ".bowline.json";
/// The format's number.
const FORMAT: u32 = 1;

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Its content; none while it is under way, or where it is not known what became of it.
    pub(super) hash: Option<Hash>,
    /// Whether it can be run: the store doesn't know.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) runs: bool,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    format: u32,
    /// Whose it is.
    pub(super) identity: String,
    /// What was checked out, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
    pub(super) files: BTreeMap<Place, Kept>,
}

impl Index {
    pub(super) fn new(identity: String) -> Self {
        Self {
            format: FORMAT,
            identity,
            head: None,
            files: BTreeMap::new(),
        }
    }

    /// The index of a project's folder in a store; what can't be read is none of ours.
    pub(super) async fn get(store: &dyn Store, folder: &Place) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = store.get(&place(folder)).await? else {
            return Ok(None);
        };
        let index = serde_json::from_slice::<Self>(&bytes).ok();
        Ok(index.filter(|index| index.format == FORMAT))
    }

    pub(super) async fn put(&self, store: &dyn Store, folder: &Place) -> Result<(), Error> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        Ok(store.put(&place(folder), text.into()).await?)
    }
}

fn place(folder: &Place) -> Place {
    // A name without a slash is always one.
    folder.join(&Place::parse(NAME).unwrap_or_else(|_| folder.clone()))
}

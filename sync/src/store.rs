//! Where files are kept that outlive the machine.

mod folder;
mod workspace;

use std::pin::Pin;

use bowline_identity::secret::Secret;
use bowline_outward as outward;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::folder::Folder;
pub use self::workspace::WorkspaceFiles;
use crate::place::Place;

/// Largest file that is carried, bytes: what a workspace takes in one request.
pub const LARGEST: usize = 10 * 1024 * 1024;

/// What comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What tells two states of a file in a store apart. Of no meaning elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub(crate) String);

/// A file of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub place: Place,
    /// Bytes, if the store says so.
    pub size: Option<u64>,
    /// Its state.
    pub version: Version,
}

/// Why a store didn't do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing opens it now.
    #[error("there is no token for the workspace")]
    NoToken,
    /// It wants somebody else.
    #[error("the workspace refuses the token ({0})")]
    Refused(u16),
    /// Larger than is carried.
    #[error("{0}: larger than 10 MiB")]
    TooLarge(Place),
    /// Something that is no file is in the way.
    #[error("{0}: something else is in its place")]
    Taken(Place),
    /// It could not be asked, or said no.
    #[error("{what}: {source}")]
    Asking {
        /// What for.
        what: &'static str,
        /// What came of it.
        source: outward::Error,
    },
    /// The file system says no.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl StoreError {
    /// Whether it is about one file, and others may go well.
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::TooLarge(_) | Self::Taken(_) => true,
            Self::Asking { source, .. } => {
                matches!(source, outward::Error::Status(status) if status.is_client_error())
            }
            Self::NoToken | Self::Refused(_) | Self::Io(_) => false,
        }
    }
}

/// Files by their places, each put whole or not at all. Everything can be done again without harm.
pub trait Store: Send + Sync {
    /// All files below a folder; none of a folder that isn't there.
    fn list<'a>(&'a self, below: &'a Place) -> Later<'a, Result<Vec<Entry>, StoreError>>;

    /// A file, if it is there.
    fn get<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Bytes>, StoreError>>;

    /// Puts a file, over one that is there, and makes the folders that it wants.
    fn put<'a>(&'a self, at: &'a Place, bytes: Bytes) -> Later<'a, Result<(), StoreError>>;

    /// The state of a file that is there.
    fn version<'a>(&'a self, at: &'a Place) -> Later<'a, Result<Option<Version>, StoreError>>;

    /// Takes a file away; one that isn't there is fine.
    fn remove<'a>(&'a self, at: &'a Place) -> Later<'a, Result<(), StoreError>>;

    /// Takes a folder away, if nothing is in it.
    fn tidy<'a>(&'a self, folder: &'a Place) -> Later<'a, Result<(), StoreError>>;

    /// Where that is, for people, and to tell one store from another.
    fn label(&self) -> String;
}

/// What opens a workspace, asked before each call: it changes while files are carried.
pub trait Bearer: Send + Sync {
    /// The token in force.
    fn token(&self) -> Later<'_, Option<Secret>>;
}

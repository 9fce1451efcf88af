//! Projects carried to a store at each commit, without `.git`, and brought back. What a project's ignore files name stays
//! here; what was carried and is gone here goes there, too; what somebody else put there is never touched.

mod files;
mod index;
mod restore;
mod send;

pub use self::files::{NotAProject, Project};
pub use self::restore::{Over, Restored, restore};
pub use self::send::{Sent, send};
use crate::place::BadPlace;
use crate::store::StoreError;

/// Why a project isn't carried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not one that is.
    #[error(transparent)]
    NotAProject(#[from] NotAProject),
    /// Its name, or that of a file.
    #[error(transparent)]
    Place(#[from] BadPlace),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Other projects have all names that it could have there.
    #[error("{0}: other repositories have this name there already")]
    NoName(String),
    /// Nothing of that name is there.
    #[error("{0} is not there; there are {1}")]
    Nothing(String, String),
    /// It is here already.
    #[error("~/projects/{0} is there already: say --over to write what was saved over it")]
    Here(String),
    /// What would be overwritten is nowhere else.
    #[error("~/projects/{0} has changes that are not committed: commit or stash them first")]
    Uncommitted(String),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Store(StoreError::Io(error))
    }
}

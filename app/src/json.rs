//! Reading JSON, in one way for all: each way of reading is compiled once more for every type that is read, and the page
//! pays for its bytes.

use serde::de::DeserializeOwned;

/// Reads a text.
///
/// # Errors
/// It is no JSON, or says something else.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    // As server functions read their answers.
    serde_json::from_slice(text.as_bytes())
}

//! What `POST /api/upload` is sent and answers. The route itself is the server's: a file is streamed, which no
//! server function does.

use serde::{Deserialize, Serialize};

/// The path, as server functions have theirs.
pub const PATH: &str = "/api/upload";
/// The form's field that holds the file.
pub const FIELD: &str = "file";

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadReply {
    /// Where it is on the server.
    pub path: String,
    /// What is left of the name that was given, without what was put before it.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

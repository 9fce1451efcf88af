//! Bodies of the HTTP API: the form of an upload, and the largest of what comes as JSON.

use bowline_app::workspace::Workspace;

pub use bowline_server::fuzzing::form;

/// A workspace: one that is taken is written and read again as it was.
pub fn workspace(data: &[u8]) {
    let Ok(workspace) = serde_json::from_slice::<Workspace>(data) else {
        return;
    };
    if workspace.check().is_err() {
        return;
    }
    let written = serde_json::to_vec(&workspace).expect("a workspace can be written");
    let again: Workspace = serde_json::from_slice(&written).expect("and read");
    assert_eq!(again, workspace);
}

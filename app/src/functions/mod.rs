//! The HTTP API: every path under `/api` is one of these functions, callable from the page, from a test
//! and by URL. Bodies are thin: take the context, call `terminal`, map the answer. Who may call them is
//! decided by the server's gate before they run. `docs/http-api.md` describes them.
//!
//! Each function has a fixed endpoint and speaks JSON both ways; `GET` ones take no arguments. Session
//! ids are 32 hexadecimal digits.

use serde::{Deserialize, Serialize};

pub mod client;
pub mod credential;
pub mod login;
pub mod logins;
pub mod output;
pub mod screen;
pub mod session;
pub mod sessions;
pub mod setup;
pub mod sync;
pub mod upload;
pub mod version;
pub mod workspace;

pub use credential::{configure_pat, forget_pat, pat_status, rotate_pat};
pub use login::{login, logout};
pub use logins::{end_logins, logins};
pub use output::{read_output, read_outputs, write_input};
pub use screen::session_screen;
pub use session::{
    attach_session, close_session, create_session, heartbeat, rename_session, resize_session,
    restart_session,
};
pub use sessions::{active_sessions, close_tmux_session, sessions, tmux_sessions};
pub use setup::{cancel_setup, retry_setup, setup_status};
pub use sync::sync_status;
pub use version::version;
pub use workspace::{save_workspace, workspace};

#[cfg(test)]
mod tests;

/// The answer `{}` of what has nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {}

/// Every path and method of the API. Registers the functions: a linker may drop their automatic
/// registration.
#[cfg(feature = "ssr")]
pub fn endpoints() -> Vec<(&'static str, http::Method)> {
    use server_fn::axum::{register_explicit as register, server_fn_paths};

    register::<credential::GetPatStatus>();
    register::<credential::ConfigurePat>();
    register::<credential::RotatePat>();
    register::<credential::ForgetPat>();
    register::<login::Login>();
    register::<login::Logout>();
    register::<logins::Logins>();
    register::<logins::EndLogins>();
    register::<output::WriteInput>();
    register::<output::ReadOutput>();
    register::<output::ReadOutputs>();
    register::<screen::SessionScreen>();
    register::<session::CreateSession>();
    register::<session::AttachSession>();
    register::<session::RenameSession>();
    register::<session::CloseSession>();
    register::<session::RestartSession>();
    register::<session::ResizeSession>();
    register::<session::Heartbeat>();
    register::<sessions::Sessions>();
    register::<sessions::ActiveSessions>();
    register::<sessions::TmuxSessions>();
    register::<sessions::CloseTmuxSession>();
    register::<setup::SetupStatus>();
    register::<sync::SyncStatus>();
    register::<setup::RetrySetup>();
    register::<setup::CancelSetup>();
    register::<version::Version>();
    register::<workspace::GetWorkspace>();
    register::<workspace::SaveWorkspace>();

    let mut endpoints: Vec<_> = server_fn_paths().collect();
    endpoints.sort_by_key(|(path, method)| (*path, method.to_string()));
    endpoints
}

//! What the server hands to the page and to the server functions through Leptos's context: typed, and
//! nothing else. Who may enter is decided before any of it is reached.

/// What the page shows. On the server it is in context; the browser reads `<body data-gate>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GateView {
    /// Nobody is logged in: only the login view is rendered.
    #[default]
    Login,
    /// The workspace.
    Open,
}

impl GateView {
    /// The value of `<body data-gate>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Open => "open",
        }
    }
}

#[cfg(feature = "ssr")]
pub use server::{AppContext, Carrier, Door, Left, Listed, Login, Pending, Secret, Setup, Vault};

#[cfg(feature = "ssr")]
mod server {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::Arc;

    use bowline_keeper::Host;
    use bowline_protocol::SessionId;
    use bowline_terminal::SessionInfo;
    use http::request::Parts;
    use leptos::prelude::use_context;

    use crate::error::{AppError, ErrorCode};
    use crate::functions::credential::PatStatus;
    use crate::functions::logins::Browser;
    use crate::functions::setup::{SetupState, SetupStep, TerminalMode};
    use crate::functions::sync::SyncReply;
    use crate::workspace::store::WorkspaceStore;

    /// What the server functions work on.
    #[derive(Clone)]
    pub struct AppContext {
        /// Sessions and links, wherever they live.
        pub host: Host,
        /// The tabs.
        pub workspace: WorkspaceStore,
        /// Logging in and out.
        pub gate: Arc<dyn Door>,
        /// The workspace's credential, where there is a workspace.
        pub vault: Option<Arc<dyn Vault>>,
        /// Setting up the machine, where that is wanted.
        pub setup: Option<Arc<dyn Setup>>,
        /// What carries files to a place that outlives the machine.
        pub carrier: Option<Arc<dyn Carrier>>,
        /// How the page shows terminals to who has chosen nothing.
        pub terminal_mode: TerminalMode,
        /// Most bytes of a file that may be uploaded.
        pub upload_limit: u64,
        /// The server's version.
        pub version: &'static str,
    }

    /// The sessions as they were when the page began to be rendered.
    #[derive(Clone, Default)]
    pub struct Listed(pub Vec<SessionInfo>);

    impl AppContext {
        /// The context of the request being answered.
        pub fn current() -> Result<Self, AppError> {
            use_context().ok_or_else(|| {
                AppError::new(
                    ErrorCode::Internal,
                    "the server function runs without its context",
                )
            })
        }
    }

    /// What a visitor offers for a login. Not `Debug`: it must not reach a log.
    pub enum Secret {
        /// The one-time code of the printed URL.
        Code(String),
        /// The long-lived access token.
        Token(String),
    }

    impl Secret {
        /// What kind of secret it is; never the secret.
        pub const fn name(&self) -> &'static str {
            match self {
                Self::Code(_) => "code",
                Self::Token(_) => "token",
            }
        }
    }

    /// A login that was granted. Not `Debug`, for the same reason.
    pub struct Login {
        /// The value of the `Set-Cookie` header.
        pub cookie: String,
        /// The page's secret: a cookie alone opens only the page.
        pub proof: String,
    }

    /// A login that has ended. Not `Debug` either.
    pub struct Left {
        /// The value of the `Set-Cookie` header that takes the cookie away.
        pub cookie: String,
        /// Where to end the sign-in at another site as well, if it went by one that offers that.
        pub elsewhere: Option<String>,
    }

    /// Logging in and out. The server's gate implements it.
    pub trait Door: Send + Sync {
        /// Trades a secret for a login.
        fn login(&self, secret: &Secret, request: &Parts) -> Result<Login, AppError>;
        /// Ends the login the request came with, if it came with one.
        fn logout(&self, request: &Parts) -> Result<Left, AppError>;
        /// The browsers that are signed in.
        fn browsers(&self, request: &Parts) -> Vec<Browser>;
        /// Signs a browser out, or all but the one that asks; how many.
        fn end(&self, id: Option<&str>, request: &Parts) -> Result<usize, AppError>;
    }

    /// What comes later.
    pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    /// Setting up the machine. The server has it carried out.
    pub trait Setup: Send + Sync {
        /// How all is, and each step.
        fn status(&self) -> (SetupState, Vec<SetupStep>);
        /// Runs a step that is over again.
        fn retry<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), AppError>>;
        /// Stops a step, or has it never begin.
        fn cancel<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), AppError>>;
    }

    /// Carrying files to a place that outlives the machine. The server does it.
    pub trait Carrier: Send + Sync {
        /// What is carried, and how that goes.
        fn status(&self) -> Pending<'_, SyncReply>;
        /// Waits until what belongs to shells was brought back, but not for long.
        fn restored(&self) -> Pending<'_, ()>;
    }

    /// The credential of the Databricks workspace. The server keeps it.
    pub trait Vault: Send + Sync {
        /// How it stands, for whoever asks.
        fn status(&self, request: &Parts) -> PatStatus;
        /// Whoever asks opened a session.
        fn opened(&self, session: SessionId, request: &Parts);
        /// Takes a token, once the workspace has said whose it is.
        fn configure<'a>(
            &'a self,
            token: String,
            request: &'a Parts,
        ) -> Pending<'a, Result<String, AppError>>;
        /// Wants a fresh token now.
        fn rotate<'a>(&'a self, request: &'a Parts) -> Pending<'a, ()>;
        /// Forgets what was supplied.
        fn forget<'a>(&'a self, request: &'a Parts) -> Pending<'a, ()>;
        /// A session is about to be, and its programs will want a token. Who asks for one waits until this is dropped: then
        /// it is known who opened the session.
        fn opening(&self) -> Box<dyn Send>;
    }
}

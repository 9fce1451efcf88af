//! Page rendering, and whatever else takes its time over a request, on a thread and runtime of its own, so that
//! it never delays an echo.

use std::thread::JoinHandle;

use axum::extract::Request;
use axum::response::Response;
use bowline_app::context::{AppContext, GateView};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::sign_in::SignIn;
use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::answer;

/// The page's thread.
pub(crate) struct Renderer {
    runtime: Handle,
    context: AppContext,
    sign_in: SignIn,
    // Ends the thread when dropped.
    _stop: DropGuard,
    _thread: JoinHandle<()>,
}

impl Renderer {
    /// Starts the thread.
    pub(crate) fn start(context: AppContext, sign_in: SignIn) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("pages".to_owned())
            .spawn(move || runtime.block_on(stopped.cancelled()))?;
        Ok(Self {
            runtime: handle,
            context,
            sign_in,
            _stop: stop.drop_guard(),
            _thread: thread,
        })
    }

    /// Does something there, beside the pages: what blocks belongs on another thread still.
    pub(crate) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Renders the page.
    pub(crate) async fn page(&self, view: GateView, request: Request) -> Response {
        let rendering = crate::page::render(view, self.sign_in, self.context.clone(), request);
        let rendered = self.runtime.spawn(rendering).await;
        rendered.unwrap_or_else(|error| {
            tracing::error!(%error, "the page could not be rendered");
            answer::page(&AppError::new(
                ErrorCode::Internal,
                "the page could not be rendered; the server's log says more",
            ))
        })
    }
}

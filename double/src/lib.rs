//! A Databricks workspace on loopback, for tests alone: people and groups, their tokens with an end, a service principal,
//! an app, files. What the real one refuses is refused, and what goes wrong there goes wrong here when a test wants it.
//! Whether that is how the real one answers is for `databricks-sdk` to say (`end2end/sdk`). Must not know Bowline.

mod answer;
mod apps;
mod caller;
mod clock;
pub mod control;
mod faults;
mod files;
mod models;
mod oauth;
mod router;
mod scim;
mod tokens;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub use self::clock::Clock;
pub use self::faults::{Fault, Faults, Times};
pub use self::files::Files;
pub use self::world::{Asked, Kind, Minting, Person, Token, World};

/// What requests and tests share.
pub(crate) type Shared = Arc<Mutex<World>>;

/// The double; it answers until the last handle is gone.
#[derive(Debug, Clone)]
pub struct Double {
    /// Its address, with a slash at the end.
    pub root: String,
    world: Shared,
    _serving: Arc<AbortOnDropHandle<()>>,
}

impl Double {
    /// Starts on a port of the system's. Needs a tokio runtime.
    ///
    /// # Panics
    /// Where loopback has no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        let root = format!("http://{address}/");
        let world = Arc::new(Mutex::new(World::new(root.clone())));
        let router = router::router(world.clone());
        let serving = tokio::spawn(async move {
            let ended = axum::serve(listener, router).await;
            ended.expect("serving never ends by itself");
        });
        Self {
            root,
            world,
            _serving: Arc::new(AbortOnDropHandle::new(serving)),
        }
    }

    /// All there is, to be looked at and changed. Answers wait meanwhile.
    pub fn state(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// A token that somebody made by hand; it has no end.
    pub fn give(&self, token: &str, who: &str) {
        self.state().give(token, who, None);
    }

    /// One that dies after so long.
    pub fn give_for(&self, token: &str, who: &str, life: Duration) {
        self.state().give(token, who, Some(life));
    }

    /// Ends a token before its time, as an administrator does.
    pub fn revoke(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// Whether a token opens anything.
    pub fn is_good(&self, token: &str) -> bool {
        self.state().who(token).is_some()
    }

    /// From now on this goes wrong, whatever is asked for.
    pub fn fault(&self, fault: Fault) {
        self.fault_at("", fault, Times::Always);
    }

    /// From now on this goes wrong below a path, always or so many times.
    pub fn fault_at(&self, path: &str, fault: Fault, times: Times) {
        self.state().faults.plan(path, fault, times);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.state().faults.clear();
    }
}

/// A test that failed while it looked has said so; what is left is still true.
pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

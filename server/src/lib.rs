//! Bowline's server: configuration, gate, router, link endpoints, embedded page, shutdown. Terminal
//! sessions live in `bowline-terminal`, the page and the API's functions in `bowline-app`; here they are
//! put behind HTTP. `main` only parses and wires signals.

pub mod access;
mod activity;
mod answer;
mod api;
mod assets;
pub mod audit;
mod broker;
pub mod config;
mod control;
pub mod doctor;
mod endpoints;
mod file_name;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod gate;
pub mod git_credential;
mod headers;
mod hex;
pub mod let_in;
mod link;
pub mod listen;
pub mod logs;
mod metrics;
mod on_behalf;
mod owner;
mod page;
pub mod peer;
mod rates;
mod ready;
mod recording;
mod render;
mod request;
pub mod router;
pub mod say;
pub mod setup;
mod sign_in;
mod signed_in;
mod state;
pub mod sync;
pub mod token;
mod tool_files;
mod traces;
mod unix_time;
mod upload;
mod urls;
mod vault;
pub mod visit;

/// Requests of the server's own.
pub use bowline_outward as outward;

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bowline_app::context::AppContext;
use bowline_identity::credentials::Settings;
use bowline_identity::sinks;
use bowline_keeper::program::Program;
use bowline_keeper::{Host, KeeperError, Launch, Visit, VisitError, Within, place};
use bowline_provision::run::Status;
use bowline_provision::steps::McpServer;
use bowline_terminal::{Links, Notice, OnExit, SessionInfo, Sessions, resources};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::broker::Broker;
use crate::config::{Auth, Config, Entry, Keeper, Logging, Platform, Switch};
use crate::control::Control;
use crate::endpoints::Finding;
use crate::gate::Gate;
use crate::listen::{Limits, Listener};
use crate::ready::Ready;
use crate::render::Renderer;
use crate::state::StateDir;
use crate::sync::Carried;
use crate::upload::Uploads;
use crate::urls::Urls;
use crate::vault::Vault;

/// The version, as said on every answer.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long requests may take to end once the sessions are gone.
const DRAIN: Duration = Duration::from_secs(4);

/// Why the server could not start, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Without a login only this machine may connect.
    #[error("--auth none lets in whoever connects: it needs a loopback address, not {0}")]
    OpenToAll(SocketAddr),
    /// Whoever connects would be believed, or nobody.
    #[error(
        "--auth proxy believes a proxy that proves itself: listen on a Unix socket, or say --trusted-proxy with its \
         address, or set BOWLINE_PROXY_SECRET to what it sends as Bowline-Proxy-Secret"
    )]
    NoProxy,
    /// Nobody could enter.
    #[error(
        "--auth proxy needs to know who may enter: say --owner with the email address of whoever owns this"
    )]
    NoOwner,
    /// Another server uses the folder.
    #[error("another bowline uses {0}: stop it, or give this one another --state-dir")]
    StateInUse(String),
    /// Sessions of the folder live in a keeper, but were to live in the server.
    #[error(
        "the sessions of {0} live in a keeper: start without --keeper=off, or end them first (`bowline sessions`)"
    )]
    KeeperInUse(String),
    /// The folder's files.
    #[error("cannot use the state folder {path}: {source}")]
    State {
        /// Which folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The address of `--metrics-listen`.
    #[error("cannot listen on {address} for --metrics-listen: {source}")]
    Metrics {
        /// Which.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The workspace could never be asked.
    #[error(
        "{0}: install the certificates of authorities (Debian: ca-certificates), or start without DATABRICKS_HOST"
    )]
    Https(String),
    /// It was told so twice.
    #[error("ended at once, without waiting for programs")]
    AtOnce,
    /// The network, or a thread.
    #[error("the server cannot go on: {0}")]
    Io(#[from] std::io::Error),
}

/// When the server is to end.
#[derive(Debug, Clone, Copy)]
pub struct Shutdown<Begin, AtOnce> {
    /// In good order: pages are told, programs get time to leave.
    pub begin: Begin,
    /// Without waiting for anything, also while it is ending in good order.
    pub at_once: AtOnce,
}

/// A server that is ready to answer.
pub struct Server {
    listener: Listener,
    address: Option<SocketAddr>,
    place: String,
    limits: Limits,
    shared: router::Shared,
    host: Host,
    urls: Urls,
    on_exit: OnExit,
    // Before the state folder: its socket goes while the folder is still ours.
    _control: Option<control::Serving>,
    /// How visitors get at sessions that this process keeps.
    within: Option<Within>,
    ready: Arc<Ready>,
    metrics: Option<metrics::Listening>,
    vault: Option<Arc<Vault>>,
    carried: Arc<Carried>,
    setup: Option<Arc<setup::Machine>>,
    _broker: Option<Arc<Broker>>,
    _tool_files: Option<AbortOnDropHandle<()>>,
    /// Asks whose app this is until that is known.
    _asking: Option<AbortOnDropHandle<()>>,
    /// What a hub is told, and asked.
    _hub: [Option<AbortOnDropHandle<()>>; 2],
    _telling: audit::Telling,
    // Held until the server ends, so that no other one writes the same files.
    _state: StateDir,
}

impl Server {
    /// Opens the state folder, finds the sessions and builds everything; answers nobody yet.
    pub async fn new(mut config: Config, listener: impl Into<Listener>) -> Result<Self, Error> {
        let listener = listener.into();
        let address = listener.address()?;
        check_entry(&config.entry, address)?;
        // Leptos spawns with it. A second server of this process finds it set.
        let _ = any_spawner::Executor::init_tokio();

        let state = StateDir::open(&config.state_dir)?;
        let gate = Arc::new(Gate::open(&config).map_err(|error| state.error(error))?);
        let control = Control::bind(&config.state_dir);
        if let Ok(control) = &control {
            config.sessions.env_set.extend(control.environment());
        }
        let (host, within) = open_host(&config).await?;
        let urls = Urls::new(gate.clone(), address, &config.listen);
        let vault = open_vault(&config, &host, &gate)?;
        let ours = control.iter().flat_map(Control::environment);
        let owner_told = config.setup.owner.clone();
        if let Some(owner) = config.entry.owners.first() {
            owner_told.send_replace(Some(owner.as_str().to_owned()));
        }
        let carried = Carried::begin(config.sync.clone(), config.state_dir.clone(), vault.clone());
        let besides = sync::step(&carried).into_iter().collect();
        let setup = setup::begin(&config.setup, ours, besides).map(Arc::new);
        let endpoints = find_endpoints(&config, vault.as_deref());
        let broker = open_broker(&config, vault.as_ref(), endpoints.as_ref()).await;
        let for_files = broker.as_ref().and_then(|broker| broker.for_files());
        let watch = setup.as_deref().map(setup::Machine::watch);
        let watch = watch.map(|watch| (watch, config.setup.options.told.servers.clone()));
        let tool_files = keep_tool_files(&config, vault.as_deref(), endpoints, for_files, watch);
        let hands = control::Hands {
            host: host.clone(),
            urls: urls.clone(),
            place: listener.place()?,
            vault: vault.clone(),
            broker: broker.clone(),
            git: config.git.clone().map(Arc::new),
            carried: carried.clone(),
        };
        let control = control.map(|control| control.serve(hands));
        if let Err(error) = &control {
            tracing::warn!(%error, "no control socket: `bowline status` goes by the terminal");
        }
        let workspace = {
            let host = host.clone();
            let changed = move |revision| host.notify(Notice::Workspace { revision });
            state.open_workspace(changed)?
        };
        let context = AppContext {
            host: host.clone(),
            workspace,
            gate: gate.clone(),
            vault: vault.clone().map(|vault| vault as _),
            setup: setup.clone().map(|setup| setup as _),
            carrier: Some(carried.clone()),
            terminal_mode: config.terminal_mode,
            upload_limit: config.upload_limit,
            version: VERSION,
        };
        let asking = config.entry.must_ask();
        let asking =
            asking.then(|| owner::find(gate.clone(), config.databricks.clone(), owner_told));
        let tell = |hub| activity::tell(host.clone(), hub);
        let hub = [gate.watch(), config.entry.hub.map(tell)];
        let ready = Arc::new(Ready::new(host.clone()));
        let metrics = open_metrics(&config.logging, &ready).await?;
        let shared = router::Shared {
            renderer: Arc::new(Renderer::start(context.clone(), gate.sign_in())?),
            context,
            gate: Arc::clone(&gate),
            uploads: Arc::new(Uploads::open(
                config.uploads_dir,
                config.upload_limit,
                config.uploads_quota,
            )),
            base_path: config.listen.base_path.as_str().into(),
            frame_ancestors: config.frame_ancestors.into(),
            routes: router::routes().into(),
            ready: ready.clone(),
            vault: vault.clone(),
        };
        Ok(Self {
            place: listener.place()?,
            listener,
            address,
            limits: Limits::within(resources::open_files()),
            shared,
            host,
            urls,
            on_exit: config.on_exit,
            _control: control.ok(),
            within,
            ready,
            metrics,
            _asking: asking,
            vault,
            carried,
            setup,
            _broker: broker,
            _tool_files: tool_files,
            _hub: hub,
            _telling: audit::Telling::begin(),
            _state: state,
        })
    }

    /// The same server with other limits of its connections.
    #[must_use]
    pub fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Where it listens, unless that is a Unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where it listens, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Where metrics are served to whoever can connect.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        let metrics = self.metrics.as_ref()?;
        Some(metrics.address)
    }

    /// The page's URLs, the one for a browser on this machine first, with a login code that works once.
    pub fn urls(&self) -> Vec<String> {
        self.urls.issue()
    }

    /// Answers until `shutdown` begins; then tells the pages, ends the sessions that don't live on, lets
    /// requests end and returns, all within ten seconds.
    pub async fn run(
        self,
        shutdown: Shutdown<impl Future<Output = ()>, impl Future<Output = ()>>,
    ) -> Result<(), Error> {
        let serving = {
            let router = router::router(&self.shared, &self.limits);
            listen::serve(self.listener, router, self.limits)
        };
        let ending = async {
            shutdown.begin.await;
            listen::tell_stopping();
            self.ready.end();
            tracing::info!(target: "audit", pid = std::process::id(), "server ends");
            let setup = async {
                if let Some(setup) = &self.setup {
                    setup.end().await;
                }
            };
            tokio::join!(self.host.end(self.on_exit), setup, self.carried.flush());
            let secrets = async {
                // What shells wrote when they ended; it still needs the token.
                self.carried.flush().await;
                if let Some(vault) = &self.vault {
                    vault.end(self.on_exit).await;
                }
            };
            let requests = tokio::time::timeout(DRAIN, serving.end());
            let ((), drained) = tokio::join!(secrets, requests);
            if drained.is_err() {
                tracing::warn!("some requests did not end in time");
            }
        };
        let ended = tokio::select! {
            () = ending => Ok(()),
            () = shutdown.at_once => {
                tracing::warn!("ending at once");
                self.host.kill_now();
                Err(Error::AtOnce)
            }
        };
        if let Some(within) = self.within {
            within.close().await;
        }
        ended
    }
}

/// Whether the settings of who may enter make sense where it listens. `address` = none for a Unix socket.
fn check_entry(entry: &Entry, address: Option<SocketAddr>) -> Result<(), Error> {
    let on_platform = entry.platform == Platform::DatabricksApp;
    match (entry.auth, address) {
        (Auth::None, Some(address)) if !address.ip().is_loopback() => {
            Err(Error::OpenToAll(address))
        }
        (Auth::Proxy, _) if on_platform => Ok(()),
        (Auth::Proxy, _) if entry.owners.is_unknown() => Err(Error::NoOwner),
        (Auth::Proxy, Some(_))
            if entry.trusted_proxies.is_empty() && entry.proxy_secret.is_none() =>
        {
            Err(Error::NoProxy)
        }
        _ => Ok(()),
    }
}

/// Builds the server, prints where it listens, and answers until `shutdown` resolves.
pub async fn serve(
    config: Config,
    listener: impl Into<Listener>,
    shutdown: Shutdown<impl Future<Output = ()>, impl Future<Output = ()>>,
) -> Result<(), Error> {
    let server = Server::new(config, listener).await?;
    let (pid, version) = (std::process::id(), VERSION);
    let address = server.place();
    tracing::info!(target: "audit", pid, version, address, "server started");
    // Whoever started it may have closed its end; the server goes on.
    let mut urls = server.urls().into_iter();
    let mut stdout = std::io::stdout();
    let here = match server.address() {
        Some(_) => urls.next(),
        None => Some(server.place().to_owned()),
    };
    if let Some(here) = here {
        let _ = writeln!(stdout, "listening on {here}");
    }
    for public in urls {
        let _ = writeln!(stdout, "offered at {public}");
    }
    listen::tell_ready(server.place());
    server.run(shutdown).await
}

/// Listens for who reads metrics, if that is wanted.
async fn open_metrics(
    logging: &Logging,
    ready: &Arc<Ready>,
) -> Result<Option<metrics::Listening>, Error> {
    let Some(address) = &logging.metrics_listen else {
        return Ok(None);
    };
    let listening = metrics::bind(address, ready.clone()).await;
    let listening = listening.map_err(|source| Error::Metrics {
        address: address.clone(),
        source,
    })?;
    tracing::info!(address = %listening.address, "metrics are served");
    Ok(Some(listening))
}

/// Begins to keep the workspace's credential, if there is a workspace.
fn open_vault(config: &Config, host: &Host, gate: &Arc<Gate>) -> Result<Option<Arc<Vault>>, Error> {
    let databricks = &config.databricks;
    let settings = Settings {
        times: databricks.times,
        life: databricks.life,
        path: config.state_dir.join("tokens.json"),
    };
    let openers = config.state_dir.join("openers.json");
    let vault = Vault::begin(databricks, host.clone(), gate.clone(), settings, openers);
    let vault = vault.map_err(|error| Error::Https(error.to_string()))?;
    Ok(vault.map(Arc::new))
}

/// Begins to look for where models are asked.
fn find_endpoints(config: &Config, vault: Option<&Vault>) -> Option<Finding> {
    let root = vault?.credentials().workspace().root().clone();
    let finding = Finding::begin(&config.databricks, &root);
    let finding = finding
        .inspect_err(|error| tracing::error!(%error, "tools can't be pointed at the workspace"));
    finding.ok()
}

/// Begins to serve the broker, if that is wanted. Without it tools go to the workspace themselves.
async fn open_broker(
    config: &Config,
    vault: Option<&Arc<Vault>>,
    endpoints: Option<&Finding>,
) -> Option<Arc<Broker>> {
    let vault = vault.filter(|_| config.databricks.broker == Switch::On)?;
    let broker = Broker::begin(vault.clone(), endpoints?.clone(), &config.state_dir).await;
    let broker = broker.inspect_err(|error| tracing::error!(%error, "there is no broker"));
    broker.ok().map(Arc::new)
}

/// Begins to keep the files of tools up to date, if that is wanted.
fn keep_tool_files(
    config: &Config,
    vault: Option<&Vault>,
    endpoints: Option<Finding>,
    broker: Option<sinks::Broker>,
    setup: Option<(watch::Receiver<Arc<Status>>, Vec<McpServer>)>,
) -> Option<AbortOnDropHandle<()>> {
    let vault = vault.filter(|_| config.databricks.tool_files == Switch::On)?;
    let kept = tool_files::keep(
        vault.credentials(),
        endpoints?,
        broker,
        &config.databricks,
        config.git.as_ref(),
        setup,
    );
    let kept =
        kept.inspect_err(|error| tracing::error!(%error, "the files of tools are not written"));
    kept.ok()
}

/// Finds the sessions: in the keeper, or, taken up from tmux and from disk, in this process.
async fn open_host(config: &Config) -> Result<(Host, Option<Within>), Error> {
    match config.keeper {
        Keeper::Auto => {
            let program = match &config.keeper_program {
                Some(path) => Program::at(path)?,
                None => Program::own()?,
            };
            let launch = Launch::new(program, &config.state_dir, config.sessions.clone())?;
            Ok((Host::apart(launch).await?, None))
        }
        Keeper::Off => {
            let sessions = Sessions::new(config.sessions.clone());
            let server = bowline_terminal::new_server_id();
            let links = Links::new(sessions.clone(), server);
            // Before anything is taken for lost that a keeper has.
            let serve =
                || Within::serve(&config.state_dir, sessions.clone(), links.clone(), server);
            let within = match serve() {
                Err(KeeperError::Taken(_)) => {
                    make_way(&config.state_dir).await?;
                    serve()
                }
                served => served,
            };
            let within = match within {
                Err(KeeperError::Taken(folder)) => return Err(Error::KeeperInUse(folder)),
                Err(error) => {
                    tracing::warn!(%error, "`bowline sessions` and `bowline attach` do not find these sessions");
                    None
                }
                Ok(within) => Some(within),
            };
            // Whoever asks for a session of the last run waits until it is back.
            sessions.adopt().await;
            sessions.recover().await;
            Ok((Host::within(sessions, links), within))
        }
    }
}

/// Ends a keeper that has no sessions.
async fn make_way(state_dir: &Path) -> Result<(), Error> {
    let in_use = || Error::KeeperInUse(state_dir.display().to_string());
    let keeper = Visit::new(place::keeper_socket(state_dir)?);
    let runs = |session: &SessionInfo| !session.state.has_ended();
    match keeper.list().await {
        Ok(sessions) if sessions.iter().any(runs) => Err(in_use()),
        Ok(_) => keeper.stop().await.map_err(|_| in_use()),
        // It has just gone.
        Err(VisitError::Nobody(_)) => Ok(()),
        Err(_) => Err(in_use()),
    }
}

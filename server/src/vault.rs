//! The credential of the Databricks workspace between the page, the shells and what keeps it fresh: begun with what the
//! environment holds, told whether there are sessions, ended with the server. How it is kept fresh is `identity`'s.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use bowline_app::context::{Pending, Vault as Asked};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::functions::credential::{CredentialSource, CredentialState, Forwarded, PatStatus};
use bowline_identity::credentials::{AtEnd, Credentials, Settings, Source, Supplied, View};
use bowline_identity::rotation::{Failure, Standing, Use};
use bowline_identity::secret::Secret;
use bowline_identity::sinks::file::Held;
use bowline_identity::sinks::{self, Host, Why};
use bowline_identity::workspace::Workspace;
use bowline_keeper::Host as Sessions;
use bowline_protocol::SessionId;
use bowline_terminal::OnExit;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::audit::{self, Wish};
use crate::config::{Databricks, Switch};
use crate::gate::{Asked as Request, Gate, Pass, handed_on};
use crate::on_behalf::{News, OnBehalf};
use crate::outward;
use crate::unix_time::unix_ms;

/// How often it is looked whether there are sessions.
const LOOK: Duration = Duration::from_secs(10);
/// How long whoever wants a token waits for one that is just being made.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long revoking may take when the server ends.
const END_WITHIN: Duration = Duration::from_secs(3);

/// The credential, and who is told of it.
pub(crate) struct Vault {
    credentials: Credentials,
    gate: Arc<Gate>,
    /// Where tokens that the proxy hands on count.
    on_behalf: Option<Arc<OnBehalf>>,
    /// Told when a session is about to be.
    woken: Arc<Notify>,
    _watching: AbortOnDropHandle<()>,
}

impl Vault {
    /// Begins with what the environment holds; who opened which session is kept in the file `openers`.
    pub(crate) fn begin(
        databricks: &Databricks,
        host: Sessions,
        gate: Arc<Gate>,
        settings: Settings,
        openers: PathBuf,
    ) -> Result<Option<Self>, outward::Error> {
        let Some(root) = databricks.host.clone() else {
            return Ok(None);
        };
        let workspace = Workspace::new(outward::client()?, root);
        let credentials = Credentials::begin(workspace, settings);
        let woken = Arc::new(Notify::new());
        let first = databricks.by_token();
        let first = first.or_else(|| of_profile(databricks));
        let first = first.or_else(|| databricks.by_principal());
        let on_behalf = || Arc::new(OnBehalf::open(openers));
        let on_behalf = (databricks.on_behalf == Switch::On).then(on_behalf);
        let watching = {
            let (credentials, woken) = (credentials.clone(), woken.clone());
            let on_behalf = on_behalf.clone();
            tokio::spawn(async move {
                if let Some((supplied, source)) = first {
                    credentials.supply_unseen(supplied, source).await;
                }
                watch(&host, &credentials, on_behalf.as_deref(), &woken).await;
            })
        };
        Ok(Some(Self {
            credentials,
            gate,
            on_behalf,
            woken,
            _watching: AbortOnDropHandle::new(watching),
        }))
    }

    /// Takes up the token that a request brought of whom the proxy named.
    pub(crate) fn take_up(&self, pass: &Pass, asked: Request<'_>) {
        let Some(on_behalf) = &self.on_behalf else {
            return;
        };
        // Only a proven proxy names somebody.
        if let Pass::Named(named) = pass
            && let Some(token) = handed_on(asked.headers)
            && on_behalf.brought(named.who(), token) == News::Yes
        {
            audit::handed_on(&self.gate.actor(asked, Some(named.who())));
        }
    }

    /// The token that programs of a session may have: that of whoever opened it, while the proxy hands one on; else the
    /// one in force, once there is one.
    pub(crate) async fn token_for(
        &self,
        session: Option<SessionId>,
    ) -> Result<Given, &'static str> {
        let theirs = match self.on_behalf.as_ref().zip(session) {
            Some((on_behalf, session)) => on_behalf.of_session(session).await,
            None => None,
        };
        match theirs {
            Some(token) => Ok(Given {
                token,
                from: "on_behalf",
            }),
            None => self.token().await,
        }
    }

    /// The token in force, once there is one.
    async fn token(&self) -> Result<Given, &'static str> {
        // Whoever asks will use it.
        self.woken.notify_one();
        let mut watching = self.credentials.watch();
        let settled = |view: &View| {
            let hopeless = matches!(view.standing, Standing::Nothing | Standing::Refused);
            view.token.is_some() || hopeless
        };
        let seen = tokio::time::timeout(PATIENCE, watching.wait_for(settled)).await;
        let given = match seen {
            Ok(Ok(view)) => view.token.clone().zip(view.source),
            _ => None,
        };
        let given = given.map(|(token, from)| Given {
            token,
            from: name(from),
        });
        given.ok_or("there is no token for the databricks workspace: give one in the page, under Settings, Databricks")
    }

    /// Whose the workspace's token is, by the name that the workspace knows.
    pub(crate) async fn who(&self) -> Result<String, String> {
        let given = self.token().await?;
        if let Some(person) = self.credentials.view().who {
            return Ok(person.user_name);
        }
        // It came unseen.
        let me = self.credentials.workspace().me(&given.token).await;
        me.map(|person| person.user_name)
            .map_err(|error| error.to_string())
    }

    /// A handle on it.
    pub(crate) fn credentials(&self) -> Credentials {
        self.credentials.clone()
    }

    /// Whether a host, with its port if that is not the usual one, is the workspace's.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        let root = self.credentials.workspace().root();
        let ours = root.host_str().map(|name| match root.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        });
        ours.is_some_and(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Ends; what was minted is revoked if the programs that hold it end too.
    pub(crate) async fn end(&self, on_exit: OnExit) {
        let how = match on_exit {
            OnExit::End => AtEnd::Revoke,
            OnExit::Keep => AtEnd::Keep,
        };
        self.credentials.end(how, END_WITHIN).await;
    }

    fn note(&self, request: &Parts, wish: Wish) {
        let who = request.extensions.get::<Pass>().and_then(Pass::who);
        let asked = Request::new(&request.headers, &request.extensions);
        audit::credential_wanted(&self.gate.actor(asked, who), "databricks", wish);
    }
}

/// A token, and what it came from. Not `Debug`: it is secret.
pub(crate) struct Given {
    pub(crate) token: Secret,
    /// For programs.
    pub(crate) from: &'static str,
}

/// The token of a profile of the user's, for this workspace. Where Bowline writes that file itself it is no source: what
/// is written there dies.
fn of_profile(databricks: &Databricks) -> Option<(Supplied, Source)> {
    let path = databricks.home.as_ref()?.join(".databrickscfg");
    if databricks.tool_files == Switch::On || !path.exists() {
        return None;
    }
    let read = || -> Result<_, Why> {
        let held = Held::read(&path)?;
        let text = held.text().unwrap_or_default();
        Ok(sinks::databricks::read(text, &databricks.profile)?)
    };
    let found = read().inspect_err(|problem| {
        tracing::warn!(path = %path.display(), %problem, "the profile is not used");
    });
    let found = found.ok().flatten()?;
    let root = Host::parse(databricks.host.as_ref()?.as_str()).ok()?;
    (found.host == root).then_some((Supplied::Token(found.token), Source::Profile))
}

/// Tells the credential whether there are sessions, and who opens them which are no more.
async fn watch(
    host: &Sessions,
    credentials: &Credentials,
    on_behalf: Option<&OnBehalf>,
    woken: &Notify,
) {
    loop {
        // While nobody can say, what was last known holds.
        if let Ok(sessions) = host.list().await {
            if let Some(on_behalf) = on_behalf {
                let there: HashSet<SessionId> = sessions.iter().map(|session| session.id).collect();
                on_behalf.keep_only(|id| there.contains(&id));
            }
            let in_use = match sessions.iter().any(|session| !session.state.has_ended()) {
                true => Use::Used,
                false => Use::Unused,
            };
            credentials.in_use(in_use).await;
        }
        tokio::select! {
            () = woken.notified() => credentials.in_use(Use::Used).await,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl Asked for Vault {
    fn status(&self, request: &Parts) -> PatStatus {
        let who = request.extensions.get::<Pass>().and_then(Pass::who);
        let theirs = self.on_behalf.as_ref().zip(who);
        let theirs = theirs.and_then(|(on_behalf, who)| Some((who, on_behalf.of(who)?)));
        let view = self.credentials.view();
        let root = self.credentials.workspace().root();
        let token_page = root.join("#setting/account/token").ok();
        PatStatus {
            configured: view.source.is_some(),
            valid: view.token.is_some(),
            state: state(view.standing),
            workspace_host: root.host_str().map(str::to_owned),
            token_page: token_page.map(Into::into),
            user: view.who.map(|who| who.user_name),
            source: view.source.map(source),
            since_ms: view.since.map(unix_ms),
            until_ms: view.until.map(unix_ms),
            next_ms: view.next.map(unix_ms),
            problem: view.problem,
            on_behalf: theirs.map(|(who, (_, until))| Forwarded {
                user: who.to_string(),
                until_ms: unix_ms(until),
            }),
        }
    }

    fn opened(&self, session: SessionId, request: &Parts) {
        let who = request.extensions.get::<Pass>().and_then(Pass::who);
        if let Some((on_behalf, who)) = self.on_behalf.as_ref().zip(who) {
            on_behalf.opened(session, who);
        }
    }

    fn configure<'a>(
        &'a self,
        token: String,
        request: &'a Parts,
    ) -> Pending<'a, Result<String, AppError>> {
        Box::pin(async move {
            let token = Secret::new(&token).ok_or_else(|| {
                AppError::malformed("this is no token: paste it whole, without quotes")
            })?;
            let supplied = self
                .credentials
                .supply(Supplied::Token(token), Source::Page);
            match supplied.await {
                Ok(who) => {
                    self.note(request, Wish::Set);
                    Ok(who.map(|who| who.user_name).unwrap_or_default())
                }
                Err(error) => Err(match error.failure() {
                    Failure::Refused => AppError::malformed(
                        "the workspace does not know this token: it is mistyped, expired, revoked, or of another workspace",
                    ),
                    _ => AppError::new(
                        ErrorCode::Upstream,
                        format!(
                            "the workspace could not be asked whether the token is good: {error}"
                        ),
                    ),
                }),
            }
        })
    }

    fn rotate<'a>(&'a self, request: &'a Parts) -> Pending<'a, ()> {
        Box::pin(async move {
            self.note(request, Wish::Rotate);
            self.credentials.rotate().await;
        })
    }

    fn forget<'a>(&'a self, request: &'a Parts) -> Pending<'a, ()> {
        Box::pin(async move {
            self.note(request, Wish::Forget);
            self.credentials.forget().await;
        })
    }

    fn opening(&self) -> Box<dyn Send> {
        self.woken.notify_one();
        match &self.on_behalf {
            Some(on_behalf) => Box::new(on_behalf.opening()),
            None => Box::new(()),
        }
    }
}

fn state(standing: Standing) -> CredentialState {
    match standing {
        Standing::Nothing => CredentialState::None,
        Standing::Good => CredentialState::Good,
        Standing::Resting => CredentialState::Resting,
        Standing::Failing => CredentialState::Failing,
        Standing::Fixed => CredentialState::Fixed,
        Standing::Refused => CredentialState::Refused,
    }
}

fn source(source: Source) -> CredentialSource {
    match source {
        Source::Environment => CredentialSource::Environment,
        Source::Page => CredentialSource::Page,
        Source::Profile => CredentialSource::Profile,
        Source::Principal => CredentialSource::ServicePrincipal,
    }
}

/// As `bowline token --source` says it.
fn name(source: Source) -> &'static str {
    match source {
        Source::Environment => "environment",
        Source::Page => "page",
        Source::Profile => "profile",
        Source::Principal => "service_principal",
    }
}

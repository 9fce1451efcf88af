//! The credential in force: a task of its own drives the rotation, asks the workspace and keeps the secrets; everybody else
//! has a handle on it. What is minted is in force before anybody is told, and nothing here ever holds up a session.

mod driver;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};

use self::driver::Driver;
use crate::rotation::{Standing, Times, Use};
use crate::secret::Secret;
use crate::workspace::{Error, Person, Principal, Workspace};

/// Orders that wait; who gives more waits too.
const ORDERS: usize = 16;

/// What tokens come from.
#[derive(Debug, Clone)]
pub enum Supplied {
    /// A personal access token of the user's.
    Token(Secret),
    /// A service principal: what is done by it is audited as its doing, not the user's.
    Principal(Principal),
}

/// Where what was supplied came from, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `DATABRICKS_TOKEN`.
    Environment,
    /// The page.
    Page,
    /// A profile of the Databricks CLI.
    Profile,
    /// A service principal's secret.
    Principal,
}

/// How tokens are minted.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When.
    pub times: Times,
    /// How long a token is good.
    pub life: Duration,
    /// Which tokens were minted is kept here.
    pub path: PathBuf,
}

/// What is in force, and how it stands.
#[derive(Debug, Clone)]
pub struct View {
    /// The token; none while there is none that is good.
    pub token: Option<Secret>,
    /// Whose it is.
    pub who: Option<Person>,
    /// Where what it was made by came from.
    pub source: Option<Source>,
    /// How it stands.
    pub standing: Standing,
    /// When the token was asked for.
    pub since: Option<SystemTime>,
    /// Until when it is good.
    pub until: Option<SystemTime>,
    /// When the next one is asked for.
    pub next: Option<SystemTime>,
    /// What went wrong last, if it hasn't gone well since.
    pub problem: Option<String>,
}

impl View {
    fn nothing() -> Self {
        Self {
            token: None,
            who: None,
            source: None,
            standing: Standing::Nothing,
            since: None,
            until: None,
            next: None,
            problem: None,
        }
    }
}

/// Whether programs that hold a token live on when the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// They do: what is in force stays good until it dies.
    Keep,
    /// They end: all that was minted is revoked.
    Revoke,
}

enum Order {
    Supply(Supplied, Source, Option<Person>),
    Forget,
    Rotate,
    Use(Use),
    End(AtEnd, oneshot::Sender<()>),
}

/// A handle on the credential.
#[derive(Debug, Clone)]
pub struct Credentials {
    workspace: Workspace,
    orders: mpsc::Sender<Order>,
    view: watch::Receiver<View>,
}

impl Credentials {
    /// Begins with nothing. Needs a tokio runtime.
    pub fn begin(workspace: Workspace, settings: Settings) -> Self {
        let (orders, taken) = mpsc::channel(ORDERS);
        let (shown, view) = watch::channel(View::nothing());
        let driver = Driver::new(workspace.clone(), settings, shown);
        tokio::spawn(driver.run(taken));
        Self {
            workspace,
            orders,
            view,
        }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What is in force now.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Told when something changes.
    pub fn watch(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Supplies a credential. A token is shown to the workspace first: one that isn't good changes nothing.
    pub async fn supply(
        &self,
        supplied: Supplied,
        source: Source,
    ) -> Result<Option<Person>, Error> {
        let who = match &supplied {
            Supplied::Token(token) => Some(self.workspace.me(token).await?),
            Supplied::Principal(_) => None,
        };
        self.order(Order::Supply(supplied, source, who.clone()))
            .await;
        Ok(who)
    }

    /// Supplies one without asking whether it is good: that shows when it is used.
    pub async fn supply_unseen(&self, supplied: Supplied, source: Source) {
        self.order(Order::Supply(supplied, source, None)).await;
    }

    /// Forgets what was supplied and revokes what was minted by it.
    pub async fn forget(&self) {
        self.order(Order::Forget).await;
    }

    /// Wants a fresh token now.
    pub async fn rotate(&self) {
        self.order(Order::Rotate).await;
    }

    /// Tells whether there are sessions.
    pub async fn in_use(&self, in_use: Use) {
        self.order(Order::Use(in_use)).await;
    }

    /// Ends; returns when nothing is left to be revoked, or could not be within `patience`.
    pub async fn end(&self, how: AtEnd, patience: Duration) {
        let (done, ended) = oneshot::channel();
        self.order(Order::End(how, done)).await;
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!(
                "tokens that were minted could not all be revoked: they die by themselves"
            );
        }
    }

    async fn order(&self, order: Order) {
        // Fails only once it has ended, when nothing is in force any more.
        let _ = self.orders.send(order).await;
    }
}

//! Drives the rotation: asks the workspace for what the machine wants, one token at a time, and revokes one after the
//! other. The only place that holds secrets over time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

use super::{AtEnd, Order, Settings, Source, Supplied, View};
use crate::clock::Clock;
use crate::rotation::{
    By, Chain, Effect, Event, Failure, Moment, Rotation, Standing, TokenId, Use,
};
use crate::secret::Secret;
use crate::store::Store;
use crate::workspace::{Error, Minted, Person, Workspace};

/// The audit trail's target.
const AUDIT: &str = "audit";
/// The clock of the system may jump, and a laptop sleep: looked at so often at least.
const LOOK: Duration = Duration::from_secs(15);

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type MintWork = Work<Result<Minted, (Failure, String)>>;
type RevokeWork = Work<(TokenId, Result<(), Error>)>;
type LookWork = Work<Result<Person, Error>>;

/// Between two replacements the token is looked at so often: somebody else may have ended it.
const LOOKS: u32 = 10;

/// What is known of the token in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing yet.
    Nothing,
    /// It opened something.
    Good,
    /// It never did, good as it may be: it isn't looked at any more.
    Opaque,
}

pub(super) struct Driver {
    workspace: Workspace,
    settings: Settings,
    store: Store,
    clock: Clock,
    machine: Rotation,
    in_use: Use,
    supplied: Option<(Supplied, Source, Option<Person>)>,
    /// In force.
    token: Option<Secret>,
    /// Minted, and not yet in force.
    fresh: Option<Secret>,
    minting: Option<MintWork>,
    revoking: Option<RevokeWork>,
    looking: Option<LookWork>,
    known: Known,
    /// When it was looked at last.
    looked: Option<Moment>,
    /// What is to be revoked, and by what: bounded by what was minted within a token's life.
    doomed: VecDeque<(TokenId, Secret)>,
    problem: Option<String>,
    ending: Option<oneshot::Sender<()>>,
    shown: watch::Sender<View>,
}

impl Driver {
    pub(super) fn new(
        workspace: Workspace,
        settings: Settings,
        shown: watch::Sender<View>,
    ) -> Self {
        let store = Store::new(settings.path.clone());
        let mut clock = Clock::begin();
        let kept = store.read(SystemTime::now());
        Self {
            workspace,
            machine: Rotation::new(settings.times, Chain::ByItself, kept, clock.now()),
            settings,
            store,
            clock,
            in_use: Use::Unused,
            supplied: None,
            token: None,
            fresh: None,
            minting: None,
            revoking: None,
            looking: None,
            known: Known::Nothing,
            looked: None,
            doomed: VecDeque::new(),
            problem: None,
            ending: None,
            shown,
        }
    }

    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            let now = self.clock.now();
            let wake = self.machine.wake_at().into_iter().chain(self.look_at());
            let wake = wake.min().map(|at| at.saturating_sub(now));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                minted = done(&mut self.minting) => {
                    self.minting = None;
                    self.minted(minted);
                }
                (id, revoked) = done(&mut self.revoking) => {
                    self.revoking = None;
                    self.revoked(id, revoked);
                }
                looked = done(&mut self.looking) => {
                    self.looking = None;
                    self.looked(looked);
                }
                () = sleep(wake.unwrap_or(LOOK).min(LOOK)) => self.tell(Event::Time),
            }
            self.revoke_next();
            self.look();
            if self.ending.is_some() && self.revoking.is_none() && self.minting.is_none() {
                // Whoever waits may have given up.
                let _ = self.ending.take().map(|done| done.send(()));
                return;
            }
            self.show();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Supply(supplied, source, who) => {
                if matches!(supplied, Supplied::Principal(_)) {
                    tracing::warn!(
                        "the service principal's tokens are used: what is done by them is audited as its doing, not \
                         the user's"
                    );
                }
                let chain = match &supplied {
                    Supplied::Token(_) => Chain::ByItself,
                    Supplied::Principal(_) => Chain::BySupplied,
                };
                self.machine.chain(chain);
                self.supplied = Some((supplied, source, who));
                self.problem = None;
                audit("set", None);
                self.tell(Event::Supplied);
            }
            Order::Forget => {
                self.forget();
                audit("removed", None);
            }
            Order::Rotate => self.tell(Event::Wanted),
            Order::Use(in_use) => {
                if self.in_use != in_use {
                    self.in_use = in_use;
                    self.tell(Event::Use(in_use));
                }
            }
            Order::End(how, done) => {
                if how == AtEnd::Revoke {
                    self.forget();
                }
                self.ending = Some(done);
            }
        }
    }

    fn forget(&mut self) {
        self.tell(Event::Forgotten);
        self.supplied = None;
        self.token = None;
        self.renew();
        self.problem = None;
        self.save();
    }

    /// When the token in force is to be looked at.
    fn look_at(&self) -> Option<Moment> {
        let is_due = self.looking.is_none() && self.in_use == Use::Used && self.token.is_some();
        let pause = self.settings.times.every / LOOKS;
        let at = self.looked.map_or(Moment::ZERO, |looked| looked + pause);
        (is_due && self.known != Known::Opaque).then_some(at)
    }

    fn look(&mut self) {
        let now = self.clock.now();
        if self.look_at().is_some_and(|at| at <= now)
            && let Some(token) = self.token.clone()
        {
            self.looked = Some(now);
            let workspace = self.workspace.clone();
            self.looking = Some(Box::pin(async move { workspace.me(&token).await }));
        }
    }

    fn looked(&mut self, looked: Result<Person, Error>) {
        match (looked.map_err(|error| error.failure()), self.known) {
            (Ok(_), _) => self.known = Known::Good,
            // It may be good for everything else.
            (Err(Failure::Refused), Known::Nothing) => self.known = Known::Opaque,
            (Err(Failure::Refused), _) => {
                tracing::warn!("the token in force was ended by somebody else");
                audit("lost", None);
                self.tell(Event::Gone);
            }
            (Err(_), known) => self.known = known,
        }
    }

    /// What is in force is another one now, or none: what is known of the one before is of no use.
    fn renew(&mut self) {
        self.looking = None;
        self.looked = None;
        self.known = Known::Nothing;
    }

    fn tell(&mut self, event: Event) {
        let now = self.clock.now();
        let effects = self.machine.step(now, event);
        for effect in effects {
            match effect {
                Effect::Mint(by) => self.minting = self.mint(by),
                Effect::TakeUp => {
                    self.token = self.fresh.take();
                    self.renew();
                    self.problem = None;
                    self.save();
                    audit("rotated", None);
                }
                Effect::TakeUpSupplied => {
                    if let Some((Supplied::Token(token), ..)) = &self.supplied {
                        self.token = Some(token.clone());
                    }
                    self.renew();
                    tracing::warn!(
                        "the workspace mints no tokens for this user: the one that was supplied is used itself"
                    );
                }
                Effect::Ask => {
                    tracing::warn!(
                        "the workspace refuses what was supplied: the page asks for another token"
                    );
                    audit("refused", None);
                }
                Effect::Revoke(id) => {
                    let token = self.token.clone().or_else(|| self.supplied_token());
                    // One that came for nobody ends itself.
                    let token = token.or_else(|| self.fresh.clone());
                    match token {
                        Some(token) => self.doomed.push_back((id, token)),
                        // It dies by itself.
                        None => self.tell(Event::NotRevoked(id)),
                    }
                }
            }
        }
    }

    fn supplied_token(&self) -> Option<Secret> {
        match &self.supplied {
            Some((Supplied::Token(token), ..)) => Some(token.clone()),
            _ => None,
        }
    }

    fn mint(&self, by: By) -> Option<MintWork> {
        let workspace = self.workspace.clone();
        let life = self.settings.life;
        let supplied = self
            .supplied
            .as_ref()
            .map(|(supplied, ..)| supplied.clone());
        let current = self.token.clone().filter(|_| by == By::Current);
        let work: MintWork = match (current, supplied?) {
            (Some(token), _) => Box::pin(async move { mint(&workspace, &token, life).await }),
            (None, Supplied::Token(token)) => {
                Box::pin(async move { mint(&workspace, &token, life).await })
            }
            (None, Supplied::Principal(principal)) => Box::pin(async move {
                let exchanged = workspace.exchange(&principal).await;
                exchanged.map_err(|error| (error.failure(), error.to_string()))
            }),
        };
        Some(work)
    }

    fn minted(&mut self, minted: Result<Minted, (Failure, String)>) {
        match minted {
            Ok(Minted { token, id, life }) => {
                self.fresh = Some(token);
                self.tell(Event::Minted { id, life });
                // It was for nobody.
                self.fresh = None;
            }
            Err((failure, problem)) => {
                tracing::warn!(%problem, "no fresh token");
                self.problem = Some(problem);
                self.tell(Event::NotMinted(failure));
            }
        }
    }

    fn revoke_next(&mut self) {
        if self.revoking.is_none()
            && let Some((id, by)) = self.doomed.pop_front()
        {
            let workspace = self.workspace.clone();
            self.revoking = Some(Box::pin(async move {
                let revoked = workspace.revoke(&by, &id).await;
                (id, revoked)
            }));
        }
    }

    fn revoked(&mut self, id: TokenId, revoked: Result<(), Error>) {
        match revoked {
            Ok(()) => {
                audit("revoked", Some(&id));
                self.tell(Event::Revoked(id));
                self.save();
            }
            Err(error) => {
                tracing::warn!(token = %id, problem = %error, "a token could not be revoked yet");
                self.tell(Event::NotRevoked(id));
            }
        }
    }

    fn save(&mut self) {
        let now = self.clock.now();
        if let Err(error) = self.store.write(self.machine.kept(now), SystemTime::now()) {
            tracing::error!(%error, "which tokens were minted could not be kept: after a restart they are left to die");
        }
    }

    fn show(&mut self) {
        let now = self.clock.now();
        let standing = self.machine.standing(now);
        let good_until = self.machine.good_until(now);
        if good_until.is_none() && standing != Standing::Fixed && self.token.take().is_some() {
            self.renew();
        }
        let system = SystemTime::now();
        let (source, who) = match &self.supplied {
            Some((_, source, who)) => (Some(*source), who.clone()),
            None => (None, None),
        };
        let since = self.machine.since().filter(|_| self.token.is_some());
        self.shown.send_replace(View {
            token: self.token.clone(),
            who,
            source,
            standing,
            since: since.map(|since| system - now.saturating_sub(since)),
            until: good_until.map(|until| system + (until - now)),
            next: self
                .machine
                .mint_at()
                .map(|at| system + at.saturating_sub(now)),
            problem: self.problem.clone(),
        });
    }
}

/// Mints; finds out what a refusal means.
async fn mint(
    workspace: &Workspace,
    by: &Secret,
    life: Duration,
) -> Result<Minted, (Failure, String)> {
    let error = match workspace.mint(by, life).await {
        Ok(minted) => return Ok(minted),
        Err(error) => error,
    };
    let failure = match error.failure() {
        // Dead, or alive and not allowed to?
        Failure::Refused if workspace.me(by).await.is_ok() => Failure::Forbidden,
        failure => failure,
    };
    Err((failure, error.to_string()))
}

/// The end of some work; never comes while there is none.
async fn done<T>(work: &mut Option<Work<T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

fn audit(change: &'static str, token: Option<&TokenId>) {
    let token = token.map(TokenId::as_str);
    tracing::info!(target: AUDIT, what = "databricks", change, token, "credential changed");
}

//! When the token in force is replaced by a fresh one, and when the one before is revoked. Pure: it is told what happened
//! and what time it is, and says what to do; it sees no secret. One fresh token is asked for at a time, a token is out of
//! force before it is revoked, and only those that were minted here ever are.

mod kept;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::kept::{Kept, TokenId};

/// A time, since the clock of this process began; it never goes back.
pub type Moment = Duration;

/// First wait after an attempt in vain; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// When to do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// A token is replaced when it is so old.
    pub every: Duration,
    /// Or when it is good for no longer than this.
    pub margin: Duration,
    /// The token before is revoked so long after: programs that hold it get a moment to take up the new one.
    pub grace: Duration,
}

/// What the fresh token is asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The token in force.
    Current,
    /// What was supplied: a token of the user's, or a service principal's secret.
    Supplied,
}

/// Whether the token in force can get the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// It can.
    ByItself,
    /// Only what was supplied can.
    BySupplied,
}

/// Whether anybody uses a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// There are sessions.
    Used,
    /// There are none: nothing is minted.
    Unused,
}

/// Why something could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It may work later.
    Passing,
    /// It may work after this, says who was asked.
    Later(Duration),
    /// What was shown is good for nothing (any more).
    Refused,
    /// It is good, but may not do this.
    Forbidden,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Time passed.
    Time,
    /// Sessions came, or the last one went.
    Use(Use),
    /// A credential was supplied, in the place of the one before if there was one.
    Supplied,
    /// It was taken away.
    Forgotten,
    /// Somebody wants a fresh token now.
    Wanted,
    /// A token was minted; it is good for so long from when it was asked for.
    Minted {
        /// What it is revoked by; none for what can't be.
        id: Option<TokenId>,
        /// How long.
        life: Duration,
    },
    /// None was.
    NotMinted(Failure),
    /// What is in force is good for nothing any more: somebody else ended it.
    Gone,
    /// A token was revoked, or is known to be gone.
    Revoked(TokenId),
    /// It was not.
    NotRevoked(TokenId),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask for a fresh token.
    Mint(By),
    /// The token that was just minted is in force: tell everybody.
    TakeUp,
    /// What was supplied is in force itself: tell everybody.
    TakeUpSupplied,
    /// Nothing is in force any more, and somebody has to supply a credential.
    Ask,
    /// Revoke this one.
    Revoke(TokenId),
}

/// How it stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was supplied.
    Nothing,
    /// A token is in force, or is just asked for.
    Good,
    /// Nobody uses one; it is minted when somebody does.
    Resting,
    /// The last attempt failed; it is tried again.
    Failing,
    /// What was supplied is in force itself, since it may not mint others.
    Fixed,
    /// What was supplied is good for nothing (any more).
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    id: Option<TokenId>,
    from: Moment,
    until: Moment,
}

/// A token that is out of force.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Former {
    id: TokenId,
    until: Moment,
    /// `None` until there is one in its place.
    revoke_at: Option<Moment>,
    is_under_way: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was supplied.
    Empty,
    /// Nothing is under way.
    Still,
    /// A token was asked for.
    Minting { by: By, since: Moment },
    /// One was asked for by what has been replaced or taken away since: what comes is for nobody.
    Outdated,
    /// The last attempt failed.
    Failed { again: Moment },
    /// What was supplied may not mint.
    Fixed,
    /// What was supplied is good for nothing.
    Refused,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Rotation {
    times: Times,
    chain: Chain,
    phase: Phase,
    in_use: Use,
    is_supplied: bool,
    /// A fresh token is due whether or not there are sessions.
    is_wanted: bool,
    /// What was supplied has not been tried yet: the token in force is not of it.
    is_new: bool,
    /// Attempts in vain since the last that was not.
    failed: u32,
    current: Option<Token>,
    /// As many as were minted within a token's life: those that died by themselves leave.
    former: Vec<Former>,
}

impl Rotation {
    /// Begins with nothing supplied; `kept` are tokens of the last run that may still be good.
    pub fn new(times: Times, chain: Chain, kept: Vec<Kept>, now: Moment) -> Self {
        let former = kept.into_iter().map(|kept| Former {
            id: kept.id,
            until: now + kept.left,
            revoke_at: None,
            is_under_way: false,
        });
        Self {
            times,
            chain,
            phase: Phase::Empty,
            in_use: Use::Unused,
            is_supplied: false,
            is_wanted: false,
            is_new: false,
            failed: 0,
            current: None,
            former: former.collect(),
        }
    }

    /// Takes an event; what to do about it.
    pub fn step(&mut self, now: Moment, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Time => {}
            Event::Use(in_use) => self.in_use = in_use,
            Event::Wanted => self.want(),
            Event::Supplied => self.supplied(),
            Event::Forgotten => self.forget(&mut effects),
            Event::Minted { id, life } => self.minted(now, id, life, &mut effects),
            Event::NotMinted(failure) => self.not_minted(now, failure, &mut effects),
            Event::Gone => self.gone(&mut effects),
            Event::Revoked(id) => self.former.retain(|former| former.id != id),
            Event::NotRevoked(id) => {
                if let Some(former) = self.former.iter_mut().find(|former| former.id == id) {
                    former.is_under_way = false;
                    former.revoke_at = Some(now + LONGEST_WAIT);
                }
            }
        }
        self.mint_if_due(now, &mut effects);
        self.revoke_if_due(now, &mut effects);
        effects
    }

    /// Sets whether tokens can get the next one. To be said before what was supplied is told.
    pub fn chain(&mut self, chain: Chain) {
        self.chain = chain;
    }

    /// When it wants to be told the time.
    pub fn wake_at(&self) -> Option<Moment> {
        let revocations = self.former.iter().filter(|former| !former.is_under_way);
        let revocations = revocations.filter_map(|former| former.revoke_at);
        revocations.chain(self.mint_at()).min()
    }

    /// Until when the token in force is good; `None` if none is, or if what was supplied is in force itself.
    pub fn good_until(&self, now: Moment) -> Option<Moment> {
        let current = self.current.as_ref().filter(|token| token.until > now);
        current.map(|token| token.until)
    }

    /// When the token in force was asked for.
    pub fn since(&self) -> Option<Moment> {
        self.current.as_ref().map(|token| token.from)
    }

    /// How it stands.
    pub fn standing(&self, now: Moment) -> Standing {
        match self.phase {
            Phase::Outdated if !self.is_supplied => Standing::Nothing,
            Phase::Empty => Standing::Nothing,
            Phase::Fixed => Standing::Fixed,
            Phase::Refused => Standing::Refused,
            Phase::Failed { .. } => Standing::Failing,
            Phase::Minting { .. } | Phase::Outdated => Standing::Good,
            Phase::Still if self.good_until(now).is_some() => Standing::Good,
            Phase::Still => Standing::Resting,
        }
    }

    /// What the next run has to know of: all that was minted and may still be good.
    pub fn kept(&self, now: Moment) -> Vec<Kept> {
        let current = self.current.iter();
        let current = current.filter_map(|token| Some((token.id.clone()?, token.until)));
        let former = self
            .former
            .iter()
            .map(|token| (token.id.clone(), token.until));
        let all = current.chain(former).filter(|(_, until)| *until > now);
        all.map(|(id, until)| Kept {
            id,
            left: until - now,
        })
        .collect()
    }

    fn supplied(&mut self) {
        // What is under way is waited for: never two at a time.
        self.phase = match self.phase {
            Phase::Minting { .. } | Phase::Outdated => Phase::Outdated,
            _ => Phase::Still,
        };
        self.is_supplied = true;
        self.is_wanted = true;
        self.is_new = true;
        self.failed = 0;
    }

    fn want(&mut self) {
        if matches!(
            self.phase,
            Phase::Fixed | Phase::Refused | Phase::Failed { .. }
        ) {
            self.phase = Phase::Still;
        }
        self.is_wanted = self.is_supplied;
    }

    fn forget(&mut self, effects: &mut Vec<Effect>) {
        // One that is under way is revoked when it comes.
        self.phase = match self.phase {
            Phase::Minting { .. } | Phase::Outdated => Phase::Outdated,
            _ => Phase::Empty,
        };
        self.is_supplied = false;
        self.is_wanted = false;
        let current = self
            .current
            .take()
            .and_then(|token| Some((token.id?, token.until)));
        let out = current.map(|(id, until)| Former {
            id,
            until,
            revoke_at: None,
            is_under_way: false,
        });
        self.former.extend(out);
        for former in self.former.iter_mut().filter(|former| !former.is_under_way) {
            former.is_under_way = true;
            effects.push(Effect::Revoke(former.id.clone()));
        }
    }

    fn minted(
        &mut self,
        now: Moment,
        id: Option<TokenId>,
        life: Duration,
        effects: &mut Vec<Effect>,
    ) {
        let Phase::Minting { since, .. } = self.phase else {
            // Nobody shall use it.
            self.end_outdated();
            if let Some(id) = id {
                self.former.push(Former {
                    id: id.clone(),
                    until: now + life,
                    revoke_at: None,
                    is_under_way: true,
                });
                effects.push(Effect::Revoke(id));
            }
            return;
        };
        let revoke_at = Some(now + self.times.grace);
        if let Some(Token {
            id: Some(id),
            until,
            ..
        }) = self.current.take()
        {
            self.former.push(Former {
                id,
                until,
                revoke_at,
                is_under_way: false,
            });
        }
        // Those of the last run have one in their place now.
        for former in &mut self.former {
            former.revoke_at = former.revoke_at.or(revoke_at);
        }
        self.current = Some(Token {
            id,
            from: since,
            until: since + life,
        });
        self.is_wanted = false;
        self.is_new = false;
        self.failed = 0;
        self.phase = Phase::Still;
        effects.push(Effect::TakeUp);
    }

    fn not_minted(&mut self, now: Moment, failure: Failure, effects: &mut Vec<Effect>) {
        let Phase::Minting { by, .. } = self.phase else {
            self.end_outdated();
            return;
        };
        match (failure, by) {
            (Failure::Passing, _) => self.wait(now, Duration::ZERO),
            (Failure::Later(after), _) => self.wait(now, after),
            // Revoked from outside, or dead: what was supplied may do better.
            (Failure::Refused | Failure::Forbidden, By::Current) => {
                self.current = None;
                self.is_wanted = true;
                self.phase = Phase::Still;
            }
            (Failure::Refused, By::Supplied) => {
                self.phase = Phase::Refused;
                self.is_wanted = false;
                effects.push(Effect::Ask);
            }
            (Failure::Forbidden, By::Supplied) => {
                self.phase = Phase::Fixed;
                self.is_wanted = false;
                effects.push(Effect::TakeUpSupplied);
            }
        }
    }

    /// Waits before the next attempt: ever longer, and as long as who was asked wants it. But a token is not left to die for
    /// that: half of what it has left is waited at most, and where none is in force, no longer than ever.
    fn wait(&mut self, now: Moment, wanted: Duration) {
        let wait = FIRST_WAIT * 2_u32.pow(self.failed.min(6));
        self.failed = self.failed.saturating_add(1);
        let left = self.good_until(now).map(|until| (until - now) / 2);
        let wanted = wanted.min(left.unwrap_or(LONGEST_WAIT));
        self.phase = Phase::Failed {
            again: now + wait.min(LONGEST_WAIT).max(wanted),
        };
    }

    /// The token in force, or what was supplied if that is, is found dead before its time.
    fn gone(&mut self, effects: &mut Vec<Effect>) {
        match self.phase {
            Phase::Still | Phase::Failed { .. } if self.current.is_some() => {
                self.current = None;
                self.is_wanted = true;
                self.phase = Phase::Still;
            }
            Phase::Fixed => {
                self.phase = Phase::Refused;
                effects.push(Effect::Ask);
            }
            // What is under way finds it out itself.
            _ => {}
        }
    }

    fn end_outdated(&mut self) {
        if self.phase == Phase::Outdated {
            self.phase = match self.is_supplied {
                true => Phase::Still,
                false => Phase::Empty,
            };
        }
    }

    /// When a fresh token is due, if one can be asked for.
    pub fn mint_at(&self) -> Option<Moment> {
        let due = match self.phase {
            Phase::Empty
            | Phase::Minting { .. }
            | Phase::Outdated
            | Phase::Fixed
            | Phase::Refused => return None,
            Phase::Failed { again } => again,
            Phase::Still if self.is_wanted => Duration::ZERO,
            Phase::Still => self.current.as_ref().map_or(Duration::ZERO, |token| {
                // One that is given a shorter life than the margin isn't replaced for ever.
                let margin = self.times.margin.min((token.until - token.from) / 2);
                (token.from + self.times.every).min(token.until - margin)
            }),
        };
        (self.in_use == Use::Used || self.is_wanted).then_some(due)
    }

    fn mint_if_due(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.mint_at().is_none_or(|due| due > now) {
            return;
        }
        let by = match self.chain {
            Chain::ByItself if !self.is_new && self.good_until(now).is_some() => By::Current,
            _ => By::Supplied,
        };
        self.phase = Phase::Minting { by, since: now };
        effects.push(Effect::Mint(by));
    }

    fn revoke_if_due(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        // What died by itself needs no end.
        self.former
            .retain(|former| former.until > now || former.is_under_way);
        for former in &mut self.former {
            if !former.is_under_way && former.revoke_at.is_some_and(|at| at <= now) {
                former.is_under_way = true;
                effects.push(Effect::Revoke(former.id.clone()));
            }
        }
    }
}

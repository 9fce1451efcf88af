//! Signing in at another site, which says who came: what is common to all such sites. The browser is sent there with a
//! word that only it can bring back, and comes back with a code; the site is asked by this server whose code it is. Then
//! it is as after any login: a cookie and a proof.
//!
//! The login's own cookie isn't sent where another site leads, so the browser is known meanwhile by another one, which is
//! good for nothing else.

mod hub;
mod oidc;
mod transactions;

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use bowline_app::error::{AppError, ErrorCode};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use self::hub::{CHECK_EVERY, Hub};
use self::oidc::{Email, Found, Oidc};
pub(crate) use self::transactions::Back;
use self::transactions::{LIFE, Transactions};
use super::identity::{Identity, Owners};
use super::logins::By;
use super::{Asked, Gate, cookies};
use crate::audit;
use crate::config::Entry;
use crate::outward;

/// Where such a sign-in ends, below the base path.
pub(crate) const CALLBACK: &str = "auth/callback";

/// Sign-ins for which another site is asked at a time. One more is told to try again: whoever isn't let in can begin as
/// many as they like.
const AT_A_TIME: usize = 16;
/// Longest code that is passed on, bytes.
const CODE_MAX: usize = 4096;
/// Longest text of another site that is shown, bytes.
const SHOWN_MAX: usize = 300;

/// The other site, and sign-ins that are under way there.
pub(super) struct Elsewhere {
    site: Site,
    transactions: Transactions,
    at_once: Semaphore,
}

/// At which site people sign in.
enum Site {
    Oidc(Box<Oidc>),
    Hub(Box<Hub>),
}

/// How somebody signs in over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Who is signed in over there already need not say it again.
    Usual,
    /// They are asked who they are.
    Afresh,
}

/// A sign-in that has begun. Not `Debug`: the cookie is secret.
pub(crate) struct Begun {
    /// Where the browser goes.
    pub(crate) url: String,
    /// What it keeps meanwhile, as `Set-Cookie`.
    pub(crate) cookie: String,
}

/// A sign-in that has ended well. Not `Debug`, for the same reason.
pub(crate) struct Ended {
    /// What the browser keeps, as `Set-Cookie`.
    pub(crate) cookies: [String; 2],
    /// What the page proves itself with.
    pub(crate) proof: String,
    /// Where it goes on.
    pub(crate) back: Back,
}

/// What the other site sends back through the browser. Not `Debug`: the code is secret.
#[derive(Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

/// Text of another site, as people may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown(String);

impl Shown {
    /// One line of it, bounded.
    fn new(text: &str) -> Self {
        let in_line = |c: char| if c.is_control() { ' ' } else { c };
        let mut text: String = text.chars().take(SHOWN_MAX).map(in_line).collect();
        text.truncate(text.floor_char_boundary(SHOWN_MAX));
        Self(text.trim().to_owned())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why somebody isn't let in. Never says who the owner is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("too many people sign in at this moment: try again in a few seconds")]
    Busy,
    #[error(
        "the site at which you sign in can't be reached from here, or doesn't answer as it should: try again in a \
         while; the server's log says more"
    )]
    Unreachable(String),
    #[error(
        "this sign-in did not begin in this browser, has ended, or took longer than ten minutes: sign in again"
    )]
    NotOurs,
    #[error("the site at which you sign in said no: {0}")]
    Denied(Shown),
    #[error(
        "what the site at which you sign in says about you could not be believed; the server's log says more"
    )]
    Unproven(String),
    #[error(
        "the site at which you sign in has not verified that {0} is your address: have it do that, and sign in again"
    )]
    Unverified(Identity),
    #[error(
        "the site at which you sign in does not say your email address: this server needs it to know you"
    )]
    Nameless,
    #[error("this terminal belongs to somebody else. You are signed in as {0}")]
    NotOwner(Identity),
}

impl Problem {
    fn unreachable(why: impl Into<String>) -> Self {
        Self::Unreachable(why.into())
    }

    /// For the page, and what only the log says for the log.
    fn told(self) -> AppError {
        let code = match &self {
            Self::Busy => ErrorCode::RateLimited,
            Self::Unreachable(why) => {
                tracing::warn!(%why, "the site at which people sign in can't be used");
                ErrorCode::Provider
            }
            Self::Unproven(why) => {
                tracing::warn!(%why, "what a sign-in brought back is not believed");
                ErrorCode::Refused
            }
            Self::NotOurs => ErrorCode::Unauthenticated,
            Self::Denied(_) | Self::Unverified(_) | Self::Nameless | Self::NotOwner(_) => {
                ErrorCode::Refused
            }
        };
        AppError::new(code, self.to_string())
    }
}

impl Elsewhere {
    /// The site that the settings name.
    pub(super) fn new(entry: &Entry) -> Result<Option<Self>, outward::Error> {
        let site = match (&entry.oidc, &entry.hub) {
            (Some(oidc), _) => Site::Oidc(Box::new(Oidc::new(oidc.clone())?)),
            (None, Some(hub)) => Site::Hub(Box::new(Hub::new(hub.clone())?)),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self {
            site,
            transactions: Transactions::new(),
            at_once: Semaphore::new(AT_A_TIME),
        }))
    }

    /// Where to end the sign-in over there too.
    pub(super) fn leave(&self) -> Option<String> {
        match &self.site {
            Site::Oidc(oidc) => oidc.leave(),
            // Whoever signs out there is out here as well, soon.
            Site::Hub(_) => None,
        }
    }

    /// What the audit trail calls it.
    const fn name(&self) -> &'static str {
        match self.site {
            Site::Oidc(_) => "oidc",
            Site::Hub(_) => "hub",
        }
    }
}

impl Gate {
    /// Begins a sign-in at another site, where that is how people get in.
    pub(crate) async fn begin(
        &self,
        asked: Asked<'_>,
        how: Begin,
        back: Back,
    ) -> Option<Result<Begun, AppError>> {
        let elsewhere = self.elsewhere.as_ref()?;
        let transaction = elsewhere.transactions.begin(back, SystemTime::now());
        let redirect = match self.callback(asked) {
            Ok(redirect) => redirect,
            Err(error) => return Some(Err(error)),
        };
        let url = match elsewhere.at_once.try_acquire() {
            Ok(_place) => match &elsewhere.site {
                Site::Oidc(oidc) => oidc.address(&transaction, &redirect, how).await,
                Site::Hub(hub) => Ok(hub.address(&transaction)),
            },
            Err(_) => Err(Problem::Busy),
        };
        let begun = url.map(|url| Begun {
            url,
            cookie: self.under_way(&transaction.cookie, asked),
        });
        Some(begun.map_err(Problem::told))
    }

    /// Ends a sign-in with what the other site sent back: with a login, or with why not.
    pub(crate) async fn complete(
        &self,
        asked: Asked<'_>,
        returned: Returned,
    ) -> Option<Result<Ended, AppError>> {
        let elsewhere = self.elsewhere.as_ref()?;
        let ended = self.try_complete(elsewhere, asked, returned).await;
        if ended.is_err() {
            audit::login_refused(&self.actor(asked, None), elsewhere.name());
        }
        Some(ended)
    }

    async fn try_complete(
        &self,
        elsewhere: &Elsewhere,
        asked: Asked<'_>,
        returned: Returned,
    ) -> Result<Ended, AppError> {
        let name = self.under_way_name(asked);
        let mut held = cookies(asked.headers).filter(|(found, _)| *found == name);
        let cookie = held.next().map(|(_, value)| value).unwrap_or_default();
        let transaction = elsewhere
            .transactions
            .finish(cookie, &returned.state, SystemTime::now());
        // What the site said is shown only where it was asked: anybody can write a link with any text.
        let transaction = transaction.map_err(|_| Problem::NotOurs.told())?;
        let code = elsewhere.code(returned).map_err(Problem::told)?;
        let redirect = self.callback(asked)?;
        let came = match (elsewhere.at_once.try_acquire(), &elsewhere.site) {
            (Ok(_place), Site::Oidc(oidc)) => {
                let found = oidc.found(&transaction, &redirect, code).await;
                let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
                let who = found.and_then(|found| admitted(found, &owners, oidc.groups()));
                who.map(|who| (who, None))
            }
            (Ok(_place), Site::Hub(hub)) => {
                let came = hub.came(&transaction, &code).await;
                came.map(|came| (came.who, Some(came.token)))
            }
            (Err(_), _) => Err(Problem::Busy),
        };
        let (who, token) = came.map_err(Problem::told)?;
        audit::login(&self.actor(asked, Some(&who)), elsewhere.name());
        let agent = asked.headers.get(USER_AGENT).map(HeaderValue::to_str);
        let by = By {
            who: Some(who),
            agent: agent.and_then(Result::ok).map(str::to_owned),
            address: self.client(asked),
        };
        let fresh = self.logins.create(by, SystemTime::now());
        if let (Site::Hub(hub), Some(token)) = (&elsewhere.site, token) {
            hub.hold(&fresh.id, token);
        }
        Ok(Ended {
            cookies: [
                self.set_cookie(&fresh.cookie, asked),
                self.under_way("", asked),
            ],
            proof: fresh.proof,
            back: transaction.back,
        })
    }

    /// Ends logins that the other site no longer stands for, where it can be asked. Ends with what it returns.
    pub(crate) fn watch(self: &Arc<Self>) -> Option<AbortOnDropHandle<()>> {
        let Site::Hub(_) = self.elsewhere.as_ref()?.site else {
            return None;
        };
        let gate = self.clone();
        Some(AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(CHECK_EVERY).await;
                gate.ask_again().await;
            }
        })))
    }

    async fn ask_again(&self) {
        let Some(Site::Hub(hub)) = self.elsewhere.as_ref().map(|elsewhere| &elsewhere.site) else {
            return;
        };
        for (login, problem) in hub.over(|login| self.logins.has(login)).await {
            tracing::info!(%login, %problem, "the hub no longer stands for a login: it ends");
            if let Err(error) = self.logins.end(&login) {
                tracing::error!(%error, "the end of a login could not be kept");
            }
        }
    }

    /// Where the other site is to send the browser back to: the name by which it asked, which is one of ours.
    fn callback(&self, asked: Asked<'_>) -> Result<String, AppError> {
        let forwarded = self.forwarded(asked);
        let (scheme, host) = self.place.reached(asked.headers, &forwarded)?;
        let (scheme, path) = (scheme.prefix(), &self.cookie_path);
        Ok(format!("{scheme}{host}{path}{CALLBACK}"))
    }

    /// The `Set-Cookie` header for a sign-in that is under way; an empty value takes the cookie away. Other sites lead
    /// here with it, but can neither read nor write it.
    fn under_way(&self, value: &str, asked: Asked<'_>) -> String {
        let age = match value.is_empty() {
            true => 0,
            false => LIFE.as_secs(),
        };
        let secure = if self.is_https(asked) { "; Secure" } else { "" };
        format!(
            "{}={value}; Path={}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}",
            self.under_way_name(asked),
            self.cookie_path
        )
    }

    fn under_way_name(&self, asked: Asked<'_>) -> String {
        format!("{}{}-sign-in", self.cookie_prefix(asked), self.cookie_name)
    }
}

impl Elsewhere {
    /// The code, unless the site said no.
    fn code(&self, returned: Returned) -> Result<String, Problem> {
        if let Some(error) = returned.error {
            let said = returned.error_description.unwrap_or(error);
            return Err(Problem::Denied(Shown::new(&said)));
        }
        // Another site's answer, brought to us.
        if let Site::Oidc(oidc) = &self.site
            && returned.iss.is_some_and(|iss| iss != oidc.issuer())
        {
            return Err(Problem::Unproven("it comes from another issuer".into()));
        }
        let code = returned.code.filter(|code| code.len() <= CODE_MAX);
        code.ok_or_else(|| Problem::Unproven("it brought no code".into()))
    }
}

/// Who it is, if that is somebody who may enter: an owner, by an address that is surely theirs, or one of a group.
fn admitted(found: Found, owners: &Owners, groups: &[String]) -> Result<Identity, Problem> {
    let in_group = found.groups.iter().any(|group| groups.contains(group));
    match found.email {
        Some(Email::Verified(who)) if in_group || owners.has(&who) => Ok(who),
        // Who is in a group is known without an address.
        _ if in_group => {
            let subject = Identity::new(&format!("subject:{}", found.subject));
            subject.ok_or(Problem::Nameless)
        }
        Some(Email::Verified(who)) => Err(Problem::NotOwner(who)),
        Some(Email::Claimed(who)) => Err(Problem::Unverified(who)),
        None => Err(Problem::Nameless),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Identity {
        Identity::new(name).unwrap()
    }

    fn found(email: Option<Email>, groups: &[&str]) -> Found {
        Found {
            subject: "ana@example.com".to_owned(),
            email,
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        }
    }

    #[test]
    fn an_owner_is_let_in_by_a_verified_address_alone() {
        let owners = Owners::new(vec![who("ana@example.com")]);
        let verified = |name| Some(Email::Verified(who(name)));
        let claimed = |name| Some(Email::Claimed(who(name)));
        let admit = |email| admitted(found(email, &[]), &owners, &[]);
        assert_eq!(
            admit(verified("ana@example.com")).unwrap(),
            who("ana@example.com")
        );
        assert!(matches!(
            admit(claimed("ana@example.com")),
            Err(Problem::Unverified(_))
        ));
        // Who is no owner is told the same as who is.
        assert!(matches!(
            admit(claimed("eve@example.com")),
            Err(Problem::Unverified(_))
        ));
        assert!(matches!(
            admit(verified("eve@example.com")),
            Err(Problem::NotOwner(_))
        ));
        assert!(matches!(admit(None), Err(Problem::Nameless)));
    }

    #[test]
    fn one_of_a_group_is_let_in_under_a_name_that_is_no_address() {
        let (owners, groups) = (Owners::default(), ["ops".to_owned()]);
        let admit = |email, named: &[&str]| admitted(found(email, named), &owners, &groups);
        let email = Some(Email::Verified(who("bo@example.com")));
        assert_eq!(
            admit(email.clone(), &["x", "ops"]).unwrap(),
            who("bo@example.com")
        );
        assert!(admit(email, &["OPS", "ops-not"]).is_err());
        let unverified = Some(Email::Claimed(who("bo@example.com")));
        assert_eq!(
            admit(unverified, &["ops"]).unwrap().as_str(),
            "subject:ana@example.com"
        );
    }

    #[test]
    fn what_another_site_says_is_one_bounded_line() {
        let long = format!("no\n\u{1b}[31m<b>{}", "é".repeat(1000));
        let shown = Shown::new(&long).to_string();
        assert!(shown.len() <= SHOWN_MAX);
        assert!(!shown.contains(char::is_control));
    }
}

//! Who may enter. [`Gate::admit`] is the one function that decides it, called for every request before
//! its route; the socket's first message is checked by [`Pass::check_proof`].
//!
//! A browser that logs in gets a cookie and a *proof*. Cookies ignore ports, so a cookie alone, which a
//! page of another port could make the browser send, opens only the page; the API and the link also
//! want the proof, in a header or in the link's `Hello`. Where a proxy says who comes, a browser is known by what it
//! sends with every request too, so the same holds: there the page itself brings the proof. Programs send the access
//! token as `Authorization: Bearer`. Secrets are kept as hashes and never logged.

mod attempts;
mod codes;
mod comers;
pub(crate) mod elsewhere;
pub(crate) mod identity;
mod logins;
mod place;
mod proof;
mod proxy;
mod secret;

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Instant, SystemTime};

use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use bowline_app::context::{Door, Left, Login, Secret};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::functions::logins::Browser;
use bowline_app::sign_in::SignIn;
use bowline_app::workspace::store::write_private;

use self::attempts::Attempts;
use self::codes::Codes;
use self::comers::Comers;
use self::elsewhere::Elsewhere;
pub use self::identity::{Identity, Owners};
pub use self::logins::Visit;
use self::logins::{By, Logins};
use self::place::{Origin, Place};
pub use self::proof::Named;
use self::proof::Proofs;
pub(crate) use self::proxy::handed_on;
use self::proxy::{Forwarded, Proxies, Scheme};
use self::secret::{Hash, random};
use crate::audit::{self, Actor};
use crate::config::{Auth, Config, Entry};
use crate::peer::Peer;

/// What a route asks of who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing: it says only that the server lives. Probes come by any name.
    Probe,
    /// A name of ours: the login and the page's files.
    Public,
    /// A login, by cookie alone: the page.
    Page,
    /// A login and its proof: everything else.
    Proven,
    /// A login and our own origin; the proof follows in the first message, where a browser can say it.
    Upgrade,
}

/// How somebody was let in. Kept in the request's extensions.
#[derive(Clone)]
pub enum Pass {
    /// The route asks for nothing, or everybody may enter.
    Anyone,
    /// By the access token.
    Token,
    /// By a browser's login.
    Login(Visit),
    /// By a proxy that named an owner.
    Named(Named),
}

impl Pass {
    /// Whether the page behind a login has logged in itself. Others need no proof.
    pub fn check_proof(&self, proof: Option<&str>) -> Result<(), AppError> {
        let proves = match self {
            Self::Anyone | Self::Token => return Ok(()),
            Self::Login(visit) => proof.is_some_and(|proof| visit.proves(proof)),
            Self::Named(named) => proof.is_some_and(|proof| named.proves(proof)),
        };
        proves.then_some(()).ok_or_else(|| {
            let what = match self {
                Self::Named(_) => "this page is older than the server: load it again",
                _ => "this page has not logged in itself: log in again",
            };
            unauthenticated(what)
        })
    }

    /// Resolves when the login ends; never for others.
    pub async fn ended(&self) {
        match self {
            Self::Login(visit) => visit.ended.cancelled().await,
            _ => std::future::pending().await,
        }
    }

    /// Who it is, where somebody said it.
    pub fn who(&self) -> Option<&Identity> {
        match self {
            Self::Login(visit) => visit.who.as_ref(),
            Self::Named(named) => Some(named.who()),
            Self::Anyone | Self::Token => None,
        }
    }

    /// What the page must be told to prove itself, where it hasn't logged in.
    pub fn page_proof(&self) -> Option<&str> {
        match self {
            Self::Named(named) => Some(named.proof()),
            _ => None,
        }
    }
}

/// What decides about a request.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What it says.
    pub headers: &'a HeaderMap,
    /// Who is at the other end of its connection.
    pub peer: Peer,
}

impl<'a> Asked<'a> {
    /// What stands in a request.
    pub fn new(headers: &'a HeaderMap, extensions: &Extensions) -> Self {
        // Nobody trusts the address that is none.
        let nowhere = Peer::Tcp(([0, 0, 0, 0], 0).into());
        Self {
            headers,
            peer: extensions.get().copied().unwrap_or(nowhere),
        }
    }

    fn of(request: &'a Parts) -> Self {
        Self::new(&request.headers, &request.extensions)
    }
}

/// The gate.
pub struct Gate {
    auth: Auth,
    owners: RwLock<Owners>,
    place: Place,
    proxies: Proxies,
    proofs: Proofs,
    elsewhere: Option<Elsewhere>,
    cookie_path: String,
    cookie_name: String,
    token: Hash,
    logins: Logins,
    codes: Mutex<Codes>,
    attempts: Mutex<Attempts>,
    comers: Mutex<Comers>,
}

impl Gate {
    /// Reads, or makes, the access token and the logins in the state folder.
    pub fn open(config: &Config) -> io::Result<Self> {
        let token = match &config.entry.token {
            Some(token) => token.clone(),
            None => kept_secret::<32>(&config.state_dir.join("access-token"))?,
        };
        // Cookies ignore ports: two servers on one machine need two names.
        let instance = kept_secret::<4>(&config.state_dir.join("instance"))?;
        let proof_key = kept_secret::<32>(&config.state_dir.join("proof-key"))?;
        Ok(Self {
            auth: config.entry.auth,
            owners: RwLock::new(config.entry.owners.clone()),
            place: Place::new(config),
            proxies: Proxies::new(&config.entry),
            proofs: Proofs::new(&proof_key),
            elsewhere: Elsewhere::new(&config.entry).map_err(io::Error::other)?,
            cookie_path: config.listen.base_path.clone(),
            cookie_name: format!("bowline-{instance}"),
            token: Hash::of(&token),
            logins: Logins::open(config.state_dir.join("logins.json"), rule(&config.entry))?,
            codes: Mutex::default(),
            attempts: Mutex::new(Attempts::new(Instant::now())),
            comers: Mutex::default(),
        })
    }

    /// A code for one login, good for five minutes. `None` where nobody needs one.
    pub fn issue_code(&self) -> Option<String> {
        match self.auth {
            Auth::Token => Some(lock(&self.codes).issue(Instant::now())),
            Auth::Proxy | Auth::Oidc | Auth::Hub | Auth::None => None,
        }
    }

    /// How somebody signs in.
    pub fn sign_in(&self) -> SignIn {
        match self.auth {
            Auth::Token | Auth::None => SignIn::Secret,
            Auth::Proxy | Auth::Oidc | Auth::Hub => SignIn::Elsewhere,
        }
    }

    /// Whether the page itself can offer a login; else it takes a proxy in front.
    pub fn offers_login(&self) -> bool {
        matches!(self.auth, Auth::Token | Auth::Oidc | Auth::Hub)
    }

    /// Whether who isn't signed in is led to the other site at once: below a hub, that is where they come from.
    pub fn leads_there(&self) -> bool {
        self.auth == Auth::Hub
    }

    /// Says who may enter, once it is known.
    pub fn set_owners(&self, owners: Owners) {
        *self.owners.write().unwrap_or_else(PoisonError::into_inner) = owners;
    }

    /// Decides whether a request may reach a route.
    pub fn admit(&self, access: Access, asked: Asked<'_>) -> Result<Pass, AppError> {
        if access == Access::Probe {
            return Ok(Pass::Anyone);
        }
        let forwarded = self.forwarded(asked);
        let headers = asked.headers;
        self.place.check_host(headers, &forwarded)?;
        // Following a link to here says no origin; a script of another page does.
        self.place
            .check_origin(headers, &forwarded, Origin::IfSent)?;
        if access == Access::Public {
            // Logging out, or in again, may still know who it is.
            return Ok(self.who(asked).unwrap_or(Pass::Anyone));
        }
        if access != Access::Page {
            place::check_site(headers)?;
        }
        let pass = self.who(asked)?;
        if let (Pass::Named(named), Access::Page) = (&pass, access) {
            self.note_comer(named.who(), asked);
        }
        match (&pass, access) {
            (Pass::Login(_) | Pass::Named(_), Access::Proven) => {
                let proof = headers.get(bowline_protocol::http::PROOF);
                pass.check_proof(proof.and_then(|proof| proof.to_str().ok()))?;
            }
            (Pass::Login(_) | Pass::Named(_), Access::Upgrade) => {
                self.place
                    .check_origin(headers, &forwarded, Origin::Required)?;
            }
            _ => {}
        }
        Ok(pass)
    }

    /// The `Set-Cookie` header of a login whose cookie is old enough to be exchanged.
    pub fn renew(&self, pass: &Pass, asked: Asked<'_>) -> Option<HeaderValue> {
        let Pass::Login(visit) = pass else {
            return None;
        };
        let cookie = self.logins.rotate(visit, SystemTime::now())?;
        HeaderValue::try_from(self.set_cookie(&cookie, asked)).ok()
    }

    /// Whether the answer is to say that this host is asked by https alone.
    pub fn is_strict(&self, asked: Asked<'_>) -> bool {
        self.place.is_strict(asked.headers, &self.forwarded(asked))
    }

    /// Where the browser is: as a proven proxy says, else the other end. `None` = a Unix socket.
    pub fn client(&self, asked: Asked<'_>) -> Option<IpAddr> {
        let other_end = match asked.peer {
            Peer::Tcp(address) => Some(address.ip()),
            Peer::Unix { .. } => None,
        };
        self.forwarded(asked).client.or(other_end)
    }

    /// Who does something, for the audit trail.
    pub fn actor(&self, asked: Asked<'_>, who: Option<&Identity>) -> Actor {
        Actor {
            from: match self.client(asked) {
                Some(address) => address.to_string(),
                None => asked.peer.to_string(),
            },
            identity: who.map(Identity::to_string),
        }
    }

    /// What is believed of the headers that proxies set.
    fn forwarded(&self, asked: Asked<'_>) -> Forwarded {
        match self.proxies.prove(&asked.peer, asked.headers) {
            true => self.proxies.forwarded(asked.headers),
            false => Forwarded::default(),
        }
    }

    fn who(&self, asked: Asked<'_>) -> Result<Pass, AppError> {
        match self.auth {
            Auth::None => Ok(Pass::Anyone),
            Auth::Token | Auth::Oidc | Auth::Hub => self
                .by_token(asked.headers)?
                .map_or_else(|| self.by_cookie(asked.headers), |_| Ok(Pass::Token)),
            // The proxy may have used the header for itself: what is not our token says nothing.
            Auth::Proxy => match self.by_token(asked.headers) {
                Ok(Some(())) => Ok(Pass::Token),
                _ => self.by_proxy(asked).map(Pass::Named),
            },
        }
    }

    /// Whether the access token was shown.
    fn by_token(&self, headers: &HeaderMap) -> Result<Option<()>, AppError> {
        let Some(authorization) = headers.get(AUTHORIZATION) else {
            return Ok(None);
        };
        let text = authorization.to_str().unwrap_or_default();
        match text.split_once(' ') {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("bearer") && self.token.matches(token.trim()) =>
            {
                Ok(Some(()))
            }
            _ => Err(unauthenticated("this is not the access token")),
        }
    }

    fn by_cookie(&self, headers: &HeaderMap) -> Result<Pass, AppError> {
        let now = SystemTime::now();
        let mut cookies = cookies(headers).filter(|(name, _)| self.is_our_cookie(name));
        let visit = cookies.find_map(|(_, value)| self.logins.visit(value, now));
        visit.map(Pass::Login).ok_or_else(|| {
            unauthenticated(match self.elsewhere {
                Some(_) => {
                    "sign in first: open the page, or send the access token as Authorization: Bearer"
                }
                None => {
                    "log in first: open the URL that the server printed, or send the access token as \
                     Authorization: Bearer"
                }
            })
        })
    }

    fn by_proxy(&self, asked: Asked<'_>) -> Result<Named, AppError> {
        if !self.proxies.prove(&asked.peer, asked.headers) {
            return Err(refused(
                "this server is reached through its proxy alone: ask for its public address. If this came through \
                 the proxy, tell the server so with --trusted-proxy or BOWLINE_PROXY_SECRET",
            ));
        }
        let who = match self.proxies.named(asked.headers) {
            proxy::Named::One(who) => who,
            proxy::Named::Nobody => {
                return Err(unauthenticated(
                    "the proxy in front named nobody: sign in there, or let it pass on who is signed in \
                     (--identity-header)",
                ));
            }
            proxy::Named::Malformed => {
                return Err(refused(
                    "the headers that say who is signed in are there twice or hold no name",
                ));
            }
        };
        let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
        if owners.is_unknown() {
            return Err(refused(
                "this server does not know whose it is, and lets nobody in until it does: set BOWLINE_OWNER to the \
                 email address of its owner, or see the server's log",
            ));
        }
        if !owners.has(&who) {
            return Err(refused(format!(
                "this terminal belongs to somebody else. You are signed in as {who}"
            )));
        }
        Ok(self.proofs.of(who))
    }

    /// Puts into the trail who opens the page without a login of ours.
    fn note_comer(&self, who: &Identity, asked: Asked<'_>) {
        let is_news = lock(&self.comers).is_news(who, self.client(asked), Instant::now());
        if is_news {
            audit::login(&self.actor(asked, Some(who)), "proxy");
        }
    }

    fn is_our_cookie(&self, name: &str) -> bool {
        name.strip_prefix("__Host-").unwrap_or(name) == self.cookie_name
    }

    /// The `Set-Cookie` header for a value; an empty one takes the cookie away.
    fn set_cookie(&self, value: &str, asked: Asked<'_>) -> String {
        let secure = if self.is_https(asked) { "; Secure" } else { "" };
        let age = if value.is_empty() { 0 } else { COOKIE_AGE_S };
        format!(
            "{}{}={value}; Path={}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}",
            self.cookie_prefix(asked),
            self.cookie_name,
            self.cookie_path
        )
    }

    /// What makes a browser take a cookie by https alone, for this host and all of it.
    fn cookie_prefix(&self, asked: Asked<'_>) -> &'static str {
        match self.is_https(asked) && self.cookie_path == "/" {
            true => "__Host-",
            false => "",
        }
    }

    /// Whether the browser came by https.
    fn is_https(&self, asked: Asked<'_>) -> bool {
        let forwarded = self.forwarded(asked);
        let reached = self.place.reached(asked.headers, &forwarded);
        if reached.is_ok_and(|(scheme, _)| scheme == Scheme::Https) {
            return true;
        }
        // Where nobody else knows, the browser itself says it, if it names its page.
        let origin = asked.headers.get(ORIGIN).map(HeaderValue::as_bytes);
        forwarded.scheme.is_none() && origin.is_some_and(|origin| origin.starts_with(b"https://"))
    }

    /// Which login a request came with.
    fn login_of(request: &Parts) -> Option<&Visit> {
        match request.extensions.get() {
            Some(Pass::Login(visit)) => Some(visit),
            _ => None,
        }
    }
}

/// Browsers keep cookies for 400 days at most; the server ends an unused login long before.
const COOKIE_AGE_S: u32 = 400 * 24 * 60 * 60;

impl Door for Gate {
    fn login(&self, secret: &Secret, request: &Parts) -> Result<Login, AppError> {
        if self.auth != Auth::Token {
            return Err(refused("this server lets nobody in by code or token"));
        }
        let asked = Asked::of(request);
        let now = Instant::now();
        let (is_right, wrong) = match secret {
            Secret::Code(code) => (
                lock(&self.codes).redeem(code, now),
                "this login code was used, is older than five minutes or is wrong: get a fresh one with \
                 `bowline login`, or give the access token",
            ),
            Secret::Token(token) => (
                self.token.matches(token.trim()),
                "this is not the access token",
            ),
        };
        let client = self.client(asked);
        if !is_right {
            audit::login_refused(&self.actor(asked, None), secret.name());
            return Err(match lock(&self.attempts).count(client, now) {
                Ok(()) => unauthenticated(wrong),
                Err(wait) => AppError::new(
                    ErrorCode::RateLimited,
                    format!(
                        "too many wrong attempts: wait {} seconds and try again",
                        wait.as_secs() + 1
                    ),
                ),
            });
        }
        audit::login(&self.actor(asked, None), secret.name());
        let agent = asked.headers.get(USER_AGENT);
        let by = By {
            who: None,
            agent: agent.and_then(|agent| Some(agent.to_str().ok()?.to_owned())),
            address: client,
        };
        let fresh = self.logins.create(by, SystemTime::now());
        Ok(Login {
            cookie: self.set_cookie(&fresh.cookie, asked),
            proof: fresh.proof,
        })
    }

    fn logout(&self, request: &Parts) -> Result<Left, AppError> {
        let visit = Self::login_of(request);
        if let Some(visit) = visit {
            let actor = self.actor(Asked::of(request), visit.who.as_ref());
            audit::logout(&actor, visit.id());
            self.logins
                .end(visit.id())
                .map_err(|error| not_kept(&error))?;
        }
        let elsewhere = self.elsewhere.as_ref();
        Ok(Left {
            cookie: self.set_cookie("", Asked::of(request)),
            elsewhere: visit.and(elsewhere).and_then(Elsewhere::leave),
        })
    }

    fn browsers(&self, request: &Parts) -> Vec<Browser> {
        let current = Self::login_of(request).map(Visit::id);
        self.logins.list(current, SystemTime::now())
    }

    fn end(&self, id: Option<&str>, request: &Parts) -> Result<usize, AppError> {
        let ended = match id {
            Some(id) => self.logins.end(id).map(usize::from),
            None => self
                .logins
                .end_others(Self::login_of(request).map(Visit::id)),
        };
        let ended = ended.map_err(|error| not_kept(&error))?;
        if id.is_some() && ended == 0 {
            let gone = "no browser is signed in by this id (any more)";
            return Err(AppError::new(ErrorCode::Gone, gone));
        }
        let who = request.extensions.get::<Pass>().and_then(Pass::who);
        audit::logins_ended(&self.actor(Asked::of(request), who), ended);
        Ok(ended)
    }
}

/// What a login is good under: where another site lets people in, who may enter is decided when they do. `None` where a
/// secret of this server lets them in.
fn rule(entry: &Entry) -> Option<String> {
    if entry.hub.is_some() {
        // Only this process has the tokens by which they can be asked about.
        return Some(random::<16>());
    }
    let oidc = entry.oidc.as_ref()?;
    let rule = format!(
        "{:?}",
        (
            &oidc.issuer,
            &oidc.client_id,
            &entry.owners,
            &oidc.groups,
            &oidc.groups_claim
        )
    );
    Some(Hash::of(&rule).to_hex())
}

fn not_kept(error: &io::Error) -> AppError {
    tracing::error!(%error, "the end of a login could not be kept");
    let what = "this login has ended, but that could not be written to the state folder: make \
                room there and log in and out again, or it is good again after a restart";
    AppError::new(ErrorCode::Internal, what)
}

fn refused(message: impl Into<String>) -> AppError {
    AppError::new(ErrorCode::Refused, message)
}

fn unauthenticated(message: &str) -> AppError {
    AppError::new(ErrorCode::Unauthenticated, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// A random secret that is made once and then kept in a file.
fn kept_secret<const N: usize>(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) if is_secret(text.trim(), N) => return Ok(text.trim().to_owned()),
        Ok(_) => {
            tracing::warn!(path = %path.display(), "the file holds no secret; it is made anew")
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = random::<N>();
    write_private(path, format!("{secret}\n").as_bytes())?;
    Ok(secret)
}

fn is_secret(text: &str, bytes: usize) -> bool {
    text.len() >= 2 * bytes && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;

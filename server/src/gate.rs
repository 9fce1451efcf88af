//! Who may enter. [`Gate::admit`] is the one function that decides it, called for every request before
//! its route; the socket's first message is checked by [`Pass::check_proof`].
//!
//! A browser that logs in gets a cookie and a *proof*. Cookies ignore ports, so a cookie alone, which a
//! page of another port could make the browser send, opens only the page; the API and the link also
//! want the proof, in a header or in the link's `Hello`. Programs send the access token as
//! `Authorization: Bearer`. Secrets are kept as hashes and never logged.

mod attempts;
mod codes;
mod logins;
mod place;
mod secret;

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use axum::http::request::Parts;
use bowline_app::context::{Door, Login, Secret};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::workspace::store::write_private;

use self::attempts::Attempts;
use self::codes::Codes;
use self::logins::Logins;
pub use self::logins::Visit;
use self::place::{Origin, Place};
use self::secret::{Hash, random};
use crate::config::{Auth, Config};

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
}

impl Pass {
    /// Whether the page behind a login has logged in itself. Others need no proof.
    pub fn check_proof(&self, proof: Option<&str>) -> Result<(), AppError> {
        match self {
            Self::Anyone | Self::Token => Ok(()),
            Self::Login(visit) if proof.is_some_and(|proof| visit.proves(proof)) => Ok(()),
            Self::Login(_) => Err(AppError::new(
                ErrorCode::Unauthenticated,
                "this page has not logged in itself: log in again",
            )),
        }
    }

    /// Resolves when the login ends; never for others.
    pub async fn ended(&self) {
        match self {
            Self::Anyone | Self::Token => std::future::pending().await,
            Self::Login(visit) => visit.ended.cancelled().await,
        }
    }
}

/// The gate.
pub struct Gate {
    auth: Auth,
    place: Place,
    cookie_path: String,
    cookie_name: String,
    token: Hash,
    logins: Logins,
    codes: Mutex<Codes>,
    attempts: Mutex<Attempts>,
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
        Ok(Self {
            auth: config.entry.auth,
            place: Place::new(config),
            cookie_path: config.listen.base_path.clone(),
            cookie_name: format!("bowline-{instance}"),
            token: Hash::of(&token),
            logins: Logins::open(config.state_dir.join("logins.json"))?,
            codes: Mutex::default(),
            attempts: Mutex::new(Attempts::new(Instant::now())),
        })
    }

    /// A code for one login, good for five minutes. `None` where nobody needs one.
    pub fn issue_code(&self) -> Option<String> {
        match self.auth {
            Auth::Token => Some(lock(&self.codes).issue(Instant::now())),
            Auth::None => None,
        }
    }

    /// Decides whether a request may reach a route.
    pub fn admit(&self, access: Access, headers: &HeaderMap) -> Result<Pass, AppError> {
        if access == Access::Probe {
            return Ok(Pass::Anyone);
        }
        self.place.check_host(headers)?;
        // Following a link to here says no origin; a script of another page does.
        self.place.check_origin(headers, Origin::IfSent)?;
        if access == Access::Public {
            // Logging out, or in again, may still know who it is.
            return Ok(self.who(headers).unwrap_or(Pass::Anyone));
        }
        let pass = self.who(headers)?;
        match (&pass, access) {
            (Pass::Login(_), Access::Proven) => {
                let proof = headers.get(bowline_protocol::http::PROOF);
                pass.check_proof(proof.and_then(|proof| proof.to_str().ok()))?;
            }
            (Pass::Login(_), Access::Upgrade) => {
                self.place.check_origin(headers, Origin::Required)?;
            }
            _ => {}
        }
        Ok(pass)
    }

    fn who(&self, headers: &HeaderMap) -> Result<Pass, AppError> {
        if self.auth == Auth::None {
            return Ok(Pass::Anyone);
        }
        if let Some(authorization) = headers.get(AUTHORIZATION) {
            let text = authorization.to_str().unwrap_or_default();
            return match text.split_once(' ') {
                Some((scheme, token))
                    if scheme.eq_ignore_ascii_case("bearer")
                        && self.token.matches(token.trim()) =>
                {
                    Ok(Pass::Token)
                }
                _ => Err(unauthenticated("this is not the access token")),
            };
        }
        let now = SystemTime::now();
        let mut cookies = cookies(headers).filter(|(name, _)| self.is_our_cookie(name));
        let visit = cookies.find_map(|(_, value)| self.logins.visit(value, now));
        visit.map(Pass::Login).ok_or_else(|| {
            unauthenticated(
                "log in first: open the URL that the server printed, or send the access token as \
                 Authorization: Bearer",
            )
        })
    }

    fn is_our_cookie(&self, name: &str) -> bool {
        name.strip_prefix("__Host-").unwrap_or(name) == self.cookie_name
    }

    /// The `Set-Cookie` header for a value; an empty one takes the cookie away.
    fn set_cookie(&self, value: &str, headers: &HeaderMap) -> String {
        // The browser itself says here whether the page came by https.
        let is_https = headers
            .get(ORIGIN)
            .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
        let prefix = match is_https && self.cookie_path == "/" {
            true => "__Host-",
            false => "",
        };
        let secure = if is_https { "; Secure" } else { "" };
        let age = if value.is_empty() { 0 } else { COOKIE_AGE_S };
        format!(
            "{prefix}{}={value}; Path={}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}",
            self.cookie_name, self.cookie_path
        )
    }
}

/// Browsers keep cookies for 400 days at most; the server ends an unused login long before.
const COOKIE_AGE_S: u32 = 400 * 24 * 60 * 60;

impl Door for Gate {
    fn login(&self, secret: &Secret, request: &Parts) -> Result<Login, AppError> {
        let now = Instant::now();
        let (is_right, wrong) = match secret {
            Secret::Code(code) => (
                lock(&self.codes).redeem(code, now),
                "this login code was used, is older than five minutes or is wrong: restart the server \
                 for a fresh one, or give the access token",
            ),
            Secret::Token(token) => (
                self.token.matches(token.trim()),
                "this is not the access token",
            ),
        };
        if !is_right {
            tracing::warn!(target: "audit", with = secret.name(), "login refused");
            return Err(match lock(&self.attempts).count(now) {
                true => unauthenticated(wrong),
                false => AppError::new(
                    ErrorCode::RateLimited,
                    "too many wrong attempts: wait a second and try again",
                ),
            });
        }
        tracing::info!(target: "audit", with = secret.name(), "login");
        let fresh = self.logins.create(SystemTime::now());
        Ok(Login {
            cookie: self.set_cookie(&fresh.cookie, &request.headers),
            proof: fresh.proof,
        })
    }

    fn logout(&self, request: &Parts) -> Result<String, AppError> {
        if let Some(Pass::Login(visit)) = request.extensions.get() {
            tracing::info!(target: "audit", "logout");
            self.logins.end(visit).map_err(|error| {
                tracing::error!(%error, "the end of a login could not be kept");
                let what = "this login has ended, but that could not be written to the state folder: make \
                            room there and log in and out again, or it is good again after a restart";
                AppError::new(ErrorCode::Internal, what)
            })?;
        }
        Ok(self.set_cookie("", &request.headers))
    }
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

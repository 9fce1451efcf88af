//! Where a JupyterHub started this server, what it says by the environment: who its user is, where the Hub is, and by what
//! this server is known there. Read only here.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::{ConfigError, Env, is_given};

/// What the Hub said. Not `Debug`: it holds the server's token.
#[derive(Clone)]
pub struct Hub {
    /// Whose server this is.
    pub user: String,
    /// Its name; empty for the one that everybody has.
    pub server_name: String,
    /// Below it is the Hub's API; ends with `/`.
    pub api: Url,
    /// What this server shows there; as an OAuth client, its secret.
    pub token: String,
    /// What it is called as an OAuth client.
    pub client_id: String,
    /// Where browsers are sent to; a URL, or a path under the name by which they came.
    pub authorize: String,
    /// Where they come back to, to the letter.
    pub callback: String,
    /// One of these is to be held by who enters.
    pub scopes: Vec<String>,
    /// Where activity is told.
    pub activity: Url,
    /// How often.
    pub tell_every: Duration,
}

/// Set by a Hub, and by nobody else.
const TOKEN: &str = "JUPYTERHUB_API_TOKEN";
const PREFIX: &str = "JUPYTERHUB_SERVICE_PREFIX";

const TELL_EVERY: Duration = Duration::from_secs(300);

/// Whether a Hub started this.
pub(super) fn is_here(env: &Env<'_>) -> bool {
    [TOKEN, PREFIX]
        .into_iter()
        .all(|name| given(env, name).is_some())
}

fn given(env: &Env<'_>, name: &str) -> Option<String> {
    env.text(name).filter(|text| is_given(text))
}

/// The path below which it wants everything.
pub(super) fn base_path(env: &Env<'_>) -> Option<String> {
    is_here(env).then(|| given(env, PREFIX)).flatten()
}

/// Where it wants this server to listen.
pub(super) fn address(env: &Env<'_>) -> Result<Option<String>, ConfigError> {
    const NAME: &str = "JUPYTERHUB_SERVICE_URL";
    let Some(url) = given(env, NAME).filter(|_| is_here(env)) else {
        return Ok(None);
    };
    let wrong = |url| ConfigError::Hub(NAME, url);
    let Ok(parsed) = Url::parse(&url) else {
        return Err(wrong(url));
    };
    match (
        parsed.scheme(),
        parsed.host_str(),
        parsed.port_or_known_default(),
    ) {
        // Encryption between the Hub's proxy and its servers isn't spoken here.
        ("http", Some(host), Some(port)) => Ok(Some(format!("{host}:{port}"))),
        _ => Err(wrong(url)),
    }
}

/// Under which URL it offers this server, where it knows.
pub(super) fn public_url(env: &Env<'_>) -> Option<String> {
    given(env, "JUPYTERHUB_PUBLIC_URL").filter(|_| is_here(env))
}

/// Where it wants people to begin.
pub(super) fn root_dir(env: &Env<'_>) -> Option<PathBuf> {
    let folder = given(env, "JUPYTERHUB_ROOT_DIR").filter(|_| is_here(env))?;
    let home = given(env, "HOME");
    match (folder.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => Some(PathBuf::from(home).join(below)),
        _ => Some(folder.into()),
    }
}

/// What keeps the files of two servers of one user apart.
pub(super) fn folder(env: &Env<'_>) -> Option<String> {
    let name = given(env, "JUPYTERHUB_SERVER_NAME").filter(|_| is_here(env))?;
    let mut folder = String::from("server-");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => folder.push(byte.into()),
            other => folder.push_str(&format!("%{other:02x}")),
        }
    }
    Some(folder)
}

impl Hub {
    pub(super) fn resolve(env: &Env<'_>) -> Result<Self, ConfigError> {
        let need = |name| given(env, name).ok_or(ConfigError::Missing("--auth hub", name));
        let api_text = need("JUPYTERHUB_API_URL")?;
        let api = url(
            "JUPYTERHUB_API_URL",
            &format!("{}/", api_text.trim_end_matches('/')),
        )?;
        let user = need("JUPYTERHUB_USER")?;
        let server_name = env.text("JUPYTERHUB_SERVER_NAME").unwrap_or_default();
        let scopes = match given(env, "JUPYTERHUB_OAUTH_ACCESS_SCOPES") {
            Some(text) => serde_json::from_str(&text)
                .map_err(|_| ConfigError::Hub("JUPYTERHUB_OAUTH_ACCESS_SCOPES", text))?,
            None => vec![
                format!("access:servers!server={user}/{server_name}"),
                format!("access:servers!user={user}"),
            ],
        };
        let prefix = need(PREFIX)?;
        let activity = match given(env, "JUPYTERHUB_ACTIVITY_URL") {
            Some(text) => url("JUPYTERHUB_ACTIVITY_URL", &text)?,
            None => at(&api, &["users", &user, "activity"]),
        };
        let tell_every = match given(env, "JUPYTERHUB_ACTIVITY_INTERVAL") {
            Some(text) => match text.parse() {
                Ok(seconds @ 1..) => Duration::from_secs(seconds),
                _ => return Err(ConfigError::Number("JUPYTERHUB_ACTIVITY_INTERVAL", text)),
            },
            None => TELL_EVERY,
        };
        Ok(Self {
            authorize: authorize(env),
            callback: given(env, "JUPYTERHUB_OAUTH_CALLBACK_URL").unwrap_or_else(|| {
                let host = given(env, "JUPYTERHUB_HOST").unwrap_or_default();
                format!("{host}{}/oauth_callback", prefix.trim_end_matches('/'))
            }),
            client_id: need("JUPYTERHUB_CLIENT_ID")?,
            token: need(TOKEN)?,
            user,
            server_name,
            api,
            scopes,
            activity,
            tell_every,
        })
    }
}

/// Below the Hub's public URL, else below its host, else on the same one.
fn authorize(env: &Env<'_>) -> String {
    let hub = given(env, "JUPYTERHUB_PUBLIC_HUB_URL").unwrap_or_else(|| {
        let host = given(env, "JUPYTERHUB_HOST").unwrap_or_default();
        let base = given(env, "JUPYTERHUB_BASE_URL").unwrap_or_else(|| "/".to_owned());
        format!("{host}{}/hub/", base.trim_end_matches('/'))
    });
    format!("{}/api/oauth2/authorize", hub.trim_end_matches('/'))
}

fn url(name: &'static str, text: &str) -> Result<Url, ConfigError> {
    Url::parse(text).map_err(|_| ConfigError::Hub(name, text.to_owned()))
}

fn at(api: &Url, segments: &[&str]) -> Url {
    let mut url = api.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

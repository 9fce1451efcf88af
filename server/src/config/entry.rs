//! Who may enter, and which proxies are believed when they say who somebody is.

use axum::http::HeaderName;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::{ConfigError, Env, Hub, Oidc, OidcArgs, hub, is_given};
use crate::gate::identity::{Identity, Owners};

/// Settings of who may enter, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Who may enter")]
pub struct EntryArgs {
    /// Who may enter: `token`: whoever has the printed code or the access token; `proxy`: whom a proxy in front
    /// names as an owner; `oidc`: who signs in at a provider as an owner; `hub`: whom the JupyterHub that started this
    /// server lets use it; `none`: anybody on this machine. [default: token; proxy on Databricks Apps; hub below a
    /// JupyterHub]
    #[arg(long, env = "BOWLINE_AUTH")]
    pub auth: Option<Auth>,
    /// Email address, or user name, of whoever may enter where somebody else says who comes; may be repeated, for
    /// several addresses of one person. APP_OWNER_EMAIL is honoured. On Databricks Apps the default is who made the
    /// app.
    #[arg(
        long,
        env = "BOWLINE_OWNER",
        value_delimiter = ',',
        value_name = "EMAIL"
    )]
    pub owner: Vec<String>,
    /// Address, or network such as 10.0.0.0/8, of a proxy that is believed; may be repeated. One that connects by a
    /// Unix socket, or that sends the secret of BOWLINE_PROXY_SECRET as `Bowline-Proxy-Secret`, is believed too.
    #[arg(
        long,
        env = "BOWLINE_TRUSTED_PROXY",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    pub trusted_proxy: Vec<String>,
    /// Header in which a proxy names who comes; may be repeated, the first that is there counts. [default:
    /// X-Forwarded-Email, X-Forwarded-User, X-Databricks-User-Email]
    #[arg(
        long,
        env = "BOWLINE_IDENTITY_HEADER",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub identity_header: Vec<String>,
    /// The provider of `--auth oidc`.
    #[command(flatten)]
    pub oidc: OidcArgs,
}

/// Who may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Whoever has the printed code or the access token.
    Token,
    /// Whom a proxy in front names as an owner.
    Proxy,
    /// Who signs in as an owner at an OpenID Connect provider.
    Oidc,
    /// Whom the JupyterHub that started this server lets use it.
    Hub,
    /// Anybody who can connect; only on a loopback address.
    None,
}

/// What Bowline runs on, as far as it decides who is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A machine.
    Plain,
    /// Below a JupyterHub, which says who may enter.
    JupyterHub,
    /// A Databricks App: its proxy signs people in, and nothing else reaches the port.
    DatabricksApp,
}

/// Who may enter. Not `Debug`: it may hold secrets.
#[derive(Clone)]
pub struct Entry {
    /// By what.
    pub auth: Auth,
    /// An access token fixed from outside.
    pub token: Option<String>,
    /// Where it runs.
    pub platform: Platform,
    /// Who may enter where somebody else says who comes.
    pub owners: Owners,
    /// The provider at which people sign in.
    pub oidc: Option<Oidc>,
    /// The Hub that started this server, where it says who may enter.
    pub hub: Option<Hub>,
    /// Proxies that are believed, by their addresses.
    pub trusted_proxies: Vec<IpNet>,
    /// What a proxy shows to be believed.
    pub proxy_secret: Option<String>,
    /// Where a proxy names who comes.
    pub identity_headers: Vec<HeaderName>,
}

impl Entry {
    /// Whether only the platform knows who may enter.
    pub fn must_ask(&self) -> bool {
        let by_platform = self.platform == Platform::DatabricksApp && self.auth == Auth::Proxy;
        by_platform && self.owners.is_unknown()
    }
}

/// Shortest secret that may be fixed from outside, bytes.
pub const MIN_TOKEN: usize = 16;

const IDENTITY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-email"),
    HeaderName::from_static("x-forwarded-user"),
    HeaderName::from_static("x-databricks-user-email"),
];

impl EntryArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Result<Entry, ConfigError> {
        let platform = match env.text("DATABRICKS_APP_PORT") {
            Some(_) => Platform::DatabricksApp,
            None => Platform::Plain,
        };
        let usual = match platform {
            Platform::DatabricksApp => Auth::Proxy,
            _ if hub::is_here(env) => Auth::Hub,
            _ => Auth::Token,
        };
        let given = |name: &'static str| {
            let secret = env.text(name).filter(|secret| !secret.is_empty());
            match secret {
                Some(secret) if secret.len() < MIN_TOKEN => Err(ConfigError::Secret(name)),
                secret => Ok(secret),
            }
        };
        let mut owners = self.owner;
        owners.retain(|text| is_given(text));
        if owners.is_empty() {
            let named = env.text("APP_OWNER_EMAIL");
            owners.extend(named.filter(|text| is_given(text)));
        }
        let owners = owners.into_iter();
        let owners = owners.map(|owner| Identity::new(&owner).ok_or(ConfigError::Owner(owner)));
        let auth = self.auth.unwrap_or(usual);
        let owners = Owners::new(owners.collect::<Result<_, _>>()?);
        let oidc = match auth {
            Auth::Oidc => Some(self.oidc.resolve(env)?),
            _ => None,
        };
        if oidc.as_ref().is_some_and(|oidc| oidc.groups.is_empty()) && owners.is_unknown() {
            return Err(ConfigError::Missing(
                "--auth oidc",
                "--owner or --oidc-group",
            ));
        }
        let hub = match auth {
            Auth::Hub => Some(Hub::resolve(env)?),
            _ => None,
        };
        let platform = match auth {
            Auth::Hub => Platform::JupyterHub,
            _ => platform,
        };
        let proxies = self.trusted_proxy.into_iter().filter(|text| is_given(text));
        let headers = self
            .identity_header
            .into_iter()
            .filter(|text| is_given(text));
        let headers: Vec<_> = headers.map(header_name).collect::<Result<_, _>>()?;
        Ok(Entry {
            auth,
            token: given("BOWLINE_TOKEN")?,
            platform,
            owners,
            oidc,
            hub,
            trusted_proxies: proxies.map(network).collect::<Result<_, _>>()?,
            proxy_secret: given("BOWLINE_PROXY_SECRET")?,
            identity_headers: match headers.is_empty() {
                true => IDENTITY_HEADERS.into(),
                false => headers,
            },
        })
    }
}

fn network(given: String) -> Result<IpNet, ConfigError> {
    let text = given.trim();
    let net = text.parse::<IpNet>();
    let net = net.or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
    net.map_err(|_| ConfigError::TrustedProxy(given))
}

fn header_name(given: String) -> Result<HeaderName, ConfigError> {
    let name = HeaderName::from_bytes(given.trim().as_bytes());
    name.map_err(|_| ConfigError::IdentityHeader(given))
}

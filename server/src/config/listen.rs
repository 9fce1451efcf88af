//! Where the server listens, and by which names it is reached.

use clap::Args;

use super::{ConfigError, Env, Switch, hub, is_given};

/// Settings of where it listens, as typed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where it listens")]
pub struct ListenArgs {
    /// Address and port; port 0 takes any free one; or a Unix socket such as unix:/run/bowline/http.sock. A socket
    /// that systemd hands over stands over it. Without it, DATABRICKS_APP_PORT and what a JupyterHub says is honoured.
    /// [default: 127.0.0.1:8000]
    #[arg(long, env = "BOWLINE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,

    /// Who may connect to a Unix socket of --listen: its permissions, in octal digits as for chmod.
    #[arg(
        long,
        env = "BOWLINE_SOCKET_MODE",
        default_value = "600",
        value_name = "MODE"
    )]
    pub socket_mode: String,

    /// Path below which everything is served. [default: /, and below a JupyterHub what that says]
    #[arg(long, env = "BOWLINE_BASE_PATH", value_name = "PATH")]
    pub base_path: Option<String>,

    /// URL under which a proxy offers Bowline; may be repeated. Its host and origin are let in.
    #[arg(
        long,
        env = "BOWLINE_PUBLIC_URL",
        value_delimiter = ',',
        value_name = "URL"
    )]
    pub public_url: Vec<String>,

    /// Host name, with or without a port, under which Bowline may be reached besides loopback names;
    /// may be repeated.
    #[arg(
        long,
        env = "BOWLINE_ALLOWED_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allowed_host: Vec<String>,

    /// Whether browsers that came by https are told to come by nothing else (HSTS).
    #[arg(long, env = "BOWLINE_HSTS", value_enum, default_value = "on")]
    pub hsts: Switch,
}

/// Where it listens, and how it is known.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Address and port, or `unix:` and a path.
    pub address: String,
    /// Permissions of a Unix socket.
    pub socket_mode: u32,
    /// Path of the page; begins and ends with `/`.
    pub base_path: String,
    /// URLs of proxies in front.
    pub public_urls: Vec<PublicUrl>,
    /// Further hosts, in lower case.
    pub allowed_hosts: Vec<String>,
    /// Whether browsers that came by https are told to come by nothing else.
    pub hsts: Switch,
}

/// Scheme, host and port of a public URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// As a browser writes it in `Origin`, such as `https://example.com`.
    pub origin: String,
    /// As a browser writes it in `Host`, such as `example.com`.
    pub authority: String,
}

const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

impl ListenArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Result<Listen, ConfigError> {
        let given = self.listen.filter(|listen| !listen.is_empty());
        let address = match (given, env.text("DATABRICKS_APP_PORT")) {
            (Some(listen), _) => listen,
            (None, Some(port)) => {
                let port: u16 = port
                    .parse()
                    .map_err(|_| ConfigError::Number("DATABRICKS_APP_PORT", port))?;
                format!("0.0.0.0:{port}")
            }
            (None, None) => hub::address(env)?.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
        };
        let path = self.base_path.or_else(|| hub::base_path(env));
        let public_urls = self.public_url.into_iter().chain(hub::public_url(env));
        let public_urls = public_urls.filter(|text| is_given(text));
        let hosts = self.allowed_host.iter().map(|host| host.trim());
        Ok(Listen {
            address,
            hsts: self.hsts,
            socket_mode: socket_mode(self.socket_mode)?,
            base_path: base_path(path.unwrap_or_default())?,
            public_urls: public_urls.map(public_url).collect::<Result<_, _>>()?,
            allowed_hosts: hosts
                .filter(|host| !host.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        })
    }
}

fn socket_mode(given: String) -> Result<u32, ConfigError> {
    match u32::from_str_radix(given.trim(), 8) {
        Ok(mode @ 0..=0o777) => Ok(mode),
        _ => Err(ConfigError::SocketMode(given)),
    }
}

fn base_path(given: String) -> Result<String, ConfigError> {
    let trimmed = given.trim_matches('/');
    let fine = |segment: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~@".contains(c);
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && without_escapes(segment).all(plain)
    };
    if trimmed.is_empty() {
        Ok("/".to_owned())
    } else if trimmed.split('/').all(fine) {
        Ok(format!("/{trimmed}/"))
    } else {
        Err(ConfigError::BasePath(given))
    }
}

/// What is left of a segment without what is escaped in it, rightly or not: then the sign is left.
fn without_escapes(segment: &str) -> impl Iterator<Item = char> {
    let mut parts = segment.split('%');
    let first = parts.next().unwrap_or_default().chars();
    first.chain(parts.flat_map(|part| {
        let is_escape =
            part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        let rest = match is_escape {
            true => &part[2..],
            false => "%",
        };
        rest.chars()
    }))
}

fn public_url(given: String) -> Result<PublicUrl, ConfigError> {
    let parsed: Result<http::Uri, _> = given.trim().parse();
    if let Ok(uri) = parsed
        && let (Some(scheme @ ("http" | "https")), Some(authority)) =
            (uri.scheme_str(), uri.authority())
        && !authority.as_str().contains('@')
    {
        // Browsers leave a scheme's own port out.
        let usual = if scheme == "https" { 443 } else { 80 };
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port_u16() {
            Some(port) if port != usual => format!("{host}:{port}"),
            _ => host,
        };
        return Ok(PublicUrl {
            origin: format!("{scheme}://{authority}"),
            authority,
        });
    }
    Err(ConfigError::PublicUrl(given))
}

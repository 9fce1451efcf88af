//! Whether the way of letting people in is safe where the server listens, and whether anybody could come in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::report::{Check, Report};
use crate::check_entry;
use crate::config::{Auth, Config, Platform};

const CHECK: Check = Check::Entry;
/// How long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Where the server would listen: `None` for a Unix socket, and for a name that leads nowhere.
pub(super) async fn address(config: &Config) -> Option<SocketAddr> {
    let address = config.listen.address.as_str();
    if address.starts_with("unix:") {
        return None;
    }
    let found = timeout(LOOK_UP, lookup_host(address)).await;
    found.ok()?.ok()?.next()
}

/// Looks at who is let in by what.
pub(super) async fn check(config: &Config, report: &mut Report) {
    let address = address(config).await;
    let before = report.findings.len();
    if let Err(error) = check_entry(&config.entry, address) {
        report.failure(CHECK, error);
    }
    proxies(config, address, report);
    if matches!(config.entry.auth, Auth::Token | Auth::Oidc) {
        clear_text(config, address, report);
    }
    for url in &config.listen.public_urls {
        let host = url.authority.split(':').next().unwrap_or_default();
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if url.origin.starts_with("http://") && !is_here {
            report.warning(
                CHECK,
                format!(
                    "{} is no https: whoever is on the way reads and types along",
                    url.origin
                ),
                "have the proxy offer https, and say so in --public-url",
            );
        }
    }
    if report.findings.len() == before {
        let how = match config.entry.auth {
            Auth::Token => "whoever has the printed code or the access token",
            Auth::Oidc => "who signs in at the provider, as an owner or one of a group",
            Auth::Hub => "whom the JupyterHub lets use this server",
            Auth::None => "whoever connects, on this machine alone",
            _ => "its owner, as somebody else says who comes",
        };
        report.fine(CHECK, format!("lets in {how}"));
    }
}

/// Who would be believed about who comes.
fn proxies(config: &Config, address: Option<SocketAddr>, report: &mut Report) {
    let entry = &config.entry;
    if entry.auth != Auth::Proxy || entry.platform != Platform::Plain {
        return;
    }
    let is_socket = config.listen.address.starts_with("unix:");
    if is_socket && config.listen.socket_mode & 0o006 != 0 {
        report.problem(
            CHECK,
            format!(
                "every user of this machine may connect to the socket (mode {:o}) and is believed whom they name",
                config.listen.socket_mode
            ),
            "--socket-mode 660, with the proxy in the socket's group",
        );
    }
    for network in &entry.trusted_proxies {
        if network.prefix_len() == 0 {
            report.problem(
                CHECK,
                format!("--trusted-proxy {network} believes everybody"),
                "say the proxy's own address",
            );
        } else if network.addr().is_loopback() && address.is_some() {
            report.warning(
                CHECK,
                "every user of this machine can connect from a trusted address and say who they are",
                "where others have accounts here, use a Unix socket (--listen unix:…) or BOWLINE_PROXY_SECRET \
                 in place of --trusted-proxy",
            );
        }
    }
}

/// Secrets that cross a network in the clear.
fn clear_text(config: &Config, address: Option<SocketAddr>, report: &mut Report) {
    let is_open = address.is_some_and(|address| !address.ip().is_loopback());
    let has_https = config
        .listen
        .public_urls
        .iter()
        .any(|url| url.origin.starts_with("https://"));
    if is_open && !has_https && config.entry.platform == Platform::Plain {
        report.warning(
            CHECK,
            format!(
                "{} is reached from the network, without TLS",
                config.listen.address
            ),
            "listen on 127.0.0.1 and put a proxy with TLS or `ssh -L` in front: docs/deploy",
        );
    }
}

//! Under which URLs a browser finds the page, with a login code where one is needed. The code rides in the fragment,
//! which no server and no log ever sees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::config::Listen;
use crate::gate::Gate;

/// Makes them.
#[derive(Clone)]
pub(crate) struct Urls {
    gate: Arc<Gate>,
    plain: Arc<[String]>,
}

impl Urls {
    /// `address` = where it listens, unless that is a Unix socket.
    pub(crate) fn new(gate: Arc<Gate>, address: Option<SocketAddr>, listen: &Listen) -> Self {
        let path = &listen.base_path;
        let here = address.map(|address| format!("http://{}{path}", reachable(address)));
        let public = listen.public_urls.iter();
        let public = public.map(|url| format!("{}{path}", url.origin));
        Self {
            gate,
            plain: here.into_iter().chain(public).collect(),
        }
    }

    /// The one for a browser on this machine first, then those of proxies; all with the same fresh code.
    pub(crate) fn issue(&self) -> Vec<String> {
        let code = self.gate.issue_code();
        let with_code = |url: &String| match &code {
            Some(code) => format!("{url}#code={code}"),
            None => url.clone(),
        };
        self.plain.iter().map(with_code).collect()
    }
}

/// An address that a browser on this machine can ask for: all addresses are none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_reached_by_loopback() {
        for (bound, asked) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("0.0.0.0:2", "127.0.0.1:2"),
            ("[::]:3", "[::1]:3"),
            ("10.0.0.1:4", "10.0.0.1:4"),
        ] {
            assert_eq!(
                reachable(bound.parse().unwrap()),
                asked.parse::<SocketAddr>().unwrap()
            );
        }
    }
}

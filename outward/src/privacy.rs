//! Whether somebody can be spoken to in private. Pure.

use url::{Host, Url};

/// Whether what is said there is for nobody else to read: by https, or on this machine.
pub fn is_private(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_private_is_by_https_or_on_this_machine() {
        for (url, fine) in [
            ("https://accounts.example.com", true),
            ("https://login.example.com/realms/a/", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://localhost:3000", true),
            ("http://accounts.example.com", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.7", false),
            ("ftp://127.0.0.1", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), fine, "{url}");
        }
    }
}

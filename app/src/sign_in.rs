//! What the page and the server agree on about signing in by another site: a proxy's or an identity provider's. The page
//! opens [`PATH`] in a small window; where that ends, the server's last page says so on [`CHANNEL`].

/// Where a page keeps its proof in `localStorage`, and what its channel is called, at the root of its origin.
pub const PROOF_KEY: &str = "bowline-proof";

/// Where such a sign-in begins, below the page's folder.
pub const PATH: &str = "auth/login";
/// What of its query says that a page waits, and that the window is to be closed at the end.
pub const WINDOW: &str = "window=1";
/// The `BroadcastChannel` that brings the new proof to every page that waits.
pub const CHANNEL: &str = "bowline-signed-in";

/// Such a name for a page at another path: servers below a hub share an origin, and their pages must not take each
/// other's proofs.
pub fn at_path(name: &str, path: &str) -> String {
    match path {
        "/" => name.to_owned(),
        path => format!("{name} {path}"),
    }
}

/// How the login view lets somebody in. On the server it is in context; the browser reads `<body data-sign-in>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignIn {
    /// By a code or the access token, typed into the view.
    #[default]
    Secret,
    /// By another site.
    Elsewhere,
}

impl SignIn {
    /// The value of `<body data-sign-in>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Elsewhere => "elsewhere",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_origin_keep_their_proofs_apart() {
        let names = ["/", "/user/ana/", "/user/ana/second/"].map(|path| at_path(PROOF_KEY, path));
        assert_eq!(names[0], PROOF_KEY);
        assert!(names[0] != names[1] && names[1] != names[2]);
    }
}

//! Signing in at an OpenID Connect provider: which one, as whom, and whose word lets somebody in.

use clap::Args;
use url::Url;

use super::{ConfigError, Env, is_given};
use crate::outward;

/// Settings of the provider, as typed. Its secret comes from BOWLINE_OIDC_CLIENT_SECRET, or from the file that
/// BOWLINE_OIDC_CLIENT_SECRET_FILE names.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signing in at a provider (--auth oidc)")]
pub struct OidcArgs {
    /// The provider, as it names itself: the URL below which /.well-known/openid-configuration is.
    #[arg(long, env = "BOWLINE_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// What Bowline is called there. A secret, where the provider gave one, comes from BOWLINE_OIDC_CLIENT_SECRET or
    /// the file that BOWLINE_OIDC_CLIENT_SECRET_FILE names.
    #[arg(long, env = "BOWLINE_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// What to ask the provider for besides openid and email, such as the groups of who signs in; may be repeated.
    #[arg(
        long,
        env = "BOWLINE_OIDC_SCOPE",
        value_delimiter = ',',
        value_name = "SCOPE"
    )]
    pub oidc_scope: Vec<String>,
    /// Group whose members may enter as well as --owner; may be repeated.
    #[arg(
        long,
        env = "BOWLINE_OIDC_GROUP",
        value_delimiter = ',',
        value_name = "GROUP"
    )]
    pub oidc_group: Vec<String>,
    /// The claim in which the provider names somebody's groups.
    #[arg(
        long,
        env = "BOWLINE_OIDC_GROUPS_CLAIM",
        default_value = "groups",
        value_name = "NAME"
    )]
    pub oidc_groups_claim: String,
}

/// A provider. Not `Debug`: it may hold a secret.
#[derive(Clone)]
pub struct Oidc {
    /// The provider, exactly as it names itself.
    pub issuer: String,
    /// What Bowline is called there.
    pub client_id: String,
    /// What it proves itself with, beside PKCE.
    pub client_secret: Option<String>,
    /// What to ask for besides `openid` and `email`.
    pub scopes: Vec<String>,
    /// Groups whose members may enter.
    pub groups: Vec<String>,
    /// The claim that names groups.
    pub groups_claim: String,
}

/// The secret's variable, and that of the file that holds it.
const SECRET: &str = "BOWLINE_OIDC_CLIENT_SECRET";
const SECRET_FILE: &str = "BOWLINE_OIDC_CLIENT_SECRET_FILE";

impl OidcArgs {
    pub(super) fn resolve(self, env: &Env<'_>) -> Result<Oidc, ConfigError> {
        let given = |text: Option<String>| text.filter(|text| is_given(text));
        let list = |texts: Vec<String>| {
            let texts = texts.into_iter().filter(|text| is_given(text));
            texts.map(|text| text.trim().to_owned()).collect()
        };
        let missing = |what| ConfigError::Missing("--auth oidc", what);
        let issuer = given(self.oidc_issuer).ok_or(missing("--oidc-issuer"))?;
        let is_private = Url::parse(&issuer).is_ok_and(|issuer| outward::is_private(&issuer));
        if !is_private {
            return Err(ConfigError::OidcIssuer(issuer));
        }
        let claim = self.oidc_groups_claim.trim();
        Ok(Oidc {
            issuer,
            client_id: given(self.oidc_client_id).ok_or(missing("--oidc-client-id"))?,
            client_secret: secret(env)?,
            scopes: list(self.oidc_scope),
            groups: list(self.oidc_group),
            groups_claim: claim.to_owned(),
        })
    }
}

/// The secret itself stands over the file.
fn secret(env: &Env<'_>) -> Result<Option<String>, ConfigError> {
    let given = |name| env.text(name).filter(|text| is_given(text));
    if let Some(secret) = given(SECRET) {
        return Ok(Some(secret));
    }
    let Some(path) = given(SECRET_FILE) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) if is_given(&text) => Ok(Some(text.trim().to_owned())),
        Ok(_) => Err(ConfigError::SecretFile(
            SECRET_FILE,
            path,
            "it is empty".to_owned(),
        )),
        Err(error) => Err(ConfigError::SecretFile(
            SECRET_FILE,
            path,
            error.to_string(),
        )),
    }
}

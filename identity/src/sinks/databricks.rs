//! The Databricks CLI and its SDKs: `~/.databrickscfg`. Format: "Databricks configuration profiles" of the documentation,
//! and `config.py` of databricks-sdk 0.96.0, which joins all keys of a profile and refuses more than one way to sign in.

use super::Settings;
use super::endpoint::Host;
use super::ini::Ini;
use super::left::Left;
use crate::secret::Secret;

/// Keys by which a profile signs in by other means than a token.
const OTHER_MEANS: [&str; 13] = [
    "client_id",
    "client_secret",
    "username",
    "password",
    "azure_client_id",
    "azure_client_secret",
    "azure_tenant_id",
    "azure_workspace_resource_id",
    "google_credentials",
    "google_service_account",
    "metadata_service_url",
    "account_id",
    "oidc_token_env",
];

/// What a profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Where.
    pub host: Host,
    /// By what.
    pub token: Secret,
}

/// A profile that has a host and a token; none if it has no such, or if there is no such profile.
pub fn read(text: &str, profile: &str) -> Result<Option<Profile>, Left> {
    let ini = Ini::read(Some(text))?;
    // What a profile does not say is not taken from DEFAULT: neither does the CLI, nor do the SDKs.
    let get = |key| ini.get(profile, key).filter(|value| !value.is_empty());
    let (Some(host), Some(token)) = (get("host"), get("token")) else {
        return Ok(None);
    };
    let host = Host::parse(host).map_err(|_| Left::unreadable("INI"))?;
    Ok(Secret::new(token).map(|token| Profile { host, token }))
}

pub(super) fn merge(old: Option<&str>, with: &Settings) -> Result<String, Left> {
    let Some(profile) = with.profile.as_deref() else {
        return Ok(old.unwrap_or_default().to_owned());
    };
    let mut ini = Ini::read(old)?;
    let host = ini.get(profile, "host").filter(|host| !host.is_empty());
    if host.is_some_and(|host| !with.endpoints.has(host)) {
        return Err(Left::Elsewhere { key: "host" });
    }
    if ini.keys(profile).any(|key| OTHER_MEANS.contains(&key)) {
        let key = "client_id, or another key to sign in by,";
        return Err(Left::Elsewhere { key });
    }
    if ini
        .get(profile, "auth_type")
        .is_some_and(|kind| kind != "pat")
    {
        return Err(Left::Elsewhere { key: "auth_type" });
    }
    let host = with.endpoints.workspace();
    // As it is written is left, as long as it says the same.
    let has = ini
        .get(profile, "host")
        .and_then(|has| Host::parse(has).ok());
    if has.as_ref() != Some(host) {
        ini.set(profile, "host", host.origin())?;
    }
    ini.set(profile, "token", with.token().expose())?;
    Ok(ini.write())
}

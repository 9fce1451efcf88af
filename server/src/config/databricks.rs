//! What Databricks Apps tells an app by its environment, as far as it says whose app it is. Read only there.

use url::{Host, Url};

use super::{ConfigError, Env};

/// How to ask Databricks whose app this is. Not `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Databricks {
    /// The workspace, if one is named.
    pub host: Option<Url>,
    /// What to ask, in this order; empty if the environment names nobody who could.
    pub asks: Vec<Ask>,
}

/// A way of asking.
#[derive(Clone)]
pub enum Ask {
    /// Who made the app, asked by the app's own service principal.
    Creator {
        /// The app's name.
        app: String,
        /// The service principal.
        client_id: String,
        /// Its secret.
        client_secret: String,
    },
    /// Whose personal access token the app was given.
    Me {
        /// The token.
        token: String,
    },
}

impl Databricks {
    pub(super) fn resolve(env: &Env<'_>) -> Result<Self, ConfigError> {
        let given = |name| {
            let value = env.text(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let host = given("DATABRICKS_HOST");
        let host = host.map(|host| workspace(&host).ok_or(ConfigError::DatabricksHost(host)));
        let creator = || {
            Some(Ask::Creator {
                app: given("DATABRICKS_APP_NAME")?,
                client_id: given("DATABRICKS_CLIENT_ID")?,
                client_secret: given("DATABRICKS_CLIENT_SECRET")?,
            })
        };
        let me = || {
            Some(Ask::Me {
                token: given("DATABRICKS_TOKEN")?,
            })
        };
        Ok(Self {
            host: host.transpose()?,
            asks: [creator(), me()].into_iter().flatten().collect(),
        })
    }
}

/// The root of a workspace, given with or without its scheme. Secrets go there: in the clear only to this machine.
fn workspace(given: &str) -> Option<Url> {
    let text = match given.contains("://") {
        true => given.to_owned(),
        false => format!("https://{given}"),
    };
    let url = Url::parse(&text).ok()?;
    let is_private = match (url.scheme(), url.host()?) {
        ("https", _) => true,
        ("http", Host::Ipv4(address)) => address.is_loopback(),
        ("http", Host::Ipv6(address)) => address.is_loopback(),
        ("http", Host::Domain(name)) => name == "localhost",
        _ => false,
    };
    let is_bare = url.username().is_empty() && url.password().is_none();
    (is_private && is_bare)
        .then(|| url.join("/").ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_given_with_or_without_its_scheme() {
        let root = "https://adb-1.2.azuredatabricks.net/";
        for given in [
            "adb-1.2.azuredatabricks.net",
            "https://adb-1.2.azuredatabricks.net",
            "https://adb-1.2.azuredatabricks.net/?o=12",
        ] {
            assert_eq!(workspace(given).unwrap().as_str(), root, "{given}");
        }
        assert!(workspace("http://127.0.0.1:8080").is_some());
    }

    #[test]
    fn secrets_never_go_anywhere_in_the_clear() {
        for given in [
            "http://adb-1.2.azuredatabricks.net",
            "http://10.0.0.7",
            "ftp://adb-1.2.azuredatabricks.net",
            "https://me:secret@adb-1.2.azuredatabricks.net",
            "not a host",
            "https://",
        ] {
            assert!(workspace(given).is_none(), "{given}");
        }
    }
}

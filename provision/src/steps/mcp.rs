//! Servers of tools (MCP) that agents are told of: those that are known, and what settings say instead.

use url::Url;

/// Public ones that need no login.
const USUAL: [(&str, &str); 2] = [
    ("deepwiki", "https://mcp.deepwiki.com/mcp"),
    ("exa", "https://mcp.exa.ai/mcp"),
];
/// The name of one that a team has for what it wants to remember.
const TEAM: &str = "team-memory";

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpServer {
    /// By which agents call it.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// No list of servers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    /// Neither `none` nor a name with an address.
    #[error("{0:?}: say none, name=https://…, or name= to leave one out")]
    Form(String),
    /// Nothing that agents could ask.
    #[error("{0} has no http or https address")]
    Address(String),
}

impl McpServer {
    /// Those that are usual, and a team's, changed by what is said: `none` drops all that were named before it, `name=` one,
    /// `name=url` adds one or leads it elsewhere.
    pub fn list<'a>(
        said: impl IntoIterator<Item = &'a str>,
        team: Option<&str>,
    ) -> Result<Vec<Self>, BadServer> {
        let mut all = Vec::new();
        for (name, url) in USUAL {
            all.push(Self::new(name, url)?);
        }
        if let Some(team) = team.map(str::trim).filter(|team| !team.is_empty()) {
            let url = format!("{}/mcp", team.trim_end_matches('/'));
            all.push(Self::new(TEAM, &url)?);
        }
        for said in said
            .into_iter()
            .map(str::trim)
            .filter(|said| !said.is_empty())
        {
            if said == "none" {
                all.clear();
                continue;
            }
            let form = || BadServer::Form(said.to_owned());
            let (name, url) = said.split_once('=').ok_or_else(form)?;
            let (name, url) = (name.trim(), url.trim());
            if name.is_empty()
                || !name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            {
                return Err(form());
            }
            all.retain(|server| server.name != name);
            if !url.is_empty() {
                all.push(Self::new(name, url)?);
            }
        }
        Ok(all)
    }

    fn new(name: &str, url: &str) -> Result<Self, BadServer> {
        let parsed = Url::parse(url).ok();
        let is_fit = parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()));
        match is_fit {
            true => Ok(Self {
                name: name.to_owned(),
                url: url.to_owned(),
            }),
            // An address may have a secret in it.
            false => Err(BadServer::Address(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(said: &str, team: Option<&str>) -> Vec<String> {
        let all = McpServer::list(said.split(','), team).unwrap();
        let name = |server: McpServer| format!("{} {}", server.name, server.url);
        all.into_iter().map(name).collect()
    }

    #[test]
    fn the_usual_ones_are_changed_by_what_is_said() {
        let usual = [
            "deepwiki https://mcp.deepwiki.com/mcp",
            "exa https://mcp.exa.ai/mcp",
        ];
        assert_eq!(names("", None), usual);
        let team = "team-memory https://memory.example/mcp";
        assert_eq!(names("", Some("https://memory.example/"))[2], team);
        assert_eq!(names("exa=", None), usual[..1]);
        assert_eq!(names("none", Some("https://memory.example")), [""; 0]);
        assert_eq!(
            names("none,exa=http://mirror.example/exa", None),
            ["exa http://mirror.example/exa"]
        );
    }

    #[test]
    fn what_is_no_server_is_refused_without_its_address() {
        for bad in ["exa", "=https://x.example", "a b=https://x.example"] {
            assert!(
                matches!(McpServer::list([bad], None), Err(BadServer::Form(_))),
                "{bad}"
            );
        }
        for bad in ["exa=mcp.exa.ai", "exa=file:///secret"] {
            let error = McpServer::list([bad], None).unwrap_err();
            assert_eq!(error, BadServer::Address("exa".to_owned()));
        }
    }
}

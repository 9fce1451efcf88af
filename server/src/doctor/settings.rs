//! Whether the settings make sense, and whether variables are there that nobody reads: a misspelt one changes nothing, and
//! says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use clap::CommandFactory as _;

use super::report::{Check, Report};
use crate::config::{Cli, Config, RawConfig};

const CHECK: Check = Check::Settings;
/// Variables of ours that no flag stands for: secrets, and what Bowline tells its own programs.
const WITHOUT_FLAG: [&str; 10] = [
    "BOWLINE_TOKEN",
    "BOWLINE_PROXY_SECRET",
    "BOWLINE_OIDC_CLIENT_SECRET",
    "BOWLINE_OIDC_CLIENT_SECRET_FILE",
    super::outside::HEADERS,
    "BOWLINE_SOCKET",
    "BOWLINE_BIN",
    "BOWLINE_SESSION",
    "BOWLINE_ENV",
    "BOWLINE_ZDOTDIR",
];

/// The settings, if they can be used.
pub(super) fn check(
    raw: RawConfig,
    variables: &BTreeMap<OsString, OsString>,
    report: &mut Report,
) -> Option<Config> {
    let unknown = unknown(variables.keys());
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        let advice = "`bowline serve --help` names all variables; remove or correct these";
        report.warning(
            CHECK,
            format!("variables that are no settings: {names}"),
            advice,
        );
    }
    match raw.resolve(|name| variables.get(OsStr::new(name)).cloned()) {
        Ok(config) => {
            report.fine(CHECK, "the settings make sense");
            Some(config)
        }
        Err(error) => {
            report.failure(CHECK, error);
            None
        }
    }
}

/// Variables that look like ours and are not.
fn unknown<'a>(names: impl Iterator<Item = &'a OsString>) -> Vec<&'a str> {
    let known = known();
    let ours = names
        .filter_map(|name| name.to_str())
        .filter(|name| name.starts_with("BOWLINE_"));
    ours.filter(|name| !known.contains(*name)).collect()
}

/// Names of all variables that are read.
fn known() -> BTreeSet<String> {
    let command = Cli::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let with_flag = commands
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_env()?.to_str());
    let all = with_flag.chain(WITHOUT_FLAG);
    all.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_the_readme_is_known() {
        let rows = include_str!("../../../README.md").lines();
        let rows = rows.filter(|row| row.starts_with("| "));
        let named = rows.flat_map(|row| row.split('`'));
        let named: Vec<_> = named
            .filter(|text| text.starts_with("BOWLINE_"))
            .map(OsString::from)
            .collect();
        assert!(named.len() > 20);
        assert_eq!(unknown(named.iter()), Vec::<&str>::new());
        let misspelt = ["BOWLINE_OWNERS", "BOWLINE_OWNER", "HOME"].map(OsString::from);
        assert_eq!(unknown(misspelt.iter()), ["BOWLINE_OWNERS"]);
    }
}

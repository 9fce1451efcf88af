//! Every crate comes from the registry, under a licence that `deny.toml` allows. What `cargo deny check` says of
//! licences and sources, for machines where that isn't installed; it alone knows advisories and bans.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

use std::collections::HashMap;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licences,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

fn deny() -> Deny {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deny.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn metadata(target: &str) -> Metadata {
    let platform = ["--filter-platform".to_owned(), target.to_owned()];
    let mut command = MetadataCommand::new();
    command.other_options(platform).exec().unwrap()
}

fn licensees(names: &[String]) -> Vec<Licensee> {
    names
        .iter()
        .map(|name| Licensee::parse(name).unwrap())
        .collect()
}

/// Whether a licence may be used, given those that are allowed.
fn is_allowed(licence: Option<&str>, allowed: &[Licensee]) -> bool {
    let fits = |asked: &LicenseReq| allowed.iter().any(|licensee| licensee.satisfies(asked));
    // Some say `MIT/Apache-2.0`.
    let expression = licence.and_then(|text| Expression::parse_mode(text, ParseMode::LAX).ok());
    expression.is_some_and(|expression| expression.evaluate(fits))
}

#[test]
fn every_crate_is_of_the_registry_under_a_licence_that_is_allowed() {
    let deny = deny();
    let allowed = licensees(&deny.licenses.allow);
    let mut unused: HashMap<String, Vec<Licensee>> = HashMap::new();
    for exception in &deny.licenses.exceptions {
        unused.insert(exception.name.clone(), licensees(&exception.allow));
    }
    let exceptions = unused.clone();
    let mut wrong = Vec::new();
    for target in &deny.graph.targets {
        for package in metadata(target).packages {
            let name = package.name.to_string();
            let licence = package.license.as_deref();
            let is_fine = is_allowed(licence, &allowed)
                || exceptions.get(&name).is_some_and(|also| {
                    unused.remove(&name);
                    is_allowed(licence, also)
                });
            if !is_fine {
                wrong.push(format!("{name}: {licence:?}"));
            }
            let source = package.source.map(|source| source.repr);
            let is_known = source.as_deref().is_none_or(|source| {
                let registry = source.strip_prefix("registry+").unwrap_or(source);
                deny.sources
                    .allow_registry
                    .iter()
                    .any(|known| known == registry)
            });
            if !is_known {
                wrong.push(format!("{name}: comes from {source:?}"));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        unused.is_empty(),
        "nobody needs these exceptions: {:?}",
        unused.keys()
    );
}

#[test]
fn a_licence_that_is_not_allowed_is_seen() {
    let allowed = licensees(&deny().licenses.allow);
    for licence in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "AGPL-3.0-or-later",
        "nonsense",
    ] {
        assert!(!is_allowed(Some(licence), &allowed), "{licence}");
    }
    assert!(!is_allowed(None, &allowed));
    for licence in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "Unlicense/MIT",
        "(MIT OR GPL-2.0-only) AND Zlib",
    ] {
        assert!(is_allowed(Some(licence), &allowed), "{licence}");
    }
}

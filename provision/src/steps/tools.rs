//! Which tools are downloads, and from where: data (`data/tools.toml`), embedded. And which version of one is wanted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::agents::Damaged;

const DATA: &str = include_str!("../../data/tools.toml");
/// How every address begins; a mirror takes its place.
const ORIGIN: &str = "https://github.com/";
/// Between a version and its checksum.
const WITH: &str = "@sha256:";

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tools {
    pub(super) hermes: HermesData,
    pub(super) tool: Vec<Tool>,
}

/// Where Hermes is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HermesData {
    /// Its name in the registry of Python's packages.
    pub(super) package: String,
    /// What of it is wanted beside the usual.
    pub(super) extras: String,
    /// Which one is installed where nothing else is said.
    pub(super) version: String,
    /// Where what is no version of the package is built from.
    pub(super) repository: String,
    /// Where uv gets Pythons, if the machine's are too old.
    pub(super) pythons: String,
}

/// One tool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tool {
    /// The name of its step, and of its folder.
    pub(super) id: String,
    /// For people.
    pub(super) label: String,
    /// The program.
    pub(super) binary: String,
    /// With which argument it says its version.
    pub(super) asks: String,
    /// What Debian calls it.
    pub(super) package: Option<String>,
    /// The oldest version of the system's that is good enough.
    pub(super) least: Option<String>,
    /// What stands before the program, be it ours or the system's.
    pub(super) wrapper: Option<Wrapper>,
    /// What is fetched where nothing else is said.
    version: String,
    release: Vec<Release>,
}

/// A script of ours before a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wrapper {
    /// Signing in to GitHub without menus.
    Gh,
}

impl Wrapper {
    /// It, before a program at a path in the same version, or before the system's.
    pub(super) fn script(self, program: Option<&str>) -> String {
        let script = match self {
            Self::Gh => include_str!("gh.sh"),
        };
        script.replace("@PROGRAM@", program.unwrap_or_default())
    }
}

/// A place of releases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// Only these versions lie there; none named means all.
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    form: Form,
    url: String,
    checksums: Option<String>,
    /// How the release calls this machine's.
    arch: BTreeMap<String, String>,
    program: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    sha256: BTreeMap<String, String>,
}

/// What a release is packed as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    /// An archive.
    #[default]
    TarGz,
    /// A program that unpacks itself.
    Appimage,
}

/// What is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Which.
    pub(super) version: String,
    /// What its bytes have to come to, if it was said with the version.
    sha256: Option<String>,
    /// Whether somebody chose it.
    pub(super) by: By,
}

/// Who chose a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The data: what the system has is as good.
    Data,
    /// The user: exactly that one.
    User,
}

/// No version of a tool.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} is no version of a tool: give one such as 2.0.15, or with its checksum as 3.5a@sha256:…"
)]
pub struct BadToolVersion(pub(super) String);

/// Where a version lies, for this machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) url: String,
    pub(super) form: Form,
    pub(super) checksum: Checksum,
    /// The program's path in what is unpacked.
    pub(super) program: String,
    /// What it needs in its environment, in the shell's words; `$folder` is where it was unpacked.
    pub(super) environment: Vec<(String, String)>,
}

/// How it is known that a file is what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    /// It stands fixed.
    Known(String),
    /// The release says it there.
    At(String),
}

/// Why there is nothing to fetch.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSource {
    #[error("{0} {1} is not released for {2}: install it, and it is used")]
    Machine(String, String, String),
    #[error(
        "the releases of {0} {1} say no checksum, and nothing is installed unseen: install it, or choose {2}={1}{WITH}… yourself"
    )]
    Checksum(String, String, String),
}

impl Tools {
    pub(super) fn embedded() -> Result<Self, Damaged> {
        Ok(toml::from_str(DATA)?)
    }
}

impl Tool {
    /// The version that is wanted, if nothing or this was said of it.
    pub(super) fn wanted(&self, said: Option<&str>) -> Result<Wanted, BadToolVersion> {
        let said = said.map(str::trim).filter(|said| !said.is_empty());
        let Some(said) = said else {
            return Ok(Wanted {
                version: self.version.clone(),
                sha256: None,
                by: By::Data,
            });
        };
        let (version, sha256) = match said.split_once(WITH) {
            Some((version, sha256)) => (version, Some(sha256.to_ascii_lowercase())),
            None => (said, None),
        };
        let is_sum = sha256.as_deref().is_none_or(is_sum);
        match is_version(version) && is_sum {
            true => Ok(Wanted {
                version: version.to_owned(),
                sha256,
                by: By::User,
            }),
            false => Err(BadToolVersion(said.to_owned())),
        }
    }

    /// Where a version lies for an architecture, at its origin or at a mirror.
    pub(super) fn source(
        &self,
        wanted: &Wanted,
        arch: &str,
        mirror: Option<&str>,
    ) -> Result<Source, NoSource> {
        let version = &wanted.version;
        let is_there =
            |release: &&Release| release.only.is_empty() || release.only.contains(version);
        let release = self.release.iter().find(is_there);
        let release = release.and_then(|release| Some((release, release.arch.get(arch)?)));
        let (release, theirs) = release.ok_or_else(|| {
            NoSource::Machine(self.label.clone(), version.clone(), arch.to_owned())
        })?;
        let fill = |text: &str| text.replace("{version}", version).replace("{arch}", theirs);
        let address = |text: &str| mirrored(text, mirror);
        let url = fill(&release.url);
        let known = release.sha256.get(&format!("{version}-{arch}"));
        let checksum = match (wanted.sha256.as_ref().or(known), &release.checksums) {
            (Some(sum), _) => Checksum::Known(sum.clone()),
            (None, Some(at)) => Checksum::At(address(&fill(at).replace("{url}", &url))),
            (None, None) => {
                let (label, id) = (self.label.clone(), self.id.clone());
                return Err(NoSource::Checksum(label, version.clone(), id));
            }
        };
        Ok(Source {
            url: address(&url),
            form: release.form,
            checksum,
            program: fill(&release.program),
            environment: release.environment.clone().into_iter().collect(),
        })
    }

    /// Whether what the system has will do, by what it says.
    pub(super) fn is_enough(&self, wanted: &Wanted, version: &str) -> bool {
        match (wanted.by, &self.least) {
            (By::User, _) => version == wanted.version,
            (By::Data, None) => true,
            (By::Data, Some(least)) => numbers(version) >= numbers(least),
        }
    }
}

/// An address, at its origin or at a mirror.
pub(super) fn mirrored(address: &str, mirror: Option<&str>) -> String {
    match (mirror, address.strip_prefix(ORIGIN)) {
        (Some(mirror), Some(rest)) => format!("{}/{rest}", mirror.trim_end_matches('/')),
        _ => address.to_owned(),
    }
}

/// Whether it can be a version, and so a name of a folder.
pub(super) fn is_version(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._+".contains(c);
    let is_long = text.len() > 100;
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let has_number = text.contains(|c: char| c.is_ascii_digit());
    begins && has_number && !is_long && text.chars().all(is_fit)
}

pub(super) fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(id: &str) -> Tool {
        let mut all = Tools::embedded().unwrap().tool.into_iter();
        all.find(|tool| tool.id == id).unwrap()
    }

    #[test]
    fn every_tool_can_be_had_for_both_machines_as_it_is_and_from_a_mirror() {
        let mirror = Some("http://127.0.0.1:1/github/");
        for tool in Tools::embedded().unwrap().tool {
            let wanted = tool.wanted(None).unwrap();
            for arch in ["x86_64", "aarch64"] {
                let source = tool.source(&wanted, arch, None).unwrap();
                assert!(source.url.starts_with(ORIGIN), "{source:?}");
                let mirrored = tool.source(&wanted, arch, mirror).unwrap();
                let rest = mirrored.url.strip_prefix("http://127.0.0.1:1/github/");
                assert_eq!(source.url.strip_prefix(ORIGIN), rest);
                for text in [&source.url, &source.program] {
                    assert!(!text.contains(['{', '}']), "{source:?}");
                }
                match mirrored.checksum {
                    Checksum::Known(sum) => assert!(is_sum(&sum), "{sum}"),
                    Checksum::At(at) => assert!(at.starts_with("http://127.0.0.1:1/"), "{at}"),
                }
            }
            assert!(tool.source(&wanted, "riscv64", None).is_err());
        }
    }

    #[test]
    fn what_says_no_checksum_is_refused_unless_one_is_given() {
        let tmux = tool("tmux");
        let wanted = tmux.wanted(Some("3.5a")).unwrap();
        let refused = tmux.source(&wanted, "x86_64", None).unwrap_err();
        assert!(refused.to_string().contains("choose tmux=3.5a@sha256:"));
        let sum = "0123456789abcdef".repeat(4);
        let wanted = tmux.wanted(Some(&format!("3.5a@sha256:{sum}"))).unwrap();
        let source = tmux.source(&wanted, "x86_64", None).unwrap();
        assert_eq!(source.form, Form::Appimage);
        assert_eq!(source.checksum, Checksum::Known(sum));
    }

    #[test]
    fn a_version_is_one_that_a_folder_can_be_called() {
        let micro = tool("micro");
        for said in ["latest", "../1.0", "", "1.0/..", "1.0@sha256:beef", ".1"] {
            let wanted = micro.wanted(Some(said));
            assert_eq!(wanted.is_ok(), said.is_empty(), "{said}");
        }
    }

    #[test]
    fn what_the_system_has_counts_if_it_is_young_enough_or_exactly_what_was_chosen() {
        let cli = tool("databricks-cli");
        let usual = cli.wanted(None).unwrap();
        assert!(!cli.is_enough(&usual, "0.18.0"));
        assert!(cli.is_enough(&usual, "0.1000.0"));
        let chosen = cli.wanted(Some("0.250.0")).unwrap();
        assert!(cli.is_enough(&chosen, "0.250.0") && !cli.is_enough(&chosen, "0.298.0"));
        let tmux = tool("tmux");
        assert!(tmux.is_enough(&tmux.wanted(None).unwrap(), "3.3a"));
    }
}

//! Everything that must hold, stage by stage; the first that fails ends the run. Prints the time of each.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::shell::{Root, Task, say};
use crate::web::Effort;
use crate::{tools, web};

/// What a stage does.
type Stage = fn(&Root) -> Result<()>;

/// The stages in their order: cheap and telling ones first.
const STAGES: [(&str, Stage); 12] = [
    ("tools", |root| {
        tools::for_building(root)?;
        tools::for_journeys(root)?;
        tools::jupyterhub(root)?;
        tools::databricks_sdk(root)?;
        tools::agents(root)
    }),
    ("fmt", |root| {
        root.command("cargo", &["fmt", "--all", "--check"]).run()
    }),
    ("crates", crates),
    ("clippy-server", |root| {
        let what = [
            "clippy",
            "--quiet",
            "--workspace",
            "--exclude",
            "bowline-frontend",
            "--all-targets",
        ];
        root.command("cargo", &[&what[..], &["--", "-D", "warnings"]].concat())
            .run()
    }),
    ("clippy-browser", |root| {
        let what = [
            "clippy",
            "--quiet",
            "-p",
            "bowline-frontend",
            "--target",
            "wasm32-unknown-unknown",
        ];
        root.command("cargo", &[&what[..], &["--", "-D", "warnings"]].concat())
            .run()
    }),
    ("tests", |root| tests(root, Which::All).run()),
    // The same tests of the server, with sessions in a keeper.
    ("tests-keeper", |root| {
        let tests = tests(root, Which::OfTheServer);
        tests.env("BOWLINE_TEST_KEEPER", "1").run()
    }),
    ("page", |root| web::build(root, Effort::Full)),
    ("binary", |root| web::server(root, Effort::Full).map(|_| ())),
    ("double", double),
    ("journeys", |root| journeys(root, &[]).run()),
    // What goes through the link, with sessions in the server's own process.
    ("journeys-within", |root| {
        let what = ["cutting,polling,outage"];
        journeys(root, &what).env("BOWLINE_KEEPER", "off").run()
    }),
];

/// Which of Rust's tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// The real router, real shells.
    OfTheServer,
}

/// Rust's tests. All that fails is told, not only the first. The packages are always the same: of fewer, other features
/// would be wanted, and all would be compiled again.
fn tests(root: &Root, which: Which) -> Task {
    let has_nextest = root
        .command("cargo", &["nextest", "--version"])
        .read()
        .is_some();
    let run: &[&str] = if has_nextest {
        &["nextest", "run"]
    } else {
        &["test"]
    };
    let what: &[&str] = match (which, has_nextest) {
        (Which::All, _) => &[],
        (Which::OfTheServer, true) => &["--filterset", "binary_id(bowline-server::it)"],
        (Which::OfTheServer, false) => &["--test", "it"],
    };
    let packages = [
        "--workspace",
        "--exclude",
        "bowline-frontend",
        "--no-fail-fast",
    ];
    root.command("cargo", &[run, &packages, what].concat())
}

/// What `deny.toml` says of the crates that are built in. Where cargo-deny isn't installed, a test of this crate looks at
/// licences and sources.
fn crates(root: &Root) -> Result<()> {
    let deny = |what: &[&str]| root.command("cargo", &[&["deny"], what].concat());
    if deny(&["--version"]).read().is_none() {
        say("there is no cargo-deny here: advisories are not looked at");
        return Ok(());
    }
    deny(&["check", "licenses", "bans", "sources"]).run()?;
    if deny(&["fetch", "db"]).read().is_none() {
        say("the database of advisories cannot be fetched: they are not looked at");
        return Ok(());
    }
    deny(&["--offline", "check", "advisories"]).run()
}

/// The double of a Databricks workspace, which journeys start. It comes with the tests, after which nothing is left to be
/// built; by itself it would be compiled with other features, and all that it uses with it.
fn double(root: &Root) -> Result<()> {
    let what = [
        "test",
        "--quiet",
        "--no-run",
        "--workspace",
        "--exclude",
        "bowline-frontend",
    ];
    root.command("cargo", &[&what[..], &["--test", "it"]].concat())
        .run()
}

/// Journeys through the page, against the binary that was built.
fn journeys(root: &Root, what: &[&str]) -> Task {
    let binary = root.target().join("release/bowline");
    root.command("node", &[&["end2end/run.mjs"], what].concat())
        .env("BOWLINE_BIN", binary)
        .env("BOWLINE_DOUBLE", root.target().join("debug/bowline-double"))
        .env("BOWLINE_JUPYTERHUB", tools::hub_folder(root))
        .env("BOWLINE_SDK", tools::sdk_folder(root))
        .env("BOWLINE_AGENTS", tools::agents_folder(root))
}

/// Runs the stages, or only some.
pub(crate) fn run(root: &Root, only: &[String]) -> Result<()> {
    if let Some(unknown) = only
        .iter()
        .find(|only| STAGES.iter().all(|(name, _)| name != only))
    {
        let names: Vec<_> = STAGES.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no stage {unknown}; there are {}",
            names.join(", ")
        );
    }
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut outcome = Ok(());
    for (name, stage) in STAGES {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        say(&format!("stage {name}"));
        let start = Instant::now();
        outcome = stage(root);
        times.push((name, start.elapsed()));
        if outcome.is_err() {
            say(&format!("stage {name} failed"));
            break;
        }
    }
    let total: Duration = times.iter().map(|(_, took)| took).sum();
    for (name, took) in &times {
        say(&format!("{name:>16} {:8.1} s", took.as_secs_f64()));
    }
    say(&format!("{:>16} {:8.1} s", "total", total.as_secs_f64()));
    outcome
}

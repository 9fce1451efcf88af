//! The files of `docs/deploy` that no journey runs: the Databricks App, started as the platform does, and the container's,
//! read. Proxies are the journeys' (`end2end/journeys/proxies.test.mjs`).

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use bowline_server::config::Cli;
use bowline_server::gate::Access;
use bowline_server::router::routes;
use clap::CommandFactory as _;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{DEADLINE, http};

/// Variables of the original that this project has names of its own for, or takes as they are.
const OF_THE_ORIGINAL: [&str; 4] = [
    "DATABRICKS_APP_PORT",
    "MAX_CONCURRENT_SESSIONS",
    "TERMINAL_MODE",
    "TMUX_ENABLED",
];
/// What shells and libraries read.
const OF_THE_SYSTEM: [&str; 4] = ["HOME", "USER", "SHELL", "LANG"];
/// Secrets, which have no flag.
const SECRETS: [&str; 2] = ["BOWLINE_TOKEN", "BOWLINE_PROXY_SECRET"];
/// Largest file that an app may have.
const LARGEST: u64 = 10_000_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/deploy")
        .join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder(name)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Whether something reads a variable.
fn is_known(name: &str) -> bool {
    let command = Cli::command();
    let mut ours = command
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str());
    let others = [&OF_THE_ORIGINAL[..], &OF_THE_SYSTEM, &SECRETS].concat();
    ours.any(|ours| ours == name) || others.contains(&name)
}

/// Names and values of a list of variables; a value from elsewhere is empty.
fn variables(list: &Value) -> Vec<(String, String)> {
    let list = list.as_array().unwrap().iter();
    list.map(|variable| {
        let name = variable["name"].as_str().unwrap().to_owned();
        assert!(is_known(&name), "nobody reads {name}");
        (
            name,
            variable["value"].as_str().unwrap_or_default().to_owned(),
        )
    })
    .collect()
}

/// Stands for the program, which takes long to pack unoptimised: becomes it, and is as large as an optimised one.
fn program_of_many_pieces() -> String {
    let mut text = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_bowline")
    );
    let mut state: u64 = 1;
    while text.len() < 20_000_000 {
        // Numbers that don't repeat: packed, half of the text stays.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push_str(&format!("#{state:016x}\n"));
    }
    text
}

#[tokio::test]
async fn the_databricks_app_starts_as_it_is_packed_and_lets_nobody_in_without_an_owner() {
    let app = yaml(&read("databricks/app.yaml"));
    let environment = variables(&app["env"]);
    let names: BTreeSet<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["TERMINAL_MODE", "MAX_CONCURRENT_SESSIONS", "TMUX_ENABLED"] {
        assert!(names.contains(name), "{name}");
    }
    let home = tempfile::tempdir().unwrap();
    let packed = home.path().join("app");
    let program = home.path().join("program");
    std::fs::write(&program, program_of_many_pieces()).unwrap();
    let status = Program::new("sh")
        .arg(folder("databricks/pack.sh"))
        .args([&program, &packed])
        .status();
    assert!(status.unwrap().success());
    let files = std::fs::read_dir(&packed).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().size());
    let sizes: Vec<u64> = sizes.collect();
    assert!(
        sizes.len() > 3 && sizes.iter().all(|size| *size < LARGEST),
        "{sizes:?}"
    );
    let command = app["command"].as_array().unwrap();
    let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .current_dir(&packed)
        .env_clear()
        .envs(environment)
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", &packed)
        .env("TMPDIR", home.path())
        .env("DATABRICKS_APP_PORT", "0")
        // The registry is none of this test's business.
        .env("BOWLINE_PROFILE", "minimal")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = tokio::time::timeout(DEADLINE, lines.next_line()).await;
    let said = said.expect("it says where it listens").unwrap().unwrap();
    let url = said.strip_prefix("listening on ").unwrap();
    assert!(!url.contains('#'), "no code lets anybody in: {said}");
    let http = http();
    let ask = async |path: &str, name: Option<&str>| {
        let request = http.get(format!("{url}{path}"));
        let request = request.header("host", "bowline-1.aws.databricksapps.com");
        let request = match name {
            Some(name) => request.header("x-forwarded-email", name),
            None => request,
        };
        request.send().await.unwrap().status()
    };
    assert_eq!(ask("health", None).await, 200);
    for path in ["", "api/sessions", "metrics"] {
        assert_eq!(ask(path, Some("ana@example.com")).await, 403, "/{path}");
        assert_eq!(ask(path, None).await, 401, "/{path}");
    }
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = tokio::time::timeout(DEADLINE, child.wait()).await;
    assert!(ended.expect("it ends").unwrap().success());
}

/// The instructions of the last stage, with continued lines joined.
fn last_stage() -> Vec<String> {
    let text = read("container/Containerfile").replace("\\\n", " ");
    let (_, last) = text.rsplit_once("\nFROM ").unwrap();
    let lines = last
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn instruction<'a>(stage: &'a [String], name: &str) -> Vec<&'a str> {
    let of = |line: &'a String| line.strip_prefix(name)?.strip_prefix(' ');
    stage.iter().filter_map(of).collect()
}

#[test]
fn the_containers_image_is_small_and_its_user_is_not_root() {
    let stage = last_stage();
    let user = instruction(&stage, "USER");
    assert_eq!(user, ["1000:1000"]);
    assert!(
        instruction(&stage, "RUN")
            .concat()
            .contains("useradd --uid 1000")
    );
    for tool in [
        "gcc",
        "build-essential",
        "cargo",
        "npm",
        "-dev",
        "curl",
        "sudo",
    ] {
        assert!(
            !instruction(&stage, "RUN").concat().contains(tool),
            "{tool}"
        );
    }
    let set = instruction(&stage, "ENV");
    let set = set.iter().flat_map(|line| line.split_whitespace());
    for pair in set {
        let (name, _) = pair.split_once('=').unwrap();
        assert!(is_known(name), "nobody reads {name}");
    }
    // The words of the health check are this program's.
    let (_, check) = instruction(&stage, "HEALTHCHECK")[0]
        .split_once("CMD ")
        .unwrap();
    let words: Vec<String> = serde_json::from_str(check).unwrap();
    Cli::command().try_get_matches_from(words).unwrap();
}

#[test]
fn the_pod_asks_where_there_are_probes_and_waits_for_the_end() {
    let text = read("container/kubernetes.yaml");
    let documents: Vec<Value> = text.split("\n---\n").map(yaml).collect();
    let set = documents
        .iter()
        .find(|document| document["kind"] == "StatefulSet")
        .unwrap();
    let pod = &set["spec"]["template"]["spec"];
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > 10);
    assert_eq!(pod["securityContext"]["runAsUser"], 1000);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let container = &pod["containers"][0];
    variables(&container["env"]);
    for (probe, path) in [("readinessProbe", "/ready"), ("livenessProbe", "/health")] {
        assert_eq!(container[probe]["httpGet"]["path"], path);
        let is_open = |access| access == Access::Probe;
        assert!(
            routes()
                .iter()
                .any(|route| route.path == path && is_open(route.access))
        );
    }
    let port = &container["ports"][0]["containerPort"];
    let listen = instruction(&last_stage(), "ENV").concat();
    assert!(
        listen.contains(&format!("BOWLINE_LISTEN=0.0.0.0:{port}")),
        "{listen}"
    );
}

#[test]
fn settings_beside_the_proxies_are_settings() {
    let mut files = 0;
    for proxy in ["nginx", "haproxy", "caddy"] {
        for file in std::fs::read_dir(folder(proxy)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "env") {
                continue;
            }
            files += 1;
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let (name, value) = line.split_once('=').unwrap();
                assert!(is_known(name), "{name} in {path:?}");
                // Whoever forgets to replace it gets an error, and no secret that everybody knows.
                assert!(name != "BOWLINE_PROXY_SECRET" || value.len() < 16);
            }
        }
    }
    assert_eq!(files, 4);
}

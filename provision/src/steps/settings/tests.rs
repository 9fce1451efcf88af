//! Homes of users before and after, with the server at the same files, and the hook as Claude Code runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use bowline_identity::secret::Secret;
use bowline_identity::sinks::{self, Endpoints, Host, Models, Settings, Tool};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

use super::*;

fn step(agent: Agent) -> AgentSettings {
    AgentSettings {
        agent,
        told: Told {
            servers: McpServer::list([], None).unwrap(),
            tracing: None,
        },
    }
}

fn traced(owner: Option<&str>) -> Tracing {
    let (_, owner) = watch::channel(owner.map(str::to_owned));
    Tracing { owner, app: None }
}

/// Has it written; what is said.
fn write(home: &Path, step: &AgentSettings, tracing: Option<&tracing::Settled>) -> Said {
    put(home, step.agent, &|home| {
        wanted::of(step.agent, home, &step.told.servers, tracing)
    })
    .unwrap()
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn json_of(home: &Path, path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(home.join(path)).unwrap()).unwrap()
}

/// Everything below a folder, with what is in it.
fn everything(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(everything(&path)),
            false => all.push((path.clone(), fs::read_to_string(&path).unwrap())),
        }
    }
    all.sort();
    all
}

#[test]
fn every_agent_is_told_and_nothing_is_left_behind() {
    let home = home();
    let home = home.path();
    fs::create_dir(home.join(".gemini")).unwrap();
    let theirs = "{\n  // mine\n  \"ui\": {\"theme\": \"Ayu\"},\n}\n";
    fs::write(home.join(".gemini/settings.json"), theirs).unwrap();
    fs::write(home.join(".gemini/GEMINI.md"), "# Mine").unwrap();
    let before = everything(home);
    for agent in Agent::ALL {
        let said = write(home, &step(agent), None);
        assert_eq!(said.problems, [""; 0], "{agent:?}");
        let again = everything(home);
        write(home, &step(agent), None);
        assert_eq!(everything(home), again, "twice");
    }
    let state = json_of(home, ".claude.json");
    assert_eq!(state["mcpServers"]["deepwiki"]["type"], "http");
    let projects = home.join("projects");
    let projects = projects.to_str().unwrap();
    assert_eq!(state["projects"][projects]["hasTrustDialogAccepted"], true);
    let stop = &json_of(home, ".claude/settings.json")["hooks"]["Stop"][0]["hooks"][0];
    assert!(
        stop["command"].as_str().unwrap().contains("status done"),
        "{stop}"
    );
    let config = fs::read_to_string(home.join(".codex/config.toml")).unwrap();
    let config: ::toml::Table = ::toml::from_str(&config).unwrap();
    assert_eq!(
        config["mcp_servers"]["exa"]["url"].as_str(),
        Some("https://mcp.exa.ai/mcp")
    );
    assert_eq!(
        json_of(home, ".gemini/trustedFolders.json")[projects],
        "TRUST_FOLDER"
    );
    let mcp = &json_of(home, ".config/opencode/opencode.json")["mcp"];
    assert_eq!(
        (&mcp["deepwiki"]["oauth"], &mcp["exa"]["oauth"]),
        (&false.into(), &Value::Null)
    );
    let told = fs::read_to_string(home.join(".codex/AGENTS.md")).unwrap();
    assert!(
        told.contains("# Notes for Codex\n") && !told.contains("AGENT"),
        "{told}"
    );
    assert_eq!(
        fs::read_to_string(home.join(".gemini/GEMINI.md")).unwrap(),
        "# Mine"
    );
    for agent in Agent::ALL {
        assert_eq!(step(agent).undo(home).unwrap(), Undone::Removed);
        assert_eq!(step(agent).undo(home).unwrap(), Undone::Nothing);
    }
    home::forget(home);
    assert_eq!(everything(home), before);
    let folders: Vec<_> = fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(folders, [".gemini"]);
}

#[test]
fn a_server_that_is_not_wanted_any_more_goes_and_the_users_stays() {
    let home = home();
    let home = home.path();
    let mut step = step(Agent::Claude);
    write(home, &step, None);
    let mut state = json_of(home, ".claude.json");
    state["mcpServers"]["mine"] = "x".into();
    fs::write(
        home.join(".claude.json"),
        serde_json::to_string_pretty(&state).unwrap(),
    )
    .unwrap();
    step.told.servers = McpServer::list(["none", "wiki=https://w.example/mcp"], None).unwrap();
    write(home, &step, None);
    let state = json_of(home, ".claude.json");
    let names: Vec<_> = state["mcpServers"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["mine", "wiki"]);
}

#[test]
fn what_is_broken_is_left_and_said_and_the_rest_is_written() {
    let home = home();
    let home = home.path();
    fs::write(home.join(".claude.json"), "{ \"projects\": ").unwrap();
    let said = write(home, &step(Agent::Claude), None);
    let problem = "~/.claude.json is left as it is: not readable as JSON (line 1): correct it, or move it away";
    assert_eq!(said.problems, [problem]);
    assert_eq!(
        fs::read_to_string(home.join(".claude.json")).unwrap(),
        "{ \"projects\": "
    );
    assert!(home.join(".claude/settings.json").exists() && home.join(".claude/CLAUDE.md").exists());
}

#[test]
fn the_server_and_set_up_at_the_same_files_lose_nothing_of_each_other() {
    let home = home();
    let home = home.path();
    for folder in [".claude", ".codex", ".gemini", ".config/opencode"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    let credential = |round: usize| {
        let endpoints = Endpoints::new(Host::parse("w.example").unwrap());
        let token = Secret::new(&format!("dapi{round:08}")).unwrap();
        Settings::new(endpoints, token, Models::embedded().unwrap()).unwrap()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..30 {
                for outcome in sinks::apply(home, &credential(round)) {
                    let is_failed = matches!(outcome.done, sinks::Done::Failed(_));
                    assert!(!is_failed, "{outcome:?}");
                }
            }
        });
        scope.spawn(|| {
            for round in 0..30 {
                for agent in Agent::ALL {
                    let mut step = step(agent);
                    let url = format!("exa=https://e{round}.example/mcp");
                    step.told.servers = McpServer::list([&*url], None).unwrap();
                    assert_eq!(write(home, &step, None).problems, [""; 0]);
                }
            }
        });
    });
    let settings = json_of(home, ".claude/settings.json");
    assert_eq!(settings["apiKeyHelper"], "bowline token");
    assert!(settings["hooks"]["Stop"].is_array());
    let state = json_of(home, ".claude.json");
    assert_eq!(state["mcpServers"]["exa"]["url"], "https://e29.example/mcp");
    let config = fs::read_to_string(home.join(".codex/config.toml")).unwrap();
    assert!(
        config.contains("e29.example") && config.contains("model_provider"),
        "{config}"
    );
    let opencode = json_of(home, ".config/opencode/opencode.json");
    assert!(opencode["mcp"]["exa"].is_object() && opencode["provider"]["databricks"].is_object());
    for agent in Agent::ALL {
        step(agent).undo(home).unwrap();
    }
    let left = everything(home);
    assert!(
        left.iter().all(|(_, text)| !text.contains("e29.example")),
        "{left:?}"
    );
    // What is the server's is as it was.
    let outcomes = sinks::apply(home, &credential(29));
    let claude = outcomes
        .iter()
        .find(|outcome| outcome.tool == Tool::Claude)
        .unwrap();
    assert!(matches!(claude.done, sinks::Done::Same), "{claude:?}");
}

#[test]
fn traces_are_set_up_once_and_go_again() {
    let home = home();
    let home = home.path();
    let path = home.join(".claude/settings.json");
    fs::create_dir(home.join(".claude")).unwrap();
    let theirs = "{\n  \"hooks\": {\"Stop\": [{\"hooks\": []}]}\n}\n";
    fs::write(&path, theirs).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    assert!(
        runtime.block_on(traced(None).settle()).is_none(),
        "nobody knows whose they are"
    );
    let settled = runtime
        .block_on(traced(Some("ana@example.com")).settle())
        .unwrap();
    let claude = step(Agent::Claude);
    for _ in 0..2 {
        tracing::install(home).unwrap();
        write(home, &claude, Some(&settled));
    }
    let settings = json_of(home, ".claude/settings.json");
    assert_eq!(
        settings["env"]["MLFLOW_EXPERIMENT_NAME"],
        "/Users/ana@example.com/coding-agents"
    );
    let stops = settings["hooks"]["Stop"].as_array().unwrap();
    let traced = stops
        .iter()
        .filter(|stop| stop.to_string().contains("mlflow"));
    assert_eq!((stops.len(), traced.count()), (3, 1));
    write(home, &claude, None);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        !text.contains("MLFLOW") && !text.contains("mlflow"),
        "{text}"
    );
    claude.undo(home).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    // Who has such a hook keeps it, and gets no second one.
    let theirs = "{\"hooks\": {\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"mlflow x\"}]}]}}";
    fs::write(&path, theirs).unwrap();
    write(home, &claude, Some(&settled));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("mlflow").count(), 1, "{text}");
    claude.undo(home).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
}

#[test]
fn the_hook_ends_at_once_and_what_it_was_told_arrives() {
    let home = home();
    let (home, bin) = (home.path(), home.path().join("bin"));
    tracing::install(home).unwrap();
    fs::create_dir(&bin).unwrap();
    let (gate, arrived) = (home.join("gate"), home.join("arrived"));
    for pipe in [&gate, &arrived] {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    // A Python that has MLflow, and waits for as long as this test wants.
    let python = format!(
        "#!/bin/sh\ncase $2 in *find_spec*) exit 0;; esac\nread _ <'{}'\ncat >'{}'\n",
        gate.display(),
        arrived.display()
    );
    fs::write(bin.join("python3"), python).unwrap();
    fs::set_permissions(bin.join("python3"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = |is_on: &str| {
        let mut hook = Command::new("sh");
        hook.arg(home.join(".local/share/bowline/mlflow-stop.sh"));
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        hook.env("PATH", path)
            .env("TMPDIR", home)
            .env("MLFLOW_CLAUDE_TRACING_ENABLED", is_on);
        hook.stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut hook = hook.spawn().unwrap();
        let mut told = hook.stdin.take().unwrap();
        // One that is off has ended before it is told.
        let _ = std::io::Write::write_all(&mut told, b"{\"session_id\": \"7\"}");
        drop(told);
        hook.wait_with_output().unwrap()
    };
    let ended = run("true");
    assert!(ended.status.success() && ended.stdout.is_empty());
    fs::write(&gate, "go\n").unwrap();
    assert_eq!(
        fs::read_to_string(&arrived).unwrap(),
        "{\"session_id\": \"7\"}"
    );
    // Nobody reads the pipe: had it begun anything, the next would hang.
    assert!(run("false").status.success());
}

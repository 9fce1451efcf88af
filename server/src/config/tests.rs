//! Settings as typed, and what they resolve to.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bowline_terminal::{Disk, KeepScreens, TmuxMode};

use super::*;

fn resolve(arguments: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let arguments = std::iter::once("bowline").chain(arguments.split_whitespace());
    let raw = Cli::try_parse_from(arguments).unwrap().into_serve();
    raw.resolve(|name| {
        let found = env.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

const HOME: (&str, &str) = ("HOME", "/home/me");

#[test]
fn without_settings_it_serves_loopback_with_a_token() {
    let config = resolve("", &[HOME]).unwrap();
    assert_eq!(config.listen.address, "127.0.0.1:8000");
    assert_eq!(config.listen.base_path, "/");
    assert_eq!(config.entry.auth, Auth::Token);
    assert_eq!(
        config.state_dir,
        PathBuf::from("/home/me/.local/state/bowline")
    );
    assert_eq!(config.sessions.max_sessions, 50);
    assert_eq!(config.sessions.scrollback, 10_000);
    assert_eq!(config.sessions.idle_limit, Duration::from_secs(24 * 3600));
    let projects = config.sessions.projects_dir;
    assert_eq!(projects, Some(PathBuf::from("/home/me/projects")));
}

#[test]
fn serve_may_be_spelt_out() {
    let config = resolve("serve --listen 127.0.0.1:0", &[HOME]).unwrap();
    assert_eq!(config.listen.address, "127.0.0.1:0");
}

#[test]
fn a_unix_socket_is_for_its_owner_unless_told_otherwise() {
    for (arguments, mode) in [
        ("--listen unix:/run/b.sock", 0o600),
        ("--socket-mode 0660", 0o660),
        ("--socket-mode 666", 0o666),
    ] {
        let config = resolve(arguments, &[HOME]).unwrap();
        assert_eq!(config.listen.socket_mode, mode, "{arguments}");
    }
    for given in ["rw", "888", "7777", "-1"] {
        assert!(resolve(&format!("--socket-mode={given}"), &[HOME]).is_err());
    }
}

#[test]
fn names_of_platforms_are_honoured_below_our_own() {
    let env = [
        HOME,
        ("DATABRICKS_APP_PORT", "9001"),
        ("MAX_CONCURRENT_SESSIONS", "5"),
    ];
    let config = resolve("", &env).unwrap();
    assert_eq!(config.listen.address, "0.0.0.0:9001");
    assert_eq!(config.sessions.max_sessions, 5);
    let config = resolve("--listen 127.0.0.1:1 --max-sessions 7", &env).unwrap();
    assert_eq!(config.listen.address, "127.0.0.1:1");
    assert_eq!(config.sessions.max_sessions, 7);
}

#[test]
fn sessions_are_kept_where_the_machine_stays() {
    let config = resolve("", &[HOME]).unwrap();
    assert_eq!(config.sessions.tmux, TmuxMode::Off);
    assert_eq!(config.on_exit, OnExit::Keep);
    let state_dir = Some(PathBuf::from("/home/me/.local/state/bowline"));
    assert_eq!(config.sessions.tmux_dir, state_dir);
    for name in ["DATABRICKS_APP_PORT", "JUPYTERHUB_SERVICE_PREFIX"] {
        let config = resolve("", &[HOME, (name, "8000")]).unwrap();
        assert_eq!(config.on_exit, OnExit::End);
        let config = resolve("--on-exit keep", &[HOME, (name, "8000")]).unwrap();
        assert_eq!(config.on_exit, OnExit::Keep);
    }
}

#[test]
fn tmux_mode_is_a_switch_with_an_older_name() {
    for (arguments, env, expected) in [
        ("--tmux on", ("TMUX_ENABLED", "false"), TmuxMode::On),
        ("--tmux true", ("", ""), TmuxMode::On),
        ("--tmux off", ("TMUX_ENABLED", "true"), TmuxMode::Off),
        ("", ("TMUX_ENABLED", "true"), TmuxMode::On),
        ("", ("TMUX_ENABLED", "false"), TmuxMode::Off),
    ] {
        let config = resolve(arguments, &[HOME, env]).unwrap();
        assert_eq!(config.sessions.tmux, expected, "{arguments} {env:?}");
    }
}

#[test]
fn the_first_view_has_an_older_name_too() {
    for (arguments, env, expected) in [
        ("", ("", ""), TerminalMode::Tabs),
        ("", ("TERMINAL_MODE", ""), TerminalMode::Tabs),
        ("", ("TERMINAL_MODE", "Grid"), TerminalMode::Grid),
        (
            "--terminal-mode tabs",
            ("TERMINAL_MODE", "grid"),
            TerminalMode::Tabs,
        ),
        ("--terminal-mode grid", ("", ""), TerminalMode::Grid),
    ] {
        let config = resolve(arguments, &[HOME, env]).unwrap();
        assert_eq!(config.terminal_mode, expected, "{arguments} {env:?}");
    }
    assert!(resolve("", &[HOME, ("TERMINAL_MODE", "piles")]).is_err());
}

#[test]
fn a_base_path_begins_and_ends_with_a_slash() {
    for (given, expected) in [("/", "/"), ("/a", "/a/"), ("a/b/", "/a/b/")] {
        let config = resolve(&format!("--base-path {given}"), &[HOME]).unwrap();
        assert_eq!(config.listen.base_path, expected);
    }
    for given in ["/a?b", "/../x", "/a//b", "/a#b", "/{x}"] {
        assert!(
            resolve(&format!("--base-path {given}"), &[HOME]).is_err(),
            "{given}"
        );
    }
}

#[test]
fn a_public_url_is_written_as_browsers_do() {
    for (given, origin, authority) in [
        ("https://Example.com", "https://example.com", "example.com"),
        (
            "https://example.com:443/x/",
            "https://example.com",
            "example.com",
        ),
        ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
    ] {
        let config = resolve(&format!("--public-url {given}"), &[HOME]).unwrap();
        assert_eq!(config.listen.public_urls[0].origin, origin);
        assert_eq!(config.listen.public_urls[0].authority, authority);
    }
    for given in ["example.com", "ftp://x", "https://u@x"] {
        assert!(
            resolve(&format!("--public-url {given}"), &[HOME]).is_err(),
            "{given}"
        );
    }
}

#[test]
fn an_idle_limit_has_a_unit() {
    for (given, seconds) in [("90m", 5400), ("24h", 86400), ("7d", 604800), ("never", 0)] {
        let config = resolve(&format!("--idle-limit {given}"), &[HOME]).unwrap();
        assert_eq!(config.sessions.idle_limit.as_secs(), seconds);
    }
    for given in ["90", "0h", "h", "1.5h", "99999999999999999999d"] {
        assert!(
            resolve(&format!("--idle-limit {given}"), &[HOME]).is_err(),
            "{given}"
        );
    }
}

#[test]
fn shells_are_integrated_unless_told_otherwise() {
    let config = resolve("--state-dir /s", &[HOME]).unwrap();
    let scripts = config.sessions.shell_integration;
    assert_eq!(scripts, Some(PathBuf::from("/s/shell-integration")));
    let config = resolve("--shell-integration off", &[HOME]).unwrap();
    assert_eq!(config.sessions.shell_integration, None);
}

#[test]
fn screens_are_kept_in_the_state_folder_unless_told_otherwise() {
    for (given, screens) in [
        ("", KeepScreens::Yes),
        ("--keep-screens off", KeepScreens::No),
    ] {
        let config = resolve(&format!("--state-dir /s {given}"), &[HOME]).unwrap();
        let folder = PathBuf::from("/s/sessions");
        assert_eq!(config.sessions.disk, Some(Disk { folder, screens }));
    }
}

#[test]
fn uploads_have_a_folder_and_a_limit() {
    let config = resolve("", &[HOME]).unwrap();
    assert_eq!(config.uploads_dir, PathBuf::from("/home/me/uploads"));
    assert_eq!(config.upload_limit, 32 << 20);
    let config = resolve("--uploads-dir /u --upload-limit 1k", &[HOME]).unwrap();
    assert_eq!(config.uploads_dir, PathBuf::from("/u"));
    assert_eq!(config.upload_limit, 1024);
    let config = resolve("--state-dir /s", &[]).unwrap();
    assert_eq!(config.uploads_dir, PathBuf::from("/s/uploads"));
    for given in ["0", "much"] {
        assert!(resolve(&format!("--upload-limit {given}"), &[HOME]).is_err());
    }
}

#[test]
fn a_token_that_can_be_guessed_is_refused() {
    assert!(resolve("", &[HOME, ("BOWLINE_TOKEN", "hunter2")]).is_err());
}

#[test]
fn the_command_line_is_well_formed() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
}

/// What a Hub says to a server that it starts.
const BELOW_HUB: [(&str, &str); 12] = [
    HOME,
    ("JUPYTERHUB_API_TOKEN", "a token of the server"),
    ("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api"),
    ("JUPYTERHUB_BASE_URL", "/"),
    ("JUPYTERHUB_CLIENT_ID", "jupyterhub-user-ana"),
    (
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES",
        r#"["access:servers!server=ana/"]"#,
    ),
    ("JUPYTERHUB_OAUTH_CALLBACK_URL", "/user/ana/oauth_callback"),
    ("JUPYTERHUB_ROOT_DIR", "~/work"),
    ("JUPYTERHUB_SERVER_NAME", ""),
    ("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/"),
    ("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:45678/user/ana/"),
    ("JUPYTERHUB_USER", "ana"),
];

/// The same with other words for some of it.
fn below_hub(other: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
    let mut env = BELOW_HUB.to_vec();
    env.retain(|(name, _)| other.iter().all(|(other, _)| other != name));
    env.extend(other);
    resolve("", &env)
}

#[test]
fn below_a_hub_everything_is_where_the_hub_says() {
    let config = below_hub(&[]).unwrap();
    assert_eq!(config.entry.auth, Auth::Hub);
    assert_eq!(config.listen.address, "127.0.0.1:45678");
    assert_eq!(config.listen.base_path, "/user/ana/");
    assert_eq!(config.on_exit, OnExit::End);
    let projects = config.sessions.projects_dir;
    assert_eq!(projects, Some(PathBuf::from("/home/me/work")));
    let hub = config.entry.hub.unwrap();
    assert_eq!(hub.authorize, "/hub/api/oauth2/authorize");
    assert_eq!(hub.callback, "/user/ana/oauth_callback");
    let activity = "http://127.0.0.1:8081/hub/api/users/ana/activity";
    assert_eq!(hub.activity.as_str(), activity);
    // What is typed stands over it.
    let config = resolve(
        "--auth token --base-path /b --listen 127.0.0.1:1",
        &BELOW_HUB,
    )
    .unwrap();
    assert!(config.entry.hub.is_none());
    assert_eq!(config.listen.base_path, "/b/");
    assert_eq!(config.listen.address, "127.0.0.1:1");
}

#[test]
fn below_a_hub_with_a_name_for_each_user_that_name_is_known() {
    let host = ("JUPYTERHUB_HOST", "https://hub.example.com");
    let url = (
        "JUPYTERHUB_PUBLIC_URL",
        "https://ana.hub.example.com/user/ana/",
    );
    let config = below_hub(&[host, url]).unwrap();
    assert_eq!(
        config.listen.public_urls[0].origin,
        "https://ana.hub.example.com"
    );
    let hub = config.entry.hub.unwrap();
    assert_eq!(
        hub.authorize,
        "https://hub.example.com/hub/api/oauth2/authorize"
    );
}

#[test]
fn two_servers_of_one_user_have_two_folders() {
    let folder = |name| {
        below_hub(&[("JUPYTERHUB_SERVER_NAME", name)])
            .unwrap()
            .state_dir
    };
    let usual = PathBuf::from("/home/me/.local/state/bowline");
    assert_eq!(folder(""), usual);
    assert_eq!(folder("gpu"), usual.join("server-gpu"));
    assert_eq!(folder("../x"), usual.join("server-%2e%2e%2fx"));
    assert_ne!(folder("a b"), folder("a_b"));
}

#[test]
fn what_a_hub_says_and_that_cannot_be_used_is_an_error() {
    for wrong in [
        (
            "JUPYTERHUB_SERVICE_URL",
            "https://127.0.0.1:45678/user/ana/",
        ),
        ("JUPYTERHUB_API_URL", "nonsense"),
        ("JUPYTERHUB_OAUTH_ACCESS_SCOPES", "nonsense"),
        ("JUPYTERHUB_ACTIVITY_INTERVAL", "0"),
        ("JUPYTERHUB_CLIENT_ID", ""),
    ] {
        assert!(below_hub(&[wrong]).is_err(), "{wrong:?}");
    }
    assert!(resolve("--auth hub", &[HOME]).is_err());
}

#[test]
fn a_base_path_may_hold_what_is_escaped_in_names() {
    for given in [
        "/user/ana%40example.com",
        "/user/ana@example.com",
        "/user/%c3%a9/",
    ] {
        let config = resolve(&format!("--base-path {given}"), &[HOME]).unwrap();
        assert_eq!(
            config.listen.base_path,
            format!("{}/", given.trim_end_matches('/'))
        );
    }
    for given in ["/a%", "/a%4", "/a%zz", "/%2", "/a%4%40"] {
        assert!(
            resolve(&format!("--base-path {given}"), &[HOME]).is_err(),
            "{given}"
        );
    }
}

#[test]
fn a_mirror_is_where_nobody_else_can_change_what_comes() {
    for (given, fine) in [
        ("https://mirror.example.com/github", true),
        ("http://127.0.0.1:8080/", true),
        ("http://mirror.example.com/github", false),
        ("https://ana:secret@mirror.example.com", false),
        ("mirror.example.com", false),
    ] {
        let config = resolve(&format!("--download-mirror {given}"), &[HOME]);
        let mirror = config.map(|config| config.setup.options.mirror);
        assert_eq!(mirror.is_ok(), fine, "{given}");
        assert!(mirror.is_err() || mirror.unwrap().is_some(), "{given}");
    }
}

#[test]
fn hermes_is_left_out_as_the_original_was_told() {
    for (said, count) in [("false", 1), ("0", 1), ("No ", 1), ("true", 0), ("", 0)] {
        let config = resolve("", &[HOME, ("ENABLE_HERMES", said)]).unwrap();
        assert_eq!(config.setup.options.left_out.len(), count, "{said}");
    }
}

#[test]
fn agents_are_told_of_servers_and_traced_if_somebody_says_so() {
    let told = |arguments: &str, env: &[(&str, &str)]| {
        let env = [&[HOME], env].concat();
        Ok::<_, ConfigError>(resolve(arguments, &env)?.setup.options.told)
    };
    let names = |arguments: &str, env: &[(&str, &str)]| -> Vec<String> {
        let servers = told(arguments, env).unwrap().servers;
        servers.into_iter().map(|server| server.name).collect()
    };
    let team = ("TEAM_MEMORY_MCP_URL", "https://memory.example");
    assert_eq!(names("", &[team]), ["deepwiki", "exa", "team-memory"]);
    assert_eq!(names("--mcp-servers none", &[team]), [""; 0]);
    assert_eq!(
        names("--mcp-servers deepwiki=,mine=https://m.example/mcp", &[]),
        ["exa", "mine"]
    );
    assert!(told("--mcp-servers exa", &[]).is_err());
    assert!(told("", &[("TEAM_MEMORY_MCP_URL", "memory")]).is_err());

    assert!(told("", &[]).unwrap().tracing.is_none());
    let asked = [
        ("MLFLOW_CLAUDE_TRACING_ENABLED", "true"),
        ("APP_OWNER_EMAIL", "ana@example.com"),
    ];
    let tracing = told("", &asked).unwrap().tracing.unwrap();
    let owner = tracing.owner.borrow().clone();
    assert_eq!(owner.as_deref(), Some("ana@example.com"));
    assert!(told("--mlflow off", &asked).unwrap().tracing.is_none());
    assert!(told("--mlflow on", &[]).unwrap().tracing.is_some());
}

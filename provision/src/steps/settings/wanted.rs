//! What each agent is told, by the files and formats of its own: "Settings", "Hooks" and "MCP" of each one's documentation;
//! looked at with Claude Code 2.1.330, Codex 0.169.0, Gemini CLI 0.61.0 and OpenCode 1.18.33.

use std::path::Path;

use serde_json::{Value, json};

use super::json::Json;
use super::pieces::{At, Piece};
use super::toml::Toml;
use super::tracing::{self, Settled};
use super::{Agent, McpServer, Wanted};

pub(super) const CLAUDE: &str = ".claude/settings.json";
pub(super) const CLAUDE_STATE: &str = ".claude.json";
pub(super) const CODEX: &str = ".codex/config.toml";
pub(super) const GEMINI: &str = ".gemini/settings.json";
pub(super) const GEMINI_TRUSTED: &str = ".gemini/trustedFolders.json";
/// It reads both; we write into the one that is there.
pub(super) const OPENCODE: [&str; 2] = [
    ".config/opencode/opencode.json",
    ".config/opencode/opencode.jsonc",
];
/// The one whose first visit would be a login that it does not have.
const WITHOUT_LOGIN: &str = "deepwiki";

/// When Claude Code says what, with a matcher where there is one (docs/programs.md).
const CLAUDE_HOOKS: [(&str, Option<&str>, &str); 5] = [
    ("UserPromptSubmit", None, "working"),
    ("PostToolUse", None, "working"),
    (
        "Notification",
        Some("permission_prompt|elicitation_dialog"),
        "waiting",
    ),
    ("Stop", None, "done"),
    ("SessionEnd", None, "clear"),
];
/// Likewise Gemini CLI.
const GEMINI_HOOKS: [(&str, Option<&str>, &str); 5] = [
    ("BeforeAgent", None, "working"),
    ("AfterTool", None, "working"),
    ("Notification", Some("ToolPermission"), "waiting"),
    ("AfterAgent", None, "done"),
    ("SessionEnd", None, "clear"),
];

/// What is to be in an agent's files.
pub(super) fn of(
    agent: Agent,
    home: &Path,
    servers: &[McpServer],
    tracing: Option<&Settled>,
) -> Vec<Wanted> {
    match agent {
        Agent::Claude => claude(home, servers, tracing),
        Agent::Codex => vec![Wanted {
            path: CODEX,
            form: &Toml,
            pieces: codex(servers),
        }],
        Agent::Gemini => gemini(home, servers),
        Agent::OpenCode => opencode(home, servers),
    }
}

fn claude(home: &Path, servers: &[McpServer], tracing: Option<&Settled>) -> Vec<Wanted> {
    let mut state = mcp(
        "mcpServers",
        servers,
        |server| json!({"type": "http", "url": server.url}),
    );
    // It takes this for what is below, too, as far as no repository begins there.
    if let Some(projects) = home.join("projects").to_str() {
        state.push(Piece {
            at: At::key(&["projects", projects, "hasTrustDialogAccepted"]),
            value: Value::Bool(true),
        });
    }
    let mut settings = hooks(&CLAUDE_HOOKS);
    if let Some(tracing) = tracing {
        settings.extend(tracing::pieces(home, tracing));
    }
    vec![
        Wanted {
            path: CLAUDE_STATE,
            form: &Json,
            pieces: state,
        },
        Wanted {
            path: CLAUDE,
            form: &Json,
            pieces: settings,
        },
    ]
}

/// Its hooks would each have to be trusted by hand, and ask for it at every start until then; the program that is told of a
/// turn's end needs no such thing.
fn codex(servers: &[McpServer]) -> Vec<Piece> {
    let mut all = mcp("mcp_servers", servers, |server| json!({"url": server.url}));
    all.push(Piece {
        at: At::key(&["notify"]),
        value: json!(["sh", "-c", command("done")]),
    });
    all
}

fn gemini(home: &Path, servers: &[McpServer]) -> Vec<Wanted> {
    let mut settings = mcp(
        "mcpServers",
        servers,
        |server| json!({"httpUrl": server.url}),
    );
    settings.extend(hooks(&GEMINI_HOOKS));
    let folders = [home.join("projects"), home.to_owned()];
    let trusted = folders.iter().filter_map(|folder| folder.to_str());
    let trusted = trusted.map(|folder| Piece {
        at: At::key(&[folder]),
        value: json!("TRUST_FOLDER"),
    });
    vec![
        Wanted {
            path: GEMINI,
            form: &Json,
            pieces: settings,
        },
        Wanted {
            path: GEMINI_TRUSTED,
            form: &Json,
            pieces: trusted.collect(),
        },
    ]
}

fn opencode(home: &Path, servers: &[McpServer]) -> Vec<Wanted> {
    let pieces = mcp("mcp", servers, |server| {
        let mut value = json!({"type": "remote", "url": server.url, "enabled": true});
        if server.name == WITHOUT_LOGIN {
            value["oauth"] = Value::Bool(false);
        }
        value
    });
    let there = OPENCODE.into_iter().find(|path| home.join(path).exists());
    vec![Wanted {
        path: there.unwrap_or(OPENCODE[0]),
        form: &Json,
        pieces,
    }]
}

/// Each stands first in what is around it, so the last is put first.
fn mcp(key: &str, servers: &[McpServer], value: impl Fn(&McpServer) -> Value) -> Vec<Piece> {
    let pieces = servers.iter().rev().map(|server| Piece {
        at: At::key(&[key, &server.name]),
        value: value(server),
    });
    pieces.collect()
}

fn hooks(all: &[(&str, Option<&str>, &str)]) -> Vec<Piece> {
    let pieces = all.iter().rev().map(|(event, matcher, word)| {
        let hooks = json!([{"type": "command", "command": command(word)}]);
        Piece {
            at: At::list(&["hooks", event]),
            value: match matcher {
                Some(matcher) => json!({"matcher": matcher, "hooks": hooks}),
                None => json!({"hooks": hooks}),
            },
        }
    });
    pieces.collect()
}

/// Outside of Bowline it does nothing.
fn command(word: &str) -> String {
    format!("\"${{BOWLINE_BIN:-bowline}}\" status {word} 2>/dev/null || true")
}

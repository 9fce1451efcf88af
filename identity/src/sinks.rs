//! Where else the credential in force is written: the files of the tools that use it. One line of a table for each file,
//! one pure merger for each format: the user's keys, order, comments and line ends stay. What is given the token, or the
//! command that prints it, points to the workspace and nowhere else; a tool that was set up for another place is left alone,
//! and so is a file that can't be read. Tools that use models are pointed to the broker, where there is one.
//!
//! What the credential needs (address, helper, key) is repaired each time. What is a matter of taste (models, switches) is
//! set where there is nothing, and then belongs to the user.

mod author;
/// Blocks of ours in texts of others.
pub mod block;
mod broker;
mod claude;
mod codex;
/// Reading profiles of the Databricks CLI.
pub mod databricks;
mod dotenv;
mod endpoint;
/// Files of others.
pub mod file;
mod gemini;
mod git;
mod hermes;
mod ini;
/// Documents of JSON that keep their form.
pub mod json;
mod left;
mod models;
mod opencode;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod yaml;

use std::fmt;
use std::path::Path;

pub use self::author::Author;
pub use self::broker::Broker;
pub use self::endpoint::{BadHost, Endpoints, Host};
use self::file::Held;
pub use self::left::Left;
pub use self::models::{Claude, Damaged, Former, Hermes, Models, Offered, Start};
pub use self::settings::{BadSetting, ProfileName, Program, Settings};

/// A program that writes a file between our reading and our writing does not do it all the time.
const ATTEMPTS: usize = 3;

/// What uses the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// The Databricks CLI and SDKs.
    Databricks,
    /// git.
    Git,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// OpenCode.
    OpenCode,
    /// Hermes.
    Hermes,
}

/// How a file is made of what it was; an empty one that is not there yet is not made.
type Merge = fn(Option<&str>, &Settings) -> Result<String, Left>;

struct Sink {
    tool: Tool,
    /// Below the home; if there are several, the first that exists, or else the first.
    paths: &'static [&'static str],
    merge: Merge,
    /// Without this folder the tool was never there, and has to wait until it is.
    folder: Option<&'static str>,
}

/// All files; those of one tool in a row, and the one first that says where the tool is pointed at.
const SINKS: &[Sink] = &[
    Sink {
        tool: Tool::Databricks,
        paths: &[".databrickscfg"],
        merge: databricks::merge,
        folder: None,
    },
    Sink {
        tool: Tool::Git,
        paths: &[".gitconfig"],
        merge: git::merge,
        folder: None,
    },
    Sink {
        tool: Tool::Git,
        paths: &[".config/git/config"],
        merge: author::merge,
        folder: None,
    },
    Sink {
        tool: Tool::Claude,
        paths: &[".claude/settings.json"],
        merge: claude::settings,
        folder: Some(".claude"),
    },
    Sink {
        tool: Tool::Claude,
        paths: &[".claude.json"],
        merge: claude::state,
        folder: Some(".claude"),
    },
    Sink {
        tool: Tool::Codex,
        paths: &[".codex/config.toml"],
        merge: codex::config,
        folder: Some(".codex"),
    },
    Sink {
        tool: Tool::Codex,
        paths: &[".codex/.env"],
        merge: codex::env,
        folder: Some(".codex"),
    },
    Sink {
        tool: Tool::Gemini,
        paths: &[".gemini/.env"],
        merge: gemini::env,
        folder: Some(".gemini"),
    },
    Sink {
        tool: Tool::Gemini,
        paths: &[".gemini/settings.json"],
        merge: gemini::settings,
        folder: Some(".gemini"),
    },
    Sink {
        tool: Tool::Gemini,
        paths: &[".gemini/trustedFolders.json"],
        merge: gemini::trusted,
        folder: Some(".gemini"),
    },
    Sink {
        tool: Tool::OpenCode,
        paths: &[
            ".config/opencode/opencode.json",
            ".config/opencode/opencode.jsonc",
        ],
        merge: opencode::config,
        folder: Some(".config/opencode"),
    },
    Sink {
        tool: Tool::OpenCode,
        paths: &[".local/share/opencode/auth.json"],
        merge: opencode::auth,
        folder: Some(".config/opencode"),
    },
    Sink {
        tool: Tool::Hermes,
        paths: &[".hermes/config.yaml"],
        merge: hermes::merge,
        folder: Some(".hermes"),
    },
];

/// What became of one file.
#[derive(Debug)]
pub struct Outcome {
    /// Whose it is.
    pub tool: Tool,
    /// Below the home.
    pub path: &'static str,
    /// What was done.
    pub done: Done,
}

/// What was done about a file.
#[derive(Debug)]
pub enum Done {
    /// It says what it should now.
    Written,
    /// It said so already.
    Same,
    /// There is nothing to do, or it is none of our business.
    Skipped(Why),
    /// It should say something else, and somebody has to help.
    Failed(Why),
}

/// Why a file was not written. Free of secrets, and of what is in the file.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It is written once the tool's folder is there.
    #[error("the tool is not installed yet")]
    NotInstalled,
    /// Nothing of ours belongs there.
    #[error("nothing to write")]
    Nothing,
    /// Another file of the tool comes first, and was left as it is.
    #[error("another file of this tool was left as it is")]
    Sibling,
    /// The merger said no.
    #[error(transparent)]
    Left(#[from] Left),
    /// The system said no.
    #[error(transparent)]
    File(#[from] file::Error),
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Databricks,
        Self::Git,
        Self::Claude,
        Self::Codex,
        Self::Gemini,
        Self::OpenCode,
        Self::Hermes,
    ];
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Databricks => "Databricks CLI",
            Self::Git => "git",
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini",
            Self::OpenCode => "OpenCode",
            Self::Hermes => "Hermes",
        })
    }
}

/// Brings the files of all tools that are there up to date. Blocks: it reads and writes files.
pub fn apply(home: &Path, with: &Settings) -> Vec<Outcome> {
    run(home, with, |_, folder| {
        folder.is_none_or(|folder| home.join(folder).is_dir())
    })
}

/// Writes the files of one tool, whether or not it is there yet: it finds them at its first start.
pub fn install(home: &Path, tool: Tool, with: &Settings) -> Vec<Outcome> {
    let mut all = run(home, with, |of, _| of == tool);
    all.retain(|outcome| outcome.tool == tool);
    all
}

/// Where files are, below a home.
pub fn paths() -> impl Iterator<Item = &'static str> {
    SINKS.iter().flat_map(|sink| sink.paths).copied()
}

/// What a file would say, given what it says: for a look before anything is written, and for tests from outside. None for
/// a path that is not one of [`paths`].
pub fn merge(path: &str, old: Option<&str>, with: &Settings) -> Option<Result<String, Left>> {
    let sink = SINKS.iter().find(|sink| sink.paths.contains(&path))?;
    Some((sink.merge)(old, with))
}

fn run(
    home: &Path,
    with: &Settings,
    is_wanted: impl Fn(Tool, Option<&str>) -> bool,
) -> Vec<Outcome> {
    let mut all: Vec<Outcome> = Vec::new();
    for sink in SINKS {
        let is_left = |outcome: &Outcome| {
            let left = matches!(
                outcome.done,
                Done::Failed(_) | Done::Skipped(Why::Left(_) | Why::Sibling)
            );
            outcome.tool == sink.tool && left
        };
        let path = path_of(sink, home);
        let done = if !is_wanted(sink.tool, sink.folder) {
            Done::Skipped(Why::NotInstalled)
        } else if all.last().is_some_and(is_left) {
            Done::Skipped(Why::Sibling)
        } else {
            write(&home.join(path), sink, with)
        };
        let tool = sink.tool;
        all.push(Outcome { tool, path, done });
    }
    all
}

fn path_of(sink: &Sink, home: &Path) -> &'static str {
    let mut there = sink.paths.iter().filter(|path| home.join(path).exists());
    there
        .next()
        .or(sink.paths.first())
        .copied()
        .unwrap_or_default()
}

fn write(path: &Path, sink: &Sink, with: &Settings) -> Done {
    let mut attempt = 1;
    loop {
        match write_once(path, sink, with) {
            Err(Why::File(file::Error::Changed)) if attempt < ATTEMPTS => attempt += 1,
            Err(why @ (Why::Nothing | Why::Left(Left::Elsewhere { .. }))) => {
                return Done::Skipped(why);
            }
            Err(why) => return Done::Failed(why),
            Ok(done) => return done,
        }
    }
}

fn write_once(path: &Path, sink: &Sink, with: &Settings) -> Result<Done, Why> {
    let held = Held::read(path)?;
    let text = (sink.merge)(held.text(), with)?;
    match held.text() {
        None if text.is_empty() => Err(Why::Nothing),
        Some(old) if old == text => {
            if with.is_told_in(&text) && held.is_wide() {
                held.narrow()?;
                return Ok(Done::Written);
            }
            Ok(Done::Same)
        }
        _ => {
            held.replace(&text)?;
            Ok(Done::Written)
        }
    }
}

//! What agents are told in words, from one source (`data/instructions.md`): in a file of the agent's own where the user has
//! none, and there in a block, so that what the user adds to it stays.

use std::path::Path;

use bowline_identity::sinks::file::{Held, Reach};

use super::{Agent, Done, Error, Said};
use crate::steps::block::{Block, Comment, Rest, Unclear};
use crate::steps::home;

const SOURCE: &str = include_str!("../../../data/instructions.md");

/// Those of one agent.
pub(super) struct Instructions {
    /// Below the home.
    pub(super) path: &'static str,
    text: String,
}

impl From<Unclear> for Error {
    fn from(_: Unclear) -> Self {
        Self::Marks
    }
}

impl Instructions {
    pub(super) fn of(agent: Agent) -> Self {
        let (path, name) = match agent {
            Agent::Claude => (".claude/CLAUDE.md", "Claude Code"),
            Agent::Codex => (".codex/AGENTS.md", "Codex"),
            Agent::Gemini => (".gemini/GEMINI.md", "Gemini CLI"),
            Agent::OpenCode => (".config/opencode/AGENTS.md", "OpenCode"),
        };
        let (heading, rest) = SOURCE.split_once('\n').unwrap_or((SOURCE, ""));
        let text = format!("{}\n{rest}", heading.replace("AGENT", name));
        Self { path, text }
    }

    fn block(&self) -> Block<'_> {
        Block {
            name: "instructions",
            body: &self.text,
            fresh: &self.text,
            comment: Comment::Markup,
        }
    }

    /// Puts them where there are none, or where the block is.
    pub(super) fn put(&self, home: &Path, said: &mut Said) -> Result<Done, Error> {
        let path = home.join(self.path);
        if let Some(folder) = path.parent() {
            home::make(home, folder).map_err(bowline_identity::sinks::file::Error::from)?;
        }
        let held = Held::read(&path)?;
        if let Some(old) = held.text()
            && !self.block().is_in(old)?
        {
            said.lines
                .push(format!("~/{} is yours, and is kept", self.path));
            return Ok(Done::Same);
        }
        let text = self.block().put(held.text())?;
        if held.text() == Some(&*text) {
            return Ok(Done::Same);
        }
        held.replace_for(&text, Reach::AsBefore)?;
        said.lines.push(format!("~/{} is written", self.path));
        Ok(Done::Changed)
    }

    /// Takes them out.
    pub(super) fn take(&self, home: &Path) -> Result<Done, Error> {
        let path = home.join(self.path);
        if !path.exists() {
            return Ok(Done::Same);
        }
        let held = Held::read(&path)?;
        let Some(text) = held.text() else {
            return Ok(Done::Same);
        };
        match self.block().take(text)? {
            None => return Ok(Done::Same),
            Some(Rest::Nothing) => held.remove()?,
            Some(Rest::Text(rest)) => held.replace_for(&rest, Reach::AsBefore)?,
        }
        Ok(Done::Changed)
    }
}

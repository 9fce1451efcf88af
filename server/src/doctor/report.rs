//! What was found: one line for people or one object for programs for each check. Pure. Nothing secret may be put in
//! here: reports are shown to whoever helps.

use std::fmt::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

use crate::VERSION;

/// What is looked at. `--only` takes these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Flags and variables.
    Settings,
    /// The state folder and its files.
    Folder,
    /// Who may enter.
    Entry,
    /// A server that runs, and the address.
    Server,
    /// Whoever keeps the sessions.
    Keeper,
    /// A terminal with a shell.
    Shell,
    /// What programs know of the terminal.
    Terminfo,
    /// tmux, where it is asked for.
    Tmux,
    /// What the system lets a process have.
    Limits,
    /// The time.
    Clock,
    /// Whether a server answers at the URL that was given.
    Health,
    /// Whether it knows itself by that name.
    Name,
    /// WebSockets on the way there.
    Websocket,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It works, but less well or less safely than it could.
    Warning,
    /// It doesn't work, or isn't safe.
    Problem,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// By which check.
    pub check: Check,
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All that was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// As it should be.
    pub(super) fn fine(&mut self, check: Check, found: impl AsRef<str>) {
        self.add(check, Verdict::Fine, found.as_ref(), None);
    }

    /// It works, but.
    pub(super) fn warning(
        &mut self,
        check: Check,
        found: impl AsRef<str>,
        advice: impl AsRef<str>,
    ) {
        self.add(
            check,
            Verdict::Warning,
            found.as_ref(),
            Some(advice.as_ref()),
        );
    }

    /// It doesn't.
    pub(super) fn problem(
        &mut self,
        check: Check,
        found: impl AsRef<str>,
        advice: impl AsRef<str>,
    ) {
        self.add(
            check,
            Verdict::Problem,
            found.as_ref(),
            Some(advice.as_ref()),
        );
    }

    /// It doesn't, and the error says what to do.
    pub(super) fn failure(&mut self, check: Check, error: impl fmt::Display) {
        self.add(check, Verdict::Problem, &error.to_string(), None);
    }

    fn add(&mut self, check: Check, verdict: Verdict, found: &str, advice: Option<&str>) {
        self.findings.push(Finding {
            check,
            verdict,
            found: plain(found),
            advice: advice.map(plain),
        });
    }

    /// The worst of all.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.findings.iter().map(|finding| finding.verdict);
        verdicts.max().unwrap_or(Verdict::Fine)
    }

    /// For programs.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'a> {
            version: &'static str,
            verdict: Verdict,
            findings: &'a [Finding],
        }
        let whole = Whole {
            version: VERSION,
            verdict: self.verdict(),
            findings: &self.findings,
        };
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// For people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let word = match finding.verdict {
                Verdict::Fine => "fine",
                Verdict::Warning => "warning",
                Verdict::Problem => "PROBLEM",
            };
            let check = finding.check.to_possible_value();
            let check = check.as_ref().map_or("", |value| value.get_name());
            writeln!(f, "{word:<8} {check:<10} {}", finding.found)?;
            if let Some(advice) = &finding.advice {
                writeln!(f, "{:<19} → {advice}", "")?;
            }
        }
        let count = |verdict| {
            let all = self.findings.iter();
            all.filter(|finding| finding.verdict == verdict).count()
        };
        let counts = [
            (count(Verdict::Problem), "problem"),
            (count(Verdict::Warning), "warning"),
        ];
        let mut line = String::new();
        for (count, name) in counts {
            let plural = if count == 1 { "" } else { "s" };
            write!(line, "{count} {name}{plural}, ")?;
        }
        writeln!(f, "{line}{} fine", count(Verdict::Fine))
    }
}

/// One line, whatever the system or another server said.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars().take(LONGEST) {
        plain.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    plain
}

/// Longest text of a finding, characters.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_lines_are_lines() {
        let mut report = Report::default();
        assert_eq!(report.verdict(), Verdict::Fine);
        report.fine(Check::Clock, "ticks");
        report.warning(Check::Folder, "open\nto others", "chmod 700");
        assert_eq!(report.verdict(), Verdict::Warning);
        let text = report.to_string();
        assert!(
            text.contains("warning  folder     open to others\n"),
            "{text}"
        );
        assert!(text.ends_with("0 problems, 1 warning, 1 fine\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["verdict"], "warning");
        assert_eq!(json["findings"][1]["advice"], "chmod 700");
    }
}

//! Sessions as a table or as JSON, and ending them.

use std::io::Write as _;
use std::time::Duration;

use bowline_app::functions::sessions::{SessionRow, SessionsReply};
use bowline_keeper::{Visit, VisitError};
use bowline_terminal::{Attention, Exit, SessionInfo, SessionState};

use crate::visit::Error;
use crate::visit::args::Format;
use crate::visit::find::{find, plain, short_length};

const TITLES: [&str; 9] = [
    "ID", "LABEL", "PROCESS", "STATE", "AGE", "IDLE", "SIZE", "VIEWERS", "CWD",
];

/// Prints all sessions. Nobody there to keep any is said, and no failure: there are none.
pub(super) async fn list(visit: &Visit, format: Format) -> Result<(), Error> {
    let sessions = match visit.list().await {
        Err(error @ VisitError::Nobody(_)) => {
            eprintln!("{error}");
            Vec::new()
        }
        listed => listed?,
    };
    let text = match format {
        Format::Json => json(sessions)?,
        Format::Table if sessions.is_empty() => "no sessions\n".to_owned(),
        Format::Table => table(&sessions),
    };
    // Whoever reads may have seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Ends all sessions that are named, none if a name is not clear.
pub(super) async fn kill(visit: &Visit, names: &[String]) -> Result<(), Error> {
    let sessions = visit.list().await?;
    let mut meant: Vec<&SessionInfo> = Vec::with_capacity(names.len());
    for name in names {
        let session = find(&sessions, name)?;
        if !meant.iter().any(|other| other.id == session.id) {
            meant.push(session);
        }
    }
    let mut failed = 0;
    for session in &meant {
        match visit.close(session.id).await {
            Ok(()) => println!("killed {}", plain(&session.label)),
            Err(error) => {
                failed += 1;
                eprintln!("bowline: {}: {error}", plain(&session.label));
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Error::NotKilled {
            failed,
            asked: meant.len(),
        }),
    }
}

fn json(sessions: Vec<SessionInfo>) -> Result<String, Error> {
    let reply = SessionsReply {
        sessions: sessions.into_iter().map(SessionRow::from).collect(),
    };
    let mut text = serde_json::to_string_pretty(&reply).map_err(std::io::Error::from)?;
    text.push('\n');
    Ok(text)
}

fn table(sessions: &[SessionInfo]) -> String {
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    let digits = short_length(&ids);
    let mut rows = vec![TITLES.map(str::to_owned)];
    rows.extend(sessions.iter().map(|session| row(session, digits)));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; TITLES.len()] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(session: &SessionInfo, digits: usize) -> [String; TITLES.len()] {
    let cwd = session.cwd.as_ref().map(|cwd| cwd.to_string_lossy());
    [
        session.id.to_string()[..digits].to_owned(),
        plain(&session.label),
        plain(&session.process),
        state(session.state),
        time(session.age),
        time(session.idle),
        format!("{}x{}", session.size.cols, session.size.rows),
        session.viewers.to_string(),
        plain(&cwd.unwrap_or_default()),
    ]
}

fn state(state: SessionState) -> String {
    let text = match state {
        SessionState::Running => "running",
        SessionState::Idle => "idle",
        SessionState::NeedsAttention(why) => match why {
            Attention::Bell => "bell",
            Attention::Notification => "notification",
            Attention::Quiet => "quiet",
            Attention::Waiting => "waiting",
            Attention::Done => "done",
        },
        SessionState::Exited(Exit::Code(code)) => return format!("exited {code}"),
        SessionState::Exited(Exit::Signal(signal)) => return format!("signal {signal}"),
        SessionState::Exited(Exit::Killed) => "killed",
        SessionState::Exited(Exit::Idle) => "unused",
        SessionState::Exited(Exit::Lost) => "lost",
    };
    text.to_owned()
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_are_short() {
        let text = |seconds| time(Duration::from_secs(seconds));
        assert_eq!(text(59), "59s");
        assert_eq!(text(3599), "59m");
        assert_eq!(text(86_400), "24h");
        assert_eq!(text(172_800), "2d");
    }
}

//! Whether whoever keeps the sessions answers, and runs this program.

use bowline_keeper::program::Program;
use bowline_keeper::{Visit, VisitError, place};

use super::report::{Check, Report};
use crate::config::{Config, Keeper};

const CHECK: Check = Check::Keeper;

/// Asks the keeper of the state folder. Starts none.
pub(super) async fn check(config: &Config, report: &mut Report) {
    let socket = match place::keeper_socket(&config.state_dir) {
        Ok(socket) => socket,
        Err(error) => return report.failure(CHECK, error),
    };
    let visit = Visit::new(socket);
    let found = match visit.who().await {
        Ok(found) => found,
        Err(VisitError::Nobody(_)) => {
            let when = match config.keeper {
                Keeper::Auto => "the server starts one",
                Keeper::Off => "sessions live in the server (--keeper off)",
            };
            return report.fine(CHECK, format!("no keeper runs: {when}"));
        }
        Err(error) => {
            let advice =
                "keeper.log in the state folder says more; ending the keeper ends its sessions";
            return report.problem(CHECK, error.to_string(), advice);
        }
    };
    let sessions = match visit.list().await {
        Ok(sessions) => sessions.len(),
        Err(error) => return report.failure(CHECK, error),
    };
    let text = format!(
        "process {} keeps {sessions} session{}",
        found.pid,
        if sessions == 1 { "" } else { "s" }
    );
    let is_ours = Program::own().is_ok_and(|own| own.identity() == found.program);
    match is_ours {
        true => report.fine(CHECK, text),
        false => report.warning(
            CHECK,
            format!(
                "{text} as another program than this (version {})",
                found.version()
            ),
            "restart the server: it has the keeper go on as its own program, and no session ends",
        ),
    }
}

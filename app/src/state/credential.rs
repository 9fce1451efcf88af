//! What the page says of the credential of the Databricks workspace. Pure.

use crate::functions::credential::{CredentialSource, CredentialState, PatStatus};
use crate::text;

/// What is known, as names and texts.
pub(crate) fn facts(status: &PatStatus, now_ms: f64) -> Vec<(&'static str, String)> {
    // Clocks of two machines may differ.
    let ago = |then: u64| text::age(((now_ms - then as f64) / 1000.0).max(0.0) as u64);
    let ahead = |then: u64| text::age(((then as f64 - now_ms) / 1000.0).max(0.0) as u64);
    let source = status.source.map(|source| match source {
        CredentialSource::Environment => "a token in the server\u{2019}s environment",
        CredentialSource::Page => "a token given in the page",
        CredentialSource::Profile => "a profile of the Databricks CLI",
        CredentialSource::ServicePrincipal => "the app\u{2019}s service principal",
    });
    let yours = status.on_behalf.as_ref().map(|yours| {
        let left = ahead(yours.until_ms);
        format!(
            "{}, by the sign-in in front, for {left} and as long as the page is open",
            yours.user
        )
    });
    let facts = [
        ("Workspace", status.workspace_host.clone()),
        ("Sessions you open", yours),
        ("Signed in as", status.user.clone()),
        ("By", source.map(str::to_owned)),
        ("State", Some(state(status.state).to_owned())),
        (
            "Made",
            status.since_ms.map(|since| format!("{} ago", ago(since))),
        ),
        ("Good for", status.until_ms.map(ahead)),
        (
            "Next one",
            status.next_ms.map(|next| format!("in {}", ahead(next))),
        ),
    ];
    let there = facts.into_iter();
    there
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

fn state(state: CredentialState) -> &'static str {
    match state {
        CredentialState::None => "none",
        CredentialState::Good => "in force, replaced by itself",
        CredentialState::Resting => "at rest until there is a session",
        CredentialState::Failing => "the next one could not be made; tried again",
        CredentialState::Fixed => "used as it is: the workspace makes no others by it",
        CredentialState::Refused => "refused by the workspace",
    }
}

/// What the user should know or do.
pub(crate) fn advice(status: &PatStatus) -> Option<&'static str> {
    match (status.state, status.source) {
        (CredentialState::None, _) if status.on_behalf.is_some() => Some(
            "Programs in the sessions you open act as you while the sign-in in front lasts. Paste a personal access token \
             for what goes on after that, and for tools that keep a token in a file.",
        ),
        (CredentialState::None, _) => Some(
            "Programs in your sessions have no access to the workspace. Paste a personal access token: it is shown to \
             the workspace, kept in memory alone, and short-lived tokens are made by it.",
        ),
        (CredentialState::Refused, _) => {
            Some("The token is expired, revoked, or of another workspace. Paste another one.")
        }
        (_, Some(CredentialSource::ServicePrincipal)) => Some(
            "What programs do is audited as the doing of the app\u{2019}s service principal, not as yours, and with its \
             rights. Paste a token of your own to act as yourself.",
        ),
        _ => None,
    }
}

/// Whether somebody has to do something before programs reach the workspace.
pub(crate) fn asks(status: &PatStatus) -> bool {
    let is_there = status.workspace_host.is_some();
    is_there
        && status.on_behalf.is_none()
        && matches!(
            status.state,
            CredentialState::None | CredentialState::Refused
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::credential::Forwarded;

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let status = PatStatus {
            configured: true,
            valid: true,
            state: CredentialState::Good,
            workspace_host: Some("adb-1.net".to_owned()),
            user: Some("ana@example.com".to_owned()),
            source: Some(CredentialSource::Page),
            since_ms: Some(1_000_000),
            until_ms: Some(1_900_000),
            ..PatStatus::default()
        };
        let facts = facts(&status, 1_120_000.0);
        let names: Vec<_> = facts.iter().map(|(name, _)| *name).collect();
        let expected = [
            "Workspace",
            "Signed in as",
            "By",
            "State",
            "Made",
            "Good for",
        ];
        assert_eq!(names, expected);
        assert_eq!(facts[4].1, "2 min ago");
        assert_eq!(facts[5].1, "13 min");
        assert_eq!(advice(&status), None);
        assert!(!asks(&status));
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_a_workspace_and_none() {
        let nowhere = PatStatus::default();
        assert!(!asks(&nowhere));
        let status = PatStatus {
            workspace_host: Some("adb-1.net".to_owned()),
            ..PatStatus::default()
        };
        assert!(asks(&status) && advice(&status).is_some());
        let by_the_proxy = PatStatus {
            on_behalf: Some(Forwarded {
                user: "ana@example.com".to_owned(),
                until_ms: 3_600_000,
            }),
            ..status.clone()
        };
        assert!(!asks(&by_the_proxy) && advice(&by_the_proxy) != advice(&status));
        let told = facts(&by_the_proxy, 0.0)[1].1.clone();
        assert_eq!(
            told,
            "ana@example.com, by the sign-in in front, for 1 h and as long as the page is open"
        );
    }
}

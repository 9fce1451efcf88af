//! All files of a home: which are written, which wait, and what is said of those that are left.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use tempfile::TempDir;

use super::*;

fn home(folders: &[&str]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for folder in folders {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    home
}

const ALL: [&str; 5] = [
    ".claude",
    ".codex",
    ".gemini",
    ".config/opencode",
    ".hermes",
];

fn done(outcomes: &[Outcome], path: &str) -> String {
    let outcome = outcomes
        .iter()
        .find(|outcome| outcome.path == path)
        .unwrap();
    match &outcome.done {
        Done::Written => "written".to_owned(),
        Done::Same => "same".to_owned(),
        Done::Skipped(why) => format!("skipped: {why}"),
        Done::Failed(why) => format!("failed: {why}"),
    }
}

/// What is in a home, with its modes.
fn files(folder: &Path) -> Vec<(String, u32, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let mode = fs::metadata(&path).unwrap().mode() & 0o777;
            all.push((
                path.display().to_string(),
                mode,
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    all.sort();
    all
}

/// What has nothing to say with these settings.
const NOTHING_YET: [&str; 2] = [".codex/.env", ".config/git/config"];

#[test]
fn every_tool_is_written_once_and_then_left() {
    let home = home(&ALL);
    let with = settings("w.example");
    let first = apply(home.path(), &with);
    assert_eq!(first.len(), SINKS.len());
    for outcome in &first {
        let is_nothing = matches!(outcome.done, Done::Skipped(Why::Nothing));
        assert!(
            matches!(outcome.done, Done::Written)
                || is_nothing && NOTHING_YET.contains(&outcome.path),
            "{outcome:?}"
        );
    }
    let written = files(home.path());
    for (path, mode, _) in &written {
        assert_eq!(*mode, 0o600, "{path}");
    }
    // Where a tool can ask for the token, it has none.
    let with_token = written
        .iter()
        .filter(|(_, _, text)| text.contains(TOKEN))
        .map(|(path, ..)| path);
    let names = [
        ".databrickscfg",
        ".gemini/.env",
        ".hermes/config.yaml",
        ".local/share/opencode/auth.json",
    ];
    let expected: Vec<String> = names
        .iter()
        .map(|name| home.path().join(name).display().to_string())
        .collect();
    assert_eq!(with_token.cloned().collect::<Vec<_>>(), expected);
    let places = |home: &Path| {
        files(home)
            .iter()
            .map(|(path, ..)| fs::metadata(path).unwrap().ino())
            .collect::<Vec<_>>()
    };
    let before = places(home.path());
    let second = apply(home.path(), &with);
    assert!(
        second
            .iter()
            .all(|outcome| matches!(outcome.done, Done::Same | Done::Skipped(Why::Nothing))),
        "{second:?}"
    );
    assert_eq!(places(home.path()), before);
}

#[test]
fn another_token_is_put_in_the_place_of_the_last_and_leaves_no_trace_of_it() {
    let home = home(&ALL);
    apply(home.path(), &settings("w.example"));
    let before = files(home.path());
    apply(home.path(), &settings_with("w.example", "dapi-fresh-one"));
    let replaced = |(path, mode, text): &(String, u32, String)| {
        (path.clone(), *mode, text.replace(TOKEN, "dapi-fresh-one"))
    };
    assert_eq!(
        files(home.path()),
        before.iter().map(replaced).collect::<Vec<_>>()
    );
}

#[test]
fn a_tool_that_comes_later_is_caught_up() {
    let home = home(&[]);
    let with = settings("w.example");
    let outcomes = apply(home.path(), &with);
    assert_eq!(done(&outcomes, ".databrickscfg"), "written");
    assert_eq!(
        done(&outcomes, ".codex/config.toml"),
        "skipped: the tool is not installed yet"
    );
    assert!(!home.path().join(".codex").exists());
    fs::create_dir(home.path().join(".codex")).unwrap();
    assert_eq!(
        done(&apply(home.path(), &with), ".codex/config.toml"),
        "written"
    );
    let outcomes = install(home.path(), Tool::OpenCode, &with);
    assert_eq!(outcomes.len(), 2);
    assert_eq!(
        done(&outcomes, ".local/share/opencode/auth.json"),
        "written"
    );
    assert!(!home.path().join(".gemini").exists());
}

#[test]
fn what_cannot_be_read_is_left_and_said_and_the_rest_goes_on() {
    let home = home(&ALL);
    let bad = "{ \"env\": dapi-of-the-user";
    fs::write(home.path().join(".claude/settings.json"), bad).unwrap();
    fs::create_dir(home.path().join(".gitconfig")).unwrap();
    let outcomes = apply(home.path(), &settings("w.example"));
    assert_eq!(
        done(&outcomes, ".claude/settings.json"),
        "failed: not readable as JSON (line 1): correct it, or move it away"
    );
    assert_eq!(
        done(&outcomes, ".claude.json"),
        "skipped: another file of this tool was left as it is"
    );
    assert_eq!(done(&outcomes, ".gitconfig"), "failed: not a regular file");
    assert_eq!(done(&outcomes, ".hermes/config.yaml"), "written");
    assert_eq!(
        fs::read_to_string(home.path().join(".claude/settings.json")).unwrap(),
        bad
    );
    assert!(!format!("{outcomes:?}").contains("dapi"));
}

#[test]
fn a_tool_that_is_pointed_elsewhere_gets_no_token() {
    let home = home(&ALL);
    fs::write(home.path().join(".gemini/.env"), "GEMINI_API_KEY=AIza\n").unwrap();
    let foreign = r#"{"provider": {"databricks": {"options": {"baseURL": "https://evil.tld"}}}}"#;
    fs::write(home.path().join(".config/opencode/opencode.jsonc"), foreign).unwrap();
    let outcomes = apply(home.path(), &settings("w.example"));
    for path in [".gemini/settings.json", ".local/share/opencode/auth.json"] {
        assert_eq!(
            done(&outcomes, path),
            "skipped: another file of this tool was left as it is"
        );
        assert!(!home.path().join(path).exists());
    }
    assert!(
        done(&outcomes, ".config/opencode/opencode.jsonc")
            .starts_with("skipped: provider.databricks")
    );
}

#[test]
fn a_token_that_others_can_read_is_hidden_even_if_nothing_else_changes() {
    let home = home(&ALL);
    let with = settings("w.example");
    apply(home.path(), &with);
    for name in [".databrickscfg", ".claude/settings.json"] {
        fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let outcomes = apply(home.path(), &with);
    assert_eq!(done(&outcomes, ".databrickscfg"), "written");
    assert_eq!(done(&outcomes, ".claude/settings.json"), "same");
    assert_eq!(
        fs::metadata(home.path().join(".databrickscfg"))
            .unwrap()
            .mode()
            & 0o777,
        0o600
    );
}

#[test]
fn a_look_says_what_would_be_written() {
    let (home, with) = (home(&ALL), settings("w.example"));
    apply(home.path(), &with);
    for path in paths() {
        let text = merge(path, None, &with).unwrap().unwrap();
        let written = fs::read_to_string(home.path().join(path));
        assert!(
            written.is_ok_and(|written| written == text)
                || text.is_empty()
                || path.ends_with("jsonc"),
            "{path}"
        );
    }
    assert!(merge("x", None, &with).is_none());
}

#[test]
fn a_link_of_a_dotfile_manager_stays() {
    let home = home(&[".codex", "dotfiles"]);
    fs::write(home.path().join("dotfiles/codex"), "# mine\n").unwrap();
    std::os::unix::fs::symlink("../dotfiles/codex", home.path().join(".codex/config.toml"))
        .unwrap();
    apply(home.path(), &settings("w.example"));
    assert!(
        fs::symlink_metadata(home.path().join(".codex/config.toml"))
            .unwrap()
            .is_symlink()
    );
    let text = fs::read_to_string(home.path().join("dotfiles/codex")).unwrap();
    assert!(
        text.contains("# mine\n") && text.contains("[model_providers.databricks.auth]"),
        "{text}"
    );
}

#[test]
fn what_is_no_token_is_never_written() {
    let models = Models::embedded().unwrap();
    let endpoints = Endpoints::new(Host::parse("w.example").unwrap());
    for bad in ["x\"}", "#x", "$(id)", "=="] {
        let made = Settings::new(endpoints.clone(), Secret::new(bad).unwrap(), models.clone());
        assert_eq!(made.err(), Some(BadSetting::Token));
    }
    for bad in ["", "a b", "./x", "-x", "x;y", "x\ny"] {
        assert!(Program::new(bad).is_err(), "{bad}");
    }
    assert!(ProfileName::new("a]b").is_err());
    assert!(!format!("{:?}", settings("w.example")).contains(TOKEN));
}

//! The shells' integration with real shells and a user's files of many kinds. What the shells print is
//! read raw: `␛` is the escape, `␇` the bell.

use std::path::{Path, PathBuf};

use bowline_protocol::frame::{CommandMark, Event};
use bowline_protocol::ids::ServerId;
use bowline_terminal::{CreateSession, Exit, Links, Options, SessionId, Sessions};
use tempfile::TempDir;

use crate::support::{Page, World};

/// A user with files of their own, in a shell.
struct User {
    home: TempDir,
    sessions: Sessions,
    page: Page,
    session: SessionId,
    /// How far was read.
    read: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Integration {
    On,
    Off,
}

impl User {
    /// Logs in with a shell.
    async fn logs_in(shell: &str, files: &[(&str, &str)]) -> Self {
        Self::logs_in_with(shell, files, Integration::On).await
    }

    async fn logs_in_with(shell: &str, files: &[(&str, &str)], integration: Integration) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let scripts = home.path().join("Bowline's scripts");
        let sessions = Sessions::new(Options {
            shell_integration: Some(scripts).filter(|_| integration == Integration::On),
            projects_dir: Some(home.path().to_owned()),
            env_set: vec![
                ("HOME".into(), text(home.path())),
                ("SHELL".into(), text(&program(shell))),
                ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
                ("BOWLINE_BIN".into(), "/opt/bowline/bowline".into()),
                ("PS1".into(), "$ ".into()),
            ],
            ..Options::default()
        });
        let links = Links::new(sessions.clone(), ServerId::from_bytes([9; 16]));
        let created = sessions.create(CreateSession::default()).await;
        let session = created.expect("a session").session;
        let world = World { sessions, links };
        let mut page = world.page(1);
        page.attach(session).await;
        Self {
            home,
            sessions: world.sessions,
            page,
            session,
            read: 0,
        }
    }

    /// Everything printed up to a text, from where the last such call ended.
    async fn reads(&mut self, text: &str) -> String {
        let from = self.read;
        let what = format!("{text:?}");
        let mut end = None;
        let text = raw(text);
        let find = |seen: &str| Some(from + seen.get(from..)?.find(&text)? + text.len());
        self.page
            .until(self.session, &what, |seen| {
                end = find(&seen.text());
                end.is_some()
            })
            .await;
        self.read = end.expect("it was found");
        let all = self.page.known.of(self.session).text();
        shown(&all[from..self.read])
    }

    async fn types(&mut self, line: &str) {
        self.page
            .type_in(self.session, format!("{line}\r").into_bytes())
            .await;
    }

    /// Types a line and reads up to the next prompt.
    async fn runs(&mut self, line: &str) -> String {
        self.types(line).await;
        self.reads("␛]133;A␇").await
    }

    async fn ends(mut self) -> (Exit, String, TempDir) {
        self.types("exit 5").await;
        let exit = self.page.exit_of(self.session).await;
        let all = self.page.known.of(self.session).text();
        (exit, shown(&all), self.home)
    }
}

/// Where a shell is. One that is not installed is a failure: these tests are about real ones.
fn program(shell: &str) -> PathBuf {
    ["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(shell))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{shell} is not installed: `cargo xtask test tools` does it"))
}

fn raw(text: &str) -> String {
    text.replace('␛', "\x1b").replace('␇', "\x07")
}

fn shown(text: &str) -> String {
    text.replace('\x1b', "␛").replace('\x07', "␇")
}

#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part) else {
            panic!("{part:?} is not in its place in {text:?}");
        };
        rest = &rest[at + part.len()..];
    }
}

#[tokio::test]
async fn every_shell_marks_prompts_commands_and_folders() {
    for shell in ["bash", "zsh", "fish"] {
        let files = [(".zshrc", ""), ("a b%ü/file", "")];
        let mut user = User::logs_in(shell, &files).await;
        user.reads("␛]133;A␇").await;
        let said = user.runs("sh -c 'exit 3'").await;
        in_order(&said, &["␛]133;C␇", "␛]133;D;3␇", "␛]133;A␇"]);
        let said = user.runs("cd 'a b%ü'").await;
        in_order(&said, &["␛]133;C␇", "/a%20b%25%C3%BC␇", "␛]133;A␇"]);
        assert!(said.contains("␛]7;file://"), "{said:?}");
        assert!(said.contains("␛]133;D;0␇"), "{said:?}");
        // Nothing but a new prompt.
        let said = user.runs("").await;
        assert!(!said.contains("133;D"), "{shell}: {said:?}");
        let said = user.runs("echo \"in $PATH\"").await;
        assert!(said.contains("/opt/bowline"), "{shell}: {said:?}");
        assert_eq!(user.ends().await.0, Exit::Code(5), "{shell}");
    }
}

#[tokio::test]
async fn bash_stays_the_login_shell_it_is() {
    let profile = "echo profile $0\n[[ -f ~/.bashrc ]] && . ~/.bashrc\n";
    let files = [
        (".bash_profile", profile),
        (".profile", "echo never\n"),
        (".bashrc", "echo rc\ndeclare -A map=([a]=found)\n"),
        (".bash_logout", "echo logged out\n"),
    ];
    let mut user = User::logs_in("bash", &files).await;
    let said = user.reads("␛]133;A␇").await;
    in_order(&said, &["profile -bash", "rc"]);
    assert!(!said.contains("never"), "{said:?}");
    let said = user
        .runs("shopt -q login_shell && echo login ${map[a]} ${HISTFILE##*/}")
        .await;
    assert!(said.contains("login found .bash_history"), "{said:?}");
    let said = user.runs("set -o | grep posix; echo [${ENV-unset}]").await;
    in_order(&said, &["posix", "off", "[unset]"]);
    let (exit, said, home) = user.ends().await;
    assert_eq!(exit, Exit::Code(5));
    assert!(said.contains("logged out"), "{said:?}");
    for (name, text) in files {
        let kept = std::fs::read_to_string(home.path().join(name));
        assert_eq!(kept.expect("it is there"), text);
    }
}

#[tokio::test]
async fn zsh_reads_all_files_of_the_user_from_where_they_are() {
    let said = "echo \"${${(%):-%N}:t} [${ZDOTDIR-unset}]\"\n";
    let zshenv = format!("{said}ZDOTDIR=~/z\n");
    let files = [
        (".zshenv", zshenv.as_str()),
        ("z/.zprofile", said),
        ("z/.zshrc", said),
        ("z/.zlogin", said),
    ];
    let mut user = User::logs_in("zsh", &files).await;
    let said = user.reads("␛]133;A␇").await;
    in_order(
        &said,
        &[
            ".zshenv [unset]",
            ".zprofile [",
            "/z]",
            ".zshrc [",
            ".zlogin [",
        ],
    );
    let said = user.runs("set -o | grep '^login'").await;
    assert!(said.contains("on"), "{said:?}");
    assert_eq!(user.ends().await.0, Exit::Code(5));
}

#[tokio::test]
async fn strict_options_and_hooks_of_the_user_are_survived_and_kept() {
    let strict = "set -u\nset -e\n";
    let bash =
        format!("{strict}PROMPT_COMMAND='echo \"before $?\"'\ntrap 'last=$BASH_COMMAND' DEBUG\n");
    let list = "PROMPT_COMMAND=('echo one $?' 'echo two $?' 'PS1=\"new> \"')\n";
    let zsh =
        format!("{strict}alias local=false builtin=false\nprecmd() {{ echo \"before $?\"; }}\n");
    for (shell, file, text, expected) in [
        ("bash", ".bash_profile", bash.as_str(), &["before 1"][..]),
        ("bash", ".bash_profile", list, &["one 1", "two 1"]),
        ("zsh", ".zshrc", zsh.as_str(), &["before 1"]),
    ] {
        let mut user = User::logs_in(shell, &[(file, text)]).await;
        user.reads("␛]133;A␇").await;
        // A status of 1 that `set -e` lets pass.
        let said = user.runs("! true").await;
        in_order(&said, &["␛]133;C␇"]);
        in_order(&said, expected);
        in_order(&said, &["␛]133;D;1␇", "␛]133;A␇"]);
        let said = user.runs("(exec bash --norc -c 'echo nested')").await;
        in_order(&said, &["nested", "␛]133;D;0␇"]);
        let (exit, said, _) = user.ends().await;
        assert_eq!(exit, Exit::Code(5), "{shell} {text}");
        assert!(!said.contains("__bowline"), "{said:?}");
        assert!(
            !said.contains("unbound") && !said.contains("not set"),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_trap_of_the_user_still_sees_every_command() {
    let profile = "trap 'printf \"<%s>\" \"$BASH_COMMAND\"' DEBUG\n";
    let mut user = User::logs_in("bash", &[(".bash_profile", profile)]).await;
    user.reads("␛]133;A␇").await;
    let said = user.runs("echo hello").await;
    in_order(&said, &["␛]133;C␇", "<echo hello>", "hello", "␛]133;D;0␇"]);
}

#[tokio::test]
async fn marks_of_the_users_own_are_not_doubled() {
    let bash =
        "mark() { printf '\\e]133;A\\a\\e]7;file://h%s\\a' \"$PWD\"; }\nPROMPT_COMMAND=mark\n";
    let zsh = "precmd() { print -n '\\e]133;A\\a\\e]7;file://h/\\a' }\n";
    let fish =
        "function mark --on-event fish_prompt; printf '\\e]133;A\\a\\e]7;file://h/\\a'; end\n";
    for (shell, file, text) in [
        ("bash", ".bash_profile", bash),
        ("zsh", ".zshrc", zsh),
        ("fish", ".config/fish/config.fish", fish),
    ] {
        let mut user = User::logs_in(shell, &[(file, text)]).await;
        user.reads("␛]133;A␇").await;
        let said = user.runs("echo hello").await;
        assert!(
            !said.contains("133;D") && !said.contains("133;C"),
            "{said:?}"
        );
        let (_, said, _) = user.ends().await;
        assert_eq!(said.matches("133;A").count(), 2, "{shell} {said:?}");
        assert_eq!(said.matches("]7;file").count(), 2, "{shell} {said:?}");
    }
}

#[tokio::test]
async fn the_integration_can_be_left_off() {
    for shell in ["bash", "zsh", "fish"] {
        let files = [(".zshrc", "")];
        let mut user = User::logs_in_with(shell, &files, Integration::Off).await;
        user.types("echo 42$TERM").await;
        user.reads("42xterm-256color").await;
        let (_, said, home) = user.ends().await;
        assert!(!said.contains("133;"), "{said:?}");
        assert!(!home.path().join("Bowline's scripts").exists());
    }
}

#[tokio::test]
async fn marks_become_the_ends_of_commands() {
    let mut user = User::logs_in("bash", &[]).await;
    user.reads("␛]133;A␇").await;
    user.runs("(exit 7)").await;
    let session = user.session;
    let ended = |event: &Event| {
        let Event::Command { mark, .. } = event else {
            return false;
        };
        matches!(
            mark,
            CommandMark::Ended {
                status: Some(7),
                ..
            }
        )
    };
    let seen = &mut user.page;
    seen.until(session, "the command's end", |seen| {
        seen.events.iter().any(ended)
    })
    .await;
    let info = user.sessions.get(session).expect("it runs").info();
    let last = info.last_command.expect("one ended");
    assert_eq!(last.status, Some(7));
    let home = user.home.path().canonicalize().expect("it is there");
    assert_eq!(info.cwd, Some(home));
}

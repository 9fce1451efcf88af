//! Blocks put in and taken out of any text, and what shells make of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use proptest::prelude::*;

use super::block::Rest;
use super::*;

const SHELL: RcFile = RcFile::new(".bashrc", "shell", "echo one\n");
const OTHER: RcFile = RcFile::new(".bashrc", "oauth", "echo two\n");

fn put(text: Option<&str>, file: RcFile) -> String {
    file.block().put(text).unwrap()
}

#[test]
fn a_block_comes_last_and_is_exchanged_where_it_stands() {
    let text = put(Some("mine"), SHELL);
    assert!(
        text.starts_with("mine\n# >>> bowline shell >>>\n"),
        "{text}"
    );
    assert!(
        text.ends_with("echo one\n# <<< bowline shell <<<\n"),
        "{text}"
    );
    assert_eq!(put(Some(&text), SHELL), text);
    let moved = format!("{text}later\n");
    let newer = RcFile {
        body: "echo three\n",
        ..SHELL
    };
    let exchanged = put(Some(&moved), newer);
    assert_eq!(exchanged, moved.replace("echo one", "echo three"));
}

#[test]
fn of_a_file_that_was_not_there_nothing_is_left_whichever_block_goes_first() {
    let both = put(Some(&put(None, SHELL)), OTHER);
    for [first, second] in [[SHELL, OTHER], [OTHER, SHELL]] {
        let Some(Rest::Text(rest)) = first.block().take(&both).unwrap() else {
            panic!("the other block is left");
        };
        assert_eq!(second.block().take(&rest).unwrap(), Some(Rest::Nothing));
    }
    // Unless somebody wrote into it.
    let Some(Rest::Text(rest)) = SHELL
        .block()
        .take(&format!("{}mine\n", put(None, SHELL)))
        .unwrap()
    else {
        panic!("a line of the user's is left");
    };
    assert_eq!(rest, "mine\n");
    // A file that was there and empty stays there.
    let empty = put(Some(""), SHELL);
    assert_eq!(
        SHELL.block().take(&empty).unwrap(),
        Some(Rest::Text(String::new()))
    );
}

#[test]
fn broken_marks_are_an_error_that_says_where() {
    for text in ["# >>> bowline shell >>>\n", "x\n# <<< bowline shell <<<\n"] {
        assert!(SHELL.block().put(Some(text)).is_err());
        assert!(SHELL.block().take(text).is_err());
    }
}

proptest! {
    #[test]
    fn taking_out_leaves_what_was_there_before(text in "([a-z #'\"\\\\\t\r\u{feff}é]{0,8}\n?){0,6}") {
        let with = put(Some(&text), SHELL);
        let with = put(Some(&with), OTHER);
        prop_assert_eq!(&put(Some(&put(Some(&with), SHELL)), OTHER), &with, "again changes nothing");
        let Some(Rest::Text(rest)) = OTHER.block().take(&with).unwrap() else {
            panic!("the text is left");
        };
        let taken = SHELL.block().take(&rest).unwrap();
        prop_assert_eq!(taken, Some(Rest::Text(text)));
    }
}

#[test]
fn links_are_followed_and_modes_kept() {
    let home = tempfile::tempdir().unwrap();
    let real = home.path().join("dotfiles");
    fs::create_dir(&real).unwrap();
    let real = real.join("bashrc");
    fs::write(&real, "alias ll='ls -l'").unwrap();
    fs::set_permissions(&real, Permissions::from_mode(0o644)).unwrap();
    let path = home.path().join(".bashrc");
    symlink("dotfiles/bashrc", &path).unwrap();
    assert_eq!(write(&path, SHELL).unwrap(), Wrote::Fresh);
    assert_eq!(write(&path, SHELL).unwrap(), Wrote::Same);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert_eq!(take(&path, SHELL).unwrap(), Wrote::Fresh);
    assert_eq!(fs::read(&real).unwrap(), b"alias ll='ls -l'");
    assert_eq!(take(&path, SHELL).unwrap(), Wrote::Same);
}

#[test]
fn a_file_that_is_not_text_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".bashrc");
    fs::write(&path, b"# caf\xe9\n").unwrap();
    assert!(matches!(
        write(&path, SHELL),
        Err(Error::File(file::Error::NotText))
    ));
    assert_eq!(fs::read(&path).unwrap(), b"# caf\xe9\n");
}

/// What a login shell says in a home with our files.
fn bash(home: &Path, script: &str) -> String {
    let out = Command::new("bash")
        .args(["--login", "-i", "-c", script])
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm-256color")
        .env("DATABRICKS_CLIENT_SECRET", "s")
        .current_dir(home)
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

fn install(home: &Path) {
    for step in [Shell::usual(), Shell::without_principal()] {
        for file in step.files.iter().filter(|file| file.only_with.is_none()) {
            write(&home.join(file.path), *file).unwrap();
        }
    }
}

#[test]
fn a_login_shell_finds_what_is_installed_and_keeps_its_history() {
    let home = tempfile::tempdir().unwrap();
    install(home.path());
    let said = bash(
        home.path(),
        r#"echo "[${PATH%%:*}] [${PROMPT_COMMAND[*]}] [$PS1] [${DATABRICKS_CLIENT_SECRET-unset}]"; alias ls"#,
    );
    let bin = home.path().join(".local/bin");
    assert!(
        said.starts_with(&format!("[{}] [history -a] [", bin.display())),
        "{said}"
    );
    assert!(said.contains(r"\u@\h"), "{said}");
    assert!(said.contains("[unset]"), "{said}");
    assert!(said.contains("alias ls='ls --color=auto'"), "{said}");
}

#[test]
fn what_the_user_chose_stands() {
    let home = tempfile::tempdir().unwrap();
    let own = "PS1='mine> '\nPROMPT_COMMAND='true'\nls() { command ls -F \"$@\"; }\n";
    fs::write(home.path().join(".bashrc"), own).unwrap();
    fs::write(
        home.path().join(".profile"),
        "echo from profile\n. ~/.bashrc\n",
    )
    .unwrap();
    install(home.path());
    let said = bash(
        home.path(),
        r#"echo "[$PS1] [${PROMPT_COMMAND[*]}]"; type -t ls"#,
    );
    assert_eq!(said, "from profile\n[mine> ] [true history -a]\nfunction\n");
}

#[test]
fn a_shell_whose_folder_was_made_anew_is_in_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    install(home.path());
    let script = r#"mkdir gone; cd gone; rmdir ../gone; mkdir ../gone; touch ../gone/new; unset __bowline_shell; . ~/.bashrc; ls
        cd ..; mkdir lost; cd lost; rmdir ../lost; unset __bowline_shell; . ~/.bashrc; pwd"#;
    let said = bash(home.path(), script);
    assert_eq!(said, format!("new\n{}\n", home.path().display()));
}

#[test]
fn zsh_reads_its_file_without_complaint() {
    let has_zsh = Command::new("zsh").arg("--version").output().is_ok();
    if !has_zsh {
        // Where the journeys run it is there.
        return;
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".zshrc"), ZSHRC).unwrap();
    let out = Command::new("zsh")
        .args(["-i", "-c", r#"print -r -- "${PATH%%:*} $PROMPT $HISTFILE"; [[ -o inc_append_history ]] && print appended"#])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path())
        .output()
        .unwrap();
    let (said, wrong) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    let home = home.path().display();
    assert_eq!(wrong, "");
    assert_eq!(
        said,
        format!(
            "{home}/.local/bin %B%F{{green}}%n@%m%f%b:%B%F{{blue}}%~%f%b%#  {home}/.zsh_history\nappended\n"
        )
    );
}

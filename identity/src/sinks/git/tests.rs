//! The block in `~/.gitconfig`, and what real git reads of it.

use std::process::Command;

use proptest::prelude::*;

use super::super::tests::settings;
use super::*;

const FRESH: &str = "# >>> bowline git >>>\n[credential \"https://w.example\"]\n\thelper =\n\thelper = !bowline git-credential\n# <<< bowline git <<<\n";

fn merged(old: &str) -> Result<String, Left> {
    let new = merge(Some(old), &settings("w.example"))?;
    assert_eq!(
        merge(Some(&new), &settings("w.example")).as_deref(),
        Ok(new.as_str()),
        "twice: {old:?}"
    );
    Ok(new)
}

/// What git itself answers; none if it can't read the file.
fn git(text: &str, args: &[&str]) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    std::fs::write(&path, text).unwrap();
    let output = Command::new("git")
        .arg("config")
        .arg("--file")
        .arg(&path)
        .args(args)
        .output()
        .unwrap();
    // One that finds nothing ends with 1.
    let is_read = output.status.code().is_some_and(|code| code <= 1);
    is_read.then(|| String::from_utf8(output.stdout).unwrap())
}

fn helpers(text: &str) -> Vec<String> {
    let all = git(text, &["--get-all", "credential.https://w.example.helper"]).unwrap();
    all.lines().map(str::to_owned).collect()
}

#[test]
fn the_block_is_put_at_the_end_and_stays_there() {
    assert_eq!(merge(None, &settings("w.example")).as_deref(), Ok(FRESH));
    for old in [
        "",
        "[user]\n\tname = Ä # me\n",
        "[user]\n\tname = x",
        "# mine\n[core]\n  editor = \"vi \\\"x\\\"\"\n[alias]\n\tl = log \\\n\t\t--oneline\n",
        "[credential]\n\thelper = store\n",
    ] {
        let new = merged(old).unwrap();
        assert!(new.starts_with(old) && new.ends_with(FRESH), "{new}");
        assert_eq!(helpers(&new), ["", "!bowline git-credential"]);
        assert!(
            git(&new, &["--list"])
                .unwrap()
                .starts_with(&git(old, &["--list"]).unwrap())
        );
    }
    let new = merged("\u{feff}[user]\r\n\tname = x\r\n").unwrap();
    assert!(
        new.starts_with('\u{feff}') && new.matches('\n').count() == new.matches("\r\n").count()
    );
}

#[test]
fn it_moves_behind_helpers_that_came_later() {
    let later = format!("[a]\n\tb = c\n\n{FRESH}[user]\n\tname = x\n");
    assert_eq!(merged(&later).as_deref(), Ok(later.as_str()));
    let old = format!("[a]\n\tb = c\n\n{FRESH}[credential]\n\thelper = store\n");
    let new = merged(&old).unwrap();
    assert_eq!(
        new,
        format!("[a]\n\tb = c\n\n[credential]\n\thelper = store\n\n{FRESH}")
    );
}

#[test]
fn what_git_put_into_it_stays() {
    let old = FRESH.replace("git-credential\n#", "git-credential\n\tusername = me\n#");
    let new = merged(&old).unwrap();
    assert_eq!(
        new,
        format!("[credential \"https://w.example\"]\n\tusername = me\n{FRESH}")
    );
}

#[test]
fn another_workspace_takes_the_place_of_the_last() {
    let old = merged("[a]\n\tb = c\n").unwrap();
    let new = merge(Some(&old), &settings("v.example")).unwrap();
    assert_eq!(new, old.replace("w.example", "v.example"));
}

#[test]
fn several_hosts_are_named_each_once() {
    let mut with = settings("w.example");
    with.git_hosts = vec![
        Host::parse("git.example:8443").unwrap(),
        Host::parse("w.example").unwrap(),
    ];
    let text = merge(None, &with).unwrap();
    assert_eq!(text.matches("[credential").count(), 2);
    let all = git(
        &text,
        &["--get-all", "credential.https://git.example:8443.helper"],
    )
    .unwrap();
    assert_eq!(all, "\n!bowline git-credential\n");
}

#[test]
fn real_git_asks_the_helper_for_that_host_alone() {
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join("helper");
    let script =
        "#!/bin/sh\n[ \"$2\" = get ] && echo username=token && echo password=ours\nexit 0\n";
    std::fs::write(&helper, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&helper, mode).unwrap();
    let mut with = settings("w.example");
    with.bowline = super::super::Program::new(helper.to_str().unwrap()).unwrap();
    let store = home.path().join("store");
    let old = format!(
        "[credential]\n\thelper = store --file={}\n",
        store.display()
    );
    std::fs::write(
        home.path().join(".gitconfig"),
        merge(Some(&old), &with).unwrap(),
    )
    .unwrap();
    let ask = |verb: &str, host: &str| {
        let (input, writer) = std::io::pipe().unwrap();
        let query = format!("protocol=https\nhost={host}\nusername=token\npassword=ours\n\n");
        let query = if verb == "fill" {
            format!("protocol=https\nhost={host}\n\n")
        } else {
            query
        };
        std::io::Write::write_all(&mut { writer }, query.as_bytes()).unwrap();
        let mut command = Command::new("git");
        command
            .args(["credential", verb])
            .stdin(input)
            .env("HOME", home.path());
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_ASKPASS");
        command
            .env_remove("SSH_ASKPASS")
            .env_remove("XDG_CONFIG_HOME");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(ask("fill", "w.example").contains("password=ours"));
    for other in [
        "w.example.evil.tld",
        "evil.tld",
        "x.w.example",
        "w.example:8443",
    ] {
        assert!(!ask("fill", other).contains("ours"), "{other}");
    }
    ask("approve", "w.example");
    assert!(!store.exists(), "another helper was given the token");
}

#[test]
fn what_git_cannot_read_is_left_alone() {
    for bad in [
        "[user\n",
        "[user]\n\t1a = x\n",
        "[user]\n\tname = \"x\n",
        "[user]\n\tname = \\x\n",
        "[user \"x]\n",
        "[us er]\n",
        "[user]\n\tna_me = x\n",
    ] {
        assert!(merged(bad).is_err(), "{bad:?}");
        assert_eq!(git(bad, &["--list"]), None, "{bad:?}");
    }
    // The first git takes for a variable of no section, which means nothing to it.
    for bad in [
        "name = x\n",
        "# >>> bowline git >>>\n[a]\n",
        "# <<< bowline git <<<\n",
    ] {
        assert!(merged(bad).is_err(), "{bad:?}");
    }
}

proptest! {
    // Each one starts git four times.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_other_line_stays(text in "(\\[[a-z]{1,3}( \"[a-zä ]{0,3}\")?\\]\r?\n(\t[a-z]{1,3}( = [ -~ä]{0,6})?\r?\n){0,3}|#[a-z]*\n|\n){0,5}") {
        if let Ok(new) = merged(&text) {
            prop_assert!(new.starts_with(&text));
            // Whatever we take for readable, git does.
            let (old, new) = (git(&text, &["--list"]), git(&new, &["--list"]));
            prop_assert!(old.is_some(), "{:?}", text);
            prop_assert!(new.unwrap().starts_with(&old.unwrap()));
        }
    }
}

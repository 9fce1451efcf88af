//! Projects go to a store at a commit, and come back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bowline_double::{Fault, Times};
use bowline_sync::project::{Error, Over, Project, Sent, restore, send};
use tempfile::TempDir;

use crate::far::{Far, read, write};

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    let ours = [
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@example.com",
        "-C",
    ];
    command.args(ours).arg(folder).args(arguments);
    let done = command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(
        folder,
        &["commit", "--quiet", "--allow-empty", "-m", "work"],
    );
}

/// A home with one repository.
struct Home {
    home: TempDir,
    root: PathBuf,
}

impl Home {
    fn new(name: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("projects").join(name);
        fs::create_dir_all(&root).unwrap();
        git(&root, &["init", "--quiet"]);
        Self { home, root }
    }

    async fn send(&self, far: &Far) -> Result<Sent, Error> {
        let project = Project::find(self.home.path(), &self.root).await?;
        send(&project, &*far.store).await
    }
}

#[tokio::test]
async fn a_project_comes_back_as_it_was_committed_without_what_is_ignored() {
    for far in Far::each().await {
        let home = Home::new("one");
        write(&home.root, ".gitignore", "*.log\n/target\n");
        write(&home.root, ".databricksignore", "data/\n!data/kept.csv\n");
        write(&home.root, "src/main.rs", "fn main() {}\n");
        write(
            &home.root,
            "nb.py",
            "# Databricks notebook source\nprint(1)\n",
        );
        write(&home.root, "run.sh", "#!/bin/sh\n");
        write(&home.root, "a.log", "no");
        write(&home.root, "target/x", "no");
        write(&home.root, "data/large.csv", "no");
        write(&home.root, "deep/.databricksignore", "*.tmp\n");
        write(&home.root, "deep/x.tmp", "no");
        write(&home.root, "x.tmp", "yes");
        fs::set_permissions(home.root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", home.root.join("link")).unwrap();
        commit(&home.root);
        let sent = home.send(&far).await.unwrap();
        assert_eq!(sent.left, ["link: a link, or a repository of its own"]);
        let expected = [
            ".bowline.json",
            ".databricksignore",
            ".gitignore",
            "deep/.databricksignore",
            "nb.py",
            "run.sh",
            "src/main.rs",
            "x.tmp",
        ];
        let expected = expected.map(|name| format!("projects/one/{name}"));
        assert_eq!(far.names("projects").await, expected);

        let after = tempfile::tempdir().unwrap();
        let back = restore(after.path(), &*far.store, "one", Over::No)
            .await
            .unwrap();
        assert_eq!((back.files, back.left), (7, vec![]));
        for name in ["src/main.rs", "nb.py", "run.sh", "x.tmp", ".gitignore"] {
            assert_eq!(read(&back.path, name), read(&home.root, name), "{name}");
        }
        let mode = |name: &str| {
            fs::metadata(back.path.join(name))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(
            (mode("run.sh") & 0o777, mode("nb.py") & 0o777),
            (0o755, 0o644)
        );
        assert!(!back.path.join(".git").exists() && !back.path.join("link").exists());
    }
}

#[tokio::test]
async fn only_changes_are_carried_and_removals_are_too() {
    for far in Far::each().await {
        let home = Home::new("one");
        write(&home.root, "a.txt", "a");
        write(&home.root, "deep/er/b.txt", "b");
        write(&home.root, "c", "a file");
        commit(&home.root);
        assert_eq!(home.send(&far).await.unwrap().sent, 3);
        let again = home.send(&far).await.unwrap();
        assert_eq!((again.sent, again.removed, again.same), (0, 0, 3));
        // What somebody else put there stays.
        far.put("projects/one/theirs.txt", "theirs").await;
        fs::remove_dir_all(home.root.join("deep")).unwrap();
        fs::remove_file(home.root.join("c")).unwrap();
        write(&home.root, "c/d.txt", "now a folder");
        write(&home.root, "a.txt", "changed");
        commit(&home.root);
        let sent = home.send(&far).await.unwrap();
        assert_eq!((sent.sent, sent.removed, sent.left), (2, 2, vec![]));
        assert_eq!(far.text("projects/one/a.txt").await.unwrap(), "changed");
        let expected = [".bowline.json", "a.txt", "c/d.txt", "theirs.txt"];
        let expected = expected.map(|name| format!("projects/one/{name}"));
        assert_eq!(far.names("projects").await, expected);
        // And back to a file.
        fs::remove_dir_all(home.root.join("c")).unwrap();
        write(&home.root, "c", "a file");
        commit(&home.root);
        assert_eq!(home.send(&far).await.unwrap().left, [""; 0]);
        assert_eq!(far.text("projects/one/c").await.unwrap(), "a file");
    }
}

#[tokio::test]
async fn two_repositories_of_one_name_and_a_strangers_folder_are_kept_apart() {
    for far in Far::each().await {
        far.put("projects/strange/x.txt", "theirs").await;
        for (name, address, expected) in [
            (
                "one",
                "https://ana:secret@git.example/a/one.git",
                "projects/one",
            ),
            ("one", "https://git.example/b/one", "projects/one-2"),
            // The same one in a fresh home, cloned by another address of it.
            ("one", "https://git.example/a/one/", "projects/one"),
            (
                "strange",
                "https://git.example/strange",
                "projects/strange-2",
            ),
            ("team/one", "https://git.example/c/one", "projects/team/one"),
            // Around another one.
            ("team", "https://git.example/team", "projects/team"),
        ] {
            let home = Home::new(name);
            git(&home.root, &["remote", "add", "origin", address]);
            write(&home.root, "x.txt", address);
            commit(&home.root);
            let sent = home.send(&far).await.unwrap();
            assert_eq!(sent.place.as_str(), expected);
            let index = far.text(&format!("{expected}/.bowline.json")).await;
            assert!(!index.unwrap().contains("secret"));
        }
        assert_eq!(far.text("projects/strange/x.txt").await.unwrap(), "theirs");
    }
}

#[tokio::test]
async fn nothing_but_projects_is_carried() {
    let far = Far::folder();
    let home = Home::new("one");
    let elsewhere = home.home.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let refused = Project::find(home.home.path(), &elsewhere)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("is in no git repository"),
        "{refused}"
    );
    git(&elsewhere, &["init", "--quiet"]);
    let refused = Project::find(home.home.path(), &elsewhere)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("not below ~/projects"),
        "{refused}"
    );
    // Nor by a link.
    let link = home.home.path().join("projects/link");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    assert!(Project::find(home.home.path(), &link).await.is_err());
    assert!(far.names("projects").await.is_empty());
}

#[tokio::test]
async fn one_that_is_cut_is_made_whole_by_the_next() {
    let far = Far::workspace().await;
    let home = Home::new("one");
    write(&home.root, "gone.txt", "soon");
    commit(&home.root);
    home.send(&far).await.unwrap();
    fs::remove_file(home.root.join("gone.txt")).unwrap();
    for number in 0..30 {
        write(&home.root, &format!("d/{number}.txt"), format!("{number}"));
    }
    commit(&home.root);
    let before = far.imports();
    {
        let sending = std::pin::pin!(home.send(&far));
        let some = async {
            while far.imports() < before + 10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = sending => panic!("{done:?}"),
            () = some => {}
        }
    }
    // Gone again before it was ever known to be there.
    fs::remove_file(home.root.join("d/0.txt")).unwrap();
    commit(&home.root);
    let sent = home.send(&far).await.unwrap();
    assert_eq!(sent.left, [""; 0]);
    let mut expected: Vec<String> = (1..30)
        .map(|number| format!("projects/one/d/{number}.txt"))
        .collect();
    expected.push("projects/one/.bowline.json".to_owned());
    expected.sort();
    assert_eq!(far.names("projects").await, expected);
}

#[tokio::test]
async fn a_workspace_that_fails_leaves_what_is_there_and_says_so() {
    let far = Far::workspace().await;
    let double = far.double.clone().unwrap();
    let home = Home::new("one");
    write(&home.root, "a.txt", "a");
    commit(&home.root);
    home.send(&far).await.unwrap();
    write(&home.root, "a.txt", "changed");
    commit(&home.root);
    double.fault_at(
        "/api/2.0/workspace/import",
        Fault::TooMany { retry_after: 0 },
        Times::Always,
    );
    let error = home.send(&far).await.unwrap_err().to_string();
    assert!(error.contains("saving a file: it answered 429"), "{error}");
    double.heal();
    assert_eq!(far.text("projects/one/a.txt").await.unwrap(), "a");
    home.send(&far).await.unwrap();
    assert_eq!(far.text("projects/one/a.txt").await.unwrap(), "changed");
}

#[tokio::test]
async fn what_is_here_is_written_over_only_where_git_has_it() {
    for far in Far::each().await {
        let home = Home::new("one");
        write(&home.root, "a.txt", "saved");
        write(&home.root, "large.bin", vec![0; (10 << 20) + 1]);
        commit(&home.root);
        let sent = home.send(&far).await.unwrap();
        assert_eq!(sent.left, ["large.bin: larger than 10 MiB"]);
        let back = |over| restore(home.home.path(), &*far.store, "one", over);
        let refused = back(Over::No).await.unwrap_err().to_string();
        assert!(refused.contains("is there already"), "{refused}");
        write(&home.root, "a.txt", "not committed");
        let refused = back(Over::Yes).await.unwrap_err().to_string();
        assert!(refused.contains("not committed"), "{refused}");
        commit(&home.root);
        back(Over::Yes).await.unwrap();
        assert_eq!(read(&home.root, "a.txt").unwrap(), "saved");
        let nothing = restore(home.home.path(), &*far.store, "two", Over::No).await;
        let said = nothing.unwrap_err().to_string();
        assert_eq!(said, "two is not there; there are one");
        for bad in ["../one", "one/.git", ""] {
            let refused = restore(home.home.path(), &*far.store, bad, Over::No).await;
            assert!(refused.is_err(), "{bad}");
        }
    }
}

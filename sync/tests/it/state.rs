//! What agents and shells remember outlives the home.

use std::path::Path;

use bowline_sync::state::{Report, Saved, Way};
use tempfile::TempDir;

use crate::far::{Far, read, write};

const NOTES: &str = ".claude/projects/-home-a/memory/notes.md";
const HISTORY: &str = ".bash_history";

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn saved(home: &Path, far: &Far) -> Saved {
    Saved::new(home, far.store.clone()).unwrap()
}

async fn pass(home: &Path, far: &Far) -> Report {
    saved(home, far).pass(Way::Both).await.unwrap()
}

#[tokio::test]
async fn a_home_that_is_gone_gets_back_what_was_saved_and_nothing_else() {
    for far in Far::each().await {
        let before = home();
        write(before.path(), HISTORY, "ls\ncargo test\n");
        write(
            before.path(),
            NOTES,
            "# Databricks notebook source\nremember\n",
        );
        write(
            before.path(),
            ".claude/projects/-home-a/memory/x.py",
            "# Databricks notebook source\n1\n",
        );
        write(before.path(), ".claude/settings.json", "{}");
        let report = pass(before.path(), &far).await;
        assert_eq!((report.sent, report.left), (3, vec![]));
        // Somebody who could write there still can't have a shell run it.
        far.put(".state/.bashrc", "echo no").await;

        let after = home();
        let restored = saved(after.path(), &far).pass(Way::Restore).await.unwrap();
        assert_eq!(restored.fetched, 3);
        for at in [HISTORY, NOTES, ".claude/projects/-home-a/memory/x.py"] {
            assert_eq!(read(after.path(), at), read(before.path(), at), "{at}");
        }
        assert_eq!(read(after.path(), ".bashrc"), None);
        assert_eq!(read(after.path(), ".claude/settings.json"), None);
        assert_eq!(pass(after.path(), &far).await, Report::default());
        // Who forgets it all finds it the same, and removes nothing.
        bowline_sync::state::forget(after.path()).unwrap();
        assert!(!after.path().join(".local/share/bowline").exists());
        assert_eq!(pass(after.path(), &far).await, Report::default());
    }
}

#[tokio::test]
async fn only_what_changed_is_carried() {
    let far = Far::workspace().await;
    let home = home();
    write(home.path(), HISTORY, "ls\n");
    write(home.path(), NOTES, "one");
    pass(home.path(), &far).await;
    let before = far.imports();
    assert_eq!(pass(home.path(), &far).await, Report::default());
    assert_eq!(far.imports(), before);
    write(home.path(), NOTES, "two");
    assert_eq!(pass(home.path(), &far).await.sent, 1);
    assert_eq!(far.imports(), before + 1);
    assert_eq!(far.text(&format!(".state/{NOTES}")).await.unwrap(), "two");
}

#[tokio::test]
async fn what_is_removed_on_one_side_goes_on_the_other() {
    for far in Far::each().await {
        let (one, two) = (home(), home());
        write(one.path(), HISTORY, "ls\n");
        write(one.path(), NOTES, "one");
        pass(one.path(), &far).await;
        pass(two.path(), &far).await;
        std::fs::remove_file(one.path().join(NOTES)).unwrap();
        assert_eq!(pass(one.path(), &far).await.removed, 1);
        assert_eq!(far.names(".state").await, [format!(".state/{HISTORY}")]);
        assert_eq!(pass(two.path(), &far).await.removed, 1);
        assert_eq!(read(two.path(), NOTES), None);
        assert_eq!(read(two.path(), HISTORY).unwrap(), "ls\n");
    }
}

#[tokio::test]
async fn what_was_changed_is_not_removed_by_a_removal_elsewhere() {
    for far in Far::each().await {
        let (one, two) = (home(), home());
        write(one.path(), NOTES, "one");
        pass(one.path(), &far).await;
        pass(two.path(), &far).await;
        std::fs::remove_file(one.path().join(NOTES)).unwrap();
        write(two.path(), NOTES, "changed");
        pass(one.path(), &far).await;
        pass(two.path(), &far).await;
        pass(one.path(), &far).await;
        assert_eq!(read(one.path(), NOTES).unwrap(), "changed");
    }
}

#[tokio::test]
async fn where_both_sides_changed_both_contents_stay() {
    for far in Far::each().await {
        let (one, two) = (home(), home());
        write(one.path(), NOTES, "one");
        write(one.path(), HISTORY, "ls\n");
        pass(one.path(), &far).await;
        pass(two.path(), &far).await;
        write(one.path(), NOTES, "of one");
        write(one.path(), HISTORY, "ls\nin one\n");
        write(two.path(), NOTES, "of two");
        write(two.path(), HISTORY, "ls\nin two\n");
        pass(one.path(), &far).await;
        let report = pass(two.path(), &far).await;
        assert_eq!(report.both_kept.len(), 1, "{report:?}");
        pass(one.path(), &far).await;
        let copy = ".claude/projects/-home-a/memory/notes.elsewhere-1.md";
        for home in [&one, &two] {
            assert_eq!(read(home.path(), NOTES).unwrap(), "of two");
            assert_eq!(read(home.path(), copy).unwrap(), "of one");
            assert_eq!(read(home.path(), HISTORY).unwrap(), "ls\nin two\nin one\n");
        }
        for home in [&one, &two] {
            assert_eq!(pass(home.path(), &far).await, Report::default());
        }
    }
}

#[tokio::test]
async fn a_shell_that_was_quicker_than_the_restore_loses_nothing() {
    for far in Far::each().await {
        let (before, after) = (home(), home());
        write(before.path(), HISTORY, "long ago\n");
        pass(before.path(), &far).await;
        write(after.path(), HISTORY, "quick\n");
        saved(after.path(), &far).pass(Way::Restore).await.unwrap();
        assert_eq!(read(after.path(), HISTORY).unwrap(), "quick\nlong ago\n");
    }
}

#[tokio::test]
async fn a_pass_that_is_cut_is_made_whole_by_the_next() {
    let far = Far::workspace().await;
    let home = home();
    for number in 0..20 {
        let at = format!(".claude/projects/-home-a/memory/{number}.md");
        write(home.path(), &at, format!("{number}"));
    }
    let mut state = saved(home.path(), &far);
    {
        // As at the end of a server that has no time left.
        let pass = std::pin::pin!(state.pass(Way::Both));
        let some = async {
            while far.imports() < 5 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = pass => panic!("it was not cut"),
            () = some => {}
        }
    }
    let report = pass(home.path(), &far).await;
    assert_eq!((report.left, report.both_kept), (vec![], vec![]));
    assert_eq!(far.names(".state").await.len(), 20);
    assert_eq!(pass(home.path(), &far).await, Report::default());
}

#[tokio::test]
async fn what_is_too_large_or_no_file_is_said_and_the_rest_is_carried() {
    for far in Far::each().await {
        let home = home();
        let memory = home.path().join(".claude/projects/-home-a/memory");
        write(home.path(), NOTES, "one");
        std::fs::write(memory.join("large.bin"), vec![b'x'; (10 << 20) + 1]).unwrap();
        std::fs::write(memory.join("fits.bin"), vec![b'x'; 10 << 20]).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", memory.join("link.md")).unwrap();
        let report = pass(home.path(), &far).await;
        assert_eq!(report.sent, 2);
        assert_eq!(report.left.len(), 2, "{report:?}");
        assert!(
            report
                .left
                .iter()
                .any(|left| left.contains("large.bin: larger than 10 MiB"))
        );
    }
}

#[tokio::test]
async fn what_can_be_carried_no_more_is_not_taken_for_removed() {
    for far in Far::each().await {
        let home = home();
        let at = home.path().join(NOTES);
        write(home.path(), NOTES, "one");
        write(home.path(), HISTORY, "ls\n");
        pass(home.path(), &far).await;
        // As a manager of dotfiles does it.
        std::fs::remove_file(&at).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &at).unwrap();
        let report = pass(home.path(), &far).await;
        assert_eq!((report.removed, report.left.len()), (0, 1), "{report:?}");
        assert_eq!(far.text(&format!(".state/{NOTES}")).await.unwrap(), "one");
    }
}

#[tokio::test]
async fn another_store_gets_all_of_it() {
    let (one, two) = (Far::folder(), Far::folder());
    let home = home();
    write(home.path(), NOTES, "one");
    assert_eq!(pass(home.path(), &one).await.sent, 1);
    assert_eq!(pass(home.path(), &two).await.sent, 1);
    assert_eq!(read(home.path(), NOTES).unwrap(), "one");
}

//! Modes, links and whole replacements, on a real disk.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn replace(path: &Path, text: &str) {
    Held::read(path).unwrap().replace(text).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), text);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    entries.map(name).collect()
}

#[test]
fn a_fresh_file_and_its_folders_are_for_their_owner_alone() {
    let home = home();
    let path = home.path().join("a/b/file");
    replace(&path, "text");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("a")), 0o700);
    assert_eq!(names(path.parent().unwrap()), ["file"]);
}

#[test]
fn a_wide_file_gets_narrow_and_a_narrow_one_stays() {
    let home = home();
    for (before, after) in [
        (0o644, 0o600),
        (0o600, 0o600),
        (0o400, 0o400),
        (0o755, 0o600),
    ] {
        let path = home.path().join(format!("{before:o}"));
        put(&path, "old", before);
        assert_eq!(Held::read(&path).unwrap().is_wide(), before & 0o177 != 0);
        replace(&path, "new");
        assert_eq!(mode(&path), after, "{before:o}");
    }
}

#[test]
fn narrowing_leaves_what_is_in_it() {
    let home = home();
    let path = home.path().join("file");
    put(&path, "text", 0o664);
    Held::read(&path).unwrap().narrow().unwrap();
    assert_eq!(
        (mode(&path), fs::read_to_string(&path).unwrap()),
        (0o600, "text".to_owned())
    );
}

#[test]
fn links_are_followed_and_stay() {
    let home = home();
    let (dotfiles, link, far) = (
        home.path().join("dotfiles"),
        home.path().join("link"),
        home.path().join("far"),
    );
    fs::create_dir(&dotfiles).unwrap();
    put(&dotfiles.join("file"), "old", 0o600);
    symlink("dotfiles/file", &link).unwrap();
    symlink(&link, &far).unwrap();
    let held = Held::read(&far).unwrap();
    assert_eq!(held.text(), Some("old"));
    assert!(!format!("{held:?}").contains("old"));
    replace(&far, "new");
    for path in [&link, &far] {
        assert!(fs::symlink_metadata(path).unwrap().is_symlink());
    }
    assert_eq!(fs::read_to_string(dotfiles.join("file")).unwrap(), "new");
}

#[test]
fn a_link_to_nothing_makes_what_it_stands_for() {
    let home = home();
    let link = home.path().join("link");
    symlink("to/file", &link).unwrap();
    assert_eq!(Held::read(&link).unwrap().text(), None);
    replace(&link, "new");
    assert_eq!(mode(&home.path().join("to/file")), 0o600);
}

#[test]
fn links_that_go_round_are_refused() {
    let home = home();
    let (one, other) = (home.path().join("one"), home.path().join("other"));
    symlink(&other, &one).unwrap();
    symlink(&one, &other).unwrap();
    assert!(matches!(Held::read(&one), Err(Error::Links)));
}

#[test]
fn what_is_no_settings_file_is_refused_at_once() {
    let home = home();
    let (pipe, large, bytes) = (
        home.path().join("pipe"),
        home.path().join("large"),
        home.path().join("bytes"),
    );
    // Opening a pipe for reading would wait for a writer.
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    assert!(matches!(Held::read(&pipe), Err(Error::NotAFile)));
    assert!(matches!(Held::read(home.path()), Err(Error::NotAFile)));
    File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
    assert!(matches!(Held::read(&large), Err(Error::TooLarge)));
    fs::write(&bytes, [0xff, 0xfe]).unwrap();
    assert!(matches!(Held::read(&bytes), Err(Error::NotText)));
    if me() != 0 {
        assert!(matches!(
            Held::read(Path::new("/etc/passwd")),
            Err(Error::NotOurs)
        ));
    }
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_kept() {
    let home = home();
    let path = home.path().join("file");
    let none = Held::read(&path).unwrap();
    put(&path, "theirs", 0o600);
    assert!(matches!(none.replace("ours"), Err(Error::Changed)));
    drop(none);
    let held = Held::read(&path).unwrap();
    put(&home.path().join("other"), "their", 0o600);
    fs::rename(home.path().join("other"), &path).unwrap();
    assert!(matches!(held.replace("ours"), Err(Error::Changed)));
    assert!(matches!(held.narrow(), Err(Error::Changed)));
    drop(held);
    let held = Held::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(held.replace("ours"), Err(Error::Changed)));
    assert_eq!(names(home.path()), Vec::<String>::new());
}

#[test]
fn of_two_who_change_a_file_at_a_time_the_second_waits_and_neither_loses_a_word() {
    let home = home();
    let path = home.path().join("file");
    let held = Held::read(&path).unwrap();
    let (telling, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let held = Held::read(&path).unwrap();
            telling.send(()).unwrap();
            let text = format!("{}second\n", held.text().unwrap_or_default());
            held.replace(&text).unwrap();
        });
        let early = told.recv_timeout(Duration::from_millis(100));
        assert!(early.is_err(), "it has read what is just being changed");
        held.replace("first\n").unwrap();
        drop(held);
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
}

#[test]
fn a_reader_never_sees_half_a_file_nor_a_wide_one() {
    let home = home();
    let path = home.path().join("file");
    let texts = ["a".repeat(100_000), "b".repeat(50_000)];
    replace(&path, &texts[0]);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !is_over.load(Ordering::Relaxed) || seen == 0 {
                let text = fs::read_to_string(&path).unwrap();
                assert!(texts.contains(&text), "{} bytes", text.len());
                for name in names(home.path()) {
                    // One that was just listed may be gone.
                    let meta = fs::symlink_metadata(home.path().join(name)).ok();
                    let mode = meta.map_or(0o600, |meta| meta.mode() & 0o777);
                    assert_eq!(mode, 0o600);
                }
                seen += 1;
            }
        });
        for turn in 0..40 {
            replace(&path, &texts[turn % 2]);
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

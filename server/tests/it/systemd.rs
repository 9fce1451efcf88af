//! The units of `docs/deploy/systemd`, as systemd's own tools see them. Skipped where these are missing.

use std::path::Path;
use std::process::{Command, Output};

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/deploy/systemd");
/// Most exposure of the server that `systemd-analyze security` may find, in tenths.
const EXPOSURE: &str = "15";

/// Runs `systemd-analyze`, if it is there.
fn analyze(arguments: &[&str], files: &[&Path]) -> Option<Output> {
    let ran = Command::new("systemd-analyze")
        .args(arguments)
        .args(files)
        .output();
    if ran.is_err() {
        eprintln!("skipped: systemd-analyze is not installed");
    }
    ran.ok()
}

#[test]
fn the_units_are_what_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for unit in std::fs::read_dir(UNITS).unwrap() {
        let unit = unit.unwrap();
        let text = std::fs::read_to_string(unit.path()).unwrap();
        // The program must be there.
        let text = text.replace("/usr/local/bin/bowline", env!("CARGO_BIN_EXE_bowline"));
        let path = folder.path().join(unit.file_name());
        std::fs::write(&path, text).unwrap();
        units.push(path);
    }
    assert_eq!(units.len(), 3);
    let units: Vec<&Path> = units.iter().map(AsRef::as_ref).collect();
    let Some(verified) = analyze(&["verify", "--man=no"], &units) else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    // It also tells what it thinks of units that the machine has.
    let about_ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("bowline"))
        .collect();
    assert!(about_ours.is_empty(), "{about_ours:#?}");
    assert!(verified.status.success(), "{said}");
}

#[test]
fn the_server_has_little_that_it_does_not_need() {
    let unit = Path::new(UNITS).join("bowline.service");
    let arguments = [
        "security",
        "--offline=true",
        "--no-pager",
        "--threshold",
        EXPOSURE,
    ];
    if let Some(rated) = analyze(&arguments, &[&unit]) {
        let said = String::from_utf8_lossy(&rated.stdout);
        assert!(rated.status.success(), "{said}");
        assert!(
            said.contains("Overall exposure level for bowline.service"),
            "{said}"
        );
    }
}

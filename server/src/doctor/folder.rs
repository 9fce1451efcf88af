//! The state folder: whose it is, who else may look in, whether something can be written and there is room.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::report::{Check, Report};

const CHECK: Check = Check::Folder;
/// Permissions of anybody but the owner.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// Less room than this, and nothing can be kept soon.
const ROOM_LEAST: u64 = 16 << 20;
/// Less than this, and screens and logs may not fit.
const ROOM_WANTED: u64 = 256 << 20;
/// Files that are named in one finding.
const NAMED: usize = 5;

/// Looks at the folder. One that isn't there is only looked at for whether it can be made.
pub(super) fn check(folder: &Path, report: &mut Report) {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => {
            report.problem(
                CHECK,
                format!("{shown} is no folder"),
                "say another --state-dir",
            );
        }
        Ok(found) => {
            let before = report.findings.len();
            owner(folder, &found, report);
            files(folder, report);
            written(folder, report);
            room(folder, report);
            if report.findings.len() == before {
                report.fine(
                    CHECK,
                    format!("{shown} is private, can be written and has room"),
                );
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => to_be_made(folder, report),
        Err(error) => {
            let advice = "run this as the user who runs the server, or say another --state-dir";
            report.problem(
                CHECK,
                format!("{shown} cannot be looked at: {error}"),
                advice,
            );
        }
    }
}

fn to_be_made(folder: &Path, report: &mut Report) {
    let shown = folder.display();
    let above = folder.ancestors().skip(1).find(|above| above.exists());
    let above = above.unwrap_or(Path::new("/"));
    match access(above, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) if above.is_dir() => {
            report.fine(
                CHECK,
                format!("{shown} is not there yet; it is made at the first start"),
            );
            room(above, report);
        }
        _ => report.problem(
            CHECK,
            format!(
                "{shown} is not there, and cannot be made in {}",
                above.display()
            ),
            "make it for the user who runs the server, with mode 700, or say another --state-dir",
        ),
    }
}

fn owner(folder: &Path, found: &Metadata, report: &mut Report) {
    let shown = folder.display();
    let (owner, us) = (found.uid(), rustix::process::getuid().as_raw());
    if owner != us {
        report.problem(
            CHECK,
            format!("{shown} belongs to user {owner}, and this runs as user {us}"),
            format!("run Bowline as its owner, or give it away: chown -R {us} {shown}"),
        );
    }
    let mode = found.mode() & 0o777;
    let advice = format!("chmod 700 {shown}");
    if mode & OTHERS_WRITE != 0 {
        report.problem(
            CHECK,
            format!("others may write into {shown} (mode {mode:o})"),
            advice,
        );
    } else if mode & OTHERS != 0 {
        report.warning(
            CHECK,
            format!("others may look into {shown} (mode {mode:o})"),
            advice,
        );
    }
}

/// All files there are ours alone.
fn files(folder: &Path, report: &mut Report) {
    let open: Vec<PathBuf> = match open_files(folder) {
        Ok(open) => open,
        Err(error) => {
            let found = format!(
                "what lies in {} cannot be looked at: {error}",
                folder.display()
            );
            report.problem(CHECK, found, "run this as the user who runs the server");
            return;
        }
    };
    let names = open
        .iter()
        .take(NAMED)
        .filter_map(|path| path.file_name()?.to_str());
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        report.problem(
            CHECK,
            format!("others may read files of {}: {}", folder.display(), names.join(", ")),
            "chmod 600 them, and if they held secrets (access-token, proof-key), remove those: they are made anew",
        );
    }
}

/// Files whose mode lets others in.
fn open_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut open = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // One that has just gone is no matter.
        let Ok(found) = entry.metadata() else {
            continue;
        };
        if found.is_file() && found.mode() & OTHERS != 0 {
            open.push(entry.path());
        }
    }
    Ok(open)
}

fn written(folder: &Path, report: &mut Report) {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(&path)
        .and_then(|mut file| file.write_all(b"Bowline was here\n"));
    let removed = fs::remove_file(&path);
    if let Err(error) = written.and(removed) {
        let found = format!("nothing can be written into {}: {error}", folder.display());
        let advice =
            "give it to the user who runs the server, make room, or say another --state-dir";
        report.problem(CHECK, found, advice);
    }
}

fn room(folder: &Path, report: &mut Report) {
    let Ok(disk) = statvfs(folder) else {
        return;
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} MiB are free for {}", free >> 20, folder.display());
    let advice = "make room: workspace, screens and logs are kept there";
    if free < ROOM_LEAST {
        report.problem(CHECK, found, advice);
    } else if free < ROOM_WANTED {
        report.warning(CHECK, found, advice);
    } else if disk.f_files > 0 && disk.f_favail == 0 {
        let found = format!("no more files fit on the disk of {}", folder.display());
        report.problem(CHECK, found, "remove files there");
    }
}

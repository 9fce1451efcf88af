//! Tools from releases: what is there afterwards, whatever the mirror does and whatever the machine has.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bowline_provision::graph::{State, StepId, Width};
use bowline_provision::profile::Profile;
use bowline_provision::run::{Place, Setup, StepStatus};
use bowline_provision::steps::{self, Options, Packages};
use tempfile::TempDir;

use crate::mirror::{Fault, Mirror, archive, sum};

/// It decides nothing, it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(120);
/// What scripts call. Nothing else is on the machine's path: neither real tools nor a real package manager.
const HAD: [&str; 6] = ["chmod", "cp", "dirname", "mkdir", "readlink", "rm"];

struct Machine {
    home: TempDir,
    /// Its system's programs.
    system: TempDir,
    mirror: Mirror,
    options: Options,
}

impl Machine {
    async fn new() -> Self {
        let (home, system) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = std::env::var_os("PATH").unwrap();
        for name in HAD {
            let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
            let found = found.find(|program| program.is_file()).unwrap();
            symlink(found, system.path().join(name)).unwrap();
        }
        let mirror = Mirror::start().await;
        let options = Options {
            mirror: Some(mirror.url.clone()),
            packages: Packages::LeftAlone,
            ..Options::default()
        };
        Self {
            home,
            system,
            mirror,
            options,
        }
    }

    fn choose(&mut self, tool: &str, version: &str) {
        let chosen = (StepId::new(tool), version.to_owned());
        self.options.versions.extend([chosen]);
    }

    fn begin(&self, tool: &str) -> Setup {
        let profile = Profile::Steps(vec![StepId::new(tool)]);
        let mut plan = steps::plan(&profile, &self.options).unwrap();
        for step in &mut plan {
            step.spec.tries = 1;
        }
        let path = OsString::from(self.system.path());
        let place = Place::new(self.home.path(), [("PATH".into(), path)]);
        Setup::start(plan, place, Width::default()).unwrap()
    }

    /// Sets a tool up, and says how that went.
    async fn provide(&self, tool: &str) -> StepStatus {
        over(&self.begin(tool)).await
    }

    /// Gives the system a program.
    fn has(&self, name: &str, script: &str) {
        program(&self.system.path().join(name), script);
    }

    fn linked(&self, name: &str) -> PathBuf {
        self.home.path().join(".local/bin").join(name)
    }

    /// What is there of a tool, by name.
    fn versions(&self, tool: &str) -> Vec<String> {
        let folder = self.home.path().join(".local/share/bowline/tools");
        let all = fs::read_dir(folder.join(tool)).unwrap();
        let all = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> = all.filter(|name| name != ".lock").collect();
        all.sort();
        all
    }

    /// What a linked program says.
    fn says(&self, name: &str, argument: &str) -> String {
        self.ends(name, &[argument]).1
    }

    /// How a linked program ends, found as in a shell, and what it says.
    fn ends(&self, name: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let bin = self.linked(name);
        let path = [bin.parent().unwrap(), self.system.path()];
        let mut command = Command::new(&bin);
        command.args(arguments).env_clear();
        command.env("PATH", std::env::join_paths(path).unwrap());
        let out = command.output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8(said).unwrap().trim().to_owned();
        (out.status.code(), said)
    }
}

async fn over(setup: &Setup) -> StepStatus {
    let status = tokio::time::timeout(DEADLINE, setup.over()).await.unwrap();
    status.steps.last().unwrap().clone()
}

fn program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn complete(step: &StepStatus) -> Option<&str> {
    assert_eq!(step.state, State::Complete, "{step:?}");
    step.version.as_deref()
}

#[tokio::test]
async fn a_tool_is_fetched_kept_replaced_and_taken_out_without_a_trace() {
    let mut machine = Machine::new().await;
    for (count, version) in ["2.0.13", "2.0.14", "2.0.15"].into_iter().enumerate() {
        machine.mirror.offer_micro(version);
        machine.choose("micro", version);
        assert_eq!(complete(&machine.provide("micro").await), Some(version));
        assert_eq!(complete(&machine.provide("micro").await), Some(version));
        assert_eq!(machine.mirror.fetched(), count + 1, "it was there already");
        assert_eq!(
            machine.says("micro", "--version"),
            format!("Version: {version}")
        );
    }
    // The one before stays for programs that run.
    assert_eq!(machine.versions("micro"), ["2.0.14", "2.0.15"]);
    for (_, undone) in steps::undo(machine.home.path(), &[]).unwrap() {
        undone.unwrap();
    }
    assert_eq!(fs::read_dir(machine.home.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_release_says_for_many_files_is_found_in_its_list() {
    let mut machine = Machine::new().await;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        _ => "arm64",
    };
    let name = format!("databricks_cli_1.2.3_linux_{arch}.tar.gz");
    let bytes = archive(&[("databricks", "echo Databricks CLI v1.2.3")]);
    let folder = "databricks/cli/releases/download/v1.2.3";
    let list = format!("{}  other.zip\n{}  {name}\n", "0".repeat(64), sum(&bytes));
    machine.mirror.offer(&format!("{folder}/{name}"), bytes);
    let list_name = format!("{folder}/databricks_cli_1.2.3_SHA256SUMS");
    machine.mirror.offer(&list_name, list.into_bytes());
    machine.choose("databricks-cli", "1.2.3");
    assert_eq!(
        complete(&machine.provide("databricks-cli").await),
        Some("1.2.3")
    );
    // What is fixed in the data counts more than what a mirror says.
    let refused = machine.provide("tmux").await;
    assert_eq!(refused.state, State::Error);
    let tmux = match arch {
        "amd64" => "x86_64",
        _ => "arm64",
    };
    let path = format!("tmux/tmux-builds/releases/download/v3.6a/tmux-3.6a-linux-{tmux}.tar.gz");
    machine
        .mirror
        .offer(&path, archive(&[("tmux", "echo tmux 3.6a")]));
    let refused = machine.provide("tmux").await;
    assert_eq!(refused.state, State::Error);
    let problem = refused.problem.unwrap();
    assert!(
        problem.contains("is not what it should be: its checksum is"),
        "{problem}"
    );
    assert_eq!(machine.versions("tmux"), [""; 0]);
    assert!(!machine.linked("tmux").exists());
}

#[tokio::test]
async fn whatever_the_mirror_does_nothing_is_complete_and_what_was_there_stays() {
    let mut machine = Machine::new().await;
    machine.mirror.offer_micro("2.0.14");
    machine.choose("micro", "2.0.14");
    complete(&machine.provide("micro").await);
    machine.mirror.offer_micro("2.0.15");
    machine.choose("micro", "2.0.15");
    for (fault, said) in [
        (Fault::Corrupt, "its checksum is"),
        (Fault::Short, "its checksum is"),
        (Fault::WrongChecksum, "its checksum is"),
        (Fault::Missing, "it answered 404 Not Found"),
        (Fault::Away, "it is sent where others could change it"),
        (Fault::Around, "it is sent elsewhere again and again"),
        (Fault::Stall, "it took longer than 2 s"),
    ] {
        machine.mirror.break_by(fault);
        if fault == Fault::Stall {
            machine.options.limit = Duration::from_secs(2);
        }
        let failed = machine.provide("micro").await;
        let problem = failed.problem.clone().unwrap_or_default();
        assert_eq!(failed.state, State::Error, "{fault:?}: {failed:?}");
        assert!(problem.contains(said), "{fault:?}: {problem}");
        assert_eq!(machine.versions("micro"), ["2.0.14"], "{fault:?}");
        assert_eq!(machine.says("micro", "--version"), "Version: 2.0.14");
    }
    machine.mirror.break_by(Fault::None);
    machine.options.limit = Duration::from_secs(60);
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.15"));
}

#[tokio::test]
async fn an_archive_that_leads_out_of_its_folder_or_does_not_answer_is_not_installed() {
    let mut machine = Machine::new().await;
    machine.choose("micro", "2.0.15");
    let evil = machine.home.path().join(".local/share/bowline/tools/evil");
    for (scripts, said) in [
        (
            [
                ("../../evil", "echo 1"),
                ("micro-2.0.15/micro", "echo 2.0.15"),
            ],
            "../../evil, which leads out of its folder",
        ),
        (
            [
                ("micro-2.0.15/x", "echo 1"),
                ("micro-2.0.15/micro", "echo no >&2; exit 1"),
            ],
            "micro does not say its version (no)",
        ),
    ] {
        machine.mirror.offer_micro_as("2.0.15", archive(&scripts));
        let failed = machine.provide("micro").await;
        let problem = failed.problem.unwrap_or_default();
        assert_eq!(failed.state, State::Error, "{problem}");
        assert!(problem.contains(said), "{problem}");
        assert!(!evil.exists() && !machine.linked("micro").exists());
        assert_eq!(machine.versions("micro"), [""; 0]);
    }
}

#[tokio::test]
async fn one_that_is_cancelled_or_was_killed_in_the_middle_leaves_nothing_and_begins_again() {
    let mut machine = Machine::new().await;
    machine.mirror.offer_micro("2.0.15");
    machine.choose("micro", "2.0.15");
    machine.mirror.break_by(Fault::Stall);
    // A run that was killed left this.
    let left = ".local/share/bowline/tools/micro/.unfinished-left/micro-2.0.15";
    fs::create_dir_all(machine.home.path().join(left)).unwrap();
    let setup = machine.begin("micro");
    machine.mirror.until_fetched(0).await;
    assert_eq!(machine.versions("micro").len(), 1, "one is being made");
    setup.cancel(&StepId::new("micro")).await.unwrap();
    assert!(matches!(over(&setup).await.state, State::Skipped(_)));
    assert_eq!(machine.versions("micro"), [""; 0]);
    machine.mirror.break_by(Fault::None);
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.15"));
}

#[tokio::test]
async fn what_the_machine_has_is_used_unless_it_is_too_old_or_another_was_chosen() {
    let mut machine = Machine::new().await;
    machine.has("micro", "echo Version: 2.0.11");
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.11"));
    assert_eq!(machine.mirror.fetched(), 0);
    assert_eq!(fs::read_dir(machine.home.path()).unwrap().count(), 0);
    machine.mirror.offer_micro("2.0.15");
    machine.choose("micro", "2.0.15");
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.15"));
    // A program of that name in Python is older than all that are meant.
    machine.has("databricks", "echo Version 0.18.0");
    assert_eq!(machine.provide("databricks-cli").await.state, State::Error);
    machine.has("databricks", "echo Databricks CLI v0.999.0");
    let found = machine.provide("databricks-cli").await;
    assert_eq!(complete(&found), Some("0.999.0"));
}

#[tokio::test]
async fn a_program_that_is_not_ours_is_kept() {
    let machine = Machine::new().await;
    fs::create_dir_all(machine.home.path().join(".local/bin")).unwrap();
    program(&machine.linked("micro"), "echo mine 0.1.0");
    assert_eq!(complete(&machine.provide("micro").await), Some("0.1.0"));
    steps::undo(machine.home.path(), &[]).unwrap();
    assert_eq!(machine.says("micro", "--version"), "mine 0.1.0");
}

#[tokio::test]
async fn root_asks_the_package_manager_and_the_release_if_that_has_nothing() {
    let mut machine = Machine::new().await;
    machine.options.packages = Packages::Asked;
    let system = machine.system.path().display().to_string();
    // Without its lists it knows no package.
    let brings = format!(
        "case \"$*\" in *update) : > {system}/lists;; *install*micro) [ -e {system}/lists ] || exit 100\n\
         echo '#!/bin/sh' > {system}/micro; echo 'echo Version: 2.0.11' >> {system}/micro; chmod 755 {system}/micro;; esac"
    );
    machine.has("apt-get", &brings);
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.11"));
    assert_eq!(machine.mirror.fetched(), 0);
    fs::remove_file(machine.system.path().join("micro")).unwrap();
    machine.has("apt-get", "exit 100");
    // As the data has it.
    machine.mirror.offer_micro("2.0.15");
    assert_eq!(complete(&machine.provide("micro").await), Some("2.0.15"));
    assert_eq!(machine.mirror.fetched(), 1);
}

/// What an AppImage does that is told to unpack itself, without FUSE. Its program wants to know where it lies.
const APPIMAGE: &str = r#"#!/bin/sh
[ "$1" = --appimage-extract ] || { echo "dlopen(): error loading libfuse.so.2" >&2; exit 127; }
mkdir -p squashfs-root/usr/share/terminfo/x
: > squashfs-root/usr/share/terminfo/x/xterm-256color
{
    echo '#!/bin/sh'
    echo '[ -e "$APPDIR/usr/share/terminfo/x/xterm-256color" ] || { echo "missing or unsuitable terminal" >&2; exit 1; }'
    echo 'case "$1" in -V) echo tmux 3.5a;; *) echo "[$APPDIR] $*";; esac'
} > squashfs-root/AppRun
chmod 755 squashfs-root/AppRun
"#;

#[tokio::test]
#[cfg(target_arch = "x86_64")]
async fn an_appimage_is_unpacked_and_told_where_it_lies() {
    let mut machine = Machine::new().await;
    let path = "nelsonenzo/tmux-appimage/releases/download/3.5a/tmux.appimage";
    machine.mirror.offer(path, APPIMAGE.into());
    // Its release says no checksum.
    machine.choose("tmux", "3.5a");
    let refused = machine.provide("tmux").await;
    let problem = refused.problem.unwrap_or_default();
    assert_eq!((refused.state, machine.mirror.fetched()), (State::Error, 0));
    assert!(problem.contains("choose tmux=3.5a@sha256:"), "{problem}");
    machine.choose("tmux", &format!("3.5a@sha256:{}", sum(b"another")));
    assert_eq!(machine.provide("tmux").await.state, State::Error);
    assert_eq!(machine.versions("tmux"), [""; 0]);
    let sum = sum(APPIMAGE.as_bytes());
    machine.choose("tmux", &format!("3.5a@sha256:{sum}"));
    assert_eq!(complete(&machine.provide("tmux").await), Some("3.5a"));
    let folder = fs::canonicalize(machine.home.path()).unwrap();
    let folder = folder.join(".local/share/bowline/tools/tmux/3.5a/squashfs-root");
    assert_eq!(
        machine.says("tmux", "new"),
        format!("[{}] new", folder.display())
    );
}

/// Says how it was called, and ends with a status of its own.
const GH: &str = r#"[ "$*" = --version ] && { echo "gh version 9.9.9"; exit 0; }
echo "[$*] browser=$GH_BROWSER path=$GH_PATH"; exit 7"#;

#[tokio::test]
async fn gh_of_the_system_stands_behind_a_script_that_knows_one_thing() {
    let machine = Machine::new().await;
    machine.has("gh", GH);
    for _ in 0..2 {
        assert_eq!(complete(&machine.provide("gh").await), Some("9.9.9"));
        assert_eq!(machine.versions("gh"), ["system"]);
    }
    assert_eq!(machine.mirror.fetched(), 0);
    let login = "[auth login -h github.com -p https -w] browser=echo path=";
    assert_eq!(
        machine.ends("gh", &["auth", "login"]),
        (Some(7), login.to_owned())
    );
    for theirs in [
        &["auth", "login", "--with-token"][..],
        &["auth", "login", "-h", "git.example.com"],
        &["auth", "status"],
        &["pr", "create", "--title", "two words"],
        &[],
    ] {
        let said = format!("[{}] browser= path=", theirs.join(" "));
        assert_eq!(machine.ends("gh", theirs), (Some(7), said));
    }
    fs::remove_file(machine.system.path().join("gh")).unwrap();
    let (status, said) = machine.ends("gh", &["auth", "status"]);
    assert_eq!(status, Some(127));
    assert!(
        said.contains("not on the PATH any more: bowline setup gh"),
        "{said}"
    );
    for (_, undone) in steps::undo(machine.home.path(), &[]).unwrap() {
        undone.unwrap();
    }
    assert_eq!(fs::read_dir(machine.home.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn gh_from_a_release_stands_behind_the_same_and_names_the_link_as_its_place() {
    let mut machine = Machine::new().await;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        _ => "arm64",
    };
    let name = format!("gh_9.9.9_linux_{arch}");
    let bytes = archive(&[(&format!("{name}/bin/gh"), GH)]);
    let folder = "cli/cli/releases/download/v9.9.9";
    let list = format!("{}  {name}.tar.gz\n", sum(&bytes));
    machine
        .mirror
        .offer(&format!("{folder}/{name}.tar.gz"), bytes);
    let list_name = format!("{folder}/gh_9.9.9_checksums.txt");
    machine.mirror.offer(&list_name, list.into_bytes());
    machine.choose("gh", "9.9.9");
    assert_eq!(complete(&machine.provide("gh").await), Some("9.9.9"));
    let link = machine.linked("gh").display().to_string();
    let login = format!("[auth login -h github.com -p https -w] browser=echo path={link}");
    assert_eq!(machine.ends("gh", &["auth", "login"]), (Some(7), login));
}

/// Makes a Hermes that says its version, and how uv was called.
const UV: &str = r#"[ "$*" = --version ] && { echo "uv 0.13.3"; exit 0; }
[ -d "${UV_CACHE_DIR%/*}" ] || exit 3
mkdir -p "$UV_TOOL_DIR" "$UV_TOOL_BIN_DIR"
printf '#!/bin/sh\n: > "$HERMES_HOME/log"\necho "Hermes Agent v0.19.0 (%s)"\n' "$*" > "$UV_TOOL_BIN_DIR/hermes"
chmod 755 "$UV_TOOL_BIN_DIR/hermes""#;

#[tokio::test]
async fn hermes_comes_by_uv_as_a_package_or_from_its_repository_and_goes_without_a_trace() {
    let mut machine = Machine::new().await;
    machine.has("uv", UV);
    let place = machine
        .home
        .path()
        .join(".local/share/bowline/tools/hermes");
    // A run that was killed left this in its place.
    program_in(&place.join("0.19.0"), "echo hermes 0.0.1");
    fs::write(place.join("0.19.0/.unfinished"), "").unwrap();
    assert_eq!(complete(&machine.provide("hermes").await), Some("0.19.0"));
    let asked = "tool install --no-progress hermes-agent[mcp]";
    let said = machine.says("hermes", "--version");
    assert_eq!(
        said.lines().last(),
        Some(&*format!("Hermes Agent v0.19.0 ({asked}==0.19.0)"))
    );
    assert!(
        machine.home.path().join(".hermes").is_dir(),
        "its settings are wanted"
    );
    assert_eq!(machine.versions("hermes"), ["0.19.0"]);
    machine.choose("hermes", "v2026.7.20");
    complete(&machine.provide("hermes").await);
    let from = format!(
        "git+{}/NousResearch/hermes-agent@v2026.7.20",
        machine.mirror.url
    );
    let said = machine.says("hermes", "--version");
    assert!(said.ends_with(&format!("({asked} @ {from})")), "{said}");
    // One that can't be installed, and one that doesn't answer: what was there stays.
    for (script, why) in [
        (
            "echo 'no route' >&2; exit 2",
            "uv could not install it: no route; v2026.7.20 is kept",
        ),
        (
            "mkdir -p \"$UV_TOOL_BIN_DIR\"; echo '#!/bin/sh' > \"$UV_TOOL_BIN_DIR/hermes\"; chmod 755 \"$UV_TOOL_BIN_DIR/hermes\"",
            "hermes does not say its version; v2026.7.20 is kept",
        ),
    ] {
        machine.has(
            "uv",
            &format!("[ \"$*\" = --version ] && {{ echo uv 1; exit 0; }}\n{script}"),
        );
        machine.choose("hermes", "0.20.0");
        let failed = machine.provide("hermes").await;
        assert_eq!(failed.problem.as_deref(), Some(why), "{failed:?}");
        assert_eq!(machine.versions("hermes"), ["0.19.0", "v2026.7.20"]);
        assert!(machine.says("hermes", "--version").contains("v2026.7.20"));
    }
    for (_, undone) in steps::undo(machine.home.path(), &[]).unwrap() {
        undone.unwrap();
    }
    assert!(!place.exists() && !machine.linked("hermes").exists());
    assert!(!machine.home.path().join(".hermes").exists());
}

fn program_in(version: &Path, script: &str) {
    fs::create_dir_all(version.join("bin")).unwrap();
    program(&version.join("bin/hermes"), script);
}

#[tokio::test]
async fn without_uv_hermes_is_left_out_and_says_why() {
    let machine = Machine::new().await;
    let skipped = machine.provide("hermes").await;
    assert!(matches!(skipped.state, State::Skipped(_)), "{skipped:?}");
    assert_eq!(
        skipped.problem.as_deref(),
        Some("it needs uv, which is not there")
    );
    let home = machine.home.path();
    assert!(!home.join(".hermes").exists() && !machine.linked("hermes").exists());
}

//! Whether a terminal can be had, a shell starts in it and echoes, and says what its commands do; what programs know of the
//! terminal; and tmux. The shell is one as a new tab starts it, with the user's own start files; it leaves no history.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bowline_terminal::{
    ApiInput, CreateSession, Options, SessionHandle, Sessions, TmuxMode, find_tmux,
};

use super::report::{Check, Report};

/// How long a shell may take to its first answer,
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
/// and from when on that is slow.
const SLOW: Duration = Duration::from_secs(2);
/// How long its marks may take to come after that.
const MARKS_WITHIN: Duration = Duration::from_secs(3);
/// Typed, and understood by every shell; what it prints does not stand in what is typed.
const TYPED: &str = " printf '%s-%s\\n' bowline doctor\n";
const PRINTED: &str = "bowline-doctor";
/// The beginning of a mark that a command has ended.
const MARK: &str = "\u{1b}]133;D";
/// What programs are told that the terminal is.
const TERM: &str = "xterm-256color";
/// Most of a shell's output that is looked through, bytes.
const LOOKED_AT: usize = 256 * 1024;

/// A folder for what the shell leaves behind. It goes with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("bowline-doctor-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts a shell as a new tab does, types, reads, and ends it.
pub(super) async fn check(options: &Options, report: &mut Report) {
    let scratch = match Scratch::make() {
        Ok(scratch) => scratch,
        Err(error) => {
            let found = format!(
                "no folder can be made in {}: {error}",
                std::env::temp_dir().display()
            );
            return report.problem(Check::Shell, found, "make room there, or set TMPDIR");
        }
    };
    let is_integrated = options.shell_integration.is_some();
    let mut env_set = options.env_set.clone();
    let history = scratch.0.join("history").display().to_string();
    env_set.extend([
        ("HISTFILE".to_owned(), history),
        ("fish_history".to_owned(), String::new()),
    ]);
    let sessions = Sessions::new(Options {
        tmux: TmuxMode::Off,
        tmux_dir: None,
        disk: None,
        idle_limit: Duration::ZERO,
        shell_integration: is_integrated.then(|| scratch.0.join("shell-integration")),
        env_set,
        ..options.clone()
    });
    let begun = Instant::now();
    let session = match sessions.create(CreateSession::default()).await {
        Ok(created) => created.session,
        Err(error) => return report.failure(Check::Shell, error),
    };
    if let Ok(handle) = sessions.get(session) {
        let shell = handle.info().label;
        speak(&handle, begun, &shell, report).await;
        if is_integrated && ["bash", "zsh", "fish"].contains(&shell.as_str()) {
            marks(&handle, &shell, report).await;
        }
    }
    let _ = sessions.close(session).await;
}

async fn speak(handle: &SessionHandle, begun: Instant, shell: &str, report: &mut Report) {
    let typed = ApiInput {
        client: None,
        position: None,
        bytes: TYPED.into(),
    };
    // One that has ended at once is found out below.
    let _ = handle.input(typed).await;
    let advice = "what its start files say (.profile, .bashrc, .zshrc, …) is what to look at";
    if !seen(handle, PRINTED, ANSWERS_WITHIN).await {
        let found = match handle.read(None, 0).exit {
            Some(_) => format!("{shell} ended as soon as it was started"),
            None => format!(
                "{shell} did not answer within {} s",
                ANSWERS_WITHIN.as_secs()
            ),
        };
        return report.problem(Check::Shell, found, advice);
    }
    let took = begun.elapsed();
    let text = format!("{shell} starts and answers in {:.1} s", took.as_secs_f64());
    match took > SLOW {
        true => report.warning(
            Check::Shell,
            text,
            format!("every new tab waits so long: {advice}"),
        ),
        false => report.fine(Check::Shell, text),
    }
}

async fn marks(handle: &SessionHandle, shell: &str, report: &mut Report) {
    if seen(handle, MARK, MARKS_WITHIN).await {
        return report.fine(
            Check::Shell,
            format!("{shell} marks its prompts and commands"),
        );
    }
    report.warning(
        Check::Shell,
        format!("{shell} does not mark its prompts and commands: less is known of what sessions do"),
        "something in its start files replaces what was set before (PROMPT_COMMAND, precmd_functions), or starts \
         another shell",
    );
}

/// Whether a text comes in time.
async fn seen(handle: &SessionHandle, text: &str, within: Duration) -> bool {
    let end = Instant::now() + within;
    loop {
        let read = handle.read(None, LOOKED_AT);
        if String::from_utf8_lossy(&read.bytes).contains(text) {
            return true;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || read.exit.is_some() || read.end > LOOKED_AT as u64 {
            return false;
        }
        handle.wait_output(read.end, left).await;
    }
}

/// Whether programs can look up what the terminal can do.
pub(super) fn terminfo(report: &mut Report) {
    let set = ["TERMINFO", "TERMINFO_DIRS"].map(|name| std::env::var_os(name).unwrap_or_default());
    let given = set.iter().flat_map(std::env::split_paths);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".terminfo"));
    let usual = [
        "/etc/terminfo",
        "/lib/terminfo",
        "/usr/lib/terminfo",
        "/usr/share/terminfo",
    ];
    let mut folders = given.chain(home).chain(usual.map(PathBuf::from));
    // By the first letter, or, where names don't tell cases apart, by its number.
    let is_there = |folder: &PathBuf| {
        !folder.as_os_str().is_empty()
            && ["x", "78"]
                .iter()
                .any(|letter| folder.join(letter).join(TERM).exists())
    };
    match folders.find(is_there) {
        Some(_) => report.fine(Check::Terminfo, format!("programs know what {TERM} can do")),
        None => report.warning(
            Check::Terminfo,
            format!("no description of {TERM} is installed: vim, less and others may draw poorly"),
            "install ncurses (Debian: ncurses-base, ncurses-term)",
        ),
    }
}

/// Whether tmux can be used, where it is asked for.
pub(super) async fn tmux(options: &Options, report: &mut Report) {
    let folder = options.tmux_dir.clone().unwrap_or_default();
    match (options.tmux, find_tmux(folder).await) {
        (TmuxMode::Off, _) => report.fine(Check::Tmux, "not asked for"),
        (TmuxMode::On, Ok(path)) => {
            report.fine(Check::Tmux, format!("{} can be used", path.display()))
        }
        (TmuxMode::On, Err(error)) => {
            let found = format!("sessions start without tmux: {error}");
            report.problem(Check::Tmux, found, "correct that, or say --tmux off");
        }
    }
}

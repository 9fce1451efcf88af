//! tmux mode: a session's program lives in a tmux server of ours, and what runs on the session's PTY is a
//! tmux client. The server has a socket and a configuration of its own and outlives this process, however
//! that ends; whoever comes next finds the sessions by [`Tmux::list`].
//!
//! A tmux session is called `pane-N`. What belongs to it beyond that (the session's id, pane and label) is
//! kept in tmux's own options, so there is no file that could disagree.

mod config;
mod session;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use bowline_protocol::frame::Size;
use bowline_protocol::ids::SessionId;
use rustix::process::Pid;
use tokio::process::Command;
use tokio::time::timeout;

use crate::lock;
use crate::resources;
use crate::spawn::Launch;

pub(crate) use session::TmuxSession;

/// How long tmux may take to answer; it answers in milliseconds or hangs.
const PATIENCE: Duration = Duration::from_secs(5);
/// Oldest version that knows all we ask for.
const OLDEST: (u32, u32) = (3, 2);
/// A socket's path must fit into the kernel's 108 bytes.
const SOCKET_PATH_MAX: usize = 107;
/// How often a start is tried anew: another may take the number, or the server end with its last session.
const TRIES: usize = 20;
/// Variables that tmux itself may see. Its server outlives sessions, so nothing of theirs stays with it.
const VARIABLES: [&str; 10] = [
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
];
/// What is asked of each session. None of it holds spaces: texts are in hexadecimal.
const FORMAT: &str = "#{session_name}/#{pane_pid}/#{pane_dead}/#{window_width}/#{window_height}/\
                      #{@bowline-session}/#{@bowline-pane}/#{@bowline-label}/#{@bowline-shell}";

/// Why a session can't be in tmux. Written for the user of the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error(
        "tmux is not installed (looked for in PATH and ~/.local/bin): install tmux 3.2 or newer"
    )]
    Missing,
    #[error("tmux is too old ({0}): install tmux 3.2 or newer")]
    Old(String),
    #[error("the path of tmux's socket is too long ({0} bytes): choose a shorter --state-dir")]
    LongPath(usize),
    #[error("tmux does not work: {0}")]
    Failed(String),
}

/// A tmux session as tmux tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) number: u32,
    pub(crate) leader: Option<Pid>,
    pub(crate) dead: bool,
    pub(crate) size: Size,
    pub(crate) session: Option<SessionId>,
    pub(crate) pane_id: Option<String>,
    pub(crate) label: Option<String>,
    /// A login shell of ours, which understands `cd`.
    pub(crate) shell: bool,
}

/// What a new tmux session is marked with.
#[derive(Debug, Clone)]
pub(crate) struct Mark<'a> {
    pub(crate) session: SessionId,
    pub(crate) pane_id: Option<&'a str>,
    pub(crate) label: Option<&'a str>,
}

/// Our tmux server, whether or not it runs.
#[derive(Debug)]
pub(crate) struct Tmux {
    folder: PathBuf,
    /// The program, once found and new enough. Looked for again as long as it isn't: it may be installed
    /// while we run.
    found: Mutex<Option<PathBuf>>,
}

/// The program of sessions in tmux whose files would be in `folder`, or why there can be none.
///
/// # Errors
/// tmux is missing, too old, or can't work there; the text says what to do.
pub async fn find_tmux(folder: PathBuf) -> Result<PathBuf, String> {
    let found = Tmux::new(folder).program().await;
    found.map_err(|error| error.to_string())
}

impl Tmux {
    /// Socket and configuration are in `folder`. Nothing is started or written yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            // tmux runs elsewhere.
            folder: std::path::absolute(&folder).unwrap_or(folder),
            found: Mutex::new(None),
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("tmux.sock")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("tmux.conf")
    }

    /// The program, if tmux can be used.
    pub(crate) async fn program(&self) -> Result<PathBuf, Unavailable> {
        if let Some(found) = lock(&self.found).clone() {
            return Ok(found);
        }
        let length = self.socket().as_os_str().len();
        if length > SOCKET_PATH_MAX {
            return Err(Unavailable::LongPath(length));
        }
        let path = find().ok_or(Unavailable::Missing)?;
        let asked = Command::new(&path).arg("-V").kill_on_drop(true).output();
        let said = match timeout(PATIENCE, asked).await {
            Ok(Ok(said)) => String::from_utf8_lossy(&said.stdout).trim().to_owned(),
            Ok(Err(error)) => return Err(Unavailable::Failed(error.to_string())),
            Err(_) => return Err(Unavailable::Failed("it does not answer".to_owned())),
        };
        if version(&said).is_some_and(|version| version < OLDEST) {
            return Err(Unavailable::Old(said));
        }
        *lock(&self.found) = Some(path.clone());
        Ok(path)
    }

    /// Runs one command of tmux's against our server, if that runs.
    async fn ask<'a>(
        &self,
        program: &Path,
        environment: &BTreeMap<String, String>,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Output, Unavailable> {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment)
            .current_dir("/")
            .args(["-u", "-N", "-S"])
            .arg(self.socket())
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match timeout(PATIENCE, command.output()).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => Err(Unavailable::Failed(error.to_string())),
            Err(_) => Err(Unavailable::Failed("it does not answer".to_owned())),
        }
    }

    /// Runs one command, and gives what it printed; `None` if it failed.
    async fn tell<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let program = self.program().await.ok()?;
        let output = self.ask(&program, &bare(), arguments).await.ok()?;
        let printed = || String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then(printed)
    }

    /// Starts our server. It is left without sessions until the first is made.
    async fn start_server(&self, program: &Path) -> Result<(), Unavailable> {
        let failed = |what: String| Unavailable::Failed(what);
        let config = self.config();
        let term = config::term();
        write_private(&config, &config::text(term)).map_err(|error| {
            failed(format!(
                "its configuration can't be written to {}: {error}",
                config.display()
            ))
        })?;
        let mut command = match resources::of_programs().and_then(|limit| limit.current) {
            // The server's programs inherit its limits.
            Some(files) => {
                let mut shell = Command::new("/bin/sh");
                let script = "ulimit -Sn \"$0\"; exec \"$@\"";
                shell.args(["-c", script, &files.to_string()]).arg(program);
                shell
            }
            None => Command::new(program),
        };
        command
            .env_clear()
            .envs(bare())
            .current_dir("/")
            .args(["-u", "-S"])
            .arg(self.socket())
            .arg("-f")
            .arg(&config)
            .arg("start-server")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match timeout(PATIENCE, command.output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => Err(failed(said(&output))),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed("it does not answer".to_owned())),
        }
    }

    /// All sessions of our server, by number. None, if it doesn't run or there is no tmux.
    pub(crate) async fn list(&self) -> Vec<Listed> {
        if !self.socket().exists() {
            return Vec::new();
        }
        let printed = self.tell(["list-sessions", "-F", FORMAT]).await;
        let mut listed: Vec<Listed> = printed
            .iter()
            .flat_map(|printed| printed.lines())
            .filter_map(Listed::parse)
            .collect();
        listed.sort_by_key(|listed| listed.number);
        listed
    }

    /// Starts a program in a new tmux session, without a client yet.
    pub(crate) async fn start(
        &self,
        launch: &Launch,
        mark: &Mark<'_>,
    ) -> Result<Listed, Unavailable> {
        let program = self.program().await?;
        let mut taken: Vec<u32> = self.list().await.iter().map(|one| one.number).collect();
        let mut number = wished(mark.pane_id, &taken);
        let names = launch.environment.keys();
        let names: Vec<&str> = names.map(String::as_str).collect();
        let names = names.join(" ");
        let (cols, rows) = (launch.size.cols.to_string(), launch.size.rows.to_string());
        let cwd = launch.cwd.to_string_lossy();
        let marks = [
            ("@bowline-session", mark.session.to_string()),
            ("@bowline-pane", hex(mark.pane_id.unwrap_or_default())),
            ("@bowline-label", hex(mark.label.unwrap_or_default())),
            (
                "@bowline-shell",
                u8::from(launch.arg0.is_some()).to_string(),
            ),
        ];
        let command = command(launch);
        let mut last = String::new();
        for _ in 0..TRIES {
            let name = name(number);
            let target = format!("={name}:");
            let mut arguments = vec!["set-option", "-g", "update-environment", &names, ";"];
            if launch.arg0.is_some() {
                arguments.extend(["set-option", "-g", "default-shell", &launch.path, ";"]);
            }
            arguments.extend(["new-session", "-d", "-s", &name, "-x", &cols, "-y", &rows]);
            // A folder is a format to tmux.
            let cwd = cwd.replace('#', "##");
            arguments.extend(["-c", &cwd]);
            arguments.extend(command.iter().map(String::as_str));
            for (option, value) in &marks {
                arguments.extend([";", "set-option", "-t", &target, option, value]);
            }
            arguments.extend([";", "set-option", "-s", "exit-empty", "on"]);
            arguments.extend([";", "list-sessions", "-F", FORMAT]);
            let output = self.ask(&program, &launch.environment, arguments).await?;
            if output.status.success() {
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                let mut listed = printed.lines().filter_map(Listed::parse);
                return listed
                    .find(|listed| listed.number == number)
                    .ok_or_else(|| Unavailable::Failed("the session ended at once".to_owned()));
            }
            last = said(&output);
            if last.contains("duplicate session") {
                taken.push(number);
                number = wished(None, &taken);
            } else {
                self.start_server(&program).await?;
            }
        }
        // A server that got no session would wait for one for ever.
        let _ = self.tell(["set-option", "-s", "exit-empty", "on"]).await;
        Err(Unavailable::Failed(last))
    }

    /// The program to run on a PTY that shows a tmux session.
    pub(crate) async fn client(&self, number: u32, size: Size) -> Result<Launch, Unavailable> {
        let program = self.program().await?.to_string_lossy().into_owned();
        let socket = self.socket().to_string_lossy().into_owned();
        let mut environment = bare();
        environment.extend([
            ("TERM".to_owned(), "xterm-256color".to_owned()),
            (
                config::LAST_WORDS_VARIABLE.to_owned(),
                config::LAST_WORDS.to_owned(),
            ),
            (config::TMUX_VARIABLE.to_owned(), program.clone()),
            (config::SOCKET_VARIABLE.to_owned(), socket.clone()),
        ]);
        let target = format!("={}", name(number));
        let arguments = [
            "-N",
            "-u",
            "-S",
            &socket,
            "attach-session",
            "-E",
            "-t",
            &target,
        ];
        Ok(Launch {
            path: program,
            arg0: None,
            arguments: arguments.map(str::to_owned).to_vec(),
            environment,
            cwd: PathBuf::from("/"),
            size,
            name: "tmux".to_owned(),
            notice: None,
        })
    }

    /// Ends a tmux session that no session of ours shows. The processes are the caller's to end before.
    pub(crate) async fn forget(&self, number: u32) {
        let target = format!("={}", name(number));
        let _ = self.tell(["kill-session", "-t", &target]).await;
    }
}

impl Listed {
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('/').collect();
        let [
            name,
            leader,
            dead,
            cols,
            rows,
            session,
            pane_id,
            label,
            shell,
        ] = fields[..]
        else {
            return None;
        };
        let size = Size {
            cols: cols.parse().ok()?,
            rows: rows.parse().ok()?,
        };
        Some(Self {
            number: name.strip_prefix("pane-")?.parse().ok()?,
            leader: leader.parse().ok().and_then(Pid::from_raw),
            dead: dead == "1",
            size: size.checked().unwrap_or_default(),
            session: session.parse().ok(),
            pane_id: unhex(pane_id).filter(|pane_id| !pane_id.is_empty()),
            label: unhex(label).filter(|label| !label.is_empty()),
            shell: shell == "1",
        })
    }

    /// Whether a create for this pane means this session: it was made for it, or, where nothing is said of
    /// that, has its number.
    pub(crate) fn is_for(&self, pane_id: &str) -> bool {
        match &self.pane_id {
            Some(own) => own == pane_id,
            None => self.session.is_none() && pane_id == self.number.to_string(),
        }
    }
}

fn name(number: u32) -> String {
    format!("pane-{number}")
}

/// The number that a pane's name is, if it is one and free; else the lowest that is free.
fn wished(pane_id: Option<&str>, taken: &[u32]) -> u32 {
    let wish = pane_id
        .and_then(|pane_id| pane_id.parse().ok())
        .filter(|wish| !taken.contains(wish));
    wish.unwrap_or_else(|| {
        (0..u32::MAX)
            .find(|number| !taken.contains(number))
            .unwrap_or(u32::MAX)
    })
}

/// The words behind `new-session`. A login shell that wants no arguments is tmux's to start.
fn command(launch: &Launch) -> Vec<String> {
    let words = std::iter::once(&launch.path).chain(&launch.arguments);
    let words = words.map(|word| literal(word));
    let before: &[&str] = match &launch.arg0 {
        Some(_) if launch.arguments.is_empty() => return Vec::new(),
        // Only this shell can give a program another name for itself.
        Some(arg0) if arg0 == "-bash" => &[&launch.path, "-c", "exec -a -bash \"$0\" \"$@\""],
        Some(_) => &["/bin/sh", "-c", "exec \"$0\" -l \"$@\""],
        // By a shell that becomes it: tmux would hand a single word to a shell of the user's.
        None => &["/bin/sh", "-c", "exec \"$0\" \"$@\""],
    };
    let before = std::iter::once("--").chain(before.iter().copied());
    before.map(str::to_owned).chain(words).collect()
}

/// A word as tmux takes it literally: one that ends in `;` would end the command.
fn literal(word: &str) -> String {
    match word.strip_suffix(';') {
        Some(rest) => format!("{rest}\\;"),
        None => word.to_owned(),
    }
}

fn hex(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}

fn unhex(text: &str) -> Option<String> {
    let digits = text.as_bytes();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

/// The environment of tmux itself.
fn bare() -> BTreeMap<String, String> {
    VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect()
}

/// What a failed command said, in one line.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        output.status.to_string()
    } else {
        line.to_owned()
    }
}

/// tmux on the `PATH`, or where tools are installed without root.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/bin"));
    std::env::split_paths(&path)
        .chain(home)
        .map(|folder| folder.join("tmux"))
        .find(|path| path.is_absolute() && is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}

/// `tmux 3.3a`, `tmux next-3.5`; `None` for what names no version, which is a development build.
fn version(said: &str) -> Option<(u32, u32)> {
    let digits = said.trim_start_matches(|c: char| !c.is_ascii_digit());
    let (major, rest) = digits.split_once('.')?;
    let minor = rest.trim_end_matches(|c: char| !c.is_ascii_digit());
    let minor = minor.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Replaces a file as a whole; only its owner may read it.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tmux_lists_is_read() {
        let session = SessionId::from_bytes([0xab; 16]);
        let line = format!(
            "pane-3/42/0/90/30/{session}/{}/{}/1",
            hex("a/b c"),
            hex("é")
        );
        let listed = Listed::parse(&line).expect("a session");
        assert_eq!((listed.number, listed.session), (3, Some(session)));
        assert_eq!(listed.pane_id.as_deref(), Some("a/b c"));
        assert_eq!(listed.label.as_deref(), Some("é"));
        assert_eq!(listed.size, Size { cols: 90, rows: 30 });
        assert!(listed.is_for("a/b c") && !listed.is_for("3"));

        let foreign = Listed::parse("pane-7/42/1/90/30////").expect("a session");
        assert!(foreign.dead && foreign.is_for("7") && !foreign.is_for("8"));
        assert_eq!(Listed::parse("mine/42/0/90/30////"), None);
    }

    #[test]
    fn a_pane_that_is_a_number_keeps_it_while_that_is_free() {
        assert_eq!(wished(Some("4"), &[0, 1]), 4);
        assert_eq!(wished(Some("1"), &[0, 1]), 2);
        assert_eq!(wished(Some("p-17"), &[]), 0);
        assert_eq!(wished(None, &[0, 2]), 1);
    }

    #[test]
    fn versions_are_compared() {
        assert_eq!(version("tmux 3.3a"), Some((3, 3)));
        assert_eq!(version("tmux next-3.5"), Some((3, 5)));
        assert_eq!(version("tmux 2.9"), Some((2, 9)));
        assert_eq!(version("tmux master"), None);
        assert!(version("tmux 3.10") > Some(OLDEST));
    }

    #[test]
    fn a_semicolon_at_a_words_end_stays_one() {
        assert_eq!(literal("a;"), "a\\;");
        assert_eq!(literal("a;b"), "a;b");
    }
}

//! A state folder with the keeper that belongs to it, which ends with the test, however that ends.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bowline_keeper::frame::{FromKeeper, ToKeeper};
use bowline_keeper::program::Program;
use bowline_keeper::{Failure, Host, Launch, place};
use bowline_protocol::codec::{BatchReader, BatchWriter, Framed};
use bowline_terminal::{
    ApiInput, CreateSession, Exit, Options, ScreenFormat, ScreenShot, SessionId, SessionState,
};
use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Speaks version 1.
pub(crate) const TODAY: &str = env!("CARGO_BIN_EXE_keeper-today");
/// Speaks versions 1 and 2.
pub(crate) const TOMORROW: &str = env!("CARGO_BIN_EXE_keeper-tomorrow");
/// A wait that is longer on the slowest machine means that the event doesn't come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, event).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {DEADLINE:?}"),
    }
}

/// Asks until the answer is as expected.
pub(crate) async fn until(what: &str, mut expected: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !expected().await {
            tokio::task::yield_now().await;
        }
    };
    soon(what, asking).await;
}

/// Where sessions are kept, by whichever keeper there is.
pub(crate) struct Kept {
    folder: TempDir,
}

/// Who greeted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Greeting {
    pub(crate) version: u16,
    pub(crate) pid: i32,
    pub(crate) program: String,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    /// For files of the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        place::keeper_socket(&self.state()).expect("a place")
    }

    pub(crate) fn launch(&self, program: &Path) -> Launch {
        fs::create_dir_all(self.state()).expect("a state folder");
        let options = Options {
            // A log that loses nothing of what these tests print.
            log_bytes: 64 * 1024 * 1024,
            env_set: vec![
                ("PS1".into(), "$ ".into()),
                ("HOME".into(), self.folder.path().display().to_string()),
            ],
            ..Options::default()
        };
        let program = Program::at(program).expect("a program");
        Launch::new(program, &self.state(), options).expect("a launch")
    }

    /// A server of this program opens.
    pub(crate) async fn open(&self, program: impl AsRef<Path>) -> Host {
        let launch = self.launch(program.as_ref());
        let opened = soon("the keeper", Host::apart(launch)).await;
        opened.expect("the keeper is there")
    }

    /// What a peer that speaks these versions is told first.
    pub(crate) async fn greeting(&self, versions: &[u16]) -> Greeting {
        self.visit(versions).await.1
    }

    /// A connection after its greeting.
    pub(crate) async fn visit(&self, versions: &[u16]) -> (Raw, Greeting) {
        let mut raw = self.connect().await;
        raw.say_hello(versions).await;
        let framed = soon("a hello", raw.next()).await.expect("a frame");
        let FromKeeper::Hello {
            version,
            pid,
            program,
            ..
        } = framed.frame
        else {
            panic!("{framed:?} instead of hello");
        };
        let pid = pid.cast_signed();
        let greeting = Greeting {
            version,
            pid,
            program,
        };
        (raw, greeting)
    }

    pub(crate) async fn connect(&self) -> Raw {
        let stream = UnixStream::connect(self.socket()).await;
        Raw(stream.expect("it listens"))
    }

    /// The keepers that run for this folder.
    pub(crate) fn keepers(&self) -> Vec<i32> {
        let state = self.state();
        processes()
            .filter(|pid| {
                let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let mut arguments = arguments.split(|byte| *byte == 0).skip(1);
                arguments.next() == Some(b"keeper")
                    && arguments.any(|word| word == state.as_os_str().as_encoded_bytes())
            })
            .collect()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Its programs lose their terminals, and end too.
        for pid in self.keepers() {
            kill(pid, Signal::KILL);
        }
    }
}

pub(crate) fn kill(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process");
    let _ = kill_process(pid, signal);
}

fn processes() -> impl Iterator<Item = i32> {
    let listed = fs::read_dir("/proc").expect("processes");
    listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Fields of `/proc/PID/stat` behind the name: state, parent, group, session and so on.
pub(crate) fn stat(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// Whether a process runs. A zombie doesn't.
pub(crate) fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

/// Programs that run as children of a process.
pub(crate) fn children(parent: i32) -> Vec<i32> {
    let is_child =
        |pid: &i32| is_alive(*pid) && stat(*pid).is_some_and(|stat| stat[1] == parent.to_string());
    let mut children: Vec<i32> = processes().filter(is_child).collect();
    children.sort_unstable();
    children
}

/// The file that a process runs.
pub(crate) fn runs(pid: i32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/exe")).expect("it runs")
}

/// A connection without any manners.
pub(crate) struct Raw(pub(crate) UnixStream);

impl Raw {
    pub(crate) async fn say(&mut self, frame: &ToKeeper, payload: &[u8]) {
        let mut writer = BatchWriter::default();
        writer.push_parts(frame, &[Bytes::copy_from_slice(payload)]);
        self.0.write_all(&writer.take()).await.expect("it is taken");
    }

    pub(crate) async fn say_hello(&mut self, versions: &[u16]) {
        let versions = versions.to_vec();
        self.say(&ToKeeper::Hello { versions }, b"").await;
    }

    /// The next frame; `None` when the other end is gone.
    pub(crate) async fn next(&mut self) -> Option<Framed<FromKeeper>> {
        let length = self.0.read_u32_le().await.ok()?;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.resize(4 + length as usize, 0);
        self.0.read_exact(&mut bytes[4..]).await.ok()?;
        let mut frames = BatchReader::new(bytes.into());
        Some(frames.next()?.expect("a frame"))
    }

    /// Asks, as JSON. `None`: the other end is gone.
    pub(crate) async fn ask(&mut self, question: &Value) -> Option<Value> {
        let question = question.to_string();
        let head = question.len() as u32;
        let ask = ToKeeper::Ask { number: 7, head };
        self.say(&ask, question.as_bytes()).await;
        let framed = soon("an answer", self.next()).await?;
        let FromKeeper::Answer { number: 7, head } = framed.frame else {
            panic!("{framed:?} instead of an answer");
        };
        Some(serde_json::from_slice(&framed.payload[..head as usize]).expect("JSON"))
    }

    /// Until the other end is gone.
    pub(crate) async fn ends(&mut self) {
        soon("the end", async { while self.next().await.is_some() {} }).await;
    }
}

/// What tests do with a host.
pub(crate) trait HostExt {
    async fn run(&self, command: &[&str]) -> SessionId;
    async fn type_in(&self, session: SessionId, text: &str) -> Result<(), Failure>;
    async fn shot(&self, session: SessionId) -> ScreenShot;
    async fn exit_of(&self, session: SessionId) -> Exit;
    async fn text(&self, session: SessionId) -> String;
    async fn sees(&self, session: SessionId, text: &str);
}

impl HostExt for Host {
    async fn run(&self, command: &[&str]) -> SessionId {
        let create = CreateSession {
            command: Some(command.iter().map(|part| (*part).to_owned()).collect()),
            ..CreateSession::default()
        };
        self.create(create).await.expect("a session").session
    }

    /// By request.
    async fn type_in(&self, session: SessionId, text: &str) -> Result<(), Failure> {
        let input = ApiInput {
            client: None,
            position: None,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        };
        self.input(session, input, Duration::ZERO).await.map(|_| ())
    }

    /// All that recreates its screen.
    async fn shot(&self, session: SessionId) -> ScreenShot {
        let shot = self.screen(session, ScreenFormat::Ansi, usize::MAX).await;
        shot.expect("a screen")
    }

    async fn exit_of(&self, session: SessionId) -> Exit {
        let mut exit = None;
        until("its end", async || {
            let listed = self.list().await.expect("a list");
            let info = listed.iter().find(|info| info.id == session);
            match info.expect("it is kept").state {
                SessionState::Exited(how) => exit = Some(how),
                _ => exit = None,
            }
            exit.is_some()
        })
        .await;
        exit.expect("it ended")
    }

    /// Its whole log.
    async fn text(&self, session: SessionId) -> String {
        let read = self.read(session, None, usize::MAX).await.expect("a log");
        String::from_utf8_lossy(&read.bytes).into_owned()
    }

    async fn sees(&self, session: SessionId, text: &str) {
        let what = format!("{text:?} in its log");
        until(&what, async || self.text(session).await.contains(text)).await;
    }
}

/// A script of `sh` as a program.
pub(crate) fn script(folder: &Path, name: &str, lines: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// The environment of a process.
pub(crate) fn environment(pid: i32) -> BTreeMap<String, String> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).expect("its environment");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let parts = text.split('\0').filter_map(|part| part.split_once('='));
    parts
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

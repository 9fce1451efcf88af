//! `bowline sessions` and `bowline attach`, as a user has them: the real binary, on a real terminal.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use bowline_protocol::SessionId;
use bowline_protocol::frame::Size;
use bowline_screen::{Screen, Settings, Signal};
use pty_process::blocking::{Command as PtyCommand, Pty};
use rustix::process::{Pid, Signal as Kill, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::keepers::{Keepers, program};
use crate::support::{DEADLINE, TestServer};

const PLAIN: &str = "exec \"$@\"";
const BOWLINE: &str = env!("CARGO_BIN_EXE_bowline");
const DETACH: &str = "\x1d";

/// Says hello, and then what it is told to.
const TALKS: &str = "echo hello; while read x; do case $x in \
    size) stty size;; \
    quit) exit 7;; \
    modes) printf '\\033[?1049h\\033[?1002;1006;1004;2004;1h\\033[?25;7l\\033[4h\\033=fancy';; \
    *) echo \"got <$x>\" | cat -v;; esac; done";

fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

fn state(folder: &TempDir) -> PathBuf {
    folder.path().join("state")
}

/// A server whose sessions live in a keeper, and a session of it with a label.
async fn serving(arguments: &str, folder: &Arc<TempDir>) -> (TestServer, Pid) {
    TestServer::start_binary(PLAIN, arguments, folder.clone()).await
}

async fn session(server: &TestServer, label: &str, script: &str) -> SessionId {
    let body = json!({"command": ["/bin/sh", "-c", script], "label": label});
    let (status, created) = server.post("/api/session", body).await;
    assert_eq!(status, 200, "{created}");
    created["session_id"].as_str().unwrap().parse().unwrap()
}

/// Calls the program without a terminal.
fn call(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(BOWLINE);
    command.args(arguments).env_clear();
    command.env("BOWLINE_STATE_DIR", state(folder));
    command.output().unwrap()
}

fn said(output: &Output) -> (String, String, bool) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.success(),
    )
}

/// A terminal in which `bowline attach` runs.
struct Attached {
    pty: Arc<Pty>,
    child: Child,
    read: Receiver<Vec<u8>>,
    /// All that was written to it.
    seen: Vec<u8>,
    /// How much of it was looked at.
    looked: usize,
    before: LocalModes,
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Attached {
    fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        Self::start_in(&state(folder), arguments)
    }

    fn start_in(state: &Path, arguments: &[&str]) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(24, 80)).unwrap();
        let before = tcgetattr(&pty).unwrap().local_modes;
        let command = PtyCommand::new(BOWLINE).arg("attach").args(arguments);
        let command = command.env_clear().env("BOWLINE_STATE_DIR", state);
        let child = command.env("TERM", "xterm-256color").spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let (write, read) = channel();
        let reading = pty.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = (&*reading).read(&mut buffer) {
                if write.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            pty,
            child,
            read,
            seen: Vec::new(),
            looked: 0,
            before,
        }
    }

    fn type_text(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    /// Reads until a text comes behind the last one that was looked for.
    fn until(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let new = &self.seen[self.looked..];
            let found = new.windows(text.len()).position(|at| at == text.as_bytes());
            if let Some(at) = found {
                self.looked += at + text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.read.recv_timeout(left) {
                Ok(piece) => self.seen.extend(piece),
                Err(_) => panic!("no {text:?} in {}", new.escape_ascii()),
            }
        }
    }

    /// Waits for its end.
    fn ended(&mut self) -> ExitStatus {
        while let Ok(piece) = self.read.recv_timeout(DEADLINE) {
            self.seen.extend(piece);
        }
        self.child.wait().unwrap()
    }

    /// Whether the terminal edits and echoes lines as it did before.
    fn is_as_before(&self) -> bool {
        tcgetattr(&*self.pty).unwrap().local_modes == self.before
    }

    /// What a terminal would answer after all that was written to it.
    fn answers(&self, questions: &str) -> String {
        let settings = Settings {
            scrollback: 1000,
            cursor_blink: false,
        };
        let mut screen = Screen::new(Size { cols: 80, rows: 24 }, settings);
        screen.feed(&self.seen);
        screen.take_signals();
        screen.feed(questions.as_bytes());
        let replies = screen
            .take_signals()
            .into_iter()
            .filter_map(|signal| match signal {
                Signal::Reply(reply) => Some(String::from_utf8(reply).unwrap()),
                _ => None,
            });
        replies.collect()
    }
}

#[tokio::test]
async fn a_session_is_shown_typed_into_and_left_with_the_terminal_as_it_was() {
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    let id = session(&server, "talker", TALKS).await;
    let mut attached = Attached::start(&folder, &[&id.to_string()[..8]]);
    attached.until("hello");
    assert!(!attached.is_as_before());
    attached.type_text("one\r");
    attached.until("got <one>");
    attached.type_text("size\r");
    attached.until("24 80");
    attached
        .pty
        .resize(pty_process::Size::new(30, 100))
        .unwrap();
    // When the signal comes nobody can say: the program is asked until it has the new size.
    let resized = async {
        loop {
            let (_, list) = server.get("/api/sessions").await;
            if list["sessions"][0]["cols"] == 100 {
                return list["sessions"][0].clone();
            }
        }
    };
    let row = tokio::time::timeout(DEADLINE, resized).await.unwrap();
    assert_eq!((&row["rows"], &row["viewers"]), (&json!(30), &json!(1)));
    attached.type_text("modes\r");
    attached.until("fancy");
    // What is typed before the key arrives.
    attached.type_text(&format!("last\r{DETACH}never\r"));
    attached.until("detached from talker");
    assert_eq!(attached.ended().code(), Some(0));
    assert!(attached.is_as_before());
    let modes = [1, 4, 7, 25, 1000, 1002, 1004, 1006, 1049, 2004, 2026, 66];
    let questions: String = modes.map(|mode| format!("\x1b[?{mode}$p")).concat();
    let answers: String = modes
        .map(|mode| match mode {
            7 | 25 => format!("\x1b[?{mode};1$y"),
            // Not known as a private one.
            4 => format!("\x1b[?{mode};0$y"),
            _ => format!("\x1b[?{mode};2$y"),
        })
        .concat();
    assert_eq!(attached.answers(&questions), answers);
    assert_eq!(attached.answers("\x1b[4$p"), "\x1b[4;2$y");

    // It runs on, and is shown again as it is: in the alternate screen.
    let mut again = Attached::start(&folder, &["talker", "--detach-key", "^a"]);
    again.until("\x1b[?1049h");
    again.until("got <last>");
    again.type_text("\x1dx\r");
    // As the program shows it: a picture of the screen holds no control character.
    again.until("got <^]x>");
    again.type_text("\x01");
    again.until("detached from talker");
    assert_eq!(again.ended().code(), Some(0));
    server.stop().await;
}

#[tokio::test]
async fn the_end_of_the_program_is_the_end_of_attach_with_its_status() {
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    session(&server, "talker", TALKS).await;
    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("hello");
    attached.type_text("quit\r");
    attached.until("talker ended with status 7");
    assert_eq!(attached.ended().code(), Some(7));
    assert!(attached.is_as_before());
    server.stop().await;
}

#[tokio::test]
async fn a_signal_gives_the_terminal_back() {
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    session(&server, "talker", TALKS).await;
    for (signal, status) in [(Kill::TERM, 143), (Kill::HUP, 129), (Kill::INT, 130)] {
        let mut attached = Attached::start(&folder, &["talker"]);
        attached.until("hello");
        kill_process(Pid::from_child(&attached.child), signal).unwrap();
        attached.until("detached from talker");
        assert_eq!(attached.ended().code(), Some(status));
        assert!(attached.is_as_before());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_question_of_a_program_is_answered_once() {
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    let script = "read x; stty raw -echo; printf '\\033[5n<'; \
        dd bs=1 count=4 2>/dev/null | od -An -c | tr -d ' \\n'; printf '>;'; dd bs=1 count=1 2>/dev/null";
    session(&server, "asks", script).await;
    let mut attached = Attached::start(&folder, &["asks"]);
    attached.type_text("\r");
    attached.until("<033[0n>;");
    let asked = attached.seen.windows(4).any(|at| at == b"\x1b[5n");
    assert!(!asked, "{}", attached.seen.escape_ascii());
    attached.type_text("k");
    attached.until("asks ended");
    server.stop().await;
}

#[tokio::test]
async fn sessions_are_listed_shown_and_killed_while_no_server_runs() {
    let folder = folder();
    let keepers = Keepers::of(&folder);
    let (server, pid) = serving("--keeper auto", &folder).await;
    let id = session(&server, "talker", TALKS).await;
    let other = session(&server, "other", "exec sleep 3009").await;
    kill_process(pid, Kill::KILL).unwrap();
    assert!(server.ended().await.is_err());

    let (table, _, fine) = said(&call(&folder, &["sessions"]));
    assert!(fine);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("ID ") && lines[0].ends_with("CWD"),
        "{table}"
    );
    let cells: Vec<&str> = lines[1].split_whitespace().collect();
    assert!(
        id.to_string().starts_with(cells[0]) && cells[0].len() >= 6,
        "{table}"
    );
    assert_eq!(cells[1], "talker");
    assert!(
        lines[2].contains("other") && lines[2].contains("80x24"),
        "{table}"
    );

    let (rows, _, _) = said(&call(&folder, &["sessions", "--json"]));
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows["sessions"][0]["session_id"], id.to_string());
    assert_eq!(rows["sessions"][1]["label"], "other");

    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("hello");
    attached.type_text("alone\r");
    attached.until("got <alone>");

    // None is killed if one is not clear.
    let (_, error, fine) = said(&call(&folder, &["sessions", "kill", "talker", "nobody"]));
    assert!(!fine && error.contains("nobody"), "{error}");
    let (killed, _, fine) = said(&call(&folder, &["sessions", "kill", cells[0]]));
    assert_eq!((killed.as_str(), fine), ("killed talker\n", true));
    attached.until("talker was killed");
    assert_eq!(attached.ended().code(), Some(1));
    let (killed, _, fine) = said(&call(&folder, &["sessions", "kill", &other.to_string()]));
    assert_eq!((killed.as_str(), fine), ("killed other\n", true));
    assert_eq!(keepers.pids().len(), 1);
}

#[tokio::test]
async fn sessions_that_a_server_keeps_itself_are_found_by_the_same_way() {
    let folder = folder();
    let (server, _) = serving("--keeper off", &folder).await;
    session(&server, "talker", TALKS).await;
    let (table, _, fine) = said(&call(&folder, &["sessions"]));
    assert!(fine && table.contains("talker"), "{table}");
    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("hello");
    attached.type_text("one\r");
    attached.until("got <one>");
    attached.type_text(DETACH);
    attached.until("detached from talker");
    // Its end leaves the folder to whoever comes next.
    server.stop().await;
    let (server, _) = serving("--keeper off", &folder).await;
    let (table, _, _) = said(&call(&folder, &["sessions"]));
    assert!(
        table.contains("talker") && table.contains(" lost "),
        "{table}"
    );
    // What it showed last can still be seen.
    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("got <one>");
    attached.until("talker ended when the machine");
    assert_eq!(attached.ended().code(), Some(1));
    server.stop().await;
    assert!(!state(&folder).join("keeper.sock").exists());
}

/// Passes connections on to a socket, and cuts each when so many bytes have come from there. Gives their number.
fn cutting(at: &Path, to: PathBuf, after: usize) -> Arc<AtomicUsize> {
    let listener = UnixListener::bind(at).unwrap();
    let cuts = Arc::new(AtomicUsize::new(0));
    let counted = cuts.clone();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (near, far) = (near.unwrap(), UnixStream::connect(&to).unwrap());
            let (mut up, mut down) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let (mut to_near, mut to_far) = (near, far);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut up, &mut to_far);
                let _ = to_far.shutdown(Shutdown::Both);
            });
            let cuts = counted.clone();
            std::thread::spawn(move || {
                let mut allowed = (&mut down).take(after as u64);
                if std::io::copy(&mut allowed, &mut to_near).is_ok() && allowed.limit() == 0 {
                    cuts.fetch_add(1, Ordering::SeqCst);
                }
                let _ = down.shutdown(Shutdown::Both);
                let _ = to_near.shutdown(Shutdown::Both);
            });
        }
    });
    cuts
}

#[tokio::test]
async fn a_cut_connection_is_opened_again_and_nothing_is_lost_or_doubled() {
    const LINES: usize = 30_000;
    const KEYS: usize = 40;
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    let script = format!(
        "stty -echo; echo ready; read x; i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo \"n$i;\"; done; \
         while read x; do echo \"got $x;\"; done"
    );
    session(&server, "counter", &script).await;
    let near = folder.path().join("near");
    std::fs::create_dir(&near).unwrap();
    let far = state(&folder).join("keeper.sock");
    let cuts = cutting(&near.join("keeper.sock"), far, 48 * 1024);
    let mut attached = Attached::start_in(&near, &["counter"]);
    attached.until("ready");
    attached.type_text("go\r");
    for key in 0..KEYS {
        attached.type_text(&format!("k{key}\r"));
        attached.until(&format!("n{};", (key + 1) * LINES / KEYS));
    }
    attached.until(&format!("got k{};", KEYS - 1));
    attached.type_text(DETACH);
    attached.until("detached from counter");
    assert!(cuts.load(Ordering::SeqCst) >= 3, "it was cut");
    let text = String::from_utf8_lossy(&attached.seen);
    let said: Vec<&str> = text
        .split(';')
        .filter_map(|piece| piece.rsplit_once('\n').map(|(_, line)| line))
        .filter(|line| line.starts_with('n') || line.starts_with("got"))
        .collect();
    let numbers = (1..=LINES).map(|number| format!("n{number}"));
    let keys = (0..KEYS).map(|key| format!("got k{key}"));
    let expected: Vec<String> = numbers.chain(keys).collect();
    let first = said
        .iter()
        .zip(&expected)
        .position(|(said, expected)| said != expected);
    assert_eq!(
        (first, said.len()),
        (None, expected.len()),
        "{:?}",
        first.map(|at| &said[at])
    );
    server.stop().await;
}

#[tokio::test]
async fn a_keeper_that_becomes_another_program_is_not_noticed() {
    let folder = folder();
    let keepers = Keepers::of(&folder);
    let (server, pid) = serving("--keeper auto", &folder).await;
    session(&server, "talker", TALKS).await;
    let before = keepers.pids();
    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("hello");
    attached.type_text("one\r");
    attached.until("got <one>");
    kill_process(pid, Kill::KILL).unwrap();
    assert!(server.ended().await.is_err());
    // The next server is another file.
    let copy = folder.path().join("another");
    std::fs::copy(BOWLINE, &copy).unwrap();
    let wrapper = format!("shift; exec '{}' \"$@\"", copy.display());
    let (server, _) =
        TestServer::start_binary(&wrapper, "--keeper auto --on-exit end", folder.clone()).await;
    assert_eq!((program(before[0]), keepers.pids()), (copy, before));
    attached.type_text("two\r");
    attached.until("got <two>");
    attached.type_text(DETACH);
    attached.until("detached from talker");
    assert_eq!(attached.ended().code(), Some(0));
    let count = |text: &str| {
        String::from_utf8_lossy(&attached.seen)
            .matches(text)
            .count()
    };
    assert_eq!(
        (count("hello"), count("got <one>"), count("got <two>")),
        (1, 1, 1)
    );
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_with_the_reason() {
    let folder = folder();
    let _keepers = Keepers::of(&folder);
    // Nobody is there, and nobody is started.
    let (text, error, fine) = said(&call(&folder, &["sessions"]));
    assert_eq!((text.as_str(), fine), ("no sessions\n", true));
    assert!(error.contains("no server and no keeper"), "{error}");
    let (text, _, fine) = said(&call(&folder, &["sessions", "--json"]));
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({"sessions": []})
    );
    assert!(fine);
    assert!(!state(&folder).exists());

    let (server, _) = serving("--keeper auto --on-exit end", &folder).await;
    let script = "\"$BOWLINE_BIN\" sessions | grep -c talker; \"$BOWLINE_BIN\" attach talker; echo \"=$?\"; read x";
    let id = session(&server, "talker", script).await;
    let refused = |arguments: &[&str]| {
        let (_, error, fine) = said(&call(&folder, arguments));
        assert!(!fine);
        error
    };
    assert!(refused(&["attach", "talker"]).contains("needs a terminal"));
    assert!(refused(&["attach", "nobody"]).contains("bowline sessions"));
    // In a shell of ours the folder need not be said, and a session is not shown within itself.
    let mut attached = Attached::start(&folder, &["talker"]);
    attached.until("1\r\n");
    attached.until("within itself");
    attached.until("=1");
    attached.type_text(DETACH);
    attached.until("detached from");
    // Two of a name.
    session(&server, "talker", "read x").await;
    let error = refused(&["attach", "talker"]);
    assert!(
        error.contains("several") && error.contains(&id.to_string()[..6]),
        "{error}"
    );
    server.stop().await;
}

//! A keeper that becomes another program, which speaks another version of its frames, and the first one again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bowline_keeper::Host;
use bowline_terminal::{Exit, ScreenFormat, SessionId};

use crate::page::Page;
use crate::support::{HostExt as _, Kept, TODAY, TOMORROW, children, is_alive, kill, runs, soon};

/// All that must be the same in the next program.
struct Life {
    pid: i32,
    programs: Vec<i32>,
}

impl Life {
    async fn of(kept: &Kept, sessions: usize) -> Self {
        let pid = kept.greeting(&[1]).await.pid;
        let programs = children(pid);
        assert_eq!(programs.len(), sessions);
        Self { pid, programs }
    }

    /// The keeper runs this program now, and no other process has changed.
    async fn goes_on_as(&self, kept: &Kept, program: &str, version: u16) {
        let greeting = kept.greeting(&[1, 2]).await;
        assert_eq!((greeting.pid, greeting.version), (self.pid, version));
        assert_eq!(
            runs(self.pid),
            Path::new(program).canonicalize().expect("a path")
        );
        assert_eq!(children(self.pid), self.programs);
        assert_eq!(kept.keepers(), [self.pid]);
    }
}

/// Opens a server of this program, while pages take what they are told until they are cut off.
async fn opened<const N: usize>(kept: &Kept, program: &str, pages: [&mut Page; N]) -> Host {
    let mut pages = pages.into_iter().collect::<Vec<_>>();
    let taking = async {
        for page in &mut pages {
            page.until_cut().await;
        }
    };
    let (host, ()) = tokio::join!(kept.open(program), taking);
    for page in pages {
        page.move_to(&host).await;
    }
    host
}

fn file(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    path.to_str().expect("text").to_owned()
}

/// Asks its terminal nothing: it draws itself again at each answer, whenever that comes.
async fn vim(host: &Host, file: &str) -> SessionId {
    let quiet = "set t_RV= t_u7= t_RF= t_RB= t_RC= t_RS=";
    host.run(&["vim", "-u", "NONE", "-N", "-n", "--cmd", quiet, file])
        .await
}

#[tokio::test]
async fn a_flood_goes_on_and_every_byte_comes_once() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let stop = file(kept.folder(), "stop");
    // For as long as the test needs: it is in flight whenever the keeper changes.
    let script = format!(
        "stty -echo; echo ready; read x; n=1; until [ -e {stop} ]; do seq $n $((n + 999)); n=$((n + 1000)); done; \
         echo all-printed; read x; echo \"read $x\"; exit 3"
    );
    let flood = host.run(&["bash", "-c", &script]).await;
    let mut page = Page::new(&host, 1).await;
    page.attach(flood).await;
    page.sees(flood, "ready").await;
    page.type_in(flood, "\r").await;
    page.sees(flood, "\n2000\r").await;
    let life = Life::of(&kept, 1).await;

    let mut hosts = vec![host];
    let mut seen = page.bytes(flood).len();
    for (program, version) in [(TOMORROW, 2), (TODAY, 1), (TOMORROW, 2)] {
        hosts.push(opened(&kept, program, [&mut page]).await);
        page.until(flood, "more of it", |now| now.bytes.len() > seen + 100_000)
            .await;
        seen = page.bytes(flood).len();
        assert!(runs(life.pid).ends_with(Path::new(program).file_name().expect("a name")));
        let greeting = kept.greeting(&[1, 2]).await;
        assert_eq!((greeting.pid, greeting.version), (life.pid, version));
    }
    fs::write(&stop, "").expect("told");
    page.sees(flood, "all-printed\r\n").await;
    assert!(life.programs.iter().all(|pid| is_alive(*pid)));
    page.type_in(flood, "once\r").await;
    assert_eq!(page.exit_of(flood).await, Exit::Code(3));

    let text = String::from_utf8_lossy(page.bytes(flood));
    let last = text
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .max();
    let last: u32 = last.expect("a number");
    let mut expected = "ready\r\n".to_owned();
    for number in 1..=last {
        write!(expected, "{number}\r\n").expect("a string grows");
    }
    expected.push_str("all-printed\r\nread once\r\n");
    assert!(
        text == expected,
        "{} bytes of {}",
        text.len(),
        expected.len()
    );
    // Servers of before find it again, and ask what they want.
    for host in hosts {
        let read = soon("an answer", host.read(flood, None, usize::MAX)).await;
        assert!(read.expect("its log").bytes == expected.as_bytes());
    }
}

#[tokio::test]
async fn an_editor_is_drawn_the_same_and_gets_each_key_once() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let written = file(kept.folder(), "written");
    let lines: String = (1..200).map(|number| format!("line {number}\n")).collect();
    fs::write(&written, &lines).expect("written");
    let editor = vim(&host, &written).await;
    let shell = host
        .run(&[
            "bash",
            "-c",
            "stty -echo; seq 1 500; echo ready; read x; exit 7",
        ])
        .await;
    let ended = host.run(&["bash", "-c", "echo last words; exit 5"]).await;
    let mut page = Page::new(&host, 1).await;
    for session in [editor, shell, ended] {
        page.attach(session).await;
    }
    page.sees(editor, "line 20").await;
    page.type_in(editor, "Gofrom before").await;
    page.sees(editor, "before").await;
    page.sees(shell, "ready").await;
    assert_eq!(page.exit_of(ended).await, Exit::Code(5));
    let life = Life::of(&kept, 2).await;
    let sessions = [editor, shell, ended];
    let mut before = Vec::new();
    for session in sessions {
        before.push((host.shot(session).await, host.text(session).await));
    }

    for (program, version, typed) in [(TOMORROW, 2, ", between"), (TODAY, 1, ", after")] {
        let host = opened(&kept, program, [&mut page]).await;
        life.goes_on_as(&kept, program, version).await;
        for (session, (screen, log)) in sessions.into_iter().zip(&before) {
            assert_eq!(host.shot(session).await, *screen);
            assert_eq!(host.text(session).await, *log);
            assert_eq!(String::from_utf8_lossy(page.bytes(session)), *log);
        }
        page.type_in(editor, typed).await;
        page.sees(editor, typed.trim_start_matches(", ")).await;
        before[0] = (host.shot(editor).await, host.text(editor).await);
    }
    page.type_in(editor, "\x1b:wq\r").await;
    assert_eq!(page.exit_of(editor).await, Exit::Code(0));
    let text = fs::read_to_string(written).expect("written");
    assert_eq!(text, lines + "from before, between, after\n");
    page.type_in(shell, "\r").await;
    assert_eq!(page.exit_of(shell).await, Exit::Code(7));
    assert_eq!(page.known[&ended].exit, Some(Exit::Code(5)));
}

#[tokio::test]
async fn what_has_only_begun_is_finished() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let run = async |script| {
        let script: &str = script;
        host.run(&["bash", "-c", script]).await
    };
    let begun = [
        (
            run("stty -echo; printf 'plain\\033[3'; read x; printf '1mred\\033[0m|done'; read x")
                .await,
            &b"plain\x1b[3"[..],
            "plain\x1b[31mred\x1b[0m|done",
            "plainred|done",
        ),
        (
            run("stty -echo; printf 'a\\342\\202'; read x; printf '\\254b|done'; read x").await,
            b"a\xe2\x82",
            "a€b|done",
            "a€b|done",
        ),
    ];
    let mut page = Page::new(&host, 1).await;
    for (session, beginning, ..) in &begun {
        page.attach(*session).await;
        page.until(*session, "the beginning", |seen| seen.bytes == *beginning)
            .await;
    }
    let life = Life::of(&kept, 2).await;
    let host = opened(&kept, TOMORROW, [&mut page]).await;
    life.goes_on_as(&kept, TOMORROW, 2).await;
    for (session, beginning, whole, shown) in begun {
        assert_eq!(page.bytes(session), beginning);
        page.type_in(session, "\r").await;
        page.sees(session, "|done").await;
        assert_eq!(String::from_utf8_lossy(page.bytes(session)), whole);
        let text = host.screen(session, ScreenFormat::Text, 0).await;
        assert_eq!(text.expect("a screen").content.trim_end(), shown);
    }
}

#[tokio::test]
async fn a_paste_under_way_arrives_once_with_the_keys_behind_it() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let (go, typed) = (file(kept.folder(), "go"), file(kept.folder(), "typed"));
    let made = std::process::Command::new("mkfifo").arg(&go).status();
    assert!(made.expect("mkfifo runs").success());
    let paste: String = (0..20_000).map(|number| format!("{number:09} ")).collect();
    let total = paste.len() + "before|after".len();
    let script = format!(
        "stty raw -echo; echo ready; read -r x < {go}; head -c {total} > {typed}; echo all-read; read -r x < {go}"
    );
    let session = host.run(&["bash", "-c", &script]).await;
    let mut page = Page::new(&host, 1).await;
    page.attach(session).await;
    page.sees(session, "ready").await;
    page.type_in(session, paste.clone()).await;
    page.until(session, "a part to be written", |seen| {
        seen.input.acknowledged() > 0
    })
    .await;
    page.type_in(session, "before|").await;
    let life = Life::of(&kept, 1).await;

    opened(&kept, TOMORROW, [&mut page]).await;
    life.goes_on_as(&kept, TOMORROW, 2).await;
    assert!(page.known[&session].input.acknowledged() < paste.len() as u64);
    page.type_in(session, "after").await;
    let told = tokio::task::spawn_blocking(move || fs::write(go, "\n"));
    let told = soon("the program to be told", told).await;
    told.expect("it ran").expect("told");
    page.sees(session, "all-read").await;
    let typed = fs::read_to_string(typed).expect("text");
    assert!(
        typed == paste + "before|after",
        "{} bytes of {total}",
        typed.len()
    );
}

#[tokio::test]
async fn ends_of_programs_are_told_by_whoever_the_keeper_is() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let run = async |host: &Host, script: &str| host.run(&["bash", "-c", script]).await;
    let killed = run(&host, "echo ready; exec sleep 1000").await;
    let leaver = run(&host, "echo ready; read x; exit 9").await;
    for session in [killed, leaver] {
        host.sees(session, "ready").await;
    }
    let files = open_files(&host).await;
    let life = Life::of(&kept, 2).await;
    let host = kept.open(TOMORROW).await;
    life.goes_on_as(&kept, TOMORROW, 2).await;
    host.type_in(leaver, "\r").await.expect("typed");
    assert_eq!(host.exit_of(leaver).await, Exit::Code(9));
    let [sleeper] = children(life.pid)[..] else {
        panic!("one program runs");
    };
    kill(sleeper, rustix::process::Signal::KILL);
    assert_eq!(host.exit_of(killed).await, Exit::Signal(9));
    // New ones are its children too, and have nothing of what was handed over.
    assert_eq!(open_files(&host).await, files);
}

/// The descriptors of a program that starts.
async fn open_files(host: &Host) -> Vec<String> {
    let lister = host.run(&["bash", "-c", "exec ls /proc/self/fd"]).await;
    assert_eq!(host.exit_of(lister).await, Exit::Code(0));
    let listed = host.text(lister).await;
    listed.split_whitespace().map(str::to_owned).collect()
}

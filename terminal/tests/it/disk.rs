//! What is on disk of sessions: after a kill it says which there were, what they showed, and how they are
//! started again.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bowline_protocol::ClientFrame;
use bowline_protocol::frame::{Exit, Mode};
use bowline_terminal::{
    CreateSession, Disk, Error, History, KeepScreens, Naming, OnExit, Options, ScreenFormat,
    SessionId, SessionInfo, SessionState, Size,
};
use flate2::read::GzDecoder;

use crate::support::{World, command_of, soon};

const LOST: SessionState = SessionState::Exited(Exit::Lost);
const WIDE: Size = Size {
    cols: 100,
    rows: 30,
};

/// A folder for what is kept, and worlds that keep it there.
struct Place {
    folder: tempfile::TempDir,
    screens: KeepScreens,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            screens: KeepScreens::Yes,
        }
    }

    fn sessions(&self) -> PathBuf {
        self.folder.path().join("sessions")
    }

    /// The folder that a program says it is in.
    fn work(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder.canonicalize().expect("it is there")
    }

    fn options(&self) -> Options {
        Options {
            disk: Some(Disk {
                folder: self.sessions(),
                screens: self.screens,
            }),
            ..Options::default()
        }
    }

    fn world(&self) -> World {
        World::with(self.options())
    }

    /// A world that finds what others left.
    async fn next(&self) -> World {
        let world = self.world();
        world.sessions.recover().await;
        world
    }

    fn record(&self, session: SessionId) -> PathBuf {
        self.sessions().join(format!("{session}.json"))
    }

    fn screen(&self, session: SessionId) -> PathBuf {
        self.sessions().join(format!("{session}.screen.gz"))
    }

    /// What the file of a screen holds; nothing while there is none.
    fn screen_text(&self, session: SessionId) -> String {
        let mut text = Vec::new();
        if let Ok(file) = fs::File::open(self.screen(session)) {
            let whole = GzDecoder::new(file).read_to_end(&mut text);
            whole.expect("files are replaced as a whole");
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits until the file of a screen holds a text.
    async fn saved(&self, session: SessionId, text: &str) {
        self.saved_as(session, |found| found.contains(text)).await;
    }

    async fn saved_as(&self, session: SessionId, mut expected: impl FnMut(&str) -> bool) {
        let mut read = None;
        let is_there = || {
            let written = fs::metadata(self.screen(session)).ok();
            let written = written.and_then(|file| file.modified().ok());
            // Reading takes its time, and the saver runs on this thread.
            let is_new = std::mem::replace(&mut read, written) != written;
            is_new && expected(&self.screen_text(session))
        };
        until("saved", is_there).await;
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.sessions()).into_iter().flatten();
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.into_string().expect("a name"))
            .collect()
    }
}

/// One life of a host. What has not ended then ends as by a kill: nothing is told, closed or removed.
fn life<T>(life: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(life)
}

async fn until(what: &str, mut expected: impl FnMut() -> bool) {
    let met = async {
        while !expected() {
            tokio::task::yield_now().await;
        }
    };
    soon(what, met).await;
}

async fn text_of(world: &World, session: SessionId) -> String {
    let handle = world.sessions.get(session).expect("it is listed");
    let shot = handle.screen(ScreenFormat::Text, History::All).await;
    shot.expect("a screen").content
}

fn info(world: &World, session: SessionId) -> SessionInfo {
    let handle = world.sessions.get(session).expect("it is listed");
    handle.info()
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn a_killed_host_is_survived_by_what_its_sessions_showed_and_where_they_were() {
    let place = Place::new();
    let work = place.work("some where");
    let shell = life(async {
        let world = place.world();
        let request = CreateSession {
            label: Some("logs".into()),
            pane_id: Some("p1".into()),
            size: Some(WIDE),
            ..command_of(&["bash", "--norc", "--noprofile", "-i"])
        };
        let created = world.sessions.create(request).await;
        let shell = created.expect("a session").session;
        let mut page = world.page(1);
        page.attach_as(shell, Mode::Log, WIDE).await;
        let line = format!("cd '{}'; seq 1000 1200; echo la''st\r", work.display());
        page.type_in(shell, line).await;
        page.see(shell, "last\r\n").await;
        place.saved(shell, "last").await;
        let known = || fs::read_to_string(place.record(shell)).unwrap_or_default();
        until("the folder", || known().contains("some where")).await;
        shell
    });
    assert_eq!(mode(&place.sessions()), 0o700);
    assert_eq!(mode(&place.record(shell)), 0o600);
    assert_eq!(mode(&place.screen(shell)), 0o600);
    let mut names = place.names();
    // What was just being written when it was killed.
    names.retain(|name| !name.ends_with(".new"));
    assert_eq!(names.len(), 2, "{names:?}");

    life(async {
        let world = place.next().await;
        let lost = info(&world, shell);
        assert_eq!(lost.state, LOST);
        assert_eq!((lost.label.as_str(), lost.naming), ("logs", Naming::Given));
        assert_eq!(lost.pane_id.as_deref(), Some("p1"));
        assert_eq!(lost.cwd.as_deref(), Some(work.as_path()));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let ago =
            now.expect("after 1970") - Duration::from_millis(lost.last_seen_ms.expect("lost"));
        assert!(ago < Duration::from_secs(30) && lost.idle < Duration::from_secs(30));
        assert!(lost.age >= lost.idle);

        let text = text_of(&world, shell).await;
        assert!(text.contains("1000\n1001\n") && text.contains("1200\nlast\n"));
        // A page sees it as it sees every session that has ended.
        let mut page = world.page(1);
        page.attach_as(shell, Mode::Screen, Size::default()).await;
        assert_eq!(page.exit_of(shell).await, Exit::Lost);
        page.shows(shell, "last").await;
        let seen = page.known.of(shell);
        assert_eq!(seen.screen.size(), WIDE);
        assert!(seen.screen.text(History::All).contains("1000\n1001\n"));

        let again = world.sessions.restart(shell).await.expect("it starts");
        assert!(!again.reattached);
        assert!(matches!(world.sessions.get(shell), Err(Error::Gone)));
        assert!(!place.record(shell).exists() && !place.screen(shell).exists());
        let new = info(&world, again.session);
        assert_eq!((new.label.as_str(), new.naming), ("logs", Naming::Given));
        assert_eq!(new.pane_id.as_deref(), Some("p1"));
        assert_eq!(new.size, WIDE);
        page.attach(again.session).await;
        page.type_in(again.session, "pwd\r").await;
        page.see(again.session, &format!("{}\r\n", work.display()))
            .await;
        world.sessions.end_all(OnExit::End).await;
    });
}

#[test]
fn an_end_in_good_order_keeps_what_ran_and_nothing_else() {
    let place = Place::new();
    let (kept, others) = life(async {
        let world = place.world();
        let kept = world.bash().await;
        let (exited, closed) = (world.run(&["true"]).await, world.bash().await);
        let mut page = world.page(1);
        for session in [kept, closed, exited] {
            page.attach(session).await;
        }
        page.type_in(kept, "echo on''ly-now\r").await;
        page.see(kept, "only-now\r\n").await;
        page.exit_of(exited).await;
        world.sessions.close(closed).await.expect("it runs");
        page.exit_of(closed).await;
        until("the files of ended sessions go", || {
            ![exited, closed]
                .iter()
                .any(|one| place.record(*one).exists())
        })
        .await;
        world.sessions.save_all().await;
        world.sessions.end_all(OnExit::End).await;
        (kept, [exited, closed])
    });
    assert!(place.screen_text(kept).contains("only-now"));
    life(async {
        let world = place.next().await;
        assert_eq!(world.sessions.list().len(), 1);
        assert_eq!(info(&world, kept).state, LOST);
        assert!(
            others
                .iter()
                .all(|other| world.sessions.get(*other).is_err())
        );
        // It stays lost until somebody has seen it.
        let world = place.next().await;
        assert!(text_of(&world, kept).await.contains("only-now"));
        world.sessions.close(kept).await.expect("it is listed");
        assert!(world.sessions.list().is_empty());
        assert_eq!(place.names(), Vec::<String>::new());
    });
}

#[test]
fn what_was_ended_starts_again_with_its_arguments_where_it_was() {
    let place = Place::new();
    let (folder, elsewhere) = (place.work("one"), place.work("two"));
    life(async {
        let world = place.world();
        let script = "pwd; printf '<%s>' \"$0\" \"$@\"; read x; cd \"$x\"; read x; exit 3";
        let request = CreateSession {
            cwd: Some(folder.clone()),
            pane_id: Some("p1".into()),
            ..command_of(&["sh", "-c", script, "zero", "one  two", "", "é'\""])
        };
        let created = world.sessions.create(request).await;
        let session = created.expect("a session").session;
        let running = world.sessions.restart(session).await;
        assert!(matches!(running, Err(Error::Running)), "{running:?}");
        let mut page = world.page(1);
        page.attach(session).await;
        page.type_in(session, format!("{}\r", elsewhere.display()))
            .await;
        let known = || fs::read_to_string(place.record(session)).unwrap_or_default();
        until("it is seen in the other folder", || {
            known().contains("\"folder\":\"") && known().contains("/two\"")
        })
        .await;
        page.type_in(session, "\r").await;
        assert_eq!(page.exit_of(session).await, Exit::Code(3));

        let (one, two) = tokio::join!(
            world.sessions.restart(session),
            world.sessions.restart(session)
        );
        let (again, refused) = match one {
            Ok(again) => (again, two),
            refused => (two.expect("one of both starts"), refused),
        };
        assert!(matches!(refused, Err(Error::Gone)), "{refused:?}");
        page.attach(again.session).await;
        page.see(again.session, "<zero><one  two><><é'\">").await;
        let text = page.known.of(again.session).text();
        assert!(
            text.starts_with(&format!("{}\r\n", elsewhere.display())),
            "{text}"
        );
        let gone = world.sessions.restart(session).await;
        assert!(matches!(gone, Err(Error::Gone)), "{gone:?}");

        // A folder that is gone is no reason not to start.
        page.type_in(again.session, "\r\r").await;
        page.exit_of(again.session).await;
        fs::remove_dir(&elsewhere).expect("it is empty");
        let third = world.sessions.restart(again.session).await;
        let third = third.expect("it starts").session;
        page.attach(third).await;
        page.see(third, "<zero>").await;
        world.sessions.end_all(OnExit::End).await;
    });
}

#[test]
fn what_cannot_start_again_stays_with_its_screen() {
    let place = Place::new();
    let program = place.work("bin").join("program");
    fs::write(&program, "#!/bin/sh\necho so far; read x\n").expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    let session = life(async {
        let world = place.world();
        let session = world.run(&[program.to_str().expect("text")]).await;
        place.saved(session, "so far").await;
        session
    });
    fs::remove_file(&program).expect("it is there");
    life(async {
        let world = place.next().await;
        let failed = world.sessions.restart(session).await;
        assert!(matches!(failed, Err(Error::Spawn { .. })), "{failed:?}");
        assert!(text_of(&world, session).await.contains("so far"));
        assert!(place.record(session).exists());
    });
}

#[test]
fn files_that_cannot_be_read_harm_nobody() {
    let place = Place::new();
    let [torn, screenless, whole, foreign] = life(async {
        let world = place.world();
        let mut sessions = Vec::new();
        for _ in 0..4 {
            let session = world.run(&["sh", "-c", "echo here; read x"]).await;
            place.saved(session, "here").await;
            sessions.push(session);
        }
        sessions.try_into().expect("four")
    });
    let cut = |path: PathBuf| {
        let bytes = fs::read(&path).expect("it is there");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    };
    cut(place.record(torn));
    cut(place.screen(screenless));
    fs::copy(place.record(whole), place.record(foreign)).expect("copied");
    let newer = SessionId::from_bytes([1; 16]);
    fs::write(place.record(newer), "{\"version\": 2}").expect("written");
    let unfinished = place.sessions().join(format!("{whole}.json.new"));
    fs::write(&unfinished, "{").expect("written");
    fs::write(place.sessions().join("note.txt"), "mine").expect("written");
    life(async {
        let world = place.next().await;
        let mut listed: Vec<_> = world.sessions.list().iter().map(|one| one.id).collect();
        listed.sort_unstable();
        let mut expected = [screenless, whole];
        expected.sort_unstable();
        assert_eq!(listed, expected);
        assert!(text_of(&world, whole).await.contains("here"));
        assert_eq!(text_of(&world, screenless).await.trim(), "");
        for gone in [torn, foreign] {
            assert!(!place.record(gone).exists(), "{:?}", place.names());
        }
        assert!(!unfinished.exists() && !place.screen(screenless).exists());
        // A newer version's is its own, and what is not ours stays.
        assert!(place.record(newer).exists() && place.sessions().join("note.txt").exists());
        // One without a screen starts again like any other.
        world.sessions.restart(screenless).await.expect("it starts");
        world.sessions.end_all(OnExit::End).await;
    });
}

#[test]
fn only_the_newest_lost_sessions_are_kept() {
    let place = Place::new();
    let session = life(async {
        let world = place.world();
        let session = world.run(&["cat"]).await;
        until("saved", || place.record(session).exists()).await;
        session
    });
    let record = fs::read_to_string(place.record(session)).expect("it is there");
    let hour = Duration::from_secs(3600);
    let ids = (1..=40).map(|number| SessionId::from_bytes([number; 16]));
    let ids: Vec<_> = ids.collect();
    for (hours, id) in (1..).zip(&ids) {
        let path = place.record(*id);
        let text = record.replace(&session.to_string(), &id.to_string());
        fs::write(&path, text).expect("written");
        let file = fs::File::options().write(true).open(path).expect("ours");
        let then = SystemTime::now() - hour * hours;
        file.set_modified(then).expect("ours");
    }
    life(async {
        let world = place.next().await;
        let listed = world.sessions.list();
        assert_eq!(listed.len(), 32);
        assert!(listed.iter().any(|one| one.id == session));
        let (kept, gone) = ids.split_at(31);
        assert!(
            kept.iter()
                .all(|id| world.sessions.get(*id).is_ok() && place.record(*id).exists())
        );
        assert!(
            gone.iter()
                .all(|id| world.sessions.get(*id).is_err() && !place.record(*id).exists())
        );
        // Sessions that end in the usual way don't push them out.
        let mut page = world.page(1);
        for _ in 0..34 {
            let session = world.run(&["true"]).await;
            page.attach(session).await;
            page.exit_of(session).await;
            page.say(&[ClientFrame::Detach { session }]).await;
        }
        let lost = world.sessions.list();
        assert_eq!(lost.iter().filter(|one| one.state == LOST).count(), 32);
    });
}

#[test]
fn a_history_that_is_too_long_is_kept_in_part() {
    let place = Place::new();
    let session = life(async {
        let mut options = place.options();
        options.scrollback = 100_000;
        let world = World::with(options);
        let line = "x".repeat(195);
        let script = format!("yes {line} | head -n 50000; echo the-end; read x");
        let request = CreateSession {
            size: Some(Size {
                cols: 200,
                rows: 30,
            }),
            ..command_of(&["sh", "-c", &script])
        };
        let created = world.sessions.create(request).await;
        let session = created.expect("a session").session;
        place.saved(session, "the-end").await;
        session
    });
    let file = fs::metadata(place.screen(session)).expect("it is there");
    assert!(file.len() <= 4 << 20, "{}", file.len());
    let bytes = place.screen_text(session).len();
    assert!((4 << 20..8 << 20).contains(&bytes), "{bytes}");
    life(async {
        let world = place.next().await;
        let text = text_of(&world, session).await;
        assert!(text.lines().count() > 5_000 && text.trim_end().ends_with("the-end"));
    });
}

#[test]
fn a_flood_is_saved_while_it_goes_on() {
    let place = Place::new();
    life(async {
        let world = place.world();
        let script = "i=0; while :; do i=$((i+1)); echo number=$i'#'; done";
        world.run(&["sh", "-c", script]).await;
        let session = world.sessions.list()[0].id;
        let mut last = None;
        for _ in 0..2 {
            let before = last;
            let saved = place.saved_as(session, |text| {
                let number = text.rsplit_once("number=").and_then(|(_, rest)| {
                    let (number, _) = rest.split_once('#')?;
                    number.parse::<u64>().ok()
                });
                last = last.max(number);
                last > before
            });
            saved.await;
        }
        world.sessions.end_all(OnExit::End).await;
    });
}

#[test]
fn screens_that_are_not_to_be_kept_are_not_and_do_not_stay() {
    let mut place = Place::new();
    let before = life(async {
        let world = place.world();
        let session = world.run(&["sh", "-c", "echo secret; read x"]).await;
        place.saved(session, "secret").await;
        session
    });
    place.screens = KeepScreens::No;
    let (work, session) = (place.work("here"), killed_without_screens(&place, before));
    life(async {
        let world = place.next().await;
        let lost = info(&world, session);
        assert_eq!((lost.state, lost.cwd), (LOST, Some(work)));
        assert_eq!(text_of(&world, session).await.trim(), "");
        world.sessions.restart(session).await.expect("it starts");
        world.sessions.end_all(OnExit::End).await;
    });
}

fn killed_without_screens(place: &Place, before: SessionId) -> SessionId {
    let work = place.work("here");
    life(async {
        let world = place.next().await;
        assert!(!place.screen(before).exists());
        assert_eq!(info(&world, before).state, LOST);
        let session = world.bash().await;
        let mut page = world.page(1);
        page.attach(session).await;
        page.type_in(
            session,
            format!("cd {}; echo my sec''ret\r", work.display()),
        )
        .await;
        page.see(session, "secret\r\n").await;
        let known = || fs::read_to_string(place.record(session)).unwrap_or_default();
        until("the folder", || known().contains("/here\"")).await;
        assert!(!place.screen(session).exists());
        session
    })
}

#[test]
fn sessions_go_on_where_nothing_can_be_kept() {
    let place = Place::new();
    // A file where the folder should be.
    fs::write(place.sessions(), "").expect("written");
    life(async {
        let world = place.next().await;
        let session = world.bash().await;
        let mut page = world.page(1);
        page.attach(session).await;
        page.type_in(session, "echo still he''re\r").await;
        page.see(session, "still here\r\n").await;
        soon("an end", world.sessions.save_all()).await;
        world.sessions.end_all(OnExit::End).await;
    });
}

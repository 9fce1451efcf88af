//! Programs that the keeper can't become: it goes on as if nobody had asked, and says why.

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bowline_keeper::Host;
use bowline_terminal::Exit;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::page::Page;
use crate::support::{HostExt as _, Kept, TODAY, TOMORROW, children, runs, script, soon};

/// What is warned of.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<Mutex<String>>);

impl Warnings {
    fn all(&self) -> String {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

impl Visit for Warnings {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut all = self.0.lock().expect("nobody panics with it");
        all.push_str(&format!("{field}={value:?} "));
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Opens a server whose program can't take up the sessions. `spoil` makes it so at the last moment.
async fn refused(
    program: impl FnOnce(&Path) -> std::path::PathBuf,
    spoil: impl FnOnce(&Path),
) -> String {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let session = host
        .run(&[
            "bash",
            "-c",
            "stty -echo; seq 1 500; read x; echo \"read $x\"; read x; exit 3",
        ])
        .await;
    let mut page = Page::new(&host, 1).await;
    page.attach(session).await;
    page.sees(session, "\n500\r").await;
    let before = kept.greeting(&[1, 2]).await;
    let programs = children(before.pid);
    let (screen, log) = (host.shot(session).await, host.text(session).await);

    let program = program(kept.folder());
    let launch = kept.launch(&program);
    spoil(&program);
    let warnings = Warnings::default();
    let other = {
        let _guard = tracing::subscriber::set_default(warnings.clone());
        let opened = soon("the keeper's refusal", Host::apart(launch)).await;
        opened.expect("the keeper is there as before")
    };
    assert_eq!(kept.greeting(&[1, 2]).await, before);
    assert_eq!(children(before.pid), programs);
    assert_eq!(
        runs(before.pid),
        Path::new(TODAY).canonicalize().expect("a path")
    );
    assert_eq!(other.shot(session).await, screen);
    assert_eq!(other.text(session).await, log);

    // Peers that go at a bad moment cost it nothing either.
    for _ in 0..20 {
        let (mut raw, _) = kept.visit(&[1]).await;
        for _ in 0..50 {
            let question = json!({"read": {"session": session, "from": 0, "max": 1_000_000}});
            let question = question.to_string();
            let ask = bowline_keeper::frame::ToKeeper::Ask {
                number: 1,
                head: question.len() as u32,
            };
            raw.say(&ask, question.as_bytes()).await;
        }
    }
    page.type_in(session, "this\r").await;
    page.sees(session, "read this\r\n").await;
    assert_eq!(host.text(session).await, format!("{log}read this\r\n"));
    // And a program that can is still welcome.
    let next = kept.open(TOMORROW).await;
    let after = kept.greeting(&[1, 2]).await;
    assert_eq!((after.pid, after.version), (before.pid, 2));
    assert_eq!(children(before.pid), programs);
    page.move_to(&next).await;
    page.type_in(session, "\r").await;
    assert_eq!(page.exit_of(session).await, Exit::Code(3));
    assert_eq!(
        String::from_utf8_lossy(page.bytes(session)),
        format!("{log}read this\r\n")
    );
    let said = warnings.all();
    assert!(said.contains("the keeper stays what it is"), "{said}");
    said
}

fn as_it_is(_: &Path) {}

#[tokio::test]
async fn one_that_cannot_read_the_state() {
    let cannot = |folder: &Path| script(folder, "cannot", "exit 1").expect("a script");
    let said = refused(cannot, as_it_is).await;
    assert!(said.contains("exit status: 1"), "{said}");
}

#[tokio::test]
async fn one_that_falls_over_the_state() {
    let falls = |folder: &Path| script(folder, "falls", "kill -SEGV $$").expect("a script");
    let said = refused(falls, as_it_is).await;
    assert!(said.contains("SIGSEGV"), "{said}");
}

#[tokio::test]
async fn one_that_never_says_whether_it_can() {
    let hangs = |folder: &Path| script(folder, "hangs", "exec sleep 1000").expect("a script");
    let said = refused(hangs, as_it_is).await;
    assert!(said.contains("takes too long"), "{said}");
}

#[tokio::test]
async fn one_that_may_not_be_executed() {
    let text = |folder: &Path| {
        let path = script(folder, "text", "exit 0").expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        path
    };
    let said = refused(text, as_it_is).await;
    assert!(said.contains("Permission denied"), "{said}");
}

#[tokio::test]
async fn one_that_is_not_there_any_more() {
    let there = |folder: &Path| script(folder, "there", "exit 0").expect("a script");
    let said = refused(there, |path| fs::remove_file(path).expect("it was there")).await;
    assert!(said.contains("No such file"), "{said}");
}

#[tokio::test]
async fn one_that_is_gone_once_it_has_proved_itself() {
    let goes = |folder: &Path| script(folder, "goes", "rm -- \"$0\"").expect("a script");
    let said = refused(goes, as_it_is).await;
    assert!(said.contains("No such file"), "{said}");
}

#[tokio::test]
async fn one_that_cannot_be_started_once_it_has_proved_itself() {
    let spoils = |folder: &Path| {
        let lines =
            "printf '#!/nowhere\\n' > \"$0.next\"; chmod 755 \"$0.next\"; mv \"$0.next\" \"$0\"";
        script(folder, "spoils", lines).expect("a script")
    };
    refused(spoils, as_it_is).await;
}

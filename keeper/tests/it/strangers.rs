//! Who else comes to the socket: other users, other versions, and those that talk rubbish.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use bowline_keeper::Reason;
use bowline_keeper::frame::{FromKeeper, ToKeeper};
use bowline_protocol::codec::encode;
use bowline_terminal::{CreateSession, SessionId};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::page::Page;
use crate::support::{HostExt as _, Kept, TODAY, TOMORROW, soon, until};

/// Nobody's.
const STRANGER: &str = "65534";

#[tokio::test]
async fn other_users_are_not_heard() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let mode = |mode| fs::Permissions::from_mode(mode);
    let of = |metadata: fs::Metadata| metadata.permissions().mode() & 0o777;
    assert_eq!(of(fs::metadata(kept.socket()).expect("a socket")), 0o600);
    if !rustix::process::getuid().is_root() {
        // Who isn't root can't be anybody else: that the check refuses can't be shown.
        return;
    }
    // The folders would keep it out already.
    fs::set_permissions(kept.folder(), mode(0o755)).expect("opened");
    fs::set_permissions(kept.state(), mode(0o755)).expect("opened");
    let visitor = kept.folder().join("visitor");
    fs::copy(TODAY, &visitor).expect("a copy that anybody may execute");
    fs::set_permissions(&visitor, mode(0o755)).expect("set");
    let visit = async |user: &str| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", user, "--regid", user, "--clear-groups", "--"])
            .arg(&visitor)
            .arg("visit")
            .arg(kept.socket())
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = soon("the visit", output).await.expect("it ran");
        let output = output.expect("setpriv runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    assert_eq!(visit("0").await, "was greeted");
    assert_eq!(visit(STRANGER).await, "may not connect");
    // Now only the check of who it is remains.
    fs::set_permissions(kept.socket(), mode(0o666)).expect("opened");
    assert_eq!(visit(STRANGER).await, "was not heard");
    assert_eq!(visit("0").await, "was greeted");
    assert!(host.list().await.is_ok());
}

#[tokio::test]
async fn the_newest_version_that_both_speak_is_spoken() {
    let kept = Kept::new();
    let _host = kept.open(TODAY).await;
    assert_eq!(kept.greeting(&[1]).await.version, 1);
    assert_eq!(kept.greeting(&[7, 2, 1]).await.version, 1);
    let (mut raw, greeting) = kept.visit(&[2]).await;
    assert_eq!(greeting.version, 0);
    raw.ends().await;
    let _host = kept.open(TOMORROW).await;
    assert_eq!(kept.greeting(&[1]).await.version, 1);
    assert_eq!(kept.greeting(&[7, 2, 1]).await.version, 2);
    assert_eq!(kept.greeting(&[]).await.version, 0);
}

/// Resident memory, KiB.
fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.expect("a number").parse().expect("a number")
}

#[tokio::test]
async fn rubbish_ends_the_connection_that_it_comes_by_and_no_other() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let session = host
        .run(&[
            "bash",
            "-c",
            "stty -echo; echo ready; while read x; do echo \"read $x\"; done",
        ])
        .await;
    let mut page = Page::new(&host, 1).await;
    page.attach(session).await;
    page.sees(session, "ready").await;
    let pid = kept.greeting(&[1]).await.pid;
    let before = memory(pid);

    let hello = encode(&ToKeeper::Hello { versions: vec![1] }).to_vec();
    let huge = u32::MAX.to_le_bytes().to_vec();
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80)
        .collect();
    let behind_hello = |bytes: &[u8]| [&hello, bytes].concat();
    let no_purpose = encode(&ToKeeper::Batch).to_vec();
    // Malformed: an `Ask` that ends inside its number.
    let broken = vec![3, 0, 0, 0, 4, 0xff, 0xff];
    let rubbish = [
        noise.clone(),
        huge.clone(),
        no_purpose.clone(),
        broken.clone(),
        behind_hello(&noise),
        behind_hello(&huge),
        behind_hello(&no_purpose),
        behind_hello(&broken),
        behind_hello(&hello),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
    ];
    for bytes in &rubbish {
        let mut raw = kept.connect().await;
        // It may be closed before all is taken.
        let _ = raw.0.write_all(bytes).await;
        raw.ends().await;
    }
    // Half a frame and silence, and long ones that never come: they cost what came.
    let mut silent = Vec::new();
    for half in [&hello[..3], &behind_hello(&[0, 0, 200, 0, 4])[..]] {
        for _ in 0..50 {
            let mut raw = kept.connect().await;
            raw.0.write_all(half).await.expect("taken");
            silent.push(raw);
        }
    }
    page.type_in(session, "this\r").await;
    page.sees(session, "read this\r\n").await;
    assert!(host.list().await.is_ok());
    let grown = memory(pid).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    drop(silent);
    assert_eq!(kept.greeting(&[1]).await.pid, pid);
}

fn reason(answer: &Option<Value>) -> &Value {
    let answer = answer.as_ref().expect("an answer");
    &answer["Err"]["reason"]["kind"]
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_and_the_next_is_answered() {
    let kept = Kept::new();
    let _host = kept.open(TODAY).await;
    let (mut raw, _) = kept.visit(&[1]).await;
    for senseless in [json!("of_a_later_version"), json!({"touch": 3}), json!([1])] {
        assert_eq!(reason(&raw.ask(&senseless).await), "malformed");
    }
    let unknown = SessionId::from_bytes([7; 16]);
    assert_eq!(reason(&raw.ask(&json!({"attach": unknown})).await), "gone");
    // One whose JSON is longer than itself.
    let lying = ToKeeper::Ask {
        number: 3,
        head: 1000,
    };
    raw.say(&lying, b"\"list\"").await;
    let framed = soon("an answer", raw.next()).await.expect("a frame");
    assert!(matches!(framed.frame, FromKeeper::Answer { number: 3, .. }));
    assert!(
        framed
            .payload
            .windows(9)
            .any(|window| window == b"malformed")
    );
    assert_eq!(
        raw.ask(&json!("list")).await,
        Some(json!({"Ok": {"listed": []}}))
    );
}

#[tokio::test]
async fn a_session_in_a_folder_whose_name_is_no_text_is_told_like_others() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    let script = format!(
        "cd {}; mkdir $'caf\\xe9'; cd $'caf\\xe9'; echo ready; read x",
        kept.folder().display()
    );
    let session = host.run(&["bash", "-c", &script]).await;
    host.sees(session, "ready").await;
    let listed = host.list().await.expect("a list");
    let cwd = listed[0].cwd.as_ref().expect("it is known");
    assert!(cwd.ends_with("caf\u{fffd}"), "{cwd:?}");
    let known = host.attach(session).await.expect("it runs");
    assert_eq!(known.info.cwd.as_ref(), Some(cwd));
}

#[tokio::test]
async fn a_question_or_an_answer_that_is_too_long_costs_nobody_the_connection() {
    let kept = Kept::new();
    let host = kept.open(TODAY).await;
    // Twice what a frame takes.
    let script =
        "stty -echo; head -c 33554432 /dev/zero | tr '\\0' x; echo; echo all-printed; read x";
    let session = host.run(&["bash", "-c", script]).await;
    let read = async |max| {
        let known = host.attach(session).await.expect("it runs");
        let from = known.end.saturating_sub(max as u64);
        host.read(session, Some(from), max).await
    };
    until("all of it", async || {
        let tail = read(1000).await.expect("a piece");
        String::from_utf8_lossy(&tail.bytes).contains("all-printed")
    })
    .await;
    let (long, short) = tokio::join!(read(usize::MAX >> 1), read(1000));
    assert_eq!(long.expect_err("too long").reason, Reason::Other);
    assert_eq!(short.expect("a piece").bytes.len(), 1000);
    let pasted = "x".repeat(17 * 1024 * 1024);
    let (long, short) = tokio::join!(host.type_in(session, &pasted), read(1000));
    assert_eq!(long.expect_err("too long").reason, Reason::Malformed);
    assert_eq!(short.expect("a piece").bytes.len(), 1000);
    let nameless = CreateSession {
        cwd: Some(OsStr::from_bytes(b"/caf\xe9").into()),
        ..CreateSession::default()
    };
    let (nameless, short) = tokio::join!(host.create(nameless), read(1000));
    assert_eq!(nameless.expect_err("no text").reason, Reason::Malformed);
    assert_eq!(short.expect("a piece").bytes.len(), 1000);
}

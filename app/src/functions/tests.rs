//! The server functions called directly, as a page rendered on the server calls them. Statuses, the
//! gate and what goes over the wire are tested through the router, in `server`.

#![cfg(feature = "ssr")]

use std::sync::Arc;
use std::time::Duration;

use bowline_keeper::Host;
use bowline_protocol::SessionId;
use bowline_terminal::{ApiInput, Links, OnExit, Options, ServerId, Sessions};
use http::request::Parts;
use leptos::prelude::{Owner, ScopedFuture, provide_context};
use leptos_axum::ResponseOptions;

use super::*;
use crate::context::{AppContext, Door, Left, Login, Secret};
use crate::error::{AppError, ErrorCode};
use crate::functions::output::OutputFrom;
use crate::functions::sessions::{ExitReply, State};
use crate::workspace::Workspace;
use crate::workspace::store::WorkspaceStore;

/// A door that one code opens.
struct OneCode;

impl Door for OneCode {
    fn login(&self, secret: &Secret, _: &Parts) -> Result<Login, AppError> {
        match secret {
            Secret::Code(code) if code == "right" => Ok(Login {
                cookie: "name=value; HttpOnly".to_owned(),
                proof: "proof".to_owned(),
            }),
            _ => Err(AppError::new(ErrorCode::Unauthenticated, "wrong")),
        }
    }

    fn logout(&self, _: &Parts) -> Result<Left, AppError> {
        Ok(Left {
            cookie: "name=; Max-Age=0".to_owned(),
            elsewhere: Some("https://provider.example/end".to_owned()),
        })
    }

    fn browsers(&self, _: &Parts) -> Vec<logins::Browser> {
        Vec::new()
    }

    fn end(&self, _: Option<&str>, _: &Parts) -> Result<usize, AppError> {
        Ok(0)
    }
}

/// Runs a test inside a request's context, and hands it the answer's headers.
async fn with_context<T>(test: impl AsyncFnOnce(ResponseOptions) -> T) -> T {
    let _ = any_spawner::Executor::init_tokio();
    let dir = tempfile::tempdir().unwrap();
    let sessions = Sessions::new(Options {
        max_sessions: 3,
        ..Options::default()
    });
    let links = Links::new(sessions.clone(), ServerId::from_bytes([1; 16]));
    let context = AppContext {
        host: Host::within(sessions.clone(), links),
        workspace: WorkspaceStore::open(dir.path().join("w.json"), |_| {})
            .unwrap()
            .0,
        gate: Arc::new(OneCode),
        terminal_mode: setup::TerminalMode::Grid,
        vault: None,
        setup: None,
        carrier: None,
        upload_limit: 32 << 20,
        version: "1.2.3",
    };
    let response = ResponseOptions::default();
    let owner = Owner::new();
    let scoped = owner.with(|| {
        provide_context(context);
        provide_context(response.clone());
        provide_context(http::Request::new(()).into_parts().0);
        ScopedFuture::new(test(response))
    });
    let result = tokio::time::timeout(Duration::from_secs(60), scoped).await;
    sessions.end_all(OnExit::End).await;
    result.expect("the test ends in time")
}

/// A session that runs a script of `sh`.
async fn script(script: &str) -> Result<SessionId, AppError> {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    let created = create_session(None, None, None, None, Some(command), None).await?;
    Ok(created.session_id)
}

/// Reads until the program has ended.
async fn read_to_end(session: SessionId) -> (String, ExitReply) {
    let mut text = String::new();
    let mut offset = 0;
    loop {
        let read = read_output(session, Some(offset)).await.unwrap();
        assert_eq!(read.offset, offset);
        text.push_str(&read.output);
        offset = read.next_offset;
        if let Some(exit) = read.exit {
            return (text, exit);
        }
        // Typing nothing waits for output, or for the end, which refuses it.
        let nothing = ApiInput {
            client: None,
            position: None,
            bytes: bytes::Bytes::new(),
        };
        let host = AppContext::current().unwrap().host;
        let _ = host
            .input(session, nothing, Duration::from_millis(100))
            .await;
    }
}

#[tokio::test]
async fn output_is_read_without_being_consumed_and_ends_with_the_exit() {
    with_context(async |_| {
        let session = script("printf 'one € two'; exit 3").await.unwrap();
        for _ in 0..2 {
            let (text, exit) = read_to_end(session).await;
            assert_eq!(text, "one € two");
            assert_eq!(exit, ExitReply::Code(3));
        }
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_starts_again_once() {
    with_context(async |_| {
        let session = script("echo here; read x; exit 3").await.unwrap();
        let running = restart_session(session).await.unwrap_err();
        assert_eq!(running.code(), ErrorCode::Running);
        write_input(session, "\n".to_owned(), None, None)
            .await
            .unwrap();
        assert_eq!(read_to_end(session).await.1, ExitReply::Code(3));
        let again = restart_session(session).await.unwrap();
        assert!(!again.reattached && again.session_id != session);
        write_input(again.session_id, "\n".to_owned(), None, None)
            .await
            .unwrap();
        let (text, exit) = read_to_end(again.session_id).await;
        // The key may have been echoed before.
        assert!(
            text.contains("here\r\n") && exit == ExitReply::Code(3),
            "{text:?}"
        );
        let gone = restart_session(session).await.unwrap_err();
        assert_eq!(gone.code(), ErrorCode::Gone);
    })
    .await;
}

#[tokio::test]
async fn input_is_echoed_and_typed_once() {
    with_context(async |_| {
        let session = script("read line; echo got $line").await.unwrap();
        let client = Some("00112233445566778899aabbccddeeff".parse().unwrap());
        let first = write_input(session, "abc".to_owned(), client, Some(0))
            .await
            .unwrap();
        assert_eq!(first.position, 3);
        let again = write_input(session, "abc".to_owned(), client, Some(0))
            .await
            .unwrap();
        assert_eq!(again.position, 3);
        let gap = write_input(session, "x".to_owned(), client, Some(9))
            .await
            .unwrap_err();
        assert_eq!(gap.code(), ErrorCode::InputGap);
        assert_eq!(gap.problem().expected, Some(3));
        write_input(session, "\n".to_owned(), client, Some(3))
            .await
            .unwrap();
        let (text, _) = read_to_end(session).await;
        assert!(text.ends_with("got abc\r\n"), "{text:?}");
    })
    .await;
}

#[tokio::test]
async fn a_position_needs_its_client() {
    with_context(async |_| {
        let session = script("cat").await.unwrap();
        let error = write_input(session, "a".to_owned(), None, Some(0))
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::Malformed);
    })
    .await;
}

#[tokio::test]
async fn a_pane_finds_its_session_again() {
    with_context(async |_| {
        let create = || create_session(None, None, None, Some("pane".to_owned()), None, None);
        let first = create().await.unwrap();
        let second = create().await.unwrap();
        assert!(!first.reattached && second.reattached);
        assert_eq!(first.session_id, second.session_id);
        let active = active_sessions().await.unwrap().sessions;
        assert_eq!(active.len(), 1);
        assert_eq!(active[0].pane_id.as_deref(), Some("pane"));
        assert!(active[0].alive);
    })
    .await;
}

#[tokio::test]
async fn a_session_is_listed_named_sized_and_closed() {
    with_context(async |_| {
        let label = Some("first".to_owned());
        let created = create_session(label, Some(100), None, None, None, None)
            .await
            .unwrap();
        let id = created.session_id;
        let row = sessions().await.unwrap().sessions.remove(0);
        assert_eq!((row.session_id, row.label.as_str()), (id, "first"));
        assert_eq!((row.cols, row.rows), (100, 24));
        assert_ne!(row.state, State::Exited);

        rename_session(id, "second".to_owned()).await.unwrap();
        resize_session(id, 90, 30).await.unwrap();
        let attached = attach_session(id).await.unwrap();
        assert_eq!(attached.session.label, "second");
        assert!(attached.offset <= attached.next_offset);

        close_session(id).await.unwrap();
        assert_eq!(
            attach_session(id).await.unwrap_err().code(),
            ErrorCode::Gone
        );
    })
    .await;
}

#[tokio::test]
async fn an_unknown_session_is_gone() {
    with_context(async |_| {
        let unknown = SessionId::from_bytes([7; 16]);
        let codes = [
            read_output(unknown, None).await.unwrap_err().code(),
            write_input(unknown, String::new(), None, None)
                .await
                .unwrap_err()
                .code(),
            resize_session(unknown, 80, 24).await.unwrap_err().code(),
            attach_session(unknown).await.unwrap_err().code(),
            rename_session(unknown, "x".to_owned())
                .await
                .unwrap_err()
                .code(),
            close_session(unknown).await.unwrap_err().code(),
        ];
        assert_eq!(codes, [ErrorCode::Gone; 6]);
        assert_eq!(heartbeat(vec![unknown]).await.unwrap().gone, [unknown]);
        let from = OutputFrom {
            session_id: unknown,
            offset: None,
        };
        assert_eq!(read_outputs(vec![from]).await.unwrap().gone, [unknown]);
    })
    .await;
}

#[tokio::test]
async fn several_sessions_are_read_at_once() {
    with_context(async |_| {
        let ids = [
            script("printf a").await.unwrap(),
            script("printf b").await.unwrap(),
        ];
        for id in ids {
            read_to_end(id).await;
        }
        let from = |id| OutputFrom {
            session_id: id,
            offset: Some(0),
        };
        let outputs = read_outputs(ids.map(from).to_vec()).await.unwrap().outputs;
        assert_eq!(outputs[&ids[0]].output, "a");
        assert_eq!(outputs[&ids[1]].output, "b");
        assert!(outputs[&ids[1]].exited);
    })
    .await;
}

#[tokio::test]
async fn what_a_terminal_cannot_be_is_refused() {
    with_context(async |_| {
        for (cols, rows) in [(0, 24), (1, 24), (1001, 24), (80, 0), (80, 1001)] {
            let made = create_session(None, Some(cols), Some(rows), None, None, None).await;
            assert_eq!(
                made.unwrap_err().code(),
                ErrorCode::Malformed,
                "{cols}×{rows}"
            );
        }
        let empty = create_session(None, None, None, None, Some(Vec::new()), None).await;
        assert_eq!(empty.unwrap_err().code(), ErrorCode::Malformed);
        let nul = create_session(Some("\0".to_owned()), None, None, None, None, None).await;
        assert_eq!(nul.unwrap_err().code(), ErrorCode::Malformed);
        assert!(sessions().await.unwrap().sessions.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_limit_says_how_to_free_a_place() {
    with_context(async |_| {
        for _ in 0..3 {
            script("cat").await.unwrap();
        }
        let error = script("cat").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::SessionLimit);
        assert!(error.to_string().contains("close"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn the_workspace_is_compared_and_set() {
    with_context(async |_| {
        assert_eq!(workspace().await.unwrap().revision, 0);
        let saved = save_workspace(0, Workspace::default()).await.unwrap();
        assert_eq!(saved.revision, 1);
        let stale = save_workspace(0, Workspace::default()).await.unwrap_err();
        assert_eq!(stale.problem().current.as_deref(), Some(&saved));
    })
    .await;
}

#[tokio::test]
async fn a_login_sets_the_cookie_and_answers_the_proof() {
    with_context(async |response| {
        let reply = login(Some("right".to_owned()), None).await.unwrap();
        assert_eq!(reply.proof, "proof");
        let cookie = |response: &ResponseOptions| {
            let parts = response.0.read().unwrap();
            let cookies = parts.headers.get_all("set-cookie");
            cookies
                .iter()
                .next_back()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(cookie(&response), "name=value; HttpOnly");
        let left = logout().await.unwrap();
        assert_eq!(
            left.elsewhere.as_deref(),
            Some("https://provider.example/end")
        );
        assert_eq!(cookie(&response), "name=; Max-Age=0");

        let wrong = login(None, Some("wrong".to_owned())).await;
        assert_eq!(wrong.err().unwrap().code(), ErrorCode::Unauthenticated);
        let neither = login(None, None).await;
        assert_eq!(neither.err().unwrap().code(), ErrorCode::Malformed);
    })
    .await;
}

#[tokio::test]
async fn without_steps_there_is_no_setup_to_show() {
    with_context(async |_| {
        let reply = setup_status().await.unwrap();
        let expected = r#"{"state":"none","steps":[],"terminal_mode":"grid"}"#;
        assert_eq!(serde_json::to_string(&reply).unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn the_version_is_the_servers() {
    with_context(async |_| {
        let reply = version().await.unwrap();
        assert_eq!(reply.version, "1.2.3");
        assert_eq!(reply.protocol, [1]);
    })
    .await;
}

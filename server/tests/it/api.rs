//! Every function of the API by URL: shapes, statuses, errors.

use bowline_protocol::SessionId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestServer, answer, with};

/// Reads a session's output until its program has ended.
async fn read_to_end(server: &TestServer, session: SessionId, page: u8) -> (String, Value) {
    let mut socket = crate::support::Socket::connect(server, page, 1).await;
    socket.attach(session).await;
    socket
        .until(|frame| match frame {
            bowline_protocol::ServerFrame::Event {
                event: bowline_protocol::frame::Event::Exited { .. },
                ..
            } => Some(()),
            _ => None,
        })
        .await;
    let mut text = String::new();
    let mut offset = 0;
    loop {
        let body = json!({"session_id": session.to_string(), "offset": offset});
        let (status, read) = server.post("/api/output", body).await;
        assert_eq!(status, StatusCode::OK, "{read}");
        assert_eq!(read["offset"], offset);
        text.push_str(read["output"].as_str().unwrap());
        offset = read["next_offset"].as_u64().unwrap();
        if read["exited"] == true {
            return (text, read["exit"].clone());
        }
    }
}

#[tokio::test]
async fn a_session_lives_and_ends() {
    with("", async |server| {
        let body = json!({"label": "work", "cols": 100, "rows": 40, "pane_id": "p1",
            "command": ["/bin/sh", "-c", "stty size; exec cat"], "cwd": "/"});
        let (status, created) = server.post("/api/session", body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{created}");
        assert_eq!(created["reattached"], false);
        let id = created["session_id"].as_str().unwrap();
        assert_eq!(id.len(), 32);
        let (_, again) = server.post("/api/session", body).await;
        assert_eq!(again, json!({"session_id": id, "reattached": true}));

        let (_, list) = server.get("/api/sessions").await;
        let row = &list["sessions"][0];
        assert_eq!(row["session_id"], id);
        assert_eq!(row["label"], "work");
        assert_eq!(row["cwd"], "/");
        assert_eq!((&row["cols"], &row["rows"]), (&json!(100), &json!(40)));
        assert_eq!(row["viewers"], 0);
        // Whether it works or waits for its user depends on how far the shell is.
        assert!(["running", "idle"].contains(&row["state"].as_str().unwrap()));
        assert!(row["process"].is_string() && row["age_s"].is_u64() && row["idle_s"].is_u64());
        assert!(row.get("exit").is_none());

        let (_, active) = server.get("/api/active-sessions").await;
        let expected = json!({"sessions": [{"session_id": id, "pane_id": "p1", "alive": true}]});
        assert_eq!(active, expected);

        let body = json!({"session_id": id, "cols": 90, "rows": 30});
        assert_eq!(
            server.post("/api/resize", body).await,
            (StatusCode::OK, json!({}))
        );
        let body = json!({"session_id": id, "label": "other"});
        assert_eq!(
            server.post("/api/session/rename", body).await,
            (StatusCode::OK, json!({}))
        );
        let (_, row) = server
            .post("/api/session/attach", json!({"session_id": id}))
            .await;
        assert_eq!(row["label"], "other");
        assert_eq!((&row["cols"], &row["rows"]), (&json!(90), &json!(30)));
        assert_eq!(row["offset"], 0);

        let body = json!({"session_ids": [id, "0".repeat(32)]});
        let (_, beat) = server.post("/api/heartbeat", body).await;
        assert_eq!(beat, json!({"alive": [id], "gone": ["0".repeat(32)]}));

        let (status, closed) = server
            .post("/api/session/close", json!({"session_id": id}))
            .await;
        assert_eq!((status, closed), (StatusCode::OK, json!({})));
        assert!(!server.runs(id.parse().unwrap()).await);
    })
    .await;
}

#[tokio::test]
async fn output_is_read_from_an_offset_and_never_consumed() {
    with("", async |server| {
        let session = server.script("printf 'a€b'; exit 3").await;
        for page in 0..2 {
            let (text, exit) = read_to_end(server, session, page).await;
            assert_eq!(text, "a€b");
            assert_eq!(exit, json!({"code": 3}));
        }
        let id = session.to_string();
        let (_, read) = server.post("/api/output", json!({"session_id": id})).await;
        let expected = json!({"output": "a€b", "offset": 0, "next_offset": 5, "skipped": 0,
            "exited": true, "exit": {"code": 3}});
        assert_eq!(read, expected);
        let body = json!({"sessions": [{"session_id": id, "offset": 4},
            {"session_id": "f".repeat(32), "offset": 0}]});
        let (_, batch) = server.post("/api/output-batch", body).await;
        assert_eq!(batch["outputs"][&id]["output"], "b");
        assert_eq!(batch["gone"], json!(["f".repeat(32)]));
    })
    .await;
}

#[tokio::test]
async fn a_screen_is_read_as_text_and_as_bytes() {
    with("", async |server| {
        let script = "printf 'one\\r\\n\\033[31mtwo\\033]2;a title\\007'; read line";
        let id = server.script(script).await.to_string();
        loop {
            let body = json!({"session_id": id, "history": 100});
            let (status, shot) = server.post("/api/session/screen", body).await;
            assert_eq!(status, StatusCode::OK, "{shot}");
            if shot["title"] == "a title" {
                assert_eq!(shot["text"], "one\ntwo");
                assert_eq!(shot["cursor"], json!({"x": 3, "y": 1}));
                assert_eq!((&shot["cols"], &shot["rows"]), (&json!(80), &json!(24)));
                assert!(shot.get("ansi").is_none());
                break;
            }
            let body = json!({"session_id": id, "input": ""});
            server.post("/api/input", body).await;
        }
        let body = json!({"session_id": id, "format": "ansi"});
        let (_, shot) = server.post("/api/session/screen", body).await;
        let ansi = shot["ansi"].as_str().unwrap();
        assert!(ansi.contains("\u{1b}[31mtwo"), "{ansi:?}");
        assert!(shot.get("text").is_none());
        let body = json!({"session_id": id, "format": "pdf"});
        let (status, _) = server.post("/api/session/screen", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn a_screen_comes_with_none_some_or_all_of_the_lines_above() {
    with("", async |server| {
        let script = "printf '\\033[31m'; seq 300; printf '\\033]2;done\\007'; read line";
        let id = server.script(script).await.to_string();
        let screen = async |format: &str, history: Value| {
            loop {
                let body = json!({"session_id": id, "format": format, "history": history});
                let (status, shot) = server.post("/api/session/screen", body).await;
                assert_eq!(status, StatusCode::OK, "{shot}");
                if shot["title"] == "done" {
                    return shot[format].as_str().unwrap().to_owned();
                }
                let body = json!({"session_id": id, "input": ""});
                server.post("/api/input", body).await;
            }
        };
        let lines = |first: usize| {
            let lines: Vec<String> = (first..=300).map(|number| number.to_string()).collect();
            lines.join("\n")
        };
        // 24 rows, of which the last is empty.
        assert_eq!(screen("text", json!(null)).await, lines(278));
        assert_eq!(screen("text", json!("none")).await, lines(278));
        assert_eq!(screen("text", json!(10)).await, lines(268));
        assert_eq!(screen("text", json!("all")).await, lines(1));
        let ansi = screen("ansi", json!("all")).await;
        assert!(ansi.contains("\u{1b}[31m1\r\n2\r\n"), "{ansi:?}");
        assert!(ansi.contains("300"));
        for history in [json!("some"), json!(-1), json!([1])] {
            let body = json!({"session_id": id, "history": history});
            let (status, error) = server.post("/api/session/screen", body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn input_is_typed_once_and_a_gap_is_named() {
    with("", async |server| {
        let session = server.script("read line; printf 'got %s' \"$line\"").await;
        let id = session.to_string();
        let client = "ab".repeat(16);
        let typed = |text: &str, position: u64| {
            json!({"session_id": id, "input": text, "client": client, "position": position})
        };
        let (status, first) = server.post("/api/input", typed("ab", 0)).await;
        assert_eq!(status, StatusCode::OK, "{first}");
        assert_eq!(first["position"], 2);
        assert!(first["output"].is_string() && first["offset"].is_u64());
        assert!(first["next_offset"].as_u64() >= first["offset"].as_u64());
        let (_, again) = server.post("/api/input", typed("ab", 0)).await;
        assert_eq!(again["position"], 2);
        let (status, gap) = server.post("/api/input", typed("x", 5)).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!((&gap["error"]["code"], &gap["error"]["expected"]), (&json!("input_gap"), &json!(2)));
        server.post("/api/input", typed("\n", 2)).await;
        let (text, _) = read_to_end(server, session, 1).await;
        assert!(text.ends_with("got ab"), "{text:?}");
        let (status, ended) = server.post("/api/input", typed("x", 3)).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(ended["error"]["code"], "exited");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_session_is_gone_everywhere() {
    with("", async |server| {
        let id = "0".repeat(32);
        for (path, body) in [
            ("/api/input", json!({"session_id": id, "input": "x"})),
            ("/api/output", json!({"session_id": id})),
            (
                "/api/resize",
                json!({"session_id": id, "cols": 80, "rows": 24}),
            ),
            ("/api/session/attach", json!({"session_id": id})),
            ("/api/session/screen", json!({"session_id": id})),
            (
                "/api/session/rename",
                json!({"session_id": id, "label": "x"}),
            ),
            ("/api/session/close", json!({"session_id": id})),
        ] {
            let (status, error) = server.post(path, body).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(error["error"]["code"], "gone", "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_malformed() {
    with("", async |server| {
        let session = server.script("exec cat").await.to_string();
        for (path, body) in [
            ("/api/session", json!({"cols": 0})),
            ("/api/session", json!({"cols": 1001})),
            ("/api/session", json!({"rows": 0, "cols": 80})),
            ("/api/session", json!({"cols": -1})),
            ("/api/session", json!({"cols": 70000})),
            ("/api/session", json!({"cols": "80"})),
            ("/api/session", json!({"command": []})),
            ("/api/session", json!({"command": ["/no/such/program"]})),
            (
                "/api/session",
                json!({"command": ["/bin/sh"], "cwd": "/no/such/folder"}),
            ),
            ("/api/session", json!({"label": "x".repeat(5000)})),
            ("/api/session", json!([])),
            (
                "/api/resize",
                json!({"session_id": session, "cols": 1001, "rows": 24}),
            ),
            ("/api/resize", json!({"session_id": session, "cols": 80})),
            ("/api/output", json!({"session_id": "xyz"})),
            ("/api/output", json!({"session_id": session, "offset": -1})),
            ("/api/output", json!({})),
            ("/api/input", json!({"session_id": session})),
            (
                "/api/input",
                json!({"session_id": session, "input": "x", "position": 0}),
            ),
            (
                "/api/workspace",
                json!({"revision": 0, "workspace": {"tabs": [], "active": "x"}}),
            ),
        ] {
            let (status, error) = server.post(path, body.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {error}");
            assert!(error["error"]["message"].is_string());
        }
        for body in ["{half", "\u{feff}", "null"] {
            let request = server.request(Method::POST, "/api/session").body(body);
            let (status, error) = answer(request.send().await.unwrap()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body:?}");
            assert_eq!(error["error"]["code"], "malformed");
        }
        assert_eq!(
            server.get("/api/sessions").await.1["sessions"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn the_limit_answers_429_and_a_close_frees_a_place() {
    with("--max-sessions 2", async |server| {
        let first = server.script("exec cat").await;
        server.script("exec cat").await;
        let (status, error) = server.post("/api/session", json!({})).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(error["error"]["code"], "session_limit");
        assert!(
            error["error"]["message"]
                .as_str()
                .unwrap()
                .contains("close"),
            "{error}"
        );

        let mut socket = crate::support::Socket::connect(server, 1, 1).await;
        socket.attach(first).await;
        server
            .post(
                "/api/session/close",
                json!({"session_id": first.to_string()}),
            )
            .await;
        let ended = |frame: &bowline_protocol::ServerFrame| match frame {
            bowline_protocol::ServerFrame::Event { .. } => Some(()),
            bowline_protocol::ServerFrame::Gone { .. } => Some(()),
            _ => None,
        };
        socket.until(ended).await;
        server.script("exec cat").await;
    })
    .await;
}

#[tokio::test]
async fn a_stale_workspace_gets_the_current_one() {
    with("", async |server| {
        let (status, empty) = server.get("/api/workspace").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(empty, json!({"revision": 0, "workspace": {"tabs": [], "active": null}}));
        let session = server.script("exec cat").await.to_string();
        let tabs = json!({"tabs": [{"id": "t", "name": null, "pane": {"id": "p", "session": session}}],
            "active": "t"});
        let body = json!({"revision": 0, "workspace": tabs});
        let current = json!({"revision": 1, "workspace": tabs});
        assert_eq!(server.post("/api/workspace", body.clone()).await, (StatusCode::OK, current.clone()));
        let (status, stale) = server.post("/api/workspace", body).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(stale["error"]["code"], "stale");
        assert_eq!(stale["error"]["current"], current);
        assert_eq!(server.get("/api/workspace").await.1, current);
    })
    .await;
}

#[tokio::test]
async fn the_set_up_says_how_terminals_are_shown_first() {
    for (arguments, mode) in [("", "tabs"), ("--terminal-mode grid", "grid")] {
        with(arguments, async |server| {
            let expected = json!({"state": "none", "steps": [], "terminal_mode": mode});
            let answer = server.get("/api/setup-status").await;
            assert_eq!(answer, (StatusCode::OK, expected));
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_answers_413() {
    with("", async |server| {
        let session = server.script("exec cat").await.to_string();
        let input = "x".repeat(1024 * 1024);
        let body = json!({"session_id": session, "input": input});
        let (status, error) = server.post("/api/input", body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(error["error"]["code"], "too_large");
        let (status, _) = server.get("/api/sessions").await;
        assert_eq!(status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_path_or_method_that_is_not_there_is_said_in_json() {
    with("", async |server| {
        for path in [
            "/api",
            "/api/",
            "/api/nothing",
            "/api/sessions/",
            "/api/../etc/passwd",
            "/x",
        ] {
            let (status, error) = server.get(path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(error["error"]["code"], "not_found");
        }
        for (method, path) in [
            (Method::GET, "/api/session"),
            (Method::POST, "/api/sessions"),
            (Method::DELETE, "/api/workspace"),
            (Method::POST, "/"),
            (Method::GET, "/link/poll"),
        ] {
            let response = server.request(method, path).send().await.unwrap();
            let (status, error) = answer(response).await;
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            assert_eq!(error["error"]["code"], "method");
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_is_never_sent_back_to_where_it_came_from() {
    with("", async |server| {
        for body in ["{}", "label=x"] {
            let request = server.request(Method::POST, "/api/session").body(body);
            let request = request.header("accept", "text/html,*/*");
            let request = request.header("referer", "https://evil.example/");
            let response = request.send().await.unwrap();
            assert!(response.headers().get("location").is_none());
            assert!(!response.status().is_redirection());
        }
    })
    .await;
}

#[tokio::test]
async fn the_version_and_the_probes_answer() {
    with("", async |server| {
        let (status, version) = server.get("/api/version").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            version,
            json!({"version": bowline_server::VERSION, "protocol": [1]})
        );
        for path in ["/health", "/ready"] {
            let response = server.bare(Method::GET, path).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
        }
    })
    .await;
}

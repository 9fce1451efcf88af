//! Recordings of real sessions, also of those that nobody watched: played back they give the screen that is there.

use std::time::Instant;

use bowline_protocol::SessionId;
use bowline_protocol::frame::Size;
use bowline_screen::{History, Screen, Settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestServer, answer, with};

/// An event: seconds, kind, text.
type Event = (f64, String, String);

async fn recording(server: &TestServer, session: SessionId) -> (Value, Vec<Event>) {
    let path = format!("/api/session/recording?session_id={session}");
    let response = server.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["content-type"],
        "application/x-asciicast"
    );
    let text = response.text().await.unwrap();
    let mut lines = text.lines();
    let header: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(header["version"], 2);
    let events: Vec<Event> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.is_sorted_by_key(|(at, ..)| *at));
    (header, events)
}

/// Shows a recording on a terminal.
fn play(header: &Value, events: &[Event]) -> Screen {
    let number = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
    let size = Size {
        cols: number(&header["width"]),
        rows: number(&header["height"]),
    };
    let mut screen = Screen::new(size, Settings::default());
    for (_, kind, text) in events {
        match kind.as_str() {
            "o" => screen.feed(text.as_bytes()),
            "r" => {
                let (cols, rows) = text.split_once('x').unwrap();
                let (cols, rows) = (cols.parse().unwrap(), rows.parse().unwrap());
                screen.resize(Size { cols, rows });
            }
            other => panic!("no event {other:?}"),
        }
    }
    screen
}

async fn shown(server: &TestServer, session: SessionId, format: &str) -> String {
    let body = json!({"session_id": session.to_string(), "format": format, "history": "all"});
    let (status, shot) = server.post("/api/session/screen", body).await;
    assert_eq!(status, StatusCode::OK, "{shot}");
    shot[format].as_str().unwrap().to_owned()
}

/// Waits until the session shows a text.
async fn until(server: &TestServer, session: SessionId, text: &str) {
    while !shown(server, session, "text").await.contains(text) {}
}

async fn resize(server: &TestServer, session: SessionId, cols: u16, rows: u16) {
    let body = json!({"session_id": session.to_string(), "cols": cols, "rows": rows});
    assert_eq!(server.post("/api/resize", body).await.0, StatusCode::OK);
    loop {
        let (_, list) = server.get("/api/sessions").await;
        let sessions = list["sessions"].as_array().unwrap();
        let id = session.to_string();
        let row = sessions.iter().find(|row| row["session_id"] == id.as_str());
        if row.unwrap()["cols"] == cols {
            return;
        }
    }
}

async fn type_line(server: &TestServer, session: SessionId) {
    let body = json!({"session_id": session.to_string(), "input": "\n"});
    assert_eq!(server.post("/api/input", body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_recording_shows_what_the_screen_shows_with_true_times_and_sizes() {
    with("", async |server| {
        let begun = Instant::now();
        // Each step waits for a line. A character comes in two of them.
        let script = "stty -echo; printf '\\033[1;32mone\\033[m\\r\\n'; read l; printf 'two \\360\\237'; read l; \
                      printf '\\230\\200!\\r\\n'; seq 60; printf 'three'; read l; printf ' four'; read l";
        let session = server.script(script).await;
        until(server, session, "one").await;
        resize(server, session, 100, 30).await;
        type_line(server, session).await;
        until(server, session, "two").await;
        // Time that has to be in the recording.
        let paused = Instant::now();
        while paused.elapsed().as_millis() < 300 {
            server.get("/api/version").await;
        }
        let paused = paused.elapsed().as_secs_f64();
        type_line(server, session).await;
        until(server, session, "three").await;
        resize(server, session, 70, 20).await;
        type_line(server, session).await;
        until(server, session, "four").await;
        let total = begun.elapsed().as_secs_f64();

        let (header, events) = recording(server, session).await;
        assert_eq!((&header["width"], &header["height"]), (&json!(80), &json!(24)));
        assert_eq!(header["env"]["TERM"], "xterm-256color");
        assert!(header["timestamp"].as_u64().unwrap() > 1_700_000_000);
        let sizes: Vec<&str> = events
            .iter()
            .filter(|(_, kind, _)| kind == "r")
            .map(|(_, _, text)| text.as_str())
            .collect();
        assert_eq!(sizes, ["100x30", "70x20"]);
        let text: String = events.iter().map(|(_, _, text)| text.as_str()).collect();
        assert!(text.contains('😀'), "{text:?}");

        let at = |wanted: &str| {
            let event = events.iter().find(|(_, _, text)| text.contains(wanted));
            event.unwrap_or_else(|| panic!("no {wanted:?}")).0
        };
        assert!(at("😀") - at("two") >= paused - 0.05, "{events:?}");
        let last = events.last().unwrap().0;
        assert!((paused..=total + 0.05).contains(&last), "{last} of {total}");

        let mut played = play(&header, &events);
        assert_eq!(played.text(History::All), shown(server, session, "text").await);
        let ansi = String::from_utf8(played.snapshot(History::All).bytes).unwrap();
        assert_eq!(ansi, shown(server, session, "ansi").await);
    })
    .await;
}

#[tokio::test]
async fn a_long_recording_begins_with_what_is_kept() {
    with("", async |server| {
        // More than the log keeps.
        let script = "seq 1 1000000; printf '\\033]2;a title\\007done'; read l";
        let session = server.script(script).await;
        until(server, session, "done").await;
        let (header, events) = recording(server, session).await;
        assert_eq!(header["title"], "a title");
        assert_eq!((events[0].0, events[0].2.as_str()), (0.0, "\u{1b}c"));
        let text: String = events[1..]
            .iter()
            .map(|(_, _, text)| text.as_str())
            .collect();
        let mut lines = text.lines();
        let first: u64 = lines.next().unwrap().parse().unwrap();
        assert!(first > 1 && text.len() > 3 << 20, "{first}, {}", text.len());
        for number in first + 1..=1_000_000 {
            assert_eq!(lines.next(), Some(number.to_string().as_str()));
        }
        let played = play(&header, &events).text(History::Lines(5000));
        let body = json!({"session_id": session.to_string(), "history": 5000});
        let (_, shot) = server.post("/api/session/screen", body).await;
        assert_eq!(played, shot["text"]);
    })
    .await;
}

#[tokio::test]
async fn an_ended_session_is_recorded_and_an_unknown_one_is_gone() {
    with("", async |server| {
        let body = json!({"label": "a/b \"é\"", "command": ["/bin/sh", "-c", "printf '\\377bye'"]});
        let (_, created) = server.post("/api/session", body).await;
        let session: SessionId = created["session_id"].as_str().unwrap().parse().unwrap();
        let body = json!({"session_id": session.to_string()});
        while server.post("/api/output", body.clone()).await.1["exited"] != true {}
        let (_, events) = recording(server, session).await;
        assert_eq!(events.last().unwrap().2, "\u{fffd}bye");
        let path = format!("/api/session/recording?session_id={session}");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let name = response.headers()["content-disposition"].to_str().unwrap();
        let expected =
            "attachment; filename=\"a-b ___.cast\"; filename*=UTF-8''a-b%20%22%C3%A9%22.cast";
        assert_eq!(name, expected);

        for (query, status, code) in [
            (
                format!("?session_id={}", "0".repeat(32)),
                StatusCode::NOT_FOUND,
                "gone",
            ),
            (
                "?session_id=xyz".to_owned(),
                StatusCode::BAD_REQUEST,
                "malformed",
            ),
            (String::new(), StatusCode::BAD_REQUEST, "malformed"),
        ] {
            let path = format!("/api/session/recording{query}");
            let request = server.request(Method::GET, &path);
            let (said, error) = answer(request.send().await.unwrap()).await;
            assert_eq!((said, &error["error"]["code"]), (status, &json!(code)));
        }
        let (status, _) = server.post("/api/session/recording", json!({})).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}

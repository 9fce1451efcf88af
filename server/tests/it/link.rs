//! The link over a socket and over requests.

use bowline_protocol::codec::BatchReader;
use bowline_protocol::{ClientFrame, ServerFrame, SessionId, limits};
use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::support::{
    Socket, TOKEN, TestServer, answer, attach, batch, client, hello, input, with,
};

const CAT: &str = "exec cat";

#[tokio::test]
async fn what_is_typed_over_a_socket_is_echoed() {
    with("", async |server| {
        let session = server.script(CAT).await;
        let mut socket = Socket::connect(server, 1, 1).await;
        let log = socket.attach(session).await;
        socket.send(&[input(session, log, 0, "forty-two\n")]).await;
        socket.until_text("forty-two\r\nforty-two\r\n").await;
        // Sent again, as after a cut: typed once.
        socket.send(&[input(session, log, 0, "forty-two\n")]).await;
        socket.send(&[input(session, log, 10, "end\n")]).await;
        socket.until_text("end\r\nend\r\n").await;
        let body = serde_json::json!({"session_id": session.to_string()});
        let (_, read) = server.post("/api/output", body).await;
        assert_eq!(read["output"], "forty-two\r\nforty-two\r\nend\r\nend\r\n");
    })
    .await;
}

#[tokio::test]
async fn a_page_proves_itself_in_its_hello() {
    with("", async |server| {
        let login = server.log_in().await;
        let origin = format!("http://{}", server.address);
        let headers = [
            ("cookie", login.cookie.as_str()),
            ("origin", origin.as_str()),
        ];
        for proof in [None, Some("wrong")] {
            let mut socket = Socket::open(server, &headers).await.unwrap();
            // What stands behind the hello isn't carried out either.
            let session = server.script(CAT).await;
            let [attach, view] = attach(session);
            socket.send(&[(hello(1, 1, proof), ""), attach, view]).await;
            assert_eq!(socket.next().await, Err(4401));
        }
        let mut socket = Socket::open(server, &headers).await.unwrap();
        socket.send(&[(hello(1, 1, Some(&login.proof)), "")]).await;
        assert!(socket.next().await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn what_is_no_protocol_closes_the_link_and_not_the_session() {
    with("", async |server| {
        let session = server.script(CAT).await;
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str())];
        let open = || Socket::open(server, &headers);
        let garbage = Message::Binary(Bytes::from_static(&[9, 0, 0, 0, 1]));

        let mut socket = Socket::connect(server, 1, 1).await;
        socket.attach(session).await;
        socket.send_raw(garbage.clone()).await;
        assert_eq!(socket.closed().await, 4400);

        let mut socket = open().await.unwrap();
        socket.send_raw(garbage).await;
        assert_eq!(socket.closed().await, 4400);

        let mut socket = open().await.unwrap();
        socket.send(&attach(session)).await;
        assert_eq!(socket.closed().await, 4400);

        let mut socket = open().await.unwrap();
        socket.send_raw(Message::text("hello")).await;
        assert_eq!(socket.closed().await, 4400);

        assert!(server.runs(session).await);
        let mut socket = Socket::connect(server, 1, 2).await;
        let log = socket.attach(session).await;
        socket.send(&[input(session, log, 0, "alive\n")]).await;
        socket.until_text("alive").await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_socket() {
    with("", async |server| {
        let mut socket = Socket::connect(server, 1, 1).await;
        let large = vec![0; limits::CLIENT_BATCH + 128 * 1024];
        socket.send_raw(Message::Binary(large.into())).await;
        assert_eq!(socket.closed().await, 4413);
    })
    .await;
}

#[tokio::test]
async fn the_newest_transport_is_served() {
    with("", async |server| {
        let mut first = Socket::connect(server, 1, 1).await;
        let mut second = Socket::connect(server, 1, 2).await;
        assert_eq!(first.closed().await, 4409);
        let mut other = Socket::connect(server, 2, 1).await;

        let late = exchange(
            server,
            "/link/send",
            (1, 1, 0),
            batch(&[(hello(1, 1, None), "")]),
        );
        let (status, error) = answer(late.await).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(error["error"]["code"], "superseded");

        for socket in [&mut second, &mut other] {
            socket.send(&[(ClientFrame::Ping { t: 7 }, "")]).await;
            let pong =
                |frame: &ServerFrame| matches!(frame, ServerFrame::Pong { t: 7 }).then_some(());
            socket.until(pong).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_socket_of_another_protocol_is_not_opened() {
    with("", async |server| {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("sec-websocket-protocol", "bowline.99"),
        ];
        let opened = Socket::open(server, &headers).await;
        let Err(tungstenite::Error::Http(response)) = opened else {
            panic!("the upgrade is refused by an HTTP answer");
        };
        assert_eq!(response.status(), 400);
        let (status, _) = server.get("/link/socket").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_session_is_said_to_be_gone() {
    with("", async |server| {
        let mut socket = Socket::connect(server, 1, 1).await;
        let unknown = SessionId::from_bytes([9; 16]);
        socket.send(&attach(unknown)).await;
        let gone = |frame: &ServerFrame| match frame {
            ServerFrame::Gone { session } => Some(*session),
            _ => None,
        };
        assert_eq!(socket.until(gone).await, unknown);
    })
    .await;
}

/// One request of the polling transport, by (client, generation, seq).
async fn exchange(
    server: &TestServer,
    path: &str,
    (number, generation, seq): (u8, u32, u64),
    body: Bytes,
) -> Response {
    let request = server.request(Method::POST, path);
    let request = request.header("bowline-client", client(number).to_string());
    let request = request.header("bowline-generation", generation.to_string());
    let request = request.header("bowline-seq", seq.to_string());
    let request = request.header("bowline-hold", "5000");
    request.body(body).send().await.unwrap()
}

async fn frames(response: Response) -> Vec<(ServerFrame, Bytes)> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()["content-type"],
        "application/octet-stream"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let frames = BatchReader::<ServerFrame>::new(response.bytes().await.unwrap());
    let frames = frames.map(Result::unwrap);
    frames
        .map(|framed| (framed.frame, framed.payload))
        .collect()
}

#[tokio::test]
async fn what_is_typed_by_request_is_echoed_to_a_poll() {
    with("", async |server| {
        let session = server.script(CAT).await;
        let [attach, view] = attach(session);
        let opening = batch(&[(hello(1, 1, None), ""), attach, view]);
        let send =
            async |seq, body| frames(exchange(server, "/link/send", (1, 1, seq), body).await).await;
        let opened = send(0, opening).await;
        assert!(
            matches!(opened[0].0, ServerFrame::Welcome { .. }),
            "{opened:?}"
        );
        let log = opened.iter().find_map(|(frame, _)| match frame {
            ServerFrame::Attached { from, .. } => Some(from.log),
            _ => None,
        });
        let typed = batch(&[input(session, log.unwrap(), 0, "polled\n")]);
        let mut answers = send(1, typed.clone()).await;
        // The answer was lost: the same request again is answered again, and types nothing.
        let again = send(1, typed).await;
        assert_eq!(answers, again);

        let mut text = String::new();
        let mut received = 0;
        let mut seq = 0;
        loop {
            for (frame, payload) in answers.drain(..) {
                if let ServerFrame::Output { offset, .. } = frame
                    && offset == received
                {
                    text.push_str(std::str::from_utf8(&payload).unwrap());
                    received += payload.len() as u64;
                }
            }
            if text.contains("polled\r\npolled\r\n") {
                break;
            }
            let ack = ClientFrame::Ack {
                session,
                received,
                parsed: received,
            };
            let poll = exchange(server, "/link/poll", (1, 1, seq), batch(&[(ack, "")]));
            answers = frames(poll.await).await;
            seq += 1;
        }
        assert_eq!(text, "polled\r\npolled\r\n");
    })
    .await;
}

#[tokio::test]
async fn requests_that_are_no_protocol_are_malformed() {
    with("", async |server| {
        let session = server.script(CAT).await;
        for path in ["/link/poll", "/link/send"] {
            let (status, error) = server.post(path, serde_json::json!({})).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(error["error"]["code"], "malformed");
        }
        let opening = batch(&[(hello(1, 1, None), "")]);
        frames(exchange(server, "/link/send", (1, 1, 0), opening).await).await;
        let garbage = Bytes::from_static(&[9, 0, 0, 0, 1]);
        let (status, _) = answer(exchange(server, "/link/send", (1, 1, 1), garbage).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let large = Bytes::from(vec![0; limits::CLIENT_BATCH + 128 * 1024]);
        let (status, error) = answer(exchange(server, "/link/send", (1, 1, 2), large).await).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(error["error"]["code"], "too_large");
        assert!(server.runs(session).await);
    })
    .await;
}

#[tokio::test]
async fn a_saved_workspace_is_told_to_every_page() {
    with("", async |server| {
        let mut socket = Socket::connect(server, 1, 1).await;
        let body = serde_json::json!({"revision": 0, "workspace": {"tabs": [], "active": null}});
        let (status, _) = server.post("/api/workspace", body).await;
        assert_eq!(status, StatusCode::OK);
        let told = socket
            .until(|frame| match frame {
                ServerFrame::Notice {
                    notice: bowline_protocol::frame::Notice::Workspace { revision },
                } => Some(*revision),
                _ => None,
            })
            .await;
        assert_eq!(told, 1);
    })
    .await;
}

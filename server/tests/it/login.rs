//! Logging in and out by URL.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Login, Socket, TOKEN, TestServer, answer, hello, login, with};

async fn status_with(server: &TestServer, login: &Login) -> StatusCode {
    let request = server.bare(Method::GET, "/api/sessions");
    let request = request.header("cookie", &login.cookie);
    let request = request.header("bowline-proof", &login.proof);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn the_printed_code_logs_in_once() {
    with("", async |server| {
        let body = json!({"code": server.code.as_ref().unwrap()});
        let send = || server.bare(Method::POST, "/api/login").json(&body).send();
        let login = login(send().await.unwrap()).await;
        assert_eq!(status_with(server, &login).await, StatusCode::OK);

        let (status, error) = answer(send().await.unwrap()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(error["error"]["code"], "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn the_access_token_logs_in_and_a_wrong_one_does_not() {
    with("", async |server| {
        let login = server.log_in().await;
        assert_eq!(status_with(server, &login).await, StatusCode::OK);
        for body in [json!({"token": "wrong"}), json!({"code": TOKEN})] {
            let request = server.bare(Method::POST, "/api/login").json(&body);
            let (status, _) = answer(request.send().await.unwrap()).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
        for body in [
            json!({}),
            json!({"code": "a", "token": "b"}),
            json!({"token": 5}),
        ] {
            let request = server.bare(Method::POST, "/api/login").json(&body);
            let (status, _) = answer(request.send().await.unwrap()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        }
    })
    .await;
}

#[tokio::test]
async fn too_many_wrong_attempts_wait_and_the_right_one_does_not() {
    with("", async |server| {
        let wrong = json!({"token": "wrong"});
        let mut last = StatusCode::OK;
        while last != StatusCode::TOO_MANY_REQUESTS {
            let request = server.bare(Method::POST, "/api/login").json(&wrong);
            last = request.send().await.unwrap().status();
        }
        let login = server.log_in().await;
        assert_eq!(status_with(server, &login).await, StatusCode::OK);
    })
    .await;
}

/// A link that came by a login.
async fn link_of(server: &TestServer, login: &Login) -> Socket {
    let origin = format!("http://{}", server.address);
    let headers = [
        ("cookie", login.cookie.as_str()),
        ("origin", origin.as_str()),
    ];
    let mut socket = Socket::open(server, &headers).await.unwrap();
    socket.send(&[(hello(1, 1, Some(&login.proof)), "")]).await;
    socket.next().await.expect("a welcome");
    socket
}

#[tokio::test]
async fn logging_out_takes_the_cookie_and_closes_the_socket() {
    with("", async |server| {
        let login = server.log_in().await;
        let mut socket = link_of(server, &login).await;
        let request = server.bare(Method::POST, "/api/logout");
        let request = request.header("cookie", &login.cookie);
        let response = request
            .header("bowline-proof", &login.proof)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("Max-Age=0"), "{cookie}");

        assert_eq!(socket.closed().await, 4401);
        assert_eq!(status_with(server, &login).await, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// Calls `bowline login` for a server's state folder.
async fn ask_for_url(server: &TestServer) -> (String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_bowline"));
    command.arg("login").env_clear();
    command.env("BOWLINE_STATE_DIR", server.folder.path().join("state"));
    let output = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn bowline_login_prints_fresh_urls_for_each_name_of_the_server() {
    with("--public-url https://desk.example", async |server| {
        let first = ask_for_url(server).await;
        let (printed, said) = ask_for_url(server).await;
        assert_eq!(said, "");
        assert_ne!(first.0, printed);
        let urls: Vec<_> = printed.lines().collect();
        let code = urls[0].split_once("#code=").unwrap().1;
        assert_eq!(
            urls,
            [
                format!("http://{}/#code={code}", server.address),
                format!("https://desk.example/#code={code}"),
            ]
        );
        let request = server.bare(Method::POST, "/api/login");
        let answer = request.json(&json!({"code": code})).send().await.unwrap();
        assert_eq!(
            status_with(server, &login(answer).await).await,
            StatusCode::OK
        );
    })
    .await;
}

#[test]
fn bowline_login_says_when_no_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bowline"));
    command.arg("login").arg("--state-dir").arg(folder.path());
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no server answers"), "{said}");
}

#[tokio::test]
async fn another_browser_is_signed_out_at_once_with_its_links() {
    with("", async |server| {
        let (here, there) = (server.log_in().await, server.log_in().await);
        let mut socket = link_of(server, &there).await;
        let request = server.bare(Method::GET, "/api/logins");
        let request = request.header("cookie", &here.cookie);
        let request = request.header("bowline-proof", &here.proof);
        let (_, listed) = answer(request.send().await.unwrap()).await;
        let browsers = listed["browsers"].as_array().unwrap();
        let other = browsers.iter().find(|browser| browser["is_this"] == false);
        let body = json!({"id": other.unwrap()["id"]});
        let request = server.bare(Method::POST, "/api/logins/end").json(&body);
        let request = request.header("cookie", &here.cookie);
        let request = request.header("bowline-proof", &here.proof);
        let (status, ended) = answer(request.send().await.unwrap()).await;
        assert_eq!((status, &ended["ended"]), (StatusCode::OK, &json!(1)));
        assert_eq!(socket.closed().await, 4401);
        assert_eq!(status_with(server, &there).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status_with(server, &here).await, StatusCode::OK);
    })
    .await;
}

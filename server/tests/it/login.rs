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

#[tokio::test]
async fn logging_out_takes_the_cookie_and_closes_the_socket() {
    with("", async |server| {
        let login = server.log_in().await;
        let origin = format!("http://{}", server.address);
        let headers = [
            ("cookie", login.cookie.as_str()),
            ("origin", origin.as_str()),
        ];
        let mut socket = Socket::open(server, &headers).await.unwrap();
        socket.send(&[(hello(1, 1, Some(&login.proof)), "")]).await;
        socket.next().await.expect("a welcome");

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

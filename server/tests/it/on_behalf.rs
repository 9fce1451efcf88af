//! Tokens that the proxy in front hands on: to programs of sessions which the same identity opened, and to no others.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{TestServer, answer};
use bowline_double::Double;

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");
const BY_PROXY: &str = "--auth proxy --owner ana@example.com,ana@home.example --trusted-proxy 127.0.0.1 --public-url \
                        https://desk.example";

/// A browser of somebody whom the proxy names, with what it hands on.
struct Browser<'a> {
    server: &'a TestServer,
    who: &'static str,
    tokens: Vec<&'static str>,
    proof: String,
}

impl<'a> Browser<'a> {
    async fn open(server: &'a TestServer, who: &'static str, tokens: &[&'static str]) -> Self {
        let mut browser = Self {
            server,
            who,
            tokens: tokens.to_vec(),
            proof: String::new(),
        };
        let page = browser.dress(server.bare(Method::GET, "/"));
        let page = page.send().await.unwrap().text().await.unwrap();
        let (_, rest) = page.split_once("data-proof=\"").unwrap();
        browser.proof = rest.split_once('"').unwrap().0.to_owned();
        browser
    }

    fn dress(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("host", "desk.example");
        let request = request.header("bowline-proof", &self.proof);
        let tokens = self.tokens.iter();
        tokens.fold(
            request.header("x-forwarded-email", self.who),
            |request, token| request.header("x-forwarded-access-token", *token),
        )
    }

    async fn status(&self) -> Value {
        let asked = self.dress(self.server.bare(Method::GET, "/api/pat-status"));
        answer(asked.send().await.unwrap()).await.1
    }

    /// What a line of a shell prints in a session that this browser opens.
    async fn printed(&self, line: &str) -> Vec<String> {
        // It asks in the first moment of its session, before anybody noted who opened that.
        let script = format!("{line}; echo END; read go");
        let body = json!({"command": ["/bin/sh", "-c", script]});
        let asked = self.server.bare(Method::POST, "/api/session").json(&body);
        let (status, created) = answer(self.dress(asked).send().await.unwrap()).await;
        assert_eq!(status, 200, "{created}");
        let session = created["session_id"].as_str().unwrap();
        let session = session.parse().unwrap();
        let printed = self.server.printed(session, "END").await;
        let (printed, _) = printed.split_once("END").unwrap();
        let lines = printed.lines().filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn who_opened_a_session_acts_as_themselves_in_it_and_nobody_else_does() {
    let double = Double::start().await;
    double.give("dapi-of-the-environment", "ana@example.com");
    let environment = [
        ("DATABRICKS_HOST", double.root.clone()),
        ("DATABRICKS_TOKEN", "dapi-of-the-environment".to_owned()),
    ];
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_on(BY_PROXY, &environment, folder).await;
    let which = &*format!("{BINARY} token; {BINARY} token --source");
    let theirs = ["handed-on-of-ana", "on_behalf"];
    let next = ["dapi-1", "environment"];

    let ana = Browser::open(&server, "Ana@Example.com", &["handed-on-of-ana"]).await;
    assert_eq!(ana.printed(which).await, theirs);
    let told = ana.status().await;
    assert_eq!(told["on_behalf"]["user"], "ana@example.com", "{told}");
    assert_eq!(told["source"], "environment");
    let root: url::Url = double.root.parse().unwrap();
    let git = format!(
        "printf 'protocol=https\\nhost=127.0.0.1:{}\\n\\n' | {BINARY} git-credential get",
        root.port().unwrap()
    );
    let answered = ana.printed(&git).await;
    assert_eq!(answered, ["username=token", "password=handed-on-of-ana"]);

    // Another name of the same owner has no such token, and isn't lent this one.
    let at_home = Browser::open(&server, "ana@home.example", &[]).await;
    assert_eq!(at_home.printed(which).await, next);
    assert_eq!(at_home.status().await["on_behalf"], Value::Null);
    // Doubled, it is nobody's; nor is what comes by the access token, which names nobody.
    let doubled = Browser::open(&server, "ana@home.example", &["one", "two"]).await;
    assert_eq!(doubled.printed(which).await, next);
    let by_token = server.request(Method::GET, "/api/sessions");
    let by_token = by_token.header("x-forwarded-email", "ana@home.example");
    let by_token = by_token.header("x-forwarded-access-token", "forged");
    assert!(by_token.send().await.unwrap().status().is_success());
    assert_eq!(at_home.printed(which).await, next);
    let session = server.script(&format!("{which}; echo END; read go")).await;
    let printed = server.printed(session, "END").await;
    assert!(
        printed.starts_with("dapi-1\r\nenvironment\r\n"),
        "{printed}"
    );
    // Nor does a session get it that says it were another.
    let unknown = "ab".repeat(16);
    let lying = ana
        .printed(&format!("BOWLINE_SESSION={unknown} {which}"))
        .await;
    assert_eq!(lying[0], "dapi-1");

    // The next request brings the next token; a session that runs has it at once.
    let later = Browser::open(&server, "ana@example.com", &["handed-on-later"]).await;
    assert_eq!(later.printed(which).await[0], "handed-on-later");

    let folder = server.stop().await;
    for file in std::fs::read_dir(folder.path().join("state")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read(&path).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&text).contains("handed-on"),
            "{path:?}"
        );
    }
}

#[tokio::test]
async fn where_it_is_not_wanted_nothing_is_handed_on() {
    let double = Double::start().await;
    let environment = [("DATABRICKS_HOST", double.root.clone())];
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let arguments = format!("{BY_PROXY} --on-behalf off");
    let server = TestServer::start_on(&arguments, &environment, folder).await;
    let ana = Browser::open(&server, "ana@example.com", &["handed-on-of-ana"]).await;
    let told = ana
        .printed(&format!("{BINARY} token 2>&1; echo status-$?"))
        .await;
    assert_eq!(told.last().unwrap(), "status-1", "{told:?}");
    assert_eq!(ana.status().await["on_behalf"], Value::Null);
    server.stop().await;
}

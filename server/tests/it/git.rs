//! `bowline git-credential` in real sessions: what is meant for exactly the host that git asks about, and for nobody else.

use std::sync::Arc;

use bowline_double::Double;

use crate::support::TestServer;

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");

/// What the helper answers to git.
async fn helper(server: &TestServer, action: &str, asked: &str) -> String {
    let line =
        format!("printf '{asked}\\n\\n' | {BINARY} git-credential {action}; echo END; read go");
    let session = server.script(&line).await;
    let printed = server.printed(session, "END").await;
    let (answer, _) = printed.split_once("END").unwrap();
    answer.replace("\r\n", "\n")
}

#[tokio::test]
async fn each_host_gets_what_is_meant_for_it_and_others_nothing() {
    let double = Double::start().await;
    double.give("pasted", "ana@example.com");
    let root: url::Url = double.root.parse().unwrap();
    let workspace = format!("{}:{}", root.host_str().unwrap(), root.port().unwrap());
    let environment = [
        ("DATABRICKS_HOST", double.root.clone()),
        ("DATABRICKS_TOKEN", "pasted".to_owned()),
        ("GIT_TOKEN", "ghp-the-token".to_owned()),
        ("GIT_TOKEN_HOST", "github.com, git.example/team".to_owned()),
        ("GIT_TOKEN_USER", "x-access-token".to_owned()),
    ];
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_on("", &environment, folder).await;
    let git = "username=x-access-token\npassword=ghp-the-token\n";
    let databricks = "username=token\npassword=dapi-1\n";
    for (asked, answer) in [
        ("protocol=https\\nhost=github.com", git),
        ("protocol=https\\nhost=GitHub.com\\nusername=ana", git),
        ("protocol=https\\nhost=git.example\\npath=team/one.git", git),
        ("protocol=https\\nhost=git.example\\npath=other/one.git", ""),
        ("protocol=https\\nhost=github.com.evil.tld", ""),
        ("protocol=https\\nhost=evil.tld", ""),
        ("protocol=http\\nhost=github.com", ""),
        ("protocol=ssh\\nhost=github.com", ""),
        ("host=github.com", ""),
        ("nonsense", ""),
        (&format!("protocol=https\\nhost={workspace}"), databricks),
        ("protocol=https\\nhost=127.0.0.1", ""),
        ("protocol=https\\nhost=127.0.0.1:1", ""),
    ] {
        assert_eq!(helper(&server, "get", asked).await, answer, "{asked}");
    }
    let named = server.folder.path().join("git-credential-databricks");
    std::os::unix::fs::symlink(BINARY, &named).unwrap();
    let asked = format!(
        "printf 'protocol=https\\nhost={workspace}\\n\\n' | {} get; echo END; read go",
        named.display()
    );
    let session = server.script(&asked).await;
    let printed = server.printed(session, "END").await;
    assert!(
        printed.replace("\r\n", "\n").starts_with(databricks),
        "{printed}"
    );
    for action in ["store", "erase"] {
        let asked = "protocol=https\\nhost=github.com\\nusername=a\\npassword=b";
        assert_eq!(helper(&server, action, asked).await, "");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_without_a_host_goes_to_nobody() {
    let environment = [("GIT_TOKEN", "ghp-the-token".to_owned())];
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_on("", &environment, folder).await;
    let answer = helper(&server, "get", "protocol=https\\nhost=github.com").await;
    assert_eq!(answer, "");
    server.stop().await;
}

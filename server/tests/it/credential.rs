//! The credential of a Databricks workspace through the server: by the environment and by the page, to shells by
//! `bowline token`, and nowhere else.

use std::sync::Arc;

use bowline_double::{Double, Fault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{DEADLINE, TestServer, with};

const BINARY: &str = env!("CARGO_BIN_EXE_bowline");
const PAT: &str = "dapi-pasted-0123456789abcdef";

async fn start(environment: &[(&'static str, String)]) -> TestServer {
    TestServer::start_on("", environment, Arc::new(tempfile::tempdir().unwrap())).await
}

/// How it stands, once it stands so.
pub(crate) async fn until(server: &TestServer, fine: impl Fn(&Value) -> bool) -> Value {
    let looking = async {
        loop {
            let (status, told) = server.get("/api/pat-status").await;
            assert_eq!(status, 200);
            if fine(&told) {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(DEADLINE, looking).await;
    found.expect("the credential gets there")
}

/// What a line of a shell prints in a session.
pub(crate) async fn printed(server: &TestServer, line: &str) -> String {
    let session = server.script(&format!("{line}; echo END; read go")).await;
    server.printed(session, "END").await
}

#[tokio::test]
async fn without_a_workspace_there_is_nothing() {
    with("", async |server| {
        let (status, told) = server.get("/api/pat-status").await;
        assert_eq!(status, 200);
        assert_eq!(
            told,
            json!({"configured": false, "valid": false, "state": "none"})
        );
        let (status, error) = server
            .post("/api/configure-pat", json!({"token": PAT}))
            .await;
        assert_eq!(status, 404, "{error}");
        let told = printed(server, &format!("{BINARY} token 2>&1")).await;
        assert!(told.contains("knows of no databricks workspace"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_token_of_the_environment_is_replaced_at_once_and_reaches_shells_by_the_helper() {
    let double = Double::start().await;
    double.give(PAT, "ana@example.com");
    let server = start(&[
        ("DATABRICKS_HOST", double.root.clone()),
        ("DATABRICKS_TOKEN", format!("{PAT}\n")),
    ])
    .await;
    let told = until(&server, |told| told["valid"] == true).await;
    assert_eq!(told["state"], "good");
    assert_eq!(told["source"], "environment");
    assert_eq!(told["workspace_host"], "127.0.0.1");
    assert!(told["until_ms"].as_u64() > told["since_ms"].as_u64());
    let printed = printed(&server, &format!("{BINARY} token; env")).await;
    assert!(printed.starts_with("dapi-1\r\n"), "{printed}");
    assert!(double.is_good("dapi-1"));
    // The shell itself holds none, and nobody's own token is shown to it.
    assert!(!printed.contains("DATABRICKS_TOKEN") && !printed.contains(PAT));
    assert_eq!(double.state().strangers, 0);

    let folder = server.stop().await;
    for file in std::fs::read_dir(folder.path().join("state")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("dapi"), "{path:?}");
    }
}

#[tokio::test]
async fn a_token_is_given_replaced_and_forgotten_in_the_page() {
    let double = Double::start().await;
    double.give(PAT, "ana@example.com");
    let server = start(&[("DATABRICKS_HOST", double.root.clone())]).await;
    let told = until(&server, |told| told["workspace_host"] == "127.0.0.1").await;
    assert_eq!(told["configured"], false);
    for (wrong, status) in [("dapi-wrong", 400), ("two words", 400), ("", 400)] {
        let (got, error) = server
            .post("/api/configure-pat", json!({"token": wrong}))
            .await;
        assert_eq!(got, status, "{error}");
        assert!(!error.to_string().contains("dapi-wrong"), "{error}");
    }
    double.fault(Fault::Broken);
    let (status, error) = server
        .post("/api/configure-pat", json!({"token": PAT}))
        .await;
    assert_eq!(
        (status.as_u16(), &error["error"]["code"]),
        (502, &json!("upstream"))
    );
    double.heal();

    let (status, reply) = server
        .post("/api/configure-pat", json!({"token": PAT}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(reply, json!({"user": "ana@example.com"}));
    let told = until(&server, |told| told["valid"] == true).await;
    assert_eq!(
        (&told["source"], &told["user"]),
        (&json!("page"), &json!("ana@example.com"))
    );
    server.post("/api/pat-rotate", json!({})).await;
    let printed = printed(
        &server,
        &format!("until {BINARY} token | grep dapi-2; do :; done"),
    )
    .await;
    assert!(printed.contains("dapi-2"), "{printed}");

    server.post("/api/pat-forget", json!({})).await;
    until(&server, |told| told["configured"] == false).await;
    while double.state().tokens.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(
        double.is_good(PAT),
        "what was not made here is not ended here"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_service_principal_is_used_only_when_that_is_wanted() {
    for (wanted, configured) in [("", false), ("true", true)] {
        let double = Double::start().await;
        let server = start(&[
            ("DATABRICKS_HOST", double.root.clone()),
            ("DATABRICKS_CLIENT_ID", "principal".to_owned()),
            ("DATABRICKS_CLIENT_SECRET", "its-secret".to_owned()),
            ("CODA_USE_M2M", wanted.to_owned()),
        ])
        .await;
        let told = until(&server, |told| told["valid"] == configured).await;
        assert_eq!(told["configured"], configured);
        if configured {
            assert_eq!(told["source"], "service_principal");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn only_who_may_enter_may_give_a_token() {
    let double = Double::start().await;
    double.give(PAT, "eve@example.com");
    let server = start(&[("DATABRICKS_HOST", double.root.clone())]).await;
    let give = server.bare(Method::POST, "/api/configure-pat");
    let given = give.json(&json!({"token": PAT})).send().await.unwrap();
    assert_eq!(given.status(), 401);
    let told = until(&server, |_| true).await;
    assert_eq!(told["configured"], false);
    server.stop().await;
}

#[tokio::test]
async fn the_files_of_tools_follow_the_token_and_what_is_the_users_stays() {
    use std::os::unix::fs::PermissionsExt as _;

    let double = Double::start().await;
    double.give(PAT, "ana@example.com");
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let home = folder.path().to_owned();
    std::fs::create_dir(home.join(".claude")).unwrap();
    let claude = home.join(".claude/settings.json");
    std::fs::write(
        &claude,
        "{\n  \"theme\": \"dark\",\n  \"env\": {\"MINE\": \"1\"}\n}\n",
    )
    .unwrap();
    std::fs::create_dir(home.join(".gemini")).unwrap();
    std::fs::write(home.join(".gemini/settings.json"), "{half").unwrap();
    let environment = [
        ("DATABRICKS_HOST", double.root.clone()),
        ("DATABRICKS_TOKEN", PAT.to_owned()),
    ];
    let server = TestServer::start_on("--tool-files on", &environment, folder).await;
    let holds = async |path: &str, text: &str| {
        let path = home.join(path);
        let looking = async {
            while !std::fs::read_to_string(&path).is_ok_and(|found| found.contains(text)) {
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(DEADLINE, looking).await;
        found.unwrap_or_else(|_| panic!("{path:?} holds {text}"));
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        (std::fs::read_to_string(&path).unwrap(), mode)
    };
    let (profile, mode) = holds(".databrickscfg", "dapi-1").await;
    assert!(
        profile.contains(double.root.trim_end_matches('/')),
        "{profile}"
    );
    assert_eq!(mode, 0o600);
    let (settings, _) = holds(".claude/settings.json", "apiKeyHelper").await;
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(
        (&settings["theme"], &settings["env"]["MINE"]),
        (&json!("dark"), &json!("1"))
    );
    assert!(!settings.to_string().contains("dapi"), "{settings}");
    // The helper is one that runs.
    let helper = settings["apiKeyHelper"].as_str().unwrap();
    assert!(helper.ends_with(" token --broker"), "{helper}");
    let broken = std::fs::read_to_string(home.join(".gemini/settings.json")).unwrap();
    assert_eq!(broken, "{half");
    holds(".gitconfig", "git-credential").await;
    let link = home.join(".local/bin/git-credential-databricks");
    assert_eq!(
        std::fs::read_link(link).unwrap(),
        std::env::current_exe().unwrap()
    );
    assert!(
        !home.join(".codex").exists(),
        "a tool that is not there is not invented"
    );

    server.post("/api/pat-rotate", json!({})).await;
    holds(".databrickscfg", "dapi-2").await;
    server.stop().await;
}

#[tokio::test]
async fn a_profile_of_the_users_is_a_source_if_it_is_for_this_workspace() {
    let double = Double::start().await;
    double.give(PAT, "ana@example.com");
    for (host, configured) in [
        (double.root.as_str(), true),
        ("https://other.cloud.databricks.com", false),
    ] {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let file = folder.path().join(".databrickscfg");
        let profile = format!("; mine\n[DEFAULT]\nhost = {host}\ntoken = {PAT}\n");
        std::fs::write(&file, &profile).unwrap();
        let environment = [("DATABRICKS_HOST", double.root.clone())];
        let server = TestServer::start_on("", &environment, folder).await;
        let told = until(&server, |told| told["valid"] == configured).await;
        assert_eq!(told["configured"], configured);
        if configured {
            assert_eq!(told["source"], "profile");
        }
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(kept, profile, "it is the user's");
        server.stop().await;
    }
}

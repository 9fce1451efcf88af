//! With a broker: who is pointed there and what they hold, what of the user's stays as it is, and the way back.

use super::*;

const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e7";
const BROKER: &str = "http://127.0.0.1:41234/bowline-broker";

fn with_broker() -> Settings {
    with_broker_at(BROKER)
}

fn with_broker_at(url: &str) -> Settings {
    let mut settings = settings("w.example");
    let broker = Broker::new(url, Secret::new(SECRET).unwrap());
    settings.broker = Some(broker.unwrap());
    settings
}

/// Merges twice, and demands that the second time changes nothing.
fn brokered(merge: Merge, old: Option<&str>) -> String {
    let with = with_broker();
    let new = merge(old, &with).unwrap();
    assert_eq!(merge(Some(&new), &with).as_deref(), Ok(new.as_str()));
    new
}

/// Of a file as it is without a broker: what it is with one at another port, and without one again.
fn comes_back(merge: Merge, old: &str) {
    let direct = merged(merge, old).unwrap();
    let new = brokered(merge, Some(&direct));
    let moved = merge(
        Some(&new),
        &with_broker_at("http://127.0.0.1:9/bowline-broker"),
    )
    .unwrap();
    assert_eq!(moved, new.replace(":41234/", ":9/"));
    let back = merge(Some(&moved), &settings("w.example")).unwrap();
    assert_eq!(back, direct);
}

#[test]
fn claude_code_asks_for_the_secret() {
    let new = brokered(claude::settings, None);
    let direct = claude::settings(None, &settings("w.example")).unwrap();
    let expected = direct
        .replace(
            "https://w.example/serving-endpoints/anthropic",
            &format!("{BROKER}/anthropic"),
        )
        .replace("bowline token", "bowline token --broker");
    assert_eq!(new, expected);
    comes_back(claude::settings, "");
    comes_back(
        claude::settings,
        "{\n  // mine\n  \"theme\": \"dark\",\n  \"env\": {\"MINE\": \"1\"}\n}\n",
    );
}

#[test]
fn codex_asks_for_the_secret() {
    let new = brokered(codex::config, None);
    let direct = codex::config(None, &settings("w.example")).unwrap();
    let expected = direct
        .replace(
            "https://w.example/serving-endpoints",
            &format!("{BROKER}/openai"),
        )
        .replace("[\"token\"]", "[\"token\", \"--broker\"]");
    assert_eq!(new, expected);
    comes_back(codex::config, "");
    comes_back(
        codex::config,
        "# mine\n[model_providers.databricks]\nbase_url = \"https://w.example/serving-endpoints\" # here\nstream_max_retries = 9\n",
    );
}

#[test]
fn gemini_holds_the_secret() {
    assert_eq!(
        brokered(gemini::env, None),
        format!(
            "GOOGLE_GEMINI_BASE_URL={BROKER}/gemini\nGEMINI_API_KEY_AUTH_MECHANISM=bearer\nGEMINI_API_KEY={SECRET}\n"
        )
    );
    comes_back(gemini::env, "");
    comes_back(
        gemini::env,
        "# mine\nexport GEMINI_API_KEY=dapiold # old\nA='ä #'\nGOOGLE_GEMINI_BASE_URL=https://w.example/serving-endpoints/google",
    );
}

#[test]
fn opencode_holds_the_secret_beside_the_address() {
    let new = brokered(self::opencode::config, None);
    let value: serde_json::Value = serde_json::from_str(&new).unwrap();
    let options = &value["provider"]["databricks"]["options"];
    assert_eq!(options["baseURL"], format!("{BROKER}/chat"));
    assert_eq!(options["apiKey"], SECRET);
    comes_back(self::opencode::config, "{}");
    comes_back(
        self::opencode::config,
        "{\n  // mine\n  \"model\": \"x/y\",\n  \"provider\": { \"databricks\": { \"options\": { \"timeout\": 5 } } }\n}\n",
    );
    // What goes along with an address of the user's.
    let auth = self::opencode::auth(None, &with_broker()).unwrap();
    assert!(auth.contains(TOKEN) && !auth.contains(SECRET), "{auth}");
}

#[test]
fn hermes_holds_the_secret_where_its_file_was_written_here() {
    let new = brokered(self::hermes::merge, None);
    assert_eq!(
        new.matches(&format!("base_url: {BROKER}/chat\n")).count(),
        2
    );
    // In quotes: it may look like a number.
    assert_eq!(new.matches(&format!("api_key: \"{SECRET}\"\n")).count(), 2);
    comes_back(self::hermes::merge, "");
    // Without the mark it is led back, too.
    let unmarked: String = new
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    let back = self::hermes::merge(Some(&unmarked), &settings("w.example")).unwrap();
    assert!(
        !back.contains(SECRET) && !back.contains("127.0.0.1"),
        "{back}"
    );
}

#[test]
fn another_way_to_the_workspace_goes_with_the_token() {
    let old = "GOOGLE_GEMINI_BASE_URL=https://w.example/ai-gateway/gemini\nGEMINI_API_KEY=old\n";
    let new = brokered(gemini::env, Some(old));
    assert!(new.contains("w.example/ai-gateway/gemini\n"), "{new}");
    assert!(new.contains(TOKEN) && !new.contains(SECRET), "{new}");
    let old =
        "[model_providers.databricks]\nbase_url = \"https://w.example/ai-gateway/openai/v1\"\n";
    let new = brokered(codex::config, Some(old));
    assert!(
        new.contains("/ai-gateway/openai/v1\"") && !new.contains("--broker"),
        "{new}"
    );
    let old = "{\"env\": {\"ANTHROPIC_BASE_URL\": \"https://w.example/ai-gateway/anthropic\"}}";
    let new = brokered(claude::settings, Some(old));
    assert!(
        new.contains("/ai-gateway/anthropic\"") && !new.contains("--broker"),
        "{new}"
    );
    for options in [
        "\"baseURL\": \"https://w.example/ai-gateway/mlflow/v1\"",
        "\"apiKey\": \"{env:MINE}\"",
    ] {
        let old = format!("{{\"provider\": {{\"databricks\": {{\"options\": {{{options}}}}}}}}}");
        let new = brokered(self::opencode::config, Some(&old));
        assert!(new.contains(options) && !new.contains(SECRET), "{new}");
        assert!(!new.contains("127.0.0.1"), "{new}");
    }
    let old = "model:\n  base_url: https://w.example/x\n  api_key: old\nfallback_model:\n  base_url: https://w.example/y\n  api_key: ${MINE}\n";
    let new = brokered(self::hermes::merge, Some(old));
    assert_eq!(new, old.replace("old", TOKEN));
}

#[test]
fn what_asks_more_than_models_goes_to_the_workspace() {
    for merge in [databricks::merge, git::merge, claude::state] {
        let direct = merge(None, &settings("w.example"));
        assert_eq!(merge(None, &with_broker()), direct);
    }
}

#[test]
fn a_tool_that_is_pointed_at_another_program_here_is_left() {
    let old = "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080/mine\n";
    let left = gemini::env(Some(old), &with_broker());
    assert!(matches!(left, Err(Left::Elsewhere { .. })), "{left:?}");
}

#[test]
fn files_with_the_secret_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join(".config/opencode")).unwrap();
    let file = home.path().join(".config/opencode/opencode.json");
    let with = with_broker();
    apply(home.path(), &with);
    for _ in 0..2 {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        apply(home.path(), &with);
    }
    assert!(!format!("{with:?}").contains(SECRET));
}

#[test]
fn what_is_no_broker_is_never_written() {
    let secret = || Secret::new(SECRET).unwrap();
    for bad in ["http://10.0.0.1:1/bowline-broker", "https://evil.tld", ""] {
        assert_eq!(Broker::new(bad, secret()).err(), Some(BadSetting::Broker));
    }
    let odd = Secret::new("x\"}").unwrap();
    assert_eq!(Broker::new(BROKER, odd).err(), Some(BadSetting::Broker));
}

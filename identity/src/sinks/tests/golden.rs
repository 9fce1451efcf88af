//! One example or more of each format, with what users have around it.

use super::*;
use crate::workspace::Person;

fn elsewhere(merge: Merge, old: &str) {
    assert!(
        matches!(merged(merge, old), Err(Left::Elsewhere { .. })),
        "{old}"
    );
}

fn unreadable(merge: Merge, old: &str) {
    let Err(Left::Unreadable { .. }) = merged(merge, old) else {
        panic!("taken for readable: {old}");
    };
}

#[test]
fn databricks_cli() {
    let fresh = "[DEFAULT]\nhost = https://w.example\ntoken = dapi0123456789abcdef\n";
    assert_eq!(merge_none(databricks::merge), fresh);
    for (old, new) in [
        (
            "; mine\n[DEFAULT]\n# why\nhost: w.example/\ntoken=old\ncluster_id = x = y\n\n[other]\nhost = https://o.example\ntoken = theirs\n",
            "; mine\n[DEFAULT]\n# why\nhost: w.example/\ntoken=dapi0123456789abcdef\ncluster_id = x = y\n\n[other]\nhost = https://o.example\ntoken = theirs\n",
        ),
        (
            "\u{feff}[DEFAULT]\r\n  Host = https://w.example\r\n\r\n# on other\r\n[other]\r\nclient_id = x\r\nnote = Ä",
            "\u{feff}[DEFAULT]\r\n  Host = https://w.example\r\n  token = dapi0123456789abcdef\r\n\r\n# on other\r\n[other]\r\nclient_id = x\r\nnote = Ä",
        ),
        (
            "[other]\nhost = https://o.example",
            "[other]\nhost = https://o.example\n\n[DEFAULT]\nhost = https://w.example\ntoken = dapi0123456789abcdef\n",
        ),
        (
            "[DEFAULT]",
            "[DEFAULT]\nhost = https://w.example\ntoken = dapi0123456789abcdef\n",
        ),
    ] {
        assert_eq!(merged(databricks::merge, old).as_deref(), Ok(new));
    }
    for old in [
        "[DEFAULT]\nhost = https://w.example.evil.tld\n",
        "[DEFAULT]\nhost = https://w.example\nclient_secret = x\n",
        "[DEFAULT]\nhost = https://w.example\nauth_type = databricks-cli\n",
    ] {
        elsewhere(databricks::merge, old);
    }
    for old in [
        "host = x\n[DEFAULT]\n",
        "[DEFAULT]\nnothing\n",
        "[DEFAULT\n",
        "[DEFAULT]\ntoken = a\n  b\n",
        "[DEFAULT]\na = 1\n[DEFAULT]\nb = 1\n",
        "[DEFAULT]\ntoken = 1\ntoken = 2\n",
    ] {
        unreadable(databricks::merge, old);
    }
}

#[test]
fn databricks_cli_in_another_profile_or_in_none() {
    let mut with = settings("w.example");
    with.profile = Some(ProfileName::new("work").unwrap());
    let old = "[DEFAULT]\nhost = https://o.example\ntoken = theirs\n";
    let new = databricks::merge(Some(old), &with).unwrap();
    assert_eq!(
        new,
        format!("{old}\n[work]\nhost = https://w.example\ntoken = {TOKEN}\n")
    );
    with.profile = None;
    assert_eq!(
        databricks::merge(Some("no [ini"), &with).as_deref(),
        Ok("no [ini")
    );
}

#[test]
fn a_profile_is_read() {
    let text = "[DEFAULT]\nhost = w.example\ntoken =  abc  \n[empty]\nhost = x.example\n[bad]\nhost = http://x.example\ntoken = a\n";
    let profile = databricks::read(text, "DEFAULT").unwrap().unwrap();
    assert_eq!(
        (profile.host.origin(), profile.token.expose()),
        ("https://w.example", "abc")
    );
    assert!(!format!("{profile:?}").contains("abc"));
    assert_eq!(databricks::read(text, "empty"), Ok(None));
    assert_eq!(databricks::read(text, "none"), Ok(None));
    assert!(databricks::read(text, "bad").is_err());
}

fn merge_none(merge: Merge) -> String {
    let with = settings("w.example");
    let new = merge(None, &with).unwrap();
    assert_eq!(merge(Some(&new), &with).as_deref(), Ok(new.as_str()));
    new
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn claude_code() {
    let new = merge_none(claude::settings);
    let value = json(&new);
    assert_eq!(value["apiKeyHelper"], "bowline token");
    assert_eq!(
        value["env"]["ANTHROPIC_BASE_URL"],
        "https://w.example/serving-endpoints/anthropic"
    );
    assert_eq!(
        value["env"]["ANTHROPIC_CUSTOM_HEADERS"],
        "x-databricks-use-coding-agent-mode: true"
    );
    assert_eq!(
        value["env"]["ANTHROPIC_MODEL"],
        settings("w.example").models.claude.model.as_str()
    );
    assert!(!new.contains(TOKEN));
    assert!(new.ends_with("}\n"), "{new}");

    let old = r#"{
    // mine
    "hooks": {"Stop": [ 1,2 ]},   "theme": "dark",
    "model": "opus",
    "env": {
        "ANTHROPIC_AUTH_TOKEN": "dapiold", /* goes */
        "ANTHROPIC_BASE_URL": "https://w.example/serving-endpoints/anthropic",
        "ANTHROPIC_CUSTOM_HEADERS": "x-mine: 1",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "my-haiku",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "databricks-claude-opus-4-1",
    },
}"#;
    let new = merged(claude::settings, old).unwrap();
    for kept in [
        "    // mine\n    \"hooks\": {\"Stop\": [ 1,2 ]},   \"theme\": \"dark\",\n    \"model\": \"opus\",\n",
        "\"ANTHROPIC_DEFAULT_HAIKU_MODEL\": \"my-haiku\"",
        "\"ANTHROPIC_DEFAULT_OPUS_MODEL\": \"databricks-claude-opus-4-7\"",
        "\"ANTHROPIC_CUSTOM_HEADERS\": \"x-mine: 1\\nx-databricks-use-coding-agent-mode: true\"",
        "\"apiKeyHelper\": \"bowline token\"",
    ] {
        assert!(new.contains(kept), "{kept}\n{new}");
    }
    for gone in ["AUTH_TOKEN", "dapi", "\"ANTHROPIC_MODEL\""] {
        assert!(!new.contains(gone), "{gone}\n{new}");
    }
}

#[test]
fn claude_code_follows_the_workspace_only_from_what_was_ours() {
    let ours = merge_none(claude::settings);
    let moved = claude::settings(Some(&ours), &settings("v.example")).unwrap();
    assert_eq!(moved, ours.replace("w.example", "v.example"));
    for old in [
        r#"{"env": {"ANTHROPIC_BASE_URL": "https://gateway.example"}}"#,
        r#"{"env": {"ANTHROPIC_API_KEY": "sk-ant-x"}}"#,
        r#"{"env": {"ANTHROPIC_AUTH_TOKEN": "x"}}"#,
        r#"{"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}"#,
        r#"{"apiKeyHelper": "/usr/bin/mine"}"#,
    ] {
        elsewhere(claude::settings, old);
    }
    for old in [
        "{",
        "[]",
        "{\"env\": 1}",
        "{a: 1}",
        "{\"a\": 1 \"b\": 2}",
        "nonsense",
    ] {
        unreadable(claude::settings, old);
    }
}

#[test]
fn another_way_to_the_workspace_is_the_users() {
    let old = merge_none(claude::settings)
        .replace("/serving-endpoints/anthropic", "/ai-gateway/anthropic");
    assert_eq!(merged(claude::settings, &old).as_deref(), Ok(old.as_str()));
    let old = merge_none(codex::config).replace("/serving-endpoints", "/ai-gateway/openai/v1");
    assert_eq!(merged(codex::config, &old).as_deref(), Ok(old.as_str()));
    let old = merge_none(gemini::env).replace("/serving-endpoints/google", "/ai-gateway/gemini");
    assert_eq!(merged(gemini::env, &old).as_deref(), Ok(old.as_str()));
}

#[test]
fn claude_codes_own_state() {
    assert_eq!(
        merge_none(claude::state),
        "{\n  \"hasCompletedOnboarding\": true\n}\n"
    );
    let old = "{\"hasCompletedOnboarding\":false,\"projects\":{\"/ä\":{\"n\":1.50}}}";
    assert_eq!(
        merged(claude::state, old).unwrap(),
        old.replace("false", "true")
    );
}

#[test]
fn a_large_state_of_claude_codes_is_only_looked_at() {
    let large = format!(
        "{{\"a\": \"{}\", \"hasCompletedOnboarding\": true}}",
        "x".repeat(2 << 20)
    );
    assert_eq!(merged(claude::state, &large).as_deref(), Ok(large.as_str()));
    let with_comment = large.replace("true", "true // so");
    assert_eq!(merged(claude::state, &with_comment), Err(Left::TooLarge));
}

#[test]
fn codex_config() {
    let new = merge_none(codex::config);
    assert_eq!(
        new,
        "model_provider = \"databricks\"\nmodel = \"databricks-gpt-5-5\"\nweb_search = \"disabled\"\n\n\
         [model_providers.databricks]\nname = \"Databricks\"\nbase_url = \"https://w.example/serving-endpoints\"\n\
         wire_api = \"responses\"\n\n[model_providers.databricks.auth]\ncommand = \"bowline\"\nargs = [\"token\"]\n\
         refresh_interval_ms = 60000\n"
    );
    let old = "# mine\r\nmodel = 'databricks-gpt-5-4'   # chosen\r\nmodel_provider = \"databricks\"\r\n\r\n\
               [model_providers.databricks] # here\r\nbase_url = 'https://w.example/serving-endpoints' # there\r\n\
               env_key = \"OPENAI_API_KEY\"\r\nwire_api = \"chat\"\r\nstream_max_retries = 9\r\n\r\n\
               [mcp_servers.x]\r\ncommand = \"ü\"\r\n[projects.\"/home/u\"]\r\ntrust_level = \"trusted\"\r\n";
    let new = merged(codex::config, old).unwrap();
    for kept in [
        "# mine\r\nmodel = 'databricks-gpt-5-4'   # chosen\r\n",
        "[model_providers.databricks] # here\r\nbase_url = 'https://w.example/serving-endpoints' # there\r\n",
        "wire_api = \"responses\"\r\nstream_max_retries = 9\r\n",
        "[mcp_servers.x]\r\ncommand = \"ü\"\r\n[projects.\"/home/u\"]\r\ntrust_level = \"trusted\"\r\n",
        "[model_providers.databricks.auth]\r\ncommand = \"bowline\"\r\n",
    ] {
        assert!(new.contains(kept), "{kept}\n{new}");
    }
    assert!(!new.contains("env_key"), "{new}");
    assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
}

#[test]
fn codex_comments_stay_where_they_are() {
    let fresh = merge_none(codex::config);
    assert_eq!(
        merged(codex::config, "# mine").unwrap(),
        format!("# mine\n{fresh}")
    );
    let old = "# on features\n[features]\nx = true # keep\n";
    let new = merged(codex::config, old).unwrap();
    assert!(
        new.contains(&format!("web_search = \"disabled\"\n\n{old}")),
        "{new}"
    );
}

#[test]
fn codex_starts_with_what_the_user_says() {
    for old in [
        "model = \"gpt-5\"\n",
        "model_provider = \"openai\"\n",
        "profile = \"x\"\n",
    ] {
        let new = merged(codex::config, old).unwrap();
        assert!(
            new.starts_with(old) && new.contains("[model_providers.databricks.auth]"),
            "{new}"
        );
        assert!(
            !new.contains("\nmodel = ") && !new.contains("web_search"),
            "{new}"
        );
    }
    let old = "model_provider = \"databricks\"\nmodel = \"databricks-gpt-5-2\"\n";
    assert!(
        merged(codex::config, old)
            .unwrap()
            .contains("model = \"databricks-gpt-5-5\"\n")
    );
    let old = "model_providers = { databricks = { base_url = \"https://w.example\" }, x = { name = \"x\" } }\n";
    let new = merged(codex::config, old).unwrap();
    assert!(new.contains("x = { name = \"x\" }"), "{new}");
    elsewhere(
        codex::config,
        "[model_providers.databricks]\nbase_url = \"https://evil.tld\"\n",
    );
    for old in [
        "a = ",
        "[a]\n[a]\n",
        "model_providers = 1\n",
        "model_providers.databricks = 1\n",
        "a = 1\na = 2\n",
    ] {
        unreadable(codex::config, old);
    }
}

#[test]
fn codex_env_only_loses_what_went_stale() {
    assert_eq!(codex::env(None, &settings("w.example")).as_deref(), Ok(""));
    let old = "# mine\nOPENAI_API_KEY=dapiold\nA=1";
    assert_eq!(merged(codex::env, old).as_deref(), Ok("# mine\nA=1"));
    let old = "OPENAI_API_KEY=sk-mine\n";
    assert_eq!(merged(codex::env, old).as_deref(), Ok(old));
}

#[test]
fn gemini_env() {
    assert_eq!(
        merge_none(gemini::env),
        format!(
            "GOOGLE_GEMINI_BASE_URL=https://w.example/serving-endpoints/google\n\
             GEMINI_API_KEY_AUTH_MECHANISM=bearer\nGEMINI_API_KEY={TOKEN}\n"
        )
    );
    let old = "# mine\nexport GEMINI_API_KEY=\"dapiold\" # old\nA='ä #'\n\
               GOOGLE_GEMINI_BASE_URL=https://w.example/serving-endpoints/google\nGEMINI_API_KEY_AUTH_MECHANISM=\"bearer\"";
    let new = "# mine\nexport GEMINI_API_KEY=dapi0123456789abcdef # old\nA='ä #'\n\
               GOOGLE_GEMINI_BASE_URL=https://w.example/serving-endpoints/google\nGEMINI_API_KEY_AUTH_MECHANISM=bearer";
    assert_eq!(merged(gemini::env, old).as_deref(), Ok(new));
    elsewhere(gemini::env, "GEMINI_API_KEY=AIzaMine\n");
    elsewhere(
        gemini::env,
        "GOOGLE_GEMINI_BASE_URL=https://proxy.example\n",
    );
}

#[test]
fn gemini_settings_and_folders() {
    let value = json(&merge_none(gemini::settings));
    assert_eq!(value["security"]["auth"]["selectedType"], "gemini-api-key");
    assert_eq!(value["model"]["name"], "databricks-gemini-2-5-pro");
    for old in [
        "{\"security\": {\"auth\": {\"selectedType\": \"oauth-personal\"}}, \"model\": {\"name\": \"mine\"}}",
        "{\"selectedAuthType\": \"gemini-api-key\", \"model\": \"mine\"}",
    ] {
        assert_eq!(merged(gemini::settings, old).as_deref(), Ok(old));
    }
    let old = "{\n\t// why\n\t\"/home/u\": \"DO_NOT_TRUST\"\n}\n";
    let new = "{\n\t// why\n\t\"/home/u\": \"DO_NOT_TRUST\",\n\t\"/home/u/projects\": \"TRUST_FOLDER\"\n}\n";
    assert_eq!(merged(gemini::trusted, old).as_deref(), Ok(new));
}

#[test]
fn what_opencode_knows_by_itself_it_is_not_told() {
    let mut with = settings("w.example");
    let offered = with.models.offered.iter().map(|model| model.id.clone());
    with.opencode_knows = offered.filter(|id| id != "databricks-gpt-5-5").collect();
    let value = json(&self::opencode::config(None, &with).unwrap());
    let provider = value["provider"]["databricks"].as_object().unwrap();
    let keys: Vec<_> = provider.keys().collect();
    assert_eq!(keys, ["models", "options"]);
    let models: Vec<_> = provider["models"].as_object().unwrap().keys().collect();
    assert_eq!(models, ["databricks-gpt-5-5"]);
    // It was told before anybody asked it; what the user wrote stays.
    let old = merge_none(self::opencode::config).replace("Claude Haiku 4.5", "My Haiku");
    let new = json(&self::opencode::config(Some(&old), &with).unwrap());
    let mut expected = value.clone();
    let mine =
        json(&old)["provider"]["databricks"]["models"]["databricks-claude-haiku-4-5"].clone();
    expected["provider"]["databricks"]["models"]["databricks-claude-haiku-4-5"] = mine;
    assert_eq!(new, expected);
    assert_eq!(value["model"], "databricks/databricks-claude-opus-4-7");
}

#[test]
fn opencode() {
    let value = json(&merge_none(self::opencode::config));
    let provider = &value["provider"]["databricks"];
    assert_eq!(
        provider["options"]["baseURL"],
        "https://w.example/serving-endpoints"
    );
    assert_eq!(
        provider["models"]["databricks-claude-haiku-4-5"]["limit"]["output"],
        64000
    );
    assert_eq!(value["model"], "databricks/databricks-claude-opus-4-7");
    let old = "{\n  // mine\n  \"model\": \"x/y\",\n  \"mcp\": { \"e\": {\"enabled\":true} }, // also\n  \"provider\": {\n    \
               \"databricks\": {\n      \"options\": { \"apiKey\": \"{env:DATABRICKS_TOKEN}\", \"timeout\": 5 },\n      \
               \"models\": { \"databricks-gpt-5-5\": { \"name\": \"Mine\" } }\n    }\n  }\n}\n";
    let new = merged(self::opencode::config, old).unwrap();
    for kept in [
        "{\n  // mine\n  \"model\": \"x/y\",\n  \"mcp\": { \"e\": {\"enabled\":true} }, // also\n",
        "\"timeout\": 5",
        "\"databricks-gpt-5-5\": { \"name\": \"Mine\" }",
    ] {
        assert!(new.contains(kept), "{kept}\n{new}");
    }
    assert!(!new.contains("apiKey"), "{new}");
    elsewhere(
        self::opencode::config,
        "{\"provider\": {\"databricks\": {\"options\": {\"baseURL\": \"https://evil.tld\"}}}}",
    );

    assert_eq!(
        merge_none(self::opencode::auth),
        format!(
            "{{\n  \"databricks\": {{\n    \"type\": \"api\",\n    \"key\": \"{TOKEN}\"\n  }}\n}}\n"
        )
    );
    let old = "{\"openai\":{\"type\":\"api\",\"key\":\"sk\"},\"databricks\":{\"type\":\"api\",\"key\":\"old\"}}";
    assert_eq!(
        merged(self::opencode::auth, old).unwrap(),
        old.replace("old", TOKEN)
    );
}

#[test]
fn hermes_is_told_of_servers_where_its_file_is_made_here() {
    let mut with = settings("w.example");
    let server = |name: &str, url: &str| (name.to_owned(), url.to_owned());
    with.hermes_servers = vec![
        server("wiki", "https://wiki.example/mcp"),
        server("team-memory", "http://127.0.0.1:9/mcp?a=\"b#c"),
    ];
    let fresh = self::hermes::merge(None, &with).unwrap();
    let told = "\nmcp_servers:\n  \"wiki\":\n    url: https://wiki.example/mcp\n    timeout: 60\n    connect_timeout: 60\n  \
                team-memory:\n    url: \"http://127.0.0.1:9/mcp?a=\\\"b#c\"\n    timeout: 60\n    connect_timeout: 60\n";
    assert!(fresh.ends_with(told), "{fresh}");
    // From then on they are the user's.
    let again = self::hermes::merge(Some(&fresh), &settings("w.example"));
    assert_eq!(again.as_deref(), Ok(&*fresh));
    let old = "model:\n  base_url: https://w.example/x\n";
    let new = self::hermes::merge(Some(old), &with).unwrap();
    assert!(!new.contains("mcp_servers"), "{new}");
}

#[test]
fn hermes() {
    let fresh = merge_none(self::hermes::merge);
    assert_eq!(fresh.matches(&format!("api_key: {TOKEN}\n")).count(), 2);
    let with = settings_with("v.example", "dapi9999999999");
    let moved = self::hermes::merge(Some(&fresh), &with).unwrap();
    assert_eq!(
        moved,
        fresh
            .replace("w.example", "v.example")
            .replace(TOKEN, "dapi9999999999")
    );

    let old = "# by hand\r\nmodel:\r\n    default: mine   # chosen\r\n    provider: custom\r\n    base_url: \"https://w.example/serving-endpoints\"\r\n    \
               api_key: 'dapiold' # stale\r\nmcp_servers: {x: {url: \"https://ä\"}}\r\nfallback_providers:\r\n- provider: custom\r\n  base_url: https://w.example/x\r\n- \
               provider: openrouter\r\n  base_url: https://o.example\r\n  api_key: theirs";
    let new = "# by hand\r\nmodel:\r\n    default: mine   # chosen\r\n    provider: custom\r\n    base_url: \"https://w.example/serving-endpoints\"\r\n    \
               api_key: dapi0123456789abcdef # stale\r\nmcp_servers: {x: {url: \"https://ä\"}}\r\nfallback_providers:\r\n- provider: custom\r\n  base_url: https://w.example/x\r\n  api_key: dapi0123456789abcdef\r\n- \
               provider: openrouter\r\n  base_url: https://o.example\r\n  api_key: theirs";
    assert_eq!(merged(self::hermes::merge, old).as_deref(), Ok(new));
    let old = "# nothing yet\n";
    assert_eq!(
        merged(self::hermes::merge, old).unwrap(),
        format!("{old}{fresh}")
    );
    let old = "model:\n  base_url: https://w.example/x\n  api_key: ${MINE}\nfallback_model:\n  base_url: https://w.example/y\n";
    let new = merged(self::hermes::merge, old).unwrap();
    assert_eq!(new, format!("{old}  api_key: {TOKEN}\n"));
    elsewhere(
        self::hermes::merge,
        "model:\n  base_url: https://openrouter.ai/api/v1\n  api_key: x\n",
    );
    elsewhere(self::hermes::merge, "model: x\n");
    for old in [
        "model: [",
        "model:\n\t- x\n  - y: z:\n",
        "a: 1\n---\nb: 2\n",
    ] {
        unreadable(self::hermes::merge, old);
    }
}

#[test]
fn who_commits_stands_before_what_the_user_says() {
    let author = Author::of(&Person {
        user_name: "ana@w.example".to_owned(),
        display_name: Some("Ana \"A\"".to_owned()),
    });
    let mut with = settings("https://w.example");
    let mine = "[user]\n\temail = mine@w.example";
    assert_eq!(author::merge(Some(mine), &with).as_deref(), Ok(mine));
    assert_eq!(author::merge(None, &with).as_deref(), Ok(""));
    with.author = author;
    let block = "# >>> bowline author >>>\n[user]\n\tname = \"Ana \\\"A\\\"\"\n\temail = \"ana@w.example\"\n# <<< bowline author <<<\n";
    let expected = format!("{block}{mine}");
    assert_eq!(author::merge(Some(mine), &with), Ok(expected.clone()));
    assert_eq!(author::merge(Some(&expected), &with), Ok(expected));
    let broken = "# >>> bowline author >>>\n";
    let Err(Left::Unreadable { .. }) = author::merge(Some(broken), &with) else {
        panic!("half a block is nobody's");
    };
}

//! Of any document: it is never lost, foreign keys stay, and the result is one of its format.

use proptest::prelude::*;

use super::*;

const MERGERS: [Merge; 13] = [
    databricks::merge,
    git::merge,
    author::merge,
    claude::settings,
    claude::state,
    codex::config,
    codex::env,
    gemini::env,
    gemini::settings,
    gemini::trusted,
    opencode::config,
    opencode::auth,
    hermes::merge,
];

/// Pieces of all formats, so that something comes of it now and then.
fn garbage() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\u{feff}".to_owned()),
        "[\\[\\]{}\"'#;:=,/*\\\\$%&!|>\t -]",
        "[ \t]{1,4}",
        "(model|env|provider|databricks|host|token|api_key|base_url|helper|DEFAULT|credential)",
        "(https://w\\.example/x|dapiold|true|null|1\\.5|\"x\")",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// A document of JSON, written in one of its forms.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 20, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into);
        let map = prop::collection::btree_map("\\PC{0,5}", inner, 0..4);
        let map = map.prop_map(|map| serde_json::Value::Object(map.into_iter().collect()));
        prop_oneof![list, map]
    });
    let top = prop::collection::btree_map("user[a-zä\"]{1,4}", value, 0..5);
    top.prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

/// That everything of one document is in another.
fn is_within(old: &serde_json::Value, new: &serde_json::Value) -> bool {
    match (old, new) {
        (serde_json::Value::Object(old), serde_json::Value::Object(new)) => old
            .iter()
            .all(|(key, value)| new.get(key).is_some_and(|new| is_within(value, new))),
        _ => old == new,
    }
}

/// That lines which are neither ours nor JSON follow one another as before.
fn has_lines(old: &str, new: &str) -> bool {
    const OURS: [&str; 9] = [
        "{", "}", "\"", "dapi", "token", "host", "base_url", "api_key", "helper",
    ];
    let mut rest = new;
    let mut lines = old
        .lines()
        .filter(|line| !OURS.iter().any(|ours| line.contains(ours)));
    lines.all(|line| {
        let found = rest.find(line.trim());
        found.is_some_and(|at| {
            rest = &rest[at + line.trim().len()..];
            true
        })
    })
}

#[test]
fn what_is_deep_or_long_ends_soon() {
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("{a: ", "}"),
        ("- ", ""),
        ("a = [", "]"),
        ("[\"\\", ""),
    ] {
        for count in [100, 100_000] {
            let text = format!("{}{}", open.repeat(count), close.repeat(count));
            for text in [
                text.clone(),
                format!("a: {text}"),
                format!("a = {text}"),
                format!("{{\"a\": {text}}}"),
            ] {
                for merge in MERGERS {
                    let _ = merged(merge, &text);
                }
            }
        }
    }
}

fn toml_within(old: &toml::Table, new: &toml::Table) -> bool {
    old.iter().all(|(key, value)| match (value, new.get(key)) {
        (toml::Value::Table(old), Some(toml::Value::Table(new))) => toml_within(old, new),
        (old, new) => new == Some(old),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn garbage_is_left_alone_or_merged_once(text in garbage()) {
        for merge in MERGERS {
            // Twice is once, and nothing panics: `merged` sees to it.
            match merged(merge, &text) {
                Err(left) => prop_assert!(!left.to_string().contains("dapi")),
                Ok(new) => prop_assert!(has_lines(&text, &new), "{}", new),
            }
        }
    }

    #[test]
    fn json_keeps_foreign_keys(value in document(), is_pretty in any::<bool>(), is_crlf in any::<bool>()) {
        let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let text = if is_crlf { text.replace('\n', "\r\n") } else { text };
        for merge in [claude::settings, claude::state, gemini::settings, gemini::trusted, opencode::config, opencode::auth] {
            let new = merged(merge, &text).unwrap();
            let new = serde_json::from_str(&new).unwrap();
            prop_assert!(is_within(&value, &new));
        }
    }

    #[test]
    fn toml_keeps_foreign_keys(
        roots in prop::collection::btree_map("user_[a-z]{1,4}", "(1|true|'x'|\"\\\\u00e4\"|\\[1, 2\\]|\\{a = 1\\}|1979-05-27)", 0..5),
        tables in prop::collection::btree_map("user-[a-z]{1,4}", "[a-zä #=]{0,8}", 0..4),
        is_crlf in any::<bool>(),
    ) {
        let end = if is_crlf { "\r\n" } else { "\n" };
        let mut text = format!("# kept {end}");
        for (key, value) in &roots {
            text += &format!("  {key}   =  {value} # why{end}");
        }
        for (name, comment) in &tables {
            text += &format!("{end}[{name}] # {comment}{end}  x . y = \"{comment}\"{end}[[{name}.list]]{end}z=1{end}");
        }
        let new = merged(codex::config, &text).unwrap();
        let old: toml::Table = toml::from_str(&text).unwrap();
        let table: toml::Table = toml::from_str(&new).unwrap();
        prop_assert!(toml_within(&old, &table));
        for line in text.lines() {
            prop_assert!(new.contains(line.trim_end()), "{}\n{}", line, new);
        }
    }

    #[test]
    fn ini_keeps_every_line(
        sections in prop::collection::btree_map("[a-zA-Zä]{1,5}", prop::collection::btree_map("[a-z_]{3,6}", "[ -~ä]{0,8}", 0..4), 0..4),
        is_crlf in any::<bool>(),
    ) {
        let end = if is_crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        for (name, pairs) in &sections {
            text += &format!("# {name}{end}[{name}]{end}");
            for (key, value) in pairs {
                text += &format!("{key} ={value}{end}");
            }
        }
        if let Ok(new) = merged(databricks::merge, &text) {
            for line in text.lines().filter(|line| !line.starts_with("host") && !line.starts_with("token")) {
                prop_assert!(new.contains(line), "{}\n{}", line, new);
            }
            let profile = databricks::read(&new, "DEFAULT").unwrap().unwrap();
            prop_assert_eq!(profile.token.expose(), TOKEN);
        }
    }

    #[test]
    fn yaml_keeps_everything_but_the_key(
        names in prop::collection::btree_set("user_[a-z]{1,4}", 0..5),
        value in "[a-zA-Zäöü☃ ]{0,10}",
        key in "[a-z0-9]{1,12}",
    ) {
        let mut text = "# ☃\nmodel:\n  default: x # ☃\n".to_owned();
        text += &format!("  base_url: https://w.example/x\n  api_key: \"{key}\" # mine\n");
        for name in &names {
            text += &format!("{name}:\n  - \"{value}\" # c\n  - {{a: 1, b: [2, 3]}}\n");
        }
        let new = merged(hermes::merge, &text).unwrap();
        prop_assert_eq!(new, text.replace(&format!("\"{key}\" # mine"), &format!("{TOKEN} # mine")));
    }
}

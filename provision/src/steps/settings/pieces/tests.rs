//! Documents of users in odd forms: around what is ours nothing moves, and behind it nothing is left.

use bowline_identity::secret::Secret;
use bowline_identity::sinks::{self, Endpoints, Host, Models, Settings};
use proptest::prelude::*;
use serde_json::json;

use super::super::json::Json;
use super::super::toml::Toml;
use super::*;

fn server(name: &str) -> Piece {
    Piece {
        at: At::key(&["mcpServers", name]),
        value: json!({"type": "http", "url": format!("https://{name}.example/mcp")}),
    }
}

fn hook(word: &str) -> Piece {
    Piece {
        at: At::list(&["hooks", "Stop"]),
        value: json!({"hooks": [{"type": "command", "command": word}]}),
    }
}

fn table(name: &str) -> Piece {
    Piece {
        at: At::key(&["mcp_servers", name]),
        value: json!({"url": format!("https://{name}.example/mcp")}),
    }
}

fn notify() -> Piece {
    Piece {
        at: At::key(&["notify"]),
        value: json!([
            "sh",
            "-c",
            "\"${BOWLINE_BIN:-bowline}\" status done || true"
        ]),
    }
}

fn wanted() -> Vec<Piece> {
    vec![server("exa"), server("wiki"), hook("done")]
}

/// With all that is wanted, and that twice is once.
fn with(form: &dyn Form, old: Option<&str>, wanted: &[Piece]) -> Kept {
    let kept = keep(form, old, &Noted::default(), wanted).unwrap();
    let again = keep(form, kept.text.as_deref(), &kept.noted, wanted).unwrap();
    assert_eq!(again.text, kept.text, "twice");
    assert_eq!(again.noted, kept.noted, "twice");
    kept
}

/// With nothing of ours any more.
fn without(form: &dyn Form, kept: &Kept) -> Option<String> {
    let rest = keep(form, kept.text.as_deref(), &kept.noted, &[]).unwrap();
    assert_eq!(rest.noted.pieces, []);
    rest.text
}

#[test]
fn what_is_put_stands_first_in_the_form_of_the_document() {
    for (old, new) in [
        (
            "{}",
            "{\n  \"mcpServers\": {\n    \"exa\": {\n      \"type\": \"http\",\n      \"url\": \"https://exa.example/mcp\"\n    }\n  }\n}",
        ),
        (
            "{\n\t\"a\": 1 // why\n}\n",
            "{\n\t\"mcpServers\": {\n\t\t\"exa\": {\n\t\t\t\"type\": \"http\",\n\t\t\t\"url\": \"https://exa.example/mcp\"\n\t\t}\n\t},\n\t\"a\": 1 // why\n}\n",
        ),
        (
            "{\"a\":1}",
            "{\"mcpServers\":{\"exa\":{\"type\":\"http\",\"url\":\"https://exa.example/mcp\"}},\"a\":1}",
        ),
    ] {
        let kept = with(&Json, Some(old), &[server("exa")]);
        assert_eq!(kept.text.as_deref(), Some(new));
        assert_eq!(without(&Json, &kept).as_deref(), Some(old));
    }
    let old = "# mine\nmodel = \"m\"\n\n[mcp_servers.mine]\nurl = 'u'";
    let kept = with(&Toml, Some(old), &[table("exa"), notify()]);
    let new = "notify = [\"sh\", \"-c\", '\"${BOWLINE_BIN:-bowline}\" status done || true']\n\
               # mine\nmodel = \"m\"\n\n[mcp_servers.mine]\nurl = 'u'\n\n[mcp_servers.exa]\nurl = \"https://exa.example/mcp\"\n";
    assert_eq!(kept.text.as_deref(), Some(new));
    assert_eq!(without(&Toml, &kept).as_deref(), Some(old));
}

#[test]
fn of_odd_documents_every_byte_is_as_it_was() {
    for old in [
        "{ }",
        "{\n}",
        "{\n\n}\n",
        "{ \"a\": 1 }",
        "{ // x\n  \"a\": 1\n}",
        "{\n  // x\n  \"a\": 1,\n  // end\n}",
        "{\n // only\n}",
        "{/* x */}",
        "{\"a\":1,\"mcpServers\":{}}\n",
        "{\"hooks\": {\"Stop\": [ ]}, \"mcpServers\": {\"mine\":{}}}",
        "{\n\"a\":1,\n\"b\":2}",
        "\u{feff}{\r\n  \"a\": [\r\n    1\r\n  ]\r\n}\r\n",
        "{\n  \"a\": 1,\n\n}",
        "{\"a\": 1,\n   \"hooks\": {\n     \"Stop\": [\n       1,\n     ],\n   },\n   }",
        "{\"a\":1,}",
        "{\"mcpServers\": {\"\\u0061\": 1 /* } */ }}",
        "// first\n{ \"hooks\": {} }\n// last",
    ] {
        let kept = with(&Json, Some(old), &wanted());
        assert_eq!(kept.theirs, [""; 0], "{old}");
        assert_eq!(without(&Json, &kept).as_deref(), Some(old));
        // One of them goes first.
        let fewer = keep(&Json, kept.text.as_deref(), &kept.noted, &wanted()[1..]).unwrap();
        assert_eq!(without(&Json, &fewer).as_deref(), Some(old));
    }
    for old in [
        "",
        "# only\n",
        "\u{feff}a = 1\r\n",
        "[mcp_servers]\n",
        "mcp_servers.mine.url = 'x'\n",
        "[a] # b",
    ] {
        let kept = with(&Toml, Some(old), &[table("exa"), notify(), table("wiki")]);
        assert_eq!(without(&Toml, &kept).as_deref(), Some(old));
    }
}

#[test]
fn a_file_that_was_not_there_goes_again_unless_somebody_used_it() {
    let kept = with(&Json, None, &wanted());
    assert_eq!(without(&Json, &kept), None);
    let used = kept
        .text
        .clone()
        .unwrap()
        .replacen('{', "{\n  \"theme\": \"dark\",", 1);
    let used = Kept {
        text: Some(used),
        ..kept
    };
    let rest = without(&Json, &used).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&rest).unwrap(),
        json!({"theme": "dark"})
    );
    let blank = with(&Json, Some(" \n"), &wanted());
    assert_eq!(without(&Json, &blank).as_deref(), Some(" \n"));
    assert_eq!(without(&Toml, &with(&Toml, None, &[notify()])), None);
}

#[test]
fn what_the_user_has_or_changed_is_the_users() {
    let old = "{\"mcpServers\": {\"exa\": {\"url\": \"mine\"}}}";
    let kept = with(&Json, Some(old), &wanted());
    assert_eq!(kept.theirs, ["mcpServers.exa"]);
    assert!(kept.text.as_deref().unwrap().contains("\"mine\""));
    assert_eq!(without(&Json, &kept).as_deref(), Some(old));
    // Ours, changed by hand.
    let kept = with(&Json, Some("{\"a\": 1}"), &wanted());
    let edited = kept
        .text
        .as_deref()
        .unwrap()
        .replace("https://wiki.example", "https://mirror.example");
    let again = keep(&Json, Some(&edited), &kept.noted, &wanted()).unwrap();
    assert_eq!(again.text.as_deref(), Some(&*edited));
    assert_eq!(again.theirs, ["mcpServers.wiki"]);
    let rest = without(&Json, &again).unwrap();
    let wiki = json!({"type": "http", "url": "https://mirror.example/mcp"});
    let rest: Value = serde_json::from_str(&rest).unwrap();
    assert_eq!(rest, json!({"a": 1, "mcpServers": {"wiki": wiki}}));
    // The same hook, pasted from the documentation before.
    let pasted = json!({"hooks": {"Stop": [hook("done").value]}}).to_string();
    let kept = with(&Json, Some(&pasted), &wanted());
    assert_eq!(kept.theirs, ["hooks.Stop"]);
    assert_eq!(without(&Json, &kept).as_deref(), Some(&*pasted));
}

#[test]
fn another_address_takes_the_place_of_the_one_that_was_ours() {
    let old = "{\n  \"a\": 1\n}\n";
    let kept = with(&Json, Some(old), &wanted());
    let mut other = wanted();
    other[0].value["url"] = "https://mirror.example/exa".into();
    let moved = keep(&Json, kept.text.as_deref(), &kept.noted, &other).unwrap();
    assert_eq!(moved.theirs, [""; 0]);
    let text = moved.text.as_deref().unwrap();
    assert!(
        text.contains("mirror.example") && !text.contains("exa.example"),
        "{text}"
    );
    assert_eq!(without(&Json, &moved).as_deref(), Some(old));
}

#[test]
fn what_its_program_wrote_anew_is_found_again() {
    let kept = with(&Json, Some("{\"a\":1}"), &wanted());
    let mut value: Value = serde_json::from_str(kept.text.as_deref().unwrap()).unwrap();
    value["mcpServers"]["mine"] = json!({"url": "x"});
    value["hooks"]["Stop"]
        .as_array_mut()
        .unwrap()
        .push(json!({"hooks": []}));
    let anew = serde_json::to_string_pretty(&value).unwrap();
    let anew = Kept {
        text: Some(anew),
        ..kept
    };
    let rest: Value = serde_json::from_str(&without(&Json, &anew).unwrap()).unwrap();
    let mine =
        json!({"a": 1, "mcpServers": {"mine": {"url": "x"}}, "hooks": {"Stop": [{"hooks": []}]}});
    assert_eq!(rest, mine);
}

#[test]
fn what_is_broken_is_left_alone() {
    for old in [
        "{",
        "[1]",
        "1",
        "{\"a\" 1}",
        "{\"mcpServers\": null}",
        "{\"hooks\": {\"Stop\": 1}}",
    ] {
        let error = keep(&Json, Some(old), &Noted::default(), &wanted());
        assert!(
            error.is_err() || error.unwrap().theirs == ["hooks.Stop"],
            "{old}"
        );
    }
    for old in ["a = ", "mcp_servers = 1", "mcp_servers = {a = {url = 'x'}}"] {
        assert!(
            keep(&Toml, Some(old), &Noted::default(), &[table("exa")]).is_err(),
            "{old}"
        );
    }
}

/// What the server writes into the same files.
fn credential(path: &str, old: Option<&str>) -> String {
    let endpoints = Endpoints::new(Host::parse("w.example").unwrap());
    let token = Secret::new("dapi0123456789abcdef").unwrap();
    let settings = Settings::new(endpoints, token, Models::embedded().unwrap()).unwrap();
    sinks::merge(path, old, &settings).unwrap().unwrap()
}

#[test]
fn the_credential_stays_when_ours_goes_whichever_came_first() {
    for old in [
        None,
        Some("{\n  \"theme\": \"dark\"\n}\n"),
        Some("{\"theme\": \"dark\", \"env\": {\"A\": \"1\"}}"),
    ] {
        let variable = Piece {
            at: At::key(&["env", "MLFLOW_TRACKING_URI"]),
            value: "databricks".into(),
        };
        let all = [vec![variable], wanted()].concat();
        let path = ".claude/settings.json";
        let alone: Value = serde_json::from_str(&credential(path, old)).unwrap();
        let mut first = with(&Json, old, &all);
        first.text = Some(credential(path, first.text.as_deref()));
        let rest: Value = serde_json::from_str(&without(&Json, &first).unwrap()).unwrap();
        assert_eq!(rest, alone, "ours first");
        let before = credential(path, old);
        let second = with(&Json, Some(&before), &all);
        assert_eq!(
            without(&Json, &second).as_deref(),
            Some(&*before),
            "ours second"
        );
    }
    for old in [
        None,
        Some("# c\nmodel = 'x'\n"),
        Some("[mcp_servers.mine]\nurl = 'u'\n"),
    ] {
        let all = [table("exa"), notify()];
        let path = ".codex/config.toml";
        let alone: ::toml::Table = ::toml::from_str(&credential(path, old)).unwrap();
        let mut first = with(&Toml, old, &all);
        first.text = Some(credential(path, first.text.as_deref()));
        let rest: ::toml::Table = ::toml::from_str(&without(&Toml, &first).unwrap()).unwrap();
        assert_eq!(rest, alone, "ours first");
        let before = credential(path, old);
        let second = with(&Toml, Some(&before), &all);
        assert_eq!(
            without(&Toml, &second).as_deref(),
            Some(&*before),
            "ours second"
        );
    }
}

/// A document of JSON in some form, with what is ours or the user's at some places.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("\"x}],{[\"".to_owned()),
        Just("null".to_owned()),
        Just("[ ]".to_owned()),
        Just("[1, 2]".to_owned()),
    ];
    let space = prop::sample::select(vec!["", " ", "\n", "\n  ", "\n\t\t", " // c\n ", "/* } */"]);
    let value = leaf.prop_recursive(3, 12, 3, move |inner| {
        let key = prop::sample::select(vec!["mcpServers", "hooks", "Stop", "mine", "exa", "ä"]);
        let pair = (space.clone(), key, inner, space.clone());
        (
            prop::collection::vec(pair, 0..4),
            space.clone(),
            any::<bool>(),
        )
            .prop_map(|(pairs, end, has_comma)| {
                let written: Vec<String> = pairs
                    .iter()
                    .map(|(before, key, value, behind)| {
                        format!("{before}\"{key}\":{behind}{value}")
                    })
                    .collect();
                let comma = if has_comma && !written.is_empty() {
                    ","
                } else {
                    ""
                };
                format!("{{{}{comma}{end}}}", written.join(","))
            })
    });
    (value, any::<bool>(), any::<bool>()).prop_map(|(value, is_crlf, has_end)| {
        let text = if has_end { value + "\n" } else { value };
        match is_crlf {
            true => text.replace('\n', "\r\n"),
            false => text,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn whatever_the_document_is_it_comes_back(text in document(), order in Just(wanted()).prop_shuffle(), fewer in 0..3_usize) {
        let Ok(kept) = keep(&Json, Some(&text), &Noted::default(), &order) else {
            return Ok(());
        };
        for piece in &order {
            let is_theirs = kept.theirs.contains(&piece.at.path().join("."));
            let found = state(&Json, kept.text.as_deref().unwrap(), piece).unwrap();
            prop_assert!(is_theirs || found == Found::Same);
        }
        prop_assert_eq!(without(&Json, &kept), Some(text.clone()));
        let some = keep(&Json, kept.text.as_deref(), &kept.noted, &order[fewer..]).unwrap();
        let rest = without(&Json, &some).unwrap();
        prop_assert_eq!(plain(&rest), plain(&text));
    }

    #[test]
    fn whatever_the_tables_are_they_come_back(
        keys in prop::collection::btree_map("[a-z]{1,4}", "(1|'x'|\\[1, 2\\]|\\{a = 1\\})", 0..4),
        tables in prop::collection::btree_map("(mcp_servers\\.[a-z]{1,3}|[a-z]{1,4}\\.b)", "[a-zä #=\\[\\]]{0,8}", 0..4),
        is_crlf in any::<bool>(),
        has_end in any::<bool>(),
    ) {
        let end = if is_crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        for (key, value) in &keys {
            text += &format!("  {key} =  {value} # why{end}");
        }
        for (name, comment) in &tables {
            text += &format!("{end}[{name}] # {comment}{end}  x . y = \"1\"{end}");
        }
        let text = if has_end { text.as_str() } else { text.trim_end() };
        prop_assume!(!text.trim().is_empty());
        let Ok(kept) = keep(&Toml, Some(text), &Noted::default(), &[table("zzzz"), notify()]) else {
            return Ok(());
        };
        prop_assert_eq!(without(&Toml, &kept), Some(text.to_owned()));
    }
}

/// What a document says.
fn plain(text: &str) -> Value {
    Json.value(text, &[]).unwrap().unwrap()
}

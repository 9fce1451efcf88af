//! Arrows between crates point down only: what each crate may know, by the manifests.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What a crate uses besides its tests' needs.
fn dependencies(name: &str) -> BTreeSet<String> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo describes the workspace");
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name)
        .expect("the crate is a member");
    let normal = package
        .dependencies
        .iter()
        .filter(|used| used.kind == DependencyKind::Normal);
    normal.map(|used| used.name.clone()).collect()
}

fn ours(name: &str) -> Vec<String> {
    dependencies(name)
        .into_iter()
        .filter(|used| used.starts_with("bowline-"))
        .collect()
}

#[test]
fn crates_know_only_what_is_below_them() {
    assert_eq!(ours("bowline-protocol"), [""; 0]);
    assert_eq!(ours("bowline-outward"), [""; 0]);
    // The double knows nobody, and only tests know it.
    assert_eq!(ours("bowline-double"), [""; 0]);
    assert_eq!(ours("bowline-broker"), ["bowline-outward"]);
    assert_eq!(ours("bowline-identity"), ["bowline-outward"]);
    let below = ["bowline-identity", "bowline-outward"];
    assert_eq!(ours("bowline-provision"), below);
    assert_eq!(
        ours("bowline-sync"),
        ["bowline-identity", "bowline-outward"]
    );
    assert_eq!(ours("bowline-screen"), ["bowline-protocol"]);
    assert_eq!(
        ours("bowline-terminal"),
        ["bowline-protocol", "bowline-screen"]
    );
    assert_eq!(
        ours("bowline-keeper"),
        ["bowline-protocol", "bowline-terminal"]
    );
    assert_eq!(
        ours("bowline-app"),
        [
            "bowline-keeper",
            "bowline-protocol",
            "bowline-screen",
            "bowline-terminal"
        ]
    );
    assert_eq!(
        ours("bowline-frontend"),
        ["bowline-app", "bowline-protocol"]
    );
    assert_eq!(
        ours("bowline-server"),
        [
            "bowline-app",
            "bowline-broker",
            "bowline-identity",
            "bowline-keeper",
            "bowline-outward",
            "bowline-protocol",
            "bowline-provision",
            "bowline-sync",
            "bowline-terminal"
        ]
    );
}

#[test]
fn the_link_knows_no_io_and_sessions_and_keeper_know_no_http() {
    let protocol = dependencies("bowline-protocol");
    for unknown in [
        "tokio",
        "leptos",
        "axum",
        "http",
        "web-sys",
        "js-sys",
        "getrandom",
    ] {
        assert!(!protocol.contains(unknown), "protocol uses {unknown}");
    }
    for name in ["bowline-terminal", "bowline-keeper"] {
        let uses = dependencies(name);
        for unknown in ["axum", "leptos", "http", "hyper", "server_fn"] {
            assert!(!uses.contains(unknown), "{name} uses {unknown}");
        }
    }
}

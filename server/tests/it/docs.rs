//! `docs/http-api.md` against the router's own list, README's table of settings against the command line's.

use std::collections::BTreeSet;

use bowline_app::error::ErrorCode;
use bowline_server::config::Cli;
use bowline_server::router::routes;
use clap::CommandFactory as _;

const DOCUMENT: &str = include_str!("../../../docs/http-api.md");

#[test]
fn the_document_has_every_route_and_no_other() {
    let headings = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("### "));
    let described: BTreeSet<String> = headings
        .filter_map(|heading| heading.strip_prefix('`')?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    let served: BTreeSet<String> = routes()
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, served);
}

#[test]
fn the_readme_has_every_setting_and_no_other() {
    let rows = include_str!("../../../README.md").lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| `--"));
    let described: BTreeSet<(String, String)> = rows
        .filter_map(|row| {
            let (flag, rest) = row.split_once(['`', ' '])?;
            let variable = rest.split('`').find(|text| text.starts_with("BOWLINE_"))?;
            Some((flag.to_owned(), variable.to_owned()))
        })
        .collect();
    let command = Cli::command();
    let given: BTreeSet<(String, String)> = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .filter_map(|argument| {
            let variable = argument.get_env()?.to_str()?.to_owned();
            Some((argument.get_long()?.to_owned(), variable))
        })
        .collect();
    assert_eq!(described, given);
}

#[test]
fn the_document_has_every_error_with_its_status() {
    let described: BTreeSet<(String, u16)> = DOCUMENT
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|');
            let code = cells.next()?.trim().strip_suffix('`')?.to_owned();
            Some((code, cells.next()?.trim().parse().ok()?))
        })
        .collect();
    let said: BTreeSet<(String, u16)> = ErrorCode::ON_THE_WIRE
        .iter()
        .map(|code| {
            let text = serde_json::to_value(code).unwrap();
            (text.as_str().unwrap().to_owned(), code.status())
        })
        .collect();
    assert_eq!(described, said);
}

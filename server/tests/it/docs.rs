//! `docs/http-api.md` against the router's own list, README's table of settings against the command line's, the tables of
//! variables in `docs/deploy/databricks.md` against what the settings ask an environment for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;

use bowline_app::error::ErrorCode;
use bowline_server::config::Cli;
use bowline_server::router::routes;
use clap::{CommandFactory as _, Parser as _};

const DOCUMENT: &str = include_str!("../../../docs/http-api.md");
const APP: &str = include_str!("../../../docs/deploy/databricks.md");
/// Names that stand elsewhere: ours in the README, a hub's and those of traces on pages of their own.
const ELSEWHERE: [&str; 3] = ["BOWLINE_", "JUPYTERHUB_", "OTEL_"];

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

/// The least with which it starts.
fn little(name: &str) -> Option<&'static str> {
    (name == "HOME").then_some("/home/ana")
}

/// Whatever there is, in a form that can be used.
fn everything(name: &str) -> Option<&'static str> {
    match name {
        "TERMINAL_MODE" => Some("grid"),
        "TEAM_MEMORY_MCP_URL" => Some("https://memory.example"),
        name if ELSEWHERE.iter().any(|prefix| name.starts_with(prefix)) => None,
        _ => Some("1"),
    }
}

/// What the settings ask an environment for. Some is asked for only where something else is set, some only where not.
fn asked() -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    for answer in [little, everything] {
        let raw = Cli::try_parse_from(["bowline"]).unwrap().into_serve();
        let resolved = raw.resolve(|name| {
            names.borrow_mut().insert(name.to_owned());
            answer(name).map(OsString::from)
        });
        // Behind a problem, nothing more is asked for.
        assert_eq!(resolved.err().map(|problem| problem.to_string()), None);
    }
    let mut names = names.into_inner();
    names.retain(|name| !ELSEWHERE.iter().any(|prefix| name.starts_with(prefix)));
    names
}

/// Variables at the beginning of the page's rows: those that it says are read, and those that it says are not.
fn told() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut read, mut unread) = (BTreeSet::new(), BTreeSet::new());
    let mut heading = "";
    for line in APP.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches(['#', ' ']);
        }
        let cell = line.strip_prefix('|').and_then(|row| row.split('|').next());
        let is_variable = |text: &&str| {
            let is_fit = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            text.len() > 1 && text.chars().all(is_fit)
        };
        let names = cell.into_iter().flat_map(|cell| cell.split('`'));
        let names = names.filter(is_variable).map(str::to_owned);
        match heading.starts_with("Not read") {
            true => unread.extend(names),
            false => read.extend(names),
        }
    }
    (read, unread)
}

#[test]
fn the_page_of_the_databricks_app_has_every_variable_that_is_read() {
    let (asked, (read, unread)) = (asked(), told());
    assert_eq!(read, asked);
    let both: Vec<_> = unread.intersection(&asked).collect();
    assert!(!unread.is_empty() && both.is_empty(), "{both:?} are read");
}

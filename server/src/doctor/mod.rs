//! `bowline doctor`: looks at what commonly goes wrong, and says of each what it found and what to do. It changes nothing
//! beside what a new tab would, and tells no secret. Each group of checks stands in a file of its own and takes what it needs
//! of the settings; none knows the command line.
//!
//! - [`args`], [`report`]: what was asked, what was found;
//! - `settings`, `folder`, `entry`, `server`, `keeper`, `shell`, `limits`: this machine;
//! - `outside`: a running server by its URL, through whatever stands before it.

pub mod args;
mod entry;
mod folder;
mod keeper;
mod limits;
mod outside;
pub mod report;
mod server;
mod settings;
mod shell;

use std::collections::BTreeMap;
use std::ffi::OsString;

use self::args::DoctorArgs;
use self::report::{Check, Report};
use crate::config::Config;

/// Looks. `variables` is the environment.
pub async fn examine(args: DoctorArgs, variables: BTreeMap<OsString, OsString>) -> Report {
    let mut report = Report::default();
    let asked = |check: Check| args.only.is_empty() || args.only.contains(&check);
    let idle = args.idle();
    // What they say is needed, also where nobody asks about them.
    let mut of_settings = Report::default();
    let config = settings::check(args.config, &variables, &mut of_settings);
    if asked(Check::Settings) || config.is_none() {
        report.findings.append(&mut of_settings.findings);
    }
    if let Some(config) = &config {
        here(config, &mut report, &asked).await;
    }
    if asked(Check::Clock) {
        limits::clock(&mut report);
    }
    if let Some(url) = args.url {
        let login = outside::Login::new(config.as_ref(), &variables);
        outside::check(&url, &login, idle, &mut report, asked).await;
    }
    report
}

async fn here(config: &Config, report: &mut Report, asked: impl Fn(Check) -> bool) {
    if asked(Check::Folder) {
        folder::check(&config.state_dir, report);
    }
    if asked(Check::Entry) {
        entry::check(config, report).await;
    }
    if asked(Check::Server) {
        server::check(config, report).await;
    }
    if asked(Check::Keeper) {
        keeper::check(config, report).await;
    }
    if asked(Check::Shell) {
        shell::check(&config.sessions, report).await;
    }
    if asked(Check::Terminfo) {
        shell::terminfo(report);
    }
    if asked(Check::Tmux) {
        shell::tmux(&config.sessions, report).await;
    }
    if asked(Check::Limits) {
        limits::files(config.sessions.max_sessions, report);
        limits::terminals(config.sessions.max_sessions, report);
    }
}

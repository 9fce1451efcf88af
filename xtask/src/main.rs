//! `cargo xtask run | build | test | bench | app`: installs what is missing and says so, builds the page, builds
//! the server, runs or checks them. Must not know how the product works.

mod app;
mod compress;
mod files;
mod fingerprint;
mod shell;
mod test;
mod tools;
mod wasm;
mod web;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use web::Effort;

/// Bowline's tasks. Each installs what it needs and is missing, and says what it installs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds everything and starts the server; arguments behind `--` are the server's.
    Run {
        /// Arguments of `bowline`; see `cargo xtask run -- --help`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Builds the self-contained `target/release/bowline`.
    Build {
        /// Unoptimised and in a fraction of the time, as `target/debug/bowline`: to work on it.
        #[arg(long)]
        quick: bool,
    },
    /// Formats, lints, unit and integration tests, and journeys in a real browser.
    Test {
        /// Only these stages, separated by commas.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Bowline as a Databricks App: makes it, deploys it, shows its log.
    App {
        /// What of it.
        #[command(subcommand)]
        what: app::App,
    },
    /// Prints the figures of docs/performance.md, measured on this machine.
    Bench,
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(task: Task) -> Result<()> {
    let root = shell::Root::find();
    match task {
        Task::Run { arguments } => {
            let binary = build(&root, Effort::Full)?;
            root.replace_by(&binary, &arguments)
        }
        Task::Build { quick } => {
            let effort = if quick { Effort::Quick } else { Effort::Full };
            let binary = build(&root, effort)?;
            shell::say(&format!("built {}", binary.display()));
            Ok(())
        }
        Task::Test { only } => test::run(&root, &only),
        Task::App { what } => app::carry_out(&root, &what, || build(&root, Effort::Full)),
        Task::Bench => {
            tools::for_journeys(&root)?;
            let binary = build(&root, Effort::Full)?;
            let figures = ["bench", "-p", "bowline-server", "--bench", "figures"];
            root.command("cargo", &figures)
                .env("BOWLINE_BIN", &binary)
                .run()?;
            // What only a browser can tell: more rows of the same table.
            root.command("node", &["end2end/figures.mjs"])
                .env("BOWLINE_BIN", &binary)
                .run()
        }
    }
}

/// Page, then server.
fn build(root: &shell::Root, effort: Effort) -> Result<std::path::PathBuf> {
    tools::for_building(root)?;
    web::build(root, effort)?;
    web::server(root, effort)
}

//! The `bowline` binary: parses, binds, wires signals. Everything else is the library's.

use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

use bowline_keeper::{KeeperConfig, Start};
use bowline_server::Shutdown;
use bowline_server::config::{Cli, Command, Config, KeeperArgs};
use bowline_server::doctor::args::DoctorArgs;
use bowline_server::doctor::report::Verdict;
use bowline_server::let_in::LoginArgs;
use bowline_server::listen::{Activated, Listener, handed_over};
use bowline_server::logs::{self, Process};
use bowline_server::say::say;
use bowline_server::setup;
use bowline_server::sync::args::SyncCommand;
use bowline_server::token::TokenArgs;
use bowline_server::{doctor, git_credential, sync, visit};
use bowline_terminal::resources;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments());
    let done = match cli.command {
        Some(Command::Sessions(what)) => block_on(visit::sessions(*what, env)),
        Some(Command::Attach(what)) => match block_on(visit::attach(what, env)) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        Some(Command::Login(whom)) => let_in(whom),
        Some(Command::Setup(what)) => match set_up(what) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        Some(Command::Sync(what)) => match carry(*what) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        Some(Command::Token(whose)) => print_token(whose),
        Some(Command::GitCredential { action }) => {
            let (asked, told) = (std::io::stdin().lock(), std::io::stdout());
            git_credential::answer(action, env, asked, told).map_err(Into::into)
        }
        Some(Command::Status { word }) => {
            say(word, |name| std::env::var(name).ok()).map_err(Into::into)
        }
        Some(Command::Keeper(keeper)) => keep(*keeper),
        Some(Command::Doctor(what)) => match examine(*what) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        _ => run(cli),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bowline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What was typed; under git's name for its helper, that is what is asked.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name);
    if called == Some(OsStr::new(git_credential::ALSO_CALLED)) {
        arguments.insert(1, "git-credential".into());
    }
    arguments
}

fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn block_on<T>(what: impl Future<Output = Result<T, visit::Error>>) -> anyhow::Result<T> {
    Ok(runtime()?.block_on(what)?)
}

/// Looks at what commonly goes wrong.
fn examine(what: DoctorArgs) -> anyhow::Result<ExitCode> {
    let is_json = what.json;
    let variables = std::env::vars_os().collect();
    let report = runtime()?.block_on(doctor::examine(what, variables));
    match is_json {
        true => print!("{}", report.json()),
        false => print!("{report}"),
    }
    Ok(match report.verdict() {
        Verdict::Problem => ExitCode::FAILURE,
        Verdict::Fine | Verdict::Warning => ExitCode::SUCCESS,
    })
}

fn let_in(whom: LoginArgs) -> anyhow::Result<()> {
    for url in bowline_server::let_in::urls(whom, env)? {
        println!("{url}");
    }
    Ok(())
}

/// Sets the machine up.
fn set_up(what: setup::args::SetupCommand) -> anyhow::Result<ExitCode> {
    let variables = std::env::vars_os().collect();
    Ok(runtime()?.block_on(setup::command::run(what, variables))?)
}

/// Carries a project to where it outlives the machine, or back.
fn carry(what: SyncCommand) -> anyhow::Result<ExitCode> {
    Ok(runtime()?.block_on(sync::command::run(what, env))?)
}

fn print_token(whose: TokenArgs) -> anyhow::Result<()> {
    println!("{}", bowline_server::token::token(whose, env)?);
    Ok(())
}

/// Closes what whoever started this left open beside the standard streams, and not `handed_over`: programs in sessions
/// would have it too, and whoever reads the other end of a pipe would wait for all of them. To be called before anything
/// is opened.
fn close_inherited(handed_over: &Range<i32>) {
    let Ok(listed) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let inherited: Vec<i32> = numbers
        .filter(|number| *number > 2 && !handed_over.contains(number))
        .collect();
    for number in inherited {
        // The list's own is closed already.
        let _ = nix::unistd::close(number);
    }
}

/// Keeps sessions.
fn keep(arguments: KeeperArgs) -> anyhow::Result<()> {
    close_inherited(&(0..0));
    let config = arguments.config.resolve(|name| std::env::var_os(name))?;
    let _logs = logs::init(&config, Process::Keeper)?;
    if arguments.prove {
        let count = bowline_keeper::prove_state()?;
        tracing::info!(count, "the sessions can be taken up");
        return Ok(());
    }
    if arguments.started {
        // Out of reach of what ends the server's group or closes its terminal. It is nobody's leader yet.
        let _ = rustix::process::setsid();
    }
    check_open_files(config.sessions.max_sessions);
    let start = match (arguments.started, arguments.resumed) {
        (_, true) => Start::Resumed,
        (true, false) => Start::Fresh(serde_json::from_reader(std::io::stdin())?),
        (false, false) => Start::Fresh(Box::new(config.sessions)),
    };
    let keeper = KeeperConfig::new(config.state_dir, start)?;
    runtime()?.block_on(bowline_keeper::run(keeper))?;
    Ok(())
}

/// One thread carries connections, links and sessions: an echo never changes threads. Pages are rendered on
/// another, and floods are read on others.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let config = cli.into_serve().resolve(|name| std::env::var_os(name))?;
    // Before there are threads and files: it begins again, as the same process.
    setup::find_ours_first(&config.setup);
    close_inherited(&handed_over(|name| std::env::var(name).ok()));
    // Before it is asked for files, and before there are threads.
    let activated = Activated::take()?;
    let _logs = logs::init(&config, Process::Server)?;
    check_open_files(config.sessions.max_sessions);
    runtime()?.block_on(serve(config, activated))
}

async fn serve(config: Config, activated: Option<Activated>) -> anyhow::Result<()> {
    let listener = match activated {
        Some(activated) => activated.listen()?,
        None => Listener::bind(&config.listen.address, config.listen.socket_mode).await?,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The first signal begins the end, a second one means at once.
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let signals = [first.clone(), second.clone()];
    tokio::spawn(async move {
        for signal in signals {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            signal.cancel();
        }
    });
    let shutdown = Shutdown {
        begin: first.cancelled_owned(),
        at_once: second.cancelled_owned(),
    };
    bowline_server::serve(config, listener, shutdown).await?;
    Ok(())
}

/// Raises the limit of open files as far as it goes, and says so if that isn't far enough.
fn check_open_files(max_sessions: usize) {
    let files = resources::raise_open_files();
    if let (Some(files), Some(fit)) = (files, resources::most_sessions())
        && fit < max_sessions
    {
        tracing::warn!(
            max_sessions,
            files,
            fit,
            "not as many sessions as --max-sessions will fit into the open files that may be had: raise \
             the hard limit (`ulimit -Hn`, or LimitNOFILE of the service)"
        );
    }
}

//! What both test programs do: the part of `bowline` that a keeper is started as, a server that only starts
//! one, and a visitor that may be anybody.

use std::env::args_os;
use std::error::Error;
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bowline_keeper::frame::ToKeeper;
use bowline_keeper::program::Program;
use bowline_keeper::{Host, KeeperConfig, Launch, Start};
use bowline_protocol::codec::encode;
use bowline_terminal::Options;

/// Shorter than that of real ones: a test waits for one that proves nothing.
const PROVES_WITHIN: Duration = Duration::from_secs(5);

/// Speaks these versions of the keeper's frames.
pub(crate) fn main(versions: &[u16]) -> ExitCode {
    match run(versions) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(versions: &[u16]) -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = args_os().skip(1).collect();
    let arguments: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
    let text: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    match text[..] {
        ["keeper", "--prove"] => {
            bowline_keeper::prove_state()?;
            Ok(())
        }
        ["keeper", "--started", "--state-dir", folder] => {
            let _ = rustix::process::setsid();
            let options = serde_json::from_reader(std::io::stdin())?;
            keep(folder.into(), Start::Fresh(options), versions)
        }
        ["keeper", "--resumed", "--state-dir", folder] => {
            keep(folder.into(), Start::Resumed, versions)
        }
        ["serve-for-a-moment", folder] => {
            let launch = Launch::new(Program::own()?, folder.as_ref(), Options::default())?;
            runtime()?.block_on(Host::apart(launch))?;
            Ok(())
        }
        ["visit", socket] => {
            println!("{}", visit(socket)?);
            Ok(())
        }
        _ => Err(format!("what is meant by {arguments:?}?").into()),
    }
}

fn keep(state_dir: PathBuf, start: Start, versions: &[u16]) -> Result<(), Box<dyn Error>> {
    let mut config = KeeperConfig::new(state_dir, start)?;
    config.versions = versions.to_vec();
    config.proves_within = PROVES_WITHIN;
    runtime()?.block_on(bowline_keeper::run(config))?;
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Says hello, and how far it came.
fn visit(socket: &str) -> Result<&'static str, Box<dyn Error>> {
    let mut stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Ok("may not connect");
        }
        Err(error) => return Err(error.into()),
    };
    let hello = ToKeeper::Hello { versions: vec![1] };
    // It may be closed already.
    let _ = stream.write_all(&encode(&hello));
    match stream.read(&mut [0; 1]) {
        Ok(1) => Ok("was greeted"),
        _ => Ok("was not heard"),
    }
}
